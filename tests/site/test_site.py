"""The page of a sandbox: what it shows, where its links lead, and that nothing in a message becomes more than text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest

from ihe_kit import build, exchange, person
from ihe_kit.core import Packet
from ihe_kit.demo import story, twice
from ihe_kit.exchanges import perform
from ihe_kit.profiles import transaction
from ihe_kit.region import Sandbox, story_clock, story_ids
from ihe_kit.site import Site
from ihe_kit.site.visit import Visit
from tests.site.given import CONTROL, HOSTILE, IMAGE, LINK, LONG, SCRIPT, get, keep, kept_many, seen, versions

OWN = {"script", "link", "meta"}
# Elements that a page of ours is made of. What is not here can only have come out of a message.
MADE = OWN | set(
    re.findall(
        r"\w+",
        "html head title body div header main aside section nav form fieldset legend label input select option button a b i p span small code kbd"
        " ul ol li dl dt dd h1 h2 h3 h4 table thead tbody tr th td bdi wbr details summary br noscript",
    )
)


def filled(box: Sandbox) -> Sandbox:
    """Systems in which the story happened, with many resources, versions and hostile content."""
    story(box)
    twice(box)
    versions(box)
    kept_many(box)
    keep(box, HOSTILE)
    keep(box, HOSTILE | {"birthDate": IMAGE})
    keep(box, {"resourceType": "Organization", "id": "fjordland", "name": SCRIPT})
    return box


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The page of such systems, of which nothing is ever changed."""
    with Sandbox("sqlite://", story_clock(), story_ids(), "127.0.0.1") as box:
        yield Site(filled(box))


def crawl(site: Site, prefix: str, *starts: str) -> dict[str, str]:
    """Every page that links lead to, as a browser finds them behind a prefix: path -> HTML."""
    pages: dict[str, str] = {}
    todo = [f"http://h{prefix}{start}" for start in ("", *starts)]
    while todo and len(pages) < 400:
        url = todo.pop()
        parts = urlsplit(url)
        assert parts.netloc == "h" and parts.path.startswith(prefix), f"{url} leaves {prefix}"
        path = parts.path.removeprefix(prefix) + (f"?{parts.query}" if parts.query else "")
        if path in pages:
            continue
        answer = get(site, path)
        assert answer.status == 200, (path, answer.body[:200])
        pages[path] = answer.body
        ways = [a["href"] for a in seen(answer.body).all("a") if "kit-cite" not in a.get("class", "")]
        # the filter and the chosen message are independent: their every pair would be four times as many pages
        todo += [urljoin(url, way) for way in ways if not way.startswith("#") and not ("standard=" in way and "message=" in way)]
    return pages


@pytest.mark.parametrize("prefix", ["/", "/user/abc/proxy/8123/"])
def test_every_link_leads_somewhere_and_stays_under_the_prefix(site: Site, prefix: str) -> None:
    pages = crawl(site, prefix, "Observation?_count=3")
    assert {
        "",
        "exchanges",
        "Patient",
        "Patient/hist",
        "Patient/hist/_history",
        "Patient/hist/_history/1",
        "Organization/fjordland",
    } <= set(pages)
    assert any(path.startswith("exchanges?message=1q") for path in pages)
    assert any(path.startswith("Observation?") and "_page=" in path for path in pages)
    assert len(pages) > 60


def test_nothing_in_a_message_becomes_more_than_text(box: Sandbox) -> None:
    """On every page there are our own elements alone, none with a handler, and every address is our own."""
    site = Site(filled(box))
    hurt = dict(person("ingrid")) | {"family": SCRIPT + IMAGE, "identifier": f"9{IMAGE}"}
    exchange("ITI-31", build("ITI-31", hurt, box.clock, box.ids), box)
    broken = Packet("http", f"GET /fhir/{SCRIPT} HTTP/1.1\r\nx: {IMAGE}\r\n\r\n".encode())
    perform(transaction("ITI-78"), broken, box.peer("Patient Demographics Supplier"), box.wire)
    pages = crawl(site, "/") | {f"find?q={x}": get(site, f"find?q={x}").body for x in ("script", "%3Cscript%3E", "%22%3E%3Cimg")}
    pages |= {way: get(site, way).body for way in (f"Patient/hostile?view={v}" for v in ("tree", "json", "xml", "findings"))}
    pages |= {
        way: get(site, way).body
        for way in (
            f"Patient?family=%3Cscript%3E&{IMAGE.replace(' ', '%20')}=1",
            "%3Cscript%3E",
            "Patient?_sort=%22%3E%3Cb%3E",
            "Patient?%E2%80%AEx%1B:%E2%80%AE=1&_sort=%E2%80%AE",
        )
    }
    assert any("alert(5)" in page for page in pages.values())
    for path, html in pages.items():
        page = seen(html)
        assert {tag for tag, _ in page.elements} <= MADE, path
        assert page.all("script") == [{"type": "module", "src": page.all("script")[0]["src"]}], path
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on") or name == "srcdoc"], path
        for tag, attributes in page.elements:
            for name in ("href", "src", "action"):
                way = attributes.get(name, "")
                own = way.startswith(("./", "../", "#")) or (tag == "link" and way.startswith("data:image/svg+xml,"))
                assert not way or own or attributes.get("class") == "kit-cite", (path, way)
        shown = re.sub(r' value="[^"]*"', "", html)  # a field keeps what the reader has typed
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]", shown), path


def test_a_hostile_resource_is_still_readable(site: Site) -> None:
    page = seen(get(site, "Patient/hostile").body)
    assert SCRIPT in page.text and LINK in page.text
    assert "Told" in page.text.split("Narrative, as text")[1][:20]
    told = page.text.split("Narrative, as text")[1].split("Structure")[0]
    assert "alert" not in told and "way" in told  # neither scripts nor handlers, but the words of the link
    assert [a["href"] for a in page.all("a") if "Organization/" in a["href"]] == ["../Organization/fjordland"]
    assert not [a for a in page.all("a") if "evil" in a["href"] or "Practitioner" in a["href"]]
    assert len(get(site, "Patient").body) < 40_000  # what is long is cut in a list
    assert LONG[:100] not in get(site, "").body


@pytest.mark.parametrize(
    "path", ["", "exchanges", "Patient", "Patient/none", "Patient?family:foo=1", "style.css", "search", "find?q=Patient", "nothing"]
)
def test_every_answer_carries_the_headers_that_keep_it_safe(site: Site, path: str) -> None:
    headers = get(site, path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'" and policy["base-uri"] == "'none'"
    assert policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'" and policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy["script-src"] and "unsafe-eval" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] in ("no-store", "no-cache")


@pytest.mark.parametrize(
    "host, known",
    [
        ("localhost", True), ("localhost:8123", True), ("LOCALHOST.", True), ("127.0.0.1:8123", True), ("[::1]:8123", True), ("box.localhost", True),
        ("192.168.1.5:80", True), ("evil.example", False), ("evil.example:8123", False), ("localhost.evil.example", False), ("", False),
        ("127.0.0.1.evil.example", False), ("notlocalhost", False), ("evil.example#localhost", False), ("::1@evil", False),
    ],
)  # fmt: skip
def test_only_names_of_this_computer_are_answered(site: Site, host: str, known: bool) -> None:
    answer = get(site, "Patient/hist", host=host)
    assert answer.status == (200 if known else 421)
    assert ("Petrova" in answer.body) is known


def test_other_names_have_to_be_allowed(box: Sandbox) -> None:
    assert get(Site(box, ["Course.example"]), "", host="course.example:8000").status == 200
    assert get(Site(box, ["course.example"]), "", host="other.example").status == 421
    assert get(Site(box, ["*"]), "", host="hub.mybinder.example").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_looking_changes_nothing(site: Site, method: str) -> None:
    before = site.box.store.table("document")[1], site.box.wire.last
    answer = get(site, "Patient/hist", method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    get(site, "Patient/hist/_history")
    assert (site.box.store.table("document")[1], site.box.wire.last) == before


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\xff", b"GET", b"GET /%ff%fe HTTP/1.1\r\nhost: localhost\r\n\r\n", b"GET /Patient/..%2f..%2fetc HTTP/1.1\r\nhost: localhost\r\n\r\n",
     b"GET //evil.example/ HTTP/1.1\r\nhost: localhost\r\n\r\n", b"GET /exchanges?message=99999999999999999999q HTTP/1.1\r\nhost: localhost\r\n\r\n",
     b"GET /Patient/hist?at=\xd9\xa3 HTTP/1.1\r\nhost: localhost\r\n\r\n", b"GET /Patient/hist/_history?from=-1&to=x HTTP/1.1\r\nhost: localhost\r\n\r\n",
     b"GET /search?type=%2F%2Fevil.example&p=a&m=&v=1 HTTP/1.1\r\nhost: localhost\r\n\r\n", b"GET /Patient?_page=zzz HTTP/1.1\r\nhost: localhost\r\n\r\n"],
)  # fmt: skip
def test_anything_is_answered_and_nobody_is_sent_away(site: Site, data: bytes) -> None:
    head = site.receive(Packet("http", data)).data.split(b"\r\n\r\n")[0].decode()
    status = int(head.split()[1])
    assert status in (200, 303, 400, 404, 421, 500)
    assert status != 500 or b"localhost" not in data  # what is no HTTP at all
    location = re.search(r"(?m)^location: (.*)$", head)
    assert location is None or location[1].strip() in ("./",)


def test_the_form_becomes_the_search_that_it_stands_for(site: Site) -> None:
    def sent(query: str) -> str:
        answer = get(site, f"search?{query}")
        assert answer.status == 303
        return answer.headers["location"]

    assert (
        sent("type=Patient&p=family&m=exact&v=Petrova&p=&m=&v=&_sort=-birthdate&_count=5")
        == "./Patient?family:exact=Petrova&_sort=-birthdate&_count=5"
    )
    assert sent("type=Observation&p=_has:x:y:z&m=missing&v=a%26b") == "./Observation?_has:x:y:z=a%26b"
    assert sent("type=Nothing&p=family&m=&v=1") == "./"
    page = seen(get(site, "Patient?family:exact=Petrova&general-practitioner.name=Berg").body)
    chosen = [option["value"] for option in page.all("option") if "selected" in option]
    assert chosen[:3] == ["family", "exact", "general-practitioner.name"]
    assert [one["value"] for one in page.all("input") if one.get("name") == "v"] == ["Petrova", "Berg", ""]
    assert "fhir/Patient?family:exact=Petrova&general-practitioner.name=Berg" in page.text


def test_a_form_offers_what_the_capability_statement_says(site: Site) -> None:
    visit = Visit(site.box)
    stated = next(one for one in visit.statement["rest"][0]["resource"] if one["type"] == "Observation")["searchParam"]
    offered = {option["value"] for option in seen(get(site, "Observation").body).all("option")}
    assert len(stated) > 20 and {one["name"] for one in stated} <= offered


def test_pages_of_a_search_follow_each_other(site: Site) -> None:
    found: list[str] = []
    way = "Observation?code=8480-6&_count=3"
    for _ in range(3):
        page = seen(get(site, way).body)
        found += [a["href"].rpartition("/")[2] for a in page.all("a") if re.fullmatch(r"\./Observation/o\d+", a["href"])]
        following = [a["href"] for a in page.all("a") if a.get("rel") == "next"]
        way = following[0].removeprefix("./") if following else ""
    assert sorted(found) == sorted(f"o{n}" for n in range(7)) and way == ""


def test_a_refused_search_says_why(site: Site) -> None:
    answer = get(site, "Patient?family:foo=1")
    assert answer.status == 400 and "has no modifier :foo" in seen(answer.body).text
    assert (
        "Every Patient whose family begins with “Ø”" in seen(get(site, "Patient?family=%C3%98").body).text
    )  # what the server did understand
    assert "left aside" in seen(get(site, "Patient?colour=red").body).text


def test_history_compares_two_versions(site: Site) -> None:
    text = seen(get(site, "Patient/hist/_history").body).text
    assert "3 versions" in text and "Version 2 and version 3" in text and "1 difference" in text
    page = seen(get(site, "Patient/hist/_history?from=1&to=3").body)
    assert "2 differences" in page.text and "Nadezhda" in page.text
    assert [one["value"] for one in page.all("input") if "checked" in one] == ["3", "1"]
    assert "is not here" in seen(get(site, "Patient/hist/_history?from=1&to=9").body).text


def test_what_was_deleted_says_so_and_shows_what_it_was(box: Sandbox) -> None:
    versions(box)
    asked = b"DELETE /fhir/Patient/hist HTTP/1.1\r\nhost: localhost\r\n\r\n"
    box.actors["FHIR server"].receive(Packet("http", asked))
    answer = get(Site(box), "Patient/hist")
    assert answer.status == 410 and "deleted" in seen(answer.body).text
    history = seen(get(Site(box), "Patient/hist/_history").body)
    assert "deleted" in history.text and "Version 2 and version 3" in history.text
    assert get(Site(box), "Patient/hist/_history/4").status == 410
    assert "Petrova" in get(Site(box), "Patient/hist/_history/3").body


def test_exchanges_of_every_standard(site: Site) -> None:
    rows = [a for a in seen(get(site, "exchanges").body).all("a") if "data-k" in a]
    assert len(rows) == 14 and {c for a in rows for c in a["class"].split() if c.startswith("kit-")} == {
        "kit-v2",
        "kit-fhir",
        "kit-openehr",
    }
    assert "PID" in seen(get(site, "exchanges?message=1q").body).text
    assert "Assigning Authority" in seen(get(site, "exchanges?message=1q&view=tree").body).text
    assert "archetype" in get(site, "exchanges?message=6q&view=bytes").body
    assert "refused" in seen(get(site, "exchanges?message=7a&view=findings").body).text
    only = [a["class"] for a in seen(get(site, "exchanges?standard=openehr").body).all("a") if "data-k" in a]
    assert len(only) == 6 and all("kit-openehr" in name for name in only)
    assert get(site, "exchanges/last").body == "7"


def test_finding(site: Site) -> None:
    assert get(site, "find?q=Patient%2Fhist").headers["location"] == "./Patient/hist"
    assert get(site, "find?q=Patient%3Ffamily%3DBerg").headers["location"] == "./Patient?family=Berg"
    assert "Patient/hist" in seen(get(site, "find?q=petrov").body).text
    assert "ITI-31" in seen(get(site, "find?q=4711").body).text
    assert "Nothing was found" in seen(get(site, "find?q=qqqq").body).text
    assert "What are you looking for?" in seen(get(site, "find").body).text


def test_files_are_fetched_once(site: Site) -> None:
    first = get(site, "style.css")
    assert first.headers["content-type"].startswith("text/css") and ".kit-page" in first.body
    assert get(site, "style.css", if_none_match=first.headers["etag"]).status == 304
    assert get(site, "page.js").headers["content-type"].startswith("text/javascript")


def test_an_empty_sandbox_has_its_pages(box: Sandbox) -> None:
    pages = crawl(Site(box), "/")
    assert "Nothing has crossed" in pages["exchanges"] and "None are kept yet" in pages[""]
    assert "No Patient is kept yet" in get(Site(box), "Patient").body
    assert CONTROL not in pages[""]
