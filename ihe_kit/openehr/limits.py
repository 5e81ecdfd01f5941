"""What a template says of a data value, from the short words of the tree notation to the XML of an OPT 1.4 (AOM 1.4 and its openEHR profile).

    DV_QUANTITY     openehr::127 Cel 30..<45 precision 1; [degF] 86..<113 precision 1
    DV_CODED_TEXT   local::at1000=Standing, at1001=Sitting        LOINC::2823-3=Potassium        LOINC:: (any code of it)
    DV_ORDINAL      local::0=at0006=Alert, 3=at0007=Confused
    DV_COUNT        0..20                                         DV_PROPORTION  percent 0..100
    DV_TEXT         Final, Preliminary                            DV_BOOLEAN     true
    DV_DATE_TIME    yyyy-mm-ddTHH:MM:??                           DV_DURATION    PYMD
    DV_MULTIMEDIA   IANA_media-types::application/pdf             DV_PARSABLE    text/plain, text/markdown
    DV_INTERVAL<DV_QUANTITY>   the same as for DV_QUANTITY, of both ends

A range may be open at an end (*) and leave an end out (`0..<1000`, `>0..*`). Without words a value is free, as far as its class lets it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ihe_kit.core import Unreadable
from ihe_kit.xml_tree import escaped

_RANGE = re.compile(r"(\*|>?-?\d+(?:\.\d+)?)\.\.(\*|<?-?\d+(?:\.\d+)?)")
_UNIT = re.compile(rf"(\S+)(?: ({_RANGE.pattern}))?(?: precision (\d))?")
_CODED = re.compile(r"([\w.-]+)::(.*)")
_PROPORTION = {"ratio": "0", "unitary": "1", "percent": "2", "fraction": "3", "integer_fraction": "4"}  # RM 1.1.0, PROPORTION_KIND
_TIMES = {"DV_DATE": "DATE", "DV_TIME": "TIME", "DV_DATE_TIME": "DATE_TIME", "DV_DURATION": "DURATION"}
_FORM = {
    "DV_QUANTITY": "openehr::125 mm[Hg] 0..<1000 precision 0",
    "DV_CODED_TEXT": "local::at1000=Standing, at1001=Sitting",
    "DV_ORDINAL": "local::0=at0006=Alert, 3=at0007=Confused",
    "DV_COUNT": "0..20",
    "DV_PROPORTION": "percent 0..100",
    "DV_BOOLEAN": "true",
    "DV_DURATION": "PYMD",
    "DV_MULTIMEDIA": "IANA_media-types::application/pdf",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """The XML that follows a node_id, the class of the AOM that it makes the node one of, and the words of the codes in it."""

    xml: str = ""
    kind: str = "C_COMPLEX_OBJECT"
    words: tuple[tuple[str, str], ...] = ()


Maker = Callable[[str, str], Limit | None]  # takes a class and the words behind it; None where it cannot read them


def limit(type_: str, text: str) -> Limit:
    """What the notation says behind the class of a data value. Raises Unreadable with an example of what was expected.

    >>> limit("DV_COUNT", "0..20").kind
    'C_COMPLEX_OBJECT'
    """
    if not text:
        return Limit()
    if type_.startswith("DV_INTERVAL<"):
        inner = type_[len("DV_INTERVAL<") : -1]
        found = limit(inner, text)
        ends = (attribute(name, child(inner, found.kind, found.xml), least="0") for name in ("lower", "upper"))
        return Limit("".join(ends), words=found.words)
    maker = _MAKERS.get(type_)
    found_or_none = maker(type_, text) if maker else None
    if not found_or_none:
        example = _FORM.get(type_)
        says = f"expected `{type_} {example}`" if example else f"expected nothing behind {type_}, which takes no limits"
        raise Unreadable(f"{says}, but found {text!r}")
    return found_or_none


def attribute(
    name: str, children: str, least: str = "1", most: str = "", many: bool = False, cardinality: tuple[str, str] = ("0", "*")
) -> str:
    """The XML of an attribute with the objects that it may hold."""
    kind = "C_MULTIPLE_ATTRIBUTE" if many else "C_SINGLE_ATTRIBUTE"
    size = f"<is_ordered>false</is_ordered><is_unique>false</is_unique>{interval('interval', *cardinality)}" if many else ""
    start = f'<attributes xsi:type="{kind}"><rm_attribute_name>{name}</rm_attribute_name>{interval("existence", least, most or "1")}'
    return f"{start}{children}{f'<cardinality>{size}</cardinality>' if many else ''}</attributes>"


def child(type_: str, kind: str, inside: str, code: str = "", least: str = "1", most: str = "1") -> str:
    """The XML of an object below an attribute."""
    start = f"<rm_type_name>{escaped(type_)}</rm_type_name>{interval('occurrences', least, most)}<node_id>{code}</node_id>"
    return f'<children xsi:type="{kind}">{start}{inside}</children>'


def interval(tag: str, low: str, high: str) -> str:
    """The XML of a range, whose ends are `*` for none, `>2` and `<2` for an end that is left out."""
    ends = [(low.lstrip("<>"), low != "*", low[:1] not in "<>*"), (high.lstrip("<>"), high != "*", high[:1] not in "<>*")]
    (lower, has_lower, with_lower), (upper, has_upper, with_upper) = ends
    flags = {"lower_included": with_lower, "upper_included": with_upper, "lower_unbounded": not has_lower, "upper_unbounded": not has_upper}
    limits = (f"<lower>{lower}</lower>" if has_lower else "") + (f"<upper>{upper}</upper>" if has_upper else "")
    return f"<{tag}>" + "".join(f"<{name}>{str(flag).lower()}</{name}>" for name, flag in flags.items()) + f"{limits}</{tag}>"


def texts(values: str) -> str:
    """The XML of a String that is one of several."""
    return primitive("STRING", "".join(f"<list>{escaped(value)}</list>" for value in listed(values)))


def primitive(type_: str, inside: str) -> str:
    """The XML of a primitive object: `STRING`, `INTEGER` and the like, with what limits it."""
    return child(type_, "C_PRIMITIVE_OBJECT", f'<item xsi:type="C_{type_}">{inside}</item>')


def listed(text: str) -> list[str]:
    """What stands between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _quantity(_: str, text: str) -> Limit | None:
    head, _, rest = text.partition(" ")
    coded = _CODED.fullmatch(head)
    units = ""
    for part in (rest if coded else text).split(";"):
        found = _UNIT.fullmatch(part.strip())
        if not found:
            return None
        unit, whole, low, high, precision = found.groups()
        range_ = interval("magnitude", low, high) if whole else ""
        digits = interval("precision", precision, precision) if precision else ""
        units += f"<list>{range_}{digits}<units>{escaped(unit)}</units></list>"
    property_ = f"<property>{_phrase(coded[1], coded[2])}</property>" if coded else ""
    return Limit(property_ + units, "C_DV_QUANTITY")


def _phrase(terminology: str, code: str) -> str:
    return f"<terminology_id><value>{terminology}</value></terminology_id><code_string>{escaped(code)}</code_string>"


def _code(_: str, text: str) -> Limit | None:
    found = _CODED.fullmatch(text)
    if not found:
        return None
    pairs = [(code.strip(), name.strip()) for code, _, name in (part.partition("=") for part in listed(found[2]))]
    codes = "".join(f"<code_list>{escaped(code)}</code_list>" for code, _ in pairs)
    words = tuple((code, name) for code, name in pairs if name)
    return Limit(f"<terminology_id><value>{found[1]}</value></terminology_id>{codes}", "C_CODE_PHRASE", words)


def _below(name: str) -> Maker:
    """The maker of a class whose code stands in an attribute."""

    def make(_: str, text: str) -> Limit | None:
        code = _code("", text)
        return code and Limit(attribute(name, child("CODE_PHRASE", code.kind, code.xml)), words=code.words)

    return make


def _ordinal(_: str, text: str) -> Limit | None:
    found = _CODED.fullmatch(text)
    steps = [re.fullmatch(r"(-?\d+)=([\w.-]+)=(.+)", part) for part in listed(found[2])] if found else []
    if not found or not steps or not all(steps):
        return None
    xml, words = "", []
    for step in steps:
        assert step
        value, code, name = step.groups()
        symbol = f"<value>{escaped(name)}</value><defining_code>{_phrase(found[1], code)}</defining_code>"
        xml += f"<list><value>{value}</value><symbol>{symbol}</symbol></list>"
        words.append((code, name))
    return Limit(xml, "C_DV_ORDINAL", tuple(words))


def _count(_: str, text: str) -> Limit | None:
    found = _RANGE.fullmatch(text)
    return found and Limit(attribute("magnitude", primitive("INTEGER", interval("range", *found.groups()))))


def _proportion(_: str, text: str) -> Limit | None:
    kind, _, range_ = text.partition(" ")
    found = _RANGE.fullmatch(range_ or "*..*")
    if kind not in _PROPORTION or not found:
        return None
    whole = {"percent": "100", "unitary": "1"}.get(kind)
    of = attribute("denominator", primitive("REAL", interval("range", whole, whole))) if whole else ""
    number = attribute("numerator", primitive("REAL", interval("range", *found.groups()))) if range_ else ""
    return Limit(number + of + attribute("type", primitive("INTEGER", f"<list>{_PROPORTION[kind]}</list>")))


def _text(_: str, text: str) -> Limit | None:
    return Limit(attribute("value", texts(text)))


def _boolean(_: str, text: str) -> Limit | None:
    allowed = [f"<{one}_valid>{str(one in listed(text)).lower()}</{one}_valid>" for one in ("true", "false")]
    return Limit(attribute("value", primitive("BOOLEAN", "".join(allowed)))) if set(listed(text)) <= {"true", "false"} else None


def _time(type_: str, text: str) -> Limit | None:
    found = re.fullmatch(r"P[YMWDTHS]+" if type_ == "DV_DURATION" else r"[yYmMdDhHsSxX?:T-]+", text)
    return found and Limit(attribute("value", primitive(_TIMES[type_], f"<pattern>{text}</pattern>")))


def _parsable(_: str, text: str) -> Limit | None:
    return Limit(attribute("formalism", texts(text)))


_MAKERS = {
    "DV_QUANTITY": _quantity,
    "CODE_PHRASE": _code,
    "DV_CODED_TEXT": _below("defining_code"),
    "DV_MULTIMEDIA": _below("media_type"),
    "DV_ORDINAL": _ordinal,
    "DV_COUNT": _count,
    "DV_PROPORTION": _proportion,
    "DV_TEXT": _text,
    "DV_BOOLEAN": _boolean,
    "DV_PARSABLE": _parsable,
} | dict.fromkeys(_TIMES, _time)
