"""The web page as it is reached on Binder: from a notebook, through jupyter-server-proxy, under the prefix of JupyterHub."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ihe_kit.region import Sandbox
from ihe_kit.site import page as page_of
from tests.browser.conftest import free_port, opened, private, reader, until_up

HUB = "/user/abc/"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A JupyterLab as JupyterHub starts it, under a prefix and with the proxy: (its address, the folder that it serves)."""
    root = tmp_path_factory.mktemp("hub")
    work, port = root / "work", free_port()
    work.mkdir()
    env = private(root) | {"JUPYTERHUB_SERVICE_PREFIX": HUB}
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        f"--ServerApp.base_url={HUB}",
        "--IdentityProvider.token=tok",
    ]
    with (root / "log").open("w") as log:
        command = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={work}"]
        server = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    base = f"http://127.0.0.1:{port}{HUB.rstrip('/')}"
    try:
        until_up(f"{base}/api/status?token=tok", 60)
        yield base, work
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def test_behind_the_proxy_from_a_notebook(hub: tuple[str, Path]) -> None:
    """The link of a cell opens the page; its links, its form, its next pages and the FHIR server's own links stay under the prefix."""
    base, work = hub
    cells = (
        "from ihe_kit import page, sandbox",
        "from ihe_kit.demo import story",
        "from tests.site.given import kept_many, versions",
        "box = sandbox(); story(box); versions(box); kept_many(box)",
        "page(box)",
        "print('fhir', box.addresses['FHIR server'])",
    )
    with reader(base) as lab:
        opened(lab, base, work / "hub.ipynb", *cells)
        fhir = re.search(r"fhir http://127\.0\.0\.1:(\d+)/fhir", lab.locator(".jp-OutputArea-output", has_text="fhir http").inner_text())
        assert fhir
        link = lab.locator(f'.jp-OutputArea-output a[href^="{HUB}proxy/"]')  # JupyterLab has left the address as it is
        with lab.context.expect_page() as fresh:
            link.click()
        page = fresh.value
        prefix = re.match(rf"{base}/proxy/\d+/", page.url)
        assert prefix, page.url
        expect(page.locator("h1")).to_have_text("Fjordland Health")
        assert page.evaluate("getComputedStyle(document.querySelector('.kit-page')).display") == "grid"
        page.get_by_label("FHIR resources").get_by_role("link", name="Observation").click()
        page.get_by_label("Hits a page").select_option("5")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="Next").click()
        expect(page.get_by_role("link", name="Previous")).to_be_visible()
        page.locator("tbody th a").first.click()
        page.get_by_role("link", name="Patient/hist").click()
        page.get_by_role("link", name="History").click()
        expect(page.get_by_text("Version 2 and version 3")).to_be_visible()
        page.get_by_role("link", name="Exchanges").click()
        page.locator("a[data-k]").first.click()
        expect(page.locator(".detail h2")).to_have_text("ITI-31 Patient Encounter Management")
        assert page.url.startswith(prefix.group())
        server = f"{base}/proxy/{fhir[1]}/fhir"
        first = lab.request.get(f"{server}/Observation?_count=3&token=tok").json()
        ways = {one["relation"]: one["url"] for one in first["link"]}
        assert ways["next"].startswith(f"{server}/Observation?") and first["entry"][0]["fullUrl"] == f"{server}/Observation/o0"
        following = lab.request.get(ways["next"]).json()
        assert following["entry"][0]["resource"]["id"] == "o3"


def test_a_hub_is_asked_by_any_name(monkeypatch: pytest.MonkeyPatch, box: Sandbox) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/jo%C3%ABl/")
    found = page_of(box)
    port = found.address.rpartition(":")[2].strip("/")
    assert str(found) == f"/user/jo%C3%ABl/proxy/{port}/" and f'href="/user/jo%C3%ABl/proxy/{port}/"' in found._repr_html_()
    assert page_of(box) is found
