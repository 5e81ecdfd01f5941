"""A search in words: what it says is what the server does, and what the server would refuse is said before it is asked."""

from __future__ import annotations

import pytest

from ihe_kit.core import UNCHECKED
from ihe_kit.fhir.in_short import about
from ihe_kit.fhir.parameters import RESULT, parameters
from ihe_kit.fhir.search import modifiers, read_query
from ihe_kit.fhir.search_problems import problem
from ihe_kit.fhir.search_url import read_name, read_url
from ihe_kit.fhir.search_values import PREFIXES
from ihe_kit.fhir.search_words import BY_MEANING, choices, modifiers_of, references_to, says, sentence, targets, word
from ihe_kit.fhir.tables import resource_types
from ihe_kit.files import rows

SENTENCES = {
    "": "Every resource, of whatever type.",
    "Patient/1/*": "Every resource, of whatever type in the compartment of Patient/1.",
    "Patient": "Every Patient.",
    "Patient?family=Berg": "Every Patient whose `family` begins with “Berg”.",
    "Patient?given=Anna&given=Maria": "Every Patient whose `given` begins with “Anna” AND whose `given` begins with “Maria”.",
    "Patient?given=Anna,Maria": "Every Patient whose `given` begins with “Anna” or “Maria”.",
    "Patient?family:exact=Berg\\,Lie": "Every Patient whose `family` is exactly “Berg,Lie”.",
    "Patient?birthdate=ge1950&birthdate=lt1960": "Every Patient whose `birthdate` is at or after 1950 AND whose `birthdate` is before 1960.",
    "Patient?gender:not=male": "Every Patient whose `gender` is not “male”.",
    "Patient?identifier=urn:x|1,|2,3,urn:y|": "Every Patient whose `identifier` is “1” of urn:x or “2” without a system or “3” or any code of urn:y.",
    "Patient?telecom:missing=true": "Every Patient whose `telecom` is not there.",
    "Observation?value-quantity=gt5.4||mg": "Every Observation whose `value-quantity` is more than 5.4 mg.",
    "Observation?subject:Patient.family=Berg": "Every Observation whose `subject` refers to a Patient whose `family` begins with “Berg”.",
    "Observation?subject:Patient=1": "Every Observation whose `subject` refers to Patient/1.",
    "Patient?_has:Observation:patient:code=8480-6": "Every Patient to which an Observation refers by its `patient`, whose `code` is “8480-6”.",
    "Observation?code-value-quantity=8480-6$gt140": "Every Observation whose `code-value-quantity` has, in the same element, `code` that is “8480-6” and `value-quantity` that is more than 140.",
    "Observation?code:in=http://x/vs|1": "Every Observation whose `code` is in the value set “http://x/vs|1”.",
    "Observation?code:below=http://x|y": "Every Observation whose `code` is, or is a kind of, “y” of http://x.",
    "Patient/1/Observation": "Every Observation in the compartment of Patient/1.",
    "Patient?_sort=-birthdate,family&_count=5": "Every Patient. Sorted by `birthdate` downwards, then by `family`. 5 on a page.",
    "Observation?_include=Observation:subject:Patient": "Every Observation. With each Observation comes along what its `subject` refers to, where that is a Patient.",
    "Patient?_revinclude=Observation:subject": "Every Patient. With each hit comes along every Observation whose `subject` refers to it.",
    "Patient?_summary=count&_total=none&_elements=name,gender": "Every Patient. Only their number, none of them. Without counting them all. Of each only `name`, `gender` and what is mandatory.",
    "Patient?famly=Berg&family=": "Every Patient. `famly` is unknown here.",
}  # fmt: skip


@pytest.mark.parametrize("url", SENTENCES)
def test_the_whole_search_in_a_sentence(url: str) -> None:
    assert sentence(read_url(url)) == SENTENCES[url]


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("Patient?famly=Berg", "Patient has no search parameter famly here; did you mean family?"),
        ("Patient?family:exakt=Berg", "family is a string and has no modifier :exakt; did you mean exact?"),
        ("Patient?birthdate=yesterday", "'yesterday' is no date"),
        ("Patient?birthdate=xx1958", "xx is no prefix"),
        ("Patient?code:in=http://x", "Patient has no search parameter code"),
        ("Patient?name.given=x", "only a reference can be followed by a dot"),
        ("Observation?subject:Pat.name=x", "Pat is no type of resource"),
        ("Patient?_has:Observation:code:code=1", "_has:Observation:code:code cannot be read"),
        ("Patient?_include=Patient", "wants a type and one of its references"),
        ("Patient?_sort=age", "age is no search parameter of Patient to sort by"),
        ("Patient?_count=many", "has to be a number"),
        ("Patient?_elements=nam", "Patient has no element nam; did you mean name?"),
        ("Observation?_elements=value,Observation.code,valueQuantity", ""),
        ("Observation?code:in=http://hl7.org/fhir/ValueSet/observation-vitalsignresult", ""),
        ("Observation?code:below=8480-6", "code:below wants a code with its system"),
        ("Observation?code:below=http://loinc.org|8480-6", ""),
        ("Patient?family=Berg", ""),
        ("Patient?family=", ""),
    ],
)
def test_what_a_server_would_refuse_is_said(url: str, wrong: str) -> None:
    found = problem(read_url(url), 0)
    assert wrong in found if wrong else found == ""


def test_the_words_and_the_server_know_the_same_names() -> None:
    """Every modifier and prefix that the server takes has words, and so has every type of parameter."""
    types = {one.type for kind in resource_types() for one in parameters(kind)}
    assert types and all(word("type", one) for one in types)
    assert all(word("prefix", one) for one in PREFIXES)
    for kind in ("Patient", "Observation", "ValueSet"):
        for one in parameters(kind):
            more = BY_MEANING if one.type == "token" else ()
            assert [code for code, _ in modifiers_of(read_name(kind, one.name))] == ["", *modifiers(one), *more]
            assert all(label for _, label in modifiers_of(read_name(kind, one.name)))
    assert all(word("result", row["name"]) for row in rows("fhir/search-words.tsv") if row["name"] in RESULT)


def test_each_choice_is_one_that_the_server_takes() -> None:
    for kind in ("Patient", "Observation", "Encounter", "DocumentReference"):
        for name, meaning in choices(kind):
            assert meaning and not read_query(kind, [(f"{name}:missing", "true")], strict=True).ignored


def test_references_are_offered_where_they_lead_somewhere() -> None:
    assert {"patient", "subject"} <= {name for name, _ in references_to("Patient", "Observation")}
    assert references_to("Patient", "Organization") == ()
    assert targets(read_name("Account", "patient").parameter) == ("Patient",)
    assert len(targets(read_name("Provenance", "target").parameter)) == len(resource_types())
    assert targets(read_name("Patient", "family").parameter) == ()


def test_what_nobody_compared_carries_its_mark() -> None:
    marked = {row["name"] for row in rows("fhir/search-words.tsv") if row["checked"] != "yes"}
    known = [word(row["kind"], row["name"]) for row in rows("fhir/search-words.tsv")]
    assert {one.name for one in known if one and one.spec.endswith(UNCHECKED)} == marked
    assert word("prefix", "xx") is None


def test_a_part_that_asks_nothing_says_so() -> None:
    search = read_url("Patient?family=&_sort=&nonsense=1")
    assert [says(search, n) for n in range(3)] == [
        "`family` has no value yet, so it asks nothing", "`_sort` has no value yet", "`nonsense` is no search parameter of Patient here",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("resource", "line"),
    [
        ({"name": [{"family": "Ødegård", "given": ["Ingrid", "Marie"]}], "birthDate": "1958-06-17"}, "Ødegård, Ingrid Marie, 1958-06-17"),
        ({"code": {"coding": [{"display": "Systolic"}]}, "valueQuantity": {"value": 142, "unit": "mmHg"}, "effectiveDateTime": "2025-03-03"}, "Systolic, 142 mmHg, 2025-03-03"),
        ({"status": "finished", "class": {"code": "IMP"}, "period": {"start": "2025-03-03"}}, "IMP, finished, 2025-03-03 to now"),
        ({"name": "Nordvik Hospital"}, "Nordvik Hospital"),
        ({"name": [], "code": None, "birthDate": 5, "period": {"start": {}}}, "5, to now"),
        ({}, ""),
    ],
)  # fmt: skip
def test_a_resource_in_a_line(resource: dict[str, object], line: str) -> None:
    assert about(resource) == line
