"""What an element of a profile obliges to, in plain words: how often, of which type, with which codes, and what must-support and modifier mean.

What such a demand means is R4's own (the elements of ElementDefinition, and the strengths of a binding); the words are ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ihe_kit.fhir.shapes import Shape

_AT = "FHIR R4 ElementDefinition."
_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_BOUND = {
    "required": "Its code has to be one of {values}. There is no way round that: another code is an error.",
    "extensible": "Its code has to be one of {values} if one of them fits what is meant. If none does, another code, or words alone, may stand here.",
    "preferred": "Its code should be one of {values}, but another one is no error.",
    "example": "{values} only shows what kind of code is meant. Any other code may stand here.",
}
_SLICES = {
    "closed": "Nothing else may stand here than the slices that this profile names.",
    "openAtEnd": "Other repetitions may stand here too, but only behind those of the named slices.",
    "open": "Other repetitions, of no slice, may stand here too.",
}


def obligations(shape: Shape, above: Shape | None, profile: str) -> list[tuple[str, str]]:
    """(what an element asks, the place in R4 that says what asking so means) for each demand. `above` is the element that it is a part of, or of
    which it is a slice.

    >>> from ihe_kit.fhir.tables import core
    >>> link = core().type("Patient").children["link"]
    >>> obligations(link.children["other"], link, "Patient")[0][0]
    'Exactly one, in every `link` that is there: a sender always sends it, and without it the resource does not follow Patient.'
    """
    return [(says, f"{_AT}{place}") for says, place in _all(shape, above, profile)]


def _all(shape: Shape, above: Shape | None, profile: str) -> Iterator[tuple[str, str]]:
    if above is not None:
        yield often(shape, above, profile), "min"
    if shape.element.get("mustSupport") is True:
        yield MUST_SUPPORT, "mustSupport"
    if shape.element.get("isModifier") is True:
        yield MODIFIER, "isModifier"
    kind, value = shape.demanded
    if kind == "fixed":
        yield f"If it is there, its value is {_text(value)}, neither more nor less.", "fixed[x]"
    elif kind:
        yield f"If it is there, it holds at least {_text(value)}. More may stand beside that.", "pattern[x]"
    strength, values = shape.binding
    if strength in _BOUND:
        yield _BOUND[strength].format(values=values.rpartition("/")[2] or "the codes that the text describes"), "binding.strength"
    if targets := [url.rpartition("/")[2] for one in shape.types for url in one.targets]:
        yield f"The reference leads to {_or(targets)}, and nowhere else.", "type.targetProfile"
    if shape.slicing:
        yield _sliced(shape), "slicing"


MUST_SUPPORT = (
    "Must support. That does not make it mandatory: how often it has to be there is the cardinality's business. Nor may a system ignore it: whoever "
    "claims to follow this profile has to be able to do something meaningful with it. What that is (send it when it is known, store it, show it), "
    "the guide that the profile belongs to has to say."
)
MODIFIER = (
    "A modifier: what stands here may turn the meaning of what is around it, as `entered-in-error` does. A receiver that does not understand it must "
    "not go on as if it were not there."
)


def often(shape: Shape, above: Shape, profile: str) -> str:
    """What a cardinality means for who sends and who receives."""
    least, most = shape.least, shape.most
    if shape.slice and above.name == shape.name:
        where, what = f", among the repetitions of `{shape.name}`", "the slice"
    else:
        inside = f", in every `{above.name}` that is {f'the slice `{above.slice}`' if above.slice else 'there'}"
        where, what = (inside if "." in above.path else ""), "it"
    if most == 0:
        return f"Never{where}: this profile takes {what} away, and a resource that has {what} does not follow {profile}."
    if least == 0:
        may = "one at most" if most == 1 else "any number of times" if most < 0 else f"{_number(most)} at most"
        return f"Optional{where}: it may be left out, and if it is sent, {may}."
    exact = (
        f"Exactly {_number(least)}"
        if least == most
        else f"At least {_number(least)}" + (f" and at most {_number(most)}" if most > 0 else "")
    )
    return f"{exact}{where}: a sender always sends {what}, and without {what} the resource does not follow {profile}."


def _sliced(shape: Shape) -> str:
    by = [f"`{one.get('path')}` ({one.get('type')})" for one in shape.slicing.get("discriminator", ()) if isinstance(one, dict)]
    told = (
        f"Which slice a repetition belongs to is told by {' and '.join(by)}. "
        if by
        else "How the slices are told apart, only the text says. "
    )
    order = "They stand in the order of the profile. " if shape.slicing.get("ordered") is True else ""
    return told + order + _SLICES.get(str(shape.slicing.get("rules")), _SLICES["open"])


# How an element is written in short ----------------------------------------------------------------------------------------------------


def types_of(shape: Shape) -> str:
    """`Reference(Patient | Group)`, `Quantity or string`, `Extension(race)`."""
    found = []
    for code in dict.fromkeys(one.code for one in shape.types):
        same = [one for one in shape.types if one.code == code]
        more = dict.fromkeys(url.rpartition("/")[2] for one in same for url in (*one.targets, *one.profiles))
        found.append(f"{code}({' | '.join(more)})" if more else code)
    return " or ".join(found)


def demanded(shape: Shape) -> str:
    """`exactly "final"`, `at least {"coding": [...]}`, or ""."""
    kind, value = shape.demanded
    return f"{'exactly' if kind == 'fixed' else 'at least'} {_text(value)}" if kind else ""


def slicing_of(shape: Shape) -> str:
    """`open, by value of code`, or ""."""
    if not shape.slicing:
        return ""
    told = shape.slicing.get("discriminator")
    by = [f"{one.get('type')} of {one.get('path')}" for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    ordered = ", in order" if shape.slicing.get("ordered") is True else ""
    return f"{shape.slicing.get('rules', 'open')}{ordered}" + (f", told apart by {' and '.join(by)}" if by else "")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _number(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def _or(names: list[str]) -> str:
    every = list(dict.fromkeys(names))
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} or {every[-1]}"
