"""What holds for every input whatever, one function for each part of the room and of its server: tests and `benchmarks/fuzz_fhir.py` hold them
against hostile bytes.

A property takes bytes and raises Broken, or anything that the room should not have raised. The bytes are cut at `\\0` where it takes several
things: a resource and a path, a profile and a resource, the files of a package.
"""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from ihe_kit import explain, repair, validate
from ihe_kit.core import Element, UnknownPath, Unreadable
from ihe_kit.fhir import FhirMessage, Package, as_json, as_xml, build, conform, load, parse
from ihe_kit.fhir.invariants import Scene, found
from ihe_kit.fhir.invariants import holds as is_true
from ihe_kit.fhir.patch import NotPatched, patched
from ihe_kit.fhir.tables import BASE, Definitions, core, resource_types
from ihe_kit.fhir.xml_text import read_xml
from ihe_kit.json_text import exact, read_json, read_values
from ihe_kit.rest import request
from ihe_kit.rules import Finding, has_errors
from ihe_kit.units import NoUnit, UnknownUnit, quantity, unit
from tests.actors.fhir_client import Answer, Client, observation, patient
from tests.effort import calls
from tests.fuzzing import Property, holds, only, text_of

MOMENT = datetime(2025, 3, 3, 8, tzinfo=UTC)
SIZE = 60_000  # characters of a long resource
PROFILES = ("bp", "vitalsigns", "Quantity", "patient-birthTime", "shareablevalueset", "cholesterol", "nowhere")
PLAIN = '{"resourceType": "Patient", "id": "p", "active": true, "name": [{"family": "Lie", "given": ["Eli", "Ada"]}], "multipleBirthInteger": 2}'


def message_of(data: bytes | str) -> FhirMessage | None:
    """The message, or None where there is none and parse says so."""
    with only(Unreadable):
        return parse(data)
    return None


def resource_of(data: bytes | str) -> FhirMessage | None:
    """A message with a resource of R4 in it, or None."""
    message = message_of(data)
    return message if message and isinstance(message.values, dict) and message.kind in resource_types() else None


# Reading -------------------------------------------------------------------------------------------------------------------------------


def reading(data: bytes) -> None:
    """Nothing is lost, every element is found again where it stands, and the quick reading is the slow one."""
    if message := message_of(data):
        holds(message.encode() == data, "bytes came back as others")
        _read_whole(message)
    text = text_of(data)
    if message := message_of(text):
        holds(message.text == text, "a text came back as another")
        _read_whole(message)
    _json(text)


def _read_whole(message: FhirMessage) -> None:
    for said in (message.name, message.facts, message.kind, message.top, message.target, message.query, message.is_answer, message.is_xml):
        holds(said is not None, "nothing said")
    if message.root is not None:
        holds(repr(exact(message.root)) == repr(message.values), "the tree has other values than the message")
    for number, element in enumerate(message.elements()):
        _inside(message, element)
        if number < 60:
            _found_again(message, element)


def _inside(message: FhirMessage, element: Element) -> None:
    holds(0 <= element.start <= element.end <= len(message.text), f"{element.path} stands outside the text")


def _found_again(message: FhirMessage, element: Element) -> None:
    places = [(one.start, one.end) for one in message.find(element.path)]
    if element.path.startswith(("request.", "response.")):  # a parameter or a header may stand twice
        holds((element.start, element.end) in places, f"{element.path} is not found again")
        return
    within = bool(places) and element.start <= places[0][0] and places[-1][1] <= element.end  # an array is found as its items
    holds(places == [(element.start, element.end)] or within, f"{element.path} is found elsewhere: {places}")
    holds(len(message.get(element.path)) == len(places), f"{element.path}: get() and find() differ in number")


def _json(text: str) -> None:
    values = [_read(lambda text: repr(exact(read_json(text))), text), _read(lambda text: repr(read_values(text)), text)]
    holds(values[0] == values[1], "the quick reading of a JSON text differs from the slow one")


def _read(reader: Callable[[str], Any], text: str) -> Any:
    with only(Unreadable):
        return reader(text)
    return None


def xml(data: bytes) -> None:
    """XML is read to a tree whose places stand in the text, or it is Unreadable."""
    text = text_of(data)
    with only(Unreadable):
        root = read_xml(text)
        waiting = [root]
        while waiting:
            node = waiting.pop()
            holds(0 <= node.start <= node.end <= len(text), f"{node.key} stands outside the text")
            waiting += node.children
        exact(root)
    if (message := message_of(text)) and message.is_xml:
        _judged(message)


def notations(data: bytes) -> None:
    """What both notations can say, both say: a resource goes to the other and comes back, and of a sound one nothing is lost."""
    message = resource_of(data)
    if message is None:
        return
    there = _other(message, xml=True)
    if there is None:
        return
    back = as_json(there)
    again = as_xml(back)
    holds(again.text == there.text, "the XML of a resource that came back from XML is another")
    if not message.is_xml and not has_errors(conform(message)):
        holds(_sorted(back.values) == _sorted(message.values), "a sound resource lost something on the way through XML")


def _other(message: FhirMessage, xml: bool) -> FhirMessage | None:
    with only(ValueError):
        return as_xml(message) if xml else as_json(message)
    return None


def _sorted(value: Any) -> Any:
    """A value whose members stand in the order of their names: XML has its own."""
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else str(value) if not isinstance(value, bool) else value


# Judging -------------------------------------------------------------------------------------------------------------------------------


def judging(data: bytes) -> None:
    """Every message is judged without an exception; findings have places that can be shown and words; repairs can be made."""
    message = message_of(data)
    if not message:
        return
    findings = _judged(message)
    holds(findings == conform(parse(data)), "judged differently the second time")
    for finding in conform(message, BASE + PROFILES[len(data) % len(PROFILES)]):
        _shown(message, finding)
    for finding in validate(message):
        _shown(message, finding)
    with only(ValueError, Unreadable):
        mended = repair(message, findings)
        conform(mended) if isinstance(mended, FhirMessage) else None


def _judged(message: FhirMessage) -> list[Finding]:
    findings = conform(message)
    for finding in findings:
        _shown(message, finding)
    return findings


def _shown(message: FhirMessage, finding: Finding) -> None:
    holds(0 <= finding.start <= finding.end <= len(message.text), f"{finding.rule} stands outside the text")
    holds(finding.what and finding.spec, f"{finding.rule} says nothing, or not where it stands written")
    if finding.fix:
        holds(0 <= finding.fix.start <= finding.fix.end <= len(message.text), f"the repair of {finding.rule} stands outside the text")


def profiling(data: bytes) -> None:
    """A StructureDefinition makes a snapshot or says why not; any resource can be held against it, and it is itself judged."""
    before, _, after = data.partition(b"\0")
    definition = resource_of(before)
    if definition is None or definition.kind != "StructureDefinition":
        return
    profile = definition.values
    known = Definitions([{"StructureDefinition": {str(profile.get("url", "")): profile}}], core())
    shape = known.shape(str(profile.get("url", "")))
    for one in islice(shape.below(), 300) if shape else ():
        holds(isinstance(one.id, str) and isinstance(one.occurs, str) and one.constraints is not None, "an element that says nothing")
    message = resource_of(after) or parse(PLAIN)
    for finding in conform(message, profile):
        _shown(message, finding)
    _judged(definition)


def packaging(data: bytes) -> None:
    """An archive of any bytes is a package or a ValueError; a package of any definitions judges any resource, and nothing is written to the disk."""
    name, *files = data.split(b"\0")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "package.tgz"
        path.write_bytes(_summed(data))
        _package(path)
        path.write_bytes(_archive([("package/package.json", name), *((_name(one, n), one) for n, one in enumerate(files))]))
        package = _package(path)
        if package:
            urls = [str(url) for kind in package.resources.values() for url in kind][:3]
            for finding in conform(parse(PLAIN), [url for url in urls if re.match("https?://|urn:", url)], packages=[package]):
                holds(finding.what, "a finding without words")
        holds([one.name for one in Path(folder).iterdir()] == ["package.tgz"], "an archive wrote to the disk")


def _package(path: Path) -> Package | None:
    with only(ValueError):
        return load(path)
    return None


def _summed(data: bytes) -> bytes:
    """An archive whose sums are right, whatever its headers say: a wrong sum would keep everything else from being tried."""
    body = bytearray(data)
    for at in range(0, len(body) - 511, 512):
        if body[at + 257 : at + 262] == b"ustar":
            body[at + 148 : at + 156] = b" " * 8
            body[at + 148 : at + 156] = b"%06o\0 " % sum(body[at : at + 512])
    return bytes(body)


def _name(content: bytes, number: int) -> str:
    return "package/x/../../y.json" if content.startswith(b"..") else f"package/{number}.json"


def _archive(files: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


# Paths and FHIRPath --------------------------------------------------------------------------------------------------------------------


def paths(data: bytes) -> None:
    """A path, or any FHIRPath, finds something or nothing, or it is an UnknownPath; `explain` knows it or says why not."""
    before, _, after = data.partition(b"\0")
    path = text_of(after)
    with only(UnknownPath):
        explain(path, standard="fhir")
    message = resource_of(before) or parse(PLAIN)
    with only(UnknownPath):
        explain(message, path)
    with only(UnknownPath):
        elements = message.find(path)
        for element in elements:
            _inside(message, element)
        holds(len(message.get(path)) == len(elements), f"{path!r}: get() and find() differ in number")
    answer = is_true(path, message.values, message.kind, Scene(message.values, message.values))
    holds(answer in (True, False, None), "neither true nor false nor unknown")
    holds(found(path, message.values) is None or path, "the empty expression finds something")


def units(data: bytes) -> None:
    """A code of UCUM is a unit, none, or not known here; a quantity is converted there and back to itself, or it says why it cannot be."""
    one, _, other = text_of(data).partition("\0")
    for code in (one, other):
        with only(NoUnit, UnknownUnit):
            found = unit(code)
            holds(found.measures and (found.words or found.size == 1), f"{code} is a unit without words")
    with only(ValueError):
        given = quantity(one)
        there = given.to(other or "kg/m2", "180.156 g/mol" if len(data) % 2 else "")
        holds(quantity(f"{there.value} {there.unit}") == there, "a quantity that does not come back")


def building(data: bytes) -> None:
    """Values make a message that has them, or an error says what is wrong with them. Lines of the bytes: the structure, then `path=value`."""
    structure, *lines = text_of(data).split("\n")
    given = dict(line.partition("=")[::2] for line in lines[:40])
    with only(ValueError, UnknownPath):
        message = build(structure, given, lambda: MOMENT, lambda: "1")
        holds(parse(message.text).text == message.text, "a message was built that does not come back")
        _judged(message)


# The server ----------------------------------------------------------------------------------------------------------------------------


class _Server:
    """A server with a few resources, the same at every turn: made anew when somebody has changed what it keeps."""

    client: Client | None = None
    before: Any = None

    @classmethod
    def ask(cls, data: bytes) -> Answer:
        """The answer to a request. What was refused has left the store as it was."""
        if cls.client is None:
            cls.client = Client()
            cls.client.put(patient("1"), patient("2", gender="female"), observation("1", "1", "2025"))
            cls.before = cls.client.kept()
        client, cls.client = cls.client, None
        answer = client.send(data)
        after = client.kept()
        holds(100 <= answer.status < 500, f"the server failed: {answer.status} {answer.text}")
        if answer.status >= 400:
            holds("OperationOutcome" in answer.text, f"a refusal without its words: {answer.text[:200]}")
            holds(after == cls.before, "a refused request left something behind")
        if after == cls.before:
            cls.client = client
        return answer


def asking(data: bytes) -> None:
    """Any request is answered in FHIR's words, and what is refused changes nothing. The answer can be read again."""
    _readable(_Server.ask(data))


def _readable(answer: Answer) -> None:
    if answer.text and answer.text[:1] == "{":
        message = parse(answer.text)
        holds(message.kind in resource_types(), "an answer that is no resource")


def searching(data: bytes) -> None:
    """Any search is answered, and the page that it leads to as well; what could not be respected is told and not asked of the links."""
    path, _, query = text_of(data).partition("?")
    url = f"/fhir/{path}" + (f"?{query}" if query else "")
    if re.search(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]", url):
        return
    answer = _Server.ask(request("GET", url).encode())
    _readable(answer)
    if answer.status == 200 and '"searchset"' in answer.text:
        for relation in ("self", "next", "previous"):
            if link := answer.link(relation):
                again = _Server.ask(request("GET", link).encode())
                holds(again.status == 200, f"the link {relation} leads to {again.status}: {link}")


def patching(data: bytes) -> None:
    """A patch makes a text that can be read, or it is NotPatched; over the wire it is done or refused."""
    before, _, after = data.partition(b"\0")
    patch, target = message_of(after), resource_of(before)
    media = ("application/json-patch+json", "application/merge-patch+json", "application/fhir+json")[len(data) % 3]
    if patch and not patch.head:
        whole = FhirMessage(request("PATCH", "/fhir/Patient/1", patch.text, [("content-type", media)]))
        with only(NotPatched, Unreadable):
            parse(patched(target.text if target and not target.is_xml else PLAIN, whole))
    _Server.ask(_request("PATCH", "Patient/1", after, media))


def bundling(data: bytes) -> None:
    """A bundle is done, each entry answered, or it is refused whole and names the entry."""
    answer = _Server.ask(_request("POST", "", data, "application/fhir+json"))
    _readable(answer)
    if answer.status == 200 and (message := resource_of(data)):
        entries = message.values.get("entry") or ()
        holds(len(answer.data.get("entry", ())) == len(entries), "not every entry is answered")


def keeping(data: bytes) -> None:
    """What is created comes back as it was sent, and is found by its id."""
    message = resource_of(data)
    if message is None or message.is_xml:
        return
    answer = _Server.ask(_request("PUT", f"{message.kind}/{message.values.get('id')}", data, "application/fhir+json"))
    if answer.status == 201:
        kept = parse(answer.text)
        for name, value in message.values.items():
            holds(name in ("id", "meta") or repr(kept.values.get(name)) == repr(value), f"{name} was kept otherwise than it was sent")


def _request(method: str, target: str, body: bytes, media: str) -> bytes:
    head = f"{method} /fhir/{target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {media}\r\n\r\n".replace("/fhir/ ", "/fhir ")
    return head.encode("utf-8", "surrogateescape") + body


# Size ----------------------------------------------------------------------------------------------------------------------------------


def growing(data: bytes) -> None:
    """A long resource is no more work than its length: a beginning, a piece that comes again and again with `%` for its number, and an end.
    Eight times the length may be ten times the work.
    """
    before, piece, after, *_ = [*data.split(b"\0"), b"", b"", b""]
    between = b"," if before.lstrip()[:1] == b"{" and piece[:1] in b'{"[' else b""
    cost = []
    for size in (SIZE // 8, SIZE):
        pieces = [piece.replace(b"%", b"%d" % n) for n in range(size // max(3, len(piece)))]
        cost.append(calls(lambda pieces=pieces: _everything(before + between.join(pieces) + after)))  # type: ignore[misc]
    holds(cost[1] <= 10 * cost[0] + 100_000, f"{SIZE // 8:,} characters took {cost[0]:,} calls, {SIZE:,} took {cost[1]:,}")


def _everything(data: bytes) -> None:
    message = message_of(data)
    if message is None:
        return
    for _ in message.elements():
        pass
    findings = conform(message)
    with only(ValueError, Unreadable):
        repair(message, findings)
    if resource_of(data):
        _other(message, xml=not message.is_xml)


PROPERTIES: dict[str, Property] = {
    property_.__name__: property_
    for property_ in (
        *(reading, xml, notations, judging, profiling, packaging, paths, units, building),
        *(asking, searching, patching, bundling, keeping, growing),
    )
}

# What a mutator puts in: the words and marks that the room looks for.
WORDS = (
    *('{"resourceType": "Patient", ', '"resourceType": "Bundle"', '"resourceType": "Parameters"', '{}', '[]', 'null', 'true', '""', '0', '-0', '1e400'),
    *('1.10', '1E5', '99999999999999999999', 'NaN', '\\ud800', '\\u0000', '\\u2028', '\ufeff', '\ud800'.encode('utf-8', 'surrogatepass').decode('latin-1')),
    *('"id": "1"', '"extension": [{"url": "http://example.org/x", "valueString": "y"}]', '"_birthDate": {"id": "b"}', '"contained": [', '"name": [null]'),
    *('"reference": "#p"', '"reference": "Patient/1"', '"reference": "urn:uuid:1"', '"fullUrl": "urn:uuid:1"', '"div": "<div xmlns=\\"http://www.w3.org/1999/xhtml\\">'),
    *('"request": {"method": "POST", "url": "Patient"}', '"request": {"method": "PUT", "url": "Patient/1"}', '"type": "transaction"', '"type": "batch"'),
    *('"op": "add"', '"path": "/name/0"', '"path": "/name/-"', '"from": "/name"', '"value": {}', '"op": "test"', '"op": "move"', '"name": "operation"'),
    *('<Patient xmlns="http://hl7.org/fhir">', '</Patient>', '<active value="true"/>', '<name><family value="L"/></name>', '<!DOCTYPE x>', '&#0;', '&lt;', '<![CDATA['),
    *('<div xmlns="http://www.w3.org/1999/xhtml">', '<contained><Patient/></contained>', '<!-- -->', '<?x?>', ' xmlns:f="http://hl7.org/fhir"', ' id="a"', ' url="u"'),
    *('"sliceName": "a"', '"slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "closed"}', '"min": 1', '"max": "0"', '"path": "Patient.name"'),
    *('"fixedString": "x"', '"patternCoding": {"code": "a"}', '"contentReference": "#Patient.link"', '"baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient"'),
    *('"discriminator": [{"type": "profile", "path": "$this.resolve()"}]', '"binding": {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/languages"}'),
    *('.where(', ')', '.exists()', '.resolve()', '.as(', ' is ', '$this', '%resource', "'official'", ' and ', ' | ', '.ofType(', '[0]', '[999999999]', '.repeat(', '@2025', "'"),
    *('.memberOf(', '.descendants()', '.toInteger()', ' + ', ' div 0', '.trace(', '.matches(', '.iif(', '.substring(', '`', '.value', '(' * 30, '.children()'),
    *('Patient?', 'Observation?', '&', '=', '_has:Observation:patient:code=', '_sort=-', '_include=*', '_page=', '_count=', '_elements=', '_summary=true', '_total=none'),
    *('identifier=|', ':missing=true', ':not=', ':text=', ':in=', ':above=', ':contains=', 'subject:Patient.name=', 'date=ge2025', 'value-quantity=gt5||mm', '$', ',', '%2C', '%00'),
    *('code-value-quantity=', 'combo-', '_filter=', '_lastUpdated=', '_type=', '_format=xml', '_format=', '/_history', '/$validate', '/$everything', '/$lastn', '\\,'),
    *('GET /fhir/', 'POST /fhir/', 'PUT /fhir/', 'PATCH /fhir/', 'DELETE /fhir/', ' HTTP/1.1\r\n', 'if-match: W/"1"\r\n', 'if-none-exist: identifier=1\r\n', '\r\n\r\n'),
    *('mm[Hg]', '10*3', '/(', '{a}', 'Cel', '[degF]', '^', ' mg/dL', '-30', "m[H2O]", '%', "'", '10^-0', 'mol', ' 1/0'),
    *('prefer: handling=strict\r\n', 'accept: application/fhir+xml\r\n', 'content-type: application/fhir+xml\r\n', 'content-type: application/x-www-form-urlencoded\r\n'),
)  # fmt: skip


def pairs_of(data: bytes) -> list[tuple[int, int]]:
    """The pieces of a text as pairs of places, cut where JSON, XML and URLs have their joints, for mutators that move whole members."""
    places = sorted({0, *_joints(data), len(data)})
    return [(start, end) for start, end in pairwise(places) if start < end]


def _joints(data: bytes) -> Iterator[int]:
    for at, byte in enumerate(data):
        if byte in b",\0\n&?":
            yield at + 1
        elif byte in b"<{[}]":
            yield at
