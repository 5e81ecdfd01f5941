"""MLLP under mutual TLS: those who know each other talk, and every other handshake fails with a reason that both sides can read."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ihe_kit import build, exchange, person, sandbox, send
from ihe_kit.core import Packet
from ihe_kit.exchanges import Lost
from ihe_kit.transports import Identity, MllpClient, Servers, peer
from ihe_kit.transports.tls import failure
from ihe_kit.v2.wire import frame
from tests.core.authority import Authority
from tests.core.test_transports import complaint, connect, echo


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def rogue(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("rogue"), "Nobody's authority")


@pytest.fixture
def servers() -> Iterator[Servers]:
    running = Servers(idle=1.0)
    yield running
    running.stop()


@pytest.fixture
def address(servers: Servers, authority: Authority) -> str:
    return servers.mllp(echo, identity=authority.identity("identity"))


def call(address: str, me: Identity, text: bytes = b"x") -> bytes:
    return peer(address, 3, me).call(Packet("mllp", frame(text))).data


def test_those_who_know_each_other_talk(address: str, authority: Authority, servers: Servers) -> None:
    assert address.startswith("mllps://127.0.0.1:")
    me = authority.identity("ward")
    assert call(address, me, "Ødegård".encode()) == frame("Ødegård".encode())
    big = b"MSH|" + b"x" * 3_000_000
    assert call(address, me, big) == frame(big)
    assert not [problem for problem in servers.problems if "TLS" in problem]


def test_admission_under_tls(authority: Authority) -> None:
    with sandbox() as box:
        address = box.servers.mllp(
            lambda packet, _: box.actors["Patient Encounter Consumer"].answers(packet), identity=authority.identity("s")
        )
        message = build("ITI-31", person("ingrid"), box.clock, box.ids)
        assert exchange("ITI-31", message, address, identity=authority.identity("c")).ok
        assert [one.code for one in send([message] * 3, address, identity=authority.identity("c"))] == ["AA"] * 3
        asked = build("ITI-31", person("tomas") | {"MSH-15": "AL", "MSH-16": "ER"}, box.clock, box.ids)
        with MllpClient(address, 3, authority.identity("c")) as client:
            assert client.send(asked).code == "CA"
            assert client.send(message).code == "AA"


@pytest.mark.parametrize(
    "who, client_says, server_says",
    [
        ("a rogue", "does not trust the authority that signed our certificate", "the certificate of the other side was not accepted"),
        ("an expired", "our certificate has expired", "certificate has expired"),
        ("nobody", "wants a certificate from us, and we showed none", "the client showed no certificate"),
    ],
)
def test_a_client_that_is_not_known(
    who: str, client_says: str, server_says: str, address: str, servers: Servers, authority: Authority, rogue: Authority
) -> None:
    if who == "nobody":
        context = ssl.create_default_context(cafile=str(authority.file))
        with (
            connect(address) as plain,
            pytest.raises(ssl.SSLError) as caught,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as sock,
        ):
            sock.sendall(frame(b"x"))
            sock.recv(100)
        says = failure(caught.value)
    else:
        me = rogue.identity("rogue", trusts=authority) if who == "a rogue" else authority.identity("old", days=-1)
        with pytest.raises(Lost) as lost:
            call(address, me)
        assert not lost.value.sent, "nothing was delivered, so nothing is in doubt"
        says = str(lost.value)
    assert client_says in says
    assert complaint(servers, server_says), servers.problems
    assert call(address, authority.identity("ward")) == frame(b"x"), "and the next one is served"


@pytest.mark.parametrize(
    "who, says", [("a rogue", "unable to get local issuer"), ("an expired", "has expired"), ("another", "not valid for '127.0.0.1'")]
)
def test_a_server_that_is_not_known(who: str, says: str, servers: Servers, authority: Authority, rogue: Authority) -> None:
    own = {
        "a rogue": lambda: rogue.identity("r", trusts=authority),
        "an expired": lambda: authority.identity("e", days=-1),
        "another": lambda: authority.identity("a", host="127.0.0.9"),
    }[who]()
    address, me = servers.mllp(echo, identity=own), authority.identity("ward")
    with pytest.raises(Lost, match="the certificate of the other side was not accepted") as lost:
        call(address, replace(me, check_name=who == "another"))
    if who == "another":  # the name is an option; without it, it is enough that the authority vouches for the node
        assert call(address, me) == frame(b"x")
    assert says.lower() in str(lost.value).lower()
    assert complaint(servers, "no TLS connection"), servers.problems


def _only_11(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    return context


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_refused(address: str, servers: Servers, authority: Authority) -> None:
    context = _only_11(authority.identity("ward").client())
    with connect(address) as plain, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(plain, server_hostname="127.0.0.1")
    assert complaint(servers, "1.2 is the oldest that is"), servers.problems


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_server_of_tls_1_1_is_left(authority: Authority) -> None:
    context = _only_11(authority.identity("old server").server())
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            sock, _ = listener.accept()
            try:
                context.wrap_socket(sock, server_side=True)
            except OSError:
                sock.close()

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(Lost, match=r"1\.2 is the oldest that is"):
            call(f"mllps://127.0.0.1:{listener.getsockname()[1]}", authority.identity("ward"))


def test_tls_and_plain_do_not_understand_each_other(address: str, servers: Servers, authority: Authority) -> None:
    with pytest.raises(Lost, match=r"closed|broke"):
        peer(address.replace("mllps", "mllp"), 3).call(Packet("mllp", frame(b"MSH|^~\\&|ADT")))
    assert complaint(servers, "does not speak TLS at all"), servers.problems
    with pytest.raises(Lost, match=r"does not speak TLS at all|hung up in the middle|did not answer"):
        call(servers.mllp(echo).replace("mllp", "mllps"), authority.identity("ward"))


def test_who_does_not_finish_the_handshake_is_let_go(address: str, servers: Servers) -> None:
    with connect(address) as sock:
        sock.sendall(b"\x16\x03\x01")
        assert complaint(servers, "no TLS connection"), servers.problems


def test_an_identity_says_what_is_wrong_with_it(authority: Authority, tmp_path: Path, servers: Servers) -> None:
    me, other = authority.identity("me"), authority.identity("other")
    with pytest.raises(ValueError, match=r"no identity can be made of .*me\.crt"):
        Identity(me.certificate, other.key, me.authorities).client()
    with pytest.raises(ValueError, match="No such file"):
        servers.mllp(echo, identity=Identity(tmp_path / "none", me.key, me.authorities))
    with pytest.raises(ValueError, match="say who you are and whom you trust"):
        peer("mllps://127.0.0.1:1")


def test_many_messages_under_tls(address: str, authority: Authority) -> None:
    me = authority.identity("ward").client()
    with (
        connect(address) as plain,
        me.wrap_socket(plain, server_hostname="127.0.0.1") as sock,
    ):
        stream = b"".join(frame(b"%d" % number) for number in range(500))
        sock.sendall(stream)
        got = b""
        while len(got) < len(stream):
            got += sock.recv(65536)
    assert got == stream
