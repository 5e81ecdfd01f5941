"""In which form an object comes and goes: canonical JSON and XML, and the simplified FLAT and STRUCTURED (ITS-REST 1.0.3, Data representation).

Inside, everything is canonical JSON. A simplified form does not say its template: the request does, by the header `openehr-template-id` or the
query parameter `templateId`. Instead of a media type, `format=FLAT` and the like are taken in the query too, as widely used servers have it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ihe_kit.actors.openehr_repository.call import Call
from ihe_kit.actors.openehr_repository.plain import JSON, XML, refused
from ihe_kit.core import Unreadable
from ihe_kit.openehr import OpenehrMessage, Template, as_json, as_xml, from_flat, from_structured, load, parse, to_flat, to_structured


@dataclass(frozen=True)
class Form:
    """A form that an object can have, the media types by which it is known, the first one first, and its name in `format=`."""

    name: str
    media: tuple[str, ...]
    simplified: bool = False


FORMS = (
    Form("JSON", (JSON,)),
    Form("XML", (XML, "text/xml")),
    Form("FLAT", ("application/openehr.wt.flat+json", "application/openehr.wt.flat.schema+json"), True),
    Form("STRUCTURED", ("application/openehr.wt.structured+json", "application/openehr.wt.structured.schema+json"), True),
)
_NAMES = {form.name: form for form in FORMS} | {"CANONICAL": FORMS[0], "RAW": FORMS[0]}
_MEDIA = {media: form for form in FORMS for media in form.media}


def wanted(call: Call) -> Form:
    """The form that the request accepts, the one it likes best first; canonical JSON where it does not say. Raises Refused (406)."""
    if "format" in call.query:
        return _named(call, 406)
    accepted = sorted(_accepted(call.header("accept")), key=lambda one: -one[1])
    for media, weight in accepted or [("*/*", 1.0)]:
        form = FORMS[0] if media in ("*/*", "application/*") else _MEDIA.get(media)
        if form and weight > 0:
            return form
    raise refused(406, f"Accept asks for {call.header('accept')[:80]}. This repository gives {_listed()}.")


def _named(call: Call, status: int) -> Form:
    name = call.query["format"].upper()
    if name not in _NAMES:
        raise refused(status, f"expected the format {', '.join(_NAMES)}, but found {name[:40]!r}")
    return _NAMES[name]


def _listed() -> str:
    return ", ".join(form.media[0] for form in FORMS)


def _accepted(header: str) -> list[tuple[str, float]]:
    """The media types of an Accept header with their weights (RFC 9110 section 12.5.1)."""
    found = []
    for part in filter(None, (one.strip().lower() for one in header.split(","))):
        media, *options = (piece.strip() for piece in part.split(";"))
        weight = next((option[2:] for option in options if option.startswith("q=")), "1")
        found.append((media, float(weight) if weight.replace(".", "", 1).isdecimal() else 0.0))
    return found


def accepts(call: Call, *media: str) -> str:
    """Which of these media types the request likes best; the first where it does not say; "" where it accepts none."""
    for name, weight in sorted(_accepted(call.header("accept")), key=lambda one: -one[1]) or [("*/*", 1.0)]:
        if weight > 0 and name in ("*/*", "application/*", *media):
            return name if name in media else media[0]
    return ""


# What comes


def body_of(call: Call, kind: str) -> OpenehrMessage:
    """A message whose body is the object in canonical JSON. Raises Refused: 400 for another kind of object, 415 for another form."""
    message = call.message
    if not message.body.strip():
        raise refused(400, f"expected a body of type {kind}, but the body is empty")
    form = _sent(call)
    if form.simplified:
        return _from_simplified(call, form)
    if form.name == "XML" and message.is_xml and message.root is None:
        message = _as_xml_alone(message)
    elif message.root is None or message.is_xml != (form.name == "XML"):
        raise refused(415, f"The body is not what {message.headers.get('content-type') or 'its Content-Type'} says. {_SEND}")
    if message.kind != kind:
        found = message.kind.replace("JSON", "JSON without a _type") + (
            ": name its form and its template" if message.kind in ("FLAT", "STRUCTURED") else ""
        )
        raise refused(400, f"expected a body of type {kind}, but found {found}")
    return as_json(message) if message.is_xml else message


def _as_xml_alone(message: OpenehrMessage) -> OpenehrMessage:
    """XML that shows nothing of openEHR at its beginning, read all the same, so that it is said what is wrong with it. Raises Refused (400)."""
    try:
        return parse(message.body)
    except Unreadable as problem:
        raise refused(400, f"The body cannot be read: {problem}") from None


_SEND = f"Send it as JSON, with the header Content-Type: {JSON}, or as XML, with {XML}."


def _sent(call: Call) -> Form:
    """The form of the body, as the request names it."""
    media = call.header("content-type").partition(";")[0].strip().lower()
    form = _MEDIA.get(media or JSON)
    if not form and media.endswith("+json") and "openehr" not in media:
        form = FORMS[0]
    if not form:
        raise refused(415, f"The body comes as {call.header('content-type')[:80]}. {_SEND}")
    return _named(call, 415) if "format" in call.query and form.name == "JSON" else form


def named_template(call: Call) -> str:
    """The template that the request names beside its body, or ""."""
    return call.header("openehr-template-id", "openehr-template_id") or call.query.get("templateId", "")


def template_of(call: Call, name: str) -> Template:
    """A template of this repository. Raises Refused (422)."""
    found = call.store.get("TEMPLATE", name) if name else None
    if not found:
        raise refused(422, f"The template {name or '(none named)'} is not here. Upload it before compositions that are made from it.")
    return load(found.text)


def _from_simplified(call: Call, form: Form) -> OpenehrMessage:
    name = named_template(call)
    if not name:
        raise refused(
            400, f"{form.name} does not say its template: name it by the header openehr-template-id, or by templateId in the URL."
        )
    template = template_of(call, name)
    try:
        values = json.loads(call.message.body)
        if not isinstance(values, dict):
            raise ValueError("expected a JSON object, keys and values")
        return (from_flat if form.name == "FLAT" else from_structured)(values, template, call.clock)
    except ValueError as problem:
        raise refused(400, f"This {form.name} makes no composition of {name}: {problem}") from None


# What goes


def shown_in(call: Call, body: str, form: Form) -> tuple[str, str]:
    """(an object of canonical JSON in a form, the media type). Raises Refused (406) where the object has no such form."""
    if form.name == "JSON":
        return body, JSON
    message = parse(body)
    if form.simplified and message.kind != "COMPOSITION":
        raise refused(406, f"{form.name} is for compositions, and this is {message.kind}. Ask for {JSON} or {XML}.")
    try:
        if form.name == "XML":
            return as_xml(message).text, XML
        write = to_flat if form.name == "FLAT" else to_structured
        return json.dumps(write(message, template_of(call, message.template_id)), indent=1, ensure_ascii=False), form.media[0]
    except ValueError as problem:
        raise refused(406, f"{message.kind} cannot be written as {form.name}: {problem}") from None
