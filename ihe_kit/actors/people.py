"""Who is who: people in the store by their numbers, and what merging, renaming, linking and unlinking do to them.

A number is a number together with the authority that gave it out: the same digits of another authority are another person. Who was merged is
kept, inactive, and points to the survivor (FHIR's `replaced-by`); who is linked stays two, and each sees the other (`seealso`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from ihe_kit.actors import Refused
from ihe_kit.actors.openehr_repository.subjects import Subjects
from ihe_kit.actors.pid import Identifier
from ihe_kit.actors.resources import instant, save_data
from ihe_kit.fhir import conform, parse
from ihe_kit.files import rows
from ihe_kit.rules import has_errors
from ihe_kit.store import Document, Store

LINK = "patient link"  # the kind under which the store keeps links of numbers, whether their people are known or not
RECORDED = "patient recorded"  # when the latest of what is known of a person was recorded


@lru_cache(maxsize=1)
def _domains() -> dict[str, str]:
    return {f"urn:x-namespace:{row['namespace']}": f"urn:oid:{row['oid']}" for row in rows("domains.tsv")}


def same_authority(system: str) -> tuple[str, ...]:
    """The ways in which this region writes an authority: by its namespace alone, or by its object identifier."""
    other = _domains().get(system) or next((name for name, oid in _domains().items() if oid == system), "")
    return (system, other) if other else (system,)


class People:
    """The people of one store."""

    def __init__(self, store: Store, clock: Callable[[], datetime], ids: Callable[[], str]) -> None:
        self.store, self.clock, self.ids = store, clock, ids
        self.subjects = Subjects(store, clock, ids)

    def find(self, number: Identifier) -> Document | None:
        """Who has a number, also someone who was merged."""
        system, value = number
        found = [one for name in same_authority(system) for one in self.store.find("Patient", "identifier", value, name)]
        return next((one for one in found if not replaced_by(one)), next(iter(found), None))

    def known(self, numbers: Iterable[Identifier]) -> list[Document]:
        """Everyone whom one of these numbers names, each once."""
        return list({one.id: one for number in numbers if (one := self.find(number))}.values())

    def referred(self, data: dict[str, Any]) -> dict[str, Any]:
        """A person whose survivor is named by a number alone, as ITI-104 allows, with a reference beside it where that one is known here."""
        return data | {"link": [self._referred(link) for link in data["link"]]} if data.get("link") else data

    def _referred(self, link: dict[str, Any]) -> dict[str, Any]:
        other, number = link["other"], link["other"].get("identifier", {})
        known = self.find((number.get("system", ""), number.get("value", ""))) if number and not other.get("reference") else None
        return link | {"other": {"reference": f"Patient/{known.id}", **other}} if known else link

    def newest(self, id: str, at: datetime) -> bool:
        """Whether nothing that was recorded after this time has been told of a person so far."""
        last = self.store.get(RECORDED, id)
        return last is None or datetime.fromisoformat(last.text) <= at

    def survivor(self, person: Document) -> Document:
        """Who somebody is now: the end of the chain of merges."""
        other = self.store.get("Patient", replaced_by(person)) if replaced_by(person) else None
        return self.survivor(other) if other else person

    def save(self, data: dict[str, Any], id: str = "", at: datetime | None = None) -> Document:
        """Keeps a person, as recorded at a time. Raises Refused where that is no sound resource. What is as it was gets no new version."""
        if id and at:
            self.store.put(RECORDED, id, at.isoformat(), instant(self.clock()))
        before = self.store.get("Patient", id) if id else None
        if before and _content(json.loads(before.text)) == _content(data):
            return before
        patient = parse(json.dumps(data, indent=2, ensure_ascii=False))
        if has_errors(findings := conform(patient)):
            raise Refused("the patient cannot be kept: " + "; ".join(finding.what for finding in findings))
        return self._see_also(save_data(self.store, data, self.clock, id or self.store.unused("Patient", self.ids)))

    def merge(self, source: Document, target: Document, retired: Sequence[Identifier]) -> None:
        """The source becomes the target: its retired numbers stay with it and lead to the target, all its other numbers move."""
        gone, kept = json.loads(source.text), json.loads(target.text)
        old = [one for one in gone.get("identifier", ()) if _named(one, retired)]
        moved = [one for one in gone.get("identifier", ()) if one not in old]
        self.save(
            gone | {"active": False, "identifier": [one | {"use": "old"} for one in old], "link": [_link(target, "replaced-by")]}, source.id
        )
        links = [*kept.get("link", ()), _link(source, "replaces")]
        saved = self.save(kept | {"identifier": [*kept.get("identifier", ()), *moved], "link": links}, target.id)
        self.follow(old, saved, "was merged into")

    def follow(self, old: Sequence[dict[str, Any]], now: Document, what: str) -> None:
        """The openEHR records of numbers that went are those of the person who is meant now."""
        current = [number for one in json.loads(now.text).get("identifier", ()) if one.get("use") != "old" for number in _writings(one)]
        for one in old:
            gone = [number for number in _writings(one) if number not in current]
            goal = next((value for system, value in current if system in {name for name, _ in gone}), current[0][1] if current else "")
            self.subjects.follow(gone, current, f"The patient identity actor says: {one.get('value')} {what} {goal}.")

    def rename(self, person: Document, wrong: Sequence[Identifier], right: Sequence[dict[str, Any]]) -> None:
        """A number was wrong: the right one stands in its place."""
        data = json.loads(person.text)
        rest = [
            one
            for one in data.get("identifier", ())
            if not _named(one, wrong) and not _named(one, [(r["system"], r["value"]) for r in right])
        ]
        saved = self.save(data | {"identifier": [*right, *rest]}, person.id)
        self.follow([{"system": system, "value": value} for system, value in wrong], saved, "was wrong and is now")

    # Links

    def link(self, one: Sequence[Identifier], other: Sequence[Identifier]) -> None:
        """Records that two lists of numbers name one person, whether they are known here or not. Nobody is created."""
        text = json.dumps(sorted([sorted(one), sorted(other)]))
        id = sha256(text.encode()).hexdigest()  # the same link has the same id, and one of bounded length
        self.store.put(LINK, id, text, instant(self.clock()), [("number", *n, n[1]) for n in (*one, *other)])
        self._again(one, other)

    def unlink(self, one: Sequence[Identifier], other: Sequence[Identifier]) -> bool:
        """Takes a link away; False where none is known between these two."""
        gone = [link for link in self._links(one) if any(_crosses(link, a, b) for a in one for b in other)]
        for link in gone:
            self.store.put(LINK, link.id, link.text, instant(self.clock()), deleted=True)
        self._again(one, other)
        return bool(gone)

    def _again(self, *lists: Sequence[Identifier]) -> None:
        for person in self.known(number for numbers in lists for number in numbers):
            self._see_also(person)

    def _links(self, numbers: Sequence[Identifier]) -> list[Document]:
        found = [
            link for system, value in numbers for name in same_authority(system) for link in self.store.find(LINK, "number", value, name)
        ]
        return list({link.id: link for link in found}.values())

    def _see_also(self, person: Document) -> Document:
        """The person with a link to everyone whom a recorded link names, as far as they are known."""
        data = json.loads(person.text)
        own = [(one.get("system", ""), one.get("value", "")) for one in data.get("identifier", ())]
        named = {number for link in self._links(own) for number in _opposite(link, own)}
        others = [one for one in self.known(sorted(named)) if one.id != person.id]
        links = [link for link in data.get("link", ()) if link.get("type") != "seealso"] + [_link(other, "seealso") for other in others]
        if links == data.get("link", []):
            return person
        rest = {name: value for name, value in data.items() if name != "link"}
        saved = save_data(self.store, rest | ({"link": links} if links else {}), self.clock, person.id)
        for other in others:  # who was not known when the link came is known now, and the other one learns of it
            self._see_also(other)
        return saved


def replaced_by(person: Document) -> str:
    """The id of the survivor that someone was merged into, or ""."""
    links = json.loads(person.text).get("link", ())
    named = (link["other"].get("reference", "") for link in links if link.get("type") == "replaced-by")
    return next((id for reference in named if (id := reference.partition("/")[2])), "")


def retired(person: Document, numbers: Iterable[Identifier]) -> str:
    """The first of these numbers that is in use no more, because a merge retired it, or ""."""
    old = [one for one in json.loads(person.text).get("identifier", ()) if one.get("use") == "old"]
    return next((number for system, number in numbers if any(_named(one, [(system, number)]) for one in old)), "")


def _writings(one: dict[str, Any]) -> list[Identifier]:
    """The number of an identifier, once for each way in which its authority may be written, as it stands there first."""
    return [(system, one.get("value", "")) for system in same_authority(one.get("system", ""))]


def _content(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in ("id", "meta")}


def _link(other: Document, kind: str) -> dict[str, Any]:
    return {"other": {"reference": f"Patient/{other.id}"}, "type": kind}


def _named(one: dict[str, Any], numbers: Iterable[Identifier]) -> bool:
    """Whether an identifier of a resource is one of these numbers, however its authority is written."""
    return any(one.get("value") == value and one.get("system", "") in same_authority(system) for system, value in numbers)


def _sides(link: Document) -> list[list[Identifier]]:
    return [[(system, value) for system, value in side] for side in json.loads(link.text)]


def _same(one: Identifier, other: Identifier) -> bool:
    return one[1] == other[1] and one[0] in same_authority(other[0])


def _crosses(link: Document, one: Identifier, other: Identifier) -> bool:
    first, second = _sides(link)
    return any(
        any(_same(one, n) for n in here) and any(_same(other, n) for n in there) for here, there in ((first, second), (second, first))
    )


def _opposite(link: Document, own: Sequence[Identifier]) -> list[Identifier]:
    """The numbers on the other side of a link."""
    first, second = _sides(link)
    return second if any(_same(a, b) for a in first for b in own) else first
