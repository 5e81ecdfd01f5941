"""Every rule of PAM that only a sequence of messages shows: a stream in which it is kept, and one in which it would be broken.

A stream is written as steps with / between them, a minute apart; `twin` and `other` are further patients. What is expected stands behind it:
the code of the last answer, then facts that `Facts` reads from what the receiver keeps, blanks written as _.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from ihe_kit.actors import stays
from ihe_kit.actors.census import beds
from ihe_kit.actors.patient_administration import _DECIDED
from ihe_kit.actors.stays import Movement
from ihe_kit.files import rows
from ihe_kit.v2 import V2, V2Message
from tests.actors.given import NORDVIK, Ward, cx

pytestmark = pytest.mark.usefixtures("database")

RULES = {row["rule"] for row in rows("ihe/pam-rules.tsv") if row["kind"] == "state"}
MED, SUR = "PV1_3=MED1^101^A", "PV1_3=SUR2^204^B"

# rule: (a stream, what is expected, the same without what the rule is about, what is expected)
STREAMS: dict[str, tuple[str, str, str, str]] = {
    "A01-ADMIT": (f"A01 {MED}", "AA state=inpatient place=MED1^101^A", f"A04 {MED}", "AA state=outpatient"),
    "A01-OPEN": ("A01 / A01", "AE says=A01-OPEN states=inpatient", "A01 / A03 / A01", "AA states=discharged+inpatient"),
    "A11-CANCEL": ("A05 / A01 / A11", "AA state=pre-admitted", "A05 / A01", "AA state=inpatient"),
    "A11-NONE": ("A28 / A11", "AA states=", "A01 / A11", "AA states=none"),
    "A04-START": ("A04 PV1_2=O", "AA state=outpatient class=O", "A05", "AA state=pre-admitted"),
    "A04-BESIDE": ("A01 / A04 visit=V9", "AA states=inpatient+outpatient", "A01 / A01 visit=V9", "AE states=inpatient"),
    "A03-DISCHARGE": (f"A01 {MED} / A03", "AA state=discharged beds=", f"A01 {MED}", "AA state=inpatient beds=MED1^101^A"),
    "A03-NONE": ("A28 / A03", "AA states=", "A01 / A03", "AA states=discharged"),
    "A13-BACK": (f"A01 {MED} / A03 / A13 {SUR}", "AA state=inpatient place=SUR2^204^B", f"A01 {MED} / A03", "AA state=discharged"),
    "A13-NONE": (f"A01 {MED} / A13 {SUR}", "AA state=inpatient place=MED1^101^A", f"A01 {MED} / A03 / A13 {SUR}", "AA place=SUR2^204^B"),
    "A08-UPDATE": ("A01 / A08 city=Solbakken", "AA city=Solbakken", "A01", "AA city=Nordvik"),
    "A08-NONE": ("A28 / A08 city=Solbakken", "AA city=Nordvik", "A01 / A08 city=Solbakken", "AA city=Solbakken"),
    "A05-PREADMIT": ("A01 / A05 visit=V9", "AA states=inpatient+pre-admitted", "A01 / A01 visit=V9", "AE states=inpatient"),
    "A38-CANCEL": ("A05 / A38", "AA state=none", "A05", "AA state=pre-admitted"),
    "A38-NONE": ("A01 / A38", "AA state=inpatient", "A05 / A38", "AA state=none"),
    "A06-CLASS": (f"A04 PV1_2=E / A06 PV1_2=I {MED}", "AA states=inpatient class=I place=MED1^101^A", "A04 PV1_2=E", "AA class=E"),
    "A06-ACCOUNT": ("A04 PID_18=A1 / A06 MRG_3=A1 MRG_1=4711 PID_18=A2", "AA accounts=A2", "A04 PID_18=A1 / A06 PID_18=A1", "AA accounts=A1"),
    "A06-OPENS": ("A06 PV1_2=I", "AA states=inpatient", "A04 / A06 PV1_2=I", "AA states=inpatient"),
    "A07-CLASS": ("A01 / A07 PV1_2=O PV1_3=ED^1", "AA states=outpatient class=O place=ED^1", "A01", "AA state=inpatient class=I"),
    "A07-ACCOUNT": ("A01 PID_18=A1 / A07 MRG_3=A1 MRG_1=4711 PID_18=A2", "AA accounts=A2", "A01 PID_18=A1 / A07 PID_18=A1", "AA accounts=A1"),
    "A07-OPENS": ("A07 PV1_2=O", "AA states=outpatient", "A01 / A07 PV1_2=O", "AA states=outpatient"),
    "A02-MOVE": (f"A01 {MED} / A02 {SUR}", "AA place=SUR2^204^B state=inpatient", f"A01 {MED}", "AA place=MED1^101^A"),
    "A02-UNKNOWN": (f"A01 {MED} / A02 {SUR} PV1_6=ICU^1", "AA place=SUR2^204^B", f"A02 {SUR} PV1_6=ICU^1", "AA states=inpatient people=1"),
    "A12-BACK": (f"A01 {MED} / A02 {SUR} / A12 {MED}", "AA place=MED1^101^A", f"A01 {MED} / A02 {SUR}", "AA place=SUR2^204^B"),
    "A12-NONE": (f"A01 {SUR} / A12 {MED}", "AA place=SUR2^204^B", f"A01 {MED} / A02 {SUR} / A12 {MED}", "AA place=MED1^101^A"),
    "A14-PENDING": ("A01 / A14 visit=V9", "AA states=inpatient+pending_admit", "A01 / A01 visit=V9", "AE states=inpatient"),
    "A27-CANCEL": ("A14 / A27", "AA state=none plans=", "A14", "AA state=pending_admit plans=A14"),
    "A27-NONE": ("A14 / A01 / A27", "AA state=inpatient", "A14 / A27", "AA state=none"),
    "A15-PENDING": (
        f"A01 {MED} / A15 PV1_42=SUR2^204^B", "AA place=MED1^101^A plans=A15", f"A01 {MED} / A15 / A02 {SUR}", "AA place=SUR2^204^B plans=",
    ),
    "A15-NONE": ("A04 / A15", "AA plans=", "A01 / A15", "AA plans=A15"),
    "A26-CANCEL": ("A01 / A15 / A26", "AA plans=", "A01 / A15", "AA plans=A15"),
    "A26-NONE": ("A01 / A15 / A02 / A26", "AA movements=3", "A01 / A15 / A26", "AA movements=1"),
    "A26-PLANNED": ("A01 / A15 EVN_3=20250304 / A26 EVN_3=20250304", "AA plans=", "A01 / A15 EVN_3=20250304", "AA plans=A15"),
    "A16-PENDING": ("A01 / A16", "AA state=inpatient plans=A16", "A01 / A16 / A03", "AA state=discharged plans="),
    "A16-NONE": ("A04 / A16", "AA plans=", "A01 / A16", "AA plans=A16"),
    "A25-CANCEL": ("A01 / A16 / A25", "AA plans=", "A01 / A16", "AA plans=A16"),
    "A25-NONE": ("A01 / A25", "AA movements=1", "A01 / A16 / A25", "AA movements=1 void=1"),
    "A54-DOCTOR": ("A01 PV1_7=1^Strand / A54 PV1_7=2^Berg", "AA doctor=Berg", "A01 PV1_7=1^Strand", "AA doctor=Strand"),
    "A54-NONE": ("A28 / A54", "AA states=", "A01 / A54", "AA movements=2"),
    "A55-DOCTOR": (
        "A01 PV1_7=1^Strand / A54 PV1_7=2^Berg / A55 PV1_7=1^Strand", "AA doctor=Strand", "A01 PV1_7=1^Strand / A54 PV1_7=2^Berg", "AA doctor=Berg",
    ),
    "A55-PRIOR": (  # whatever the sender names counts: the receiver cannot tell who of the two errs
        "A01 PV1_7=1^Strand / A54 PV1_7=2^Berg / A55 PV1_7=1^Strand", "AA doctor=Strand",
        "A01 PV1_7=1^Strand / A54 PV1_7=2^Berg / A55 PV1_7=3^Tanaka", "AA doctor=Tanaka",
    ),
    "A55-NONE": ("A28 / A55", "AA states=", "A01 / A54 / A55 PV1_7=1^Strand", "AA doctor=Strand"),
    "A21-LEAVE": (f"A01 {MED} / A21", "AA state=on_leave place=MED1^101^A beds=MED1^101^A", f"A01 {MED} / A03", "AA state=discharged beds="),
    "A21-NONE": ("A28 / A21", "AA states=", "A01 / A21", "AA state=on_leave"),
    "A52-CANCEL": ("A01 / A21 / A52", "AA state=inpatient", "A01 / A21", "AA state=on_leave"),
    "A52-NONE": ("A01 / A52", "AA movements=1 state=inpatient", "A01 / A21 / A52", "AA void=1"),
    "A22-RETURN": ("A01 / A21 / A22", "AA state=inpatient", "A01 / A21", "AA state=on_leave"),
    "A22-NONE": ("A01 / A22", "AA movements=1", "A01 / A21 / A22", "AA movements=3"),
    "A53-CANCEL": ("A01 / A21 / A22 / A53", "AA state=on_leave", "A01 / A21 / A22", "AA state=inpatient"),
    "A53-NONE": ("A01 / A53", "AA movements=1", "A01 / A21 / A22 / A53", "AA void=1"),
    "A44-MOVE": (
        "A28 twin / A01 PID_18=A1 / A44 twin MRG_1=4711 MRG_3=A1", "AA states= twins=inpatient",
        "A28 twin / A01 PID_18=A1", "AA states=inpatient twins=",
    ),
    "A44-NONE": ("A28 twin / A01 PID_18=A1 / A44 twin MRG_1=4711 MRG_3=A9", "AA states=inpatient twins=", "A28 twin / A44 twin MRG_1=9 MRG_3=A1", "AA twins= people=1"),
    "A09-DEPART": (f"A01 {MED} / A09 PV1_11=XRAY", "AA place=MED1^101^A away=>XRAY", f"A01 {MED} / A09 PV1_11= PV1_42=XRAY", "AA away=>XRAY"),
    "A09-CONFLICT": ("A28 / A09", "AA states=", "A01 / A09", "AA movements=2"),
    "A33-BACK": (f"A01 {MED} / A09 / A33 {MED} PV1_11=", "AA place=MED1^101^A away=", f"A01 {MED} / A09 PV1_11=XRAY", "AA away=>XRAY"),
    "A33-PRIOR": (f"A01 {MED} / A09 / A33 {MED} PV1_11=", "AA place=MED1^101^A", f"A01 {MED} / A09 / A33 {SUR} PV1_11=", "AA place=SUR2^204^B"),
    "A33-CONFLICT": ("A01 / A33", "AA movements=1", f"A01 {MED} / A09 / A33", "AA void=1"),
    "A10-ARRIVE": ("A01 / A09 PV1_11=XRAY / A10 PV1_11=XRAY", "AA away=XRAY", f"A01 / A10 PV1_11=XRAY / A10 {MED} PV1_11= PV1_43=XRAY", "AA place=MED1^101^A away="),
    "A10-CONFLICT": ("A28 / A10", "AA states=", "A01 / A10", "AA movements=2"),
    "A32-BACK": (f"A01 {MED} / A10 PV1_11=XRAY / A32 {MED}", "AA place=MED1^101^A away=", f"A01 {MED} / A10 PV1_11=XRAY", "AA away=XRAY"),
    "A32-PRIOR": (
        f"A01 {MED} / A10 PV1_11=XRAY / A10 PV1_11=ECG / A32 PV1_3= PV1_11=XRAY", "AA away=XRAY", f"A01 {MED} / A10 PV1_11=ECG / A32 {SUR}", "AA place=SUR2^204^B",
    ),
    "A32-CONFLICT": ("A01 / A32", "AA movements=1", "A01 / A10 / A32", "AA void=1"),
    "Z99-UPDATE": (f"A01 {MED} zbe=M1,INSERT / Z99 {SUR} zbe=M1,UPDATE,A01,1", "AA place=SUR2^204^B movements=1", f"A01 {MED} zbe=M1,INSERT", "AA place=MED1^101^A"),
    "Z99-UNKNOWN": (f"A01 {MED} zbe=M1,INSERT / Z99 {SUR} zbe=M2,UPDATE,A01,1", "AE says=Z99-UNKNOWN place=MED1^101^A", f"A01 {MED} zbe=M1,INSERT / Z99 {SUR} zbe=M1,UPDATE,A01,1", "AA"),
    "ZBE-INSERT": ("A01 zbe=M1,INSERT / A02 zbe=M2,INSERT", "AA movements=2 ids=M1+M2", "A01 zbe=M1,INSERT / A02 zbe=M1,INSERT", "AE says=ZBE-INSERT movements=1"),
    "ZBE-UPDATE": (f"A01 {MED} zbe=M1,INSERT / A02 {SUR} zbe=M2,INSERT / Z99 PV1_3=ICU^1 zbe=M1,UPDATE,A01,1", "AA place=SUR2^204^B places=ICU^1+SUR2^204^B", f"A01 {MED} zbe=M1,INSERT / A02 {SUR} zbe=M2,INSERT", "AA places=MED1^101^A+SUR2^204^B"),
    "ZBE-CANCEL": (f"A01 {MED} zbe=M1,INSERT / A02 {SUR} zbe=M2,INSERT / A12 {MED} zbe=M2,CANCEL,A02,2", "AA place=MED1^101^A void=1", f"A01 {MED} zbe=M1,INSERT / A02 {SUR} zbe=M2,INSERT / A12 {MED} zbe=M3,CANCEL,A02,2", "AA place=SUR2^204^B void=0"),
    "ZBE-CURRENT": (f"A01 zbe=M1,INSERT / A02 {SUR} zbe=M2,INSERT / A12 {MED} zbe=M2,CANCEL,A02,2", "AA void=1", f"A01 zbe=M1,INSERT / A02 {SUR} zbe=M2,INSERT / A54 zbe=M3,INSERT / A12 {MED} zbe=M2,CANCEL,A02,2", "AE says=ZBE-CURRENT void=0"),
    "ZBE-LOG": (f"A01 {MED} zbe=M1,INSERT / A02 {SUR} zbe=M2,INSERT / A02 PV1_3=ICU^1 zbe=M3,INSERT / Z99 PV1_3=MED1^102^B zbe=M2,UPDATE,A02,2", "AA place=ICU^1 places=MED1^101^A+MED1^102^B+ICU^1", f"A01 {MED} zbe=M1,INSERT / Z99 {SUR} zbe=M1,UPDATE,A01,1", "AA places=SUR2^204^B"),
    "ZBE-ID": ("A01 zbe=M1,INSERT / A11 zbe=M1,CANCEL,A01,1", "AA state=none", "A01 zbe=M1,INSERT / A11 zbe=M7,CANCEL,A01,1", "AA state=inpatient"),
    "ZBE-START": ("A01 zbe=M1,INSERT / A11 zbe=M1,CANCEL,A01,1", "AA state=none", "A01 zbe=M1,INSERT / A11 zbe=M1,CANCEL,A01,2", "AE says=ZBE-START state=inpatient"),
    "ZBE-TRIGGER": ("A01 zbe=M1,INSERT / A11 zbe=M1,CANCEL,A01,1", "AA state=none", "A01 zbe=M1,INSERT / A11 zbe=M1,CANCEL,A04,1", "AE says=ZBE-TRIGGER state=inpatient"),
    "EVN-6": (  # the time of the cancelled event; with another one the message is taken all the same
        f"A01 {MED} / A02 {SUR} / A12 {MED} at=2", "AA place=MED1^101^A", f"A01 {MED} / A02 {SUR} / A12 {MED} at=9", "AA place=MED1^101^A",
    ),
    "EMPTY": ("A28 / A31 phone=", "AA phone=+47_555_01_234", "A28 / A31 phone=1", "AA phone=1"),
    "NULL": ('A28 / A31 PID_13="" phone=', "AA phone=", "A28 / A31 phone=", "AA phone=+47_555_01_234"),
    "A28-ADD": ("A28", "AA people=1", "A47 MRG_1=9", "AA people=0"),
    "A31-UPDATE": ("A28 / A31 city=Solbakken", "AA city=Solbakken people=1", "A28", "AA city=Nordvik"),
    "A31-INSERT": ("A31", "AA people=1", "A40", "AA people=0"),
    "A40-MERGE": ("A28 / A01 other / A40 MRG_1=4712", "AA numbers=4711 retired=4712 states=inpatient people=1", "A28 / A01 other", "AA numbers=4711+4712 states="),
    "A40-TARGET": ("A28 other / A40 MRG_1=4712", "AA numbers=4711 people=1 retired=", "A28 / A28 other / A40 MRG_1=4712", "AA numbers=4711 people=1 retired=4712"),
    "A40-SOURCE": ("A28 / A40 MRG_1=4712", "AA numbers=4711 people=1 merges=0", "A28 / A28 other / A40 MRG_1=4712", "AA merges=1"),
    "A40-GONE": ("A28 / A28 other / A40 MRG_1=4712 / A31", "AA", "A28 / A28 other / A40 MRG_1=4712 / A31 other", "AE says=A40-GONE"),
    "A47-CHANGE": ("A28 other / A47 MRG_1=4712", "AA numbers=4711", "A28 other", "AA numbers=4712"),
    "A47-TAKEN": ("A28 / A28 other / A47 MRG_1=4712", "AE says=A47-TAKEN numbers=4711+4712", "A28 other / A47 MRG_1=4712", "AA numbers=4711"),
    "A47-NONE": ("A28 / A47 MRG_1=9", "AA numbers=4711 people=1", "A28 other / A47 MRG_1=4712", "AA numbers=4711"),
    "A24-LINK": ("A28 / A28 other / A24 PID2_3=4712", "AA links=2 people=2", "A28 / A28 other", "AA links=0"),
    "A24-UNKNOWN": ("A28 / A24 PID2_3=4712 / A28 other", "AA links=2 people=2", "A24 PID2_3=4712", "AA people=0 links=0"),
    "A24-OWN": ("A28 / A28 other city=Solbakken / A24 PID2_3=4712", "AA city=Nordvik numbers=4711+4712", "A28 / A28 other city=Solbakken / A40 MRG_1=4712", "AA numbers=4711"),
    "A37-UNLINK": ("A28 / A28 other / A24 PID2_3=4712 / A37 PID2_3=4712", "AA links=0 people=2", "A28 / A28 other / A24 PID2_3=4712", "AA links=2"),
    "A37-NONE": ("A28 / A28 other / A37 PID2_3=4712", "AA links=0 people=2", "A28 / A28 other / A24 PID2_3=4712 / A37 PID2_3=4712", "AA links=0"),
    "TWINS": ("A28 twin PID_25=1 PID_24=Y / A28 emil PID_25=2 PID_24=Y", "AA people=2 links=0", "A28 twin / A28 emil / A24 twin PID2_3=4803", "AA people=2 links=2"),
    "DISCARDED": ("A03", "AA says=", "A01 / A03", "AA state=discharged"),
    "ERROR": ("A01 / A01", "AE says=A01-OPEN", "A01", "AA says="),
}  # fmt: skip


def run(ward: Ward, stream: str) -> str:
    code = ""
    for step in stream.split(" / "):
        event, *words = step.split(" ")
        who = words.pop(0) if words and "=" not in words[0] else "ingrid"
        fields = dict(word.split("=", 1) for word in words)
        fields |= {"identifier": "4712"} if who == "other" else {}
        for name, kind in (("MRG_1", "PI"), ("MRG_3", "AN"), ("PID_18", "AN"), ("PID2_3", "PI")):
            if name in fields:
                fields["PID[2]-3" if name == "PID2_3" else name] = cx(fields.pop(name), NORDVIK, kind)
        code = ward.tell(event, {"other": "ingrid", "twin": "aksel"}.get(who, who), **fields)
    return code


def people(ward: Ward, active: bool = True) -> list[dict[str, Any]]:
    return [data for one in ward.store.select("Patient") if (data := json.loads(one.text)).get("active") or not active]


def log(ward: Ward) -> list[Movement]:
    return [movement for stay in ward.stays() for movement in stay.movements]


def joined(words: Iterable[str]) -> str:
    return "+".join(words)


# What a receiver believes, in words that a table can hold.
FACTS: dict[str, Callable[[Ward], str]] = {
    "says": lambda w: joined(re.findall(r"PAM-STATE-([A-Z0-9-]+)", w.says)),
    "state": lambda w: w.now().state,
    "states": lambda w: joined(w.states()),
    "twins": lambda w: joined(w.states("aksel")),
    "class": lambda w: w.now().patient_class,
    "place": lambda w: w.now().location.removesuffix("^NORDVIK"),
    "places": lambda w: joined(m.location.removesuffix("^NORDVIK") for m in log(w) if m.location),
    "away": lambda w: ">" * w.now().on_the_way + w.now().temporary,
    "beds": lambda w: joined("^".join((b["ward"], b["room"], b["bed"])) for b in beds(w.store) if b["name"] and b["ward"]),
    "doctor": lambda w: w.now().doctor,
    "plans": lambda w: joined(plan.event for plan in w.now().plans),
    "accounts": lambda w: joined(number for stay in w.stays() for kind, _, number in stay.numbers if kind == "AN"),
    "movements": lambda w: str(sum(not movement.void for movement in log(w))),
    "void": lambda w: str(sum(bool(movement.void) for movement in log(w))),
    "ids": lambda w: joined(id.partition("@")[0] for movement in log(w) for id in movement.ids),
    "people": lambda w: str(len(people(w))),
    "merges": lambda w: str(len(people(w, active=False)) - len(people(w))),
    "numbers": lambda w: joined(n["value"] for one in people(w) for n in one["identifier"] if n.get("use") != "old"),
    "retired": lambda w: joined(n["value"] for one in people(w, active=False) for n in one["identifier"] if n.get("use") == "old"),
    "links": lambda w: str(sum(link["type"] == "seealso" for one in people(w) for link in one.get("link", ()))),
    "city": lambda w: people(w)[0]["address"][0]["city"],
    "phone": lambda w: joined(point["value"] for point in people(w)[0].get("telecom", ())),
}  # fmt: skip


def holds(ward: Ward, code: str, expected: str) -> None:
    wanted, *facts = expected.split(" ")
    found = {name: FACTS[name](ward).replace(" ", "_") for name, _ in (fact.split("=", 1) for fact in facts)}
    assert (code, found) == (wanted, dict(fact.split("=", 1) for fact in facts)), ward.says


@pytest.mark.parametrize("rule", STREAMS)
def test_kept(rule: str) -> None:
    ward = Ward()
    holds(ward, run(ward, STREAMS[rule][0]), STREAMS[rule][1])


@pytest.mark.parametrize("rule", STREAMS)
def test_broken(rule: str) -> None:
    ward = Ward()
    holds(ward, run(ward, STREAMS[rule][2]), STREAMS[rule][3])
    assert STREAMS[rule][:2] != STREAMS[rule][2:], "the two streams tell nothing apart"


# Rules about the answer itself -----------------------------------------------------------------------------------------------------------


def test_ack() -> None:
    """PAM-STATE-ACK: whatever comes is answered, and the answer names the message."""
    ward = Ward()
    for event in ("A01", "A01", "A03", "A03"):
        code = ward.tell(event)
        assert ward.answer and ward.sent
        assert ward.answer.get("MSA-2") == ward.sent.get("MSH-10")
        assert code in ("AA", "AE")


OPTIONAL = [row for row in rows("ihe/pam-events.tsv") if row["option"]]


@pytest.mark.parametrize("row", OPTIONAL, ids=lambda row: f"{row['transaction']}-{row['trigger']}")
def test_reject(row: dict[str, str]) -> None:
    """PAM-STATE-REJECT: without the option that brings an event, AR; with it, not."""
    basic, whole = Ward(options=()), Ward(options=(row["option"],))
    fields = {"PID[2]-3": cx("4712")} if row["trigger"] in ("A24", "A37") else {}
    assert basic.tell(row["trigger"], number=row["transaction"], **fields) == "AR"
    assert basic.answer and basic.answer.get("ERR-3.1") == ["201"]
    assert whole.tell(row["trigger"], number=row["transaction"], **fields) in ("AA", "AE")


@pytest.mark.parametrize(
    "rule, old, new, place, error",
    [
        ("TYPE", "ADT^A01^ADT_A01", "ORU^A01^ADT_A01", "MSH^1^9^1^1", "200"),
        ("TRIGGER", "ADT^A01^ADT_A01", "ADT^A99^ADT_A01", "MSH^1^9^1^2", "201"),
    ],
)
def test_foreign(rule: str, old: str, new: str, place: str, error: str) -> None:
    """PAM-STATE-TYPE and PAM-STATE-TRIGGER: AR, with the place and the code; the basic events are known."""
    ward = Ward()
    assert ward.send(V2Message(ward.message("A01").text.replace(old, new))) == "AR"
    assert ward.answer and (ward.answer.get("ERR-2"), ward.answer.get("ERR-3.1")) == ([place], [error])
    assert ward.tell("A01") == "AA"


def test_mode() -> None:
    """PAM-STATE-MODE: one answer in the original mode; in the enhanced one first that the message is safe, then what became of it."""
    ward = Ward()
    assert ward.tell("A01") == "AA"
    actor, message = ward.actors["ITI-31"], ward.message("A03", MSH_15="AL", MSH_16="AL")
    answers = [V2.from_wire(packet).get("MSA-1")[0] for packet in actor.answers(V2.to_wire(message))]
    assert answers == ["CA", "AA"]
    assert ward.states() == ["discharged"]


def test_unique() -> None:
    """PAM-STATE-UNIQUE: the same message again is not done again; another one under its control ID is refused."""
    ward = Ward()
    first = ward.message("A01")
    assert [ward.send(first), ward.send(first)] == ["AA", "AA"]
    assert ward.states() == ["inpatient"]
    assert ward.send(ward.message("A03", MSH_10=first.get("MSH-10")[0])) == "AR"
    assert ward.states() == ["inpatient"]


def test_every_rule_is_proved() -> None:
    here = {f"PAM-STATE-{name}" for name in (*STREAMS, "ACK", "REJECT", "TYPE", "TRIGGER", "MODE", "UNIQUE")}
    assert here == RULES


def test_every_refusal_has_its_rule() -> None:
    """What the actors refuse for the sake of the state cites a row of the table, or says that it is this kit's own decision."""
    room = Path(stays.__file__).parent
    used = {
        f"PAM-STATE-{n}" for file in room.glob("*.py") for n in re.findall(r'"(?:PAM-STATE-)?([A-Z0-9]+-[A-Z]+)", f?"', file.read_text())
    }
    assert used, "the pattern finds them"
    assert {rule for rule in used if rule.startswith("PAM-STATE-")} <= RULES | set(_DECIDED)
