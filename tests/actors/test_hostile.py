"""What a hostile or careless peer sends: nobody falls over, nobody waits, nothing is corrupted, and no fault of ours shows."""

from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihe_kit import build, exchange, fhir, openehr, person, rest, v2, validate
from ihe_kit.core import Packet, Unreadable
from ihe_kit.exchanges import Lost
from ihe_kit.fhir.formats import is_written
from ihe_kit.json_text import Node, read_json
from ihe_kit.region import Sandbox
from ihe_kit.transports import MllpPeer
from ihe_kit.v2.acknowledgment import asked
from tests.actors.test_exchanges import INGRID, ask, call, get


def test_a_pattern_that_could_take_for_ever_does_not(box: Sandbox) -> None:
    """Were base64 tried in every way in which blanks may fall, this would not end within a lifetime."""
    assert not is_written("base64Binary", Node("string", 0, scalar="AAAA " * 5000 + "!"))
    body = json.dumps({"resourceType": "Patient", "photo": [{"data": "AAAA " * 5000 + "!"}]})
    assert call(box, "FHIR server", "POST", "/Patient", body)[0] == 422


def test_more_values_than_a_message_can_have_are_refused() -> None:
    with pytest.raises(Unreadable, match="at most 200000 values"):
        read_json("[" + "1," * 300_000 + "1]")


def test_a_deep_text_is_not_copied_at_every_level() -> None:
    text = "[" * 190 + '"' + "x" * 200_000 + '"' + "]" * 190
    node = read_json(text)
    assert node.value == text
    assert node.scalar == ""


def test_what_is_found_is_what_was_kept(box: Sandbox) -> None:
    """Line separators of Unicode stand inside strings, and a bundle must not take them for line ends."""
    family = "A\u2028B\u0085C"
    body = f'{{"resourceType": "Patient", "name": [{{"family": "{family}"}}], "extension": [{{"url": "http://x", "valueDecimal": 1.10}}]}}'
    assert call(box, "FHIR server", "POST", "/Patient", body)[0] == 201
    (entry,) = get(box, "FHIR server", "/Patient")["entry"]
    assert entry["resource"]["name"][0]["family"] == json.loads(f'"{family}"')


@pytest.mark.parametrize("host", ['x","evil":"y', 'x"y', "[::1]"])
def test_a_host_is_a_value_and_no_json(box: Sandbox, host: str) -> None:
    ask(box, "ITI-104", INGRID)
    request = urllib.request.Request(f"{box.addresses['FHIR server']}/Patient", headers={"Host": host})
    with urllib.request.urlopen(request) as reply:
        (entry,) = json.load(reply)["entry"]
    assert set(entry) == {"fullUrl", "resource", "search"}


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\x00b"])
def test_no_line_end_in_a_header(value: str) -> None:
    with pytest.raises(ValueError, match="holds a control character"):
        rest.response(200, "", [("etag", value)])
    with pytest.raises(ValueError, match="holds a control character"):
        rest.request("GET", "/fhir", headers=[("accept", value)])


@pytest.mark.parametrize("text", ['\ufeff{"resourceType": "Patient"}', '\ufeff{"_type": "COMPOSITION"}', "\ufeffMSH|^~\\&|A"])
def test_a_byte_order_mark_is_kept_and_not_read(text: str) -> None:
    room = fhir if "resourceType" in text else v2 if "MSH" in text else openehr
    assert room.parse(text).text == text
    assert room.parse(text.encode()).encode() == text.encode()
    assert list(room.parse(text).elements())


def test_who_looks_on_breaks_nothing(box: Sandbox) -> None:
    def fault() -> None:
        raise RuntimeError("a widget fell over")

    box.wire.listeners.append(fault)
    assert get(box, "FHIR server", "/metadata")["resourceType"] == "CapabilityStatement"
    assert ask(box, "ITI-31", INGRID).ok
    assert len(box.wire) == 2


def test_a_fault_in_recording_does_not_take_the_answer_back(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ihe_kit.region.record", lambda *_: 1 / 0)
    assert get(box, "FHIR server", "/metadata")
    assert any("not recorded" in problem for problem in box.servers.problems)


@pytest.mark.parametrize(
    "url, status",
    [
        ("/Patient?family=,", 200),
        ("/Patient?birthdate=9999-12-31T23:59:59-12:00", 400),
        ("/Patient?birthdate=0001-01-01T00:00:00%2B14:00", 400),
        ("/Patient?_count=0", 200),
        ("Patient", 404),
    ],
)
def test_odd_searches(box: Sandbox, url: str, status: int) -> None:
    got, answer = call(box, "FHIR server", "GET", url)
    assert got == status
    assert "Error" not in json.dumps(answer)


def test_repeated_headers_are_one_list() -> None:
    message = fhir.parse("GET /fhir/Patient HTTP/1.1\r\naccept: application/fhir+json\r\naccept: text/html\r\n\r\n")
    assert message.headers["accept"] == "application/fhir+json, text/html"


def test_a_form_is_no_resource(box: Sandbox) -> None:
    request = urllib.request.Request(
        f"{box.addresses['FHIR server']}/Patient", b'{"resourceType": "Patient"}', {"Content-Type": "application/x-www-form-urlencoded"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 415


def test_the_same_patient_by_twenty_clients_at_once(box: Sandbox) -> None:
    body = json.dumps(
        {"resourceType": "Patient", "identifier": [{"system": "urn:oid:2.999.10.1", "value": "7"}], "name": [{"family": "Lie"}]}
    )

    def put(_: int) -> int:
        return call(box, "FHIR server", "PUT", "/Patient?identifier=urn:oid:2.999.10.1|7", body)[0]

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(put, range(40)))
    assert statuses == [200] * 39 + [201]


def test_conditional_update_and_ids(box: Sandbox) -> None:
    """FHIR R4 section 3.1.0.4.3: an id with no match creates it, another id than the match's is refused; If-Match by 3.1.0.5."""
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "id": "mine",
        "identifier": [{"system": "urn:x", "value": "7"}],
        "name": [{"family": "Lie"}],
    }
    url = "/Patient?identifier=urn:x|7"
    status, created = call(box, "FHIR server", "PUT", url, json.dumps(patient))
    assert (status, created["id"]) == (201, "mine")
    assert call(box, "FHIR server", "PUT", url, json.dumps(patient | {"id": "other"}))[0] == 400
    request = urllib.request.Request(
        f"{box.addresses['FHIR server']}/Patient/mine",
        json.dumps(patient).encode(),
        {"If-Match": 'W/"9"', "Content-Type": "application/json"},
        method="PUT",
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 412


def test_an_admission_keeps_what_another_wire_told(box: Sandbox) -> None:
    told = {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:oid:2.999.10.1", "value": "4711"}, {"system": "urn:oid:2.999.1.1", "value": "R-1"}],
        "name": [{"family": "Ødegård"}],
        "contact": [{"name": {"family": "Ødegård", "given": ["Nils"]}}],
    }
    assert call(box, "FHIR server", "PUT", "/Patient?identifier=urn:oid:2.999.10.1|4711", json.dumps(told))[0] == 201
    assert ask(box, "ITI-31", INGRID).ok
    (entry,) = get(box, "FHIR server", "/Patient?identifier=urn:oid:2.999.1.1|R-1")["entry"]
    assert entry["resource"]["contact"][0]["name"]["given"] == ["Nils"]
    assert entry["resource"]["birthDate"] == "1958-06-17"
    assert len(entry["resource"]["identifier"]) == 2


def test_a_code_that_fhir_does_not_know_is_left_out(box: Sandbox) -> None:
    assert ask(box, "ITI-31", INGRID | {"sex": "X"}).ok
    (entry,) = get(box, "FHIR server", "/Patient")["entry"]
    assert "gender" not in entry["resource"]
    assert [f for f in validate(json.dumps(entry["resource"])) if f.severity == "error"] == []


def test_a_peer_that_drips_holds_nobody_longer_than_one_that_is_silent() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        done = threading.Event()

        def drip() -> None:
            sock, _ = listener.accept()
            while not done.wait(0.05):
                try:
                    sock.sendall(b"x")
                except OSError:
                    return

        threading.Thread(target=drip, daemon=True).start()
        with pytest.raises(Lost, match="did not answer within"):
            MllpPeer("127.0.0.1", listener.getsockname()[1], 0.5).call(Packet("mllp", b"\x0bx\x1c\r"))
        done.set()


SOUND = [
    ("Patient Encounter Consumer", build("ITI-31", INGRID)),
    ("FHIR server", build("ITI-104", INGRID)),
    ("FHIR server", build("ITI-78", {"family": "Ødegård", "birthdate": "1958-06-17"})),
    ("openEHR repository", build("openEHR ehr", INGRID)),
    ("openEHR repository", build("openEHR composition", {"ehr_id": "e1", "systolic": 142, "diastolic": 91})),
]
PIECES = st.sampled_from(
    [
        "",
        "\r",
        "\n",
        "|",
        "^",
        "&",
        "~",
        "\\",
        '"',
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "zpi|1\r",
        "\\X0B\\",
        "\x0b",
        "\x00",
        "9" * 50,
        "é",
    ]
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=st.sampled_from(SOUND), data=st.data())
def test_a_mutated_message_is_answered_in_the_standards_own_words(box: Sandbox, case: tuple[str, Any], data: st.DataObject) -> None:
    actor, message = case
    text = message.text
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(PIECES) + text[end:]
    standard = box.actors[actor].standard
    sent = v2.to_wire(message).data.replace(message.encode(), text.encode()) if standard.key == "v2" else text.encode()
    reply = box.actors[actor].receive(Packet("any", sent))
    if not reply.data:  # silence is right only where it was asked for, and for what is an answer itself
        request = v2.parse(text)
        assert asked(request).enhanced or request.is_answer
        return
    answer = standard.from_wire(reply)
    for words in ("the receiver failed", "cannot be answered", "Error:"):
        assert words not in answer.text, text


def test_exchanges_of_many_threads_are_all_kept(box: Sandbox) -> None:
    message = build("ITI-78", {"family": "Lie"}, box.clock, box.ids)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: exchange("ITI-78", message, box), range(60)))
    assert all(one.ok for one in done)
    assert sorted(one.number for one in done) == list(range(1, 61))
    assert person("ingrid")
