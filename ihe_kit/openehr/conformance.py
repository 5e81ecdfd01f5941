"""A composition against the reference model and its template: every finding, with its place, its reason and its source.

Two passes. The first holds every object to its class (`model.py`, RM 1.1.0); it needs no template. The second walks template and
composition together (`constraints.py`, AOM 1.4). What cannot be checked is said in a finding of its own: an unknown template, what stands in a
slot, a code or a pattern that nobody can look up here.
"""

from __future__ import annotations

from ihe_kit.core import Element, Unreadable
from ihe_kit.openehr import rm
from ihe_kit.openehr.constraints import check_template
from ihe_kit.openehr.findings import Findings
from ihe_kit.openehr.flat_keys import check_keys
from ihe_kit.openehr.message import OpenehrMessage
from ihe_kit.openehr.model import check_model
from ihe_kit.openehr.opt import Template, load
from ihe_kit.openehr.opt import known as known_template
from ihe_kit.openehr.structured import flattened, node_at
from ihe_kit.rules import Finding, in_order


def conform(message: OpenehrMessage, template: Template | str | None = None) -> list[Finding]:
    """Every finding against the reference model and the template: the one given, else the one that the composition names. Never raises.

    >>> from ihe_kit.openehr.message import parse
    >>> [f.rule for f in conform(parse('{"_type": "DV_QUANTITY", "magnitude": 142}'))]
    ['OPENEHR-REQUIRED']
    """
    found = Findings(message)
    if message.kind == "XML":
        _template(found)
    if not message.root:
        return found.list
    one = known_template(template or message.template_id)
    if message.kind in ("FLAT", "STRUCTURED"):
        _simplified(found, one)
        return in_order(found.list)
    if message.kind not in rm.classes() and not (message.status or message.target.startswith(("query", "definition"))):
        what = "This JSON is no object of the reference model that this kit knows, so it was not checked."
        found.add("OPENEHR-TEMPLATE", message.root, what)
    check_model(found, message.root)
    if message.kind == "COMPOSITION" and one:
        _same_template(found, one)
        check_template(found, one, message.root)
    elif message.kind == "COMPOSITION":
        _unknown_template(found, str(template or message.template_id))
    return in_order(found.list)


def _same_template(found: Findings, one: Template) -> None:
    named = found.message.template_id
    if named and named != one.id:
        (at,) = found.message.find("/archetype_details/template_id/value")
        found.add("OPENEHR-OTHER-TEMPLATE", at, f"The composition names the template {named}, but it is held against {one.id}.")


def _unknown_template(found: Findings, named: str) -> None:
    what = f"The template {named} is not known here." if named else "The composition does not name its template."
    places = found.message.find("/archetype_details/template_id/value")
    root = found.message.root
    if root:
        found.add("OPENEHR-TEMPLATE", places[0] if places else root, what)


def _simplified(found: Findings, one: Template | None) -> None:
    """FLAT and STRUCTURED: whether the template can use every key."""
    message, root = found.message, found.message.root
    if root and not one:
        found.add("OPENEHR-TEMPLATE", root, f"{message.kind} does not say its template, so it was not checked: name one.")
    elif root and one:
        try:
            keys = list(message.data) if message.kind == "FLAT" else list(flattened(message.data))
        except ValueError as problem:
            found.add("OPENEHR-FLAT", root, f"{problem}.")
            return
        for key, why in check_keys(one, keys).items():
            at = root.child(key) if message.kind == "FLAT" else node_at(message, key)
            found.add("OPENEHR-FLAT", at or root, f"{why}.")


def _template(found: Findings) -> None:
    """The XML of a template: whether it can be read."""
    message = found.message
    try:
        load(message.body)
    except Unreadable as problem:
        at = min(message.body_start + problem.start, len(message.text))
        end = min(at + 40, len(message.text))
        found.add("OPENEHR-OPT", Element("request.body", "body", message.text[at:end], at, end), f"The template cannot be read: {problem}.")
