"""The survey that the responses of a file answer."""

from collections import abc
from dataclasses import replace

from sqlalchemy import select

from app.domain.imports.mapping import Mapping
from app.domain.imports.targets import RecordKind, question_of
from app.domain.satisfaction import INDICES
from app.domain.surveys.surveys import WEIGHED, Question, QuestionKind
from app.errors import FieldError, InvalidError
from app.store.tables import Survey, SurveyVersion
from app.store.transactions import ReadTx

NO_INDEX = "none"
"""Instead of an index: no index reads the answers to the question."""

COMPONENTS = WEIGHED - {QuestionKind.EXPECTATION}
"""Kinds of questions whose answers are satisfaction in indices made of several."""

_UNKNOWN = {
    "unknown_survey": "There is no such survey.",
    "survey_inactive": "The survey is not in use.",
    "unknown_survey_version": "The survey has no such version.",
}


def questions(tx: ReadTx, mapping: Mapping) -> dict[str, Question]:
    """The questions that responses read with ``mapping`` answer, by code; none for other kinds."""
    if mapping.kind is not RecordKind.RESPONSES:
        return {}
    statement = (
        select(SurveyVersion.questions)
        .join(Survey, Survey.id == SurveyVersion.survey_id)
        .where(Survey.code == mapping.constant("survey"))
        .where(SurveyVersion.number == int(mapping.constant("survey_version") or 0))
    )
    asked = tx.execute(statement).scalar_one_or_none() or []
    return {question["code"]: question for question in asked}


def indices_of(asked: abc.Mapping[str, Question], code: str) -> list[str]:
    """The indices that read the answers to a question, or ``none``.

    >>> nps, remark = {"code": "q", "kind": "nps"}, {"code": "r", "kind": "text"}
    >>> indices_of({"q": nps, "r": remark}, "q"), indices_of({"q": nps, "r": remark}, "r")
    (['nps'], ['none'])
    """
    question = asked[code]
    kind, weight = question["kind"], question.get("weight") or 0
    expected = {bool(one.get("weight")) for one in asked.values() if one["kind"] == QuestionKind.EXPECTATION}
    weighed = {bool(one.get("weight")) for one in asked.values() if one["kind"] in COMPONENTS}
    reads = {
        "composite": kind in COMPONENTS and weight > 0,
        "expectation": kind in WEIGHED and weight > 0 and True in expected and True in weighed,
        "culture": question.get("dimension") is not None,
    }
    found = [name for name, index in INDICES.items() if reads.get(name, kind in index.kinds)]
    return found or [NO_INDEX]


def settled(tx: ReadTx, mapping: Mapping) -> Mapping:
    """The mapping with the version of the survey that is the newest now, unless it names one: a file is read
    by the same questions from its first row to its last.

    Raises:
        InvalidError: the survey, its version or a question that is answered does not exist, or the survey
            is not in use.
    """
    if mapping.kind is not RecordKind.RESPONSES:
        return mapping
    named = select(Survey.is_active, Survey.questions_version).where(
        Survey.code == mapping.constant("survey")
    )
    survey = tx.execute(named).first()
    if survey is None or not survey.is_active:
        raise _wrong("unknown_survey" if survey is None else "survey_inactive")
    version = mapping.constant("survey_version") or str(survey.questions_version)
    whole = replace(mapping, columns={**mapping.columns, "survey_version": f"={version}"})
    asked = questions(tx, whole)
    if not asked:
        raise _wrong("unknown_survey_version")
    codes = {question for target in mapping.columns if (question := question_of(target))}
    if codes - asked.keys():
        detail = "The survey asks no such question. It asks: {known}."
        known = {"known": ", ".join(asked)}
        raise InvalidError(fields=[FieldError("column", "unknown_question", detail, "query", known)])
    return whole


def _wrong(code: str) -> InvalidError:
    return InvalidError(fields=[FieldError("column", code, _UNKNOWN[code], "query")])
