"""The form of an openEHR composition, made from its template: sections by archetype, fields by data type, and the text as canonical JSON or FLAT.

Every control is a FLAT key. What is found stands at an openEHR path; `Traces` leads from the one to the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from ihe_kit import rest
from ihe_kit.core import Message, UnknownPath
from ihe_kit.exchanges import Exchange
from ihe_kit.ihe import Transaction
from ihe_kit.openehr import OpenehrMessage, Template, from_flat, parse, to_flat
from ihe_kit.openehr.filling import WHY, Entry, Filling, suffixed
from ihe_kit.openehr.form import Input, Part, form, terms
from ihe_kit.openehr.structured import nested
from ihe_kit.openehr.traces import Traces, structured_path
from ihe_kit.render.form import Control, Question, Sheet, about_html, occurs_html
from ihe_kit.rules import Finding
from ihe_kit.widgets.forms import Clock, Ids, Sending

CANONICAL, FLAT, STRUCTURED = "canonical JSON", "FLAT", "STRUCTURED"
KIND = "#type"  # behind a key: which type of value the field has
NULLS = "null flavours"
FEW = 12  # optional fields that are not folded where nothing else stands


class OpenehrForm(Sending):
    """A composition of a template and the questions about it. `ehr` is the record that it is committed to, `uid` the version that is there."""

    more = "Add a part"
    legend = occurs_html(False)
    views: tuple[str, ...] = (CANONICAL, FLAT, STRUCTURED)
    template: Template
    message: OpenehrMessage

    def __init__(self, transaction: Transaction, template: Template, ehr: str = "") -> None:
        super().__init__()
        self.transaction, self.template, self.ehr = transaction, template, ehr
        self.asked = form(template)
        self.view, self.uid = CANONICAL, ""
        self.shown: set[str] = set()
        self._tables: dict[str, tuple[str, tuple[tuple[str, str], ...], bool]] = {}
        self._fields: set[str] = set()

    def start(self, values: Mapping[str, Any], event: str, clock: Clock, ids: Ids) -> None:
        """What is given, the story's own language, author and setting, and the hour at which it is written."""
        self.now = clock().replace(microsecond=0)
        self.filling = Filling(self.asked)
        self.kept: dict[str, Any] = {}
        other = {key: value for key, value in values.items() if not self._put(key, value)}
        for key, value in to_flat(from_flat(other, self.template, self._clock), self.template).items():
            if not self._put(key, value) and (key in other or not key.endswith("|raw")):  # what is whole and raw would hide the fields
                self.kept[key] = value
        for entry, key in self._demanded(self.filling.root, self.asked.id):
            kind = entry.kind
            if kind and kind.inputs and kind.inputs[0].kind == "time" and not entry.filled:
                self.filling.put(key, self._now(kind.node.type))
        self._build()

    def put(self, path: str, value: str) -> None:
        before = self.filling.get(path)
        self.filling.put(path, str(value))
        try:
            self._build()
        except ValueError:
            self.filling.put(path, before)
            raise

    def choose(self, path: str, value: str) -> None:
        if path.endswith(KIND):
            entry = self.filling.entry(path.removesuffix(KIND))
            entry.kind = next((kind for kind in entry.part.kinds if kind.name == value), entry.kind)
            entry.values = {}
            self._build()
            return
        try:
            self.put(path, value)
            self.trouble = {}
        except ValueError as problem:  # it cannot be written as a composition: the value before stays
            self.trouble = {self._question_of(path): str(problem)}

    def renew(self, clock: Clock, ids: Ids) -> None:
        """A composition has no number of its own: the repository gives each version one."""

    def one_more(self, field: str) -> None:
        self.filling.add(field)

    def remove(self, field: str, row: int) -> None:
        self.drop(f"{field}:{row - 1}")

    def add(self, part: str) -> str:
        """One more of a group; or the reason why a field has no value."""
        stem, _, last = part.rpartition("/")
        if last.partition("|")[0] == WHY:
            self.filling.entry(stem).why = ""
            return self._question_of(stem)
        key = self.filling.add(part)
        entry = self.filling.entry(key)
        return next((question.path for sheet in self._group(entry, key, "", 0, set()) for question in sheet.questions), "")

    def drop(self, part: str) -> None:
        self.filling.remove(part)
        self._build()

    def open(self, part: str) -> None:
        self.filling.entry(part).open = True

    def parts(self) -> Mapping[str, str]:
        return {sheet.another: sheet.name for sheet in self.sheets(set()) if sheet.another}

    def sheets(self, wrong: set[str]) -> list[Sheet]:
        made = [self._frame(wrong), *self._group(self.filling.root, self.asked.id, "", 0, wrong)]
        self._fields = {question.path for sheet in made for question in sheet.questions}
        return made

    def newly_asked(self, sheets: Iterable[Sheet]) -> str:
        """Nothing is asked for on a condition."""
        return ""

    def codes(self, name: str) -> dict[str, Any]:
        title, listed, closed = self._tables[name]
        why = "The template lists what may stand here, and nothing else."
        return {"title": title[:1].upper() + title[1:], "codes": listed, "free": not closed, "named": title, "closed": why}

    def field(self, path: str) -> str:
        return self._question_of(self.traces.key(path))

    def place(self, path: str) -> str:
        return self.traces.path(path) if self.view == CANONICAL else self._place_in(self._written(), self.traces.flat(path))

    def card(self, path: str) -> str:
        key = path.partition("|")[0].removesuffix(KIND).removesuffix(f"/{WHY}")
        entry = self.filling.entry(key)
        kind, part = entry.kind, entry.part
        places = (
            ("FLAT key", self.traces.flat(path.removesuffix(KIND))),
            ("openEHR path", self.traces.way(key) + ("/value" if part.nullable else "")),
        )
        facts = (
            ("Data type", kind.node.type if kind else ""),
            ("Occurs", f"{'required' if part.least else 'optional'}, {part.occurs}"),
            ("Takes", kind.limits if kind else ""),
        )
        return about_html(part.name, part.says, places, facts)

    def text(self, findings: Sequence[Finding]) -> tuple[Message, Sequence[Finding]]:
        """The text that is looked at, and where in it the findings are."""
        if self.view == CANONICAL:
            return self.message, findings
        written = self._written()
        return written, [self._moved(finding, written) for finding in findings]

    def answered(self, done: Exchange) -> tuple[str, str]:
        answer = done.answer
        assert isinstance(answer, OpenehrMessage)
        if done.refused:
            said = [*answer.get("/message"), *answer.get("/errors/says")]
            return answer.name, " ".join(filter(None, said[:3]))
        return answer.name, f"Stored as version {self.uid}."

    @property
    def flat(self) -> dict[str, Any]:
        """The FLAT values of what is filled in."""
        return self.filling.flat() | self.kept

    @property
    def against(self) -> dict[str, Any]:
        return {"template": self.template}

    # Committing ------------------------------------------------------------------------------------------------------------------

    @property
    def request(self) -> OpenehrMessage:
        """The composition as a new one of the record, or as the next version of the one that was committed."""
        headers = [("content-type", "application/json"), ("accept", "application/json"), ("prefer", "return=representation")]
        place = f"{OpenehrMessage.base}/ehr/{self.ehr}/composition"
        if not self.uid:
            return parse(rest.request("POST", place, self.message.text, headers))
        uuid = self.uid.partition("::")[0]
        return parse(rest.request("PUT", f"{place}/{uuid}", self.message.text, [("if-match", f'"{self.uid}"'), *headers]))

    def sent(self, done: Exchange) -> None:
        """Remembers the version that an answer names."""
        answer = done.answer
        if isinstance(answer, OpenehrMessage) and not done.refused:
            self.uid = answer.headers.get("etag", "").strip('W/"') or "".join(answer.get("/uid/value")[:1]) or self.uid

    @property
    def name(self) -> str:
        return self.asked.name

    @property
    def about(self) -> str:
        return f"template {self.template.id}"

    @property
    def held_back(self) -> str:  # type: ignore[override]
        return "" if self.ehr else "Commit needs a record: Builder(..., ehr=ehr_id), with the ehr_id that POST ehr gave."

    @property
    def button(self) -> str:  # type: ignore[override]
        number = self.uid.rpartition("::")[2]
        return f"Commit version {int(number) + 1}" if number.isdecimal() else "Commit"

    # What stands there -----------------------------------------------------------------------------------------------------------

    def _put(self, key: str, value: Any) -> bool:
        """Puts a value that was given in its field; False for one that the form does not have, or that has to be spelt out first."""
        with suppress(UnknownPath):
            self.filling.put(key, str(value).lower() if isinstance(value, bool) else str(value))
            return True
        with suppress(UnknownPath):
            if "|" in key:
                self.filling.keep(key, value)
                return True
        return False

    def _build(self) -> None:
        self.message = from_flat(self.flat, self.template, self._clock)
        self.traces = Traces(self.filling, self.message)

    def _clock(self) -> datetime:
        return self.now

    def _now(self, type_: str) -> str:
        if type_ == "DV_DATE":
            return self.now.date().isoformat()
        whole = self.now.isoformat(timespec="seconds")
        return whole.partition("T")[2] if type_ == "DV_TIME" else whole

    def _demanded(self, entry: Entry, key: str) -> Iterator[tuple[Entry, str]]:
        """Every field that the template wants in each composition."""
        for part in entry.part.parts:
            if part.least and not part.framing:
                below, place = entry.all(part)[0], f"{key}/{part.id}{':0' * part.many}"
                yield from [(below, place)] if part.kinds else self._demanded(below, place)

    def _question_of(self, key: str) -> str:
        """The field that a key belongs to: the key of a row without its number, or of a group that holds it."""
        stem = key.partition("|")[0]
        while stem and stem not in self._fields:
            plain = stem.rpartition(":")[0]
            if plain in self._fields:
                return plain
            stem = stem.rpartition("/")[0]
        return stem or key

    def _written(self) -> OpenehrMessage:
        """What is filled in as FLAT or STRUCTURED."""
        values = self.flat if self.view == FLAT else nested(self.flat)
        return parse(json.dumps(values, indent=1, ensure_ascii=False) + "\n")

    def _place_in(self, written: OpenehrMessage, key: str) -> str:
        return key if self.view == FLAT else structured_path(written, key)

    def _moved(self, finding: Finding, written: OpenehrMessage) -> Finding:
        """A finding where it stands in FLAT or STRUCTURED; without a repair, which is one of the canonical text."""
        key = self.traces.flat(self.traces.key(finding.path))
        filled = next((one for one in self.flat if one.startswith(key)), "")
        found = written.find(self._place_in(written, filled)) if filled else []
        at = (found[0].start, found[0].end) if found else (-1, -1)
        return replace(finding, start=at[0], end=at[1], fix=None)

    # The form --------------------------------------------------------------------------------------------------------------------

    def _frame(self, wrong: set[str]) -> Sheet:
        """What the model wants of every composition: language, author, where and when. It has defaults, and is folded."""
        root = self.filling.root
        groups = [(root, self.asked.id)]
        groups += [(root.all(part)[0], f"{self.asked.id}/{part.id}") for part in self.asked.parts if part.framing and part.parts]
        asked = [
            self._question(entry, part, f"{key}/{part.id}", wrong)
            for entry, key in groups
            for part in entry.part.parts
            if part.framing and part.kinds
        ]
        return Sheet(self.asked.id, "Language, author, place and time", tuple(asked), folded=True, short="context")

    def _group(self, entry: Entry, key: str, another: str, level: int, wrong: set[str]) -> Iterator[Sheet]:
        """A group with its fields, and those inside it."""
        part = entry.part
        top = level < 1 and not another and part is self.asked
        context = part.framing and part.node.type == "EVENT_CONTEXT"
        asked = [one for one in part.parts if one.kinds and not (one.framing and (top or context))]
        groups = [one for one in part.parts if one.parts]
        questions = tuple(self._question(entry, one, f"{key}/{one.id}", wrong) for one in asked)
        if not top and not (context and not questions and len(groups) == 0):
            segment = key.rpartition("/")[2]
            number = int(segment.partition(":")[2] or 0)
            name = f"{part.name} {number + 1}" if number else part.name
            spare = number > 0 or (part.least == 0 and (entry.open or entry.filled) and not context)
            yield Sheet(key, name, questions, spare=spare, short=segment, level=level, another=another)
        elif questions:
            yield Sheet(key, part.name, questions, short=part.id, level=level)
        alone = len(groups) == 1 + (top and any(one.framing for one in groups)) and not any(not one.framing for one in asked)
        for one in groups:
            yield from self._several(entry, one, f"{key}/{one.id}", level + (not top), alone, wrong)

    def _several(self, above: Entry, part: Part, key: str, level: int, alone: bool, wrong: set[str]) -> Iterator[Sheet]:
        """Every occurrence of a group. An optional one that is empty is shut, but for the only thing that there is."""
        there = above.all(part)
        for number, entry in enumerate(there):
            place = f"{key}:{number}" if part.many else key
            if part.framing or entry.open or entry.filled or (number == 0 and (part.least or alone)):
                last = number == len(there) - 1 and part.many and (part.most < 0 or len(there) < part.most)
                yield from self._group(entry, place, key if last else "", level, wrong)
            else:
                yield Sheet(place, part.name, shut=True, short=place.rpartition("/")[2], level=level)

    def _question(self, above: Entry, part: Part, key: str, wrong: set[str]) -> Question:
        entries = above.all(part)
        lines = tuple(self._row(entry, f"{key}:{number}" if part.many else key) for number, entry in enumerate(entries))
        there = any(entry.filled or entry.why is not None for entry in entries)
        folded = not (part.least or there or key in wrong or key in self.shown or _all_optional(above.part))
        if not folded:
            self.shown.add(key)  # what is there once stays, or the form would jump under the reader's hands
        first = f"{key}:0" if part.many else key
        empty = part.nullable and part.least > 0 and len(entries) == 1 and not entries[0].filled and entries[0].why is None
        return Question(
            key, part.name, "R" if part.least else "O", lines, part.many, folded=folded, badge=part.occurs, short=part.id,
            limits="; ".join(dict.fromkeys(entry.kind.limits for entry in entries if entry.kind and entry.kind.limits)),
            offer=(f"{first}/{WHY}|code", "No value?") if empty else None,
        )  # fmt: skip

    def _row(self, entry: Entry, key: str) -> tuple[Control, ...]:
        if entry.why is not None:
            meaning = dict(terms(NULLS)).get(entry.why, "")
            return (
                Control(
                    f"{key}/{WHY}|code", "no value, because", entry.why, self._table(NULLS, NULLS, terms(NULLS), True), meaning, told=True
                ),
            )
        kind, types = entry.kind, [one.name for one in entry.part.kinds]
        if not kind:
            return (Control(key, "value"),)
        stem = f"{key}/{kind.id}" if kind.id else key
        brief = len(kind.inputs) > 1 or len(types) > 1
        controls = tuple(self._control(entry, one, stem, brief) for one in kind.inputs)
        if len(types) < 2:
            return controls
        listed = tuple((name, "") for name in types)
        table = self._table(f"{entry.part.id}{KIND}", f"types of {entry.part.name}", listed, True)
        return (Control(f"{key}{KIND}", "type of value", kind.name, table, brief=True, wide=5), *controls)

    def _control(self, entry: Entry, asked: Input, stem: str, brief: bool) -> Control:
        path = suffixed(stem, asked.part)
        value, codes, type_ = entry.values.get(asked.part, ""), asked.codes, entry.kind.node.type if entry.kind else ""
        if asked.kind == "time":
            codes = ((self._now(type_), "now"),)
        title = f"{asked.label}s of {entry.part.name}" if asked.kind in ("code", "unit") else entry.part.name
        name = f"{type_} now" if asked.kind == "time" else f"{id(entry.part)} {stem.rpartition('/')[2].partition(':')[0]}|{asked.part}"
        table = self._table(name, title, codes, asked.closed) if codes else ""
        label = entry.part.name if not brief else asked.label
        meaning = dict(codes).get(value, "") if asked.kind != "time" else ""
        hint = "as the start time" if entry.part.framing and entry.part.id == "time" else asked.example
        return Control(path, label, value, table, meaning, brief and asked.kind != "code", asked.wide, hint)

    def _table(self, name: str, title: str, codes: tuple[tuple[str, str], ...], closed: bool) -> str:
        self._tables[name] = (title, codes, closed)
        return name


def _all_optional(group: Part) -> bool:
    """Whether a group wants nothing, so that its fields are shown at once, if they are not too many."""
    own = [part for part in group.parts if part.kinds and not part.framing]
    return len(own) <= FEW and not any(part.least for part in own)
