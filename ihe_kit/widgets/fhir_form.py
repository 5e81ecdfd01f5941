"""The form of a FHIR resource, as R4 or a profile on it wants it: its elements, the parts of their data types, and its backbone elements.

The form keeps values by paths with an index in each array. A row may stay empty between two that are filled; the message has no such gap, so
the two count differently, and `place` and `field` lead from one to the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ihe_kit import rest
from ihe_kit.core import UnknownPath
from ihe_kit.exchanges import Exchange
from ihe_kit.fhir.build import build as built
from ihe_kit.fhir.conformance import Profile, known_with
from ihe_kit.fhir.dictionary import locate
from ihe_kit.fhir.message import FhirMessage
from ihe_kit.fhir.packages import Package
from ihe_kit.fhir.paths import read_path
from ihe_kit.fhir.skeleton import Blank, demanded, skeleton
from ihe_kit.fhir.wire import JSON
from ihe_kit.ihe import Transaction
from ihe_kit.render import clip
from ihe_kit.render.form import Control, Question, Sheet, occurs_html, row_filled
from ihe_kit.verbs import build
from ihe_kit.widgets.forms import Clock, Ids, Sending
from ihe_kit.widgets.questions import domains

DOMAINS, TRUTH = "domains", "boolean"
_PIECES = re.compile(r"(\[\d+\])")
_SYSTEM = re.compile(r"\bidentifier\[\d+\]\.system$")


class FhirForm(Sending):
    """A resource and the questions about it. `kind` is its type, `canonical` the profile that it is to follow, or ""."""

    more = "Add an element"
    message: FhirMessage

    def __init__(self, transaction: Transaction, profile: Profile | None, packages: Sequence[Package]) -> None:
        super().__init__()
        self.transaction, self.kind = transaction, transaction.structure.rpartition(" ")[2]
        self.known, named = known_with(profile, packages)
        self.shape = self.known.definitions.shape(named[0]) if named else self.known.definitions.type(self.kind)
        if self.shape is None or self.shape.path != self.kind:
            raise ValueError(f"{named[0] if named else self.kind} is no profile on {self.kind} that is at hand")
        self.legend = occurs_html(bool(named))
        self.values: dict[str, str] = {}
        self.rows: dict[str, int] = {}  # how many rows a repeating element shows, where those are more than it has values
        self.shown: set[str] = set()
        self.added: dict[str, None] = {}  # elements that were asked for and may still be empty
        self._controls: dict[str, Control] = {}
        self._fields: set[str] = set()

    def start(self, values: Mapping[str, Any], event: str, clock: Clock, ids: Ids) -> None:
        assert self.shape is not None
        fixed = dict(demanded(self.shape, self.kind))
        message = build(self.transaction, values, clock, ids)
        assert isinstance(message, FhirMessage)
        given = {element.path: element.value for element in message.elements() if element.path.startswith(f"{self.kind}.")}
        self.values = fixed | {path: value for path, value in given.items() if _is_plain(path)}
        self._build()

    def put(self, path: str, value: str) -> None:
        path = self._indexed(path)
        before = self.values
        self.values = {one: old for one, old in before.items() if one != path} | ({path: value} if value else {})
        try:
            self._build()
        except UnknownPath:
            self.values = before
            raise

    def choose(self, path: str, value: str) -> None:
        """A code brings its code system and its display along."""
        coded = self._controls.get(path)
        found = next((row for row in self._codes(coded.table) if row[1] == value), None) if coded and value else None
        place, _, last = path.rpartition(".")
        if found and found[0] and last == "code" and f"{place}.system" in self._controls:
            self.values[f"{place}.system"] = found[0]
            if f"{place}.display" in self._controls:
                self.values[f"{place}.display"] = found[2]
        self.put(path, value)

    def renew(self, clock: Clock, ids: Ids) -> None:
        """A request of FHIR has no number of its own."""

    def one_more(self, field: str) -> None:
        self.rows[field] = self._count(field) + 1

    def remove(self, field: str, row: int) -> None:
        self.rows[field] = max(self._count(field) - 1, 1)
        self._take_away(field, row - 1)
        self._build()

    def add(self, part: str) -> str:
        blank = self._offers().get(part)
        if blank is None or not blank.inside:
            self.added[part] = None
            return part
        place = f"{part}[{self._count(part) if self._has(part) else 0}]" if blank.many else part
        self.added[place] = None
        return ""

    def drop(self, part: str) -> None:
        field, _, index = part.rstrip("]").rpartition("[")
        if part.endswith("]"):
            self._take_away(field, int(index))
        else:
            self.values = {path: value for path, value in self.values.items() if not path.startswith(f"{part}.")}
            self.added = {path: None for path in self.added if path != part and not path.startswith(f"{part}.")}
        self._build()

    def open(self, part: str) -> None:
        """No part of this form is shut."""

    def parts(self) -> Mapping[str, str]:
        return {path: clip(blank.name, 50) for path, blank in self._offers().items()}

    def sheets(self, wrong: set[str]) -> list[Sheet]:
        made = list(self._sheets(wrong))
        self._controls = {control.path: control for sheet in made for control in sheet.controls}
        self._fields = {question.path for sheet in made for question in sheet.questions}
        return made

    def newly_asked(self, sheets: Iterable[Sheet]) -> str:
        """Nothing is asked for on a condition."""
        return ""

    def codes(self, name: str) -> dict[str, Any]:
        strength, _, value_set = name.partition(" ")
        titles = {DOMAINS: "The identifier domains of Fjordland", TRUTH: "boolean"}
        definition = self.known.definitions.get("ValueSet", value_set) or {}
        named = titles.get(name) or str(definition.get("title") or definition.get("name") or value_set)
        closed = "A boolean has no other." if name == TRUTH else "Its binding is required, so nothing else may stand here."
        return {
            "title": f"{named} ({strength})" if value_set else named,
            "codes": [row[1:] for row in self._codes(name)],
            "free": strength not in ("required", TRUTH),
            "named": named,
            "closed": closed,
        }

    def field(self, path: str) -> str:
        place = self._shown_as(path)
        while place and place not in self._fields:
            place = place[: place.rindex("[")] if place.endswith("]") else place.rpartition(".")[0]
        return place or path

    def place(self, path: str) -> str:
        """The rows that are empty do not count in the message."""
        form = message = ""
        for piece in _PIECES.split(path):
            filled = self._filled(form) if piece.startswith("[") else []
            number = int(piece[1:-1]) if piece.startswith("[") else 0
            message += f"[{filled.index(number) if number in filled else len(filled)}]" if piece.startswith("[") else piece
            form += piece
        return message

    def answered(self, done: Exchange) -> tuple[str, str]:
        answer = done.answer
        assert isinstance(answer, FhirMessage)
        says = [*answer.get("OperationOutcome.issue.diagnostics"), *answer.get("OperationOutcome.issue.details.text")]
        stored = "".join(answer.get("response.location")[:1])
        return answer.name, next(filter(None, says), "") or (f"Stored: {stored}" if stored else "")

    # Values and rows -------------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        """The message of the values. A conditional update whose condition is still missing is shown without it: a rule says what it lacks."""
        try:
            self.message = built(self.transaction.structure, self.values, _never, str)
        except UnknownPath:
            raise
        except ValueError:
            body = built(self.kind, self.values, _never, str).text
            method = self.transaction.structure.partition(" ")[0]
            self.message = FhirMessage(
                rest.request(method, f"{FhirMessage.base}/{self.kind}", body, [("accept", JSON), ("content-type", JSON)])
            )

    def _indexed(self, path: str) -> str:
        """A path with its type and an index in each array: `Patient.name[0].family` of `name.family`. Raises UnknownPath."""
        steps = [step for number, step in enumerate(read_path(path)) if number or step.name != self.kind]
        names, full = [self.kind], self.kind
        for step in steps:
            names.append(step.name)
            found = locate(tuple(names))
            many = found[1].many if found else bool(step.indexes)
            full += f".{step.name}[{step.indexes[0] if step.indexes else 0}]" if many else f".{step.name}"
        return full

    def _filled(self, field: str) -> list[int]:
        """The indexes of a repeating element that have a value."""
        start = f"{field}["
        return sorted({int(path[len(start) : path.index("]", len(start))]) for path in self.values if path.startswith(start)})

    def _shown_as(self, path: str) -> str:
        """The path of the form for one of the message."""
        form = ""
        for piece in _PIECES.split(path):
            if piece.startswith("["):
                filled, number = self._filled(form), int(piece[1:-1])
                piece = f"[{filled[number] if number < len(filled) else number}]"
            form += piece
        return form

    def _take_away(self, field: str, index: int) -> None:
        """Takes a repetition away; those behind it move up."""
        start = f"{field}["

        def moved(path: str) -> str | None:
            if not path.startswith(start):
                return path
            number, _, rest_of_it = path[len(start) :].partition("]")
            return None if int(number) == index else f"{start}{int(number) - (int(number) > index)}]{rest_of_it}"

        self.values = {new: value for path, value in self.values.items() if (new := moved(path))}
        self.added = {new: None for path in self.added if (new := moved(path))}

    def _count(self, field: str) -> int:
        """How many rows a repeating element shows: at least one."""
        return max(1, self.rows.get(field, 0), *(number + 1 for number in self._filled(field)))

    def _has(self, path: str) -> bool:
        """Whether there is a value at a path or below it, or the element was asked for."""
        return any(re.match(rf"{re.escape(path)}(?![A-Za-z0-9])", one) for one in (*self.values, *self.added))

    # The form --------------------------------------------------------------------------------------------------------------------

    def _sheets(self, wrong: set[str]) -> Iterator[Sheet]:
        for place, blanks, title in self._places():
            asked = (blank for blank in blanks if not blank.inside and (not blank.choice or self._has(f"{place}.{blank.path}")))
            yield Sheet(place, title, tuple(self._question(place, blank, wrong) for blank in asked), spare=place != self.kind)

    def _places(self, place: str = "", blank: Blank | None = None) -> Iterator[tuple[str, tuple[Blank, ...], str]]:
        """(path, what may be filled in there, title) of the resource and of each backbone element that it has."""
        place = place or self.kind
        blanks = skeleton(blank.type if blank else self.kind, blank.inside if blank else self.shape, self.known.definitions)
        yield place, blanks, _words(blank.path) if blank else "resource"
        for one in blanks:
            for inner in self._instances(f"{place}.{one.path}", one) if one.inside else ():
                yield from self._places(inner, one)

    def _instances(self, path: str, blank: Blank) -> list[str]:
        if not blank.many:
            return [path] if self._has(path) else []
        start = f"{path}["
        asked = {int(one[len(start) : one.index("]", len(start))]) for one in self.added if one.startswith(start)}
        return [f"{path}[{number}]" for number in sorted(asked | set(self._filled(path)))]

    def _offers(self) -> dict[str, Blank]:
        """What may be added, by path: backbone elements, and the types of a choice that was not made yet."""
        found = {}
        for place, blanks, _ in self._places():
            made = {blank.choice for blank in blanks if blank.choice and self._has(f"{place}.{blank.path}")}
            for blank in blanks:
                path = f"{place}.{blank.path}"
                more = blank.most != 1 if blank.many else not self._has(path)
                if (blank.inside and more) or (blank.choice and blank.choice not in made):
                    found[path] = blank
        return found

    def _question(self, place: str, blank: Blank, wrong: set[str]) -> Question:
        path = f"{place}.{blank.path}"
        places = [f"{path}[{number}]" for number in range(self._count(path))] if blank.many else [path]
        lines = tuple(self._row(one, blank) for one in places)
        wanted = blank.wanted or blank.must_support or bool(blank.choice)
        folded = not (wanted or any(map(row_filled, lines)) or path in wrong or path in self.shown)
        if not folded:
            self.shown.add(path)  # what is there once stays, or the form would jump under the reader's hands
        usage = "R" if blank.least else "RE" if blank.must_support else "O"
        return Question(path, _words(blank.path), usage, lines, blank.many, folded=folded, badge=blank.occurs)

    def _row(self, path: str, blank: Blank) -> tuple[Control, ...]:
        if not blank.parts:
            return (self._control(path, blank, _words(blank.path)),)
        return tuple(self._control(f"{path}.{part.path}", part, part.name, len(blank.parts) > 1) for part in blank.parts)

    def _control(self, path: str, blank: Blank, label: str, brief: bool = False) -> Control:
        value, table = self.values.get(path, ""), _table(path, blank)
        known = {row[1]: row[2] for row in self._codes(table)}
        return Control(path, label, value, table if known else "", known.get(value, ""), brief, blank.wide)

    def _codes(self, table: str) -> tuple[tuple[str, str, str], ...]:
        """(code system, code, meaning) of every code of a table."""
        if table == TRUTH:
            return ("", "true", "yes"), ("", "false", "no")
        if table == DOMAINS:
            return tuple(("", f"urn:oid:{oid}", organisation) for organisation, oid in domains().values())
        return self.known.terminology.codes(table.partition(" ")[2]) if table else ()


def _table(path: str, blank: Blank) -> str:
    """The name of the list of values for a control: the strength of its binding and the value set."""
    if blank.type == "boolean":
        return TRUTH
    if _SYSTEM.search(path):
        return DOMAINS
    return f"{blank.strength} {blank.value_set}" if blank.value_set and blank.type in ("code", "uri", "string") else ""


def _is_plain(path: str) -> bool:
    found = locate(tuple(step.name for step in read_path(path)))
    return found is None or found[1].primitive


def _words(name: str) -> str:
    """`birth date` of `birthDate`."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: f" {found[1].lower()}", name)


def _never() -> datetime:
    raise AssertionError("no request of FHIR needs a clock")
