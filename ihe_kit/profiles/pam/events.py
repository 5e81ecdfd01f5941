"""The events of PAM from data/ihe/pam-events.tsv and pam-uses.tsv: which segments and fields each has, and the rules that follow from that.

Where the Technical Framework's tables contradict themselves, usage wins over cardinality; what was chosen beyond that stands as a row in
pam-rules.tsv, which takes the place of the rule made here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from ihe_kit.files import rows
from ihe_kit.ihe import Use
from ihe_kit.rules import Rule, absent
from ihe_kit.v2.rules import named_test
from ihe_kit.v2.tables import Row, segment

Table = Mapping[str, str]
_PART = re.compile(r"\{(\w+) (\w+) (\d)\.\.([\d*]): ([^}]*)\}|(\w{3}) (\w+) (\d)\.\.([\d*])", re.ASCII)
_TIMES = {1: "once", 2: "twice"}
_NEVER_BROKEN = ("PAM-MSH-1", "PAM-MSH-1-MOST", "PAM-MSH-2-MOST")  # what breaks one of these cannot be read as a message at all


def event_rows(transaction: str) -> list[Table]:
    """The rows of a transaction's events."""
    return [row for row in rows("ihe/pam-events.tsv") if row["transaction"] == transaction]


def segment_uses(row: Table) -> tuple[Use, ...]:
    """The segments of an event in their order: `PV1`, and in groups `PROCEDURE.PR1`.

    >>> [use.path for use in segment_uses({"segments": "MSH R 1..1, {PATIENT R 1..1: PID R 1..1, MRG R 1..1}", "section": "", "checked": ""})]
    ['MSH', 'PATIENT', 'PATIENT.PID', 'PATIENT.MRG']
    """
    return tuple(_segment_uses(row["segments"], "", row["section"], bool(row["checked"])))


def _segment_uses(text: str, group: str, section: str, checked: bool) -> Iterator[Use]:
    for found in _PART.finditer(text):
        name, usage, least, most = found.groups()[:4] if found[1] else found.groups()[5:]
        yield Use(group + name, usage, int(least), _most(most), spec=section, checked=checked)
        if found[1]:
            yield from _segment_uses(found[5], f"{name}.", section, checked)


def _most(text: str) -> int:
    return -1 if text == "*" else int(text)


def structure(row: Table) -> tuple[Row, ...]:
    """The segments of an event as a message structure, narrower than HL7's own: without what IHE does not use.

    What is used in one place and not in another (ROL in A28) stays, so that a rule can name the place.
    """
    used = {use.path.rpartition(".")[2] for use in segment_uses(row) if use.usage != "X"}
    return tuple(_structure(row["segments"], used))


def _structure(text: str, used: set[str]) -> Iterator[Row]:
    for found in _PART.finditer(text):
        name, usage, least, most = found.groups()[:4] if found[1] else found.groups()[5:]
        children = tuple(_structure(found[5], used)) if found[1] else ()
        if usage != "X":
            yield Row(name, name, "group" if found[1] else "segment", "", int(least), _most(most), children)
        elif name in used:
            yield Row(name, name, "segment", "", 0, -1)


# Fields --------------------------------------------------------------------------------------------------------------------------------


def field_uses(row: Table) -> tuple[Use, ...]:
    """The fields of an event's segments, as IHE's tables and the sections of the event have them."""
    names = {use.path.rpartition(".")[2] for use in segment_uses(row) if use.usage != "X"}
    found: dict[str, Use] = {}
    for line in rows("ihe/pam-uses.tsv"):
        if line["path"][:3] in names | {"PV2"} and _is_for(line, row["trigger"]):
            found |= {use.path: use for use in _uses(line)}
    return tuple(found.values())


def _uses(line: Table) -> Iterator[Use]:
    """One use; for `PV1-3..52` one per field."""
    first, _, last = line["path"].partition("..")
    name, _, number = first.partition("-")
    for field in range(int(number), int(last or number) + 1):
        least, most = int(line["least"]), int(line["most"])
        words = line["when"], line["says"], line["section"]
        yield Use(f"{name}-{field}", line["usage"], least, most, *words, bool(line["checked"]), line["name"])


def _is_for(line: Table, trigger: str) -> bool:
    return line["events"] == "*" or trigger in line["events"].split()


def common_field_rules() -> tuple[Rule, ...]:
    """The rules that follow from the field tables for every event."""
    made = (rule for line in rows("ihe/pam-uses.tsv") if line["events"] == "*" for rule in _field_rules(line, "PAM-"))
    return tuple(rule for rule in made if rule.id not in _NEVER_BROKEN)


def event_field_rules(trigger: str) -> tuple[Rule, ...]:
    """The rules that follow from the rows for one event alone. A row for several has its rule in pam-rules.tsv."""
    lines = [line for line in rows("ihe/pam-uses.tsv") if line["events"] == trigger]
    return tuple(rule for line in lines for rule in _field_rules(line, f"PAM-{trigger}-") if not rule.id.endswith("-MOST"))


def _field_rules(line: Table, prefix: str) -> Iterator[Rule]:
    (use,) = _uses(line)
    name = line["name"] or field_name(use.path)
    if use.usage == "R":
        word = ("needed", use.path) if prefix != "PAM-" else ("present",)
        yield Rule(prefix + use.path, use.path, named_test(*word), f"{name} is empty. {use.says}", use.spec, checked=use.checked)
    elif use.usage == "X":
        severity = "warning" if use.most else "error"  # IHE's own table allows one all the same
        yield Rule(prefix + use.path, use.path, absent, f"{name} is in use. {use.says}", use.spec, severity, checked=use.checked)
    if use.most > 0 and use.usage != "X":
        says = f"{name} comes more than {_TIMES[use.most]}. IHE's table allows no more, so a receiver may read the first and drop the rest."
        yield Rule(f"{prefix}{use.path}-MOST", use.path, named_test("at_most", str(use.most)), says, use.spec, checked=use.checked)


@lru_cache(maxsize=512)
def field_name(path: str) -> str:
    """HL7's name of a field: `Patient Class` for PV1-2."""
    name, _, number = path.partition("-")
    return segment(name)[int(number) - 1].name
