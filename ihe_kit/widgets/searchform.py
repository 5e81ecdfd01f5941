"""The form of a SearchBuilder as data: the rows that a search has, what their controls offer, and what the search becomes when one is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from urllib.parse import unquote

from ihe_kit.core import nearest
from ihe_kit.fhir.dictionary import codes, locate
from ihe_kit.fhir.parameters import RESULT, find_parameter
from ihe_kit.fhir.search_problems import problem
from ihe_kit.fhir.search_url import Link, Name, Part, SearchUrl, cut, fields_of, join, read_name
from ihe_kit.fhir.search_words import choices, elements_of, includes, modifiers_of, prefixes, references_to, says, targets, word
from ihe_kit.fhir.tables import core, resource_types
from ihe_kit.render.search import Ask, Choice, Field, Piece

SHAPES = ("_include", "_revinclude", "_sort", "_count", "_total", "_summary", "_elements")
_ANY, _STOP = "any type", "stop here"
_OPTIONS = {
    "_total": ("none", "estimate", "accurate"),
    "_summary": ("true", "text", "data", "count", "false"),
    "missing": ("true", "false"),
}
_LABELS = {"text": "value", "raw": "value", "system": "system", "code": "code", "prefix": "compare", "direction": "order"}
_HINTS = {
    "string": "begins with ...", "date": "2025-03-03", "number": "5.4", "reference": "Patient/1", "uri": "http://...", "composite": "value$value",
    "of-type": "system|code|value",
}  # fmt: skip


def kind_field(search: SearchUrl) -> Field:
    """The control for the type of resource."""
    return Field("kind", "type of resource", search.kind, "types")


def asks(search: SearchUrl) -> list[Ask]:
    """The rows of the form, one for each part of the search."""
    found, asked = [], 0
    for number, (part, name) in enumerate(zip(search.parts, search.names(), strict=True)):
        shaping = name.code in RESULT and not name.links
        asked += not shaping
        word = "with" if shaping else "AND" if asked > 1 else "if"
        title = part.name or "new condition"
        values = tuple(tuple(_values(number, n, name, value)) for n, value in enumerate(part.values))
        found.append(Ask(number, word, title, tuple(_lines(number, name)), values, _between(name), problem(search, number)))
    return found


def _between(name: Name) -> str:
    """The word that joins several values: `or`, `then by`; "" where there is one only."""
    if name.modifier == "missing" or name.code in (
        "_count",
        "_total",
        "_summary",
        "_offset",
        "_page",
        "_format",
        "_include",
        "_revinclude",
    ):
        return ""
    return {"_sort": "then", "_elements": "and"}.get(name.code, "or")


def _lines(number: int, name: Name) -> Iterator[tuple[Field, ...]]:
    for place, link in enumerate(name.links):
        path = f"{number}.link{place}"
        if link.back:
            ways = references_to(link.kind, link.target)
            yield (
                Field(f"{path}.target", "is referred to by", link.target, f"sources:{link.kind}"),
                Field(f"{path}.param", "by its", link.param, options=tuple((one, one) for one, _ in ways), wide=2),
            )
        else:
            yield (
                Field(f"{path}.param", "follow", link.param, f"params:{link.kind}"),
                Field(f"{path}.target", "to", link.target, options=_follow(link.kind, link.param, _STOP)),
            )
    if name.code in RESULT and not name.links:
        about = word("result", name.code)
        again = Field(f"{number}.modifier", "how far", name.modifier, options=(("", "one step"), ("iterate", "and on from there")))
        title = Field(f"{number}.code", about.label if about else "result", name.code, options=((name.code, name.code),))
        yield (title, again) if name.type == "include" else (title,)
        return
    line = [Field(f"{number}.code", "parameter", name.code, f"params:{name.at}", wide=3)]
    if name.parameter:
        line.append(Field(f"{number}.modifier", "how", name.modifier, options=modifiers_of(name)))
        if name.parameter.type == "reference" and not name.modifier:
            line.append(Field(f"{number}.follow", "follow to", "", options=_follow(name.at, name.code, "")))
    yield tuple(line)


def _follow(kind: str, param: str, first: str) -> tuple[Choice, ...]:
    stop = ((first, first),) if first else (("", "do not follow"),)
    return (
        stop
        + (("", _ANY),) * bool(first)
        + ((_ANY, _ANY),) * (not first)
        + tuple((one, one) for one in targets(find_parameter(kind, param)))
    )


def _values(number: int, place: int, name: Name, value: str) -> Iterator[Field]:
    """The controls of one value."""
    found = cut(name, value)
    for field in fields_of(name):
        path, label, now = f"{number}.v{place}.{field}", _LABELS.get(field, field), found.get(field, "")
        if field == "prefix":
            yield Field(path, label, now, options=tuple((one, f"{one} {says}".strip()) for one, says in prefixes(name.type)), wide=3)
        elif field == "direction":
            yield Field(path, label, now, options=(("", "upwards"), ("-", "downwards")))
        elif name.type == "include":
            table = {"source": "types", "param": f"includes:{name.code}:{name.kind}:{found['source']}", "target": "types"}[field]
            yield Field(path, {"source": "from", "param": "its", "target": "only to"}[field], now, table)
        elif options := _OPTIONS.get(name.modifier if name.type == "missing" else name.code):
            yield Field(path, label, now, options=(("", ""), *((one, one) for one in options)))
        else:
            yield Field(path, label, now, _table(name, field), hint=_hint(name, field), wide=4 if field in ("text", "raw") else 3)


def _table(name: Name, field: str) -> str:
    if name.code == "_sort":
        return f"params:{name.kind}"
    if name.code == "_elements":
        return f"elements:{name.kind}"
    return f"codes:{name.at}:{name.code}" if field == "code" and name.type == "token" and _codes(name.at, name.code) else ""


def _hint(name: Name, field: str) -> str:
    if field == "system":
        return "any system" if name.type == "token" else "any unit"
    return _HINTS.get(name.modifier) or (_HINTS.get(name.type, "") if field in ("text", "raw") else "")


def table(name: str) -> tuple[str, tuple[Choice, ...]]:
    """What a combobox offers: (its title, the codes with their meanings).

    >>> [code for code, meaning in table("codes:Patient:gender")[1]]
    ['male', 'female', 'other', 'unknown']
    """
    sort, _, rest = name.partition(":")
    if sort == "types":
        return "Types of resource", tuple((kind, _short(kind)) for kind in sorted(resource_types()))
    if sort == "params":
        back = ("_has", "what refers to it: a condition for another resource that refers to this one")
        return f"Search parameters of {rest}", (*choices(rest), back)
    if sort == "sources":
        kinds = (kind for kind in sorted(resource_types()) if references_to(rest, kind))
        return f"What may refer to a {rest}", tuple((kind, _short(kind)) for kind in kinds)
    if sort == "includes":
        code, kind, source = rest.split(":", 2)
        return f"References of {source or kind}", includes(code, kind, source)["param"]
    if sort == "elements":
        return f"Elements of {rest}", tuple(elements_of(rest).items())
    kind, _, param = rest.partition(":")
    return f"Codes of {param}", _codes(kind, param)


@lru_cache(maxsize=1024)
def _codes(kind: str, param: str) -> tuple[Choice, ...]:
    """The codes that R4 demands where a parameter looks; () where others are allowed."""
    parameter = find_parameter(kind, param)
    for path in parameter.paths if parameter else ():
        found = locate(path.names) if len(path.names) > 1 else None
        if found:
            return codes(*found)
    return ()


def _short(kind: str) -> str:
    shape = core().type(kind)
    return str(shape.element.get("short", "")) if shape else ""


# A change ------------------------------------------------------------------------------------------------------------------------------


def changed(search: SearchUrl, path: str, value: str) -> SearchUrl:
    """The search after one control was changed: `0.v1.text` is a field of the second value of the first part."""
    if path == "kind":
        return replace(search, kind=value.strip(), within="")
    place, _, field = path.partition(".")
    number = int(place)
    part, name = search.parts[number], read_name(search.kind, search.parts[number].name)
    if field.startswith("v"):
        index, _, inner = field[1:].partition(".")
        values = list(part.values)
        values[int(index)] = join(name, cut(name, values[int(index)]) | {inner: value})
        return search.put(number, Part(part.name, ",".join(values)))
    return search.put(number, Part(str(_renamed(name, field, value)), part.value))


def _renamed(name: Name, field: str, value: str) -> Name:
    if field == "modifier":
        return replace(name, modifier=value)
    if field == "follow":
        target = "" if value == _ANY else value
        known = targets(find_parameter(name.at, name.code)) if not target else (target,)
        return Name(name.kind, (*name.links, Link(name.at, name.code, target)), _first(known)) if value else name
    if field.startswith("link"):
        return _relinked(name, *field[4:].partition(".")[::2], value)
    if value == "_has":
        source = (
            "Observation"
            if references_to(name.at, "Observation")
            else next((k for k in sorted(resource_types()) if references_to(name.at, k)), "")
        )
        ways = references_to(name.at, source)
        return Name(
            name.kind,
            (*name.links, Link(name.at, ways[0][0] if ways else "", source, True)),
            "code" if find_parameter(source, "code") else "_id",
        )
    return replace(name, code=value.strip(), modifier="")


def _relinked(name: Name, place: str, field: str, value: str) -> Name:
    """One link changed; what came behind it stays as far as it can. A link that stops is the end of the name."""
    number = int(place)
    link = name.links[number]
    if value == _STOP:
        return Name(name.kind, name.links[:number], link.param)
    changed = replace(link, target=value) if field == "target" else replace(link, param=value)
    if field == "target" and link.back:
        ways = [one for one, _ in references_to(link.kind, value)]
        changed = replace(changed, param=link.param if link.param in ways else next(iter(ways), ""))
    if field == "param" and not link.back:
        changed = replace(changed, target="")
    code = name.code if field == "param" and link.back else _first(((changed.target),), name.code)
    return Name(name.kind, (*name.links[:number], changed), code, name.modifier if code == name.code else "")


def _first(kinds: tuple[str, ...], wanted: str = "name") -> str:
    """The parameter that a link leads to at first: the wanted one where the type has it."""
    known = [kind for kind in kinds if kind]
    return next(
        (one for one in (wanted, "name", "code") if any(find_parameter(kind, one) for kind in known)), wanted if not known else "_id"
    )


# The parts of the URL ------------------------------------------------------------------------------------------------------------------


def pieces(search: SearchUrl) -> list[Piece]:
    """The URL in pieces: the path, then each part that has a name."""
    kind = search.kind.replace("*", "") or "resource, of whatever type"
    within = f", of those that belong to the compartment of {search.within}" if search.within else ""
    facts = (("Type", _short(search.kind), f"FHIR R4 {search.kind}"),) if search.kind in resource_types() else ()
    found = [Piece(search.path or "...", f"every {kind}{within}", problem=_no_type(search.kind), facts=facts)]
    for number, part in enumerate(search.parts):
        if part.name:
            name = read_name(search.kind, part.name)
            found.append(Piece(str(part), says(search, number), number, problem(search, number), tuple(_facts(name, part))))
    return found


def _no_type(kind: str) -> str:
    """What is wrong with what stands before the question mark."""
    if kind in resource_types() or kind in ("", "*"):
        return ""
    first, slash, rest = kind.partition("/")
    if slash and first in resource_types():
        return f"This is no search: it reads one resource. Who wants to search for it by its id writes {first}?_id={rest}."
    return f"R4 has no type of resource {kind}" + (nearest(kind, resource_types()) or ".")


def _facts(name: Name, part: Part) -> Iterator[tuple[str, str, str]]:
    """What each piece of a part means, with where to read it."""
    for link in name.links:
        if about := word("link", "has" if link.back else "chain"):
            yield str(link), about.says, about.spec
    parameter = name.parameter if not (name.code in RESULT and not name.links) else None
    if parameter:
        meaning = dict(choices(name.at)).get(name.code, "")
        yield name.code, meaning, f"FHIR R4 {name.at}" if name.at else ""
    told = [("result", name.code)] if name.code in RESULT and not name.links else [("type", parameter.type)] if parameter else []
    told += [("modifier", name.modifier)] * bool(name.modifier)
    compared = [cut(name, value).get("prefix", "") for value in part.values]
    told += [("prefix", one) for one in dict.fromkeys(compared) if one]
    told += [("link", "or")] * (len(part.values) > 1 and _between(name) == "or")
    told += [("escape", "fhir")] * ("\\" in part.value)
    told += [("escape", "url")] * (unquote(str(part)) != str(part))
    for kind, one in told:
        if about := word(kind, one):
            yield (
                {"type": parameter.type if parameter else "", "modifier": f":{one}", "escape": about.label}.get(kind, one),
                about.says,
                about.spec,
            )
