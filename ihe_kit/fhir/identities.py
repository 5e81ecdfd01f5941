"""Ids and identifiers: an element's id is unique in its resource, a contained resource has one, an identifier says whose it is."""

from __future__ import annotations

import re
from typing import Any

from ihe_kit.fhir.parts import Member
from ihe_kit.fhir.report import At, Report
from ihe_kit.fhir.walk import Context

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")


class Identities:
    """Looks at the ids and identifiers of a resource."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.ids: dict[int, set[str]] = {}

    def visit(self, value: Any, partner: Any, member: Member, own: str, at: At, context: Context) -> None:
        """Looks at one element. The id of an ElementDefinition names an element of what is defined, so it stands in both views of one."""
        code = member.type.code
        if member.name == "id" and own not in (f"{context.kind}.id", "ElementDefinition.id") and isinstance(value, str):
            seen = self.ids.setdefault(id(context), set())
            if value in seen:
                self.report.at("element-id", at)
            seen.add(value)
        elif code == "Identifier" and isinstance(value, dict):
            self._identifier(value, at)
        elif code == "canonical" and isinstance(value, str) and value and value[0] != "#" and not _ABSOLUTE.fullmatch(value):
            self.report.at("canonical", at)
        elif member.name == "contained" and isinstance(value, dict):
            self._contained(value, at, context)

    def _identifier(self, value: dict[str, Any], at: At) -> None:
        system, number = value.get("system"), value.get("value")
        if isinstance(system, str) and system and not _ABSOLUTE.fullmatch(system):
            self.report.at("identifier-system", (at, "system"))
        if system == "urn:ietf:rfc:3986" and isinstance(number, str) and not _ABSOLUTE.fullmatch(number):
            self.report.at("identifier-uri", (at, "value"))

    def _contained(self, value: dict[str, Any], at: At, context: Context) -> None:
        named = value.get("id")
        if not isinstance(named, str):
            self.report.at("contained-nested", at, missing="id")
            return
        seen = self.ids.setdefault(id(context.root), set())
        if f"#{named}" in seen:
            self.report.at("contained-twice", (at, "id"))
        seen.add(f"#{named}")
