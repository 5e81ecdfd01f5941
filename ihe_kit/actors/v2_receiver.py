"""What every receiver of HL7 v2 messages shares: it refuses what it does not know, answers in the mode that the sender asked for, and takes
the same message once, however often it comes.

What it remembers stands in the store beside what it took, in the same transaction: kind `v2 inbox` are the messages as they came, `v2 commit`
and `v2 answer` the acknowledgments that they got, `v2 sequence` the last sequence number of each sender.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

from ihe_kit.actors import Actor, Refused
from ihe_kit.core import Message, cited
from ihe_kit.rules import Finding, finding_at
from ihe_kit.v2 import V2, V2Message, acknowledge, parse
from ihe_kit.v2.acknowledgment import asked, echoed
from ihe_kit.v2.sequence import SPEC, Place, place

INBOX, COMMIT, ANSWER, SEQUENCE = "v2 inbox", "v2 commit", "v2 answer", "v2 sequence"
_HEADER = cited("HL7 v2.5 section 2.9.2.2", checked=False)
_ONE_ID = cited("HL7 v2.5 section 2.15.9.10; to refuse is this kit's decision", checked=False)


class V2Receiver(Actor):
    """A receiver writes `events` and `take`; the rest is here.

    `events` names the messages that it knows: `{"ADT^A01": "admit a patient"}`. `versions` and `processing` are the values of MSH-12 and MSH-11
    that it takes, () for any. With `sequenced` it keeps to the sequence numbers of MSH-13. A message that was taken, or committed to, is
    known by its sender (MSH-3, MSH-4) and its control ID (MSH-10): when it comes again, the first answers are given again and nothing is
    done. A refused one is not remembered: it may come again mended, or at a better time.
    """

    standard = V2
    events: Mapping[str, Any] = {}
    versions: Sequence[str] = ("2.5",)
    processing: Sequence[str] = ("P", "T", "D")
    sequenced = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._one_at_a_time = Lock()

    @abstractmethod
    def take(self, request: V2Message) -> V2Message | None:
        """Does what a message says. Gives the application's own answer, or None for a plain AA. Raises Refused."""

    def answer(self, request: Message) -> Message:
        """The original mode's one answer."""
        assert isinstance(request, V2Message)
        if early := self._out_of_sequence(request, "AA"):
            return early
        if self._came_before(request):
            return self._kept(ANSWER, request)
        self._reject_foreign(request)
        answer = self._taken(request)
        self._keep(INBOX, request, request)
        return self._keep(ANSWER, request, answer)

    def converse(self, request: Message) -> Iterator[Message]:
        """In the enhanced mode two answers, each if it was asked for (ITI TF-2 C.2.3): that the message is kept safe, and what became of it."""
        assert isinstance(request, V2Message)
        if request.is_answer:  # an acknowledgment is never acknowledged: the two would go on for ever
            return
        wanted = asked(request)
        if not wanted.enhanced:
            yield from super().converse(request)
            return
        commit = self.guarded(lambda: self._commit(request), request, commit=True)
        if wanted.wants(_code(commit)):
            yield commit
        if _code(commit) == "CA" and self.store.get(COMMIT, key(request)):
            answer = self.work(request)
            if wanted.wants(_code(answer)):
                yield answer

    def work(self, request: V2Message) -> V2Message:
        """The application acknowledgment of a message that was committed to: made once, and from then on the same."""
        with self._one_at_a_time:  # the same message may come on two connections at once
            if self.store.get(ANSWER, key(request)):
                return self._kept(ANSWER, request)
            answer = self.guarded(lambda: self._keep(ANSWER, request, self._taken(request)), request)
            assert isinstance(answer, V2Message)
            # A refusal is an answer too: who was told CA need not send again, so it must find out what became of its message.
            return answer if self.store.get(ANSWER, key(request)) else self._keep(ANSWER, request, answer)

    def catch_up(self) -> Sequence[Message]:
        """Works off what was committed to before a stop, and gives the application acknowledgments that are due: a sender that asks again
        gets the same. Other receivers may share the store: what this one does not take is left to them.
        """
        waiting = [parse(one.text) for one in self.store.select(INBOX, "id NOT IN (SELECT id FROM document WHERE kind = ?)", (ANSWER,))]
        mine = [request for request in waiting if "^".join(request.get(f"MSH[1]-9.{n}")[0] for n in (1, 2)) in self.events]
        answers = [(asked(request), self.work(request)) for request in mine]
        return [answer for wanted, answer in answers if wanted.wants(_code(answer))]

    def _commit(self, request: V2Message) -> V2Message:
        if early := self._out_of_sequence(request, "CA"):
            return early
        if self._came_before(request):
            return self._kept(COMMIT, request)
        self._reject_foreign(request)
        self._keep(INBOX, request, request)
        return self._keep(COMMIT, request, self._ack(request, "CA"))

    def _taken(self, request: V2Message) -> V2Message:
        return self.take(request) or self._ack(request, "AA")

    def _ack(self, request: V2Message, code: str, expected: int | None = None, findings: Sequence[Finding] = ()) -> V2Message:
        if expected is None and self.sequenced and request.get("MSH[1]-13") != [""]:
            expected = int(request.get("MSH[1]-13")[0])  # accepting repeats the number
        return acknowledge(request, code, self.clock, self.ids, findings, expected)

    def _reject_foreign(self, request: V2Message) -> None:
        """What a receiver does not know in the header, it rejects (ITI TF-2 Appendix C.2.3 for type and event). Raises Refused."""
        types = tuple(dict.fromkeys(trigger.partition("^")[0] for trigger in self.events))
        kind = next(iter(request.get("MSH[1]-9.1")), "")
        events = tuple(trigger.partition("^")[2] for trigger in self.events if trigger.startswith(f"{kind}^"))
        if not any(request.get("MSH[1]-10")):
            (nameless,) = request.find("MSH[1]-10")[:1]
            says = (
                "The message control ID is empty. The answer repeats it, so without it no answer can be matched, and no repetition be told."
            )
            raise Refused([finding_at(nameless, "HL7-CONTROL-ID", says, _ONE_ID)])
        for path, known, rule, what, spec in (
            ("9.1", types, "IHE-UNSUPPORTED-TYPE", "message type", "ITI TF-2 Appendix C.2.3"),
            ("9.2", events, "IHE-UNSUPPORTED-EVENT", "event", "ITI TF-2 Appendix C.2.3"),
            ("11.1", self.processing, "HL7-UNSUPPORTED-PROCESSING", "processing ID", _HEADER),
            ("12.1", self.versions, "HL7-UNSUPPORTED-VERSION", "version", _HEADER),
        ):
            for element in request.find(f"MSH[1]-{path}"):
                if known and element.value not in known:
                    says = f"The {what} {{found}} is not supported here. This receiver takes {', '.join(known)}."
                    raise Refused([finding_at(element, rule, says.replace("{found}", element.value or "(empty)"), spec)])

    # What is remembered

    def _came_before(self, request: V2Message) -> bool:
        """Whether this very message was taken or committed to. Raises Refused where another one came under its name."""
        kept = self.store.get(INBOX, key(request))
        if kept and kept.text != request.text:
            (element,) = request.find("MSH[1]-10")[:1]
            says = "Another message came under the control ID {found}. Were this one taken, no answer would tell the sender which of the two it means."
            raise Refused([finding_at(element, "REJECTED-DUPLICATE-KEY", says, _ONE_ID)])
        return kept is not None

    def _keep(self, kind: str, request: V2Message, message: V2Message) -> V2Message:
        """Keeps a message of a conversation under the name of its request."""
        entries = [(name, "", value, value) for name, value in (("sender", sender(request)), ("message", request.name))]
        self.store.put(kind, key(request), message.text, self.clock().isoformat(), entries if kind == INBOX else ())
        if kind == INBOX and self.sequenced and request.get("MSH[1]-13") != [""]:
            self.store.put(SEQUENCE, sender(request), request.get("MSH[1]-13")[0], self.clock().isoformat())
        return message

    def _kept(self, kind: str, request: V2Message) -> V2Message:
        kept = self.store.get(kind, key(request))
        assert kept is not None, "an inbox entry and its answers are written in one transaction"
        return parse(kept.text)

    def _out_of_sequence(self, request: V2Message, code: str) -> V2Message | None:
        """The answer to a message that is not the next one of its link, where sequence numbers are used. Raises Refused with that answer."""
        kept = self.store.get(SEQUENCE, sender(request)) if self.sequenced else None
        (element,) = request.find("MSH[1]-13")[:1]
        where, expected = place(element.value if self.sequenced else "", int(kept.text) if kept and not kept.deleted else None)
        if where in (Place.NONE, Place.NEXT):
            return None
        if where is Place.RESET:
            self.store.put(SEQUENCE, sender(request), "", self.clock().isoformat(), deleted=True)
        if where in (Place.START, Place.RESET) or (where is Place.AGAIN and self._came_before(request)):
            return self._ack(request, code, expected)
        says = f"Sequence number {{found}} came where {expected} was expected. Messages are missing or came twice: the link needs a person."
        finding = finding_at(element, "SEQUENCE-NUMBER-DATA-TYPE" if where is Place.UNREADABLE else "SEQUENCE-NUMBER", says, SPEC)
        raise Refused(self._ack(request, f"{code[0]}E", expected, [finding]))


def sender(request: V2Message) -> str:
    """Who sent a message, as it stands in MSH-3 and MSH-4: `ADT|NORDVIK`."""
    return f"{echoed(request, 3)}|{echoed(request, 4)}"


def key(request: V2Message) -> str:
    """What a message is known by: its sender and its control ID, `ADT|NORDVIK|F00001`."""
    return f"{sender(request)}|{echoed(request, 10)}"


def _code(answer: Message) -> str:
    return answer.get("MSA-1")[0]
