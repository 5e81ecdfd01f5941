"""The two files that every page asks for: the kit's one stylesheet with the page's own measures, and the JavaScript that makes it livelier."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from ihe_kit.files import PACKAGE
from ihe_kit.site.visit import Reply, Visit

_SHARED, _OWN = PACKAGE / "widgets" / "front", PACKAGE / "site" / "front"
_FILES = {
    "style.css": ("text/css; charset=utf-8", (_SHARED / "kit.css", _OWN / "page.css")),
    "page.js": ("text/javascript; charset=utf-8", (_SHARED / "kit.js", _OWN / "page.js")),
}


def show(visit: Visit, name: str) -> Reply:
    """A file, or 304 where the browser has it already."""
    kind, text, tag = _read(name)
    headers = (("etag", tag), ("cache-control", "no-cache"))
    return Reply("", 304, kind, headers) if visit.headers.get("if-none-match") == tag else Reply(text, 200, kind, headers)


@lru_cache(maxsize=4)
def _read(name: str) -> tuple[str, str, str]:
    kind, paths = _FILES[name]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return kind, text, f'"{sha256(text.encode()).hexdigest()[:16]}"'
