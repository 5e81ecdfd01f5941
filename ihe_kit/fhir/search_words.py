"""A search in plain words: of each part what it asks, of the whole one sentence; and what a server would find wrong with it.

The words of types, modifiers, prefixes and results are rows in `data/fhir/search-words.tsv`. Backquotes stand round what is code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ihe_kit.core import UnknownPath, cited
from ihe_kit.fhir.dictionary import fields, locate
from ihe_kit.fhir.parameters import RESULT, Parameter, parameters
from ihe_kit.fhir.search import modifiers
from ihe_kit.fhir.search_url import NO_SYSTEM, Link, Name, Part, SearchUrl, cut, read_name
from ihe_kit.fhir.tables import resource_types
from ihe_kit.files import rows

_SAYS = {  # (type, modifier) -> how its values are asked for
    "string": "begins with", "string:exact": "is exactly", "string:contains": "contains", "token": "is", "token:not": "is not",
    "token:text": "has words that begin with", "token:of-type": "is of the type and has the value", "reference": "refers to",
    "token:in": "is in the value set", "token:not-in": "is not in the value set", "token:above": "is, or is more general than,",
    "token:below": "is, or is a kind of,", "reference:identifier": "refers to something with the identifier", "uri": "is", "uri:below": "begins with", "uri:above": "is at or above", "composite": "has both",
}  # fmt: skip
BY_MEANING = ("in", "not-in", "above", "below")  # what a token may have where the server knows the codes
_AMOUNTS = {
    "": "is", "eq": "is", "ne": "is not", "gt": "is more than", "lt": "is less than", "ge": "is at least", "le": "is at most",
    "sa": "is wholly more than", "eb": "is wholly less than", "ap": "is about",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """What one piece of a search is: its name, what it means, and where R4 says so."""

    kind: str
    name: str
    label: str
    says: str
    spec: str


@lru_cache(maxsize=256)
def word(kind: str, name: str) -> Word | None:
    """The words for a `type`, `modifier`, `prefix`, `result`, `link` or `escape`; None where there are none.

    >>> word("prefix", "ge").label
    'is at or after'
    """
    row = next((row for row in rows("fhir/search-words.tsv") if (row["kind"], row["name"]) == (kind, name)), None)
    return Word(kind, name, row["label"], row["says"], cited(row["section"], row["checked"] == "yes")) if row else None


# What can be chosen --------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def choices(kind: str) -> tuple[tuple[str, str], ...]:
    """(name, meaning) of every search parameter of a type of resource, as a form offers them.

    >>> dict(choices("Patient"))["family"]
    "Family name (often called 'Surname'); text, in Patient.name.family"
    """
    return tuple((one.name, meaning(one)) for one in parameters(kind))


def meaning(parameter: Parameter) -> str:
    """What a parameter is, in a line: what kind of value it takes, where it looks, and what is there."""
    about = word("type", parameter.type)
    paths = dict.fromkeys(".".join(path.names) if len(path.names) > 1 else f"Resource.{path.names[0]}" for path in parameter.paths)
    title = next(filter(None, (_title(path) for path in paths)), "")
    where = ", ".join(list(paths)[:3]) + (" ..." if len(paths) > 3 else "")
    return f"{f'{title}; ' if title else ''}{about.label if about else parameter.type}, in {where}"


def _title(path: str) -> str:
    try:
        found = locate(tuple(path.split(".")))
    except UnknownPath:
        return ""
    return found[1].title if found else ""


def modifiers_of(name: Name) -> tuple[tuple[str, str], ...]:
    """(modifier, meaning) of each that a parameter may have here, none first."""
    parameter = name.parameter
    if parameter is None:
        return ()
    own = (("", _SAYS.get(parameter.type, "is compared")),)
    more = BY_MEANING if parameter.type == "token" and not name.links else ()
    told = (word("modifier", one) for one in (*modifiers(parameter), *more))
    return own + tuple((one.name, one.label) for one in told if one)


def prefixes(type: str) -> tuple[tuple[str, str], ...]:
    """(prefix, meaning) of each that may stand before a value of a type, none first.

    >>> dict(prefixes("quantity"))["ge"]
    'is at least'
    """
    return tuple((one, told.label if type == "date" and (told := word("prefix", one or "eq")) else says) for one, says in _AMOUNTS.items())


def elements_of(kind: str) -> dict[str, str]:
    """What `_elements` may name of a type of resource: the name of an element, without the type where it has a choice, and what it is.

    >>> [name for name in elements_of("Observation") if name.startswith("value")]
    ['value']
    """
    return {row.choice or name: row.title for name, row in fields(kind).items() if name != "resourceType"}


def targets(parameter: Parameter | None) -> tuple[str, ...]:
    """The types of resource that a reference may lead to."""
    if parameter is None or parameter.type != "reference":
        return ()
    return tuple(sorted(resource_types())) if "Resource" in parameter.targets or not parameter.targets else tuple(sorted(parameter.targets))


def references_to(kind: str, source: str) -> tuple[tuple[str, str], ...]:
    """(name, meaning) of the references of a type of resource that may lead to another one."""
    return tuple((one.name, meaning(one)) for one in parameters(source) if kind in targets(one))


def includes(code: str, kind: str, source: str = "") -> dict[str, tuple[tuple[str, str], ...]]:
    """What an `_include` or a `_revinclude` may name: source, reference, target, each as (code, meaning)."""
    back = code == "_revinclude"
    source = source or kind
    known = (
        references_to(kind, source) if back else tuple((one.name, meaning(one)) for one in parameters(source) if one.type == "reference")
    )
    return {"source": tuple((one, "") for one in sorted(resource_types())), "param": known}


# What it asks, in words ----------------------------------------------------------------------------------------------------------------


def sentence(search: SearchUrl) -> str:
    """The whole search in one sentence, or a few.

    >>> sentence(SearchUrl("Patient", (Part("given", "Anna"), Part("given", "Maria"))))
    'Every Patient whose `given` begins with “Anna” AND whose `given` begins with “Maria”.'
    """
    names = list(search.names())
    asked = [condition(name, part) for name, part in zip(names, search.parts, strict=True) if asks(name, part)]
    shaped = [
        shape(name, part) for name, part in zip(names, search.parts, strict=True) if name.code in RESULT and not name.links and part.value
    ]
    within = f" in the compartment of {search.within}" if search.within else ""
    first = (
        f"Every {search.kind.replace('*', '') or 'resource, of whatever type'}{within}" + (f" {' AND '.join(asked)}" if asked else "") + "."
    )
    lost = [f"`{name}` is unknown here." for name in names if name.code and name.code not in RESULT and not name.parameter]
    return " ".join([first, *(f"{says[:1].upper()}{says[1:]}." for says in shaped), *lost])


def asks(name: Name, part: Part) -> bool:
    """Whether a part asks something of a resource: it is a known parameter and has a value."""
    return name.parameter is not None and not (name.code in RESULT and not name.links) and bool(part.value.strip(","))


def says(search: SearchUrl, number: int) -> str:
    """What one part does, in words."""
    part, name = search.parts[number], read_name(search.kind, search.parts[number].name)
    if name.code in RESULT and not name.links:
        return shape(name, part) if part.value else f"`{part.name}` has no value yet"
    if not name.parameter:
        return f"`{name.code}` is no search parameter of {name.at or 'a type that is named'} here"
    return condition(name, part) if asks(name, part) else f"`{part.name}` has no value yet, so it asks nothing"


def condition(name: Name, part: Part) -> str:
    """`whose subject refers to a Patient whose name begins with “Berg”`."""
    way = "".join(map(_link, name.links))
    parameter = name.parameter
    if parameter is None:
        return f"{way}whose `{name.code}` (nobody knows it here)"
    return f"{way}whose `{name.code}` {_predicate(name, parameter, part.values)}"


def _link(link: Link) -> str:
    if link.back:
        return f"to which {_a(link.target or 'resource')} refers by its `{link.param}`, "
    return f"whose `{link.param}` refers to {_a(link.target) if link.target else 'something'} "


def _a(noun: str) -> str:
    return f"{'an' if noun[:1] in 'AEIOU' else 'a'} {noun}"


def _predicate(name: Name, parameter: Parameter, values: Sequence[str]) -> str:
    asked = [value for value in values if value]
    if name.modifier == "missing":
        return "is not there" if asked[:1] == ["true"] else "is there"
    if name.type in ("date", "number", "quantity"):
        return _or(_amount(name, value) for value in asked)
    if parameter.components and not name.modifier:
        return "has, in the same element, " + _or(_together(parameter, value) for value in asked)
    verb = _SAYS.get(f"{name.type}:{name.modifier}") or _SAYS.get(name.type, "is")
    if name.type == "reference" and name.modifier in resource_types():
        return f"{verb} {_or(f'{name.modifier}/{value}' for value in asked)}"
    return f"{verb} {_or(_value(name, value) for value in asked)}"


def _amount(name: Name, value: str) -> str:
    found = cut(name, value)
    prefix = word("prefix", found["prefix"] or "eq")
    verb = (prefix.label if prefix else "is") if name.type == "date" else _AMOUNTS[found["prefix"]]
    unit = " ".join(filter(None, (found.get("code", ""), f"of {found['system']}" if found.get("system") else "")))
    return f"{verb} {found['text']}{f' {unit}' if unit else ''}"


def _value(name: Name, value: str) -> str:
    found = cut(name, value)
    if "raw" in found or "text" in found:
        return f"“{found.get('raw', found.get('text', ''))}”"
    if not found["system"]:
        return f"“{found['code']}”"
    if found["system"] == NO_SYSTEM:
        return f"“{found['code']}” without a system"
    return f"“{found['code']}” of {found['system']}" if found["code"] else f"any code of {found['system']}"


def _together(parameter: Parameter, value: str) -> str:
    pieces = zip(parameter.components, value.split("$"), strict=False)
    return " and ".join(f"`{one.name}` that {_predicate(Name(parameter.kind, (), one.name), one, [piece])}" for one, piece in pieces)


def _or(texts: Iterable[str]) -> str:
    return " or ".join(texts) or "(nothing yet)"


def shape(name: Name, part: Part) -> str:
    """What a part does that shapes the answer."""
    values = [cut(name, value) for value in part.values]
    if name.code == "_include":
        return "; ".join(
            f"with each {one['source']} comes along what its `{one['param']}` refers to{_only(one['target'])}{_again(name)}"
            for one in values
        )
    if name.code == "_revinclude":
        return "; ".join(
            f"with each hit comes along every {one['source']} whose `{one['param']}` refers to it{_again(name)}" for one in values
        )
    if name.code == "_sort":
        return "sorted by " + ", then by ".join(f"`{one['text']}`{' downwards' if one['direction'] else ''}" for one in values)
    if name.code == "_count":
        return "only their number, none of them" if part.value == "0" else f"{part.value} on a page"
    if name.code == "_elements":
        return f"of each only {', '.join(f'`{value}`' for value in part.values)} and what is mandatory"
    if name.code == "_total":
        return {
            "none": "without counting them all",
            "estimate": "with a rough number of all",
            "accurate": "with the exact number of all",
        }.get(part.value, f"`_total` is {part.value}, which is none of none, estimate, accurate")
    known = {"true": "each in short, its summary", "count": "only their number, none of them", "data": "each without its narrative"}
    known |= {"text": "of each only the narrative and what is mandatory", "false": "each whole"}
    if name.code == "_summary":
        return known.get(part.value, f"`_summary` is {part.value}, which is none of true, text, data, count, false")
    about = word("result", name.code)
    return f"{about.label if about else name.code}: {part.value}"


def _only(target: str) -> str:
    return f", where that is {_a(target)}" if target else ""


def _again(name: Name) -> str:
    return ", and so on from what came along" if name.modifier in ("iterate", "recurse") else ""
