"""What may be written at a place of an AQL query: keywords, classes, archetype ids, variables, functions, and paths that templates know.

The grammar says which kind of thing may stand there (lark's parser, asked after what stands before the place); the Reference Model and the templates
of a repository fill it. What stands behind the place is looked at for its variables only: most queries are written from both ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ihe_kit.openehr import rm
from ihe_kit.openehr.aom import Node
from ihe_kit.openehr.aql_grammar import KEYWORDS, parser
from ihe_kit.openehr.aql_query import AGGREGATES
from ihe_kit.openehr.aql_values import CLOCK, FUNCTIONS
from ihe_kit.openehr.opt import Template
from ihe_kit.openehr.paths import class_in

MOST = 200  # completions; who types on sees fewer
_DEEPEST = 14  # steps of a path
_ENTRIES = ("OBSERVATION", "EVALUATION", "INSTRUCTION", "ACTION", "ADMIN_ENTRY", "SECTION")
_HIDDEN = re.compile(r"""'(?:[^'\\\n]|\\.)*'?|"(?:[^"\\\n]|\\.)*"?|--(?=\s|$)[^\n]*""")
_RESERVED = "|".join(KEYWORDS)
_CLASS = re.compile(rf"(?:\b(?:FROM|CONTAINS|AND|OR)|\()\s*([A-Z_]+)(?:\s+(?!(?:{_RESERVED})\b)([a-z_]\w*))?\s*(?:\[\s*([\w.-]+))?", re.I)
_STEP = r"\w+(?:\[[^\[\]]*\])?"
_PATH = re.compile(rf"(?<![\w/\]$])([a-z_]\w*)(?:\[[^\[\]]*\])?((?:/{_STEP})*)/(\w*(?:\[[^\[\]]*)?)$", re.I)
_VALUES = {"DV_QUANTITY": ("magnitude", "units"), "DV_COUNT": ("magnitude",), "DV_PROPORTION": ("numerator",), "DV_CODED_TEXT": ("value", "defining_code/code_string"),
           "DV_ORDINAL": ("value", "symbol/value"), "DV_MULTIMEDIA": ("uri/value",), "DV_IDENTIFIER": ("id",)}  # fmt: skip  # what queries ask of a data value
_USUAL = {  # what queries ask of whatever stands around the values
    "EHR": {"ehr_id/value": "the identifier of the record", "ehr_status/subject/external_ref/id/value": "the patient's number",
            "time_created/value": "when the record was begun"},
    "VERSION": {"uid/value": "the name of this version", "commit_audit/time_committed/value": "when it was committed",
                "commit_audit/committer/name": "who committed it", "commit_audit/change_type/value": "creation, amendment, modification or deleted",
                "lifecycle_state/value": "complete or incomplete", "contribution/id/value": "what it was committed with"},
    "COMPOSITION": {"uid/value": "the name of this version", "name/value": "what the document is called", "context/start_time/value": "when it began",
                    "composer/name": "who is responsible", "archetype_details/template_id/value": "the template"},
    "EVENT": {"time/value": "the time of the event"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Completion:
    """One thing that may be written: `text` takes the place of what stands from `start` to `end`. `says` is its name or its meaning.

    `kind` is keyword, class, archetype, variable, function or path.
    """

    text: str
    start: int
    end: int
    kind: str
    says: str = ""


def completions(text: str, at: int, templates: Iterable[Template] = ()) -> list[Completion]:
    """What may be written at a place, the likeliest first; nothing inside a text in quotes or a comment, or where the text before it cannot be read.

    >>> [one.text for one in completions("SELECT e/ehr_id/value FROM EHR e CON", 36)]
    ['CONTAINS']
    """
    known, before = tuple(templates), text[:at]
    if any(found.end() == at and found.start() < at and not _closed(found.group()) for found in _HIDDEN.finditer(before)):
        return []
    variables = _variables(text)
    path = _PATH.search(_blank(before))
    if path and path[1].lower() in variables:
        start = path.start(3)
        found = _paths(*variables[path[1].lower()], path[2], known)
        return _chosen([replace(one, start=start, end=at) for one in found], before[start:])
    start = at - len(re.search(r"[\w.-]*$", before)[0])  # type: ignore[index]  # which always finds something
    if before[:start].endswith("/") or before[:start].endswith("$"):
        return []
    offered = (replace(one, start=start, end=at) for one in _words(before[:start], variables, known))
    return _chosen(list(offered), before[start:])


def unit(text: str, path: str, templates: Iterable[Template] = ()) -> str:
    """In what unit a path of a query is measured: `mm[Hg]` for `o/data[at0001]/.../value/magnitude`; "" where templates leave it open, or disagree."""
    variable, _, steps = path.partition("/")
    known = _variables(text).get(variable.lower())
    if not known or not steps.endswith("value/magnitude"):
        return ""
    _, type_, code = known
    starts = [node for one in templates for node in _nodes(one.root) if (node.code == code if code else rm.is_a(node.type, type_))]
    found = {one.units for node in _walk(starts, "/" + steps.removesuffix("/magnitude")) for one in node.units}
    return found.pop() if len(found) == 1 else ""


def _closed(text: str) -> bool:
    return text[0] in "'\"" and len(text) > 1 and text[-1] == text[0]


def _blank(text: str) -> str:
    """The text without what stands in quotes and comments, every character in its place."""
    return _HIDDEN.sub(lambda found: "." * len(found.group()), text)


def _chosen(found: Sequence[Completion], typed: str) -> list[Completion]:
    """Those that suit what has been typed: first those that begin so, then those whose name has a word that does."""
    wanted = typed.strip().lower()
    ranked = [(_rank(one, wanted), one) for one in found if one.text != typed]
    return [one for rank, one in sorted(ranked, key=lambda pair: pair[0]) if rank < 3][:MOST]


def _rank(one: Completion, wanted: str) -> int:
    if one.text.lower().startswith(wanted):
        return 0
    if re.search(rf"\b{re.escape(wanted)}", one.says, re.I):
        return 1
    return 2 if len(wanted) > 2 and wanted in one.text.lower() else 3


# By the grammar


def _words(before: str, variables: dict[str, tuple[str, str, str]], templates: Sequence[Template]) -> Iterator[Completion]:
    terminals, last = _accepted(before)
    if "VERSION" in terminals and "FUNCTION" not in terminals:
        yield from (Completion(name, 0, 0, "class", says) for name, says in _classes(last))
    elif "FUNCTION" in terminals or (last in ("BY", "COMMA", "EXISTS") and "NAME" in terminals):
        yield from (Completion(name, 0, 0, "variable", " ".join(filter(None, (type_, code)))) for name, type_, code in variables.values())
    if "FUNCTION" in terminals:
        yield from (
            Completion(f"{name}()" if name in CLOCK else f"{name}(", 0, 0, "function") for name in (*AGGREGATES, *FUNCTIONS, *CLOCK)
        )
    if "CODE" in terminals:
        type_ = re.search(r"([A-Z_]+)(?:\s+\w+)?\s*\[\s*$", before, re.I)
        yield from _archetypes(templates, type_[1].upper() if type_ else "")
        if type_ and type_[1].upper() == "EHR":
            yield Completion("ehr_id/value=$ehr_id", 0, 0, "path", "one record, by its identifier")
    yield from (Completion(name, 0, 0, "keyword") for name in KEYWORDS if name in terminals and name not in ("TOP", "FORWARD", "BACKWARD"))


def _accepted(before: str) -> tuple[set[str], str]:
    """The terminals that may come next, and the last that was read."""
    from lark import UnexpectedInput

    asked, last = parser().parse_interactive(before), ""
    try:
        for token in asked.lexer_thread.lex(asked.parser_state):
            asked.feed_token(token)
            last = token.type
    except UnexpectedInput:
        return set(), ""
    return asked.accepts(), last


def _classes(last: str) -> Iterator[tuple[str, str]]:
    """The classes that FROM may name, those of entries and documents before their parts."""
    first = ("EHR", "COMPOSITION") if last == "FROM" else ("COMPOSITION", *_ENTRIES, "CLUSTER", "ELEMENT", "EHR_STATUS")
    found = dict.fromkeys((*first, *(name for name in rm.classes() if rm.is_a(name, "LOCATABLE") and not rm.abstract(name)), "VERSION"))
    says = {"EHR": "the record of one person", "VERSION": "a version of a document"}
    yield from ((name, says.get(name) or rm.classes()[name][""].says) for name in found)


def _archetypes(templates: Iterable[Template], type_: str) -> Iterator[Completion]:
    found: dict[str, str] = {}
    for template in templates:
        for node in _nodes(template.root):
            if class_in(node.code) and (not type_ or rm.is_a(class_in(node.code), type_)):
                found.setdefault(node.code, node.name or template.concept)
    yield from (Completion(code, 0, 0, "archetype", says) for code, says in sorted(found.items()))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for attribute in node.attributes:
        for child in attribute.children:
            yield from _nodes(child)


def _variables(text: str) -> dict[str, tuple[str, str, str]]:
    """variable in lower case -> (as it is written, class, archetype id or "")."""
    found = {}
    for type_, variable, code in _CLASS.findall(_blank(text)):
        if variable and (type_.upper() in ("EHR", "VERSION") or type_.upper() in rm.classes()):
            found[variable.lower()] = (variable, type_.upper(), code if class_in(code) else "")
    return found


# By the templates and the Reference Model


def _paths(_: str, type_: str, code: str, steps: str, templates: Iterable[Template]) -> Iterator[Completion]:
    """What may follow a path below a variable: whole paths to values, then single steps."""
    gone = steps[1:] + "/" if steps else ""
    found = {path.removeprefix(gone): says for path, says in _USUAL.get(type_, {}).items() if path.startswith(gone)}
    if type_ not in ("EHR", "VERSION"):
        types = [type_]
        for template in templates:
            starts = [node for node in _nodes(template.root) if (node.code == code if code else rm.is_a(node.type, type_))]
            nodes = _walk(starts, steps)
            types += [node.type for node in nodes] if steps else []
            for node in nodes:
                found |= {name: "" for name in _VALUES.get(node.type, ()) if "/" not in name}
                for path, says in _leaves(node):
                    found.setdefault(path, says)
        for one in [class_in(code) or type_] if not steps else types[1:] or _by_model(type_, steps):
            for name, attribute in rm.attributes(one).items():
                found[name] = found.get(name) or attribute.says
    yield from (Completion(path, 0, 0, "path", says) for path, says in found.items())


def _walk(nodes: Sequence[Node], steps: str) -> list[Node]:
    """The nodes of a template that a path leads to."""
    found = list(nodes)
    for name, code in re.findall(r"/(\w+)(?:\[\s*([\w.-]+)?[^\[\]]*\])?", steps):
        below = [child for node in found for child in (_children(node, name) or [node.child(name)])]
        found = [child for child in below if child.type and (not code or child.code == code)]
    return found


def _children(node: Node, name: str) -> tuple[Node, ...]:
    attribute = node.attribute(name)
    return attribute.children if attribute else ()


def _leaves(node: Node, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every value below a node as (path, name); not through another entry, which has a variable of its own."""
    if depth > _DEEPEST:
        return
    yield from _USUAL["EVENT"].items() if rm.is_a(node.type, "EVENT") else ()
    for attribute in node.attributes:
        for child in attribute.children:
            if (attribute.name == "name" and depth + len(node.attributes) > 1) or (
                class_in(child.code) in _ENTRIES and node.type != child.type
            ):
                continue
            step = attribute.name + (f"[{child.code}]" if child.code else "")
            if child.type.startswith("DV_"):
                says = node.name or attribute.name
                for name in _VALUES.get(child.type, ("value",)):
                    yield f"{step}/{name}", says if name in ("value", "magnitude") else f"{says}: {name.split('/')[0]}"
            else:
                yield from ((f"{step}/{path}", says) for path, says in _leaves(child, depth + 1))


def _by_model(type_: str, steps: str) -> list[str]:
    """The classes at a path, where no template knows it."""
    types = [type_]
    for name in re.findall(r"/(\w+)", steps):
        types = [rm.attributes(heir)[name].type for one in types for heir in rm.heirs(one) or (one,) if name in rm.attributes(heir)]
    return [rm.bare(one) for one in dict.fromkeys(types)]
