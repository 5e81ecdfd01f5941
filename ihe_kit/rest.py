"""What FHIR and openEHR share: a REST message is a text of which every value knows its place.

Such a message is a resource on its own, or a whole HTTP/1.1 message (start line, headers, an empty line, a body; RFC 9112). This file
opens no socket.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, unquote_plus

from ihe_kit.core import Element, Message, Packet, Unreadable
from ihe_kit.json_text import Node, plain, read_json

Rest = TypeVar("Rest", bound="RestMessage")

_HALF = re.compile("[\ud800-\udfff]")
_REQUEST = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\S*)(?: HTTP/1\.[01])?\r?$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HEAD_END, _NAME = re.compile(r"\r?\n\r?\n"), re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_RESPONSE = re.compile(r"HTTP/1\.[01] (\d{3})(?: ([^\r\n]*))?\r?$")


class RestMessage(Message):
    """A resource or a whole HTTP message. The rooms say how their paths look by `label` and `walk`.

    The parts of the HTTP message are addressed as FHIR's Bundle names them: `request.method`, `request.url`,
    `request.url.identifier` (one query parameter), `request.ifMatch`, `response.status`, `response.location`; headers become
    lower camel case.
    """

    base: str  # the path under which the standard's API lives, e.g. "/fhir"

    def __init__(self, text: str) -> None:
        self.text = text
        self.method = self.url = self.status = ""
        self.headers: dict[str, str] = {}
        self.body_start = self._read_head() or int(text.startswith("\ufeff"))  # a byte order mark is kept, not read
        self.holds_body = self._is_json() and bool(text[self.body_start :].strip())
        if self.holds_body:
            self.read()
        elif not (self.method or self.status or self.text[self.body_start :].strip()):
            raise Unreadable("expected a JSON object or an HTTP message, but the text is empty", text)

    def read(self) -> None:
        """Reads the body for the first time. A room that needs no tree yet may read it by a quicker way. Raises Unreadable."""
        _ = self.root

    @cached_property
    def root(self) -> Node | None:
        """The tree of the body, or None where there is no JSON in it."""
        return read_json(self.text, self.body_start) if self.holds_body else None

    def _is_json(self) -> bool:
        return "json" in self.headers.get("content-type", "json").lower()

    def _read_head(self) -> int:
        """Reads the start line and the headers. Returns where the body begins, 0 for what is no HTTP message. Raises Unreadable."""
        end = _HEAD_END.search(self.text)
        line, *rest = self.text[: end.start() if end else None].split("\n")
        request, response = _REQUEST.match(line), _RESPONSE.match(line)
        if request:
            self.method, self.url = request.groups()
        elif response:
            self.status = response.group(1)
        else:
            return 0
        for number, header in enumerate(rest):
            name, colon, value = header.partition(":")
            if not colon or not _NAME.fullmatch(name):
                place = len("\n".join([line, *rest[:number]])) + 1
                raise Unreadable("expected a header, a name and a value with a colon between them", self.text, place)
            name, value = name.lower(), value.strip()
            self.headers[name] = (
                ", ".join(filter(None, (self.headers[name], value))) if name in self.headers else value
            )  # RFC 9110 section 5.3
        return end.end() if end else len(self.text)

    @cached_property
    def head(self) -> list[Element]:
        """The elements of the start line, the query and the headers, each with its place, made when they are first asked for."""
        if not (self.method or self.status):
            return []
        line, *rest = re.split(r"(?<=\n)", _HEAD_END.split(self.text, maxsplit=1)[0])
        if self.method:
            start = line.index(self.url, len(self.method) + 1)
            found = [_element("request.method", self.method, 0), _element("request.url", self.url, start), *self._query_elements(start)]
        else:
            found = [_element("response.status", self.status, line.index(self.status, len("HTTP/1.1")))]
        side, position = "request" if self.method else "response", len(line)
        for header in rest:
            name, _, value = header.rstrip("\r\n").partition(":")
            start = position + len(name) + 1 + len(value) - len(value.lstrip())
            camel = re.sub(r"-(\w)", lambda m: m.group(1).upper(), name.lower())
            found.append(_element(f"{side}.{camel}", value.strip(), start))
            position += len(header)
        return found

    def _query_elements(self, start: int) -> Iterator[Element]:
        path, mark, query = self.url.partition("?")
        position = start + len(path) + len(mark)
        for pair in query.split("&") if mark else ():
            name, equals, value = pair.partition("=")
            plain_name, place = unquote_plus(name), position + len(name) + len(equals)
            yield Element(f"request.url.{plain_name}", f"?{plain_name}", unquote_plus(value), place, position + len(pair), 2)
            position += len(pair) + 1

    # what the rooms fill in

    @abstractmethod
    def label(self, node: Node, parent: Node | None, index: int) -> tuple[str, str]:
        """(the step that leads from the parent to this node in a path, the label of the node in the tree)."""

    @abstractmethod
    def walk(self, path: str) -> list[Element]:
        """The elements of the body at a path of the room's own language."""

    # what they share

    @property
    def target(self) -> str:
        """The URL below the API's base, without its query: `Patient/1`. A URL of another place stays whole."""
        path = re.sub(r"^https?://[^/]*", "", self.url.partition("?")[0])
        below = path.removeprefix(self.base)
        return below.strip("/") if below != path and below[:1] in ("", "/") else path

    @property
    def from_other_site(self) -> bool:
        """Whether a browser says that a page of another site asks for a change. Such a page cannot read the answer, but what it sends gets here."""
        return self.headers.get("sec-fetch-site") == "cross-site" and self.method not in ("GET", "HEAD", "OPTIONS")

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The query parameters, decoded, in order."""
        _, mark, query = self.url.partition("?")
        pairs = (pair.partition("=") for pair in query.split("&")) if mark else ()
        return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]

    @property
    def name(self) -> str:
        if self.method:
            return f"{self.method} {self.target}".strip()
        if self.status:
            return f"{self.status} {_reason(int(self.status))}".strip()
        return self.kind

    @property
    def is_answer(self) -> bool:
        return bool(self.status)

    @property
    def kind(self) -> str:
        """The type of what is in the body, or ""."""
        return ""

    @property
    def body(self) -> str:
        return self.text[self.body_start :]

    @cached_property
    def data(self) -> Any:
        """The body as Python values, or None."""
        return plain(self.root) if self.root else None

    def elements(self) -> Iterator[Element]:
        yield from self.head
        if self.root:
            yield from self._below(self.root, None, 0, "", 1)

    def _below(self, node: Node, parent: Node | None, index: int, path: str, level: int) -> Iterator[Element]:
        step, label = self.label(node, parent, index)
        here = path + step
        if label:
            yield Element(here, label, node.value, node.start, node.end, level)
        for number, child in enumerate(node.children):
            yield from self._below(child, node, number, here, level + 1 if label else level)

    def find(self, path: str) -> list[Element]:
        if path.startswith(("request.", "response.")):
            found = [element for element in self.head if element.path == path]
            side = "request" if self.method else "response" if self.status else ""
            return found or ([Element(path, path.rsplit(".", 1)[-1], "", 0, 0)] if path.startswith(f"{side}.") else [])
        return self.walk(path)


def _element(path: str, value: str, start: int) -> Element:
    return Element(path, path.rsplit(".", 1)[-1], value, start, start + len(value))


def is_http(text: str) -> str:
    """The URL of an HTTP request, the status of a response, or "": what a standard recognises its messages by."""
    line = text[: text.find("\n")] if "\n" in text[:4000] else text[:4000]
    found = _REQUEST.match(line) or _RESPONSE.match(line)
    return (found.group(2) or "") if found and found.re is _REQUEST else found.group(1) if found else ""


def parse_rest(kind: Callable[[str], Rest], text: str | bytes) -> Rest:
    """A message of this class from text or bytes (UTF-8, as both standards demand). Raises Unreadable."""
    if isinstance(text, str):
        if not text.isascii() and (half := _HALF.search(text)):
            raise Unreadable("half a surrogate pair is no character", text, half.start())
        return kind(text)
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as problem:
        good = text[: problem.start].decode("utf-8")
        raise Unreadable("expected UTF-8, but found a byte that is none", good, len(good)) from None
    return kind(decoded)


def request(method: str, url: str, body: str = "", headers: Sequence[tuple[str, str]] = ()) -> str:
    """The text of an HTTP/1.1 request. `url` starts with the API's base path; `headers` may name the host.

    >>> request("GET", "/fhir/Patient?family=Lind").splitlines()[0]
    'GET /fhir/Patient?family=Lind HTTP/1.1'
    """
    host = [] if any(name == "host" for name, _ in headers) else [("host", "localhost")]
    return _http(f"{method} {quote(url, safe='/?&=:,$%+;@!~*()')} HTTP/1.1", [*host, *headers], body)


def response(status: int, body: str = "", headers: Sequence[tuple[str, str]] = ()) -> str:
    """The text of an HTTP/1.1 response."""
    return _http(f"HTTP/1.1 {status} {_reason(status)}", headers, body, always=status != 204)


def http_date(moment: datetime) -> str:
    """A moment as HTTP writes it in a header, in English whatever the machine speaks (RFC 9110 section 5.6.7).

    >>> http_date(datetime.fromisoformat("2025-03-03T08:00:00+01:00"))
    'Mon, 03 Mar 2025 07:00:00 GMT'
    """
    utc = moment.astimezone(UTC)
    return f"{_DAYS[utc.weekday()]}, {utc.day:02} {_MONTHS[utc.month - 1]} {utc.year:04} {utc:%H:%M:%S} GMT"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _http(line: str, headers: Sequence[tuple[str, str]], body: str, always: bool = False) -> str:
    bad = next((name for name, value in headers if _CONTROL.search(value)), None)
    if bad:  # a line end in a value would begin a header of the sender's own
        raise ValueError(f"the value of the header {bad} holds a control character")
    size = len(body.encode("utf-8"))
    lines = [line, *(f"{name}: {value}" for name, value in headers), *([f"content-length: {size}"] if body or always else [])]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def to_packet(message: RestMessage, content_type: str) -> Packet:
    """The HTTP message that carries a REST message; a resource on its own is sent by POST to its type."""
    if message.method or message.status:
        return Packet("http", message.encode())
    return Packet("http", request("POST", f"{message.base}/{message.kind}", message.text, [("content-type", content_type)]).encode())


# Where Python's versions differ, the words that FHIR R4 and the openEHR API use.
_REASONS = {413: "Payload Too Large", 422: "Unprocessable Entity"}


def _reason(status: int) -> str:
    try:
        return _REASONS.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return ""
