"""Satisfaction in a scoring run: where each customer stands by index, and the company as a whole."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.common.company import Company
from app.domain.common.days import local_days
from app.domain.satisfaction import INDICES, ces, expectation
from app.domain.satisfaction.model import Adjustment, Answers, Index, IndexResult
from app.domain.satisfaction.responses import unite, weigh
from app.domain.satisfaction.trend import Occasions, Spread, occasions, of_last_survey, spread, trend
from app.domain.scoring.replays import LateKind
from app.domain.scoring.score_columns import FACTS, NONE, SATISFACTION_INDICES, blank
from app.domain.surveys.surveys import QuestionKind
from app.services.scoring import answer_columns
from app.services.scoring.answer_columns import Answered
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import IntArray
from app.store.transactions import Row
from app.store.types import from_micros

SCORED = (QuestionKind.CSAT, QuestionKind.NPS, QuestionKind.CES)
"""Kinds of questions whose answers make a customer's score."""

READ = (*SCORED, QuestionKind.RATING, QuestionKind.EXPECTATION)
"""Kinds of questions that are read for a single customer."""

DECIMALS, STATISTIC_DECIMALS = 1, 4

JUDGED_DECIMALS = 9
"""Of points that quadrants and trends are computed from: finer than points that count as equal, and coarse
enough that the order in which answers are added up does not show."""

JUDGED = "judged"
"""Where a stored document has what the customer's quadrant is told by; no index has this code."""

_OF_TREND = ("n", "latest", "earlier", "squares")
_FACTS = [column for column in FACTS.values() if column.read_from is LateKind.SURVEY_RESPONSES]


def of_customers(found: Answered, company: Company) -> Columns:
    """Where each customer stands: ``customer_id``, ascending, and the facts read from answers."""
    n = found.customers.size
    columns = {"customer_id": found.customers, **blank(n, _FACTS)}
    answers = found.answers
    points = np.where(found.kind == QuestionKind.CES, ces.ease(answers), answers.points())
    is_valid = answers.is_valid()
    for kind in SCORED:
        rows = np.flatnonzero(is_valid & (found.kind == kind))
        _put(columns, kind.value, answers.take(rows), points[rows], n)
    _put_composite(columns, found, n)
    rows = np.flatnonzero(is_valid & np.isin(found.kind.astype("U16"), SCORED))
    _put_judged(columns, found, n)
    scored, all_kinds = _occasions(answers.take(rows), points[rows], n)
    columns["last_score"], columns["previous_score"] = all_kinds.latest, all_kinds.previous
    columns["score_occasions"][:] = all_kinds.n
    columns["earlier_score"] = np.round(all_kinds.earlier, JUDGED_DECIMALS)
    columns["earlier_score_squares"] = np.round(all_kinds.squares, JUDGED_DECIMALS)
    columns["last_score_day"][scored >= 0] = local_days(scored[scored >= 0], company)
    return columns


def _put(columns: Columns, code: str, answers: Answers, points: NDArray[np.float64], n: int) -> None:
    latest, found = _occasions(answers, points, n)
    columns[f"{code}_n"][:] = found.n
    for name in _OF_TREND[1:]:
        columns[f"{code}_{name}"][:] = np.round(getattr(found, name), JUDGED_DECIMALS)
    columns[f"{code}_micros"][:] = np.maximum(latest, 0)


def _put_composite(columns: Columns, found: Answered, n: int) -> None:
    """Composites of the survey that each customer answered last: those of another weigh other questions."""
    weight = found.items.weight
    survey, n_surveys = found.surveys()
    responses = unite(found.answers, survey, n_surveys, found.items, weight > 0)
    points = weigh(responses, weight).points
    rows = np.flatnonzero(~np.isnan(points))
    answers = responses.answers.take(responses.first[rows])
    last = of_last_survey(responses.group[rows], answers.answered_micros, answers.respondent)
    _put(columns, "composite", answers.take(np.flatnonzero(last)), points[rows[last]], n)


def _put_judged(columns: Columns, found: Answered, n: int) -> None:
    index = INDICES["expectation"]
    latest = expectation.latest(found.of_index(index)[0], found.options(index), n)
    columns["judged_satisfaction"][:] = np.round(latest.satisfaction, JUDGED_DECIMALS)
    columns["judged_expectation"][:] = np.round(latest.expectation, JUDGED_DECIMALS)
    columns["judged_micros"][:] = latest.answered_micros


def reference(found: Answered) -> Adjustment:
    """Basis of customers' quadrants: how satisfaction goes with expectation in the given answers."""
    index = INDICES["expectation"]
    return expectation.reference(found.of_index(index)[0], found.options(index))


def is_reference(stored: Mapping[str, Any], learned: Adjustment) -> bool:
    """Whether what a run has stored is what was learned, but for rounding."""
    return all(
        stored.get(name) == value
        or (isinstance(value, float) and bool(np.isclose(stored.get(name) or 0.0, value)))
        for name, value in asdict(learned).items()
    )


def quadrants(facts: Columns, learned: Adjustment, since_micros: int) -> Columns:
    """``quadrant``, aligned with the facts: a place in `expectation.QUADRANTS`, `NONE` for those who
    have not answered both since the reference begins."""
    found = np.full(facts["judged_micros"].size, NONE, dtype=np.int8)
    rows = np.flatnonzero(facts["judged_micros"] >= max(since_micros, 1))
    satisfied, expected = facts["judged_satisfaction"][rows], facts["judged_expectation"][rows]
    found[rows] = expectation.quadrants(satisfied, expected, learned)
    return {"quadrant": found}


def _occasions(answers: Answers, points: NDArray[np.float64], n: int) -> tuple[NDArray[np.int64], Occasions]:
    """When each customer answered last (-1: never), and its answers as far as trends need them."""
    latest = np.full(n, -1, dtype=np.int64)
    np.maximum.at(latest, answers.respondent, answers.answered_micros)
    return latest, occasions(points, answers.answered_micros, answers.respondent, n)


def spreads(facts: Columns) -> dict[str, Row | None]:
    """How answers of one customer vary, by index, as it is stored with the run: trends follow from it."""
    found = {code: spread(*(facts[f"{code}_{name}"] for name in _OF_TREND)) for code in SATISFACTION_INDICES}
    return {code: None if one is None else one.to_dict() for code, one in found.items()}


def documents(columns: Columns) -> list[Row | None]:
    """What is stored with each customer, for `shown`; None for those without answers."""
    size = columns["customer_id"].size
    found: list[Row] = [{} for _ in range(size)]
    for code in SATISFACTION_INDICES:
        values = [columns[f"{code}_{name}"] for name in (*_OF_TREND, "micros")]
        for place in np.flatnonzero(values[0] > 0).tolist():
            n, latest, earlier, squares, at = (column[place].item() for column in values)
            found[place][code] = {"n": n, "latest": latest, "answered_at": _text(at)}
            if n > 1:
                found[place][code] |= {"earlier": earlier, "squares": squares}
    judged = [columns[f"judged_{name}"] for name in ("satisfaction", "expectation", "micros")]
    for place in np.flatnonzero(columns["quadrant"] != NONE).tolist():
        satisfaction, expected, at = (column[place].item() for column in judged)
        found[place][JUDGED] = {
            "satisfaction": satisfaction,
            "expectation": expected,
            "answered_at": _text(at),
        }
    return [document or None for document in found]


def shown(document: Row, usual: Mapping[str, Row | None]) -> Row:
    """How a customer stands by index, from what `documents` stored and the `spreads` of the run."""
    found = {}
    for code in SATISFACTION_INDICES:
        if code not in document:
            continue
        n, latest = document[code]["n"], document[code]["latest"]
        earlier, squares = (document[code].get(name, 0.0) for name in ("earlier", "squares"))
        moved = trend(n, latest, earlier, squares, Spread.from_dict(usual.get(code)))
        found[code] = {
            "latest": round(latest, DECIMALS),
            "answered_at": document[code]["answered_at"],
            "n": n,
            "mean": round((latest + (n - 1) * earlier) / n, DECIMALS),
            "trend": moved.direction,
            "change": _rounded(moved.change, DECIMALS),
            "statistic": _rounded(moved.statistic, STATISTIC_DECIMALS),
            "limit": _rounded(moved.limit, STATISTIC_DECIMALS),
        }
    return found


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)


def _text(micros: int) -> str:
    return from_micros(micros).astimezone(UTC).isoformat().replace("+00:00", "Z")


def of_company(found: Answered) -> Row:
    """Every index over the given answers: code -> figures."""
    figures = {}
    for code, index in INDICES.items():
        answers, _ = found.of_index(index)
        result = index.overall(answers, found.options(index))
        row = result_row(result, mixes_questions(index, answers))
        figures[code] = without_score(row) if mixes_surveys(index, found) else row
    return figures


def mixes_surveys(index: Index, found: Answered) -> bool:
    """Tell whether answers are to several surveys, which the index keeps apart: of all it has no score."""
    return (
        index.survey_apart
        and sum(bool(one.n or any(one.excluded.values())) for one in by_survey(index, found)) > 1
    )


def by_survey(index: Index, found: Answered) -> list[IndexResult]:
    """An index over the answers to each survey."""
    answers, rows = found.of_index(index)
    survey, n_surveys = found.surveys()
    return index.compute(answers, survey[rows], n_surveys, found.options(index))


def without_score(row: Row) -> Row:
    """What counts of several surveys together, which have no score in common."""
    nothing: Row = {
        "score": None,
        "low": None,
        "high": None,
        "rankable": False,
        "parts": {},
        "dimensions": [],
    }
    return {**row, **nothing}


def mixes_questions(index: Index, answers: Answers) -> bool:
    """Tell whether an index over these answers mixes questions that were asked for one figure each."""
    return mixed_groups(index, answers, np.zeros(answers.n, dtype=np.int64), 1)[0]


def mixed_groups(index: Index, answers: Answers, groups: IntArray, n_groups: int) -> list[bool]:
    """`mixes_questions` for each group; False for an index that is made of several questions."""
    return [False] * n_groups if index.needs_items else answer_columns.mixed(answers, groups, n_groups)


def result_row(result: IndexResult, mixes: bool) -> Row:
    """An index over one group, as it is stored and shown."""
    return {
        "n": result.n,
        "score": result.score,
        "low": result.low,
        "high": result.high,
        "low_sample": result.low_sample,
        "rankable": result.rankable,
        "mixes_questions": mixes,
        "excluded": dict(result.excluded),
        "parts": dict(result.parts),
        "dimensions": [
            {
                "dimension": one.name,
                "n": one.n,
                "score": one.score,
                "low": one.low,
                "high": one.high,
                "low_sample": one.low_sample,
            }
            for one in result.dimensions
        ],
    }
