"""The first page: what runs, what is kept, what crossed last, and how to send something."""

from __future__ import annotations

from ihe_kit.render import Crossing, count, facts, h, icon, sequence_html, value, visible
from ihe_kit.site.people import name, numbers
from ihe_kit.site.shell import head, page
from ihe_kit.site.visit import Reply, Visit

LATEST, PEOPLE = 6, 6  # exchanges and patients that the first page shows


def show(visit: Visit) -> Reply:
    """The page."""
    running = f"{count(len(visit.box.wire.systems), 'system')} · {count(visit.box.wire.last, 'exchange')} · {count(sum(visit.counts.values()), 'resource')} kept"
    main = (
        head("Fjordland Health", running)
        + f'<div class="scroll" tabindex="0" role="region" aria-label="Overview">{_crossed(visit)}{_kept(visit)}{_try(visit)}</div>'
    )
    return page(visit, "Fjordland Health", main, patients(visit))


def _crossed(visit: Visit) -> str:
    latest = list(visit.box.wire)[-LATEST:]
    every = f'<a href="{visit.link("exchanges")}">all of them, live</a>'
    if not latest:
        return _part("Exchanges", every, '<p class="kit-body kit-quiet">Nothing has crossed the wire yet.</p>')
    drawing = sequence_html(visit.box.wire, latest, link=lambda row: at(visit, row))
    return _part("The latest exchanges", f"{facts(latest)} · {every}", drawing)


def at(visit: Visit, row: Crossing) -> str:
    """The address of the page about one message of the wire."""
    return visit.way("exchanges", [("message", row.key)])


def _kept(visit: Visit) -> str:
    if not visit.counts:
        return ""
    rows = "".join(
        f'<tr><th scope="row"><a href="{visit.link(kind)}">{h(kind)}</a></th><td class="kit-num">{number:,}</td>'
        f'<td><a href="{visit.link(kind, [("_sort", "-_lastUpdated")])}">newest first</a></td></tr>'
        for kind, number in visit.counts.items()
    )
    heads = "".join(f'<th scope="col">{words}</th>' for words in ("Type", "Kept", "Read and search"))
    return _part("FHIR resources", "", f'<table class="kit-x kit-kept"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>')


def _try(visit: Visit) -> str:
    """Commands that work as they stand, with the addresses of these very systems."""
    fhir, mllp = visit.box.addresses["FHIR server"], visit.box.addresses["Patient Encounter Consumer"]
    ways = (
        ("See what the FHIR server can do", f"curl {fhir}/metadata"),
        (
            "Keep a patient",
            f'curl -H \'Content-Type: application/fhir+json\' -d \'{{"resourceType": "Patient", "name": [{{"family": "Berg"}}]}}\' {fhir}/Patient',
        ),
        ("Send an HL7 v2 message", f"ihe-kit send admission.hl7 --to {mllp}"),
    )
    rows = "".join(f"<dt>{says}</dt><dd><code>{h(command)}</code></dd>" for says, command in ways)
    return _part("Try it", "on this machine, in a terminal", f'<dl class="kit-dl kit-try">{rows}</dl>')


def _part(title: str, facts: str, body: str) -> str:
    return f'<section class="part"><div class="kit-pane-head"><h2>{title}</h2><span class="kit-grow">{facts}</span></div>{body}</section>'


def patients(visit: Visit) -> str:
    """Who was changed last, with every number that a patient has, across the domains."""
    bundle = visit.ask("Patient/_history", [("_count", "40")]).values
    latest: dict[str, object] = {}
    for entry in bundle.get("entry", ()):
        resource = entry.get("resource")
        latest.setdefault(entry["fullUrl"].rpartition("/")[2], resource)
    shown = [(id, one) for id, one in latest.items() if one][:PEOPLE]
    rows = "".join(_person(visit, id, one) for id, one in shown)
    title = f'Patients, changed last<span class="kit-grow"></span>{visit.counts.get("Patient", 0):,}'
    listed = f"<ul>{rows}</ul>" if rows else f'<p class="kit-small kit-quiet none">{icon("info")} None are kept yet.</p>'
    return f'<section class="kit-side" aria-labelledby="people"><h2 id="people">{title}</h2></section>{listed}'


def _person(visit: Visit, id: str, patient: object) -> str:
    assert isinstance(patient, dict)
    known = "".join(f"<dt>{visible(who)}</dt><dd><code>{visible(number)}</code></dd>" for who, number in list(numbers(patient))[:5])
    born = ", ".join(
        filter(None, (f"born {patient.get('birthDate')}" if patient.get("birthDate") else "", str(patient.get("gender") or "")))
    )
    link = f'<a href="{visit.link(f"Patient/{id}")}">{value(name(patient) or id, 60)}</a>'
    return f'<li class="kit-person"><b>{link}</b><div class="kit-small kit-quiet">{visible(born)}</div><dl class="kit-dl">{known}</dl></li>'
