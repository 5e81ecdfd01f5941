"""The operations of a terminology service: $expand, $lookup, $validate-code, $subsumes, $translate (FHIR R4 sections 4.8 to 4.10).

They answer from R4's own definitions and from the code systems, value sets and concept maps that this server keeps. What is not at hand is
refused: a service that says "no such code" of a code system that it has never seen does harm.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ihe_kit.actors import Refused
from ihe_kit.actors.fhir_server.call import Call
from ihe_kit.actors.resources import instant
from ihe_kit.core import Message
from ihe_kit.fhir.build import outcome, resource
from ihe_kit.fhir.codes import Codes, Concept, Match, NotAtHand, UnknownCode
from ihe_kit.fhir.parameters import find_parameter
from ihe_kit.fhir.shapes import Json
from ihe_kit.fhir.tables import Definitions, core

KINDS = ("CodeSystem", "ValueSet", "ConceptMap")
_BY_MEANING = re.compile(r"([\w-]+):(in|not-in|above|below)")


class _Kept(Mapping[str, Json]):
    """The resources of a kind that a server keeps, by canonical URL; of several with one URL the one that was changed last."""

    def __init__(self, call: Call, kind: str) -> None:
        self.call, self.kind = call, kind

    def __getitem__(self, url: str) -> Json:
        found = self.call.store.find(self.kind, "url", url)
        if not found:
            raise KeyError(url)
        read: Json = json.loads(found[-1].text)
        return read

    def __iter__(self) -> Iterator[str]:
        found = (json.loads(one.text).get("url") for one in self.call.store.select(self.kind))
        return (url for url in found if isinstance(url, str))

    def __len__(self) -> int:
        return self.call.store.count(self.kind)


class _Asked:
    """What an operation was asked: its parameters by name, from the URL or from Parameters in the body, and the codes to answer from."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.given: dict[str, Any] = dict(call.query)
        if call.message.kind not in ("", "Parameters"):
            raise Refused(f"expected Parameters in the body, but found a {call.message.kind}")
        if call.message.kind == "Parameters":
            self.given |= dict(_parameters(json.loads(call.message.body)))
        handed = [one for one in self.given.values() if isinstance(one, dict) and one.get("resourceType") in KINDS]
        self.own = self._own()
        self.codes = Codes(Definitions([{kind: _Kept(call, kind) for kind in KINDS}], core()), [*handed, *([self.own] if self.own else [])])

    def _own(self) -> Json | None:
        """The resource that the operation is called on, or that is handed in to be asked about. One without a URL is given one."""
        kept = self.call.store.get(self.call.kind, self.call.id) if self.call.id else None
        if self.call.id and (kept is None or not kept.text):
            raise Refused(outcome(404, "not-found", f"There is no {self.call.kind} with the id {self.call.id}."))
        name = self.call.kind[:1].lower() + self.call.kind[1:]
        found = json.loads(kept.text) if kept else self.given.get(name)
        return {"url": f"urn:ihe-kit:{name}", **found} if isinstance(found, dict) else None

    def text(self, name: str) -> str:
        """A parameter that is a text, or ""."""
        found = self.given.get(name, "")
        return found if isinstance(found, str) else ""

    def url(self, name: str = "url") -> str:
        """The canonical URL of what is asked about. Raises Refused where nothing names it."""
        found = str(self.own["url"]) if self.own else self.text(name)
        if not found:
            raise Refused(f"{self.call.message.target} does not say what is asked: it wants {name}=, a canonical URL")
        return found.partition("|")[0]

    def coded(self, mark: str = "", system: str = "") -> Concept:
        """The code that is asked about: `code` and `system`, `coding`, or the first coding of `codeableConcept`. Raises Refused."""
        whole = self.given.get("codeableConcept")
        listed = whole.get("coding") if isinstance(whole, dict) else None
        found = self.given.get(f"coding{mark}") or (listed[0] if isinstance(listed, list) and listed else None)
        if not isinstance(found, dict):
            found = {"code": self.text(f"code{mark}"), "system": self.text("system"), "display": self.text("display")}
        if not isinstance(found.get("code"), str) or not found["code"]:
            raise Refused(f"{self.call.message.target} wants a code: code{mark}= with system=, or coding{mark} in Parameters")
        return Concept(str(found.get("system") or system), found["code"], str(found.get("display") or ""))


def _parameters(body: Json) -> Iterator[tuple[str, Any]]:
    listed = body.get("parameter")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            value = one.get("resource") or next((value for name, value in one.items() if name.startswith("value")), "")
            yield one["name"], str(value).lower() if isinstance(value, bool) else value


def _answering(work: Callable[[_Asked], Message]) -> Callable[[Call], Message]:
    """An operation that tells what is not at hand, and what no code system knows, in FHIR's words."""

    def answer(call: Call) -> Message:
        try:
            return work(_Asked(call))
        except NotAtHand as problem:
            return outcome(404, "not-supported", f"{_sentence(problem)}. Put it on this server first, or ask one that has it.")
        except UnknownCode as problem:
            return outcome(400, "not-found", f"{_sentence(problem)}.")

    return answer


def _sentence(problem: LookupError) -> str:
    text = str(problem)
    return text[:1].upper() + text[1:]


@_answering
def expand(asked: _Asked) -> Message:
    """$expand: every code of a value set; `filter` wants a text in code or display, `offset` and `count` a part of the list."""
    url, call = asked.url(), asked.call
    listed = asked.codes.expand(url, asked.text("filter"))
    start, most = (_number(asked, name, otherwise) for name, otherwise in (("offset", 0), ("count", len(listed))))
    definition = asked.codes.definitions.get("ValueSet", url) or {}
    head: Json = {name: definition[name] for name in ("url", "name", "title") if name in definition}
    expansion: Json = {"timestamp": instant(call.clock()), "total": len(listed), "offset": start}
    if contains := [_coding(one) for one in listed[start : start + most]]:
        expansion["contains"] = contains
    whole: Json = {"resourceType": "ValueSet", **head, "status": definition.get("status", "active"), "expansion": expansion}
    return resource(200, json.dumps(whole, indent=2, ensure_ascii=False))


def _number(asked: _Asked, name: str, otherwise: int) -> int:
    given = str(asked.given.get(name, otherwise))
    if not re.fullmatch(r"\d{1,9}", given, re.ASCII):
        raise Refused(f"{name} is {given!r}, but has to be a number of codes, such as {name}=20")
    return int(given)


@_answering
def lookup(asked: _Asked) -> Message:
    """$lookup: what a code system calls a code, and the codes right above and below it."""
    wanted = asked.coded()
    found = asked.codes.lookup(wanted.system, wanted.code)
    system = asked.codes.definitions.get("CodeSystem", wanted.system) or {}
    near = [*(("parent", one) for one in found.above), *(("child", one) for one in found.below)]
    told: list[Any] = [
        ("name", "String", str(system.get("title") or system.get("name") or wanted.system)),
        ("display", "String", found.display),
    ]
    return _told(told + [("property", [("code", "Code", name), ("value", "Code", one)]) for name, one in near])


@_answering
def validate_code(asked: _Asked) -> Message:
    """$validate-code: whether a value set, or a code system, has a code, and whether the display is its own."""
    of_system = asked.call.kind == "CodeSystem"
    url = asked.url("url") if asked.own or asked.text("url") or not of_system else asked.coded().system
    wanted = asked.coded(system=url if of_system else "")
    found = asked.codes.validate(wanted.code, wanted.system, "" if of_system else url, wanted.display)
    told = [("result", "Boolean", found.valid), ("message", "String", found.says), ("display", "String", found.display)]
    return _told([one for one in told if one[2] != ""])


@_answering
def subsumes(asked: _Asked) -> Message:
    """$subsumes: how code A stands to code B."""
    system = str(asked.own["url"]) if asked.own else asked.text("system")
    one, other = (asked.coded(mark, system) for mark in "AB")
    if one.system != other.system:
        raise NotAtHand(f"{one} and {other} are of two code systems, and no hierarchy that is here has both")
    return _told([("outcome", "Code", asked.codes.subsumes(one.system or system, one.code, other.code))])


@_answering
def translate(asked: _Asked) -> Message:
    """$translate: what a concept map makes of a code, each match with its equivalence. `reverse` asks which codes lead to this one."""
    wanted = asked.coded()
    matches = asked.codes.translate(asked.url(), wanted.system, wanted.code, asked.text("targetsystem"), asked.text("reverse") == "true")
    good = any(one.is_one for one in matches)
    says = [] if good else [("message", "String", f"The map has no translation of {wanted.code} ({wanted.system}). Keep the original code, and report the gap.")]  # fmt: skip
    return _told([("result", "Boolean", good), *says, *(("match", list(_part(one))) for one in matches)])


def _part(match: Match) -> Iterator[tuple[str, str, Any]]:
    yield "equivalence", "Code", match.equivalence
    if match.concept:
        yield "concept", "Coding", _coding(match.concept)
    if match.source:
        yield "source", "Uri", match.source


def _coding(one: Concept) -> Json:
    return {name: value for name, value in (("system", one.system), ("code", one.code), ("display", one.display)) if value}


def _told(parts: list[Any]) -> Message:
    """Parameters: (name, type, value), or (name, its parts)."""
    return resource(
        200, json.dumps({"resourceType": "Parameters", "parameter": [_one(part) for part in parts]}, indent=2, ensure_ascii=False)
    )


def _one(part: tuple[Any, ...]) -> Json:
    return (
        {"name": part[0], f"value{part[1]}": part[2]} if len(part) == 3 else {"name": part[0], "part": [_one(inner) for inner in part[1]]}
    )


OPERATIONS = (
    ("ValueSet", "expand", expand),
    ("ValueSet", "validate-code", validate_code),
    ("CodeSystem", "validate-code", validate_code),
    ("CodeSystem", "lookup", lookup),
    ("CodeSystem", "subsumes", subsumes),
    ("ConceptMap", "translate", translate),
)


def by_meaning(call: Call, kind: str) -> list[tuple[str, str]]:
    """The query, with codes in the place of what asks for them by meaning: a value set (`code:in`, `:not-in`), or a code with what is below or
    above it (FHIR R4 section 3.1.1.4.10). Raises Refused where the codes cannot be listed here.
    """
    return [_listed(call, kind, name, value) for name, value in call.query]


def _listed(call: Call, kind: str, name: str, value: str) -> tuple[str, str]:
    found = _BY_MEANING.fullmatch(name)
    parameter = find_parameter(kind, found[1]) if found else None
    if not found or parameter is None or parameter.type != "token":
        return name, value
    codes = Codes(Definitions([{one: _Kept(call, one) for one in KINDS}], core()))
    try:
        every = list(codes.expand(value.partition("|")[0]) if found[2].endswith("in") else codes.family(*_token(value, name), found[2]))
    except LookupError as problem:
        raise Refused(f"{name} cannot be answered: {problem}") from None
    listed = ",".join("|".join(re.sub(r"([,|$\\])", r"\\\1", part) for part in (one.system, one.code)) for one in every)
    if not listed:  # an empty value would ask nothing; no code has two spaces in a row (FHIR R4 datatypes, code)
        listed = "no  code"
    return f"{found[1]}:not" if found[2] == "not-in" else found[1], listed


def _token(value: str, name: str) -> tuple[str, str]:
    system, bar, code = value.partition("|")
    if not bar or not system or not code:
        raise Refused(f"{name} wants a code with its system: {name}=http://...|CODE")
    return system, code
