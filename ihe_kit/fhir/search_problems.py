"""What a server would find wrong with a search, in its own words, before it is asked."""

from __future__ import annotations

from ihe_kit.core import nearest
from ihe_kit.fhir.dictionary import fields
from ihe_kit.fhir.parameters import RESULT, find_parameter, parameters
from ihe_kit.fhir.search import read_query
from ihe_kit.fhir.search_url import Name, Part, SearchUrl, cut, read_name
from ihe_kit.fhir.search_words import BY_MEANING, elements_of


def problem(search: SearchUrl, number: int) -> str:
    """What a server would find wrong with a part, in its own words; "" where nothing is. An unknown parameter is left aside by most servers."""
    part, name = search.parts[number], read_name(search.kind, search.parts[number].name)
    if name.code in RESULT and not name.links:
        return _wrong_shape(search.kind, name, part)
    if not part.value.strip(","):
        return ""
    if name.parameter and name.parameter.type == "token" and name.modifier in BY_MEANING and not name.links:
        whole = name.modifier.endswith("in") or all(cut(name, part.value).values())
        return "" if whole else f"{part.name} wants a code with its system, such as http://loinc.org|8480-6"
    try:
        read_query(search.kind, [(part.name, part.value)], strict=True)
    except ValueError as wrong:
        return str(wrong)
    return ""


def _wrong_shape(kind: str, name: Name, part: Part) -> str:
    if name.type == "include" and part.value:
        found = cut(name, part.value)
        known = find_parameter(found["source"], found["param"])
        right = found["param"] == "*" or (known is not None and known.type == "reference")
        return "" if right else f"{part.name} is {part.value!r}, but wants a type and one of its references, such as Observation:subject"
    if name.code == "_sort":
        wrong = next(
            (one["text"] for one in (cut(name, v) for v in part.values) if one["text"] and not find_parameter(kind, one["text"])), ""
        )
        near = nearest(wrong, (one.name for one in parameters(kind)))
        return f"{wrong} is no search parameter of {kind} to sort by{near}" if wrong else ""
    if name.code in ("_count", "_offset") and part.value and not (part.value.isascii() and part.value.isdigit()):
        return f"{name.code} is {part.value!r}, but has to be a number"
    if name.code == "_elements":
        names = {*elements_of(kind), *fields(kind)}
        wrong = next((one for one in part.values if one and one.removeprefix(f"{kind}.") not in names), "")
        return f"{kind} has no element {wrong}{nearest(wrong, names)}" if wrong else ""
    return ""
