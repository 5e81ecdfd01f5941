"""The form of an HL7 v2 message: an event of a transaction, its segments and fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from ihe_kit.core import UnknownPath
from ihe_kit.exchanges import Exchange
from ihe_kit.ihe import Transaction
from ihe_kit.render.form import Sheet, legend_html
from ihe_kit.v2.build import timestamp
from ihe_kit.v2.edit import add, put, remove
from ihe_kit.v2.message import V2Message
from ihe_kit.v2.skeleton import skeleton
from ihe_kit.v2.tables import table_kind, table_name
from ihe_kit.verbs import build
from ihe_kit.widgets.forms import Clock, Ids, Sending
from ihe_kit.widgets.questions import DOMAINS, Questions, codes, domains


class V2Form(Sending):
    """A message of a transaction's event. What was typed is remembered, so that it comes along when the event is changed."""

    more = "Add a segment"
    legend = legend_html()
    message: V2Message

    def __init__(self, transaction: Transaction) -> None:
        super().__init__()
        self.transaction = transaction
        self.typed: dict[str, str] = {}
        self._tables: dict[str, str] = {}

    def start(self, values: Mapping[str, Any], event: str, clock: Clock, ids: Ids) -> None:
        message = build(self.transaction, values, clock, ids, event=event)
        assert isinstance(message, V2Message)
        self.message = message
        known = self.transaction.event(message)
        for path, value in self.typed.items():
            if (not known or known.takes(path)) and not path.startswith("MSH"):
                try:
                    self.message = put(self.message, path, value)
                except UnknownPath:
                    continue
        structure = known.structure if known else self.transaction.structure
        self.questions = Questions(skeleton(structure, message.version, "X", known.uses if known else ()))

    def put(self, path: str, value: str) -> None:
        self.message = put(self.message, path, value)
        self.typed[path] = value

    def choose(self, path: str, value: str) -> None:
        """A known assigning authority brings its OID along."""
        if self._tables.get(path) == DOMAINS and value in domains():
            place, _, part = path.rpartition(".")
            for more, known in enumerate((domains()[value][1], "ISO"), start=int(part) + 1):
                self.put(f"{place}.{more}", known)
        self.put(path, value)

    def renew(self, clock: Clock, ids: Ids) -> None:
        self.message = put(put(self.message, "MSH-10", ids()), "MSH-7", timestamp(clock()))

    def one_more(self, field: str) -> None:
        self.questions.rows[field] = self.questions.count(self.message, field) + 1

    def remove(self, field: str, row: int) -> None:
        shown = self.questions.count(self.message, field)
        try:
            self.message = remove(self.message, f"{field}[{row}]")
        except UnknownPath:
            pass
        self.typed = {place: value for place, value in self.typed.items() if not re.match(rf"{re.escape(field)}\b", place)}
        self.questions.rows[field] = max(shown - 1, 1)

    def add(self, part: str) -> str:
        self.message = add(self.message, part)
        return ""

    def drop(self, part: str) -> None:
        self.message = remove(self.message, part if "[" in part else f"{part}[1]")

    def open(self, part: str) -> None:
        self.questions.opened.add(part)

    def parts(self) -> Mapping[str, str]:
        return self.questions.segments()

    def sheets(self, wrong: set[str]) -> list[Sheet]:
        made = list(self.questions.sheets(self.message, wrong))
        self._tables = {control.path: control.table for sheet in made for control in sheet.controls}
        return made

    def newly_asked(self, sheets: Iterable[Sheet]) -> str:
        return self.questions.newly_asked(sheets)

    def codes(self, name: str) -> dict[str, Any]:
        named = f"table {name}, {table_name(name)}" if table_name(name) else f"table {name}"
        return {
            "title": f"T{named[1:]}",
            "codes": codes(name, self.message.version),
            "free": table_kind(name) != "HL7",
            "named": named,
            "closed": "HL7 alone fills that table.",
        }

    def field(self, path: str) -> str:
        return _field(path)

    def place(self, path: str) -> str:
        return path if self.message.find(path) else re.sub(r"(-\d+(\[\d+\])?).*", r"\1", path)

    def answered(self, done: Exchange) -> tuple[str, str]:
        assert done.answer is not None
        says = [*done.answer.get("ERR-8"), *done.answer.get("ERR-7"), *done.answer.get("MSA-3")]
        return f"ACK {''.join(done.answer.get('MSA-1')[:1])}", "; ".join(filter(None, says[:1]))


@lru_cache(maxsize=8192)
def _field(path: str) -> str:
    """`PID-3` of `PID-3[2].4`, `NK1[2]-3` of `NK1[2]-3.1`."""
    found = re.search(r"(\w{3})(\[\d+\])?-(\d+)", path)
    return f"{found[1]}{found[2] if found[2] and found[2] != '[1]' else ''}-{found[3]}" if found else path
