"""Does the season ahead differ from the one that has just gone, and do probabilities know it?

The *shift* of a closed window is the constant that, added to the log-odds of the parametric model at its
opening, makes their mean the share that stayed away. There is a *season* when the shift of the window a year
before the horizon differs from that of the last one, or when the model was worse there than one figure for
all. Candidates that take it into account are then tried on that window; the best serves, and its
probabilities are published only if they beat one figure for all there. Where no such window has closed, the
last one decides. What is not published still ranks.

Source: docs/formulas.md#season.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from app.domain.churn.evaluation.metrics import DRAWS, Metrics, against_base_rate, measure
from app.domain.churn.inputs.snapshots import MAX_COMPARED, Closed, Window, check_order
from app.domain.churn.models import SEASON_LEARNED, logistic
from app.domain.churn.models.logistic import Logistic
from app.domain.churn.models.logistic_regression import log_odds, probability, shift_to_mean
from app.domain.churn.models.model import Why
from app.domain.common.arrays import FloatArray

CLEAR = 2.0
"""Probabilities are clearly worse, or better, than one figure for all beyond so many standard errors."""

LEAST_DIFFERENCE, CLEAR_ERRORS = 0.2, 3.0
"""Two shifts differ when they are farther apart than both: so much, and so many of their joint errors."""

AS_IS, SHIFTED = "as_is", "shifted"
"""Candidates, besides the learned one: the parametric model as it is, and shifted as in an earlier year."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the parametric model was off in a closed window.

    Args:
        window: ``last``, ``same_season`` or ``season_before``.
        opened_day: its first day.
        days: its length.
        n: customers in it.
        share: of those who stayed away.
        constant: what its log-odds had to be raised by.
        error: of the constant; None where everybody or nobody stayed away.
    """

    window: str
    opened_day: int
    days: int
    n: int
    share: float
    constant: float
    error: float | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """How one of the models that know the season did on the window of the year before.

    Args:
        code: `AS_IS`, `SHIFTED` or the learned model's.
        metrics: its figures; None when it could not be made ready.
        statistic: against one figure for all, see `against_base_rate`.
        missing: why it could not.
    """

    code: str
    metrics: Metrics | None
    statistic: float | None
    missing: Why | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Season:
    """What the closed windows say of the season.

    Args:
        found: whether there is one; None when the season ahead has not been seen in an earlier year.
        shifts: by window, the latest first.
        candidates: that were tried; empty without a season.
        served: code of the candidate that serves; None without a season.
        constant: what the log-odds of the parametric model are raised by; None to leave them.
        withheld: why customers are only ranked; None where probabilities are published.
        learned: the model that was trained on the season, where it serves.
    """

    found: bool | None = None
    shifts: tuple[Shift, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    served: str | None = None
    constant: float | None = None
    withheld: Why | None = None
    learned: Logistic | None = None

    @property
    def published(self) -> Candidate | None:
        """The candidate whose figures are those of what is published; None where that is what would be
        without a season, is withheld, or was tried on the window that it was shifted by."""
        if self.served in (None, AS_IS) or self.withheld is not None:
            return None
        tried = {one.code: one for one in self.candidates}
        return None if _has_seen(str(self.served), self.shifts) else tried[str(self.served)]

    def mean(self, expected: FloatArray) -> float | None:
        """What the mean of q is brought to; None: to that of the parametric model, which is ``expected``."""
        if self.constant is None or not expected.size:
            return None
        return float(shifted(expected, self.constant).mean())


UNSEEN = Season()
"""Nothing has been measured."""


def shifted(q: FloatArray, constant: float) -> FloatArray:
    """Probabilities, their log-odds raised by a constant."""
    return probability(log_odds(q) + constant)


def shift_of(name: str, window: Window) -> Shift | None:
    """Measure how far the parametric model was off in a window; None where it could not be fitted."""
    q = window.then.parametric_q(window.horizon_days)
    if q is None or not q.size:
        return None
    odds, share = log_odds(q), float(window.silent.mean())
    constant = shift_to_mean(odds, share)
    p = probability(odds + constant)
    error = 1 / math.sqrt(float((p * (1 - p)).sum())) if 0 < share < 1 else None
    return Shift(name, window.then.as_of_day, window.horizon_days, q.size, share, constant, error)


def differ(one: Shift, other: Shift) -> bool:
    """Whether two windows needed clearly different shifts."""
    if one.error is None or other.error is None:
        return False
    joint = math.hypot(one.error, other.error)
    return abs(one.constant - other.constant) > max(LEAST_DIFFERENCE, CLEAR_ERRORS * joint)


def judge(closed: Closed, last_statistic: float | None, *, draws: int = DRAWS, seed: int = 0) -> Season:
    """Ask the closed windows whether there is a season, what serves in it, and what may be published.

    Args:
        closed: the windows that had closed by the day of the run.
        last_statistic: of the model that serves today, on the last window against one figure for all; None
            where that was not measured.
        draws: bootstrap samples behind the intervals of candidates; 0 for none.
        seed: of the bootstrap.

    Raises:
        ValueError: a window had not closed by the day it is used for.
    """
    last, season, before = closed.last, closed.same_season, closed.season_before
    if last is not None:
        check_order(last, as_of_day=last.closes_day)
        check_order(before, season, as_of_day=last.closes_day)
    shifts = _shifts(closed)
    if season is None or "same_season" not in shifts:
        worse = last_statistic is not None and last_statistic > CLEAR
        return Season(None, (*shifts.values(),), withheld=Why.WORSE_THAN_BASE_RATE if worse else None)
    tried = season.sample(MAX_COMPARED)
    as_is = _candidate(AS_IS, tried, _expected(tried), draws, seed)
    if not _is_found(shifts, as_is):
        return Season(False, (*shifts.values(),))
    both = before if "season_before" in shifts else None
    learned = None if both is None else logistic.train(both, season)
    candidates = (as_is, *_others(tried, both, shifts, learned, draws, seed))
    best = min(candidates, key=_brier)
    return Season(
        True,
        (*shifts.values(),),
        candidates,
        best.code,
        None if best.code == AS_IS else shifts["same_season"].constant,
        None if _is_proved(best, as_is, shifts) else Why.SEASON_UNPROVED,
        learned if best.code == SEASON_LEARNED and isinstance(learned, Logistic) else None,
    )


# --- inside


def _shifts(closed: Closed) -> dict[str, Shift]:
    named = {name: getattr(closed, name) for name in ("last", "same_season", "season_before")}
    found = {name: shift_of(name, window) for name, window in named.items() if window is not None}
    return {name: shift for name, shift in found.items() if shift is not None}


def _is_found(shifts: Mapping[str, Shift], as_is: Candidate) -> bool:
    if as_is.statistic is not None and as_is.statistic > CLEAR:
        return True
    return "last" in shifts and differ(shifts["same_season"], shifts["last"])


def _others(
    tried: Window,
    before: Window | None,
    shifts: Mapping[str, Shift],
    learned: Logistic | Why | None,
    draws: int,
    seed: int,
) -> Iterator[Candidate]:
    """The shifted one; by its own window where no year lies before, which therefore proves nothing. And the
    one that has learned that year, its mean set to that of the shifted one."""
    constant = shifts["same_season" if before is None else "season_before"].constant
    q = shifted(_expected(tried), constant)
    yield _candidate(SHIFTED, tried, q, draws, seed)
    if before is None:
        return
    trained = logistic.train(before) if isinstance(learned, Logistic) else learned
    served = (
        trained.serve(tried.then, tried.horizon_days, float(q.mean()))
        if isinstance(trained, Logistic)
        else None
    )
    if served is None:
        missing = trained if isinstance(trained, Why) else Why.NO_PARAMETRIC_FIT
        yield Candidate(SEASON_LEARNED, None, None, missing)
    else:
        yield _candidate(SEASON_LEARNED, tried, served[1], draws, seed)


def _candidate(code: str, tried: Window, q: FloatArray, draws: int, seed: int) -> Candidate:
    metrics = measure(tried.silent, q, draws=draws, seed=seed)
    return Candidate(code, metrics, against_base_rate(tried.silent, q))


def _expected(window: Window) -> FloatArray:
    found = window.then.parametric_q(window.horizon_days)
    assert found is not None  # noqa: S101 - a window without a fit has no shift
    return found


def _brier(one: Candidate) -> float:
    return np.inf if one.metrics is None or one.metrics.brier is None else one.metrics.brier


def _has_seen(code: str, shifts: tuple[Shift, ...]) -> bool:
    """Whether a candidate was shifted by the very window it was tried on."""
    return code == SHIFTED and all(one.window != "season_before" for one in shifts)


def _is_proved(best: Candidate, as_is: Candidate, shifts: Mapping[str, Shift]) -> bool:
    if shifts["same_season"].error is None:  # everybody or nobody stayed away: there is nothing to beat
        return True
    judged = as_is if _has_seen(best.code, (*shifts.values(),)) else best
    return judged.statistic is not None and judged.statistic <= -CLEAR
