"""One patient crosses three wires, on a terminal: for people and machines without a browser."""

from __future__ import annotations

from ihe_kit.exchanges import Exchange
from ihe_kit.region import Sandbox


def run() -> int:
    """Runs the exchanges, prints the sequence diagram and the findings. 0 when every one came out as it should."""
    from ihe_kit import sandbox
    from ihe_kit.render import findings_text, sequence_text

    box = sandbox()
    print("Ingrid Ødegård comes to the emergency department of Nordvik Hospital. At the end her admission is sent twice,")
    print("and Aksel Brandt is admitted with a number that nobody gave out: both are refused.\n")
    good, refused = story(box), [twice(box), without_authority(box)]
    print(sequence_text(box.wire))
    print("\nFindings")
    for exchange in box.wire:
        found = [(m, f) for m, f in ((exchange.request, exchange.found), (exchange.answer, exchange.answer_found)) if m and f]
        print(f"\n{exchange.number}  {exchange}" + ("" if found else ": every rule held"))
        for message, findings in found:
            print(findings_text(findings, message))
    box.stop()
    return 0 if all(exchange.ok for exchange in good) and all(exchange.refused for exchange in refused) else 1


def story(box: Sandbox) -> list[Exchange]:
    """Admitted over HL7 v2, fed and found over FHIR, a blood pressure over openEHR."""
    from ihe_kit import build, exchange, person

    ingrid = person("ingrid")

    def ask(number: str, values: dict[str, object]) -> Exchange:
        return exchange(number, build(number, values, box.clock, box.ids), box)

    admitted = ask("ITI-31", dict(ingrid))
    fed = ask("ITI-104", dict(ingrid))
    found = ask("ITI-78", {"family": "Ødegård", "birthdate": "1958-06-17"})
    ehr = ask("openEHR ehr", dict(ingrid))
    template = ask("openEHR template", {})
    pressure = ask("openEHR composition", {"ehr_id": ehr_id(ehr), "systolic": 142, "diastolic": 91})
    return [admitted, fed, found, ehr, template, pressure]


def twice(box: Sandbox) -> Exchange:
    """The same admission again: the receiver has to refuse it."""
    from ihe_kit import build, exchange, person

    return exchange("ITI-31", build("ITI-31", person("ingrid"), box.clock, box.ids), box)


def without_authority(box: Sandbox) -> Exchange:
    """An admission whose identifier does not say who gave the number out (PID-3.4)."""
    from ihe_kit import build, exchange, person

    facts = {name: value for name, value in person("aksel").items() if name not in ("namespace", "oid")}
    return exchange("ITI-31", build("ITI-31", facts | {"PID-3.4.3": ""}, box.clock, box.ids), box)


def ehr_id(created: Exchange) -> str:
    """The id of the EHR that an exchange created, from the answer's ETag."""
    return created.answer.get("response.etag")[0].strip('"') if created.answer else ""
