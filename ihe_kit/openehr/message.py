"""openEHR messages: canonical JSON or XML, FLAT JSON, or the HTTP message of the openEHR REST API that carries them, kept to the character.

A path is openEHR's own (BASE Architecture Overview, Paths and Locators): attribute names, and in brackets the archetype id or at-code:

    /content[openEHR-EHR-OBSERVATION.blood_pressure.v2]/data[at0001]/events[at0006][2]/data[at0003]/items[at0004]/value/magnitude

Where a list holds several nodes of one code, `[2]` after the code counts among them, from 1; a list without codes is counted alone,
`/links[2]`. That is the canonical form, which `elements()` emits: names change with the language, positions do not. `find()` also takes
`[at0006, 'Any event']` and `[at0006 and name/value='Any event']`, and without a number it finds every repetition. An attribute whose
name is no plain word stands in quotes, `/'odd name'`; the root is `/`. In FLAT JSON the key is the path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from ihe_kit.core import Element, Unreadable
from ihe_kit.json_text import Node, read_json
from ihe_kit.openehr import rm
from ihe_kit.openehr.paths import Step, attributes, choose, class_in, code_of, members, read_path, refuse_unknown
from ihe_kit.openehr.xml_text import NAMESPACE, end_of_members, read_xml, root_name
from ihe_kit.rest import RestMessage, is_http, parse_rest
from ihe_kit.xml_tree import escaped

MAX_PATH = 2000  # characters: every node keeps its own path, so longer ones would fill the memory; real ones stay below 300
_FLAT = re.compile(r"(ctx/\S|[\w.-]+/(?!/))")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: its path, the label in the tree ("" for a list), its level, its class, and the class its parent asks for."""

    path: str
    label: str
    level: int
    type: str
    declared: str


class OpenehrMessage(RestMessage):
    """A composition, an EHR_STATUS, any other object of the openEHR API, or a whole HTTP message. Raises Unreadable."""

    standard = "openehr"
    base = "/rest/openehr/v1"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._places: dict[int, Place] = {}
        if self.root:
            flat = is_flat(self.root)
            start = "FLAT" if flat else _type_of(self.root, "") or ("STRUCTURED" if is_structured(self.root) else "JSON")
            self._settle(self.root, Place("", "" if self.root.kind == "array" else start, 1, start, ""), flat)

    # Reading

    @cached_property
    def is_xml(self) -> bool:
        """Whether the body is XML: an object of the model, or a template."""
        return self.text[self.body_start :].lstrip()[:1] == "<"

    def _is_json(self) -> bool:
        """Whether there is a tree to read: of JSON, or of XML that is neither a template, which `load` reads, nor somebody else's answer."""
        if not self.is_xml:
            return super()._is_json()
        name, space = root_name(self.text[self.body_start :])
        return name != "template" and (space == NAMESPACE or not (self.method or self.status) or name.upper() in rm.classes())

    @cached_property
    def root(self) -> Node | None:
        """The tree of the body, the same for JSON and XML; None where there is none."""
        if not self.holds_body:
            return None
        return read_xml(self.text, self.body_start) if self.is_xml else read_json(self.text, self.body_start)

    @property
    def kind(self) -> str:
        """The class of what is in the body; FLAT, STRUCTURED, JSON or XML for what has none; "" for no body."""
        return self.place(self.root).type if self.root else "XML" if self.body.lstrip().startswith("<") else ""

    @property
    def facts(self) -> str:
        media = self.headers.get("content-type", "") if self.head else ""
        return " · ".join(filter(None, (self.kind, self.template_id, media, f"{len(self.encode())} bytes")))

    @property
    def template_id(self) -> str:
        """The template that a composition names, or ""."""
        details = self.root.child("archetype_details") if self.root else None
        template = details.child("template_id") if details else None
        value = template.child("value") if template else None
        return value.value if value else ""

    @property
    def name(self) -> str:
        """`POST composition`, `GET ehr`: the kind of thing a URL speaks of, without the identifiers that would fill an arrow."""
        kinds = [step for step in self.target.split("/") if re.fullmatch(r"[a-z_]+", step)]
        return f"{self.method} {kinds[-1]}" if self.method and kinds else super().name

    def _settle(self, node: Node, place: Place, flat: bool = False) -> None:
        """Gives a node, and all below it, its place."""
        if len(place.path) > MAX_PATH:
            raise Unreadable(f"expected names and codes that make a path of at most {MAX_PATH} characters", self.text, node.start)
        self._places[id(node)] = place
        level, known = place.level + bool(place.label), rm.attributes(place.type)
        for child, step in zip(node.children, members(node, place.path) if node.kind == "array" else attributes(node, flat), strict=True):
            declared = place.declared if node.kind == "array" else known[child.key or ""].type if child.key in known else ""
            label = "" if child.kind == "array" else _label(place.path + step) if not flat else step
            type_ = declared if child.kind == "array" else _type_of(child, declared)
            self._settle(child, Place(place.path + step, label, level, type_, declared))

    def place(self, node: Node) -> Place:
        """The place of a node of this message."""
        return self._places[id(node)]

    def element(self, node: Node) -> Element:
        """The element of a node of this message."""
        place = self.place(node)
        return Element(place.path or "/", place.label, node.value, node.start, node.end, place.level)

    def label(self, node: Node, parent: Node | None, index: int) -> tuple[str, str]:
        place = self.place(node)
        return place.path.removeprefix(self.place(parent).path if parent else ""), place.label

    def elements(self) -> Iterator[Element]:
        for element in super().elements():
            yield element if element.path else replace(element, path="/")

    # Paths

    def walk(self, path: str) -> list[Element]:
        if self.root and self.kind == "FLAT" and not path.startswith("/"):
            node = self.root.child(path)
            return [self.element(node) if node else self.missing(self.root, Step(path, (), path))]
        steps = read_path(path)
        here = [self.root] if self.root else []
        for number, step in enumerate(steps, start=1):
            found: list[Node] = []
            for parent in here:
                chosen = choose(parent, step)
                found += chosen
                if not chosen:
                    refuse_unknown(self.kind, steps)
                    if number == len(steps):
                        return self._last(here, step)
            here = found
        return [self.element(node) for node in here if node.kind != "array"]

    def types(self, steps: tuple[Step, ...]) -> list[str]:
        """The class of the first node at each step of a path; "" where there is none."""
        here, found = [self.root] if self.root else [], []
        for step in steps:
            here = [child for parent in here for child in choose(parent, step)]
            found.append(self.place(here[0]).type or here[0].kind if here else "")
        return found

    def _last(self, parents: list[Node], step: Step) -> list[Element]:
        """The last step, where at least one parent lacks it: that one gets an absent element."""
        found = []
        for parent in parents:
            nodes = [self.element(node) for node in choose(parent, step)]
            found += nodes or ([self.missing(parent, step)] if parent.kind == "object" else [])
        return found

    def missing(self, parent: Node, step: Step) -> Element:
        """The absent element of an attribute that `parent` lacks, behind the last thing that is there."""
        path, child = self.place(parent).path + step.text, parent.child(step.name or "")
        label = step.text.lstrip("/")
        if self.is_xml:
            at = child.end if child else end_of_members(parent, self.text)
            return Element(path, label, "", at, at)
        if child and child.kind == "array":
            at = child.children[-1].end if child.children else child.end - 1
            return Element(path, label, "", at, at, lead=", " if child.children else "")
        blank = re.compile(r"\s*").match(self.text, parent.start + 1)
        comma = "," + (blank.group() or " " if blank else " ") if parent.children else ""
        at = parent.children[-1].end if parent.children else parent.start + 1
        return Element(path, label, "", at, at, lead=f"{comma}{json.dumps(step.name, ensure_ascii=False)}: ")

    def mended(self, at: Element, fix: tuple[str, str]) -> tuple[str, str] | None:
        """A fix, given as JSON, as this text has to write it; None where XML wants more than a value there."""
        if not self.is_xml:
            return fix
        value, here = json.loads(fix[1]), self.text[at.start : at.start + 1]
        if isinstance(value, (dict, list)) or here == "<":
            return None
        text = value if isinstance(value, str) else fix[1]
        return fix[0], f'"{escaped(text)}"' if here in ("'", '"') else escaped(text)


def _type_of(node: Node, declared: str) -> str:
    """The class of a node: what `_type` says, what its archetype is of, or what its place asks for."""
    type_ = node.child("_type")
    return rm.bare(type_.value) if type_ and type_.value else class_in(code_of(node)) or declared


def is_flat(root: Node) -> bool:
    """Whether a JSON object is FLAT: plain values under keys that are paths; what ends in |raw holds canonical JSON."""
    keys = [child.key or "" for child in root.children]
    plain = all(child.kind not in ("object", "array") or (child.key or "").endswith("|raw") for child in root.children)
    return root.kind == "object" and plain and any(_FLAT.match(key) for key in keys)


def is_structured(root: Node) -> bool:
    """Whether a JSON object is STRUCTURED: objects under the name of a template's root and ctx, with parts of values that begin with |."""
    tops = {child.key: child for child in root.children} if root.kind == "object" else {}
    if not tops or any(child.kind != "object" for child in tops.values()):
        return False
    members = [member for name, child in tops.items() if name != "ctx" for member in child.children]
    parts = (part for member in members if member.kind == "array" for one in member.children for part in one.children)
    return "ctx" in tops or any((part.key or "").startswith("|") for part in parts)


def _label(path: str) -> str:
    """What the tree shows of a node: its at-code, which says more than its attribute; else its attribute, without a long archetype id."""
    last = path.rpartition("/")[2]
    found = re.fullmatch(r"(\w+)\[(at[\d.]+|[^\]]*)\](\[\d+\])?", last)
    if not found:
        return last
    attribute, code, number = found.groups()
    return (code if code.startswith("at") else attribute) + (number or "")


def parse(text: str | bytes) -> OpenehrMessage:
    """A message from its text, or from bytes in UTF-8. Raises Unreadable.

    >>> parse('{"_type": "DV_QUANTITY", "magnitude": 142, "units": "mm[Hg]"}').get("/units")
    ['mm[Hg]']
    """
    return parse_rest(OpenehrMessage, text)


def encode(message: OpenehrMessage) -> bytes:
    """The bytes of a message: the same that `parse` was given."""
    return message.encode()


def recognises(text: str) -> bool:
    """Whether a text looks like openEHR: a request to its API, its XML, or JSON with its marks and without FHIR's."""
    url = is_http(text)
    if url and not url.isdigit():
        return re.sub(r"^https?://[^/]*", "", url).startswith(OpenehrMessage.base)
    if not url and text[:4000].lstrip("\ufeff \t\r\n").startswith("<"):
        return root_name(text[:4000])[1] == NAMESPACE
    if re.search(r'"resourceType"\s*:', text) or (not url and not re.match(r"[\s\ufeff]*[{\[]", text)):
        return False
    marks = r'"(_type|archetype_node_id|ehr_id)"\s*:|"ctx/|"[\w.-]+/(language|territory)\|code"'
    marks += r'|"ctx"\s*:\s*\{|"(language|territory)"\s*:\s*\[\s*\{\s*"\|code"'  # STRUCTURED
    marks += r"|/rest/openehr/v1/" if url else ""
    return bool(re.search(marks, text))
