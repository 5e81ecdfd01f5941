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
from ihe_kit.region import STORY_BEGINS, story_ids
from ihe_kit.rules import Rule, check

INGRID = person("ingrid")
ACK = "MSH|^~\\&|IDENTITY|FJORDLAND|ADT|NORDVIK|20250303080000||ACK^A01^ACK|2|P|2.5\rMSA|AE|1\rERR||PID^1^3|101|E\r"


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
    "ITI-31": {
        # ITI TF-2 section 3.31.7.1
        "PAM-A01": field("MSH-9", "ADT^A01^ADT_A05"),
        # 3.30.5.1, MSH
        "PAM-MSH-3": field("MSH-3", ""),
        "PAM-MSH-4": field("MSH-4", ""),
        "PAM-MSH-5": field("MSH-5", ""),
        "PAM-MSH-6": field("MSH-6", ""),
        "PAM-MSH-7": field("MSH-7", ""),
        "PAM-MSH-8": field("MSH-8", "secret"),
        "PAM-MSH-9": field("MSH-9", "ADT^A01"),
        "PAM-MSH-10": field("MSH-10", ""),
        "PAM-MSH-11": field("MSH-11", ""),
        "PAM-MSH-12": field("MSH-12", "2.3.1"),
        "PAM-MSH-14": field("MSH-14", "1"),
        "PAM-MSH-20": field("MSH-20", "ISO 2022-1994"),
        # 3.30.5.2, EVN
        "PAM-EVN-1": field("EVN-1", "A01"),
        "PAM-EVN-2": field("EVN-2", ""),
        "PAM-EVN-2-TIME": field("EVN-2", "yesterday"),
        "PAM-EVN-6": field("EVN-6", ""),
        # 3.30.5.3, PID, and Appendix N
        "PAM-PID-3": field("PID-3", "^^^NORDVIK^PI"),
        "PAM-PID-3-AUTHORITY": field("PID-3", "4711^^^^PI"),
        "PAM-PID-3-NAMESPACE": field("PID-3", "4711^^^&2.999.10.1&ISO^PI"),
        "PAM-PID-3-ISO": field("PID-3", "4711^^^NORDVIK&2.999.10.1&DNS^PI"),
        "PAM-PID-3-OID": field("PID-3", "4711^^^NORDVIK&nordvik&ISO^PI"),
        "PAM-PID-3-TYPE": field("PID-3", "4711^^^NORDVIK"),
        "PAM-PID-5": field("PID-5", "^Ingrid^^^^^L"),
        "PAM-PID-5-TYPE": field("PID-5", "Ødegård^Ingrid"),
        "PAM-PID-5-TYPES": field("PID-5", "Ødegård^Ingrid^^^^^Q"),
        "PAM-PID-7": field("PID-7", "17/06/1958"),
        "PAM-PID-8": field("PID-8", "K"),
        "PAM-PID-18": field("PV1-19", ""),
        "PAM-PID-31": lambda text: field("PID-31", "Y")(field("PID-32", "AL")(field("PID-3", "1^^^NORDVIK^PI~2^^^NORDVIK^PI")(text))),
        "PAM-PID-32": field("PID-31", "Y"),
        **{f"PAM-PID-{number}": field(f"PID-{number}", "x") for number in (2, 4, 9, 12, 19, 20, 28)},
        # 3.30.5.4, PV1
        "PAM-PV1-2": field("PV1-2", ""),
        "PAM-PV1-9": field("PV1-9", "4711^Strand"),
        "PAM-PV1-40": field("PV1-40", "C"),
        "PAM-PV1-51": field("PV1-51", "A"),
        "PAM-PV1-51-V": field("PV1-51", ""),
        "PAM-PV1-52": field("PV1-52", "4711^Strand"),
        # Appendix C.2.3
        "IHE-MSA-1": field("MSA-1", "CA"),
        "IHE-MSA-2": field("MSA-2", ""),
        "IHE-ERR-3": field("ERR-3", ""),
        "IHE-ERR-4": field("ERR-4", ""),
    },
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
    "openEHR template": {"OPENEHR-STATUS": sub("201 Created", "302 Found")},
    "openEHR composition": {"OPENEHR-STATUS": sub("201 Created", "302 Found")},
    "FHIR": {},
}
REQUESTS = {
    "ITI-78": {
        "family": "Ødegård",
        "gender": "female",
        "birthdate": "1958-06-17",
        "identifier": "urn:oid:2.999.10.1|4711",
        "active": "true",
    },
    "openEHR template": {},
    "openEHR composition": {"ehr_id": "e1", "systolic": 142, "diastolic": 91},
    "FHIR": {},
}
PATIENT = build("ITI-104", INGRID, lambda: STORY_BEGINS, story_ids()).body
HEAD = "content-type: application/fhir+json\r\n"
ENTRY = '{"fullUrl": "http://localhost/fhir/Patient/1", "resource": ' + PATIENT + "}"
ANSWERS = {
    "ITI-31": ACK,
    "ITI-104": f"HTTP/1.1 201 Created\r\n{HEAD}location: /fhir/Patient/1/_history/1\r\n\r\n{PATIENT}",
    "ITI-78": f'HTTP/1.1 200 OK\r\n{HEAD}\r\n{{"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [{ENTRY}]}}',
    "FHIR": f'HTTP/1.1 200 OK\r\n{HEAD}\r\n{{"resourceType": "Bundle", "type": "searchset", "total": 0}}',
}
OPENEHR_ANSWER = 'HTTP/1.1 201 Created\r\netag: "1"\r\n\r\n'
CASES = [(t, rule, rule in t.response_rules) for t in transactions().values() for rule in (*t.request_rules, *t.response_rules)]


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


@pytest.mark.parametrize("transaction", transactions().values(), ids=lambda t: t.number)
def test_the_table_has_every_rule_and_no_other(transaction: Transaction) -> None:
    rules = {rule.id for rule in (*transaction.request_rules, *transaction.response_rules)}
    assert set(BREAKS[transaction.number]) == rules
    ids = [rule.id for rule in (*transaction.request_rules, *transaction.response_rules)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("transaction", transactions().values(), ids=lambda t: t.number)
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


def test_iti_31_has_fifteen_rules_and_more() -> None:
    assert len(transactions()["ITI-31"].request_rules) >= 15


def test_the_profiles_are_collected_by_looking_into_the_folder() -> None:
    assert {profile.acronym for profile in profiles()} == {"PAM", "PDQm", "PIXm", "REST"}
    assert [t.number for t in transactions().values() if not t.ihe] == ["openEHR ehr", "openEHR template", "openEHR composition", "FHIR"]
