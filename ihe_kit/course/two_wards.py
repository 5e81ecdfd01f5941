"""What lesson 18 works with: Ingrid's medication list, changed by two wards at once; a colleague's script; the history that tells who did what.

Every list is a composition of kit_medication_list.v1, kept by the repository of a sandbox. Nothing here changes what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy, deepcopy
from dataclasses import dataclass
from typing import Any

from ihe_kit import OpenehrClient, openehr
from ihe_kit.exchanges import Exchange
from ihe_kit.openehr import OpenehrMessage
from ihe_kit.region import STORY_BEGINS, Sandbox
from ihe_kit.render.version_grid import uid_svg, versions_svg
from ihe_kit.render.versions import Version, read_version

Json = dict[str, Any]
Change = Callable[[Json], Json]

MEDICATION, PROBLEMS = "kit_medication_list.v1", "kit_problem_list.v1"
NORDVIK, SOLBAKKEN, INGRID, TOMAS = "urn:oid:2.999.10.1", "urn:oid:2.999.10.2", "4711", "2214"
ELIN, HANNE, JONAS = "Dr Elin Strand", "Dr Hanne Berg", "Jonas Dahl"
STOPPED = "stopped"
_HEAD = {
    "ctx/language": "en",
    "ctx/territory": "NO",
    "ctx/time": STORY_BEGINS.isoformat(),
    "ctx/health_care_facility|name": "Nordvik Hospital",
}
_ITEM, _COMMENT, _DETAILS, _STOP, _AMOUNT = "at0070", "at0167", "at0113", "at0013", "at0144"


# Who asks ---------------------------------------------------------------------------------------------------------------------------------


def client(box: Sandbox, name: str) -> OpenehrClient:
    """A client that says in each commit who commits."""
    made = OpenehrClient(box)
    made.audit = {"committer.name": name}
    return made


def because(asks: OpenehrClient, why: str, change: str = "") -> OpenehrClient:
    """The same client, but it says why it commits, and with a code of openEHR's also as what kind of change."""
    made = copy(asks)
    made.audit = asks.audit | {"description.value": why} | ({"change_type.code_string": change} if change else {})
    return made


def record(asks: OpenehrClient, number: str, namespace: str = NORDVIK) -> str:
    """The ehr_id of a patient, whose record is made where there is none; with the template of medication lists beside it."""
    asks.upload(MEDICATION)
    asks.create_ehr(number, namespace)
    return ehr_id(asks.find_ehr(number, namespace))


def ehr_id(found: Exchange) -> str:
    """The identifier of the EHR in an answer. Raises ValueError where there is none."""
    kept = _body(found).get("ehr_id")
    if not kept:
        raise ValueError(f"this answer holds no EHR: {found}")
    return str(kept["value"])


def version_of(answered: Exchange) -> str:
    """The version that an answer names in its ETag: of a 412 it is the one that was newer."""
    return answered.answer.headers.get("etag", "").strip('"') if isinstance(answered.answer, OpenehrMessage) else ""


def object_of(answered: Exchange) -> str:
    """What all versions of it share: the part before `::`."""
    return version_of(answered).partition("::")[0]


def status(sent: Exchange) -> str:
    """The status of an answer, `none` where none came."""
    return sent.answer.status if isinstance(sent.answer, OpenehrMessage) else "none"


def says(sent: Exchange) -> str:
    """What a refusal says in words."""
    return str(_body(sent).get("message", ""))


def _body(answered: Exchange | Json) -> Json:
    if isinstance(answered, Exchange):
        kept = answered.answer.data if isinstance(answered.answer, OpenehrMessage) and answered.answer.body.strip() else None
        return dict(kept) if isinstance(kept, dict) else {}
    return answered


# A medication list ------------------------------------------------------------------------------------------------------------------------


def medicines(*drugs: tuple[str, float], by: str = ELIN) -> Json:
    """A medication list: `medicines(("Ramipril", 5))` in mg, once a day. Without drugs, what Ingrid brought along this morning."""
    made: Json = {**_HEAD, "ctx/composer_name": by}
    for number, (name, dose) in enumerate(drugs or (("Ramipril", 5.0), ("Spironolactone", 25.0))):
        key = f"medication_list/medication_order:{number}"
        made |= {
            f"{key}/narrative": _narrative(name, dose),
            f"{key}/order/medication_item/text_value": name,
            f"{key}/order/dosage:0/dose_amount/quantity_value|magnitude": dose,
            f"{key}/order/dosage:0/dose_amount/quantity_value|unit": "1",
            f"{key}/order/dosage:0/dose_unit": "mg",
            f"{key}/order/order_details/stop": STORY_BEGINS.isoformat(),
            f"{key}/order/comment": "?",
        }
    tree: Json = openehr.from_flat(made, MEDICATION, lambda: STORY_BEGINS).data
    for entry in tree["content"]:
        entry["activities"][0]["description"]["items"] = [one for one in _items(entry) if _code(one) not in (_DETAILS, _COMMENT)]
    return tree


def problems(*names: str, by: str = ELIN) -> Json:
    """A problem list with these problems."""
    made = {**_HEAD, "ctx/composer_name": by} | {
        f"problem_list/problem:{number}/problem_name/text_value": name for number, name in enumerate(names)
    }
    tree: Json = openehr.from_flat(made, PROBLEMS, lambda: STORY_BEGINS).data
    return tree


def start(seen: Exchange | Json, drug: str, dose: float) -> Json:
    """The list with one more drug; where it stands there already, as it was."""
    tree = deepcopy(_body(seen))
    if drug not in taken(tree):
        tree.setdefault("content", []).append(medicines((drug, dose))["content"][0])
    return tree


def stop(seen: Exchange | Json, drug: str, why: str) -> Json:
    """The list with a drug stopped at eight o'clock, for a reason. It is not taken off: that she took it is part of her story."""
    tree = deepcopy(_body(seen))
    text = {"_type": "DV_TEXT", "value": why}
    at = _element(_STOP, "Stop", {"_type": "DV_DATE_TIME", "value": STORY_BEGINS.isoformat()})
    details = {"_type": "CLUSTER", "archetype_node_id": _DETAILS, "name": {"_type": "DV_TEXT", "value": "Order details"}, "items": [at]}
    for entry in _entries(tree, drug):
        kept = [one for one in _items(entry) if _code(one) not in (_DETAILS, _COMMENT)]
        entry["activities"][0]["description"]["items"] = [*kept, details, _element(_COMMENT, "Comment", text)]
    return tree


def dose(seen: Exchange | Json, drug: str, mg: float) -> Json:
    """The list with another dose of a drug."""
    tree = deepcopy(_body(seen))
    for entry in _entries(tree, drug):
        entry["narrative"]["value"] = _narrative(drug, mg)
        _find(_items(entry), _AMOUNT)["value"]["magnitude"] = mg
    return tree


def composed(tree: Json, by: str) -> Json:
    """The same, with somebody else as its composer."""
    return tree | {"composer": {"_type": "PARTY_IDENTIFIED", "name": by}}


def taken(seen: Exchange | Json) -> dict[str, str]:
    """What a list says of each drug: its dose, or that it was stopped."""
    return {str(_find(_items(one), _ITEM)["value"]["value"]): _says(one) for one in _body(seen).get("content", ())}


def listed(version: Version) -> dict[str, str]:
    """The same of a version; {} where it says that the list was deleted."""
    return taken(version.message.data) if isinstance(version.message, OpenehrMessage) else {}


def drugs(seen: Exchange | Json) -> Any:
    """A pandas data frame: a medication list, one row for each drug."""
    import pandas

    table = [(name, what, _why(entry)) for (name, what), entry in zip(taken(seen).items(), _body(seen).get("content", ()), strict=False)]
    return pandas.DataFrame(table, columns=["drug", "the list says", "comment"]).set_index("drug")


def _narrative(name: str, mg: float) -> str:
    return f"{name}, {mg:g} mg, once a day"


def _says(entry: Json) -> str:
    stopped = any(_code(one) == _DETAILS for one in _items(entry))
    return STOPPED if stopped else f"{_find(_items(entry), _AMOUNT)['value']['magnitude']:g} mg"


def _why(entry: Json) -> str:
    return next((str(one["value"]["value"]) for one in _items(entry) if _code(one) == _COMMENT), "")


def _entries(tree: Json, drug: str) -> Iterable[Json]:
    return (one for one in tree["content"] if _find(_items(one), _ITEM)["value"]["value"] == drug)


def _items(entry: Json) -> list[Json]:
    return list(entry["activities"][0]["description"]["items"])


def _find(items: Iterable[Json], code: str) -> Json:
    """The element of a code, at any depth."""
    for one in items:
        if _code(one) == code:
            return one
        if inner := _find(one.get("items", ()), code):
            return inner
    return {}


def _element(code: str, name: str, value: Json) -> Json:
    return {"_type": "ELEMENT", "archetype_node_id": code, "name": {"_type": "DV_TEXT", "value": name}, "value": value}


def _code(node: Json) -> str:
    return str(node.get("archetype_node_id", ""))


# Several at once --------------------------------------------------------------------------------------------------------------------------


def one_version(content: Json, follows: str = "") -> Json:
    """A version for a contribution: the first one of something new, or one that follows another."""
    code, words = ("251", "modification") if follows else ("249", "creation")
    phrase = {"_type": "CODE_PHRASE", "terminology_id": {"_type": "TERMINOLOGY_ID", "value": "openehr"}, "code_string": code}
    preceding = {"preceding_version_uid": {"_type": "OBJECT_VERSION_ID", "value": follows}} if follows else {}
    audit = {"change_type": {"_type": "DV_CODED_TEXT", "value": words, "defining_code": phrase}}
    return {"_type": "ORIGINAL_VERSION", **preceding, "commit_audit": audit, "data": content}


def together(asks: OpenehrClient, ehr: str, *versions: Json) -> Exchange:
    """Commits versions as one contribution, with who and why that the client says."""
    audit = {
        "_type": "AUDIT_DETAILS",
        "change_type": versions[-1]["commit_audit"]["change_type"],
        "committer": {"_type": "PARTY_IDENTIFIED", "name": asks.audit["committer.name"]},
        "description": {"_type": "DV_TEXT", "value": asks.audit.get("description.value", "")},
    }
    return asks.contribution(ehr, {"_type": "CONTRIBUTION", "versions": list(versions), "audit": audit})


@dataclass(frozen=True)
class Told:
    """A record with a story: its EHR, its medication list and its problem list, each by what all versions share."""

    ehr: str
    medication: str
    problems: str


def tomas(box: Sandbox) -> Told:
    """The morning of Tomás Ó Súilleabháin's medication list: four versions, by three people."""
    elin, jonas, hanne = (client(box, name) for name in (ELIN, JONAS, HANNE))
    ehr = record(elin, TOMAS, SOLBAKKEN)
    elin.upload(PROBLEMS)
    kept = because(elin, "Admission").commit(ehr, medicines(("Ramipril", 5), ("Spironolactone", 25)))
    list_ = object_of(kept)
    both = together(
        because(jonas, "Potassium 6.9 mmol/L, told by telephone"),
        ehr,
        one_version(problems("Hyperkalaemia")),
        one_version(stop(kept, "Spironolactone", "Hyperkalaemia"), version_of(kept)),
    )
    named = [one["id"]["value"].partition("::")[0] for one in _body(both)["versions"]]
    seen = elin.read(ehr, list_)
    because(elin, "The paper said 2.5 mg; 5 was typed", "250").update(ehr, list_, dose(seen, "Ramipril", 2.5), version_of(seen))
    seen = hanne.read(ehr, list_)
    because(hanne, "Atrial fibrillation, rate 120").update(ehr, list_, composed(start(seen, "Bisoprolol", 2.5), HANNE), version_of(seen))
    return Told(ehr, list_, next(one for one in named if one != list_))


# The history ------------------------------------------------------------------------------------------------------------------------------


def history(asks: OpenehrClient, ehr: str, uid: str) -> list[Version]:
    """Every version of a composition, the latest first, each as the repository gives it."""
    items = _body(asks.versions(ehr, uid)).get("items", ())
    uids = [one["version_id"]["value"] for one in items]
    return [read_version(one, _body(asks.version(ehr, one))) for one in uids]


def who_when_why(asks: OpenehrClient, ehr: str, uid: str) -> Any:
    """A pandas data frame: the history of a composition, the latest version first. The composer stands in the content, the committer in the audit."""
    import pandas

    rows = [
        (f"::{one.number}", one.change, one.committer, "".join(one.message.get("/composer/name")) if one.message else "", one.time[11:19], one.why, one.contribution[:8])
        for one in history(asks, ehr, uid)
    ]  # fmt: skip
    columns = ["version", "kind of change", "committer", "composer", "committed at", "why", "contribution"]
    return pandas.DataFrame(rows, columns=columns).set_index("version")


def contents(asks: OpenehrClient, ehr: str, contribution: str) -> Any:
    """A pandas data frame: what a contribution brought, one row for each of its versions."""
    import pandas

    kept = _body(asks.contribution(ehr, contribution))
    uids = [one["id"]["value"] for one in kept.get("versions", ())]
    found = [read_version(uid, _body(asks.version(ehr, uid))) for uid in uids]
    rows = [("".join(one.message.get("/name/value")) if one.message else "", f"::{one.number}", one.change) for one in found]
    return pandas.DataFrame(rows, columns=["composition", "version", "kind of change"]).set_index("composition")


@dataclass(frozen=True)
class Drawing:
    """A picture that shows itself in a notebook."""

    svg: str

    def _repr_html_(self) -> str:
        return self.svg


def parts_of(uid: str) -> Drawing:
    """The three parts of a version's identifier, drawn."""
    return Drawing(uid_svg(uid))


def drawn(asks: OpenehrClient, ehr: str, *uids: str) -> Drawing:
    """Compositions with their versions, a column for each contribution."""
    found = [history(asks, ehr, uid) for uid in uids]
    names = [next(("".join(one.message.get("/name/value")) for one in versions if one.message), "?") for versions in found]
    return Drawing(versions_svg(dict(zip(names, found, strict=True))))


# After a 412 ------------------------------------------------------------------------------------------------------------------------------


def colleagues_script(asks: OpenehrClient, ehr: str, uid: str, content: Json) -> Exchange:
    """The colleague's answer to 412: fetch the identifier of the newest version, and send the old content again."""
    newest = version_of(asks.read(ehr, uid))
    return asks.update(ehr, uid, content, if_match=newest)


ALL_OF_IT, ONLY_THE_ID = "the latest version, with its content", "the identifier of the latest version, and no more"
MY_CHANGE, MY_COPY = "my change, made in what I have read now", "my copy, as I had it ready"
ITS_ID, FIRST_ID, NO_ID = "the version that I have read now", "the version that I had read at first", "nothing, so that it goes through"
AGAIN, GIVE_UP, FORCE = "I begin again with reading", "I leave it at that, and tell nobody", "I send it once more as it is"


@dataclass(frozen=True)
class Procedure:
    """What is done after a 412: what is read, what is sent, what stands in If-Match, and what comes after one more 412."""

    read: str
    send: str
    match: str
    again: str


def follow(
    procedure: Procedure, asks: OpenehrClient, ehr: str, uid: str, seen: Exchange, change: Change, between: Callable[[], object]
) -> list[str]:
    """Does as the procedure says after a first 412, while somebody else writes `between` its reading and its first sending. Gives every status."""
    answered: list[str] = []
    mine, now = change(_body(seen)), seen
    for turn in range(4):
        if turn == 0 or procedure.again == AGAIN:
            now = asks.read(ehr, uid)
        if turn == 0:
            between()
        base = now if procedure.read == ALL_OF_IT else seen
        content = change(_body(base)) if procedure.send == MY_CHANGE else mine
        match = {ITS_ID: version_of(now), FIRST_ID: version_of(seen)}.get(procedure.match, "")
        answered.append(status(asks.update(ehr, uid, content, if_match=match)))
        if answered[-1].startswith("2") or procedure.again == GIVE_UP:
            break
    return answered
