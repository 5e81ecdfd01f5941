"""Every rule of every profile is kept by one message and broken by another, and cites a section. Grouped by section of the specification."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from ihe_kit import build, parse, person, transactions
from ihe_kit.exchanges import judge
from ihe_kit.ihe import Transaction
from ihe_kit.profiles import candidates, profiles
from ihe_kit.profiles.openehr import PROFILE as OPENEHR
from ihe_kit.region import STORY_BEGINS, story_ids
from ihe_kit.rules import Rule, check

INGRID = person("ingrid")


def sub(pattern: str, to: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        changed, count = re.subn(pattern, to, text, count=1)
        assert count, f"{pattern} is not in the message"
        return changed

    return change


def field(path: str, value: str) -> Callable[[str], str]:
    """A v2 text with another value at a field, whatever stood there."""
    name, number = path.split("-")

    def change(text: str) -> str:
        lines = text.split("\r")
        for at, line in enumerate(lines):
            if line.startswith(name):
                parts = line.split("|")
                place = int(number) - (name == "MSH")
                parts += [""] * (place + 1 - len(parts))
                parts[place] = value
                lines[at] = "|".join(parts)
        return "\r".join(lines)

    return change


def body(change: Callable[[dict[str, object]], object]) -> Callable[[str], str]:
    """An HTTP message with a change in its JSON."""

    def apply(text: str) -> str:
        head, _, content = text.partition("\r\n\r\n")
        data = json.loads(content)
        change(data)
        return head + "\r\n\r\n" + json.dumps(data)

    return apply


# transaction -> rule -> what breaks it
BREAKS: dict[str, dict[str, Callable[[str], str]]] = {
    "ITI-104": {
        # PIXm 2:3.104.4.1.2
        "PIXM-METHOD": sub("^PUT", "POST"),
        "PIXM-CONDITION": sub(r"\?identifier=\S*", ""),
        "PIXM-CONDITION-DOMAIN": sub(r"\?identifier=\S*", "?identifier=4711"),
        "PIXM-CONDITION-CARRIED": sub(r"\?identifier=\S*", "?identifier=urn:oid:2.999.10.1|9"),
        "PIXM-IDENTIFIER": body(lambda p: p.pop("identifier")),
        "PIXM-IDENTIFIER-SYSTEM": body(lambda p: p["identifier"][0].pop("system")),
        "PIXM-IDENTIFIER-VALUE": body(lambda p: p["identifier"][0].pop("value")),
        "PIXM-OID": sub(r'"urn:oid:2.999.10.1"', '"2.999.10.1"'),
        # profile PIXm Patient
        "PIXM-NAME": body(lambda p: p.pop("name")),
        "PIXM-MODIFIER": body(lambda p: p.update(modifierExtension=[{"url": "http://x"}])),
        # 2:3.104.4.2.2
        "PIXM-REPLACED-BY": body(lambda p: p.update(link=[{"other": {}, "type": "replaced-by"}])),
        # FHIR R4, conditional update
        "FHIR-UPDATE-STATUS": sub("201 Created", "302 Found"),
        "FHIR-UPDATE-LOCATION": sub(r"location: [^\r]*\r\n", ""),
    },
    "ITI-78": {
        # PDQm 2:3.78.4.1.2
        "PDQM-METHOD": sub("^GET", "PUT"),
        "PDQM-PARAMETER": sub("family=", "nickname="),
        "PDQM-MODIFIER": sub("family=", "family:contains="),
        "PDQM-GENDER": sub("gender=female", "gender=F"),
        "PDQM-BIRTHDATE": sub("birthdate=1958-06-17", "birthdate=17.6.1958"),
        "PDQM-IDENTIFIER": sub(r"identifier=urn:oid:", "identifier="),
        "PDQM-ACTIVE": sub("active=true", "active=yes"),
        # 2:3.78.4.1.3 and the profiles of the answer
        "PDQM-STATUS": sub("200 OK", "302 Found"),
        "PDQM-SEARCHSET": body(lambda b: b.update(type="collection")),
        "PDQM-TOTAL": body(lambda b: b.pop("total")),
        "PDQM-FULLURL": body(lambda b: b["entry"][0].pop("fullUrl")),
        "PDQM-PATIENT-MODIFIER": body(lambda b: b["entry"][0]["resource"].update(modifierExtension=[{"url": "http://x"}])),
        "PDQM-PATIENT-IMPLICIT": body(lambda b: b["entry"][0]["resource"].update(implicitRules="http://x")),
        "PDQM-PATIENT-IDENTIFIER": body(lambda b: b["entry"][0]["resource"].pop("identifier")),
        "PDQM-PATIENT-SYSTEM": body(lambda b: b["entry"][0]["resource"]["identifier"][0].pop("system")),
        "PDQM-PATIENT-VALUE": body(lambda b: b["entry"][0]["resource"]["identifier"][0].pop("value")),
    },
    "openEHR ehr": {
        "OPENEHR-SUBJECT": body(lambda s: s["subject"].pop("external_ref")),
        "OPENEHR-SUBJECT-ID": body(lambda s: s["subject"]["external_ref"].pop("id")),
        "OPENEHR-SUBJECT-NAMESPACE": body(lambda s: s["subject"]["external_ref"].pop("namespace")),
        "OPENEHR-STATUS": sub("201 Created", "302 Found"),
    },
    "FHIR": {},
}
BREAKS["openEHR ehr_status"] = BREAKS["openEHR ehr"]
BREAKS |= {t.number: {"OPENEHR-STATUS": sub("201 Created", "302 Found")} for t in OPENEHR.transactions if t.number not in BREAKS}
REQUESTS = {
    "ITI-78": {
        "family": "Ødegård",
        "gender": "female",
        "birthdate": "1958-06-17",
        "identifier": "urn:oid:2.999.10.1|4711",
        "active": "true",
    },
    "openEHR template": {},
    "openEHR template read": {},
    "openEHR composition": {"ehr_id": "e1", "systolic": 142, "diastolic": 91},
    "openEHR ehr read": {"ehr_id": "e1"},
    "openEHR ehr_status": {"ehr_id": "e1", **INGRID},
    "openEHR ehr_status read": {"ehr_id": "e1"},
    "openEHR composition read": {"ehr_id": "e1", "uid": "c1"},
    "openEHR composition update": {"ehr_id": "e1", "uid": "c1", "systolic": 142, "diastolic": 91, "if_match": "c1::s::1"},
    "openEHR composition delete": {"ehr_id": "e1", "uid": "c1::s::1"},
    "openEHR versions": {"ehr_id": "e1", "uid": "c1"},
    "openEHR directory": {
        "ehr_id": "e1",
        "body": {"_type": "FOLDER", "name": {"value": "root"}, "archetype_node_id": "openEHR-EHR-FOLDER.generic.v1"},
    },
    "openEHR directory read": {"ehr_id": "e1"},
    "openEHR contribution": {"ehr_id": "e1", "body": {"versions": []}},
    "openEHR contribution read": {"ehr_id": "e1", "contribution_uid": "u1"},
    "openEHR query": {"body": {"q": "SELECT e/ehr_id/value FROM EHR e"}},
    "openEHR stored query": {"name": "org.example::all", "body": "SELECT e/ehr_id/value FROM EHR e"},
    "FHIR": {},
}
PATIENT = build("ITI-104", INGRID, lambda: STORY_BEGINS, story_ids()).body
HEAD = "content-type: application/fhir+json\r\n"
ENTRY = '{"fullUrl": "http://localhost/fhir/Patient/1", "resource": ' + PATIENT + "}"
ANSWERS = {
    "ITI-104": f"HTTP/1.1 201 Created\r\n{HEAD}location: /fhir/Patient/1/_history/1\r\n\r\n{PATIENT}",
    "ITI-78": f'HTTP/1.1 200 OK\r\n{HEAD}\r\n{{"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [{ENTRY}]}}',
    "FHIR": f'HTTP/1.1 200 OK\r\n{HEAD}\r\n{{"resourceType": "Bundle", "type": "searchset", "total": 0}}',
}
OPENEHR_ANSWER = 'HTTP/1.1 201 Created\r\netag: "1"\r\n\r\n'
OTHERS = [t for t in transactions().values() if t.number not in ("ITI-30", "ITI-31")]  # PAM has a file of its own, test_pam.py
CASES = [(t, rule, rule in t.response_rules) for t in OTHERS for rule in (*t.request_rules, *t.response_rules)]


def sound(transaction: Transaction, answer: bool) -> str:
    if answer:
        return ANSWERS.get(transaction.number, OPENEHR_ANSWER)
    return build(transaction.number, REQUESTS.get(transaction.number, INGRID), lambda: STORY_BEGINS, story_ids()).text


@pytest.mark.parametrize("transaction, rule, answer", CASES, ids=lambda value: getattr(value, "id", getattr(value, "number", "")))
def test_kept_by_one_and_broken_by_another(transaction: Transaction, rule: Rule, answer: bool) -> None:
    text = sound(transaction, answer)
    standard = transaction.standard
    assert check(standard.parse(text), [rule]) == []
    broken = standard.parse(BREAKS[transaction.number][rule.id](text))
    findings = check(broken, [rule])
    assert findings, f"{rule.id} found nothing"
    for finding in findings:
        assert finding.rule == rule.id
        assert finding.what
        assert finding.why
        assert 0 <= finding.start <= finding.end <= len(broken.text)
        if finding.fix:
            mended = standard.parse(broken.text[: finding.fix.start] + finding.fix.text + broken.text[finding.fix.end :])
            assert len(check(mended, [rule])) < len(findings), "the fix mends what it promises to mend"


@pytest.mark.parametrize("transaction", OTHERS, ids=lambda t: t.number)
def test_the_table_has_every_rule_and_no_other(transaction: Transaction) -> None:
    rules = {rule.id for rule in (*transaction.request_rules, *transaction.response_rules)}
    assert set(BREAKS[transaction.number]) == rules
    ids = [rule.id for rule in (*transaction.request_rules, *transaction.response_rules)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("transaction", OTHERS, ids=lambda t: t.number)
def test_what_the_kit_builds_keeps_all_rules_and_is_recognised(transaction: Transaction) -> None:
    message = parse(sound(transaction, False))
    assert message.standard == transaction.standard.key
    assert [f for f in judge(message, transaction) if f.severity == "error"] == []
    assert transaction in candidates(message)


@pytest.mark.parametrize("rule", [rule for _, rule, _ in CASES], ids=lambda rule: rule.id)
def test_a_rule_teaches_and_cites(rule: Rule) -> None:
    first, *rest = re.split(r"(?<=[.?])\s", rule.says)
    assert first.endswith(".")
    assert rest, "after what is wrong comes why it matters"
    assert re.match(r"ITI TF-2 |PIXm|PDQm|FHIR R4 |openEHR ", rule.spec), rule.spec
    assert len(rule.says) < 200


def test_the_profiles_are_collected_by_looking_into_the_folder() -> None:
    assert {profile.acronym for profile in profiles()} == {"PAM", "PDQm", "PIXm", "openEHR", "REST"}
    assert [t.number for t in transactions().values() if not t.ihe] == [*(t.number for t in OPENEHR.transactions), "FHIR"]
