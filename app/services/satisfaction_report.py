"""A satisfaction index over any window, computed from the answers when somebody asks."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from app.domain.access import Actor
from app.domain.company import Company
from app.domain.days import local_days
from app.domain.indices import INDICES
from app.domain.indices.model import Answers, Index, IndexResult
from app.domain.indices.response_rate import response_rate
from app.domain.indices.shrinkage import shrink_results
from app.errors import FieldError, InvalidError
from app.schemas.satisfaction import SatisfactionBy, SatisfactionQuery
from app.services import survey_columns
from app.services.satisfaction import result_row
from app.services.survey_columns import Answered
from app.store import arrays, survey_facts
from app.store.arrays import IntArray
from app.store.columns import Columns
from app.store.engine import long
from app.store.survey_facts import NOT_STATED, Asked, Grouping
from app.store.types import now
from app.store.visibility import check_sees_all

Row = dict[str, Any]

DAYS = 365
SHRUNK = frozenset({SatisfactionBy.AGENT, SatisfactionBy.UNIT})
IN_ORDER = frozenset({SatisfactionBy.TIER, SatisfactionBy.MONTH})


@long
def report(tx: Connection, actor: Actor, query: SatisfactionQuery, language: str) -> Row:
    """Compute an index over a window, as a whole, in groups and by month; its name is in the language.

    Raises:
        ForbiddenError: the caller is limited to units; these figures are of the whole company.
        InvalidError: ``from`` is not before ``to``, or there is no such survey.
    """
    check_sees_all(actor)
    index = INDICES[query.index]
    start, end = map(actor.company.start_of, window_days(actor.company, query.from_, query.to))
    surveys = survey_facts.surveys(tx)
    versions = survey_columns.versions_of(surveys)
    asked = Asked(index.kinds, start, end, _survey(surveys, query.survey))
    by = None if query.by in (None, SatisfactionBy.MONTH) else Grouping(query.by)
    columns = survey_facts.answers(tx, asked, by)
    sent = survey_facts.invitations(tx, asked, _asking(surveys, asked), by)
    if query.by is SatisfactionBy.MONTH:
        columns["group"] = _months(columns["answered_micros"], actor.company)
        sent["group"] = _months(sent["invited_micros"], actor.company)
    found = survey_columns.answered(columns, versions)
    whole = _each_once(found.answers)
    return {
        "index": index.code,
        "name": index.titles[language],
        "unit": index.unit,
        "range_low": index.low,
        "range_high": index.high,
        "formula": index.formula,
        "source": index.source,
        "documentation": index.documentation,
        "window": {"start": start, "end": end},
        "survey": query.survey,
        "by": query.by,
        "overall": _overall(index, found, whole, sent, query.by is SatisfactionBy.TAG),
        "groups": [] if query.by is None else _groups(index, found, columns["group"], sent, query.by),
        "trend": _trend(index, found, whole, actor.company),
    }


def window_days(company: Company, first: date | None, to: date | None) -> tuple[date, date]:
    """The first day of a window and the first behind it; by default the year up to today.

    Raises:
        InvalidError: ``from`` is not before ``to``.
    """
    to = to or company.day_of(now()) + timedelta(days=1)
    first = first or to - timedelta(days=DAYS)
    if first >= to:
        wrong = FieldError("from", "window_order", "from must be before to.", location="query")
        raise InvalidError(fields=[wrong])
    return first, to


# --- inside


def _survey(surveys: list[tuple[UUID, str, int, Any]], code: str | None) -> UUID | None:
    if code is None:
        return None
    for survey_id, known, _, _ in surveys:
        if known == code:
            return survey_id
    wrong = FieldError("survey", "unknown_survey", "There is no such survey.", location="query")
    raise InvalidError(fields=[wrong])


def _asking(surveys: list[tuple[UUID, str, int, Any]], asked: Asked) -> set[UUID]:
    """The surveys that ask what the index reads."""
    return {
        survey_id
        for survey_id, _, _, questions in surveys
        if asked.survey_id in (None, survey_id)
        and any(question["kind"] in asked.kinds for question in questions)
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
    result = index.overall(found.answers.take(whole), found.options(index))
    rows = np.unique(sent["invitation_id"], return_index=True)[1] if by_tag else slice(None)
    return {**result_row(result), "response_rate": _rate(sent["answered"][rows])}


def _groups(index: Index, found: Answered, group: Any, sent: Columns, by: SatisfactionBy) -> list[Row]:
    codes, keys = arrays.coded(group)
    invited, asked = arrays.coded(sent["group"])
    answered = {key: sent["answered"][invited == code] for code, key in enumerate(asked)}
    keys = list(dict.fromkeys([*keys, *asked]))  # also who was asked and did not answer
    results = index.compute(found.answers, codes, len(keys), found.options(index))
    shrunk = shrink_results(results) if by in SHRUNK else [None] * len(keys)
    rows = [
        {
            "key": None if key == NOT_STATED else key,
            **result_row(result),
            "shrunk_score": score,
            "response_rate": _rate(answered[key]) if key in answered else None,
        }
        for key, result, score in zip(keys, results, shrunk, strict=True)
    ]
    return sorted(rows, key=lambda row: _place(row, by))


def _place(row: Row, by: SatisfactionBy) -> tuple[Any, ...]:
    """Where a group stands: in the order of keys, or best first; unnamed ones and those that cannot be
    ranked come last."""
    key = row["key"] or ""
    if by in IN_ORDER:
        return row["key"] is None, key
    best = row["score"] if row["shrunk_score"] is None else row["shrunk_score"]
    return row["key"] is None, not row["rankable"], -(best or 0.0), key


def _trend(index: Index, found: Answered, whole: IntArray, company: Company) -> list[Row]:
    """Each month against the one before it."""
    answers = found.answers.take(whole)
    months, of = np.unique(_months(answers.answered_micros, company).astype(str), return_inverse=True)
    results = index.compute(answers, of.astype(np.int64), months.size, found.options(index))
    steps: list[Row] = []
    previous: IndexResult | None = None
    for month, result in zip(months.tolist(), results, strict=True):
        change = None if previous is None else asdict(index.compare(previous, result))
        steps.append({"month": month, **result_row(result), "change": change})
        previous = result
    return steps


def _rate(answered: NDArray[np.bool_]) -> Row | None:
    rate = response_rate(int(np.count_nonzero(answered)), answered.size)
    return None if rate is None else asdict(rate)
