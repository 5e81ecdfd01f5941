"""Answers against their questionnaire, where that is at hand: contained in the response, or in the same bundle.

Every item answers a question that there is, in its place and with a value of its type; one answer where the question does not repeat, and an answer
to whatever is required. Questions that are asked only under a condition are never missing: the conditions are not evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ihe_kit.fhir.report import At, Report
from ihe_kit.fhir.shapes import Json
from ihe_kit.fhir.walk import Context

# The type of a question -> the names that its answers may have.
_VALUES: Mapping[str, tuple[str, ...]] = {
    "boolean": ("valueBoolean",),
    "decimal": ("valueDecimal",),
    "integer": ("valueInteger",),
    "date": ("valueDate",),
    "dateTime": ("valueDateTime",),
    "time": ("valueTime",),
    "string": ("valueString",),
    "text": ("valueString",),
    "url": ("valueUri",),
    "choice": ("valueCoding",),
    "open-choice": ("valueCoding", "valueString"),
    "attachment": ("valueAttachment",),
    "reference": ("valueReference",),
    "quantity": ("valueQuantity",),
}
_FINISHED = ("completed", "amended")


def check_answers(report: Report, context: Context) -> None:
    """A QuestionnaireResponse against its Questionnaire."""
    named = context.resource.get("questionnaire")
    if not isinstance(named, str) or not named:
        return
    asked = _questionnaire(named, context)
    if asked is None:
        report.once("answers-unchecked", (context.at, "questionnaire"), about=named)
        return
    finished = context.resource.get("status") in _FINISHED
    _Answers(report, finished).items(context.resource, asked, context.at)


def _questionnaire(named: str, context: Context) -> Json | None:
    if named.startswith("#"):
        found = context.around.find(named, context.root).one
        return found if found and found.get("resourceType") == "Questionnaire" else None
    url = named.partition("|")[0]
    entries = context.around.bundle.get("entry") if context.around.bundle else None
    resources = (entry.get("resource") for _, entry in _dicts(entries))
    return next(
        (one for one in resources if isinstance(one, dict) and one.get("resourceType") == "Questionnaire" and one.get("url") == url), None
    )


class _Answers:
    def __init__(self, report: Report, finished: bool) -> None:
        self.report, self.finished = report, finished

    def items(self, holder: Json, asked: Json, at: At) -> None:
        """The items below a response, an item or an answer, against the questions at the same place."""
        questions = {one["linkId"]: one for _, one in _dicts(asked.get("item")) if isinstance(one.get("linkId"), str)}
        order, latest, seen = list(questions), 0, set()
        for index, item in _dicts(holder.get("item")):
            here, link = ((at, "item"), index), item.get("linkId")
            question = questions.get(link) if isinstance(link, str) else None
            if question is None:
                if isinstance(link, str):
                    self.report.at("answer-nowhere", (here, "linkId"))
                continue
            place = order.index(str(link))
            if place < latest:
                self.report.at("answer-order", (here, "linkId"))
            latest = max(latest, place)
            if link in seen and question.get("repeats") is not True:
                self.report.at("answer-twice", (here, "linkId"))
            seen.add(link)
            self._item(item, question, here)
        for link, question in questions.items():
            if self.finished and question.get("required") is True and link not in seen and "enableWhen" not in question:
                self.report.at("answer-required", at, missing="item", link=link)

    def _item(self, item: Json, question: Json, at: At) -> None:
        kind = str(question.get("type"))
        answers = list(_dicts(item.get("answer")))
        if kind in ("group", "display"):
            if answers:
                self.report.at("answer-none", (at, "answer"), kind=kind)
            self.items(item, question, at)
            return
        if len(answers) > 1 and question.get("repeats") is not True:
            self.report.at("answer-repeats", ((at, "answer"), answers[1][0]), count=len(answers))
        if not answers and self.finished and question.get("required") is True and "enableWhen" not in question:
            self.report.at("answer-required", at, missing="answer", link=question.get("linkId"))
        for index, answer in answers:
            here = ((at, "answer"), index)
            self._value(answer, question, kind, here)
            self.items(answer, question, here)

    def _value(self, answer: Json, question: Json, kind: str, at: At) -> None:
        name = next((key for key in answer if key.startswith("value")), "")
        allowed = _VALUES.get(kind)
        options = [one for _, one in _dicts(question.get("answerOption"))]
        if not name or not allowed:
            return
        if name not in allowed and not (kind in ("choice", "open-choice") and any(name in option for option in options)):
            self.report.at("answer-type", (at, name), kind=kind, wanted=" or ".join(allowed))
        elif options and kind == "choice" and not any(_chosen(answer[name], option.get(name)) for option in options):
            self.report.at("answer-option", (at, name))


def _chosen(value: Any, option: Any) -> bool:
    if isinstance(value, dict) and isinstance(option, dict):
        return value.get("code") == option.get("code") and option.get("system") in (None, value.get("system"))
    return bool(value == option)


def _dicts(value: Any) -> Iterator[tuple[int, Json]]:
    return ((index, one) for index, one in enumerate(value) if isinstance(one, dict)) if isinstance(value, list) else iter(())
