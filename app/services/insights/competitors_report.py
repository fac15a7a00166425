"""Our own figure of a window beside what studies say of competitors, and whether the gaps are real."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import groupby

from app.domain.common.access import Actor
from app.domain.satisfaction import INDICES, expectation
from app.domain.satisfaction.competitor_measurements import Measurement
from app.domain.satisfaction.gap import (
    NotCorrected,
    NoVerdict,
    Precision,
    corrected,
    gap,
    not_corrected,
    own_precision,
    reported_precision,
)
from app.domain.satisfaction.model import Adjustment, Index, IndexResult
from app.schemas.insights.competitors import CompetitorsQuery
from app.services.insights import competitor_measurements, satisfaction_report
from app.services.platform.windows import window_days
from app.services.scoring import answer_columns, satisfaction
from app.services.scoring.satisfaction import result_row, without_score
from app.store.engine import in_thread
from app.store.scoring import survey_answers
from app.store.transactions import ReadTx, Row
from app.texts import translate


@dataclass(frozen=True, slots=True)
class _Fair:
    """What a correction starts from: how our customers' satisfaction goes with what they expect, and the
    figure of those who were asked for both."""

    adjustment: Adjustment
    result: IndexResult
    mixes_surveys: bool


@dataclass(frozen=True, slots=True)
class _Own:
    """Our figure; ``fair`` for the composite index only."""

    result: IndexResult
    fair: _Fair | None
    mixes_questions: bool = False
    mixes_surveys: bool = False

    def row(self) -> Row:
        """The figure as it is shown."""
        shown = result_row(self.result, self.mixes_questions)
        return without_score(shown) if self.mixes_surveys else shown

    def precision(self) -> Precision:
        """How sure the figure is."""
        return (
            Precision(unknown=NoVerdict.SEVERAL_SURVEYS) if self.mixes_surveys else own_precision(self.result)
        )

    @property
    def score(self) -> float | None:
        """The figure itself; None also where several surveys have one each."""
        return None if self.mixes_surveys else self.result.score


@in_thread
def report(tx: ReadTx, actor: Actor, query: CompetitorsQuery, language: str) -> Row:
    """Hold our figure of a window against the latest measurement of each competitor before its end.

    Raises:
        InvalidError: ``from`` is not before ``to``, or there is no such survey.
    """
    index, company = INDICES[query.index], actor.company
    first, to = window_days(company, query.from_, query.to)
    start, end = company.start_of(first), company.start_of(to)
    own = _own(tx, index, start, end, query.survey)
    measured = competitor_measurements.of_index(tx, index.code, to)
    competitors = [
        _competitor(own, list(rows), first)
        for _, rows in groupby(measured, lambda row: row["competitor_key"])
    ]
    return {
        "index": index.code,
        "name": translate(index.title, language),
        "unit": index.unit,
        "range_low": index.low,
        "range_high": index.high,
        "documentation": "/docs/formulas#gap-to-a-competitor",
        "window": {"start": start, "end": end},
        "own": {**own.row(), **_sure(own.precision())},
        "adjustment": None if own.fair is None else _adjustment(own.fair),
        "competitors": sorted(competitors, key=lambda row: (-row["latest"]["value"], row["competitor"])),
    }


# --- inside


def _own(tx: ReadTx, index: Index, start: datetime, end: datetime, survey: str | None) -> _Own:
    fair = INDICES["expectation"] if index.code == "composite" else None
    kinds = index.kinds if fair is None else fair.kinds
    surveys = survey_answers.surveys(tx)
    versions = answer_columns.versions_of(surveys)
    asked = survey_answers.Asked(kinds, start, end, satisfaction_report.survey_of(surveys, survey))
    columns = survey_answers.answers(tx, asked)
    found = answer_columns.answered(columns, versions)
    answers = found.of_index(index)[0]
    result = index.overall(answers, found.options(index))
    if fair is None:
        return _Own(result, None, satisfaction.mixes_questions(index, answers))
    mixes_surveys = survey is None and satisfaction.mixes_surveys(index, found)
    several = sum(one.n > 0 for one in satisfaction.by_survey(fair, found)) > 1
    answers, options = found.of_index(fair)[0], found.options(fair)
    known = _Fair(expectation.reference(answers, options), fair.overall(answers, options), several)
    return _Own(result, known, mixes_surveys=mixes_surveys)


def _adjustment(fair: _Fair) -> Row:
    adjustment = fair.adjustment
    return {
        "beta": adjustment.beta,
        "beta_error": adjustment.beta_error,
        "expectation_mean": adjustment.expectation_mean,
        "reference_n": adjustment.n,
        "is_unadjusted": adjustment.is_unadjusted,
        "own": {**result_row(fair.result, False), **_sure(own_precision(fair.result))},
    }


def _competitor(own: _Own, rows: Sequence[Row], first: date) -> Row:
    """One competitor; ``rows`` are its measurements, the newest first."""
    latest = rows[0]
    reported, sure = _reported(latest)
    found = gap(own.score, own.precision(), reported.value, sure)
    value, reason = _corrected(own.fair, reported, sure)
    return {
        "competitor": latest["competitor"],
        "latest": _measurement(latest, first),
        "gap": asdict(found),
        "corrected": value,
        "not_corrected": reason,
        "history": [_measurement(row, first) for row in rows],
    }


def _reported(row: Row) -> tuple[Measurement, Precision]:
    reported = competitor_measurements.reported_by(row)
    return reported, reported_precision(row["index"], reported)


def _corrected(
    fair: _Fair | None, reported: Measurement, sure: Precision
) -> tuple[Row | None, NotCorrected | None]:
    """The figure if the competitor's customers expected as much as ours, and the gap to those of ours who
    said how much that is, whose mean is the same with and without the adjustment; or why there is none."""
    if fair is None:
        return None, NotCorrected.OTHER_INDEX
    if fair.mixes_surveys:
        return None, NotCorrected.SEVERAL_SURVEYS
    if (reason := not_corrected(reported, fair.adjustment)) is not None:
        return None, reason
    value, value_sure = corrected(reported, sure, fair.adjustment)
    found = gap(fair.result.score, own_precision(fair.result), value, value_sure)
    return {"value": value, **_sure(value_sure), "gap": asdict(found)}, None


def _measurement(row: Row, first: date) -> Row:
    names = ("id", *competitor_measurements.REPORTED, "source", "measured_on")
    in_window = row["measured_on"] >= first
    return {name: row[name] for name in names} | _sure(_reported(row)[1]) | {"in_window": in_window}


def _sure(precision: Precision) -> Row:
    return {"standard_error": precision.error, "basis": precision.basis}
