"""The rules on the segments of a message that follow from IHE's table of it: what is required, what is left out, and in which order.

IHE's table is narrower than HL7's structure and a closed list (ITI TF-2 Appendix C.1.1), so it is read like a structure of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from ihe_kit.core import Element, Message
from ihe_kit.ihe import Use
from ihe_kit.profiles.pam.events import segment_uses, structure
from ihe_kit.rules import Rule, Test, absent, one_of
from ihe_kit.v2.grammar import Grammar
from ihe_kit.v2.message import V2Message
from ihe_kit.v2.structure import Placing, against

CONVENTIONS = "ITI TF-2 Appendix C, introduction"
_SAYS = {
    "unknown": (
        "SEGMENTS",
        "This segment is not in IHE's table for {}. The table is a closed list: what stands outside it, a receiver need not read.",
    ),
    "misplaced": (
        "ORDER",
        "This segment stands in the wrong place for {}. IHE's table gives the order, and a receiver may take it for another's.",
    ),
    "repeated": (
        "REPEATED",
        "This segment comes more often than IHE's table for {} allows. A receiver may read the first and drop the rest.",
    ),
}
Table = Mapping[str, str]


def segment_rules(row: Table) -> Iterator[Rule]:
    """The rules on the segments of an event: `PAM-A03` (MSH-9), `PAM-A03-EVN` (required), `PAM-A03-PV2` (left out), `PAM-A03-ORDER` ..."""
    trigger, spec, checked = row["trigger"], row["section"], bool(row["checked"])
    name, prefix = f"ADT^{trigger}", f"PAM-{trigger}"
    whole = f"{name}^{row['structure']}"
    yield Rule(
        prefix, "MSH-9", one_of(whole), f"{{found}} is not what MSH-9 holds for this event. It is {whole}: code, event and structure.",
        spec, fix=(f"Set {whole}", whole), checked=checked,
    )  # fmt: skip
    places = _Places(row)
    for segment, use in _by_name(segment_uses(row)).items():
        if use.usage == "R" and segment != "MSH":  # without MSH there is no message to judge
            says = (
                f"The segment {segment} is missing. IHE's table for {name} requires it, and a receiver may refuse the message without it."
            )
            if use.path in places.groups:
                says = (
                    f"The group {segment} is missing. IHE's table for {name} requires it: without it the message says of nobody anything."
                )
            path = places.groups.get(use.path, segment)
            yield Rule(f"{prefix}-{segment}", path, places.test("missing", segment), says, spec, checked=checked)
        elif use.usage == "X":
            says = f"The segment {segment} is in use. IHE's table for {name} leaves it out, and a receiver may refuse the message because of it."
            yield Rule(f"{prefix}-{segment}", segment, absent, says, spec, checked=checked)
    for kind, (word, says) in _SAYS.items():
        yield Rule(f"{prefix}-{word}", "MSH", places.test(kind), says.format(name), f"{spec}; Appendix C.1.1", checked=checked)
    says = f"{{found}} is a local segment that {name} does not provide for. IHE allows Z segments only where a profile names them."
    yield Rule(f"{prefix}-Z", "MSH", places.local, says, CONVENTIONS, "warning", checked=checked)


def _by_name(uses: Sequence[Use]) -> dict[str, Use]:
    """Segment -> its use: required where it is so anywhere, left out only where it is so everywhere."""
    found: dict[str, Use] = {}
    for use in sorted(uses, key=lambda use: "XOCR".find(use.usage[0])):
        found[use.path.rpartition(".")[2]] = use
    return found


class _Places:
    """The segments of a message, held against IHE's table for an event."""

    def __init__(self, row: Table) -> None:
        uses = segment_uses(row)
        self.grammar = Grammar(row["trigger"], structure(row))
        self.unused = {use.path.rpartition(".")[2] for use in uses if use.usage == "X"}
        self.groups = {group: use.path.rpartition(".")[2] for use in reversed(uses) if (group := use.path.rpartition(".")[0])}
        self.placed = lru_cache(maxsize=256)(self._placed)

    def _placed(self, names: tuple[str, ...]) -> Placing:
        return against(self.grammar, "2.5", names)

    def test(self, kind: str, name: str = "") -> Test:
        """The segments that have one kind of problem (where a name is given, only those of this name)."""

        def places(_: Sequence[Element], message: Message) -> Iterator[Element]:
            assert isinstance(message, V2Message)
            segments = message.segments
            for problem in self.placed(tuple([segment.name for segment in segments])).problems:
                if problem.kind != kind or (name and problem.name != name) or (kind == "unknown" and problem.name in self.unused):
                    continue
                at = segments[problem.at]
                if kind == "missing":
                    yield Element(self.groups.get(problem.name, problem.name), problem.name, "", at.end, at.end)
                else:
                    yield Element(message.path_of(at), at.name, message.text[at.start : at.end], at.start, at.end)

        return places

    def local(self, _: Sequence[Element], message: Message) -> Iterator[Element]:
        """The local segments that the table does not have."""
        assert isinstance(message, V2Message)
        for segment in message.segments:
            if segment.name.startswith("Z") and segment.name not in self.grammar.known:
                yield Element(message.path_of(segment), segment.name, segment.name, segment.start, segment.end)
