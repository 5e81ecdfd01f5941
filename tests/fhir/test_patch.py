"""The three kinds of patch: JSON Patch by the sections of RFC 6902, FHIRPath Patch by its operations, merge patch by RFC 7396."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.fhir.json_patch import NotPatched, json_patch
from ihe_kit.fhir.message import FhirMessage
from ihe_kit.fhir.patch import merged, patched
from ihe_kit.json_text import read_values, written


def op(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": name, "path": path} | more


@pytest.mark.parametrize(
    "before, operations, after",
    [
        ({"a": 1}, [op("add", "/b", value=2)], {"a": 1, "b": 2}),  # 4.1
        ({"a": 1}, [op("add", "/a", value=2)], {"a": 2}),
        ({"a": [1, 3]}, [op("add", "/a/1", value=2)], {"a": [1, 2, 3]}),
        ({"a": [1]}, [op("add", "/a/-", value=2)], {"a": [1, 2]}),
        ({"a": [1]}, [op("add", "/a/1", value=2)], {"a": [1, 2]}),
        ({"a": 1}, [op("add", "", value={"b": 1})], {"b": 1}),
        ({"a": 1, "b": 2}, [op("remove", "/a")], {"b": 2}),  # 4.2
        ({"a": [1, 2]}, [op("remove", "/a/0")], {"a": [2]}),
        ({"x": {"a": [1]}}, [op("remove", "/x/a/0")], {"x": {}}),  # an array without items goes: FHIR has none
        ({"a": 1}, [op("replace", "/a", value=[2])], {"a": [2]}),  # 4.3
        ({"a": [1, 2]}, [op("replace", "/a/1", value=3)], {"a": [1, 3]}),
        ({"a": 1, "b": {}}, [op("move", "/b/c", **{"from": "/a"})], {"b": {"c": 1}}),  # 4.4
        ({"a": [1, 2]}, [op("move", "/a/1", **{"from": "/a/0"})], {"a": [2, 1]}),
        ({"a": [1]}, [op("copy", "/b", **{"from": "/a"}), op("add", "/b/-", value=2)], {"a": [1], "b": [1, 2]}),  # 4.5
        ({"a": 1}, [op("test", "/a", value=1)], {"a": 1}),  # 4.6
        ({"a/b": 1, "m~n": 2}, [op("remove", "/a~1b"), op("test", "/m~0n", value=2)], {"m~n": 2}),  # RFC 6901
        ({"": 1}, [op("replace", "/", value=2)], {"": 2}),
    ],
)
def test_json_patch(before: Any, operations: list[Any], after: Any) -> None:
    assert json_patch(before, operations) == after


@pytest.mark.parametrize(
    "operations, says",
    [
        ([op("remove", "/b")], "leads to nothing"),
        ([op("replace", "/b", value=1)], "leads to nothing"),
        ([op("add", "/b/c", value=1)], "leads to nothing"),
        ([op("add", "/list/3", value=1)], "no item 3 among 2"),
        ([op("add", "/list/01", value=1)], "no item 01"),
        ([op("add", "/list/-1", value=1)], "no item -1"),
        ([op("add", "/a/b", value=1)], "only an object or an array"),
        ([op("test", "/a", value="1")], "another one than the test expects"),
        ([op("test", "/a", value=True)], "another one than the test expects"),
        ([op("move", "/list/0", **{"from": "/list"})], "into itself"),
        ([op("add", "a", value=1)], "no JSON Pointer"),
        ([op("add", "/b")], "not written as RFC 6902 demands"),
        ([op("explode", "/a")], "no operation"),
        ([{"op": "add"}], "operation 1"),
        (["x"], "operation 1"),
        ([op("add", "/b", value=1), op("remove", "/c")], "operation 2"),
        ([op("remove", "")], "that is a delete"),
    ],
)
def test_a_json_patch_that_cannot_be_done(operations: list[Any], says: str) -> None:
    with pytest.raises(NotPatched, match=says):
        json_patch({"a": 1, "list": [1, 2]}, operations)


PATIENT = {
    "resourceType": "Patient",
    "id": "1",
    "active": True,
    "name": [{"use": "official", "family": "Lie", "given": ["Ola", "Nils"]}, {"use": "nickname", "given": ["Olli"]}],
    "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "2"}],
    "deceasedBoolean": False,
    "contact": [{"gender": "male"}],
}


def change(kind: str, path: str, **parts: Any) -> dict[str, Any]:
    part = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    part += [{"name": name} | (value if isinstance(value, dict) else {"valueInteger": value}) for name, value in parts.items()]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]}


def text(value: str) -> dict[str, Any]:
    return {"valueString": value}


@pytest.mark.parametrize(
    "patch, path, after",
    [
        (change("replace", "Patient.active", value={"valueBoolean": False}), ["active"], False),
        (change("replace", "Patient.name[0].family", value=text("Lind")), ["name", 0, "family"], "Lind"),
        (change("replace", "Patient.name.where(use = 'nickname').given[0]", value=text("Ole")), ["name", 1, "given"], ["Ole"]),
        (change("replace", "Patient.deceased", value={"valueDateTime": "2025"}), ["deceasedDateTime"], "2025"),
        (change("replace", "Patient.deceased", value={"valueBoolean": True}), ["deceasedBoolean"], True),
        (change("add", "Patient", name=text("birthDate"), value={"valueDate": "1958"}), ["birthDate"], "1958"),
        (change("add", "Patient.name[1]", name=text("given"), value=text("Nisse")), ["name", 1, "given"], ["Olli", "Nisse"]),
        (change("add", "Patient", name=text("multipleBirth"), value={"valueInteger": 2}), ["multipleBirthInteger"], 2),
        (
            change(
                "add",
                "Patient",
                name=text("contact"),
                value={"part": [{"name": "name", "valueHumanName": {"text": "x"}}, {"name": "gender", "valueCode": "female"}]},
            ),
            ["contact", 1],
            {"name": {"text": "x"}, "gender": "female"},
        ),
        (change("insert", "Patient.name[0].given", index=1, value=text("Per")), ["name", 0, "given"], ["Ola", "Per", "Nils"]),
        (change("insert", "Patient.telecom", index=2, value={"valueContactPoint": {"value": "3"}}), ["telecom", 2], {"value": "3"}),
        (change("move", "Patient.name[0].given", source=1, destination=0), ["name", 0, "given"], ["Nils", "Ola"]),
        (change("delete", "Patient.telecom.where(system='phone')"), ["telecom"], [{"system": "email", "value": "2"}]),
        (change("delete", "Patient.name[0].given[0]"), ["name", 0, "given"], ["Nils"]),
        (change("delete", "Patient.maritalStatus"), ["active"], True),
    ],
)
def test_fhirpath_patch(patch: dict[str, Any], path: list[Any], after: Any) -> None:
    found = json.loads(patched(json.dumps(PATIENT), FhirMessage(json.dumps(patch))))
    for step in path:
        found = found[step]
    assert found == after


def test_the_last_of_several_takes_its_array_with_it() -> None:
    found = json.loads(patched(json.dumps(PATIENT), FhirMessage(json.dumps(change("delete", "Patient.contact[0]")))))
    assert "contact" not in found


def test_a_choice_that_takes_another_type_leaves_nothing_behind() -> None:
    found = json.loads(
        patched(json.dumps(PATIENT), FhirMessage(json.dumps(change("replace", "Patient.deceased", value={"valueDateTime": "2025"}))))
    )
    assert "deceasedBoolean" not in found


@pytest.mark.parametrize(
    "patch, says",
    [
        (change("replace", "Patient.maritalStatus", value=text("x")), "leads to no elements"),
        (change("replace", "Patient.telecom", value=text("x")), "leads to 2 elements"),
        (change("replace", "Observation.status", value=text("x")), "the resource is a Patient"),
        (change("add", "Patient", name=text("colour"), value=text("x")), "has no element colour"),
        (change("insert", "Patient.name[0].given", index=9, value=text("x")), "there are 2 items"),
        (change("move", "Patient.name[0].given", source=5, destination=0), "there are 2 items"),
        (change("insert", "Patient.active", index=0, value=text("x")), "items of a list"),
        (change("delete", "Patient.telecom"), "only one part"),
        (change("delete", "Patient"), "only one part"),
        (change("explode", "Patient.active"), "one of add"),
        (change("replace", "Patient.active"), "the part 'value' is missing"),
        (change("replace", "((", value=text("x")), "no FHIR path"),
        ({"resourceType": "Parameters", "parameter": [7]}, "operation 1"),
    ],
)
def test_a_fhirpath_patch_that_cannot_be_done(patch: dict[str, Any], says: str) -> None:
    with pytest.raises(NotPatched, match=says):
        patched(json.dumps(PATIENT), FhirMessage(json.dumps(patch)))


@pytest.mark.parametrize(
    "target, patch, after",
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": [1]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None, "d": 3}}, {"a": {"c": 2, "d": 3}}),
        ({"a": 1}, [1], [1]),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge(target: Any, patch: Any, after: Any) -> None:
    assert merged(target, patch) == after


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.decimals(allow_nan=False, allow_infinity=False, places=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert read_values(written(value)) == value


@given(
    VALUES,
    st.lists(
        st.fixed_dictionaries(
            {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), "path": st.text("/a01-~", max_size=5)},
            optional={"value": VALUES, "from": st.text("/a01-", max_size=4)},
        ),
        max_size=3,
    ),
)
def test_a_json_patch_does_it_or_says_why(document: Any, operations: list[Any]) -> None:
    before = written(document)
    try:
        json_patch(read_values(before), operations)
    except NotPatched as problem:
        assert "operation" in str(problem)
