"""Operational templates: uploaded, listed, given as OPT, as web template, and as an example of what they ask for (ITS-REST 1.0.3, DEFINITION)."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from ihe_kit.actors.openehr_repository.answers import shown, tags
from ihe_kit.actors.openehr_repository.call import SYSTEM, Call
from ihe_kit.actors.openehr_repository.formats import accepts
from ihe_kit.actors.openehr_repository.plain import JSON, XML, data, error, refused, text
from ihe_kit.actors.openehr_repository.versions import with_uid
from ihe_kit.core import Message, Unreadable
from ihe_kit.json_text import written
from ihe_kit.openehr import load, web_template
from ihe_kit.openehr.examples import example
from ihe_kit.store import Document

WEB = "application/openehr.wt+json"
_TEMPLATE_ID = r"[0-9A-Za-z][0-9A-Za-z.:_ -]{0,199}"  # many templates have blanks in their names


def upload_template(call: Call) -> Message:
    """201; 400 for what is no template, 409 where one of its name is here, 415 for what does not come as XML."""
    media = call.header("content-type").partition(";")[0].strip().lower()
    if media not in ("", XML, "text/xml"):
        return error(415, f"The body comes as {media[:80]}. Send the template as XML, with the header Content-Type: {XML}.")
    try:
        template = load(call.message.body)
    except Unreadable as problem:
        return error(400, f"This is no operational template: {problem}")
    if not re.fullmatch(_TEMPLATE_ID, template.id):
        may = "at most 200 letters (A to Z, a to z), digits, and blanks and . : _ - after the first"
        return error(400, f"{template.id[:60]!r} cannot name a template: its id becomes a part of a URL here and may hold {may}.")
    if call.store.get("TEMPLATE", template.id):
        return error(409, f"The template {template.id} is here already. A changed template needs a new name.")
    kept = call.store.put("TEMPLATE", template.id, call.message.body, call.now)
    wanted = call.wants("return=representation")
    if call.wants("return=identifier"):
        return data(201, {"template_id": template.id}, _tags(call, kept))
    return text(201, kept.text if wanted else "", XML, _tags(call, kept))


def list_templates(call: Call) -> Message:
    """What each is called, what it is about, and which archetype it begins with."""
    if not accepts(call, JSON):
        return _not_acceptable(call, JSON)
    found = [
        {"template_id": one.id, "concept": template.concept, "archetype_id": template.root.code, "created_timestamp": one.at}
        for one in call.store.select("TEMPLATE")
        for template in [load(one.text)]
    ]
    return data(200, found)


def read_template(call: Call, name: str) -> Message:
    """The XML as it was uploaded; for who accepts JSON only, the web template."""
    found = _found(call, name)
    media = accepts(call, XML, "text/xml", WEB, JSON)
    if media in (XML, "text/xml"):
        return text(200, found.text, media, _tags(call, found))
    return text(200, written(web_template(load(found.text))), media, _tags(call, found)) if media else _not_acceptable(call, XML, WEB)


def example_of(call: Call, name: str) -> Message:
    """A composition made from the template, in any of the forms of a composition. `detail_level` says how much of it, `type=output` with a uid."""
    template = load(_found(call, name).text)
    try:
        made = example(template, call.clock, call.query.get("detail_level", "required"))
    except ValueError as problem:
        return error(400, f"There is no such example of {template.id}: {problem}")
    kind = call.query.get("type", "input")
    if kind not in ("input", "output"):
        return error(400, f"expected the type input, as it is committed, or output, as it is read, but found {kind[:40]!r}")
    return shown(call, with_uid(made.text, f"{call.new_uuid()}::{SYSTEM}::1") if kind == "output" else made.text)


def _found(call: Call, name: str) -> Document:
    found = call.store.get("TEMPLATE", unquote(name))
    if not found:
        raise refused(404, f"There is no template {unquote(name)[:200]}.")
    return found


def _not_acceptable(call: Call, *media: str) -> Message:
    return error(406, f"Accept asks for {call.header('accept')[:80]}. What is here can be had as {', '.join(media)}.")


def _tags(call: Call, one: Document) -> list[tuple[str, str]]:
    return tags(call, one.id, f"definition/template/adl1.4/{quote(one.id)}", one.at)
