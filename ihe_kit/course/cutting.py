"""An exercise is cut from its solution: what a learner finds at the beginning is the solution with holes in it, and is never written twice.

SOUND = story("ITI-31", person("ingrid"))       a message of the story, the same bytes every day
cut(SOUND, "PID-3.4")                           the value is gone, the delimiters stay
put(SOUND, {"PID-8": "F"})                      another value in its place
gaps("4711^^^[NORDVIK]^[PI]")                   ("4711^^^^", "4711^^^NORDVIK^PI"): (what is given, the solution)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ihe_kit.region import story_clock, story_ids
from ihe_kit.verbs import build, parse


def story(transaction: str, values: Mapping[str, Any], event: str = "", id: str = "S") -> str:
    """The text of a message of the story: Monday 3 March 2025, 08:00. Its control ID begins with `id`: `C` is what a check's own systems use."""
    return build(transaction, values, story_clock(), story_ids(id), event=event).text


def cut(text: str, *paths: str) -> str:
    """A message without the values at these paths. Raises UnknownPath; ValueError for a place that holds nothing, where no hole could be."""
    return put(text, dict.fromkeys(paths, ""))


def put(text: str, values: Mapping[str, str]) -> str:
    r"""A message with these values, as the standard writes them, in the first place that each path names. A path to a segment takes the line.

    >>> put("MSH|^~\\&|ADT\rPID|||4711^^^NORDVIK", {"PID-3.1": "4712"})
    'MSH|^~\\&|ADT\rPID|||4712^^^NORDVIK'
    """
    for path, value in values.items():
        place = parse(text).find(path)[0]
        if place.start == place.end and not value:
            raise ValueError(f"{path} holds nothing, so nothing can be cut there")
        whole = re.fullmatch(r"[A-Z][A-Z0-9]{2}(\[\d+\])?", path) and not value  # a whole line goes with its end
        end = place.end + bool(whole and text[place.end : place.end + 1] in ("\r", "\n"))
        text = text[: place.start] + (place.lead if value else "") + value + text[end:]
    return text


def gaps(marked: str) -> tuple[str, str]:
    """(what is given, the solution) of one text in which the learner's part stands in square brackets.

    >>> gaps("PID-[5].[1]")
    ('PID-.', 'PID-5.1')
    """
    return re.sub(r"\[[^\]]*\]", "", marked), re.sub(r"\[([^\]]*)\]", r"\1", marked)
