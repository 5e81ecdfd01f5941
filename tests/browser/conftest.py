"""JupyterLab with private folders and Chromium, for tests that drive a notebook as a reader does.

Chromium's path comes from the environment (CHROMIUM) or from the PATH. Without it the tests are skipped with a reason, and fail in CI.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--disable-dev-shm-usage"]  # fmt: skip
# A test that ends its kernel; a machine so busy that anywidget gives up after two seconds: what then does not work, a test sees.
HARMLESS = re.compile(
    r"favicon|Canceled future|Could not send widget sync message Error: Cannot send|\[anywidget\] Failed to initialize model"
)
HOME = Path(__file__).parents[2]


def _chromium() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not found:
        reason = "no Chromium: set CHROMIUM to its path"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return str(found)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def private(root: Path) -> dict[str, str]:
    """The environment of a Jupyter whose settings, data and kernels lie under a folder of its own."""
    folders = {"JUPYTER_CONFIG_DIR": "cfg", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "rt", "IPYTHONDIR": "ipy"}
    path = os.pathsep.join(filter(None, (str(HOME), os.environ.get("PYTHONPATH", ""))))
    _setting(root, "notebook-extension", "tracker", {"windowingMode": "none"})  # keep every cell in the page
    _setting(root, "docmanager-extension", "plugin", {"autosave": False})
    return os.environ | {name: str(root / folder) for name, folder in folders.items()} | {"JUPYTER_PLATFORM_DIRS": "1", "PYTHONPATH": path}


def _setting(root: Path, extension: str, plugin: str, values: dict[str, Any]) -> None:
    file = root / "cfg/lab/user-settings/@jupyterlab" / extension / f"{plugin}.jupyterlab-settings"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(values))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A running JupyterLab: (its address, the folder that it serves)."""
    _chromium()
    root = tmp_path_factory.mktemp("lab")
    work = root / "work"
    work.mkdir()
    _setting(root, "apputils-extension", "notification", {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True})
    env, port = private(root), free_port()
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--IdentityProvider.token=tok",
        f"--ServerApp.root_dir={work}",
    ]
    with (root / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    base = f"http://127.0.0.1:{port}"
    try:
        until_up(f"{base}/api/status?token=tok", 60)
        yield base, work
    finally:
        server.send_signal(signal.SIGTERM)  # ends the server and its kernels
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def until_up(address: str, seconds: float) -> None:
    """Waits until a server answers."""
    end = time.time() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=1)
            return
        except OSError:
            if time.time() > end:
                raise
            time.sleep(0.1)


@contextmanager
def reader(base: str) -> Iterator[Any]:
    """A page of Chromium. At its end: nothing was asked of the outside, and nothing went wrong on the console."""
    wrong: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=_chromium(), args=ARGUMENTS)
        context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"])
        tab = context.new_page()
        tab.on("request", lambda asked: None if asked.url.startswith((base, "data:", "blob:")) else wrong.append(f"asked for {asked.url}"))
        tab.on("pageerror", lambda problem: None if HARMLESS.search(str(problem)) else wrong.append(str(problem)))
        tab.on("console", lambda said: wrong.append(said.text) if said.type == "error" and not HARMLESS.search(said.text) else None)
        yield tab
        browser.close()
    assert wrong == []


@pytest.fixture
def page(lab: tuple[str, Path]) -> Iterator[Any]:
    """A page for one test."""
    with reader(lab[0]) as tab:
        yield tab


@pytest.fixture
def notebook(lab: tuple[str, Path], page: Any, request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Opens a notebook with these cells and runs them all: `page = notebook("x = 1", "x + 1")`."""
    base, work = lab

    def run(*cells: str) -> Any:
        name = f"{request.node.name}.ipynb".replace("[", "-").replace("]", "")
        return opened(page, base, work / name, *cells)

    return run


def opened(page: Any, base: str, file: Path, *cells: str) -> Any:
    """Writes a notebook with these cells, opens it and runs them all."""
    done = 'print("all done", 6 * 7)'
    code = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "execution_count": None, "outputs": [], "source": cell}
        for n, cell in enumerate((*cells, done))
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    file.write_text(json.dumps({"cells": code, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))
    page.goto(f"{base}/lab/tree/{file.name}?token=tok&reset")
    run_all(page, base, file.name)
    return page


def set_theme(page: Any, name: str) -> None:
    """The theme of JupyterLab, by its menu: `Light`, `Dark`, `Dark High Contrast`."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-item", has_text="Theme").first.hover()
    page.locator(".lm-Menu-item", has_text=re.compile(rf"^JupyterLab {name}\s*$")).click()
    page.wait_for_function("dark => document.body.dataset.jpThemeLight === String(!dark)", arg=name.startswith("Dark"))


def run_all(page: Any, base: str, name: str) -> None:
    """Runs all cells. The toolbar says idle before the connection exists, so the server is asked; a click that was lost is repeated."""
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").first.wait_for(timeout=90_000)
    for _ in range(300):
        sessions = page.request.get(f"{base}/api/sessions?token=tok").json()
        kernels = [s["kernel"] for s in sessions if s["path"] == name]
        if kernels and kernels[0]["execution_state"] == "idle" and kernels[0]["connections"] >= 1:
            break
        page.wait_for_timeout(100)
    for _ in range(10):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name=re.compile("^Run All Cells")).first.click()
        prompt = page.locator(".jp-CodeCell .jp-InputPrompt").filter(has_text=re.compile(r"\[(\*|\d+)\]")).first
        try:
            prompt.wait_for(timeout=3000)
            break
        except Exception:
            continue
    page.get_by_text("all done 42", exact=True).wait_for(timeout=180_000)
    errors = page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']")
    assert errors.count() == 0, errors.all_inner_texts()
