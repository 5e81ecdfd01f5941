"""Patient Administration Management (PAM): ITI-31, Patient Encounter Management. HL7 v2.5.

Each row cites the section it was read in. Where the Technical Framework contradicts itself, a comment says what was chosen.
What a sender shall not send (usage X, Appendix C.1.1) is an error; where the table allows it a repetition all the same, a warning.
"""

from collections.abc import Iterable, Sequence

from ihe_kit.core import Element, Message
from ihe_kit.ihe import Profile, Transaction
from ihe_kit.rules import Rule, absent, at_most, everywhere, matches, one_of, present, unless, when
from ihe_kit.v2 import V2

MSH, EVN, PID, PV1 = (f"ITI TF-2 section 3.30.5.{number}" for number in (1, 2, 3, 4))
A01, CX, HD, XPN, TS = "ITI TF-2 section 3.31.7.1", *(f"ITI TF-2 Appendix N.{number}" for number in (1, 3, 6, 5))
# The Technical Framework writes the format of a time without fractions of a second.
_TIME = matches(r"\d{4}(\d\d(\d\d(\d\d(\d\d(\d\d)?)?)?)?)?([+-]\d{4})?")
_HOW = "Give it out by a namespace alone, or by namespace, object identifier and type ISO."


def _authority_nearby(message: Message) -> tuple[str, str] | None:
    """The authority that gave out another number in the same message: the likely one, but a person has to agree."""
    for path in ("PID-3.4", "PV1-19.4", "PID-18.4"):
        for element in message.find(path):
            if element.value:
                return f"Add {element.value.split('&')[0]}, as in {path}", message.text[element.start : element.end]
    return None


def _not_iso(elements: Sequence[Element], message: Message) -> Iterable[Element]:
    """The types of authority that are not ISO, though an object identifier stands beside them."""
    numbers = message.get("PID-3.4.2")
    return [e for e, number in zip(elements, numbers, strict=False) if number and e.value != "ISO"]


def _no_alias(elements: Sequence[Element], _: Message) -> Iterable[Element]:
    """The first reliability code, where none of them is AL."""
    return elements[:1] if not any(e.value == "AL" for e in elements) else ()


HEADER = (
    Rule("PAM-MSH-3", "MSH-3.1", present, "The sending application is empty. The receiver answers to it and cannot tell who spoke.", MSH),
    Rule("PAM-MSH-4", "MSH-4.1", present, "The sending facility is empty. Two hospitals may run an application of the same name.", MSH),
    Rule("PAM-MSH-5", "MSH-5.1", present, "The receiving application is empty. A receiver cannot tell whether the message is meant for it.", MSH),
    Rule("PAM-MSH-6", "MSH-6.1", present, "The receiving facility is empty. A message on the wrong line would not be noticed.", MSH),
    Rule("PAM-MSH-7", "MSH-7", present, "The time of the message is missing. Receivers use it to tell what came first.", MSH),
    Rule("PAM-MSH-8", "MSH-8", absent, "Security is not used here. IHE leaves this field out; safety comes from the connection.", MSH),
    Rule("PAM-MSH-9", "MSH-9.3", present, "The message structure is missing. IHE wants all three parts: code, event and structure.", MSH,
         fix=("Set ADT_A01", "ADT_A01")),
    Rule("PAM-MSH-10", "MSH-10", present, "The message control ID is empty. The answer repeats it, so without it no answer can be matched.", MSH),
    Rule("PAM-MSH-11", "MSH-11.1", present, "The processing ID is empty. It keeps test messages out of the real record.", MSH),
    Rule("PAM-MSH-12", "MSH-12.1", one_of("2.5"), "Version {found} is not 2.5. This transaction is written for version 2.5 only.", MSH,
         fix=("Set 2.5", "2.5")),
    Rule("PAM-MSH-14", "MSH-14", absent, "A continuation pointer is not used here. An admission is always one whole message.", MSH),
    Rule("PAM-MSH-20", "MSH-20", absent, "Switching the character set is not allowed. One character set holds for the whole message.", MSH),
)  # fmt: skip

EVENT = (
    Rule("PAM-EVN-1", "EVN-1", absent, "The event type stands in EVN-1. It is already in MSH-9, and two places can disagree.", EVN),
    Rule("PAM-EVN-2", "EVN-2", present, "The time of recording is missing. It tells when somebody entered the event.", EVN),
    Rule("PAM-EVN-2-TIME", "EVN-2.1", _TIME, "{found} is no time as IHE writes it. Use year, month, day, hour, minute, second.", TS),
    Rule("PAM-EVN-6", "EVN-6", present, "The time of the event is missing. When the patient came differs from when it was typed in.", EVN),
)  # fmt: skip

PATIENT = (
    Rule("PAM-PID-3", "PID-3.1", everywhere, "The identifier has no number. An entry without a number identifies nobody.", CX),
    Rule("PAM-PID-3-AUTHORITY", "PID-3.4", everywhere,
         "The identifier has no assigning authority. The receiver cannot tell whose number this is, so it cannot match the patient.", CX,
         fix=lambda message: _authority_nearby(message)),
    Rule("PAM-PID-3-NAMESPACE", "PID-3.4.1", when("PID-3.4.2", (), everywhere),
         f"The assigning authority has an object identifier but no namespace. {_HOW}", HD),
    Rule("PAM-PID-3-ISO", "PID-3.4.3", _not_iso, f"The authority's object identifier is not marked as ISO. {_HOW}", HD),
    Rule("PAM-PID-3-OID", "PID-3.4.2", when("PID-3.4.3", ("ISO",), matches(r"[0-2](\.(0|[1-9]\d*))+")),
         "{found} is no object identifier. Of type ISO are numbers with dots between them, such as 2.999.10.1.", HD),
    Rule("PAM-PID-3-TYPE", "PID-3.5", everywhere,
         "The identifier has no type. Send it when you know it: PI is a hospital's own number.", CX, "information", fix=("Set PI", "PI")),
    Rule("PAM-PID-5", "PID-5.1", present, "The family name is missing. IHE wants at least one name with a family name.", PID),
    Rule("PAM-PID-5-TYPE", "PID-5.7", everywhere, "The name has no type. L says that it is the legal name.", XPN, fix=("Set L, legal name", "L")),
    Rule("PAM-PID-5-TYPES", "PID-5.7", one_of(*"ABCDILMNRSTU"), "{found} is no type of name. Table 0200 has L for legal, M for maiden, D for display.", XPN),
    Rule("PAM-PID-7", "PID-7.1", _TIME, "{found} is no date as IHE writes it. Use 19580617, or only the year when no more is known.", TS),
    Rule("PAM-PID-8", "PID-8", one_of(*"FMOUAN"), "{found} is no value for administrative sex. IHE lists F, M, O, U, A and N.", PID, "warning"),
    Rule("PAM-PID-18", "PID-18.1", unless("PV1-19.1", present),
         "There is neither an account number nor a visit number. One of PID-18 and PV1-19 has to say which stay this is.", PID),
    Rule("PAM-PID-31", "PID-3", when("PID-31", ("Y",), at_most(1)),
         "An unknown patient has more than one identifier. Somebody unknown has exactly one, a temporary one.", PID),
    Rule("PAM-PID-32", "PID-32", when("PID-31", ("Y",), _no_alias), "The identity is unknown but PID-32 does not say AL. AL tells that the name is an alias.", PID,
         fix=("Set AL", "AL")),
    *(Rule(f"PAM-PID-{number}", f"PID-{number}", absent, f"PID-{number} is in use. IHE {where}", PID, severity)
      for number, where, severity in (
          (2, "puts every identifier into PID-3.", "error"), (4, "puts every identifier into PID-3.", "error"),
          (28, "uses citizenship, PID-26, instead.", "error"), (9, "puts every name into PID-5.", "warning"),
          (12, "does not use the county code.", "warning"), (19, "puts every identifier into PID-3.", "warning"),
          (20, "puts every identifier into PID-3.", "warning"))),
)  # fmt: skip

VISIT = (
    Rule("PAM-PV1-2", "PV1-2", present,
         "Patient class is empty. It says whether this is an inpatient, an outpatient or an emergency, and the receiver acts on it.", PV1,
         fix=("Set I, inpatient", "I")),
    Rule("PAM-PV1-9", "PV1-9", absent, "A consulting doctor stands in PV1-9. IHE sends doctors and their roles in ROL segments.", PV1),
    Rule("PAM-PV1-40", "PV1-40", absent, "Bed status is not used here. IHE leaves it out.", PV1, "warning"),
    Rule("PAM-PV1-51", "PV1-51", when("PV1-19", (), one_of("V")), "The visit indicator is {found}. With a visit number it has to be V.", PV1,
         fix=("Set V", "V")),
    Rule("PAM-PV1-51-V", "PV1-51", when("PV1-19", (), present), "The visit indicator is empty. With a visit number in PV1-19 it has to be V.", PV1,
         fix=("Set V", "V")),
    Rule("PAM-PV1-52", "PV1-52", absent, "Another provider stands in PV1-52. IHE sends doctors and their roles in ROL segments.", PV1, "warning"),
)  # fmt: skip

ACKNOWLEDGED = (
    Rule("IHE-MSA-1", "MSA-1", one_of("AA", "AE", "AR"), "{found} is no answer of the original mode. IHE uses AA, AE and AR here.", "ITI TF-2 Appendix C.2.3.1"),
    Rule("IHE-MSA-2", "MSA-2", present, "The answer does not say which message it answers. MSA-2 repeats the control ID of the request.",
         "ITI TF-2 Appendix C.2.3.1"),
    Rule("IHE-ERR-3", "ERR-3", everywhere, "The error has no code. ERR-3 tells a program what kind of mistake it was.", "ITI TF-2 Appendix C.2.3.2"),
    Rule("IHE-ERR-4", "ERR-4", everywhere, "The error has no severity. ERR-4 says whether it is an error, a warning or a note.", "ITI TF-2 Appendix C.2.3.2"),
)  # fmt: skip


def _is_admission(message: Message) -> bool:
    return message.name == "ADT^A01"


PROFILE = Profile(
    acronym="PAM",
    name="Patient Administration Management",
    says="Who is in which bed: admissions, transfers and discharges, told by one system to all that need to know.",
    spec="ITI TF-1 chapter 14",
    transactions=(
        Transaction(
            number="ITI-31",
            name="Patient Encounter Management",
            standard=V2,
            initiator="Patient Encounter Supplier",
            responder="Patient Encounter Consumer",
            structure="ADT_A01",
            recognises=_is_admission,
            spec="ITI TF-2 section 3.31",
            fixed={
                "MSH-3": "ADT", "MSH-4": "NORDVIK", "MSH-5": "IDENTITY", "MSH-6": "FJORDLAND", "MSH-9": "ADT^A01^ADT_A01", "MSH-11": "P",
                "EVN-2": "{now}", "EVN-6": "{now}", "PID-3.4.3": "ISO", "PID-3.5": "PI", "PID-5.7": "L", "PV1-2": "I", "PV1-44": "{now}", "PV1-51": "V",
                "PV1-19.4": "NORDVIK&2.999.10.1&ISO", "PV1-19.5": "VN",
            },
            request_rules=(
                Rule("PAM-A01", "MSH-9", matches(r"ADT\^A01\^ADT_A01"), "{found} is not the admission message. An admission is ADT^A01^ADT_A01.", A01),
                *HEADER, *EVENT, *PATIENT, *VISIT,
            ),
            response_rules=ACKNOWLEDGED,
        ),
    ),
)  # fmt: skip
