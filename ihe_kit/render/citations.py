"""Where a citation can be read on the web: the address behind a section number, where its owner publishes the text openly.

HL7 v2 is published behind a login, so its sections have no address here; of its tables the codes are open. Nothing is fetched: a reader who
clicks leaves the course.
"""

from __future__ import annotations

import re

from ihe_kit.core import UNCHECKED
from ihe_kit.files import rows
from ihe_kit.render.marks import h

_TF2 = "https://profiles.ihe.net/ITI/TF/Volume2"
_FHIR = "https://hl7.org/fhir/R4"
_TYPES = "Address Age Annotation Attachment CodeableConcept Coding ContactPoint Count Distance Duration HumanName Identifier Money Period Quantity"
_TYPES += " Range Ratio SampledData Signature Timing"
_PAGES = dict.fromkeys(_TYPES.split(), "datatypes") | {
    "Dosage": "dosage", "Extension": "extensibility", "Meta": "resource", "Narrative": "narrative", "Reference": "references",
}  # fmt: skip

# what a citation begins with -> the address; \1 is the first group. Of several places the first is the address.
_ADDRESSES = (
    (r"ITI TF-1 chapters? (\d+)", r"https://profiles.ihe.net/ITI/TF/Volume1/ch-\1.html"),
    (r"ITI TF-2 (?:sections? )?(3\.(\d+)(?:\.\d+)*)", rf"{_TF2}/ITI-\2.html#\1"),
    (r"ITI TF-2 (?:Appendix )?([A-Z])((?:\.\d+)*)\b", rf"{_TF2}/ch-\1.html#\1\2"),
    (r"PIXm.*", "https://profiles.ihe.net/ITI/PIXm/ITI-104.html"),
    (r"PDQm.*", "https://profiles.ihe.net/ITI/PDQm/ITI-78.html"),
    (r"FHIR R4 section 3\.1\.0", f"{_FHIR}/http.html"),
    (r"FHIR R4 section 3\.1\.1", f"{_FHIR}/search.html"),
    (r"FHIR R4 section 2\.6", f"{_FHIR}/json.html"),
    (r"FHIR R4 section 2\.24", f"{_FHIR}/datatypes.html"),
    (r"FHIR R4 section", f"{_FHIR}/toc.html"),
    (r"FHIR R4 profile ([\w-]+)", rf"{_FHIR}/\1.html"),
    (r"FHIR R4 value set ([a-z-]+)", rf"{_FHIR}/valueset-\1.html"),
    (r"FHIR R4 (datatypes|json|http|search)\b", rf"{_FHIR}/\1.html"),
    (r"openEHR RM 1\.1\.0 EHR.*", "https://specifications.openehr.org/releases/RM/Release-1.1.0/ehr.html"),
    (r"openEHR RM 1\.1\.0 Data Types.*", "https://specifications.openehr.org/releases/RM/Release-1.1.0/data_types.html"),
    (r"openEHR RM 1\.1\.0 Data Structures.*", "https://specifications.openehr.org/releases/RM/Release-1.1.0/data_structures.html"),
    (r"openEHR RM 1\.1\.0.*", "https://specifications.openehr.org/releases/RM/Release-1.1.0"),
    (r"openEHR BASE.*", "https://specifications.openehr.org/releases/BASE/latest"),
    (r"openEHR (?:REST API|ITS-REST).*", "https://specifications.openehr.org/releases/ITS-REST/Release-1.0.3"),
)  # fmt: skip


def address(spec: str) -> str:
    """The web address of a citation, or "".

    >>> address("ITI TF-2 section 3.30.5.3")
    'https://profiles.ihe.net/ITI/TF/Volume2/ITI-30.html#3.30.5.3'
    """
    spec = spec.removesuffix(UNCHECKED)
    table = re.match(r"HL7 v2[\d.]* table (\d{4})", spec)
    if table and any(row["table"] == table[1] and row["page"] for row in rows("v2/tables.tsv")):
        return f"{_FHIR}/v2/{table[1]}/index.html"
    element = re.fullmatch(r"FHIR R4 (([A-Z]\w*)(?:\.[\w.]+(?:\[x\])?)?)", spec)
    if element:
        return f"{_FHIR}/{_PAGES.get(element[2], element[2].lower())}-definitions.html#{element[1].replace('[x]', '_x_')}"
    for pattern, where in _ADDRESSES:
        found = re.match(pattern, spec)
        if found:
            return found.expand(where)
    return ""


def cite(spec: str) -> str:
    """A citation: a small underlined link where the text can be read openly, words alone elsewhere. A mark that it was not checked stands behind."""
    if not spec:
        return ""
    where, place = address(spec), spec.removesuffix(UNCHECKED)
    link = f'<a class="kit-cite" href="{h(where)}" target="_blank" rel="noopener noreferrer" title="{h(where)}">{h(place)}</a>'
    return (link if where else f'<span class="kit-cite plain">{h(place)}</span>') + h(spec[len(place) :])
