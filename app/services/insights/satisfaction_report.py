"""A satisfaction index over any window, computed from the answers when somebody asks."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.domain.common.access import Actor
from app.domain.common.company import Company
from app.domain.common.days import local_days
from app.domain.satisfaction import INDICES
from app.domain.satisfaction.change import Change, ListVerdict
from app.domain.satisfaction.model import Answers, Index, IndexResult
from app.domain.satisfaction.periods import split_text
from app.domain.satisfaction.response_rate import response_rate
from app.domain.satisfaction.shrinkage import shrink_results
from app.errors import FieldError, InvalidError
from app.schemas.insights.satisfaction import SatisfactionBy, SatisfactionQuery
from app.services.platform.windows import window_days
from app.services.scoring import answer_columns
from app.services.scoring.answer_columns import Answered
from app.services.scoring.satisfaction import (
    mixed_groups,
    mixes_questions,
    mixes_surveys,
    result_row,
    without_score,
)
from app.store.engine import in_thread
from app.store.scoring import survey_answers
from app.store.scoring.survey_answers import NOT_STATED, Asked, Grouping
from app.store.sql import numpy_io
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import IntArray
from app.store.transactions import ReadTx, Row
from app.texts import render, translate

MAX_KNOWN = 20
"""So many codes of questions are named, at most, where one is refused."""
SHRUNK = frozenset({SatisfactionBy.AGENT, SatisfactionBy.UNIT})
_NOT_IN_SQL = (None, SatisfactionBy.MONTH, SatisfactionBy.SURVEY)
IN_ORDER = frozenset({SatisfactionBy.TIER, SatisfactionBy.MONTH, SatisfactionBy.SURVEY})


@in_thread
def report(tx: ReadTx, actor: Actor, query: SatisfactionQuery, language: str) -> Row:
    """Compute an index over a window, as a whole, in groups and by month; its name is in the language.

    Raises:
        InvalidError: ``from`` is not before ``to``, there is no such survey, or none asks the question.
    """
    index = INDICES[query.index]
    start, end = map(actor.company.start_of, window_days(actor.company, query.from_, query.to))
    surveys = survey_answers.surveys(tx)
    versions = answer_columns.versions_of(surveys)
    survey_id = survey_of(surveys, query.survey)
    _check_question(surveys, index, survey_id, query.question)
    asked = Asked(index.kinds, start, end, survey_id, query.question)
    by = None if query.by in _NOT_IN_SQL else Grouping(query.by)
    columns = survey_answers.answers(tx, asked, by)
    sent = survey_answers.invitations(tx, asked, _asking(surveys, asked), by)
    apart = index.survey_apart and survey_id is None
    divided = _divide(query.by, apart, columns, sent, surveys, actor.company)
    found = answer_columns.answered(columns, versions)
    whole = _each_once(found.answers)
    parts = Divided(index, found, columns, sent, divided, query.survey)
    groups = parts.by_survey() if apart else parts.groups() if divided else []
    by_tag = divided is SatisfactionBy.TAG
    overall = _overall(index, found, whole, sent, by_tag)
    trend = _trend(index, found, whole, actor.company, language)
    if apart and mixes_surveys(index, found):
        overall, trend = without_score(overall), {"trend": [], "verdict": None}
    return {
        "index": index.code,
        "name": translate(index.title, language),
        "unit": index.unit,
        "range_low": index.low,
        "range_high": index.high,
        "formula": index.formula,
        "source": index.source,
        "documentation": index.documentation,
        "window": {"start": start, "end": end},
        "survey": query.survey,
        "question": query.question,
        "by": divided,
        "overall": overall,
        "questions": _questions(index, found, whole, surveys),
        "groups": groups,
        **trend,
    }


# --- inside


def survey_of(surveys: list[tuple[UUID, str, int, Any]], code: str | None) -> UUID | None:
    """The id of the survey with a code; None without one.

    Raises:
        InvalidError: no survey has it.
    """
    if code is None:
        return None
    for survey_id, known, _, _ in surveys:
        if known == code:
            return survey_id
    wrong = FieldError("survey", "unknown_survey", "There is no such survey.", location="query")
    raise InvalidError(fields=[wrong])


def _check_question(
    surveys: list[tuple[UUID, str, int, Any]], index: Index, survey_id: UUID | None, code: str | None
) -> None:
    """Check that the index can be computed from the one question.

    Raises:
        InvalidError: no survey asks it, or the index is made of several questions.
    """
    if code is None:
        return
    if index.needs_items:
        detail = "This index is made of several questions of a survey: leave out question."
        raise InvalidError(fields=[FieldError("question", "several_questions", detail, location="query")])
    known = {
        question["code"]
        for one, _, _, questions in surveys
        if survey_id in (None, one)
        for question in questions
        if question["kind"] in index.kinds
    }
    if code not in known:
        detail = "No such question is asked. Questions of this index: {known}."
        params = {"known": ", ".join(sorted(known)[:MAX_KNOWN]) or "-"}
        wrong = FieldError("question", "unknown_question", detail, location="query", params=params)
        raise InvalidError(fields=[wrong])


def _questions(
    index: Index, found: Answered, whole: IntArray, surveys: list[tuple[UUID, str, int, Any]]
) -> list[Row]:
    """The index by question, in the order of surveys and codes; nothing where it is made of several."""
    if index.needs_items:
        return []
    codes = {survey_id.bytes: code for survey_id, code, _, _ in surveys}
    answers = found.answers_of(index).take(whole)
    results = index.compute(answers, answers.item, len(found.questions), found.options(index))
    rows = [
        {"survey": codes[survey_id], "question": question, **result_row(result, False)}
        for (survey_id, question), result in zip(found.questions, results, strict=True)
    ]
    return sorted(rows, key=lambda row: (row["survey"], row["question"]))


def _asking(surveys: list[tuple[UUID, str, int, Any]], asked: Asked) -> set[UUID]:
    """The surveys that ask what the index reads."""
    return {
        survey_id
        for survey_id, _, _, questions in surveys
        if asked.survey_id in (None, survey_id)
        and any(
            question["kind"] in asked.kinds and asked.question in (None, question["code"])
            for question in questions
        )
    }


def _months(at: IntArray, company: Company) -> NDArray[Any]:
    """The local month of each instant: ``2026-11``."""
    months = local_days(at, company).astype("datetime64[D]").astype("datetime64[M]")
    return np.array(months.astype(str).tolist(), dtype=object)


def _each_once(answers: Answers) -> IntArray:
    """Rows that hold every answer once: by tag it may stand several times."""
    width = int(answers.item.max(initial=0)) + 1
    rows: IntArray = np.unique(answers.response * width + answers.item, return_index=True)[1]
    return rows


def _overall(index: Index, found: Answered, whole: IntArray, sent: Columns, by_tag: bool) -> Row:
    answers = found.answers_of(index).take(whole)
    result = index.overall(answers, found.options(index))
    rows = np.unique(sent["invitation_id"], return_index=True)[1] if by_tag else slice(None)
    mixes = mixes_questions(index, answers)
    return {**result_row(result, mixes), "response_rate": _rate(sent["answered"][rows])}


def _divide(
    by: SatisfactionBy | None,
    apart: bool,
    columns: Columns,
    sent: Columns,
    surveys: list[tuple[UUID, str, int, Any]],
    company: Company,
) -> SatisfactionBy | None:
    """Add the groups that the database does not give, and ``survey`` where surveys are kept apart; what it is
    divided by then."""
    if by is SatisfactionBy.MONTH:
        columns["group"] = _months(columns["answered_micros"], company)
        sent["group"] = _months(sent["invited_micros"], company)
    if apart or by is SatisfactionBy.SURVEY:
        for read in (columns, sent):
            read["survey"] = _codes(read["survey_id"], surveys)
        by = by or SatisfactionBy.SURVEY
    if by is SatisfactionBy.SURVEY:
        columns["group"], sent["group"] = columns["survey"], sent["survey"]
    return by


@dataclass(frozen=True, slots=True)
class Divided:
    """Answers and invitations, and what they are divided by.

    ``columns`` and ``sent`` have ``group``, and where surveys are kept apart ``survey``, the code of each.
    """

    index: Index
    found: Answered
    columns: Columns
    sent: Columns
    by: SatisfactionBy | None
    survey: str | None

    def by_survey(self) -> list[Row]:
        """The groups of each survey on its own, in the order of their codes."""
        codes = sorted({*self.columns["survey"].tolist(), *self.sent["survey"].tolist()})
        groups = [
            group
            for code in codes
            for group in self.groups(self.columns["survey"] == code, self.sent["survey"] == code, code)
        ]
        return [group for group in groups if _has_answers(group) or group["response_rate"] is not None]

    def groups(
        self, rows: Any = slice(None), sent: Any = slice(None), survey: str | None = None
    ) -> list[Row]:
        """The groups of some of the answers and invitations."""
        assert self.by is not None  # noqa: S101 - asked for where it is divided
        codes, keys = numpy_io.factorize(self.columns["group"][rows])
        invited, asked = numpy_io.factorize(self.sent["group"][sent])
        answered = {key: self.sent["answered"][sent][invited == code] for code, key in enumerate(asked)}
        keys = list(dict.fromkeys([*keys, *asked]))  # also who was asked and did not answer
        answers = self.found.answers_of(self.index)
        answers = answers if survey is None else answers.take(rows)
        results = self.index.compute(answers, codes, len(keys), self.found.options(self.index))
        mixed = mixed_groups(self.index, answers, codes, len(keys))
        shrunk = shrink_results(results) if self.by in SHRUNK else [None] * len(keys)
        figures = [
            {
                "survey": key if self.by is SatisfactionBy.SURVEY else survey or self.survey,
                "key": None if key == NOT_STATED else key,
                **result_row(result, mixes),
                "shrunk_score": score,
                "response_rate": _rate(answered[key]) if key in answered else None,
            }
            for key, result, score, mixes in zip(keys, results, shrunk, mixed, strict=True)
        ]
        return sorted(figures, key=lambda row: _place(row, self.by))


def _codes(survey_ids: Any, surveys: list[tuple[UUID, str, int, Any]]) -> NDArray[Any]:
    """The code of each survey of a column of ids."""
    codes = {survey_id.bytes: code for survey_id, code, _, _ in surveys}
    of, ids = numpy_io.factorize(survey_ids)
    named = np.array([codes[one.ljust(16, b"\0")] for one in ids], dtype=object)
    return named[of] if named.size else np.empty(0, dtype=object)


def _has_answers(figures: Row) -> bool:
    return bool(figures["n"] or any(figures["excluded"].values()))


def _place(row: Row, by: SatisfactionBy | None) -> tuple[Any, ...]:
    """Where a group stands: in the order of keys, or best first; unnamed ones and those that cannot be
    ranked come last."""
    key = row["key"] or ""
    if by in IN_ORDER:
        return row["key"] is None, key
    best = row["score"] if row["shrunk_score"] is None else row["shrunk_score"]
    return row["key"] is None, not row["rankable"], -(best or 0.0), key


def _trend(index: Index, found: Answered, whole: IntArray, company: Company, language: str) -> Row:
    """Each month against the one before it, and the list of them as a whole."""
    answers = found.answers_of(index).take(whole)
    months, of = np.unique(_months(answers.answered_micros, company).astype(str), return_inverse=True)
    of = of.astype(np.int64)
    results = index.compute(answers, of, months.size, found.options(index))
    mixed = mixed_groups(index, answers, of, months.size)
    verdict = index.judge_list(results)
    names: list[str] = months.tolist()
    steps = [
        {
            "month": month,
            **result_row(result, mixes),
            "change": None if place == 0 else asdict(_change(index, results, place, verdict)),
        }
        for place, (month, result, mixes) in enumerate(zip(names, results, mixed, strict=True))
    ]
    return {"trend": steps, "verdict": None if verdict is None else _verdict(index, verdict, names, language)}


def _change(index: Index, results: list[IndexResult], place: int, verdict: ListVerdict | None) -> Change:
    change = index.compare(results[place - 1], results[place])
    return change if verdict is None else verdict.change_at(place, change)


def _verdict(index: Index, verdict: ListVerdict, months: list[str], language: str) -> Row:
    since = None if verdict.since is None else months[verdict.since]
    split = None if since is None else split_text(verdict, since, index.unit)
    stated = None if split is None else render(language, split)
    members = ("changed", "before", "after", "statistic", "limit", "periods", "lists")
    return {**{name: getattr(verdict, name) for name in members}, "since": since, "text": stated}


def _rate(answered: NDArray[np.bool_]) -> Row | None:
    rate = response_rate(int(np.count_nonzero(answered)), answered.size)
    return None if rate is None else asdict(rate)
