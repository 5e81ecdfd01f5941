"""One request on its way through the server: what is asked, of whom, and how the answer is wanted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from ihe_kit.actors import Refused
from ihe_kit.actors.links import base_url
from ihe_kit.fhir import FhirMessage
from ihe_kit.store import Store


@dataclass(frozen=True)
class Call:
    """A request, with the store that it is about. `kind`, `id` and `version` come from its URL; inside a bundle `base` is the bundle's own."""

    store: Store
    clock: Callable[[], datetime]
    ids: Callable[[], str]
    message: FhirMessage
    kind: str = ""
    id: str = ""
    version: str = ""
    owner: str = ""  # whose base URL the answer's links begin with, where that is another request's

    @cached_property
    def base(self) -> str:
        """The URL of this server as the client knows it."""
        return self.owner or base_url(self.message)

    def new_id(self) -> str:
        """An id that no resource of the type has, or had."""
        return self.store.unused(self.kind, self.ids)

    @property
    def method(self) -> str:
        return self.message.method

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The query parameters; of a search by POST, those in the form too (FHIR R4 section 3.1.1)."""
        form = parse_qsl(self.message.body, keep_blank_values=True) if self.is_form else []
        return [*self.message.query, *form]

    @cached_property
    def is_form(self) -> bool:
        return "x-www-form-urlencoded" in self.header("content-type")

    def header(self, name: str) -> str:
        """A header of the request, or ""."""
        return self.message.headers.get(name, "")

    def wants(self, preference: str) -> bool:
        """Whether the request prefers something: `return=minimal`, `handling=strict` (FHIR R4 section 3.1.0.1.8)."""
        return preference.lower() in {part.strip().lower() for part in re.split("[;,]", self.header("prefer"))}

    def option(self, name: str, default: str = "") -> str:
        """The last value of a parameter that shapes the answer."""
        return next((value for key, value in reversed(self.query) if key == name), default)

    def number(self, name: str, default: int) -> int:
        """A parameter that is a number. Raises Refused for any other text."""
        value = self.option(name, str(default))
        if not re.fullmatch(r"\d{1,9}", value, re.ASCII):
            raise Refused(f"{name} is {value!r}, but has to be a number of entries, such as {name}=20")
        return int(value)

    def at(self, **named: Any) -> Call:
        """The same request about another resource."""
        return replace(self, **named)
