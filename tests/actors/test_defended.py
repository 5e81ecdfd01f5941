"""What is defended, point by point, for FHIR: one table of what comes in and what is answered. `AT_THE_DOORS` are texts that every door refuses alike,
`SAID` is what one door alone knows, and `ELSEWHERE` names the tests that show the rest, so that the whole list stands here.
"""

from __future__ import annotations

import ast
import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ihe_kit import cli
from ihe_kit.core import Unreadable
from ihe_kit.course import layout
from ihe_kit.fhir import conform, load, parse
from ihe_kit.region import Sandbox
from tests.actors.fhir_client import Client, observation, patient

ROOT = Path(__file__).parents[2]
XML = '<Patient xmlns="http://hl7.org/fhir">'
MANY = " ".join(f'a{n}=""' for n in range(200_100))
LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))

# Every door --------------------------------------------------------------------------------------------------------------------------------

# (what is defended, what comes in, the text, what is said); {} stands for the text of a JSON value
AT_THE_DOORS = [
    ("XML", "billion laughs", f'<!DOCTYPE Patient [<!ENTITY l0 "ha">{LAUGHS}]>{XML}<id value="&l9;"/></Patient>', "no DOCTYPE"),
    ("XML", "quadratic blow-up", f'<!DOCTYPE Patient [<!ENTITY a "{"a" * 50_000}">]>{XML}<id value="{"&a;" * 50_000}"/></Patient>', "no DOCTYPE"),
    ("XML", "a file of this computer", f'<!DOCTYPE Patient [<!ENTITY a SYSTEM "file:///etc/passwd">]>{XML}<id value="&a;"/></Patient>', "no DOCTYPE"),
    ("XML", "a DTD from elsewhere", f'<!DOCTYPE Patient SYSTEM "http://127.0.0.1:9/x.dtd">{XML}</Patient>', "no DOCTYPE"),
    ("XML", "a parameter entity", f'<!DOCTYPE Patient [<!ENTITY % a "<!ENTITY b \'c\'>">%a;]>{XML}</Patient>', "no DOCTYPE"),
    ("XML", "a bare DOCTYPE", f"<!DOCTYPE Patient>{XML}</Patient>", "no DOCTYPE"),
    ("XML", "an entity of nobody", f'{XML}<id value="&nbsp;"/></Patient>', "well-formed"),
    ("XML", "too deep", XML + "<contained>" * 100_000, "at most 200 levels"),
    ("XML", "more attributes than a message has values", f"{XML}<name {MANY}/></Patient>", "200000 elements and attributes"),
    ("XML", "a character that is none", f'{XML}<id value="&#0;"/></Patient>', "well-formed"),
    ("JSON", "RecursionError: arrays", "[" * 100_000, "at most 200 levels"),
    ("JSON", "RecursionError: objects", '{"a":' * 100_000, "at most 200 levels"),
    ("JSON", "more values than a message has", "[" + "0," * 200_000 + "0]", "at most 200000 values"),
    *[("JSON", f"no number: {word}", word, "expected a value") for word in ("NaN", "Infinity", "-Infinity", "nan", "+1", ".5", "-", "--1", "٣", "½")],
    *[("JSON", f"a number cut off: {word}", word, 'expected "," or "}"') for word in ("01", "1.", "1e", "1e+", "0x1", "1_000", "1.2.3", "-01")],
    *[("JSON", f"a number beyond all: {word[:9]}", word, "a number that a receiver can hold") for word in ("1e400", "-1e400", "1e99999999", "9" * 5_000)],
    ("JSON", "a name twice", '{"a": 1, "a": 2}', "stands twice"),
    ("JSON", "a name twice, once escaped", '{"a": 1, "\\u0061": 2}', "stands twice"),
    *[("JSON", f"half a surrogate pair: {word}", word, "half a surrogate pair") for word in ('"\\ud800"', '"\\udc00\\ud800"', '{"\\ud800": 1}', '"\\uD834x"')],
    *[("JSON", f"an escape that is none: {word}", word, "none that JSON knows") for word in ('"\\x41"', '"\\u12"', '"\\u 041"', '"\\U0041"', "\"\\'\"")],
    *[("JSON", f"a control character: {word!r}", word, "expected a value") for word in ('"a\nb"', '"\t"', '"\x00"', '"\x1f"')],
    *[("JSON", f"no string: {word!r}", word, "expected a value") for word in ("'a'", '"a', '"a\\', "a", "\\u0041", "“a”")],
    *[("JSON", f"no word: {word}", word, "expected a value") for word in ("True", "nul", "None", "undefined", "@", "\x00", "\v1", "\ufeff1", "\u20281")],
    *[("JSON", f"commas: {word}", word, "expected") for word in ("[1,]", "[,1]", "[1,,2]", "[1 2]", '{"a":1,}', "{,}", '{"a":1 "b":2}', "[1;2]")],
    *[("JSON", f"brackets: {word}", word, "expected") for word in ("[", "]", "{", "}", "[}", "{]", '{"a"', '{"a":', "[1}", "[[]", "[]]", "{}}")],
    *[("JSON", f"names: {word}", word, "expected") for word in ('{"a"}', "{1:2}", "{a:1}", "{'a':1}", "{null:1}", '{"a"::1}', '{"a":1:2}', '{:1}')],
    *[("JSON", f"no JSON any more: {word!r}", word, "expected") for word in ("1//x", "/**/1", "1 #x", "(1)", "<a/>", "1\x0c", "[1]\xa0", "")],
]  # fmt: skip
TEXTS = [
    (point, case, text if text.startswith("<") and point == "XML" else f'{{"resourceType": "Patient", "x": {text}}}', says)
    for point, case, text, says in AT_THE_DOORS
]


def parsed(text: str, _: Path) -> str:
    with pytest.raises(Unreadable) as caught:
        parse(text)
    return str(caught.value)


def parsed_bytes(text: str, _: Path) -> str:
    with pytest.raises(Unreadable) as caught:
        parse(text.encode())
    return str(caught.value)


def asked(method: str, target: str) -> Callable[[str, Path], str]:
    """A request to the server with the text as its body: refused, and nothing kept."""
    client = Client()
    client.put(patient("1"))
    before = client.kept()

    def door(text: str, _: Path) -> str:
        media = "application/fhir+xml" if text.startswith("<") else "application/fhir+json"
        answer = client(method, target, text, content_type=media)
        assert (answer.status, client.kept()) == (400, before)
        return answer.says

    return door


def a_profile(text: str, folder: Path) -> str:
    (folder / "profile.json").write_text(text, "utf-8")
    with pytest.raises(Unreadable) as caught:
        conform(parse('{"resourceType": "Patient"}'), folder / "profile.json")
    return str(caught.value)


def in_a_package(text: str, folder: Path) -> str:
    """A package holds JSON alone: what cannot be read there is left aside and named, the rest is known."""
    (folder / "package.json").write_text('{"name": "n"}', "utf-8")
    (folder / "a.json").write_text(text, "utf-8")
    return load(folder).problems["a.json"]


def the_command_line(text: str, folder: Path) -> str:
    (folder / "message.txt").write_text(text, "utf-8")
    assert cli.main(["validate", "--format", "json", str(folder / "message.txt")]) == 2
    return ""  # what it says is on the terminal, and `tests/core/test_cli.py` reads it


DOORS: dict[str, Callable[[str, Path], str]] = {
    "parse": parsed,
    "parse of bytes": parsed_bytes,
    "create": asked("POST", "Patient"),
    "update": asked("PUT", "Patient/1"),
    "patch": asked("PATCH", "Patient/1"),
    "a bundle": asked("POST", ""),
    "$validate": asked("POST", "Patient/$validate"),
    "a profile": a_profile,
    "a package": in_a_package,
    "the command line": the_command_line,
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_refuses(door: str, tmp_path: Path) -> None:
    for point, case, text, says in TEXTS:
        if door == "a package" and point == "XML":
            continue
        told = DOORS[door](text, tmp_path)
        assert door == "the command line" or says in told, f"{point}, {case}: {told}"


# One door ----------------------------------------------------------------------------------------------------------------------------------

ZIPPED = gzip.compress(b"{" + b" " * 5_000_000 + b"}")
POST = "POST /fhir/Patient HTTP/1.1\r\nhost: a\r\ncontent-type: application/fhir+json\r\n"
GET = "GET /fhir/Patient{} HTTP/1.1\r\nhost: a\r\n{}\r\n"

# (what is defended, what comes in, the request, the status, what is said)
SAID = [
    ("media type", "a form", POST.replace("fhir+json", "x-www-form-urlencoded") + "\r\nid=1", 415, "application/x-www-form-urlencoded"),
    ("media type", "HL7 v2", POST.replace("fhir+json", "hl7-v2") + "\r\nMSH|^~\\&", 415, "application/hl7-v2"),
    ("media type", "plain text with a resource", POST.replace("application/fhir+json", "text/plain") + "\r\n" + json.dumps(patient()), 415, "text/plain"),
    ("media type", "an answer in what nobody speaks", GET.format("/1", "accept: text/turtle\r\n"), 406, "JSON and XML"),
    ("old version", "If-Match on an old version", 'PUT /fhir/Patient/1 HTTP/1.1\r\ncontent-type: application/json\r\nif-match: W/"1"\r\n\r\n' + json.dumps(patient("1")), 412, "The version is 2 by now"),
    ("old version", "a delete of an old version", 'DELETE /fhir/Patient/1 HTTP/1.1\r\nif-match: W/"1"\r\n\r\n', 412, "The version is 2 by now"),
    ("unknown parameter", "lenient", GET.format("?famly=Lie", ""), 200, "famly"),
    ("unknown parameter", "lenient, asked for", GET.format("?famly=Lie", "prefer: handling=lenient\r\n"), 200, "famly"),
    ("unknown parameter", "strict", GET.format("?famly=Lie", "prefer: handling=strict\r\n"), 400, "famly"),
    ("unknown parameter", "in the condition of a delete", "DELETE /fhir/Patient?famly=Lie HTTP/1.1\r\n\r\n", 400, "famly"),
    ("text", "no UTF-8", (POST + "\r\n").encode() + b'{"resourceType": "Patient", "id": "\xe9"}', 400, "expected UTF-8"),
    ("text", "UTF-16", (POST + "\r\n").encode() + '{"resourceType": "Patient"}'.encode("utf-16"), 400, "expected UTF-8"),
    ("limits", "a zipped body is not unpacked", (POST + "content-encoding: gzip\r\n\r\n").encode() + ZIPPED, 400, "expected UTF-8"),
    ("limits", "more entries than a bundle has", "POST /fhir HTTP/1.1\r\n\r\n" + json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [{}] * 5_001}), 400, "5000 entries at most"),
    ("limits", "a page as large as all", GET.format("?_count=999999999", ""), 200, '"searchset"'),
    ("limits", "a chain without an end", GET.format("?organization." + "partof." * 50 + "name=x", ""), 400, "5 links at most"),
    ("keys", "an id that is a path", "GET /fhir/Patient/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\n\r\n", 404, "nothing at"),
    ("keys", "a path in the URL", "GET /fhir/../../etc/passwd HTTP/1.1\r\n\r\n", 404, "nothing at"),
    ("keys", "a version that is a path", "GET /fhir/Patient/1/_history/../../x HTTP/1.1\r\n\r\n", 404, "nothing at"),
    ("keys", "a resource whose id is a path", POST.replace("POST /fhir/Patient", "PUT /fhir/Patient/1") + "\r\n" + json.dumps(patient("../1")), 422, "is no id"),
    ("keys", "a file of this computer", "GET file:///etc/passwd HTTP/1.1\r\n\r\n", 404, "nothing at"),
    ("keys", "a profile that is a path", "POST /fhir/Patient/$validate?profile=/etc/passwd HTTP/1.1\r\n\r\n" + json.dumps(patient()), 400, "names no profile"),
    ("headers", "a line end in the host", POST.replace("host: a", "host: a\rb") + "\r\n" + json.dumps(patient()), 400, "holds a control character"),
    ("headers", "a prefix that is markup", GET.format("", 'x-forwarded-prefix: "><script>\r\n'), 200, '"url": "http://a/fhir/Patient"'),
]  # fmt: skip


@pytest.mark.parametrize("point, case, sent, status, says", SAID, ids=[f"{point}: {case}" for point, case, *_ in SAID])
def test_the_server_says(point: str, case: str, sent: str | bytes, status: int, says: str) -> None:
    client = Client()
    client.put(patient("1"), patient("1", active=True))
    before = client.kept()
    answer = client.send(sent.encode() if isinstance(sent, str) else sent)
    assert (answer.status, says in answer.text) == (status, True), answer.text
    assert client.kept() == before
    assert status < 400 or answer.data["resourceType"] == "OperationOutcome"


# Strings that look like something else to somebody: SQL, paths, formats, markup, scripts that run from right to left, and what has no width.
NAUGHTY = [
    "'; DROP TABLE document; --", '" OR ""="', "%s%n%x", "{0}{x!r}", "${7*7}{{7*7}}", "$(touch x)`touch x`", "../../etc/passwd", "C:\\con\\nul", "file:///etc/passwd",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "]]>", "<!--", "&lt;&#60;&amp;amp;", "\\u0000", "null", "undefined", "NaN", "true", "1e9",
    "-0", "0x1F", "٣", "Ⅷ", "ﬁ", "ß", "ẞ", "İi", "e\u0301", "\u202eevil", "\u2066x\u2069", "\u200b\u200d", "\ufeffx", "\u2028x\u2029", "\u00a0x\u3000", "😀", "👩‍👩‍👧", "🇳🇴", "𝕱", "\U0010ffff",
    "Z͑ͫ̓ͪ̂a", "א\u05b7ב", "سلام", "漢字", "ครู", "a" * 5_000, "\x7f", "\\", '\\"', "|^~&", "a|b", "a,b", "a$b", "a\\,b", "?", "*", "#", "a b", "+", "%20", "%00", ":exact",
]  # fmt: skip


@pytest.mark.parametrize("value", NAUGHTY, ids=[ascii(value)[:30] for value in NAUGHTY])
def test_a_naughty_string_is_a_string(value: str) -> None:
    """It is kept to the character, found by itself, the same in XML, and nothing else is found by it."""
    client = Client()
    client.put(patient("1"), patient("2", name=[{"family": value}], identifier=[{"system": "urn:x", "value": value}]))
    assert client("GET", "Patient/2").data["name"][0]["family"] == value
    escaped = "".join(f"\\{letter}" if letter in ",|$\\" else letter for letter in value)
    url = "".join(f"%{byte:02X}" for byte in escaped.encode())
    assert client("GET", f"Patient?identifier=urn:x|{url}").ids == ["Patient/2"]
    assert client("GET", f"Patient?family:exact={url}").ids == ["Patient/2"]
    again = client("GET", "Patient/2", accept="application/fhir+xml")
    assert parse(again.text).get("Patient.name.family") == [value]
    assert client("GET", "Patient/1").status == 200


def test_a_profile_that_refers_to_an_absent_one_says_so() -> None:
    """Said, not silent: of a target, of a type, of a value set, of the base, and where the resource itself names the profile."""
    own, target, type_, codes, base = (f"http://example.org/absent/{name}" for name in ("own", "target", "type", "codes", "base"))
    elements: list[dict[str, Any]] = [
        {"path": "Patient.generalPractitioner", "type": [{"code": "Reference", "targetProfile": [target]}]},
        {"path": "Patient.name", "type": [{"code": "HumanName", "profile": [type_]}]},
        {"path": "Patient.maritalStatus", "binding": {"strength": "required", "valueSet": codes}},
    ]
    status = {"coding": [{"system": "http://example.org/status", "code": "M"}]}
    body = patient("1", generalPractitioner=[{"reference": "Practitioner/p"}], maritalStatus=status, meta={"profile": [own]})
    profile = {"resourceType": "StructureDefinition", "url": "http://example.org/p", "type": "Patient", "derivation": "constraint"}
    of_patient = {"baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "differential": {"element": elements}}
    for changes, missing in ((of_patient, (own, target, type_, codes)), ({"baseDefinition": base}, (own, base))):
        found = [f for f in conform(parse(json.dumps(body)), profile | changes) if f.rule == "FHIR-NOT-CHECKED"]
        assert {f.severity for f in found} == {"information"}
        assert [url for url in missing if not any(url in f.says for f in found)] == []


# Nothing is fetched, opened or unpickled ------------------------------------------------------------------------------------------------------

LOOKED_AT = """
import json, sys
told, watching = [], False
FORBIDDEN = ("pickle.", "marshal.load", "socket.connect", "socket.getaddrinfo", "urllib.Request", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")
def watch(event, arguments):
    if watching and (event.startswith(FORBIDDEN) or (event == "open" and "passwd" in str(arguments[0]))):
        told.append(f"{event} {arguments[:2]!r}"[:200])
sys.addaudithook(watch)
import ihe_kit.region  # what Python itself keeps of its modules it loads by marshal: not looked at
from ihe_kit import explain, fhir, validate
from tests.actors.fhir_client import Client
client, bodies = Client(), json.load(sys.stdin)
for turn in range(2):  # the first one loads what is needed
    watching = turn == 1
    for kind, id, body in bodies:
        text = json.dumps(body)
        message = fhir.parse(text)
        for profile in (None, "http://127.0.0.1:9/StructureDefinition/p"):
            try:
                fhir.conform(message, profile)
            except (OSError, ValueError):
                pass
        validate(text); fhir.as_xml(message); message.find(f"{kind}.subject.resolve()"); message.find(f"{kind}.descendants().resolve()")
        for method, target in (("PUT", f"{kind}/{id}"), ("GET", f"{kind}/{id}"), ("POST", f"{kind}/$validate"), ("GET", f"{kind}?_include=*&_revinclude=*"), ("GET", "Patient/1/$everything")):
            client(method, target, body if method in ("PUT", "POST") else None)
    client("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": "http://127.0.0.1:9/fhir/Patient/1"}}]})
print(json.dumps(told))
"""
URLS = ["http://127.0.0.1:9/x", "https://example.org/Patient/1", "file:///etc/passwd", "//etc/passwd", "../../etc/passwd", "ftp://127.0.0.1:9/x", "data:text/plain,x", "jar:file:/x!/y"]  # fmt: skip


def test_nothing_is_fetched_opened_or_unpickled() -> None:
    """References, attachments, profiles, value sets and images that lead elsewhere: Python itself is asked what was opened meanwhile."""
    bodies: list[tuple[str, str, dict[str, Any]]] = [("Patient", "1", patient("1"))]
    for number, url in enumerate(URLS):
        document = {
            "resourceType": "DocumentReference",
            "id": f"d{number}",
            "meta": {"profile": [url]},
            "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><img src="{url}" alt="x"/></div>'},
            "status": "current",
            "subject": {"reference": url},
            "content": [{"attachment": {"url": url, "contentType": "text/plain"}, "format": {"system": url, "code": "x"}}],
        }
        binding = {
            "resourceType": "ValueSet",
            "id": f"v{number}",
            "status": "draft",
            "url": url,
            "compose": {"include": [{"valueSet": [url]}]},
        }
        seen = observation(f"o{number}", "1", "2025") | {"subject": {"reference": url}, "derivedFrom": [{"reference": url}]}
        bodies += [("DocumentReference", f"d{number}", document), ("ValueSet", f"v{number}", binding), ("Observation", f"o{number}", seen)]
    command = [sys.executable, "-c", LOOKED_AT]
    run = subprocess.run(command, input=json.dumps(bodies), capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) == []


def test_that_the_watch_sees_what_it_forbids() -> None:
    script = LOOKED_AT.partition("import ihe_kit.region")[0] + (
        "import pickle, socket\nwatching = True\npickle.loads(pickle.dumps(Exception))\n"
        "try:\n    socket.create_connection(('127.0.0.1', 9), 0.1)\nexcept OSError:\n    pass\nopen('/etc/passwd').close()\nprint(len(told) >= 3)"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False).stdout == "True\n"


@pytest.mark.parametrize("path", sorted((ROOT / "ihe_kit").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_of_ours_unpickles_or_runs_a_text(path: Path) -> None:
    """Caches too: what is kept between two runs is a database, or text."""
    tree = ast.parse(path.read_text("utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.name.split(".")[0] for alias in node.names} | {(getattr(node, "module", "") or "").split(".")[0]}
    assert not names & {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "read_pickle", "eval", "exec", "urlopen"}


def test_every_listener_is_on_this_machine(box: Sandbox) -> None:
    assert {address.split("://")[1].split(":")[0] for address in box.addresses.values()} == {"127.0.0.1"}
    assert box.servers.host == "127.0.0.1"


def test_jupyterlab_is_on_this_machine_with_a_token_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Jupyter makes a new token at every start, where nobody gives it one."""
    begun: list[list[str]] = []
    monkeypatch.setattr("os.execve", lambda _, command, __: begun.append(command))
    monkeypatch.setattr("subprocess.call", lambda *_, **__: 0)
    layout.open_lab(tmp_path, browser=False)
    (command,) = begun
    assert "--ServerApp.ip=127.0.0.1" in command
    settings = [path.read_text("utf-8") for path in (ROOT / "ihe_kit" / "course" / "lab").rglob("*") if path.is_file()]
    assert not [text for text in (*command, *settings) if "token" in text.lower() or "password" in text.lower()]


# The rest ------------------------------------------------------------------------------------------------------------------------------------

# (what is defended, what comes in and what is expected, the test that shows it)
ELSEWHERE = [
    ("shown values", "a hostile resource on the web page is text", "tests/site/test_site.py::test_a_hostile_resource_is_still_readable"),
    ("shown values", "every answer of the page forbids scripts of others", "tests/site/test_site.py::test_every_answer_carries_the_headers_that_keep_it_safe"),
    ("shown values", "a hostile value in the form of FHIR stays text", "tests/widgets/test_builder_fhir.py::test_a_hostile_value_stays_text_everywhere"),
    ("shown values", "hits of a search are only shown", "tests/widgets/test_searchbuilder.py::test_hostile_resources_are_only_shown"),
    ("shown values", "a definition is escaped", "tests/render/test_profile.py::test_what_a_definition_holds_is_escaped"),
    ("shown values", "a narrative that runs something is told", "tests/fhir/test_invariants.py::test_narratives"),
    ("XML", "more of what is no XML of FHIR's", "tests/fhir/test_xml.py::test_unreadable"),
    ("XML", "a tag of many attributes costs its length", "tests/fhir/test_xml.py::test_the_cost_of_a_tag_grows_with_its_attributes"),
    ("JSON", "where in the text it is wrong", "tests/core/test_json_text.py::test_what_is_no_json_is_refused_with_its_place"),
    ("JSON", "the quick reading refuses what the slow one does", "tests/core/test_json_text.py::test_the_quick_reading_is_the_slow_one"),
    ("limits", "bodies, heads, chunks and lengths that lie", "tests/actors/test_fhir_sockets.py::test_what_never_comes_whole_is_refused_in_fhirs_words"),
    ("limits", "more connections than a server has", "tests/actors/test_fhir_sockets.py::test_as_many_connections_as_a_server_has_and_more"),
    ("limits", "answers that nobody fetches", "tests/actors/test_fhir_sockets.py::test_an_answer_that_nobody_fetches_keeps_nobody_waiting"),
    ("limits", "a long resource costs its length", "tests/fhir/test_fuzz.py::test_the_cost_grows_with_the_length_and_no_faster"),
    ("limits", "a pattern that could take for ever", "tests/actors/test_hostile.py::test_a_pattern_that_could_take_for_ever_does_not"),
    ("limits", "a profile's pattern that could take for ever", "tests/fhir/test_patterns.py::test_a_pattern_that_could_take_for_ever_is_not_tried"),
    ("keys", "SQL in a key is a key", "tests/core/test_store.py::test_hostile_values_are_values"),
    ("fetching", "a link to another server is not followed", "tests/core/test_fhir_client.py::test_a_link_to_another_server_is_not_followed"),
    ("listeners", "every server is on this machine", "tests/core/test_transports.py::test_servers_listen_on_loopback_only"),
    ("pickles", "profiles of HL7 v2", "tests/v2/test_profile_xml.py::test_nothing_is_unpickled"),
    ("old version", "If-Match in all its forms", "tests/actors/test_fhir_rest.py::test_who_was_slower_is_told"),
    ("one bad entry", "nothing is kept, and the outcome names it", "tests/actors/test_fhir_bundles.py::test_one_bad_entry_rolls_everything_back_and_is_named"),
    ("unknown parameter", "queries that cannot be read", "tests/actors/test_fhir_search.py::test_a_query_that_cannot_be_read"),
    ("absent profile", "of a package nobody has", "tests/fhir/test_packages.py::test_a_resource_is_held_against_the_profile_of_a_package"),
    ("archives", "path traversal, absolute names, links, devices", "tests/fhir/test_packages.py::test_an_archive_that_leads_out_of_itself_is_refused"),
    ("archives", "bombs and huge counts", "tests/fhir/test_packages.py::test_bombs_are_refused"),
    ("archives", "headers that lie", "tests/fhir/test_packages.py::test_headers_that_lie"),
    ("archives", "a broken byte anywhere", "tests/fhir/test_packages.py::test_every_byte_of_an_archive_may_be_wrong"),
    ("archives", "names and addresses that stand twice", "tests/fhir/test_packages.py::test_what_stands_twice_is_told"),
    ("archives", "a package.json that is no object", "tests/fhir/test_packages.py::test_a_head_that_says_nothing"),
    ("archives", "bases in a circle", "tests/fhir/test_packages.py::test_definitions_that_lead_to_each_other"),
    ("archives", "links in a folder are not followed", "tests/fhir/test_packages.py::test_what_cannot_be_read_in_a_package_is_left_aside_and_named"),
    ("a kill", "nothing acknowledged is lost, nothing half-done", "tests/actors/test_fhir_killed.py::test_killed_in_the_middle_of_transactions"),
    ("a hang-up", "in the middle of a request", "tests/actors/test_fhir_sockets.py::test_who_hangs_up_in_the_middle_leaves_nothing"),
    ("the same twice", "one is made", "tests/actors/test_fhir_sockets.py::test_the_same_again_makes_no_second_one"),
    ("anything at all", "any request", "tests/actors/test_fhir_hostile.py::test_it_answers_anything"),
    ("anything at all", "what holds for every input", "tests/fhir/test_fuzz.py::test_the_corpus_changed_by_chance"),
]  # fmt: skip


@pytest.mark.parametrize("point, case, test", ELSEWHERE, ids=[test.partition("::")[2] for *_, test in ELSEWHERE])
def test_what_is_shown_elsewhere_is_there(point: str, case: str, test: str) -> None:
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
