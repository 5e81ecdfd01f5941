"""A search as a URL: read into its parts, and written again, with the escaping of both layers right.

Two layers lie over each other. The URL's: what is no letter there is written as `%` and two digits. FHIR's own: `,` parts values, `|` the parts of
a token, `$` those of a composite, so that such a mark inside a value has a backslash before it (FHIR R4 section 3.1.1.4.19). Nothing here raises: what
no server would understand is read as it stands, and `search_words` says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote_plus

from ihe_kit.fhir.comparing import plain, split
from ihe_kit.fhir.parameters import RESULT, Parameter, find_parameter
from ihe_kit.fhir.search_values import PREFIXES
from ihe_kit.fhir.tables import resource_types

NO_SYSTEM = "no system"  # what a form shows for `|code`, a code without a system
# type of parameter -> the fields that one of its values is made of
FIELDS = {
    "string": ("text",),
    "uri": ("text",),
    "reference": ("text",),
    "token": ("system", "code"),
    "date": ("prefix", "text"),
    "number": ("prefix", "text"),
    "quantity": ("prefix", "text", "system", "code"),
    "include": ("source", "param", "target"),
    "sort": ("direction", "text"),
}
ORDERED = ("date", "number", "quantity")  # what a prefix may stand before


@dataclass(frozen=True, slots=True)
class Link:
    """A step from one type of resource to another: along a reference (`subject:Patient.`), or back along one (`_has:Observation:subject:`).

    `kind` is the type that it starts from; `target` the type that it leads to, "" where the reference may lead to several and none is named.
    """

    kind: str
    param: str
    target: str
    back: bool = False

    def __str__(self) -> str:
        return f"_has:{self.target}:{self.param}:" if self.back else f"{self.param}{':' if self.target else ''}{self.target}."


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a parameter, taken apart: the links that lead to the resource it looks into, its code and its modifier."""

    kind: str
    links: tuple[Link, ...]
    code: str
    modifier: str = ""

    def __str__(self) -> str:
        return "".join(map(str, self.links)) + self.code + (f":{self.modifier}" if self.modifier else "")

    @property
    def at(self) -> str:
        """The type of resource that the parameter looks into; the one that is nearest where a link leads to several."""
        for link in reversed(self.links):
            if link.target:
                return link.target
            found = find_parameter(link.kind, link.param)
            known = [one for one in (found.targets if found else ()) if find_parameter(one, self.code)]
            if known or found:
                return next(iter(known or (found.targets if found else ())), "")
        return self.kind

    @property
    def parameter(self) -> Parameter | None:
        """The definition of the parameter at the end of the links; None where there is none of the name."""
        return find_parameter(self.at, self.code)

    @property
    def type(self) -> str:
        """What kind of value it takes: a type of parameter, `missing`, `include`, `sort`, `option`, or "" for an unknown one."""
        if not self.links and self.code in RESULT:
            return {"_include": "include", "_revinclude": "include", "_sort": "sort"}.get(self.code, "option")
        if self.modifier == "missing":
            return "missing"
        return self.parameter.type if self.parameter else ""


@dataclass(frozen=True, slots=True)
class Part:
    """One parameter of a search as the server reads it: its name, and its value with FHIR's backslashes still in it."""

    name: str
    value: str = ""

    @property
    def values(self) -> tuple[str, ...]:
        """The alternatives between commas: one of them is enough."""
        return tuple(split(self.value, ","))

    def __str__(self) -> str:
        """As it stands in a URL."""
        return f"{quote(self.name, safe=':$')}={escaped(self.value)}"


@dataclass(frozen=True, slots=True)
class SearchUrl:
    """A search: the type of resource, and its parts. `within` is the resource whose compartment is searched: `Patient/1` of `Patient/1/Observation`."""

    kind: str
    parts: tuple[Part, ...] = ()
    within: str = ""

    def __str__(self) -> str:
        query = "&".join(str(part) for part in self.parts if part.name)
        return f"{self.path}?{query}" if query else self.path

    @property
    def path(self) -> str:
        """What stands before the question mark."""
        return quote(f"{self.within}/{self.kind}" if self.within else self.kind, safe="/*")

    def put(self, number: int, part: Part) -> SearchUrl:
        """The same with another part at a place; one behind the last is added."""
        return replace(self, parts=(*self.parts[:number], part, *self.parts[number + 1 :]))

    def without(self, number: int) -> SearchUrl:
        """The same without a part."""
        return replace(self, parts=self.parts[:number] + self.parts[number + 1 :])

    def names(self) -> Iterator[Name]:
        """The name of each part, taken apart."""
        return (read_name(self.kind, part.name) for part in self.parts)


def read_url(text: str) -> SearchUrl:
    """A search from a URL, whole or only its end, typed or pasted; also from the first line of an HTTP request.

    >>> read_url("GET http://127.0.0.1:8080/fhir/Patient?name=Anna%2CMaria&birthdate=ge1950").parts[0]
    Part(name='name', value='Anna,Maria')
    """
    line = re.sub(r"^\s*GET\s+|\s+HTTP/1\.[01]\s*$", "", text.strip())
    path, _, query = line.partition("?")
    steps = [unquote_plus(step) for step in re.sub(r"^https?://[^/]*", "", path).split("/") if step and step != "_search"]
    first = next((number for number, step in enumerate(steps) if step in resource_types()), len(steps) - 1)
    steps = steps[max(first, 0) :]
    parts = tuple(_part(pair) for pair in query.split("&") if pair)
    if len(steps) == 3:
        return SearchUrl(steps[2], parts, f"{steps[0]}/{steps[1]}")
    return SearchUrl("/".join(steps), parts)


def _part(pair: str) -> Part:
    name, _, value = pair.partition("=")
    return Part(unquote_plus(name), unquote_plus(value))


def escaped(value: str) -> str:
    """A value as a URL has it: what has a meaning there, and what is no letter of ASCII, is written in percent. Commas may stay.

    >>> escaped("http://loinc.org|8480-6")
    'http://loinc.org%7C8480-6'
    """
    return quote(value.encode("utf-8", "replace"), safe=":/,$")


def read_name(kind: str, text: str) -> Name:
    """The name of a parameter, taken apart.

    >>> [str(link) for link in read_name("Observation", "subject:Patient.name:exact").links]
    ['subject:Patient.']
    """
    links: list[Link] = []
    here = kind
    while text:
        if text.startswith("_has:"):
            source, param, rest = [*text.split(":", 3)[1:], "", "", ""][:3]
            links.append(Link(here, param, source, back=True))
            here, text = source, rest
        elif "." in text:
            first, _, text = text.partition(".")
            param, _, target = first.partition(":")
            links.append(Link(here, param, target))
            here = target or _leads_to(here, param)
        else:
            break
    code, _, modifier = text.partition(":")
    return Name(kind, tuple(links), code, modifier)


def _leads_to(kind: str, param: str) -> str:
    found = find_parameter(kind, param)
    return found.targets[0] if found and len(found.targets) == 1 else ""


# Values --------------------------------------------------------------------------------------------------------------------------------


def fields_of(name: Name) -> tuple[str, ...]:
    """The fields that one value of a parameter is made of; a value of a kind that has no fields is one text as FHIR writes it."""
    return (
        FIELDS["token"]
        if name.modifier == "identifier"
        else ("raw",)
        if name.modifier in ("of-type", "missing", "in", "not-in")
        else FIELDS.get(name.type, ("raw",))
    )


def cut(name: Name, value: str) -> dict[str, str]:
    """One value of a parameter as its fields, without backslashes.

    >>> cut(read_name("Observation", "date"), "ge2025-03")
    {'prefix': 'ge', 'text': '2025-03'}
    """
    fields = fields_of(name)
    if fields == ("raw",):
        return {"raw": value.replace(r"\,", ",")}
    if fields == FIELDS["include"]:
        return dict(zip(fields, [*value.split(":", 2), "", ""], strict=False))
    if fields == FIELDS["sort"]:
        return {"direction": "-" if value.startswith("-") else "", "text": value.removeprefix("-")}
    found = dict.fromkeys(fields, "")
    if "prefix" in fields:
        prefix = value[:2] if value[:2] in PREFIXES else ""
        found["prefix"], value = prefix, value[len(prefix) :]
    if "code" not in fields:
        found["text"] = plain(value)
    elif "text" in fields:
        found |= dict(zip(("text", "system", "code"), map(plain, [*split(value, "|", 2), "", ""]), strict=False))
    else:
        system, *code = split(value, "|", 1)
        found |= {"system": plain(system) or NO_SYSTEM, "code": plain(code[0])} if code else {"code": plain(system)}
    return found


def join(name: Name, found: Mapping[str, str]) -> str:
    """The fields of a value put together, with a backslash before each mark that is none.

    >>> join(read_name("Patient", "family"), {"text": "Berg, Lie"})
    'Berg\\\\, Lie'
    """
    fields = fields_of(name)
    value = {field: found.get(field, "") for field in fields}
    if fields == ("raw",):
        return re.sub(r"(?<!\\),", r"\\,", value["raw"])
    if fields == FIELDS["include"]:
        return ":".join(filter(None, (value["source"], value["param"], value["target"])))
    if fields == FIELDS["sort"]:
        return value["direction"] + value["text"]
    if "code" not in fields:
        return value.get("prefix", "") + masked(value["text"])
    if "text" in fields:
        unit = f"|{masked(value['system'])}|{masked(value['code'])}" if value["system"] or value["code"] else ""
        return value["prefix"] + value["text"] + unit
    system = "" if value["system"] == NO_SYSTEM else masked(value["system"])
    return f"{system}|{masked(value['code'])}" if value["system"] else masked(value["code"])


def masked(text: str) -> str:
    """A text in which FHIR's marks have a backslash before them, so that they are none."""
    return re.sub(r"([\\,|$])", r"\\\1", text)
