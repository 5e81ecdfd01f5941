"""MLLP: messages a second that a server takes and acknowledges, against other servers in Python, with the same client, in one run.

    uv run --group benchmark python benchmarks/mllp.py

Each server runs in a process of its own; the client sends an admission, waits for its answer, checks it and sends the next one, over one
connection (hl7apy hangs up after each message, so there the client connects again). Servers take turns; each figure is the median of the turns.

- constant     the same bytes for every message: what framing and sockets alone cost
- bare         the message is parsed and acknowledged with AA, as each library's own documentation does it
- kept         ihe_kit's V2Receiver: header checked, repetitions recognised, message and answer kept in the store
- ITI-31       ihe_kit's Patient Encounter Consumer: all that, every rule of PAM checked, patient and stay kept. Another patient each time.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from time import perf_counter

TURNS, SECONDS = 5, 1.5
SERVERS = {
    "ihe_kit, constant": """
from ihe_kit.core import Packet
from ihe_kit.transports import Servers
from ihe_kit.v2 import acknowledge, parse
reply = Packet("mllp", ACK)
servers = Servers()
print(servers.mllp(lambda packet, port: reply, at_once=True).rsplit(":", 1)[1], flush=True)
""",
    "python-hl7, constant": """
import asyncio, hl7, hl7.mllp
async def serve(reader, writer):
    try:
        while True:
            await reader.readblock()
            writer.writeblock(ACK[1:-2])
            await writer.drain()
    except asyncio.IncompleteReadError:
        writer.close()
async def main():
    server = await hl7.mllp.start_hl7_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
""",
    "ihe_kit, bare": """
from datetime import datetime
from itertools import count
from ihe_kit.transports import Servers
from ihe_kit.v2 import acknowledge, from_wire, to_wire
numbers = count()
answer = lambda packet, port: to_wire(acknowledge(from_wire(packet), "AA", datetime.now, lambda: str(next(numbers))))
print(Servers().mllp(answer, at_once=True).rsplit(":", 1)[1], flush=True)
""",
    "python-hl7, bare": """
import asyncio, hl7.mllp
async def serve(reader, writer):
    try:
        while True:
            message = await reader.readmessage()
            writer.writemessage(message.create_ack())
            await writer.drain()
    except asyncio.IncompleteReadError:
        writer.close()
async def main():
    server = await hl7.mllp.start_hl7_server(serve, "127.0.0.1", 0, encoding="utf-8")
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
""",
    "hl7apy, bare": """
import socket
from hl7apy.core import Message
from hl7apy.mllp import AbstractHandler, MLLPServer
from hl7apy.parser import parse_message
class Handler(AbstractHandler):
    def reply(self):
        request = parse_message(self.incoming_message)
        answer = Message("ACK", version="2.5")
        answer.msh.msh_9 = "ACK^A01^ACK"
        answer.msa.msa_1, answer.msa.msa_2 = "AA", request.msh.msh_10.to_er7()
        return answer.to_mllp()
with socket.socket() as sock:
    sock.bind(("127.0.0.1", 0))
    port = sock.getsockname()[1]
server = MLLPServer("127.0.0.1", port, {"ADT^A01^ADT_A01": (Handler,)})
print(port, flush=True)
server.serve_forever()
""",
    "ihe_kit, kept": """
from datetime import datetime
from itertools import count
from ihe_kit.actors.v2_receiver import V2Receiver
from ihe_kit.store import Store
from ihe_kit.transports import Servers
class Receiver(V2Receiver):
    events = {"ADT^A01": "admit"}
    def take(self, request):
        return None
numbers = count()
actor = Receiver(Store(), datetime.now, lambda: str(next(numbers)))
print(Servers().mllp(lambda packet, port: actor.answers(packet)).rsplit(":", 1)[1], flush=True)
""",
    "ihe_kit, ITI-31": """
from datetime import UTC, datetime
from itertools import count
from ihe_kit.actors.encounter_consumer import EncounterConsumer
from ihe_kit.store import Store
from ihe_kit.transports import Servers
numbers = count()
actor = EncounterConsumer(Store(), lambda: datetime.now(UTC), lambda: str(next(numbers)))
print(Servers().mllp(lambda packet, port: actor.answers(packet)).rsplit(":", 1)[1], flush=True)
""",
}
ADMISSION = (
    "MSH|^~\\&|ADT|NORDVIK|IDENTITY|FJORDLAND|20250303080000+0100||ADT^A01^ADT_A01|{0}|P|2.5\r"
    "EVN||20250303080000+0100||||20250303080000+0100\r"
    "PID|||P{0}^^^NORDVIK&2.999.10.1&ISO^PI||Brandt^Ingrid^^^^^L||19580617|F|||Fjordgata 3^^Nordvik^^7010^NOR^H\r"
    "PV1||I|MED3^301^A^NORDVIK||||||||||||||||V{0}^^^NORDVIK&2.999.10.1&ISO^VN|||||||||||||||||||||||||20250303080000+0100|||||||V\r"
)
CONSTANT = b"\x0bMSH|^~\\&|||||20250303080000||ACK^A01^ACK|1|P|2.5\rMSA|AA|1\r\x1c\r"


class Client:
    """Sends one message after the other and waits for each answer; connects again where the server hangs up."""

    def __init__(self, port: int) -> None:
        self.port, self.sock = port, socket.create_connection(("127.0.0.1", port), 10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, message: bytes) -> bytes:
        try:
            self.sock.sendall(message)
            answer = self._read()
        except ConnectionError:
            answer = b""
        if not answer:
            self.sock.close()
            self.__init__(self.port)  # type: ignore[misc]
            self.sock.sendall(message)
            answer = self._read()
        return answer

    def _read(self) -> bytes:
        answer = b""
        while not answer.endswith(b"\x1c\r"):
            chunk = self.sock.recv(65536)
            if not chunk:
                return b""
            answer += chunk
        return answer


def numbers(start: int = 1) -> Iterator[bytes]:
    """Admissions, each of another patient: (the frame, its control ID)."""
    number = start
    while True:
        yield b"\x0b" + ADMISSION.format(number).encode() + b"\x1c\r"
        number += 1


def turn(client: Client, messages: Iterator[bytes], constant: bool) -> float:
    """Messages a second, in one turn. Raises SystemExit for an answer that is not the one."""
    batch = [next(messages) for _ in range(int(8000 * SECONDS))]
    began, count = perf_counter(), 0
    for message in batch:
        answer = client.ask(message)
        control = b"1" if constant else message.split(b"|", 10)[9]
        if b"MSA|AA|" + control not in answer.replace(b"MSA|AA|" + control + b"\x1c", b"MSA|AA|" + control + b"\r"):
            sys.exit(f"a wrong answer to {message!r}: {answer!r}")
        count += 1
        if perf_counter() - began > SECONDS:
            break
    return count / (perf_counter() - began)


def main() -> int:
    servers, clients, streams = {}, {}, {}
    rates: dict[str, list[float]] = {name: [] for name in SERVERS}
    try:
        for name, script in SERVERS.items():
            text = f"ACK = {CONSTANT!r}\n{script}\nimport time\nwhile True:\n    time.sleep(60)\n"
            servers[name] = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
            stdout = servers[name].stdout
            assert stdout is not None
            clients[name], streams[name] = Client(int(stdout.readline())), numbers()
        for number in range(TURNS + 1):  # the first turn loads definitions, and does not count
            for name in SERVERS:
                rate = turn(clients[name], streams[name], "constant" in name)
                if number:
                    rates[name].append(rate)
    finally:
        for server in servers.values():
            server.kill()
    medians = {name: statistics.median(found) for name, found in rates.items()}
    print("| server             | messages/s | to ihe_kit's |\n| ------------------ | ---------: | -----------: |")
    for name, rate in medians.items():
        own = medians[f"ihe_kit, {name.split(', ')[1]}"]
        print(f"| {name:<20} | {rate:>8,.0f} | {rate / own:.2f} |")
    bare = medians["ihe_kit, bare"]
    return 0 if bare >= medians["python-hl7, bare"] and bare >= 10 * medians["hl7apy, bare"] else 1


if __name__ == "__main__":
    sys.exit(main())
