"""What surveys ask, and which answers fit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

MAX_QUESTIONS = 100
MAX_CHOICES = 50
CHOICES_LEAST = 2
MAX_LANGUAGES = 20
MAX_TEXT = 4000
SCALE_LEAST, SCALE_GREATEST = -100, 100
MAX_WEIGHT = 1000

Question = Mapping[str, Any]
"""``code``, ``kind``, ``texts``, ``required``, and None where the kind has no such thing: ``scale``
(``min`` and ``max``), ``reversed``, ``weight``, ``dimension``, ``choices`` (``code`` and ``texts`` each)."""
Answer = Mapping[str, Any]
"""``question`` (its code) and one of ``number``, ``choice``, ``text`` and a true ``skipped``."""


class QuestionKind(StrEnum):
    """What a question measures, and so which scale it may have."""

    CSAT = "csat"
    NPS = "nps"
    CES = "ces"
    RATING = "rating"
    EXPECTATION = "expectation"
    CHOICE = "choice"
    TEXT = "text"


FIXED_SCALES = {
    QuestionKind.CSAT: ((1, 5), (1, 7), (1, 10)),
    QuestionKind.NPS: ((0, 10),),
    QuestionKind.CES: ((1, 7), (1, 5)),
}
"""Kinds whose scale is one of these; for `rating` and `expectation` it is free."""
EFFORT = (1, 5)
"""The older scale of `ces`, on which 5 is the greatest effort: the question must say ``reversed``."""
SCALED = frozenset({*FIXED_SCALES, QuestionKind.RATING, QuestionKind.EXPECTATION})
"""Kinds that are answered by a whole number on a scale."""
WEIGHED = frozenset({QuestionKind.CSAT, QuestionKind.RATING, QuestionKind.EXPECTATION})
"""Kinds that are parts of the composite index, or (`expectation`) of the score it is compared with."""
VALUES = ("number", "choice", "text")
"""Members of an answer that can hold its value."""


class AnswerFault(StrEnum):
    """Why an answer of a file is kept without its value, and left out of indices."""

    OUT_OF_RANGE = "out_of_range"
    """A number off the question's scale."""
    WRONG_SCALE = "wrong_scale"
    """No value of the question's scale at all: a word or a fraction for a whole number, a choice or a text
    that the question does not have."""


MESSAGES = {
    "repeated": "The same code is given twice.",
    "not_of_kind": "Questions of this kind have none.",
    "other_scale": "Expected one of the scales {scales}.",
    "no_scale": "Expected a scale whose min is less than its max.",
    "reversed": "The scale 1-5 of ces is one of effort: say reversed, and only there.",
    "too_few_choices": "Expected at least {min_length} items.",
    "unknown_question": "The survey has no such question.",
    "answered_twice": "The question is answered twice.",
    "one_answer": "Send one of number, choice, text and skipped.",
    "other_member": "This question is answered by {member}.",
    "outside_scale": "Expected {min} to {max}.",
    "unknown_choice": "The question has no such choice.",
    "required": "This question must be answered.",
    "missing_answer": "The question {question} must be answered.",
}
"""What is wrong, by code."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. ``pointer`` is a JSON Pointer into the list that was judged; ``params`` fill
    the placeholders of ``MESSAGES[code]``."""

    pointer: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


# --- questions


def check_questions(questions: Sequence[Question]) -> list[Problem]:
    """Say what is wrong with the questions of a survey: codes given twice, a scale that the kind does not
    have, members of other kinds, too few choices.

    Returns:
        Problems in the order of the questions; empty if they can be asked.

    >>> check_questions([{"code": "q", "kind": "nps", "scale": {"min": 1, "max": 10}}])
    [Problem(pointer='/0/scale', code='other_scale', params={'scales': '0-10'})]
    """
    found: list[Problem] = []
    seen: set[str] = set()
    for index, question in enumerate(questions):
        if question["code"] in seen:
            found.append(Problem(f"/{index}/code", "repeated"))
        seen.add(question["code"])
        found += [
            Problem(f"/{index}{problem.pointer}", problem.code, problem.params)
            for problem in _of_question(question)
        ]
    return found


def completed(question: Question) -> dict[str, Any]:
    """The question with what goes without saying: the scale where only one is possible, the weight 1.

    >>> completed({"code": "q", "kind": "nps"})["scale"]
    {'min': 0, 'max': 10}
    """
    kind, whole = question["kind"], dict(question)
    scales = FIXED_SCALES.get(kind, ())
    if whole.get("scale") is None and len(scales) == 1:
        whole["scale"] = {"min": scales[0][0], "max": scales[0][1]}
    if whole.get("weight") is None and kind in WEIGHED:
        whole["weight"] = 1.0
    return whole


def _of_question(question: Question) -> Iterator[Problem]:
    kind = question["kind"]
    yield from _of_scale(question)
    if question.get("weight") is not None and kind not in WEIGHED:
        yield Problem("/weight", "not_of_kind")
    if question.get("dimension") is not None and kind != QuestionKind.RATING:
        yield Problem("/dimension", "not_of_kind")
    choices = question.get("choices") or ()
    if kind != QuestionKind.CHOICE:
        if choices:
            yield Problem("/choices", "not_of_kind")
        return
    if len(choices) < CHOICES_LEAST:
        yield Problem("/choices", "too_few_choices", {"min_length": CHOICES_LEAST})
    seen: set[str] = set()
    for index, choice in enumerate(choices):
        if choice["code"] in seen:
            yield Problem(f"/choices/{index}/code", "repeated")
        seen.add(choice["code"])


def _of_scale(question: Question) -> Iterator[Problem]:
    kind, scale = question["kind"], question.get("scale")
    ends = None if scale is None else (scale["min"], scale["max"])
    if kind not in SCALED:
        if ends is not None:
            yield Problem("/scale", "not_of_kind")
    elif kind not in FIXED_SCALES:
        if ends is None or ends[0] >= ends[1]:
            yield Problem("/scale", "no_scale")
    elif ends not in FIXED_SCALES[kind] and not (ends is None and len(FIXED_SCALES[kind]) == 1):
        spelt = ", ".join(f"{least}-{most}" for least, most in FIXED_SCALES[kind])
        yield Problem("/scale", "other_scale", {"scales": spelt})
        return
    if bool(question.get("reversed")) != (kind == QuestionKind.CES and ends == EFFORT):
        yield Problem("/reversed", "reversed")


# --- answers


def check_answers(
    questions: Sequence[Question], answers: Sequence[Answer], *, of_file: bool = False
) -> list[Problem]:
    """Say which answers do not fit the questions: off the scale, of a question not asked, twice, of another
    type; and which required questions lack one. A question that is not required may be skipped ("do not
    know") or left out.

    ``of_file``: a file tells what was answered, so no question must be, and a bad answer (``excluded``) is
    one that was given.

    Returns:
        Problems in the order of the answers, then those of missing ones; empty if they all fit.

    >>> nps = completed({"code": "q", "kind": "nps", "required": False})
    >>> [problem.code for problem in check_answers([nps], [{"question": "q", "number": 11}])]
    ['outside_scale']
    >>> check_answers([nps], [{"question": "q", "skipped": True}])
    []
    """
    asked = {question["code"]: question for question in questions}
    found: list[Problem] = []
    answered: set[str] = set()
    for index, answer in enumerate(answers):
        code = answer["question"]
        if code not in asked:
            found.append(Problem(f"/{index}/question", "unknown_question"))
        elif code in answered:
            found.append(Problem(f"/{index}/question", "answered_twice"))
        else:
            problem = None if of_file and not _is_given(answer) else answer_problem(asked[code], answer)
            if problem is not None:
                found.append(Problem(f"/{index}{problem.pointer}", problem.code, problem.params))
        answered.add(code)
    if of_file:
        return found
    missing = (code for code, question in asked.items() if question["required"] and code not in answered)
    return found + [Problem("", "missing_answer", {"question": code}) for code in missing]


def _is_given(answer: Answer) -> bool:
    return any(answer.get(member) is not None for member in VALUES)


def answer_problem(question: Question, answer: Answer) -> Problem | None:
    """Say what is wrong with the answer to a question; None if it fits.

    >>> answer_problem(completed({"code": "q", "kind": "nps"}), {"number": 11}).code
    'outside_scale'
    """
    given = [member for member in VALUES if answer.get(member) is not None]
    if len(given) + bool(answer.get("skipped")) != 1:
        return Problem("", "one_answer")
    if not given:
        return Problem("/skipped", "required") if question["required"] else None
    [member] = given
    wanted = member_of(question["kind"])
    if member != wanted:
        return Problem(f"/{member}", "other_member", {"member": wanted})
    value = answer[member]
    if member == "number":
        scale = question["scale"]
        if not scale["min"] <= value <= scale["max"]:
            return Problem("/number", "outside_scale", {"min": scale["min"], "max": scale["max"]})
    elif member == "choice" and value not in {choice["code"] for choice in question["choices"]}:
        return Problem("/choice", "unknown_choice")
    return None


def member_of(kind: str) -> str:
    """The member that answers questions of a kind."""
    return "number" if kind in SCALED else str(kind)  # choice and text are called like their kinds


def answer_rows(questions: Sequence[Question], answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """What is kept of answers that fit: kind and scale of the question beside the value, so that indices
    need nothing else. Sorted by question, as they are read back; no value means skipped, or ``excluded``."""
    asked = {question["code"]: question for question in questions}
    rows = []
    for answer in sorted(answers, key=lambda one: str(one["question"])):
        question = asked[answer["question"]]
        scale = question.get("scale") or {"min": None, "max": None}
        rows.append(
            {
                "question": answer["question"],
                "kind": question["kind"],
                "scale_min": scale["min"],
                "scale_max": scale["max"],
                "number": answer.get("number"),
                "choice": answer.get("choice"),
                "text": answer.get("text"),
                "excluded": answer.get("excluded"),
            }
        )
    return rows


# --- invitations


def is_expired(expires_at: datetime | None, answered_at: datetime) -> bool:
    """Whether an answer comes too late; an invitation without an end never expires."""
    return expires_at is not None and answered_at >= expires_at
