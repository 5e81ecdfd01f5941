"""What it costs to begin: `import ihe_kit` over bare Python, and the sandbox from the call until every actor answers.

    uv run python benchmarks/start.py

Each figure is the median of several fresh processes in one run. The sandbox is compared with what starting Python's own http.server in a
fresh process costs: the least that any server in Python needs.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

ROUNDS = 9
BARE = "pass"
IMPORT = "import ihe_kit"
SANDBOX = """
import time
from ihe_kit import sandbox
began = time.perf_counter()
box = sandbox()
import socket
for address in set(box.addresses.values()):
    host, port = address.split("//")[1].split("/")[0].split(":")
    socket.create_connection((host, int(port)), 5).close()
print(time.perf_counter() - began)
box.stop()
"""
PEER = """
import time
began = time.perf_counter()
import http.server, socket, threading
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
socket.create_connection(server.server_address, 5).close()
print(time.perf_counter() - began)
server.shutdown()
"""


def whole(script: str) -> float:
    """Seconds that a fresh process takes, from start to end."""
    timer = "import subprocess, sys, time; b = time.perf_counter(); subprocess.run([sys.executable, '-c', sys.argv[1]], check=True); print(time.perf_counter() - b)"
    return float(subprocess.run([sys.executable, "-c", timer, script], capture_output=True, text=True, check=True).stdout)


def inside(script: str) -> float:
    """Seconds that the script itself prints."""
    return float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()[-1])


def median(measure: object, script: str) -> float:
    assert callable(measure)
    measure(script)  # the first one compiles
    return statistics.median(measure(script) for _ in range(ROUNDS))


def main() -> None:
    bare, with_kit = median(whole, BARE), median(whole, IMPORT)
    peer, box = median(inside, PEER), median(inside, SANDBOX)
    print(f"| {'what':<44} | {'seconds':>8} | ratio |")
    print(f"| {'-' * 44} | {'-' * 8} | ----- |")
    for what, seconds, base in (
        ("bare Python, start to end", bare, bare),
        ("with `import ihe_kit`", with_kit, bare),
        ("http.server, imported and listening", peer, peer),
        ("sandbox(), every actor listening", box, peer),
    ):
        print(f"| {what:<44} | {seconds:>8.3f} | {seconds / base:>5.1f} |")
    print(f"\nimport ihe_kit costs {1000 * (with_kit - bare):.0f} ms over bare Python; the sandbox is up {box:.2f} s after the call.")


if __name__ == "__main__":
    main()
