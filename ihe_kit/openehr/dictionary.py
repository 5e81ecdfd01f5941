"""What every openEHR path means: names and limits from the template, types and meanings from the reference model (`data/openehr/rm.tsv`)."""

from __future__ import annotations

from dataclasses import replace

from ihe_kit.core import Definition, UnknownPath, cited, nearest
from ihe_kit.openehr import flat_ctx, rm
from ihe_kit.openehr.aom import Unit
from ihe_kit.openehr.flat_keys import found
from ihe_kit.openehr.flat_parts import inner_path, parts
from ihe_kit.openehr.form import group_of, limits, terms
from ihe_kit.openehr.leaves import Leaf
from ihe_kit.openehr.message import OpenehrMessage
from ihe_kit.openehr.opt import Node, Template, known, own
from ihe_kit.openehr.paths import ROOTS, Step, class_in, read_path, refuse_unknown


def explain(subject: str | OpenehrMessage, path: str | None = None, template: Template | str | None = None) -> Definition:
    """What a path means: an openEHR path, a FLAT key, `CLASS`, `CLASS.attribute`, or `request.prefer`. Raises UnknownPath.

    With a message, its own template and the classes it names are used; with a path alone, the template given or the first of our own
    that has the path.

    >>> explain("DV_QUANTITY.units").type
    'String'
    """
    message = subject if isinstance(subject, OpenehrMessage) else None
    wanted = path or "/" if message else path or str(subject)
    given = known(template if template is not None else message.template_id if message else "")
    if wanted.startswith(("request.", "response.")):
        return _of_the_model("HTTP", wanted) or Definition(wanted, wanted.partition(".")[2], "header or query parameter", "text", "0..1")
    owner, _, name = wanted.partition(".")
    if owner in rm.classes():
        return _class(owner, name)
    candidates = [given] if given else [known(name) for name in own()] if not message else []
    if not wanted.startswith("/"):
        if message and message.root and message.root.child(wanted) and not given:
            return Definition(
                wanted, wanted.rpartition("/")[2], "FLAT key", says="What it means stands in the template, which is not known here."
            )
        return _flat(wanted, [one for one in candidates or map(known, own()) if one])
    steps = read_path(wanted)
    types = message.types(steps) if message else [""] * len(steps)
    for one in candidates:
        there = _follow(one.root, steps, types) if one else None
        if there:
            return _definition(wanted, steps, *there)
    if not any(types):
        refuse_unknown(message.kind if message else ROOTS[0], steps)
    homes = [root for root in ROOTS if steps and steps[0].name in rm.attributes(root)]
    return _in_the_model(wanted, steps, types, message.kind if message else (homes or ROOTS)[0])


def _follow(root: Node, steps: tuple[Step, ...], types: list[str]) -> tuple[Node, Node | None] | None:
    """The node at a path and the node it stands in; None where the template knows nothing of the path."""
    here: Node = root
    parent: Node | None = None
    for step, type_ in zip(steps, types, strict=True):
        attribute, known = here.attribute(step.name or ""), rm.attributes(here.type).get(step.name or "")
        inside = [child for child in attribute.children if child.code == step.code] if attribute else []
        names = {test.name for test in step.tests}
        named = [child for child in inside if child.fixed_name in names or (child.type == type_ and not child.code)]
        if not known or (not inside and step.code):
            return None
        parent, here = here, (named or inside or [Node(type_ or known.type, least=-1)])[0]
    return here, parent


def _definition(path: str, steps: tuple[Step, ...], node: Node, parent: Node | None) -> Definition:
    if not steps or not parent:
        return Definition(path, "/", node.name or node.type, node.type, node.occurs, says=node.says, spec=f"template, {node.code}")
    known = rm.attributes(parent.type)[steps[-1].name or ""]
    units = parent.units if known.owner == "DV_QUANTITY" else node.units
    phrase = parent if known.owner == "CODE_PHRASE" and known.name == "code_string" else node if node.codes else node.child("defining_code")
    codes = phrase.codes
    says = " ".join(filter(None, (node.says or known.says, _told(node, units))))
    scale = tuple((one.value, one.name) for one in node.ordinals)
    group = group_of(known.owner, known.name)
    values = (
        codes or scale or terms(group) or tuple((unit.units, str(unit.magnitude)) for unit in units if known.name in ("units", "value"))
    )
    return Definition(
        path=path,
        label=steps[-1].text.lstrip("/"),
        name=node.name or known.name.replace("_", " "),
        type=node.type,
        occurs=node.occurs if node.code else known.occurs,
        codes=phrase.terminology
        if codes
        else node.ordinals[0].terminology
        if scale
        else group
        if terms(group)
        else "UCUM"
        if values
        else "",
        values=values,
        says=says,
        spec=f"template node {node.code}; {known.spec}" if node.code else known.spec,
    )


def _told(node: Node, units: tuple[Unit, ...]) -> str:
    """What a template says about a value or a group, in words: ranges, patterns, how many members a list has; "" for nothing."""
    words = " or ".join(f"{unit.magnitude} {unit.units}" for unit in units) or limits(node)
    lists = [(one.name, one.cardinality) for one in node.attributes if one.cardinality]
    many = [f"{name} has {limit} members in all" for name, limit in lists if limit.least > 1 or limit.most > 0]
    told = "; ".join(filter(None, (words, *many)))
    return f"In this template: {told}." if told else ""


def _in_the_model(path: str, steps: tuple[Step, ...], types: list[str], root: str) -> Definition:
    """What the reference model alone says: classes follow from the message, else from the path as far as they can."""
    owner, known, last = root, None, ""
    for step, type_ in zip(steps, types, strict=True):
        possible = [rm.attributes(heir).get(step.name or "") for heir in (owner, *rm.heirs(owner))]
        last, known = owner, next(filter(None, possible), None)
        owner = type_ or class_in(step.code) or (known.type if known else "")
    if not steps:
        return _class(root, "") if root in rm.classes() else Definition(path, "/", root)
    label, name = steps[-1].text.lstrip("/"), (steps[-1].name or "").replace("_", " ").strip()
    if known:
        return Definition(path, label, name, owner, known.occurs, says=known.says, spec=known.spec)
    says = "The class of this object, which JSON has to name where several are possible." if steps[-1].name == "_type" else ""
    if says:
        return Definition(
            path, label, name, "String", says=says, spec="openEHR ITS-REST 1.0.3, Resources, Data representation, JSON Format"
        )
    return Definition(path, label, name, owner, spec=rm.classes()[last][""].spec if last in rm.classes() else "")


def _class(owner: str, name: str) -> Definition:
    known = rm.attributes(owner)
    if name:
        attribute = _of_the_model(owner, name)
        if not attribute:
            raise UnknownPath(f"{owner} has no attribute {name}" + nearest(name, known))
        return attribute
    row = rm.classes()[owner][""]
    return Definition(owner, owner, owner, row.type, says=f"{row.says} Attributes: {', '.join(known)}.", spec=row.spec)


def _of_the_model(owner: str, name: str) -> Definition | None:
    row = rm.attributes(owner).get(name)
    label = name if owner == "HTTP" else f"{owner}.{name}"
    return Definition(label, name, name.replace("_", " "), row.type, row.occurs, says=row.says, spec=row.spec) if row else None


def _context(key: str) -> Definition:
    """What a key of the context means. Raises UnknownPath."""
    try:
        listed = flat_ctx.known(key)
    except ValueError as problem:
        raise UnknownPath(str(problem)) from None
    row, owners = listed[0], ", ".join(row["class"] for row in listed)
    values = terms(row["group"])
    spec = cited(f"openEHR ITS-REST 1.1.0, Simplified Formats, Context Information, {row['section']}", row["checked"] == "yes")
    says = row["says"] if owners == "COMPOSITION" else f"{row['says']} It is taken over by each of these that says nothing else: {owners}."
    return Definition(key, key[4:], key[4:].replace("_", " "), "context", codes=row["group"], values=values, says=says, spec=spec)


def _flat(key: str, templates: list[Template]) -> Definition:
    """What a FLAT key means: the path it stands for, explained; of a part of a value, what that part is too."""
    if flat_ctx.is_ctx(key):
        return _context(key)
    suffix = key.partition("|")[2]
    for one in templates:
        leaf = found(one, key)
        if not leaf:
            continue
        value = len(leaf.moves) > 1 and leaf.moves[-2].node.type == "ELEMENT" and leaf.moves[-1].attribute == "value"
        whole = explain(leaf.path or "/", None, one)
        element = explain(leaf.path.removesuffix("/value"), None, one) if value else whole
        told = _told(leaf.node, leaf.node.units) if value else ""
        says = " ".join(filter(None, (element.says, told, _part(leaf, suffix, one), f"Path: {leaf.path or '/'}")))
        return replace(whole, path=key, label=leaf.ids[-1], name=element.name, occurs=element.occurs, says=says)
    known = [leaf.key for one in templates for leaf in one.leaves]
    raise UnknownPath(f"{key!r} is no openEHR path (those begin with /) and no FLAT key of a known template" + nearest(key, known))


def _part(leaf: Leaf, suffix: str, one: Template) -> str:
    """What stands behind | in a FLAT key. Raises UnknownPath for what a value of the class has not."""
    node = leaf.moves[-1].node if leaf.moves else one.root
    if suffix == "raw":
        return f"|raw is the whole {node.type} as canonical JSON, for what no other key can say."
    if not suffix or suffix == "other":
        return "|other is a text in place of a code of the list." if suffix else ""
    inner = inner_path(node, suffix)
    if inner is None:
        raise UnknownPath(f"a {node.type} has no |{suffix}" + nearest(suffix, parts(node)))
    return f"|{suffix}: {says}" if (says := _says(rm.bare(node.type), inner)) else ""


def _says(owner: str, inner: str) -> str:
    """What the reference model says of an attribute, some steps below a class."""
    says, steps = "", [step for step in inner.split("/") if not step.isdecimal()]
    for name in steps[:-1] if steps[1:] and steps[-1] == "value" else steps:  # the value of a text is the text
        found_in = next((rm.attributes(one)[name] for one in (owner, *rm.heirs(owner)) if name in rm.attributes(one)), None)
        if not found_in:
            return says
        says, owner = found_in.says, rm.bare(found_in.type)
    return says
