"""The operations of a terminology service, asked as a client asks them; and searches by value set and hierarchy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ihe_kit.fhir import conform, parse
from tests.actors.fhir_client import Answer, Client

pytestmark = pytest.mark.usefixtures("database")

INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
VS = "http://hl7.org/fhir/ValueSet/"
LOCAL, LOINC = "urn:oid:2.999.10.4.5", "http://loinc.org"

ANIMALS = {
    "resourceType": "CodeSystem", "id": "a", "url": "http://x/animals", "name": "Animals", "status": "active", "content": "complete",
    "concept": [{"code": "dog", "display": "Dog", "concept": [{"code": "pug", "display": "Pug"}]}, {"code": "cat", "display": "Cat"}],
}  # fmt: skip
DOGS = {
    "resourceType": "ValueSet", "id": "d", "url": "http://x/dogs", "status": "active",
    "compose": {"include": [{"system": "http://x/animals", "filter": [{"property": "concept", "op": "is-a", "value": "dog"}]}]},
}  # fmt: skip
MAP = {
    "resourceType": "ConceptMap", "id": "m", "url": "http://x/map", "status": "active",
    "group": [{
        "source": LOCAL, "target": LOINC,
        "element": [
            {"code": "K", "display": "Potassium", "target": [{"code": "2823-3", "display": "Potassium", "equivalence": "equivalent"}]},
            {"code": "HEM", "target": [{"equivalence": "unmatched"}]},
        ],
    }],
}  # fmt: skip


@pytest.fixture
def client() -> Client:
    asked = Client()
    for one in (ANIMALS, DOGS, MAP):
        assert asked("PUT", f"{one['resourceType']}/{one['id']}", one).status == 201
    return asked


def told(answer: Answer) -> dict[str, Any]:
    """Parameters by name; parts as a list of those. What the server says is sound FHIR itself."""
    assert answer.status == 200, answer.text
    assert [one for one in conform(parse(answer.text)) if one.severity == "error"] == []
    return dict(_one(part) for part in answer.data["parameter"])


def _one(part: dict[str, Any]) -> tuple[str, Any]:
    value = next((value for name, value in part.items() if name.startswith("value")), None)
    return part["name"], value if value is not None else dict(_one(inner) for inner in part["part"])


def codes(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [one["code"] for one in answer.data["expansion"].get("contains", ())]


def parameters(**given: Any) -> dict[str, Any]:
    kinds = {"url": "Uri", "system": "Uri", "code": "Code", "coding": "Coding", "codeableConcept": "CodeableConcept", "reverse": "Boolean"}
    listed = [{"name": name, "resource" if name in ("valueSet", "conceptMap", "codeSystem") else f"value{kinds.get(name, 'Coding')}": value} for name, value in given.items()]  # fmt: skip
    return {"resourceType": "Parameters", "parameter": listed}


def test_expand(client: Client) -> None:
    answer = client("GET", "ValueSet/$expand?url=http://x/dogs")
    assert codes(answer) == ["dog", "pug"]
    assert answer.data["expansion"]["total"] == 2
    assert [one for one in conform(parse(answer.text)) if one.severity == "error"] == []
    assert codes(client("GET", "ValueSet/d/$expand")) == ["dog", "pug"]
    assert codes(client("POST", "ValueSet/$expand", parameters(url="http://x/dogs"))) == ["dog", "pug"]
    inline = {name: value for name, value in DOGS.items() if name not in ("url", "id")}
    assert codes(client("POST", "ValueSet/$expand", parameters(valueSet=inline))) == ["dog", "pug"], "one that nobody keeps"
    page = client("GET", f"ValueSet/$expand?url={VS}administrative-gender&offset=1&count=2")
    assert (codes(page), page.data["expansion"]["total"]) == (["female", "other"], 4)
    assert codes(client("GET", f"ValueSet/$expand?url={VS}administrative-gender&count=0")) == []
    assert codes(client("GET", f"ValueSet/$expand?url={VS}administrative-gender&filter=ale")) == ["male", "female"]


def test_a_changed_value_set_expands_anew(client: Client) -> None:
    client("PUT", "ValueSet/d", DOGS | {"compose": {"include": [{"system": "http://x/animals", "concept": [{"code": "cat"}]}]}})
    assert codes(client("GET", "ValueSet/$expand?url=http://x/dogs")) == ["cat"]
    client("DELETE", "ValueSet/d")
    assert client("GET", "ValueSet/$expand?url=http://x/dogs").status == 404
    assert client("GET", "ValueSet/d/$expand").status == 404


def test_lookup(client: Client) -> None:
    found = told(client("GET", f"CodeSystem/$lookup?system={INTERPRETATION}&code=HH"))
    assert (found["display"], found["property"]) == ("Critical high", {"code": "parent", "value": "AA"})
    assert told(client("GET", "CodeSystem/$lookup?system=http://x/animals&code=pug"))["name"] == "Animals"
    asked = parameters(coding={"system": "http://unitsofmeasure.org", "code": "mm[Hg]"})
    assert told(client("POST", "CodeSystem/$lookup", asked))["display"] == "millimetre of mercury"


def test_validate_code(client: Client) -> None:
    url = f"ValueSet/$validate-code?url={VS}administrative-gender"
    assert told(client("GET", f"{url}&code=female")) == {"result": True, "display": "Female"}
    assert told(client("GET", f"{url}&code=F"))["result"] is False
    assert "'Female'" in told(client("GET", f"{url}&code=female&display=Frau"))["message"]
    assert told(client("GET", "ValueSet/d/$validate-code?system=http://x/animals&code=pug"))["result"] is True
    assert told(client("GET", "ValueSet/d/$validate-code?system=http://x/animals&code=cat"))["result"] is False
    whole = {"coding": [{"system": "http://x/animals", "code": "pug"}]}
    assert told(client("POST", "ValueSet/$validate-code", parameters(url="http://x/dogs", codeableConcept=whole)))["result"] is True
    assert told(client("GET", "CodeSystem/$validate-code?url=http://x/animals&code=cow"))["result"] is False
    assert told(client("GET", "CodeSystem/a/$validate-code?code=cat"))["display"] == "Cat"
    assert "mm[Hg]" in told(client("GET", "CodeSystem/$validate-code?url=http://unitsofmeasure.org&code=mmHg"))["message"]


@pytest.mark.parametrize(
    ("one", "other", "outcome"),
    [("A", "HH", "subsumes"), ("HH", "A", "subsumed-by"), ("H", "HH", "not-subsumed"), ("H", "H", "equivalent")],
)
def test_subsumes(client: Client, one: str, other: str, outcome: str) -> None:
    assert told(client("GET", f"CodeSystem/$subsumes?system={INTERPRETATION}&codeA={one}&codeB={other}")) == {"outcome": outcome}
    given = {mark: {"system": INTERPRETATION, "code": code} for mark, code in (("codingA", one), ("codingB", other))}
    assert told(client("POST", "CodeSystem/$subsumes", parameters(**given))) == {"outcome": outcome}


def test_subsumes_on_a_code_system(client: Client) -> None:
    assert told(client("GET", "CodeSystem/a/$subsumes?codeA=dog&codeB=pug")) == {"outcome": "subsumes"}
    mixed = {"codingA": {"system": "http://x/animals", "code": "dog"}, "codingB": {"system": INTERPRETATION, "code": "H"}}
    assert "two code systems" in client("POST", "CodeSystem/$subsumes", parameters(**mixed)).says


def test_translate(client: Client) -> None:
    found = told(client("GET", f"ConceptMap/$translate?url=http://x/map&system={LOCAL}&code=K"))
    concept = {"system": LOINC, "code": "2823-3", "display": "Potassium"}
    assert found == {"result": True, "match": {"equivalence": "equivalent", "concept": concept, "source": "http://x/map"}}
    assert told(client("GET", f"ConceptMap/m/$translate?system={LOCAL}&code=K"))["result"] is True
    assert told(client("POST", "ConceptMap/$translate", parameters(url="http://x/map", coding={"system": LOCAL, "code": "K"})))["result"]
    back = told(client("GET", f"ConceptMap/m/$translate?system={LOINC}&code=2823-3&reverse=true"))
    assert back["match"]["concept"]["code"] == "K"
    assert told(client("POST", "ConceptMap/m/$translate", parameters(coding={"system": LOINC, "code": "2823-3"}, reverse=True)))["result"]


@pytest.mark.parametrize("code", ["HEM", "NEW"])
def test_a_gap_is_no_error_and_no_guess(client: Client, code: str) -> None:
    found = told(client("GET", f"ConceptMap/$translate?url=http://x/map&system={LOCAL}&code={code}"))
    assert found["result"] is False
    assert code in found["message"] and "Keep the original code" in found["message"]
    assert ("match" in found) == (code == "HEM"), "that nothing fits is known of one, and of the other nothing is known"


@pytest.mark.parametrize(
    ("target", "status", "says"),
    [
        ("ValueSet/$expand", 400, "it wants url="),
        ("ValueSet/$expand?url=http://x/nowhere", 404, "The value set http://x/nowhere is not here."),
        (f"ValueSet/$expand?url={VS}condition-code", 404, "snomed.info/sct are not here"),
        (f"ValueSet/$expand?url={VS}ucum-units", 404, "no list of them has an end"),
        (f"ValueSet/$expand?url={VS}administrative-gender&count=few", 400, "count is 'few'"),
        ("ValueSet/nobody/$expand", 404, "no ValueSet with the id nobody"),
        ("CodeSystem/$lookup?system=http://loinc.org&code=2823-3", 404, "The code system http://loinc.org is not here"),
        (f"CodeSystem/$lookup?system={INTERPRETATION}&code=ZZ", 400, "has no code ZZ"),
        (f"CodeSystem/$lookup?system={INTERPRETATION}", 400, "wants a code"),
        (f"CodeSystem/$subsumes?system={INTERPRETATION}&codeA=H", 400, "codeB="),
        ("CodeSystem/$subsumes?system=http://snomed.info/sct&codeA=1&codeB=2", 404, "is not here"),
        ("ConceptMap/$translate?url=http://x/nowhere&system=a&code=b", 404, "The concept map http://x/nowhere is not here"),
        ("ConceptMap/$translate?system=a&code=b", 400, "it wants url="),
        ("ValueSet/$validate-code?url=http://x/dogs", 400, "wants a code"),
        ("Patient/$expand", 404, "nothing at"),
    ],
)
def test_what_cannot_be_answered_is_refused(client: Client, target: str, status: int, says: str) -> None:
    answer = client("GET", target)
    assert (answer.status, says in answer.says) == (status, True), answer.text


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Patient"}, {"resourceType": "Parameters"}, {"resourceType": "Parameters", "parameter": "x"},
        {"resourceType": "Parameters", "parameter": [1, {"name": 5}, {"name": "url"}, {"name": "coding", "valueCoding": {"code": 5}}]},
        {"resourceType": "Parameters", "parameter": [{"name": "url", "valueUri": {"a": 1}}, {"name": "codeableConcept", "valueCodeableConcept": {"coding": {}}}]},
        {"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": {"resourceType": "ValueSet", "url": [], "compose": {"include": [{"valueSet": 5}]}}}]},
        {"resourceType": "Parameters", "parameter": [{"name": "codeSystem", "resource": {"resourceType": "CodeSystem", "concept": [{"code": [1]}, 5]}}]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("target", ["ValueSet/$expand", "ValueSet/$validate-code", "CodeSystem/$lookup", "CodeSystem/$subsumes", "ConceptMap/m/$translate"])  # fmt: skip
def test_hostile_parameters(client: Client, target: str, body: Any) -> None:
    answer = client("POST", target, body)
    assert answer.status in (200, 400, 404, 422), answer.text
    assert answer.status == 200 or answer.says


def test_the_statement_says_so(client: Client) -> None:
    kinds = {one["type"]: one.get("operation", []) for one in client("GET", "metadata").data["rest"][0]["resource"]}
    named = {kind: {one["name"]: one["definition"].rpartition("/")[2] for one in every} for kind, every in kinds.items() if every}
    assert named["ValueSet"] == {"expand": "ValueSet-expand", "validate-code": "ValueSet-validate-code"}
    assert named["CodeSystem"] == {name: f"CodeSystem-{name}" for name in ("validate-code", "lookup", "subsumes")}
    assert named["ConceptMap"] == {"translate": "ConceptMap-translate"}
    assert named["Patient"] == {"everything": "Patient-everything"}


# Searches by meaning ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"value-concept:below={INTERPRETATION}|A", {"o-A", "o-H", "o-HH"}),
        (f"value-concept:below={INTERPRETATION}|H", {"o-H"}),
        (f"value-concept:above={INTERPRETATION}|HH", {"o-A", "o-HH"}),
        (f"value-concept:in={VS}observation-interpretation", {"o-A", "o-H", "o-HH", "o-N"}),
        (f"value-concept:not-in={VS}observation-interpretation", {"o-x"}),
        (f"value-concept={INTERPRETATION}|A", {"o-A"}),
    ],
)
def test_search_by_meaning(client: Client, query: str, found: set[str]) -> None:
    for code in ("A", "H", "HH", "N", "x"):
        system = INTERPRETATION if code != "x" else "http://x/local"
        body = {
            "resourceType": "Observation", "id": f"o-{code}", "status": "final", "code": {"text": "x"},
            "valueCodeableConcept": {"coding": [{"system": system, "code": code}]},
        }  # fmt: skip
        assert client("PUT", f"Observation/o-{code}", json.dumps(body)).status == 201
    assert {one.partition("/")[2] for one in client("GET", f"Observation?{query}").ids} == found


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("code:below=http://loinc.org|2823-3", "http://loinc.org is not here"),
        ("code:below=2823-3", "a code with its system"),
        ("code:in=http://x/nowhere", "is not here"),
        (f"value-concept:below={INTERPRETATION}|ZZ", "has no code ZZ"),
    ],
)
def test_search_by_meaning_that_cannot_be_told(client: Client, query: str, says: str) -> None:
    answer = client("GET", f"Observation?{query}")
    assert (answer.status, says in answer.says) == (400, True), answer.text


def test_a_value_set_without_a_code_finds_nobody_and_leaves_nobody_out(client: Client) -> None:
    gender = "http://hl7.org/fhir/ValueSet/administrative-gender"
    compose = {"include": [{"valueSet": [gender]}], "exclude": [{"valueSet": [gender]}]}
    empty = {"resourceType": "ValueSet", "id": "none", "url": "http://example.org/none", "status": "active", "compose": compose}
    assert client("PUT", "ValueSet/none", empty).status == 201
    client("POST", "Patient", {"resourceType": "Patient", "gender": "male"})
    assert client("GET", "Patient?gender:in=http://example.org/none").data["total"] == 0
    assert client("GET", "Patient?gender:not-in=http://example.org/none").data["total"] == client("GET", "Patient").data["total"]
