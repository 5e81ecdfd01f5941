"""A resource as rows of an index: what it can be found by. Pure data; the store keeps the rows.

Each row begins with the name of its parameter. There are three kinds, as there are three kinds of question (FHIR R4 section 3.1.1.4):

| rows    | of parameters                    | say                                                                             |
|---------|----------------------------------|---------------------------------------------------------------------------------|
| entries | string, token, reference, uri    | system, value as it is compared, value as it is written                         |
| periods | date                             | the first and the last moment that a date stands for                            |
| amounts | number, quantity                 | the least and the most, system and code of the unit                             |

Of a string, the value is normalised; of a reference, value and system are the id and the type that it leads to. Names with a colon serve a
modifier: `code:text`, `identifier:of-type`, `subject:identifier`; `date:long` repeats what lasts beyond one day: all else that lies in a range
of days also begins in it, so an index by beginnings finds it. A composite has one row per component, `code-value-quantity$0` and so on,
with the same `part` where they belong to the same element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ihe_kit.fhir.comparing import normal, span, split_reference
from ihe_kit.fhir.expressions import Path, Step, children, chosen
from ihe_kit.fhir.parameters import Parameter, parameters

BEGIN, END = "0001-01-01T00:00:00", "9999-12-31T23:59:59.999999"
_NAME = ("text", "family", "given", "prefix", "suffix")
_ADDRESS = ("text", "line", "city", "district", "state", "postalCode", "country")


@dataclass
class Index:
    """The rows of one resource, as the store takes them."""

    entries: list[tuple[str, str, str, str, int]] = field(default_factory=list)
    periods: list[tuple[str, str, str, int]] = field(default_factory=list)
    amounts: list[tuple[str, float, float, str, str, int]] = field(default_factory=list)
    base: str = ""  # the server's own URL: a reference that begins with it leads to this server
    parts: int = 0  # elements that have rows under a composite


def index(resource: Mapping[str, Any], base: str = "") -> Index:
    """The rows of a resource. What is not as its definition says is left out, never an error. `base` is the server's own URL.

    >>> index({"resourceType": "Patient", "name": [{"family": "Lie"}]}).entries[0]
    ('family', '', 'lie', 'Lie', 0)
    """
    found = Index(base=f"{base.rstrip('/')}/" if base else "")
    plan, whole = _plan(str(resource.get("resourceType"))), [resource]
    for key in resource:
        for name in _bases(key):
            for first, wanted in plan.get(name, ()):
                there = first(whole)
                for parameter, steps in wanted if there else ():
                    values = there
                    for step in steps:
                        values = step(values)
                    write = _WRITERS[parameter.type]
                    for value in values:
                        write(found, parameter.name, value, parameter, 0)
    for parameter, path in _composites(str(resource.get("resourceType"))):
        _composite(found, parameter, path(resource), resource)
    return found


Wanted = list[tuple[Parameter, Sequence[Step]]]


@lru_cache(maxsize=256)
def _plan(kind: str) -> dict[str, list[tuple[Step, Wanted]]]:
    """What to look for when a resource has a member: name of the member -> (the step to it, the parameters that look there or below, each with
    the steps that are left): what several parameters share is walked once.
    """
    found: dict[str, dict[Step, Wanted]] = {}
    for parameter in parameters(kind):
        for path in parameter.paths if parameter.name != "_id" and not parameter.components else ():  # the store knows a thing by its id
            first, *steps = path.steps
            found.setdefault(path.names[1], {}).setdefault(first, []).append((parameter, steps))
    return {name: list(steps.items()) for name, steps in found.items()}


@lru_cache(maxsize=256)
def _composites(kind: str) -> list[tuple[Parameter, Path]]:
    return [(parameter, path) for parameter in parameters(kind) if parameter.components for path in parameter.paths]


@lru_cache(maxsize=4096)
def _bases(key: str) -> tuple[str, ...]:
    """The names that a member goes by: `effectiveDateTime` and, since that is one type of a choice, `effective`."""
    return (key, *(key[:size] for size in range(1, len(key)) if key[size].isupper() and chosen({key: 0}, key[:size])))


def _composite(found: Index, parameter: Parameter, bases: list[Any], resource: Mapping[str, Any]) -> None:
    """A row per component, for each element that has all of them."""
    for base in bases:
        values = [_component(one, base, resource) for one in parameter.components]
        if all(values):
            found.parts += 1
            for number, (component, some) in enumerate(zip(parameter.components, values, strict=True)):
                for value in some:
                    _WRITERS[component.type](found, f"{parameter.name}${number}", value, component, found.parts)


def _component(component: Parameter, base: Any, resource: Mapping[str, Any]) -> list[Any]:
    return [value for path in component.paths for value in path(resource if path.names[0] == "%resource" else base)]


# One writer per type of parameter: (rows, name, value, parameter, part)


def _strings(found: Index, name: str, value: Any, parameter: Parameter, part: int) -> None:
    if isinstance(value, str):
        if value:
            found.entries.append((name, "", normal(value), value, part))
    elif isinstance(value, dict):
        for key in (
            _NAME
            if "family" in value or "given" in value
            else _ADDRESS
            if parameter.name.startswith("address")
            else (*_NAME, *_ADDRESS[1:])
        ):
            if key in value:
                for text in children([value], key):
                    _strings(found, name, text, parameter, part)


def _tokens(found: Index, name: str, value: Any, parameter: Parameter, part: int) -> None:
    """A bare code, a truth value, a Coding, an Identifier, a ContactPoint, or the codings of a CodeableConcept."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, str):
        found.entries.append((name, parameter.system, value, "", part))
    elif isinstance(value, dict):
        for text in (value.get("text"), value.get("display")):
            if isinstance(text, str) and not part:
                found.entries.append((f"{name}:text", "", normal(text), text, 0))
        for coding in children([value], "coding") if "coding" in value else ():
            if isinstance(coding, dict):
                _tokens(found, name, coding, parameter, part)
        code, system = value.get("value") or value.get("code"), value.get("system") or ""
        if isinstance(code, str) and isinstance(system, str):
            contact = "code" not in value and "use" in value and system in _CONTACTS  # the system of a telecom is no code system
            found.entries.append((name, "" if contact else system, code, "", part))
            if "type" in value:
                _of_type(found, name, value, code, part)


_CONTACTS = ("phone", "fax", "email", "pager", "url", "sms", "other")


def _of_type(found: Index, name: str, value: Mapping[str, Any], code: str, part: int) -> None:
    for text in children([value], "type", "text"):
        if isinstance(text, str) and not part:
            found.entries.append((f"{name}:text", "", normal(text), text, 0))
    for coding in children([value], "type", "coding"):
        if isinstance(coding, dict) and not part:
            kind = f"{coding.get('system') or ''}|{coding.get('code') or ''}"
            found.entries.append((f"{name}:of-type", kind, code, "", 0))


def _references(found: Index, name: str, value: Any, parameter: Parameter, part: int) -> None:
    if isinstance(value, str):  # a canonical, with or without its version
        found.entries += [(name, "", url, value, part) for url in dict.fromkeys((value, value.partition("|")[0]))]
    elif isinstance(value, dict):
        url = value.get("reference")
        if isinstance(url, str) and not url.startswith("#"):
            kind, id = split_reference(url.removeprefix(found.base) if found.base else url)
            found.entries.append((name, kind, id, url, part))
        for identifier in children([value], "identifier"):
            if not part:
                _tokens(found, f"{name}:identifier", identifier, parameter, 0)


def _uris(found: Index, name: str, value: Any, _: Parameter, part: int) -> None:
    if isinstance(value, str):
        found.entries.append((name, "", value, value, part))


def _dates(found: Index, name: str, value: Any, _: Parameter, part: int) -> None:
    try:
        for low, high in _moments(value):
            found.periods.append((name, low, high, part))
            if low[:10] != high[:10] and not part:
                found.periods.append((f"{name}:long", low, high, 0))
    except ValueError:
        return


def _moments(value: Any) -> Iterator[tuple[str, str]]:
    """A date, a Period (open ends reach to the ends of time), or a Timing from its first to its last moment."""
    if isinstance(value, str):
        yield span(value)
    elif isinstance(value, dict):
        inner = [*children([value], "event"), *children([value], "repeat", "boundsPeriod")]
        found = [ends for one in inner for ends in _moments(one)]
        if found:
            yield min(low for low, _ in found), max(high for _, high in found)
        elif "start" in value or "end" in value:
            start, end = value.get("start"), value.get("end")
            yield span(str(start))[0] if start else BEGIN, span(str(end))[1] if end else END


def _numbers(found: Index, name: str, value: Any, parameter: Parameter, part: int) -> None:
    number = _real(value, 0)
    if number is not None and value is not None and not isinstance(value, dict):
        found.amounts.append((name, number, number, "", "", part))
    elif isinstance(value, dict):
        _quantities(found, name, value, parameter, part)


def _quantities(found: Index, name: str, value: Any, _: Parameter, part: int) -> None:
    """A Quantity with its comparator, a Range, or Money."""
    if not isinstance(value, dict):
        return
    low, high = value.get("low"), value.get("high")
    if isinstance(low, dict) or isinstance(high, dict):
        unit = low if isinstance(low, dict) else high
        ends = [one.get("value") if isinstance(one, dict) else None for one in (low, high)]
    else:
        unit, number = value, value.get("value")
        ends = [None if value.get("comparator") in ("<", "<=") else number, None if value.get("comparator") in (">", ">=") else number]
        if number is None:
            return
    least, most = (_real(end, edge) for end, edge in zip(ends, (-1e308, 1e308), strict=True))
    if least is not None and most is not None and isinstance(unit, dict):
        for system, code in dict.fromkeys(_units(unit)):
            found.amounts.append((name, least, most, system, code, part))


def _units(unit: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The coded unit, and the unit as people read it where it is another: `mg` finds both (FHIR R4 section 3.1.1.4.11)."""
    code, words = unit.get("code") or unit.get("currency"), unit.get("unit")
    yield (
        (str(unit.get("system") or ("urn:iso:std:iso:4217" if unit.get("currency") else "")), str(code)) if code else ("", str(words or ""))
    )
    if code and isinstance(words, str) and words != code:
        yield "", words


def _real(value: Any, otherwise: float) -> float | None:
    if value is None:
        return otherwise
    return float(value) if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and -1e300 < value < 1e300 else None


_WRITERS: dict[str, Callable[[Index, str, Any, Parameter, int], None]] = {
    "string": _strings,
    "token": _tokens,
    "reference": _references,
    "uri": _uris,
    "date": _dates,
    "number": _numbers,
    "quantity": _quantities,
}
