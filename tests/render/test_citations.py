"""A citation leads to the text where its owner publishes it openly, and is plain words elsewhere."""

from __future__ import annotations

import pytest

from ihe_kit import transactions
from ihe_kit.render.citations import address, cite


@pytest.mark.parametrize(
    "spec, where",
    [
        ("ITI TF-2 section 3.30.5.3", "https://profiles.ihe.net/ITI/TF/Volume2/ITI-30.html#3.30.5.3"),
        ("ITI TF-2 3.31.7.1.2, Table 3.31-7", "https://profiles.ihe.net/ITI/TF/Volume2/ITI-31.html#3.31.7.1.2"),
        ("ITI TF-2 sections 3.30.4.1 and 3.30.5", "https://profiles.ihe.net/ITI/TF/Volume2/ITI-30.html#3.30.4.1"),
        ("ITI TF-2 section 3.30.5.3 (not checked against the text)", "https://profiles.ihe.net/ITI/TF/Volume2/ITI-30.html#3.30.5.3"),
        ("ITI TF-2 Appendix C.2.3", "https://profiles.ihe.net/ITI/TF/Volume2/ch-C.html#C.2.3"),
        ("ITI TF-1 chapter 14", "https://profiles.ihe.net/ITI/TF/Volume1/ch-14.html"),
        ("PIXm section 2:3.104.4.1.2", "https://profiles.ihe.net/ITI/PIXm/ITI-104.html"),
        ("FHIR R4 Patient.identifier", "https://hl7.org/fhir/R4/patient-definitions.html#Patient.identifier"),
        ("FHIR R4 HumanName.family", "https://hl7.org/fhir/R4/datatypes-definitions.html#HumanName.family"),
        (
            "FHIR R4 Patient.contact.name (not checked against the text)",
            "https://hl7.org/fhir/R4/patient-definitions.html#Patient.contact.name",
        ),
        ("FHIR R4 section 3.1.0.4.3, conditional update", "https://hl7.org/fhir/R4/http.html"),
        ("FHIR R4 section 3.1.1.4.2 (not checked against the text)", "https://hl7.org/fhir/R4/search.html"),
        ("FHIR R4 section 2.6.2.3", "https://hl7.org/fhir/R4/json.html"),
        ("FHIR R4 section 4.1", "https://hl7.org/fhir/R4/toc.html"),
        ("FHIR R4 value set issue-type", "https://hl7.org/fhir/R4/valueset-issue-type.html"),
        ("HL7 v2.5 section 3.4.2.8", ""),
        ("HL7 v2.5 section 3.4.2.8 (not checked against the text)", ""),
        ("HL7 v2.5 table 0001", "https://hl7.org/fhir/R4/v2/0001/index.html"),
        ("HL7 v2.5 table 0302", ""),
        ("template, openEHR-EHR-COMPOSITION", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_address(spec: str, where: str) -> None:
    assert address(spec) == where


def test_every_rule_of_ihe_leads_somewhere() -> None:
    for transaction in transactions().values():
        for rule in (*transaction.request_rules, *transaction.response_rules):
            assert address(rule.spec).startswith("https://"), rule.spec


def test_the_mark_of_what_nobody_checked_stands_behind_the_link() -> None:
    shown = cite("ITI TF-2 section 3.30.5.3 (not checked against the text)")
    assert shown.endswith(">ITI TF-2 section 3.30.5.3</a> (not checked against the text)")
    assert cite("HL7 v2.5 section 3.4.2.8 (not checked against the text)").endswith("3.4.2.8</span> (not checked against the text)")


def test_cite_escapes_and_marks_what_has_no_address() -> None:
    assert cite("") == ""
    assert "<a " in cite("PDQm section 2:3.78")
    assert "noopener" in cite("PDQm section 2:3.78")
    assert cite("<b>") == '<span class="kit-cite plain">&lt;b&gt;</span>'
