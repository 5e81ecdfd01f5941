"""A composition against the reference model and its template: every finding, with its place, its reason and its source.

Two passes. The first holds every object to its class (RM 1.1.0); it needs no template. The second walks template and composition
together (AOM 1.4). What a template leaves out is free; what cannot be checked is said in a finding of its own.

Deliberately not checked: the patterns of archetype slots, C_STRING patterns, date patterns and ranges, ordinals, invariants between nodes;
whether a code of a language, a territory or an outside terminology exists; the form of an offset (+0100 after 08:00 is common).
"""

from __future__ import annotations

import json
import re
from datetime import date
from functools import lru_cache

from ihe_kit.core import Element, Unreadable, cited, nearest
from ihe_kit.files import rows
from ihe_kit.json_text import Node as Json
from ihe_kit.openehr import rm
from ihe_kit.openehr.flat import check_keys
from ihe_kit.openehr.message import OpenehrMessage
from ihe_kit.openehr.opt import Attribute, Node, Template, load
from ihe_kit.openehr.opt import known as known_template
from ihe_kit.openehr.paths import Step, class_in, code_of, name_of, quoted
from ihe_kit.rules import Finding, finding_at, in_order

_OPT = "openEHR AM 1.4, Archetype Object Model"
# ISO 8601 has an extended form, with - and :, and a basic one without: the first separator decides for the whole value.
_DATE = r"(\d{4})(?:(?P<extended>-)?(\d\d)(?:(?(extended)-)(\d\d))?)?"
_TIME = r"([01]\d|2[0-3])(~[0-5]\d((?(extended):)[0-5]\d([.,]\d+)?)?)?(Z|[+-]\d\d(:?\d\d)?)?"
_FORMS = {
    "DV_DATE": (_DATE, "2025-03-03"),
    "DV_TIME": ("T?" + _TIME.replace("~", "(?P<extended>:)?"), "08:00:00+01:00"),
    "DV_DATE_TIME": (f"{_DATE}(T{_TIME.replace('~', '(?(extended):)')})?", "2025-03-03T08:00:00+01:00"),
    "DV_DURATION": (r"[+-]?P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?", "P1DT12H"),
}


def conform(message: OpenehrMessage, template: Template | str | None = None) -> list[Finding]:
    """Every finding against the reference model and the template: the one given, else the one that the composition names. Never raises.

    >>> from ihe_kit.openehr.message import parse
    >>> [f.rule for f in conform(parse('{"_type": "DV_QUANTITY", "magnitude": 142}'))]
    ['OPENEHR-REQUIRED']
    """
    checker = _Checker(message)
    if message.kind == "XML":
        checker.opt()
    if not message.root:
        return checker.findings
    one = known_template(template or message.template_id)
    if message.kind == "FLAT":
        checker.flat(one)
        return in_order(checker.findings)
    if message.kind not in rm.classes() and not (message.status or message.target.startswith(("query", "definition"))):
        checker.add(
            "OPENEHR-TEMPLATE",
            message.element(message.root),
            "This JSON is no object of the reference model that this kit knows, so it was not checked.",
        )
    checker.model(message.root)
    if message.kind == "COMPOSITION" and one:
        checker.archetype(one.root.code)
        checker.object(one.root, message.root, one.language)
    elif message.kind == "COMPOSITION":
        checker.unknown_template(str(template or message.template_id))
    return in_order(checker.findings)


@lru_cache(maxsize=1)
def _rules() -> dict[str, dict[str, str]]:
    return {row["rule"]: row for row in rows("openehr/rules.tsv")}


class _Checker:
    """Collects findings. An absent element is reported once, whichever pass misses it first."""

    def __init__(self, message: OpenehrMessage) -> None:
        self.message = message
        self.findings: list[Finding] = []
        self.missed: set[tuple[int, str]] = set()
        self.language = ""

    def add(self, rule: str, element: Element, what: str, fix: tuple[str, str] | None = None, spec: str = "") -> None:
        row = _rules()[rule]
        what = what[:-1] if what.endswith("?.") else what
        spec = spec or cited(row["spec"], row["checked"] == "yes")
        self.findings.append(finding_at(element, rule, f"{what} {row['why']}", spec, row["severity"], fix))

    def at(self, node: Json) -> Element:
        return self.message.element(node)

    def lacking(self, parent: Json, name: str, code: str = "") -> Element | None:
        """The absent (or empty) element of an attribute or node, or None where it was reported before."""
        if (id(parent), name + code) in self.missed:
            return None
        self.missed.add((id(parent), name + code))
        child = parent.child(name)
        if child and child.kind in ("string", "null"):
            return self.at(child)
        return self.message.missing(parent, Step(name, (), f"/{quoted(name)}" + (f"[{code}]" if code else "")))

    # The reference model

    def model(self, node: Json) -> None:
        """Holds an object, and all below it, to its class."""
        if node.kind == "object":
            self.of_class(node)
        for child in node.children:
            self.model(child)

    def of_class(self, node: Json) -> None:
        place, named = self.message.place(node), node.child("_type")
        known = rm.attributes(place.type)
        unknown = named and named.value and rm.bare(named.value) not in rm.classes()
        if named and unknown and (place.declared in rm.classes() or class_in(code_of(node))):
            self.add("OPENEHR-TYPE", self.at(named), f"The reference model has no class {named.value}{nearest(named.value, rm.classes())}.")
        elif not rm.is_a(place.type, place.declared):
            self.add("OPENEHR-TYPE", self.at(named or node), f"Here stands {_a(place.type)}, but {_a(place.declared)} belongs here.")
        elif rm.abstract(place.type):
            absent = self.lacking(node, "_type")
            if absent:
                self.add("OPENEHR-TYPE", absent, f"{place.type} is a family of classes, and this object does not say which one it is of.")
            return
        for name, attribute in known.items():
            child = node.child(name)
            if attribute.required and not _filled(child):
                element = self.lacking(node, name)
                if element:
                    self.add("OPENEHR-REQUIRED", element, f"{place.type} has no {name}. {attribute.says}", spec=attribute.spec)
            elif child and _filled(child):
                self.of_attribute(child, attribute)
        for child in node.children if known else ():
            if child.key not in known and child.key != "_type":
                what = f"{place.type} has no attribute {child.key}{nearest(child.key or '', known)}."
                self.add("OPENEHR-ATTRIBUTE", self.at(child), what, spec=rm.classes()[place.type][""].spec)
        value = node.child("value")
        if place.type in _FORMS and value and value.kind == "string" and value.value:
            self.date(place.type, value)

    def of_attribute(self, node: Json, attribute: rm.Attribute) -> None:
        kind = "array" if attribute.many else rm.PRIMITIVES.get(attribute.type, "object")
        if node.kind == kind or not attribute.type:
            return
        fix = None
        if kind == "number" and re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", node.value):
            fix = ("Take off the quotation marks", node.value)
        self.add(
            "OPENEHR-TYPE",
            self.at(node),
            f"{attribute.name} is written as {_a(node.kind)}, but it is {_a(kind)} in JSON.",
            fix,
            attribute.spec,
        )

    def date(self, type_: str, node: Json) -> None:
        form, example = _FORMS[type_]
        found = re.fullmatch(form, node.value, re.ASCII)
        if found and type_ in ("DV_DATE", "DV_DATE_TIME"):
            try:
                date(int(found[1]), int(found[3] or 1), int(found[4] or 1))
            except ValueError:
                found = None
        if not found:
            what = f"This is no {type_} as ISO 8601 writes it, such as {example}."
            self.add("OPENEHR-DATE", self.at(node), what, spec=rm.attributes(type_)["value"].spec)

    # The template

    def archetype(self, code: str) -> None:
        """Holds the root of the composition to the archetype that the template is made of."""
        for path in ("/archetype_node_id", "/archetype_details/archetype_id/value"):
            for element in self.message.find(path):
                if element.value and element.value != code:
                    what = f"{element.value} stands at the root, and the template is one of {code}."
                    self.add("OPENEHR-NODE", element, what, (f"Write {code}", json.dumps(code)))

    def object(self, node: Node, found: Json, language: str = "") -> None:
        """Holds an object of the composition to a node of the template."""
        self.language = language or self.language
        known = rm.attributes(node.type)
        for attribute in node.attributes:
            if not known or attribute.name in known:  # older templates constrain what the model has since dropped
                self.attribute(attribute, found)
        if found.kind == "object":
            self.quantity(node, found)
            self.code(node, found)
        elif node.options and found.value not in node.options:
            self.add(
                "OPENEHR-VALUE",
                self.at(found),
                f"The template allows here {' or '.join(node.options)}{nearest(found.value, node.options)}.",
            )
        elif node.range and found.kind == "number" and not node.range.holds(float(found.value)):
            self.add("OPENEHR-VALUE", self.at(found), f"The template allows here {node.range}.")

    def attribute(self, attribute: Attribute, parent: Json) -> None:
        child = parent.child(attribute.name)
        members = [] if not child or child.kind == "null" else child.children if child.kind == "array" else [child]
        counts: dict[int, list[Json]] = {}
        for member in members:
            chosen = self.choice(attribute, member)
            if chosen:
                counts.setdefault(id(chosen), []).append(member)
        excused = attribute.name == "value" and _filled(parent.child("null_flavour"))  # an ELEMENT may say why it has no value
        if not members and attribute.least and not excused and not any(one.code for one in attribute.children):
            element = self.lacking(parent, attribute.name)
            if element:
                what = f"The template asks for {attribute.name} here."
                self.add("OPENEHR-REQUIRED", element, what, spec=f"{_OPT}, C_ATTRIBUTE.existence")
        for one in attribute.children:
            self.count(one, counts.get(id(one), []), attribute, parent)

    def count(self, node: Node, found: list[Json], attribute: Attribute, parent: Json) -> None:
        called = f"{node.fixed_name or node.name or node.type}" + (f" ({node.code})" if node.code.startswith("at") else "")
        if len(found) < node.least and node.code and (attribute.least or parent.child(attribute.name)):
            element = self.lacking(parent, attribute.name, node.code)
            if element:
                self.add("OPENEHR-OCCURRENCES", element, f"{called} is missing: the template asks for {node.occurs}.")
        for extra in found[node.most :] if node.most >= 0 else ():
            self.add(
                "OPENEHR-OCCURRENCES", self.at(extra), f"{called} stands here {len(found)} times, and the template allows {node.occurs}."
            )

    def choice(self, attribute: Attribute, member: Json) -> Node | None:
        """The node of the template that a member is, checked, or that it stands for in another class; None where it is none of them."""
        code, type_ = code_of(member), self.message.place(member).type
        coded = any(one.code for one in attribute.children)
        fits = [one for one in attribute.children if not coded or one.code == code]
        fits = [one for one in fits if one.fixed_name == name_of(member)] or fits if len(fits) > 1 else fits
        right = [one for one in fits if rm.is_a(type_, one.type)]
        slot = next((one for one in attribute.children if one.slot and class_in(code) and rm.is_a(class_in(code), one.type)), None)
        if right:
            return self.best(right, member)
        if slot or not attribute.children:
            return slot
        if coded and not fits:
            known = dict.fromkeys(f"{one.code} {one.name}" for one in attribute.children if one.code)
            what = f"The template has no node {code or 'without a code'} in {attribute.name}; it has {', '.join(known)}."
            at = member.child("archetype_node_id")
            self.add("OPENEHR-NODE", self.at(at) if at else self.at(member), what)
        else:
            allowed = " or ".join(dict.fromkeys(one.type for one in fits))
            self.add(
                "OPENEHR-TYPE",
                self.at(member.child("_type") or member),
                f"Here stands {_a(type_)}, but the template wants {_a(allowed)}.",
                spec=f"{_OPT}, C_OBJECT.rm_type_name",
            )
            return fits[0]
        return None

    def best(self, alternatives: list[Node], member: Json) -> Node:
        """Of several alternatives the one that the member breaks least; its findings are kept."""
        if len(alternatives) == 1:
            self.object(alternatives[0], member)
            return alternatives[0]
        tried = []
        for number, one in enumerate(alternatives):
            before, self.findings, missed = self.findings, [], set(self.missed)
            self.object(one, member)
            tried.append((len(self.findings), number, self.findings, self.missed))
            self.findings, self.missed = before, missed
        _, number, findings, self.missed = min(tried, key=lambda result: result[:2])
        self.findings += findings
        return alternatives[number]

    def quantity(self, node: Node, found: Json) -> None:
        units, magnitude, precision = (found.child(name) for name in ("units", "magnitude", "precision"))
        if not node.units or not units or units.kind != "string":
            return
        limit = next((unit for unit in node.units if unit.units == units.value), None)
        if not limit:
            allowed = [unit.units for unit in node.units]
            same = next((unit for unit in allowed if _letters(unit) == _letters(units.value)), "")
            fix = (f"Write {same}", json.dumps(same, ensure_ascii=False)) if same else None
            self.add("OPENEHR-UNITS", self.at(units), f"The unit is {units.value}, but the template wants {' or '.join(allowed)}.", fix)
            return
        if magnitude and magnitude.kind == "number":
            if not limit.magnitude.holds(float(magnitude.value)):
                self.add(
                    "OPENEHR-RANGE",
                    self.at(magnitude),
                    f"{magnitude.value} {limit.units} lies outside of {limit.magnitude}, which the template allows.",
                )
            decimals = len(magnitude.value.partition(".")[2].rstrip("0"))
            if "e" not in magnitude.value.lower() and limit.precision.high is not None and decimals > limit.precision.high:
                self.add(
                    "OPENEHR-PRECISION",
                    self.at(magnitude),
                    f"{magnitude.value} has more decimals than the template allows, {limit.precision.high:g}.",
                )
        if precision and precision.kind == "number" and not limit.precision.holds(float(precision.value)):
            self.add(
                "OPENEHR-PRECISION", self.at(precision), f"The precision is {precision.value}, and the template allows {limit.precision}."
            )

    def code(self, node: Node, found: Json) -> None:
        """A CODE_PHRASE against the list of codes, a DV_CODED_TEXT against the rubric of its code."""
        code, terminology = found.child("code_string"), found.child("terminology_id")
        named = terminology.child("value") if terminology else None
        if node.terminology and named and named.value != node.terminology:
            self.add("OPENEHR-CODE", self.at(named), f"The code is of {named.value}, but the template wants one of {node.terminology}.")
        elif node.codes and code and code.value not in dict(node.codes):
            allowed = ", ".join(f"{known} {text}".strip() for known, text in node.codes)
            self.add("OPENEHR-CODE", self.at(code), f"{code.value} is none of the codes that the template allows: {allowed}.")
        phrase, text = found.child("defining_code"), found.child("value")
        chosen = phrase.child("code_string") if phrase else None
        rubric = dict(node.child("defining_code").codes).get(chosen.value if chosen else "", "")
        language = self.message.root.child("language") if self.message.root else None
        spoken = language.child("code_string") if language else None
        if rubric and text and text.value.lower() != rubric.lower() and spoken and spoken.value == self.language:
            fix = (f"Write {rubric}", json.dumps(rubric, ensure_ascii=False))
            self.add("OPENEHR-RUBRIC", self.at(text), f"The text does not say what its code means, {rubric}.", fix)

    # What is no canonical composition

    def flat(self, one: Template | None) -> None:
        """FLAT: whether the template can use every key."""
        root = self.message.root
        if not root:
            return
        if not one:
            self.add("OPENEHR-TEMPLATE", self.at(root), "FLAT does not say its template, so it was not checked: name one.")
            return
        problems = check_keys(one, [child.key or "" for child in root.children])
        for child in root.children:
            if child.key in problems:
                self.add("OPENEHR-FLAT", self.at(child), problems[child.key] + ".")

    def opt(self) -> None:
        try:
            load(self.message.body)
        except Unreadable as problem:
            at = min(self.message.body_start + problem.start, len(self.message.text))
            self.add(
                "OPENEHR-OPT",
                Element("request.body", "body", self.message.text[at : at + 40], at, min(at + 40, len(self.message.text))),
                f"The template cannot be read: {problem}.",
            )

    def unknown_template(self, named: str) -> None:
        root = self.message.root
        if root:
            what = f"The template {named} is not known here." if named else "The composition does not name its template."
            found = self.message.find("/archetype_details/template_id/value")
            self.add("OPENEHR-TEMPLATE", found[0] if found else self.at(root), what)


def _letters(unit: str) -> str:
    """A unit without what people write differently: mmHg, mm Hg and mm[Hg] are the same three times. Nothing is converted."""
    return re.sub(r"[\[\]\s]", "", unit)


def _a(kind: str) -> str:
    return {"array": "a list", "null": "null"}.get(kind, f"{'an' if kind[:1] in ('A', 'E', 'I', 'O', 'o') else 'a'} {kind}")


def _filled(node: Json | None) -> bool:
    return bool(node and (node.children if node.kind == "array" else node.value))
