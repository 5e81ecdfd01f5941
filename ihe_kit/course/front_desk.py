"""What an update of a person does to a record: three updates to the region, and two receivers that read the same blank in two ways.

Both receivers are real: they listen on this computer, take A28 and A31, and keep one record for each number. What they do with a field is three
rules, as data: what with a value, what with nothing, what with two double quotes.
"""

from __future__ import annotations

import json
from collections import UserDict
from collections.abc import Mapping
from typing import Any

from ihe_kit import Hospital, build, exchange, person
from ihe_kit.actors.v2_receiver import V2Receiver
from ihe_kit.course.scenes import telephone
from ihe_kit.region import Sandbox, story_clock, story_ids
from ihe_kit.rules import NULL
from ihe_kit.store import Store
from ihe_kit.transports import Servers
from ihe_kit.v2 import V2Message

RECORD = "record"  # the kind under which both keep what they know
FIELDS = {"name": "PID-5", "birth date": "PID-7", "sex": "PID-8", "address": "PID-11", "telephone": "PID-13"}
WRITE, KEEP, DELETE = "write", "keep", "delete"
SOUND = {"value": WRITE, "empty": KEEP, NULL: DELETE}
HASTY = {"value": WRITE, "empty": WRITE, NULL: DELETE}

_running: FrontDesks | None = None


class Rules(UserDict[str, str]):
    """What a receiver does with each kind of field. Raises ValueError for any other kind, and for what is no rule: a slip of the pen shall show."""

    def __setitem__(self, kind: str, rule: str) -> None:
        if kind not in SOUND:
            raise ValueError(f'{kind!r} is no kind of field: they are "value", "empty" and {NULL!r}')
        if rule not in (WRITE, KEEP, DELETE):
            raise ValueError(f"a rule is {WRITE}, {KEEP} or {DELETE}, and not {rule!r}")
        super().__setitem__(kind, rule)


class Records(V2Receiver):
    """Keeps a record for each person, by its rules."""

    plays = ("Patient Demographics Consumer",)
    events: Mapping[str, Any] = {"ADT^A28": "add a person", "ADT^A31": "change a person"}

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.rules = Rules(SOUND)

    def take(self, request: V2Message) -> None:
        number = request.get("PID-3.1")[0]
        kept = after(self.record(number), said(request), self.rules)
        self.store.put(RECORD, number, json.dumps(kept, ensure_ascii=False), self.clock().isoformat())

    def record(self, number: str) -> dict[str, str]:
        """What is known under a number, {} for a stranger."""
        known = self.store.get(RECORD, number)
        return dict(json.loads(known.text)) if known else {}


def said(request: V2Message) -> dict[str, str]:
    """What a message says in each of the fields, as it stands there: "" where it says nothing."""
    found = {name: request.find(path)[0] for name, path in FIELDS.items()}
    return {name: request.text[one.start : one.end] for name, one in found.items()}


def after(known: Mapping[str, str], told: Mapping[str, str], rules: Mapping[str, str]) -> dict[str, str]:
    """The record after an update, by three rules.

    >>> after({"telephone": "234"}, {"telephone": ""}, SOUND)
    {'telephone': '234'}
    >>> after({"telephone": "234"}, {"telephone": ""}, HASTY)
    {'telephone': ''}
    """
    kept = dict(known)
    for name, text in told.items():
        rule = rules["empty" if not text else NULL if text == NULL else "value"]
        kept[name] = text if rule == WRITE else "" if rule == DELETE else known.get(name, "")
    return kept


def _change(who: str, event: str, facts: Mapping[str, str], box: Sandbox | FrontDesks) -> V2Message:
    """A message about a person with these facts; the number and the name are always there."""
    values = {name: value for name, value in person(who).items() if name in ("identifier", "namespace", "oid", "family", "given")}
    message = build("ITI-30", values | dict(facts), box.clock, box.ids, event=event)
    assert isinstance(message, V2Message)
    return message


class FrontDesks:
    """The two receivers, listening: `sound`, and `new` as it went live with the new front desk. `rules` are those of the new one."""

    def __init__(self) -> None:
        self._servers = Servers("127.0.0.1")
        self.clock, self.ids = story_clock(), story_ids("D")
        self._actors = {name: Records(Store(), self.clock, self.ids) for name in ("sound", "new")}
        self._actors["new"].rules = Rules(HASTY)
        self.addresses = {name: self._servers.mllp(_answering(actor)) for name, actor in self._actors.items()}
        self.sent: V2Message | None = None  # the latest update

    @property
    def rules(self) -> Rules:
        """What the new receiver does with a value, with an empty field and with two double quotes: `write`, `keep` or `delete`."""
        return self._actors["new"].rules

    def before_and_after(self, who: str, **changed: str) -> Any:
        """Tells both of a person (A28), then what a clerk changed, and nothing else (A31). A pandas data frame: the record before, and the two after.

        `changed` are concepts such as `street=...`, or paths with _ for - (`PID_13='""'`).
        """
        import pandas

        self._tell(_change(who, "A28", person(who), self))
        facts, number = person(who), person(who)["identifier"]
        records = {"before": self._actors["sound"].record(number)}
        self.sent = _change(who, "A31", {name if name in facts else name.replace("_", "-"): value for name, value in changed.items()}, self)
        self._tell(self.sent)
        records |= {f"after, {name}": actor.record(number) for name, actor in self._actors.items()}
        return pandas.DataFrame({title: {name: shown(text) for name, text in record.items()} for title, record in records.items()})

    def _tell(self, message: V2Message) -> None:
        for address in self.addresses.values():
            exchange("ITI-30", message, address)

    def stop(self) -> None:
        """Closes the ports. Safe to call twice."""
        self._servers.stop()

    def __repr__(self) -> str:
        return "\n".join(["Two receivers listen:", *(f"  {name:<10}{address}" for name, address in self.addresses.items())])


def shown(text: str) -> str:
    """A field for a reader: the parts that are there, without delimiters; a dash for nothing."""
    return " ".join(filter(None, text.split("^"))).removesuffix(" L") or "–"


def _answering(actor: Records) -> Any:
    return lambda packet, _: actor.answers(packet)


def front_desks() -> FrontDesks:
    """Starts the two receivers; those that ran before are stopped."""
    global _running
    if _running:
        _running.stop()
    _running = FrontDesks()
    return _running


# Absent, empty, "" -------------------------------------------------------------------------------------------------------------------

WORK = "+47 555 01 300"  # a number at work, PID-14: with it, an empty PID-13 stands between two bars


class ThreeUpdates:
    """Three updates of one person that differ in PID-13, the telephone at home: not sent, empty, two double quotes."""

    says: Mapping[str, Mapping[str, str]] = {"absent": {}, "empty": {"PID-14": WORK}, NULL: {"PID-13": NULL}}

    def __init__(self, who: str, box: Sandbox) -> None:
        self.who, self.box = who, box

    def message(self, says: str) -> V2Message:
        """A new A31 of one of the three kinds, with the address and without a word more."""
        home = {name: value for name, value in person(self.who).items() if name in ("street", "city", "postal_code", "country")}
        return _change(self.who, "A31", home | dict(self.says[says]), self.box)

    def lines(self) -> str:
        """The three PID segments from the address on, PID-11, one below the other."""
        messages = {says: self.message(says) for says in self.says}
        ends = {says: message.text[message.find("PID-11")[0].start :].partition("\r")[0] for says, message in messages.items()}
        return "\n".join(f"{says:<8}PID| … |{end}" for says, end in ends.items())

    def table(self) -> Any:
        """What each way to fill a field says, what a receiver does with it, and what this region did: a pandas data frame."""
        import pandas

        held = self.held()
        rows = [
            ("a value", "it is so", "writes it", ""),
            ("absent", "nothing", "keeps what it knows", held["absent"]),
            ("empty: ||", "nothing", "keeps what it knows", held["empty"]),
            (f"{NULL}, two double quotes", "there is none", "deletes what it knows", held[NULL] or "none"),
        ]
        return pandas.DataFrame(rows, columns=["in the message", "it says", "the receiver", "PID-13 after it"]).set_index("in the message")

    def held(self) -> dict[str, str]:
        """Tells the region of the person anew before each of the three, and says which telephone number it holds after it."""
        nordvik, found = Hospital(self.box), {}
        for says in self.says:
            nordvik.add(self.who)
            exchange("ITI-30", self.message(says), self.box)
            found[says] = next(iter(telephone(self.box, person(self.who)["family"])), "")
        return found


def three_updates(who: str, box: Sandbox) -> ThreeUpdates:
    """Three updates of one person's record, to be sent one by one."""
    return ThreeUpdates(who, box)
