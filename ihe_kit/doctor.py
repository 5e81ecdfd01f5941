"""What is installed, what is missing, and how to get it."""

from __future__ import annotations

import shutil
import socket
import sys
from importlib import metadata

NEEDED = ("jupyterlab", "ipywidgets", "anywidget", "ipykernel", "hl7apy", "fhir.resources", "fhirpathpy", "pandas", "httptools", "h11")
FOR_TESTS = ("pytest", "nbval", "hypothesis", "playwright", "mypy", "ruff")
PYTHON = (3, 11), (3, 13)


def examine() -> tuple[list[str], bool]:
    """(a line for each thing looked at, whether all that the course needs is there)."""
    lines, missing = [], []

    def say(good: bool, what: str, remedy: str = "", needed: bool = True) -> None:
        lines.append(f"{'ok     ' if good else 'missing' if needed else 'absent '}  {what}" + ("" if good else f"  {remedy}"))
        if not good and needed:
            missing.append(what)

    running = sys.version_info[:2]
    say(PYTHON[0] <= running <= PYTHON[1], f"Python {sys.version.split()[0]}", "the course needs Python 3.11, 3.12 or 3.13")
    for name in NEEDED:
        say(_version(name) != "", f"{name} {_version(name)}".strip(), "install it with: pip install ihe_kit")
    for name in FOR_TESTS:
        say(_version(name) != "", f"{name} {_version(name)} (tests only)", "install it with: uv sync", needed=False)
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    say(bool(browser), f"Chromium {browser or ''} (browser tests only)", "on Debian: apt-get install chromium", needed=False)
    say(_loopback(), "loopback: a port on 127.0.0.1 can be opened", "a firewall or a container forbids it; the sandbox cannot start")
    say(_course(), "the course's files", "install the package again: pip install --force-reinstall ihe_kit")
    lines.append("Everything that the course needs is here." if not missing else f"Missing: {', '.join(missing)}.")
    return lines, not missing


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _loopback() -> bool:
    try:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            return True
    except OSError:
        return False


def _course() -> bool:
    from ihe_kit.files import home

    return all((home() / part).is_dir() for part in ("data", "notebooks"))
