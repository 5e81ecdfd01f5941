"""Compositions of others: what the validator makes of each stands in a table, and openEHR's own JSON Schema is the second opinion."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from ihe_kit.core import Unreadable
from ihe_kit.openehr import Template, conform, load, parse, rm
from ihe_kit.rules import Finding
from tests.openehr import its_json
from tests.openehr.given import CASES
from tests.openehr.small import body, coded, element
from tests.openehr.test_conformance_values import GOOD, device

# Rules that speak of form alone, as a JSON Schema does: there the two have to agree.
FORM = {"OPENEHR-REQUIRED", "OPENEHR-ATTRIBUTE", "OPENEHR-TYPE"}


@lru_cache(maxsize=1)
def table() -> dict[str, dict[str, str]]:
    lines = (Path(__file__).parent / "public_compositions.tsv").read_text(encoding="utf-8").splitlines()
    return {row["file"]: row for row in csv.DictReader((line for line in lines if not line.startswith("# ")), delimiter="\t")}


@lru_cache(maxsize=1)
def templates(folder: Path) -> dict[str, Template]:
    return {one.id: one for one in (load(path.read_bytes()) for path in sorted(folder.glob("*.opt")))}


def refused(value: Any) -> str:
    """What openEHR's own schema says against a value, "" where it accepts it."""
    try:
        its_json.validator()(value)
    except fastjsonschema.JsonSchemaValueException as problem:
        return str(problem)
    return ""


def counted(findings: list[Finding], severity: str) -> str:
    found = Counter(one.rule.removeprefix("OPENEHR-") for one in findings if one.severity == severity)
    return " ".join(f"{rule}={count}" for rule, count in sorted(found.items()))


@pytest.mark.parametrize("path", CASES("composition", "json"), ids=lambda path: path.name)
def test_the_verdict_on_each_public_composition(path: Path) -> None:
    row, message = table()[path.name], parse(path.read_bytes())
    one = templates(path.parents[1] / "opt").get(message.template_id)
    findings = conform(message, one)
    assert (one.id if one else "rm" if message.kind == "COMPOSITION" else "-") == row["template"]
    assert (counted(findings, "error"), counted(findings, "warning")) == (row["errors"], row["warnings"])
    schema = refused(json.loads(path.read_bytes()))
    assert ("refuses" if schema else "accepts") == row["schema"]
    assert row["why"] or (not (row["errors"] or row["warnings"]) and not schema)


def test_where_the_two_differ_the_table_says_why() -> None:
    differing = [row for row in table().values() if bool(row["errors"]) != (row["schema"] == "refuses")]
    assert len(differing) == 9
    assert all("schema" in row["why"] for row in differing)


def test_the_table_of_the_schema_and_ours_know_the_same_attributes() -> None:
    for name in its_json.lines():
        if not name.startswith("@"):
            theirs = {attribute for attribute, _, _ in its_json.properties(name)}
            ours = set(rm.attributes(name))
            # The model dropped property from DV_QUANTITY; a DV_INTERVAL has the attributes of Interval.
            assert theirs - ours == ({"property"} if name == "DV_QUANTITY" else set()), name
            assert ours - theirs == set(), name


def mutants(value: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A value with one attribute left out, misnamed, or of another kind, for every attribute of it."""
    text = json.dumps(value)

    def walk(here: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        for key, child in here.items() if isinstance(here, dict) else enumerate(here) if isinstance(here, list) else ():
            if isinstance(key, str):
                yield (*path, key)
            yield from walk(child, (*path, key))

    for path in list(walk(value, ())):
        for how in ("left out", "misnamed", "a list", "a number", "an object"):
            copy = json.loads(text)
            here = copy
            for key in path[:-1]:
                here = here[key]
            old = here.pop(path[-1])
            if how == "misnamed":
                here["x_" + path[-1]] = old
            elif how != "left out":
                here[path[-1]] = {"a list": [[]], "a number": 7.5, "an object": {"x": 1}}[how]
            yield f"{'/'.join(map(str, path))} {how}", copy


def test_a_composition_with_one_thing_wrong_is_wrong_to_both() -> None:
    """Of every attribute of a composition with all kinds of values; where the two differ, the reason is one of three."""
    whole = body(
        *(GOOD[number] for number in (1, 3, 4, 5, 7, 10)),
        device(),
        element("at0020", None, null_flavour=coded("unknown", "openehr", "253")),
    )
    assert not refused(whole)
    differing = []
    for what, mutant in mutants(whole):
        try:
            ours = {one.rule for one in conform(parse(json.dumps(mutant))) if one.severity == "error"} & (FORM | {"OPENEHR-INVARIANT"})
        except Unreadable as problem:
            raise AssertionError(what) from problem
        if bool(ours) != bool(refused(mutant)) and not explained(what, ours):
            differing.append((what, ours, refused(mutant)))
    assert differing == []


def explained(what: str, ours: set[str]) -> bool:
    place = what.partition(" ")[0]
    last = place.rpartition("/")[2]
    if last == "_type":
        return True  # how much of a missing or odd class the schema lets pass depends on the place; we read what the attributes say
    if ours == {"OPENEHR-INVARIANT"}:
        return True  # a value or a reason, limits, details of an archetype: beyond any JSON Schema
    return "/lower" in place or "/upper" in place  # any object is a limit to the schema
