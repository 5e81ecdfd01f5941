"""Invariants: constraints in FHIRPath, run by fhirpathpy, each compiled once. This is the only file that imports it, and not before it is needed.

Most need only the plain part of the language, which `quick` runs without it; a few that fhirpathpy cannot run, or not in the time that a reference or
a period may take, are written here in Python. A test shows that all say the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from threading import RLock
from typing import Any

from ihe_kit.fhir.narrative import wrong
from ihe_kit.fhir.operators import Run, Undecided
from ihe_kit.fhir.quick import ready, tame
from ihe_kit.fhir.shapes import Json

UNKNOWN = None
LONGEST = 20_000  # characters of an expression
_TRACE = re.compile(r"\.trace\(\s*'[^']*'\s*(?:,\s*[\w.$%]+\s*)?\)")  # it would print, and changes nothing
_QUOTED = re.compile(r"('(?:[^'\\]|\\.)*')")
_IS = re.compile(r"(?<![\w.$%)])([A-Za-z_$][\w.$]*)\s+is\s+([A-Za-z]\w*(?:\.\w+)?)")
_lock = RLock()  # fhirpathpy keeps what it works on in its modules


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an element stands: the resource around it, and the one around that where it is contained; how references are followed there."""

    resource: Json
    root: Json
    resolve: Callable[[str], Any] = lambda _: None
    member_of: Callable[[Any, str], bool | None] = lambda _, __: None


def holds(expression: str, value: Any, path: str, scene: Scene) -> bool | None:
    """Whether an expression is true of an element; None where it cannot be evaluated. `path` is where the element is defined: `Patient.contact`.

    >>> holds("start.hasValue().not() or end.hasValue().not() or (start <= end)", {"start": "2025", "end": "2024"}, "Period", Scene({}, {}))
    False
    """
    quick = QUICK.get(expression)
    if quick is not None:
        try:
            return quick(value, scene)
        except (TypeError, AttributeError, ValueError, KeyError):  # what is not shaped as its type is, other findings tell
            return UNKNOWN
    plain = _plain(expression)
    if plain is not None:
        with suppress(Undecided, TypeError, AttributeError, ValueError, ArithmeticError):
            found = plain([value], {"resource": scene.resource, "rootResource": scene.root, "context": value})
            return bool(found) and all(one is not False for one in found)
    return evaluated(expression, value, path, scene)


@lru_cache(maxsize=4096)
def _plain(expression: str) -> Run | None:
    """An expression of the plain part of the language, or None."""
    from fhirpathpy.parser import parse

    if not readable(expression):
        return None
    with _lock:
        try:
            return ready(parse(_adapted(expression)))
        except Exception:  # an expression is foreign text, and what the parser raises has no name of its own
            return None


def evaluated(expression: str, value: Any, path: str, scene: Scene) -> bool | None:
    """The same, by fhirpathpy alone."""
    found = evaluate(expression, value, path, scene)
    if found is None:
        return UNKNOWN
    return bool(found) and all(one is not False for one in found)


def evaluate(expression: str, value: Any, path: str, scene: Scene) -> list[Any] | None:
    """What an expression yields, or None where it cannot be evaluated. Nothing raises, whatever the expression and the value."""
    with _lock:
        try:
            run, node = _compiled(expression), _node(value, path)
            _Now.scene = scene
            answer = run(node, {"resource": _node(scene.resource, None), "rootResource": _node(scene.root, None), "context": node})
            return list(answer)
        except Exception:  # an expression is foreign text, and the library raises whatever it stumbles over
            return None
        finally:
            _Now.scene = None


def found(expression: str, resource: Json) -> list[tuple[Any, str]] | None:
    """(value, the path of the element that has it, or "" for what is computed) of everything that an expression finds in a resource; None where it
    cannot be evaluated.

    >>> found("Patient.name.where(use = 'official').given.first()", {"resourceType": "Patient", "name": [{"use": "official", "given": ["Eli"]}]})
    [('Eli', 'Patient.name[0].given[0]')]
    """
    import fhirpathpy
    from fhirpathpy.models import models

    if not readable(expression):
        return None
    with _lock:
        try:
            _Now.scene = Scene(resource, resource)
            nodes = fhirpathpy.evaluate(
                resource, expression, {"resource": resource}, models["r4"], {"userInvocationTable": _FUNCTIONS, "returnRawData": True}
            )
            return [(getattr(node, "data", node), getattr(node, "propName", None) or "") for node in nodes]
        except Exception:  # whatever the library stumbles over
            return None
        finally:
            _Now.scene = None


@lru_cache(maxsize=4096)
def readable(expression: str) -> bool:
    """Whether an expression is FHIRPath from its beginning to its end: the grammar decides, which the running alone does not ask so strictly.

    >>> readable("name.exists()"), readable("name.exists(")
    (True, False)
    """
    from antlr4 import CommonTokenStream, InputStream
    from antlr4.error.ErrorListener import ErrorListener
    from fhirpathpy.parser.generated.FHIRPathLexer import FHIRPathLexer
    from fhirpathpy.parser.generated.FHIRPathParser import FHIRPathParser

    if len(expression) > LONGEST:
        return False
    with _lock:
        lexer = FHIRPathLexer(InputStream(expression))
        parser = FHIRPathParser(CommonTokenStream(lexer))
        unknown: list[Any] = []  # characters that begin no word of the language: the lexer leaves them out and goes on
        listener = ErrorListener()
        listener.syntaxError = lambda *at: unknown.append(at)
        lexer.removeErrorListeners()
        lexer.addErrorListener(listener)
        parser.removeErrorListeners()
        try:
            parser.expression()
            return bool(not unknown and parser.getNumberOfSyntaxErrors() == 0 and parser.getCurrentToken().type == -1)
        except Exception:  # what the generated parser raises has no name of its own
            return False


class _Now:
    """What the functions that FHIR adds to FHIRPath work with while an expression runs."""

    scene: Scene | None = None


def _node(value: Any, path: str | None) -> Any:
    from fhirpathpy.engine.nodes import ResourceNode

    # a resource finds its own type, and the library takes its name at the head of a path only from the resource itself
    return value if isinstance(value, dict) and "resourceType" in value else ResourceNode(value, path)


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> Callable[..., Any]:
    import fhirpathpy
    from fhirpathpy.models import models

    if not readable(expression):  # asked first, because that is remembered: a failure here is not, and costs a second
        raise ValueError("no FHIRPath")
    run: Callable[..., Any] = fhirpathpy.compile(_adapted(expression), models["r4"], {"userInvocationTable": _FUNCTIONS})
    return run


def _adapted(expression: str) -> str:
    """An expression without traces; and so that `is` says false of what is absent and takes FHIR's types for those of the same name in FHIRPath, as
    HL7's own validator has it. Text in quotes stays as it is.
    """
    pieces = _QUOTED.split(_TRACE.sub("", expression))
    return "".join(piece if number % 2 else _IS.sub(_is, piece) for number, piece in enumerate(pieces))


def _is(found: re.Match[str]) -> str:
    name = found[2].lower() if found[2] in ("Boolean", "String", "Integer", "Decimal") else found[2]
    return f"(({found[1]} is {name}) contains true)"


def _one(inputs: list[Any]) -> Any:
    return inputs[0] if len(inputs) == 1 else None


def _text(inputs: list[Any]) -> str:
    one = _one(inputs)
    return one if isinstance(one, str) else ""


def _resolved(inputs: list[Any]) -> list[Any]:
    references = [one.get("reference") if isinstance(one, dict) else one for one in inputs]
    found = [_Now.scene.resolve(one) for one in references if isinstance(one, str) and _Now.scene]
    from fhirpathpy.engine.nodes import ResourceNode

    return [ResourceNode(one, None) for one in found if one is not None]  # wrapped, so that it knows its type


def _matches(inputs: list[Any], pattern: str) -> list[bool]:
    text = _text(inputs)
    return [re.search(pattern, text, re.DOTALL) is not None] if inputs and pattern and tame(text, pattern) else []


def _replace_matches(inputs: list[Any], pattern: str, by: str) -> list[str]:
    text = _text(inputs)
    return [re.sub(pattern, re.sub(r"\$(\d+)", r"\\\1", by), text)] if inputs and tame(text, pattern) else []


def _member(inputs: list[Any], value_set: str) -> list[bool]:
    answers = [_Now.scene.member_of(one, value_set) for one in inputs if _Now.scene]
    return [False not in answers] if answers and None not in answers else []


# FHIR's own functions that fhirpathpy lacks. What is absent starts with
# nothing, as in HL7's own validator: with FHIRPath's empty answer bdl-8 would fail for every entry without a fullUrl.
_FUNCTIONS: dict[str, dict[str, Any]] = {
    "hasValue": {
        "fn": lambda inputs: [len(inputs) == 1 and not isinstance(inputs[0], (dict, list)) and inputs[0] is not None],
        "arity": {0: []},
    },
    "getValue": {"fn": lambda inputs: [] if isinstance(_one(inputs), (dict, list)) else inputs[:1], "arity": {0: []}},
    "htmlChecks": {"fn": lambda inputs: [all(isinstance(one, str) and not wrong(one) for one in inputs)], "arity": {0: []}},
    "resolve": {"fn": _resolved, "arity": {0: []}},
    "matches": {"fn": _matches, "arity": {1: ["String"]}},
    "replaceMatches": {"fn": _replace_matches, "arity": {2: ["String", "String"]}},
    "memberOf": {"fn": _member, "arity": {1: ["String"]}},
    "startsWith": {"fn": lambda inputs, part: [_text(inputs).startswith(str(part or ""))], "arity": {1: ["String"]}},
    "endsWith": {"fn": lambda inputs, part: [_text(inputs).endswith(str(part or ""))], "arity": {1: ["String"]}},
    "contains": {"fn": lambda inputs, part: [str(part or "") in _text(inputs)], "arity": {1: ["String"]}},
}


# The commonest ones in Python --------------------------------------------------------------------------------------------------------------


_MOMENT = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d))?)?)?", re.ASCII)


def _same_or_later(start: Any, end: Any) -> bool | None:
    """Whether one moment is surely not later than another. What they share decides; where one is written more finely than the other and all that
    they share is the same, FHIRPath yields nothing (FHIRPath 2.0.0 section 6.2), and nothing is not true."""
    if not (isinstance(start, str) and isinstance(end, str)):
        return True if start is None or end is None else UNKNOWN
    one, other = _MOMENT.fullmatch(start), _MOMENT.fullmatch(end)
    if not one or not other:
        return UNKNOWN  # a date that is none is told as such
    if one[7] and other[7]:
        return _instant(one) <= _instant(other)
    for mine, yours in zip(one.groups()[:6], other.groups()[:6], strict=True):
        if mine is None and yours is None:
            return True
        if mine is None or yours is None:
            return False
        if mine != yours:
            return float(mine) < float(yours)
    return True


def _instant(moment: re.Match[str]) -> tuple[int, float]:
    """(the day, the second of it) in UTC."""
    zone = moment[7]
    shift = 0 if zone == "Z" else (int(zone[1:3]) * 60 + int(zone[4:6])) * (-60 if zone[0] == "-" else 60)
    seconds = int(moment[4]) * 3600 + int(moment[5]) * 60 + float(moment[6]) - shift
    return date(int(moment[1]), int(moment[2]), int(moment[3])).toordinal() + int(seconds // 86400), seconds % 86400


def _local(value: Json, scene: Scene) -> bool:
    reference = value.get("reference")
    if not isinstance(reference, str) or not reference.startswith("#") or reference == "#":
        return True
    contained = scene.root.get("contained")
    return any(isinstance(one, dict) and one.get("id") == reference[1:] for one in (contained if isinstance(contained, list) else ()))


def _referenced(value: Json, _: Scene) -> bool:
    """Every contained resource is referred to from the one around it, or refers to that itself."""
    contained = value.get("contained")
    if not isinstance(contained, list):
        return True
    strings = _strings(value)
    return all(
        f"#{one.get('id')}" in strings or "#" in _strings(one)
        for one in contained
        if isinstance(one, dict) and isinstance(one.get("id"), str)
    )


def _strings(value: Any) -> set[str]:
    found, waiting = set(), [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.add(one)
        elif isinstance(one, (dict, list)):
            waiting += one.values() if isinstance(one, dict) else one
    return found


def _decimal(value: Any) -> Any:
    return value.get("value") if isinstance(value, dict) else None


def _range(value: Json, _: Scene) -> bool | None:
    low, high = _decimal(value.get("low")), _decimal(value.get("high"))
    if low is None or high is None:
        return True
    units = [(one.get("system"), one.get("code"), one.get("unit")) for one in (value["low"], value["high"])]
    return low <= high if units[0] == units[1] else True  # what has two units is not compared here


QUICK: dict[str, Callable[[Any, Scene], bool | None]] = {
    "hasValue() or (children().count() > id.count())": lambda _, __: True,  # the walk tells of what is empty
    "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))": _local,
    "start.hasValue().not() or end.hasValue().not() or (start <= end)": lambda value, _: _same_or_later(
        value.get("start"), value.get("end")
    ),
    "low.empty() or high.empty() or (low <= high)": _range,
    "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | %resource.descendants().as(uri)"
    " | %resource.descendants().as(url))) or descendants().where(reference = '#').exists() or descendants().where(as(canonical) = '#').exists()"
    " or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()": _referenced,
    "htmlChecks()": lambda value, _: isinstance(value, str) and not wrong(value),
}
