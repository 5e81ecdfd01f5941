"""What holds for every input whatever, one function for each part of the room: tests and `benchmarks/fuzz_v2.py` hold them against hostile bytes.

A property takes bytes and raises Broken, or anything that the room should not have raised. The bytes are cut at `\\0` where it takes several
things: a message and a path, two messages, the pieces in which a stream comes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from ihe_kit import explain, repair, validate
from ihe_kit.core import Element, Packet, UnknownPath, Unreadable
from ihe_kit.rules import Finding
from ihe_kit.v2 import V2Message, acknowledge, build, conform, from_wire, parse, read_all, refuse, to_wire
from ihe_kit.v2.build import values
from ihe_kit.v2.conformance_profile import load
from ihe_kit.v2.difference import difference
from ihe_kit.v2.edit import add, put, remove
from ihe_kit.v2.paths import MOST_FIELDS
from ihe_kit.v2.structure import placed
from ihe_kit.v2.tables import VERSIONS, structures, supported
from ihe_kit.v2.wire import Broken as NoFrame
from ihe_kit.v2.wire import Frame, Frames, frame, unframe
from tests.effort import calls
from tests.fuzzing import Property, holds, only, text_of

MOMENT = datetime(2025, 3, 3, 8, tzinfo=UTC)
SIZE = 80_000  # bytes of a long message


def message_of(data: bytes | str) -> V2Message | None:
    """The message, or None where there is none and parse says so."""
    with only(Unreadable):
        return parse(data)
    return None


# Reading -------------------------------------------------------------------------------------------------------------------------------


def reading(data: bytes) -> None:
    """Nothing is lost, every element is found again where it stands, and the answer to a message can be made."""
    if message := message_of(data):
        holds(message.encode() == data, "bytes came back as others")
        _read_whole(message)
    text = text_of(data)
    if message := message_of(text):
        holds(message.text == text, "a text came back as another")
        if text.isascii():
            holds(message.encode() == data, "a text was written as other bytes")
        _read_whole(message)


def _read_whole(message: V2Message) -> None:
    for said in (message.name, message.facts, message.version, message.trigger, message.structure, message.is_answer, message.further):
        holds(said is not None, "nothing said")
    for element in message.elements():
        _inside(message, element)
    for element in list(message.elements())[:60]:
        _found_again(message, element)
        _layout(message, element.path)
    for group in message.groups():
        _inside(message, group)
    holds(len(message.placing.groups) in (0, len(message.segments)), "a segment without an entry among the groups")


def _inside(message: V2Message, element: Element) -> None:
    holds(0 <= element.start <= element.end <= len(message.text), f"{element.path} stands outside the text")


def _found_again(message: V2Message, element: Element) -> None:
    places = [(found.start, found.end) for found in message.find(element.path)]
    if len(places) > 1 and "-" in element.path:  # the row of a repeated field is found as its repetitions
        places = [(places[0][0], places[-1][1])]
    holds(places == [(element.start, element.end)], f"{element.path} is found elsewhere: {places}")


def _layout(message: V2Message, path: str) -> None:
    holds(len(message.read(path)) == len(message.get(path)), f"{path}: read() and get() differ in number")
    holds(message.state(path) in ("value", "null", "empty", "absent"), f"{path} is in no state")


def answering(data: bytes) -> None:
    """Every message is answered, whatever its header holds; the answer is one message that a frame can carry."""
    with only(Unreadable):
        message = from_wire(Packet("mllp", data if data[:1] == b"\x0b" else frame(data)))
        for answer in (
            acknowledge(message, "AA", lambda: MOMENT, lambda: "1"),
            refuse(message, "no", lambda: MOMENT, lambda: "1"),
            refuse(message, conform(message), lambda: MOMENT, lambda: "1", commit=True),
        ):
            packet = to_wire(answer)
            holds(unframe(packet.data) == ([Frame(answer.encode())], b""), "an answer that is no frame")
            again = from_wire(packet)
            holds(again.text == answer.text and again.is_answer, "an answer that does not come back")


def batches(data: bytes) -> None:
    """Each message of a batch is the exact piece that it stands in; whatever is wrong has its place in the whole."""
    for whole in (data, text_of(data)):
        with only(Unreadable):
            batch = read_all(whole)
            at = 0
            for message in batch.messages:
                piece = message.encode() if isinstance(whole, bytes) else message.text
                found = whole.find(piece, at)  # type: ignore[arg-type]
                holds(found >= 0, "a message of a batch that the text does not have")
                at = found + len(piece)
                holds(not message.further, "a batch with two messages in one")
            text = whole if isinstance(whole, str) else whole.decode("latin-1")
            for finding in batch.problems:
                holds(text[finding.start : finding.end] == finding.found, f"{finding.rule} says something else than its place")
            holds(batch.messages or batch.headers or batch.trailers or batch.problems, "nothing was found and nothing said")


# Paths ---------------------------------------------------------------------------------------------------------------------------------


def paths(data: bytes) -> None:
    """A path finds something or nothing, or it is an UnknownPath; the quick look is never wrong; `explain` knows it or says why not."""
    before, _, after = data.partition(b"\0")
    path = text_of(after)
    for version in (VERSIONS[len(data) % len(VERSIONS)], None):
        with only(UnknownPath):
            explain(path, standard="v2", version=version)
    message = message_of(before) or parse("MSH|^~\\&|A|||||||ORU^R01^ORU_R01|1|P|2.5\rPID|||1~2^&3\rOBR|1\rOBX|1|NM|||5\rOBX|2")
    with only(UnknownPath):
        explain(message, path)
    with only(UnknownPath):
        found = message.find(path)
        _layout(message, path)
        for element in found:
            _inside(message, element)
        with only(UnknownPath):
            lacks = message.lacks(path)
            holds(not (lacks and any(message.get(path))), f"{path!r} is said to be absent and is not")
    for change in (lambda: put(message, path, "x|^~\\&\r\x0b"), lambda: put(message, path, ""), lambda: remove(message, path)):
        with only(UnknownPath, Unreadable, ValueError):
            change()
    if "-" not in path:
        with only(UnknownPath, Unreadable, ValueError):
            add(message, path)


# Frames --------------------------------------------------------------------------------------------------------------------------------


def frames(data: bytes) -> None:
    """What frames a stream has does not depend on the pieces in which it comes; of what is broken no byte is lost."""
    pieces = data.split(b"\0")
    whole = b"".join(pieces)
    found, rest = unframe(whole)
    told = b"".join(frame(item.data) if isinstance(item, Frame) else item.data for item in found)
    holds(told + rest == whole, "bytes of a stream were lost")
    for cut in (pieces, [whole], [whole[at : at + 1] for at in range(len(whole))]):
        stream, came = Frames(), list[Frame | NoFrame]()
        for piece in cut:
            came += stream.feed(piece)
        holds([i for i in came if isinstance(i, Frame)] == [i for i in found if isinstance(i, Frame)], "other frames when cut in pieces")
        holds(_bytes_between(came) == _bytes_between(found), "other broken bytes when cut in pieces")
        holds(stream.size == len(rest), "another rest when cut in pieces")
    with only(Unreadable):
        from_wire(Packet("mllp", whole))


def _bytes_between(items: list[Frame | NoFrame]) -> list[bytes | Frame]:
    """Broken bytes side by side as one: in how many pieces they are told depends on the pieces in which they came, and may."""
    joined: list[bytes | Frame] = []
    for item in items:
        if isinstance(item, NoFrame) and joined and isinstance(joined[-1], bytes):
            joined[-1] += item.data
        else:
            joined.append(item.data if isinstance(item, NoFrame) else item)
    return joined


# Validating ----------------------------------------------------------------------------------------------------------------------------


def validating(data: bytes) -> None:
    """Every message is judged without an exception, in every version; findings have places that can be shown, and repairs can be made."""
    message = message_of(data)
    if not message:
        return
    found = validate(message)
    for finding in found:
        _shown(message, finding)
    holds(found == validate(parse(data)), "judged differently the second time")
    for transaction in ("ITI-30", "ITI-31"):
        for finding in validate(message, transaction):
            _shown(message, finding)
    version = VERSIONS[len(data) % len(VERSIONS)]
    for finding in conform(message, version):
        _shown(message, finding)
    mended = repair(message, found)
    holds(mended.text != message.text or not any(f.fix and f.fix.text != f.found for f in found), "repairs that change nothing")
    validate(mended)


def _shown(message: V2Message, finding: Finding) -> None:
    holds(0 <= finding.start <= finding.end <= len(message.text), f"{finding.rule} stands outside the text")
    holds(finding.what and finding.spec and "{" not in finding.spec, f"{finding.rule} says nothing, or not where it stands written")
    if finding.fix:
        holds(0 <= finding.fix.start <= finding.fix.end <= len(message.text), f"the repair of {finding.rule} stands outside the text")


def profiling(data: bytes) -> None:
    """A conformance profile is read or it is Unreadable; any message can be held against it."""
    before, _, after = data.partition(b"\0")
    text = text_of(after).lstrip("\ufeff \t\r\n")
    with only(Unreadable):
        profile = load(text if text.startswith("<") else f"<{text}")
        message = message_of(before) or parse("MSH|^~\\&|A|||||||ADT^A01^ADT_A01|1|P|2.5\rEVN||2025\rPID|||1~2^&3\rPV1||I")
        for finding in conform(message, profile=profile):
            holds(0 <= finding.start <= finding.end <= len(message.text), f"{finding.rule} stands outside the text")


# Writing -------------------------------------------------------------------------------------------------------------------------------


def building(data: bytes) -> None:
    """Values make a message that has them, or a ValueError says what is wrong with them. Lines of the bytes: `path=value`, `path:=odd value`."""
    lines = text_of(data).split("\n")
    structure = _nth(sorted(structures("2.5")), lines[0]) if len(lines[0]) < 3 else lines[0]
    given: dict[Any, Any] = {}
    for line in lines[1:40]:
        path, _, value = line.partition("=")
        given[path.removesuffix(":")] = _odd(value) if path.endswith(":") else value
    version = VERSIONS[len(data) % len(VERSIONS)]
    with only(ValueError, UnknownPath, Unreadable):
        message = build(structure, given, lambda: MOMENT, lambda: "1", version)
        holds(parse(message.text).text == message.text, "a message was built that does not come back")
        holds(not message.further and all(line.name.strip("_") for line in message.segments), "a value was written as a segment")
        conform(message)


def _nth(names: list[str], text: str) -> str:
    return names[sum(map(ord, text)) % len(names)]


def _odd(value: str) -> Any:
    """A value of another kind: a list, a mapping, a list in a list, nothing, a number."""
    kinds = ([], {}, [value, value], {"1": value}, [[value]], {"1": [value, ""]}, None, 5, b"x", [None], {value: value}, '""', ("a", "b"))
    return kinds[sum(map(ord, value)) % len(kinds)]


def rebuilding(data: bytes) -> None:
    """What a message holds makes the same message again, where its segments keep to its structure."""
    message = message_of(data)
    if not message:
        return
    placing, given = placed(message), values(message)
    with only(ValueError, UnknownPath, Unreadable):
        again = build(placing.structure, given, lambda: MOMENT, lambda: "1", supported(message.version))
        fields = max(message.text[line.start : line.end].count(message.field_separator) for line in message.segments)
        if not placing.problems and not message.further and placing.structure and fields < MOST_FIELDS and message.version in VERSIONS:
            names = [line.name for line in message.segments]
            holds([line.name for line in again.segments] == names, f"other segments were built: {names}")
            holds(
                not [c for c in difference(message, again) if c.path not in ("MSH-2", "MSH-7", "MSH-10", "MSH-12", "MSH-18")],
                "other values",
            )


def differing(data: bytes) -> None:
    """Two messages are compared without an exception; one does not differ from itself, and what was added was not removed as well."""
    before, _, after = data.partition(b"\0")
    one, other = message_of(before), message_of(after)
    if not one:
        return
    holds(difference(one, one) == [], "a message differs from itself")
    other = other or parse("MSH|^~\\&|A|||||||ORU^R01^ORU_R01|1|P|2.5\rPID|||1~2^&3\rOBR|1\rOBX|1|NM|||5\rOBX|2")
    there, back = difference(one, other), difference(other, one)
    for change in there:
        for message, element in ((one, change.before), (other, change.after)):
            if element:
                _inside(message, element)
        holds(str(change), "a change without words")
    holds(bool(there) == bool(back), "a difference that is there in one direction only")


# Size ----------------------------------------------------------------------------------------------------------------------------------


def growing(data: bytes) -> None:
    """A long message is no more work than its length: a beginning and a piece that comes again and again, with `%` for its number. Eight times
    the length may be ten times the work.
    """
    before, _, piece = data.partition(b"\0")
    cost = []
    for size in (SIZE // 8, SIZE):
        pieces = [piece.replace(b"%", b"%d" % n) for n in range(size // max(3, len(piece)))]
        cost.append(calls(lambda pieces=pieces: _everything(before, pieces)))  # type: ignore[misc]
    holds(cost[1] <= 10 * cost[0] + 100_000, f"{SIZE // 8:,} bytes took {cost[0]:,} calls, {SIZE:,} bytes {cost[1]:,}")


def _everything(before: bytes, pieces: list[bytes]) -> None:
    if message := message_of(before + b"".join(pieces)):
        for _ in message.elements():
            pass
        found = conform(message)
        message.groups()
        repair(message, found)
        difference(message, message_of(before + b"".join(reversed(pieces))) or message)


PROPERTIES: dict[str, Property] = {
    property_.__name__: property_
    for property_ in (reading, answering, batches, paths, frames, validating, profiling, building, rebuilding, differing, growing)
}

# What a mutator puts in: the words and marks that the room looks for.
WORDS = (
    *("MSH|^~\\&|", "FHS|^~\\&|", "BHS|^~\\&|", "BTS|1", "FTS|1", "\rMSH|^~\\&|", "\rPID|", "\rOBX|1|NM|", "\rZBE|", "\rMRG|", "\rADD|", "\rDSC|"),
    *("\x0b", "\x1c\r", "\x1c", "\r", "\n", "\r\n", "\ufeff", "|", "^", "~", "\\", "&", "#", '""', "|||||||||", "^^^^", "~~~", "&&"),
    *("\\F\\", "\\S\\", "\\T\\", "\\R\\", "\\E\\", "\\P\\", "\\X0D\\", "\\X\\", "\\Xé\\", "\\.br\\", "\\.in+999\\", "\\.sp 5\\", "\\H\\", "\\C2842\\"),
    *("ADT^A01^ADT_A01", "ORU^R01^ORU_R01", "OML^O21^OML_O21", "ACK^A01^ACK", "ADT^A40^ADT_A39", "ADT^Z99^ADT_A01", "QBP^Q22^QBP_Q21", "|P|2.5"),
    *VERSIONS,
    *("UNICODE UTF-8", "8859/1", "ISO IR87", "~ISO IR159", "GB 18030-2000", "BIG-5", "UNICODE UTF-16", "\x1b$B", "\x1b(B", "\xff\xfe", "\0M"),
    *("20250303", "20250229", "20250303080000+0100", "-0", "1e9", "٣", "é", "😀", "\x85", "\u2028", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")),
    *("PID-3[2].4.1", "OBX[3]-5", "PATIENT_RESULT.ORDER_OBSERVATION[2].OBX[1]-5", "[1]", "[0]", "-1", ".1", "999", "99999", "PATIENT.", "=", ":="),
    *("<HL7v2xConformanceProfile HL7Version=\"2.5\">", "<HL7v2xStaticDef ", "<Segment Name=\"PID\" Usage=\"R\" Min=\"1\" Max=\"*\">", "<Field ", "/>"),
)  # fmt: skip


def pairs_of(data: bytes) -> list[tuple[int, int]]:
    """The lines of a text as pairs of places, for mutators that move whole segments."""
    places = [0, *(at + 1 for at, byte in enumerate(data) if byte in b"\r\n\0"), len(data)]
    return [(start, end) for start, end in pairwise(places) if start < end]
