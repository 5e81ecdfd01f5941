"""Where a REST API stands as its client knows it: what the links of an answer begin with."""

from __future__ import annotations

import re

from ihe_kit.rest import RestMessage

_HOST = r"[A-Za-z0-9.:\[\]_-]+"
_PREFIX = r"(?:[A-Za-z0-9._~@:+=/-]|%[0-9A-Fa-f]{2})*"  # escaped as it came: the name of a JupyterHub's user may hold an @


def base_url(message: RestMessage) -> str:
    """The URL of the API as the client knows it: what a proxy says it is, else what the request was sent to. Anybody may write a proxy's
    headers, so they shape nothing but the links of the answer to whoever wrote them, and only where they are what they have to be.
    """
    host = _told(message, "x-forwarded-host", _HOST) or message.headers.get("host") or "localhost"
    scheme = _told(message, "x-forwarded-proto", "https?") or "http"
    prefix = _told(message, "x-forwarded-prefix", _PREFIX).strip("/")
    return f"{scheme}://{host}{'/' if prefix else ''}{prefix}{message.base}"


def _told(message: RestMessage, name: str, pattern: str) -> str:
    """The first of several values of a header, what the proxy next to the client says, where it is written as it has to be; or ""."""
    first = message.headers.get(name, "").split(",")[0].strip()
    return first if re.fullmatch(pattern, first) else ""
