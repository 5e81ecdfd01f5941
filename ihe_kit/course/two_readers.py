"""The same message read by two programs: this kit, and hl7apy with its own parser and validator. Which of them lost something?

hl7apy (MIT licence) is a well-known library; the kit uses its reference tables and never its parser. Here it is a second pair of eyes.
"""

from __future__ import annotations

from typing import Any

from ihe_kit.core import Message
from ihe_kit.files import definitions
from ihe_kit.verbs import parse, validate


def two_readers(message: Message | str) -> Any:
    """A pandas data frame: each segment of a v2 message, and whether hl7apy gives it back when it writes the message again.

    The last rows tell what each of the two says is wrong. hl7apy names the first error only.
    """
    import pandas

    ours = message if isinstance(message, Message) else parse(message)
    kept, said = second_reader(ours.text)
    rows = []
    for line in filter(None, ours.text.replace("\n", "\r").split("\r")):
        back = "yes" if line in kept else "changed" if any(other[:3] == line[:3] for other in kept) else "lost"
        rows.append((line[:60] + ("…" if len(line) > 60 else ""), "yes", back))
    errors = [finding for finding in validate(ours, standard="v2") if finding.severity == "error"]
    rows.append(("errors found", str(len(errors)), said))
    return pandas.DataFrame(rows, columns=["segment", "ihe_kit gives back", "hl7apy gives back"]).set_index("segment")


def second_reader(text: str) -> tuple[list[str], str]:
    """(the lines that hl7apy writes after it has read a message, the first error that its validator names, or why it could do neither)."""
    parser = definitions("hl7apy.parser")
    try:
        read = parser.parse_message(text.replace("\r\n", "\r").replace("\n", "\r"), find_groups=True)
        lines = [line for line in read.to_er7().split("\r") if line]
    except Exception as problem:  # what it makes of odd messages is the point of the comparison
        return [], f"could not read it: {type(problem).__name__}"
    try:
        read.validate()
    except Exception as problem:
        return lines, f"the first: {problem}"
    return lines, "0"
