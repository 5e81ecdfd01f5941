"""A data value against what its template allows: units, numbers, codes, texts, dates (AOM 1.4, the primitive and the domain types)."""

from __future__ import annotations

import json
import re
from functools import lru_cache

from ihe_kit.core import nearest
from ihe_kit.json_text import Node as Json
from ihe_kit.openehr import iso8601, rm
from ihe_kit.openehr.aom import Node, Span
from ihe_kit.openehr.findings import Findings, a
from ihe_kit.openehr.invariants import kind, number, text
from ihe_kit.openehr.terminology import same

# What a template may limit an object by, as far as it is read here.
_READ = frozenset(
    [
        "C_COMPLEX_OBJECT",
        "C_ARCHETYPE_ROOT",
        "ARCHETYPE_SLOT",
        "ARCHETYPE_INTERNAL_REF",
        "CONSTRAINT_REF",
        "C_PRIMITIVE_OBJECT",
        "C_CODE_PHRASE",
        "C_CODE_REFERENCE",
        "C_DV_QUANTITY",
        "C_DV_ORDINAL",
        "C_DV_SCALE",
    ]
)
_SUBTYPES = re.compile(r"\(-\[[^\]()]*\][*+]\)\*")  # as nearly every slot has it, for specialised archetypes: (-[a-zA-Z0-9_]+)*
_RISKY = re.compile(r"[*+}|][^()]*\)+[*+{?]")  # a repetition of repetitions can take a time that grows without bounds
_REPEATS = re.compile(r"[*+]|\{\d*,\d*\}")


@lru_cache(maxsize=1024)
def pattern(written: str) -> re.Pattern[str] | None:
    """The pattern of a template, which is Perl's; None where it cannot be read, or might take for ever."""
    plain = _SUBTYPES.sub("", written)
    if len(written) > 2000 or _RISKY.search(plain) or any(len(_REPEATS.findall(part)) > 3 for part in plain.split("|")):
        return None
    try:
        return re.compile(written.removeprefix("/").removesuffix("/") if written.startswith("/") else written)
    except (re.error, OverflowError, RecursionError):
        return None


def check_scalar(found: Findings, node: Node, value: Json, owner: str) -> None:
    """A text, number or truth value against a C_PRIMITIVE; `owner` is the class that it is an attribute of."""
    if node.options and not node.open_list and not _listed(value, node.options):
        what = f"The template allows here {' or '.join(node.options[:20])}{nearest(value.value, node.options)}."
        found.add("OPENEHR-VALUE", value, what, written_alike(value.value, node.options) if value.kind == "string" else None)
    if node.range and value.kind == "number" and not node.range.holds(float(value.value)):
        found.add("OPENEHR-VALUE", value, f"The template allows here {node.range}.")
    if value.kind != "string" or not value.value:
        return
    if owner in iso8601.FORMS:
        _moment(found, node, value, owner)
    elif node.pattern and not node.options:
        compiled = pattern(node.pattern)
        if compiled is None or len(value.value) > 1000:
            found.add("OPENEHR-UNCHECKED", value, f"The template asks for the pattern {node.pattern[:100]}, which cannot be tried here.")
        elif not compiled.fullmatch(value.value):
            found.add(
                "OPENEHR-PATTERN", value, f"{_short(value.value)} does not have the form {node.pattern}, which the template asks for."
            )


def written_alike(value: str, options: tuple[str, ...]) -> tuple[str, str] | None:
    """The repair of a value that differs from an option only in capitals and blanks; None where there is no such option."""
    alike = next((option for option in options if option.strip().casefold() == value.strip().casefold()), "")
    return (f"Write {alike}", json.dumps(alike, ensure_ascii=False)) if alike else None


def _listed(value: Json, options: tuple[str, ...]) -> bool:
    if value.kind == "number":
        return any(re.fullmatch(r"-?\d+(\.\d+)?", option) and float(option) == float(value.value) for option in options)
    return value.value in options


def _moment(found: Findings, node: Node, value: Json, type_: str) -> None:
    """A date, time or duration against a pattern, a zone and a span."""
    parts = iso8601.read(type_, value.value)
    if parts is None:
        return  # it is no date at all, which is said elsewhere
    broken = iso8601.breaks(type_, node.pattern, value.value) if node.pattern else ""
    if broken:
        says = "lacks" if broken.startswith("the ") else "has to have"
        found.add("OPENEHR-PATTERN", value, f"{value.value} {says} {broken}: the template asks for {node.pattern}.")
    if (node.zone == "asked" and "Z" not in parts) or (node.zone == "barred" and "Z" in parts):
        found.add("OPENEHR-PATTERN", value, f"The template asks for a time {'with' if node.zone == 'asked' else 'without'} its zone.")
    if node.span and _outside(type_, node.span, value.value):
        found.add("OPENEHR-RANGE", value, f"{value.value} lies outside of {node.span}, which the template allows.")


def _outside(type_: str, span: Span, value: str) -> bool:
    low = iso8601.order(type_, value, span.low) if span.low else None
    high = iso8601.order(type_, value, span.high) if span.high else None
    return low == -1 or (low == 0 and not span.low_included) or high == 1 or (high == 0 and not span.high_included)


def check_value(found: Findings, node: Node, value: Json, language: str) -> None:
    """An object of a data type against a domain type: C_DV_QUANTITY, C_DV_ORDINAL, C_CODE_PHRASE, and what a DV_INTERVAL holds."""
    if node.units:
        _quantity(found, node, value)
    if node.ordinals:
        _ordinal(found, node, value)
    if node.terminology or node.codes or node.reference:
        _code(found, node, value)
    if node.type == "DV_CODED_TEXT":
        _rubric(found, node, value, language)
    if node.limits_of:
        _limits(found, node, value)
    if node.kind not in _READ:
        found.add("OPENEHR-UNCHECKED", value, f"The template limits this by a {node.kind}, which cannot be read here.")


def _quantity(found: Findings, node: Node, value: Json) -> None:
    units, magnitude, precision = (value.child(name) for name in ("units", "magnitude", "precision"))
    if not units or units.kind != "string" or not units.value:
        return
    limit = next((unit for unit in node.units if unit.units == units.value), None)
    if not limit:
        allowed = [unit.units for unit in node.units]
        alike = next((unit for unit in allowed if _letters(unit) == _letters(units.value)), "")
        fix = (f"Write {alike}", json.dumps(alike, ensure_ascii=False)) if alike else None
        found.add("OPENEHR-UNITS", units, f"The unit is {units.value}, but the template wants {' or '.join(allowed)}.", fix)
        return
    if magnitude and magnitude.kind == "number":
        if not limit.magnitude.holds(float(magnitude.value)):
            what = f"{magnitude.value} {limit.units} lies outside of {limit.magnitude}, which the template allows."
            found.add("OPENEHR-RANGE", magnitude, what)
        most, decimals = limit.precision.high, len(magnitude.value.partition(".")[2].rstrip("0"))
        if "e" not in magnitude.value.lower() and most is not None and 0 <= most < decimals:
            what = f"{magnitude.value} has more decimals than the template allows, {most:g}."
            found.add("OPENEHR-PRECISION", magnitude, what)
    if precision and precision.kind == "number" and precision.value != "-1" and not limit.precision.holds(float(precision.value)):
        found.add("OPENEHR-PRECISION", precision, f"The precision is {precision.value}, and the template allows {limit.precision}.")


def _letters(unit: str) -> str:
    """A unit without what people write differently: mmHg, mm Hg and mm[Hg] are the same three times. Nothing is converted."""
    return re.sub(r"[\[\]\s]", "", unit)


def _ordinal(found: Findings, node: Node, value: Json) -> None:
    """Number and symbol of a step belong together."""
    chosen, symbol = number(value, "value"), value.child("symbol")
    code = text(symbol, "defining_code", "code_string")
    steps = [one for one in node.ordinals if one.code == code] if code else []
    if code and not steps:
        at = symbol.child("defining_code") if symbol else None
        what = f"{code} is none of the steps that the template allows: {', '.join(f'{one.value} {one.name or one.code}' for one in node.ordinals)}."
        found.add("OPENEHR-VALUE", (at.child("code_string") if at else None) or value, what)
    elif chosen is not None and steps and not any(_number(one.value) == chosen for one in steps):
        what = f"{steps[0].name or code} has the number {steps[0].value} in the template, and here stands {text(value, 'value')}."
        found.add("OPENEHR-VALUE", value.child("value") or value, what)


def _number(written: str) -> float | None:
    return float(written) if re.fullmatch(r"-?\d+(\.\d+)?", written) else None


def _code(found: Findings, node: Node, value: Json) -> None:
    """A CODE_PHRASE (or a DV_CODED_TEXT by its own) against the codes of the template."""
    phrase = value if value.child("code_string") else value.child("defining_code")
    code, terminology = (phrase.child("code_string"), phrase.child("terminology_id")) if phrase else (None, None)
    named = terminology.child("value") if terminology else None
    if node.terminology and named and named.value and not same(named.value, node.terminology):
        found.add("OPENEHR-CODE", named, f"The code is of {named.value}, but the template wants one of {node.terminology}.")
    elif node.codes and code and code.value not in dict(node.codes):
        allowed = ", ".join(f"{known} {words}".strip() for known, words in node.codes[:30])
        said = text(value, "value").strip().casefold()
        meant = next((known for known, words in node.codes if words and words.casefold() == said), "")
        fix = (f"Write {meant}", json.dumps(meant)) if meant else None
        found.add("OPENEHR-CODE", code, f"{code.value} is none of the codes that the template allows: {allowed}.", fix)
    elif node.reference and code and not node.codes:
        found.add("OPENEHR-UNCHECKED", code, f"The template takes this code from {node.reference}, which stands outside of it.")


def _rubric(found: Findings, node: Node, value: Json, language: str) -> None:
    """Whether the text beside a code of the template says what the code means, in documents of the template's language."""
    code, said, root = text(value, "defining_code", "code_string"), value.child("value"), found.message.root
    phrase = node.child("defining_code")
    rubric = dict(phrase.codes).get(code, "")
    spoken = text(root, "language", "code_string")
    alike = spoken.partition("-")[0] == ("en" if phrase.terminology == "openehr" else language.partition("-")[0])
    if rubric and said and said.value and said.value.strip().lower() != rubric.lower() and alike:
        fix = (f"Write {rubric}", json.dumps(rubric, ensure_ascii=False))
        found.add("OPENEHR-RUBRIC", said, f"The text does not say what its code means, {rubric}.", fix)


def _limits(found: Findings, node: Node, value: Json) -> None:
    """The limits of a DV_INTERVAL<DV_QUANTITY> are quantities."""
    for side in ("lower", "upper"):
        limit = value.child(side)
        if limit and limit.kind == "object" and kind(limit) and not rm.is_a(kind(limit), node.limits_of):
            what = f"Here stands {a(kind(limit))}, but the template wants {a(node.limits_of)}."
            found.add("OPENEHR-TYPE", limit.child("_type") or limit, what)


def _short(value: str) -> str:
    return value if len(value) <= 60 else value[:57] + "..."
