"""The survey that the responses of a file answer."""

from dataclasses import replace

from sqlalchemy import select

from app.domain.imports.mapping import Mapping
from app.domain.imports.targets import RecordKind, question_of
from app.errors import FieldError, InvalidError
from app.store.tables import Survey, SurveyVersion
from app.store.transactions import ReadTx

_UNKNOWN = {
    "unknown_survey": "There is no such survey.",
    "survey_inactive": "The survey is not in use.",
    "unknown_survey_version": "The survey has no such version.",
}


def questions(tx: ReadTx, mapping: Mapping) -> dict[str, str]:
    """Code and kind of each question that responses read with ``mapping`` answer; none for other kinds."""
    if mapping.kind is not RecordKind.RESPONSES:
        return {}
    statement = (
        select(SurveyVersion.questions)
        .join(Survey, Survey.id == SurveyVersion.survey_id)
        .where(Survey.code == mapping.constant("survey"))
        .where(SurveyVersion.number == int(mapping.constant("survey_version") or 0))
    )
    asked = tx.execute(statement).scalar_one_or_none() or []
    return {question["code"]: question["kind"] for question in asked}


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
