"""The backtest of customers without a contract: on a past day, what would have been published, against what
then happened. Those under contract: `app.domain.churn.contractual.evaluation`.

Only what was known on that day trains, chooses and scores: the contest is the one of that day, on the window
that had closed by then. Every figure has an interval, and the recency baseline stands beside it.

Source: docs/formulas.md#backtest.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.churn.evaluation.bootstrap import Interval, draw, percentiles
from app.domain.churn.evaluation.metrics import DRAWS, Bin, Metrics, measure
from app.domain.churn.evaluation.model_selection import Contest, Forecast, choose, predict
from app.domain.churn.evaluation.regularity import why_no_scores
from app.domain.churn.evaluation.season import Season
from app.domain.churn.inputs.snapshots import Closed, Snapshot, Window, check_order
from app.domain.churn.left_by_silence import judge
from app.domain.churn.levels import DEFAULT_LEVELS, LEVELS, UNKNOWN, RiskLevels, assign, silence_ratio
from app.domain.churn.models import BASELINE, REGISTRY
from app.domain.churn.models.contract import CONTRACT_MODELS
from app.domain.churn.models.model import Why
from app.domain.common.arrays import BoolArray, FloatArray
from app.domain.value.value_tiers import DEFAULT_CUTS, TIER_NAMES, Cuts
from app.domain.value.value_tiers import assign as assign_tiers

LEVELS_ARRAY = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Share:
    """A share of customers with its bootstrap interval; both None when nobody could have been in it."""

    value: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class AtLevel:
    """How a limit would have done as an alarm.

    Args:
        limit: customers with a probability of at least so much were flagged.
        flagged: how many.
        precision: share of the flagged who then bought nothing.
        recall: share of those who then bought nothing who had been flagged.
    """

    limit: float
    flagged: int
    precision: Share
    recall: Share


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one model; the parts beyond ``metrics`` are empty for a mere rank.

    ``reliability`` holds the interval of each bin of ``metrics.calibration``. A calibration error is a mean
    of distances and so is above 0 by chance alone; its interval is of that figure, not of the true error.
    """

    code: str
    metrics: Metrics
    ece_interval: Interval | None
    reliability: tuple[Interval | None, ...]
    at_levels: tuple[AtLevel, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The published forecast and the baseline among some of the customers: repeat buyers, or a value tier."""

    name: str
    published: Metrics | None
    baseline: Metrics


@dataclass(frozen=True, slots=True)
class Cell:
    """Customers who were given a level (None: no verdict), by what they then did."""

    level: str | None
    silent: int
    returned: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of a backtest.

    Args:
        as_of_day: the first day that nothing was known of.
        horizon_days: days from then on whose purchases are the outcome.
        n: customers measured.
        published: code of the model whose probability would have been published; None for a mere rank.
        reason: why that one, or why customers would only have been ranked.
        contest: of that day.
        season: what the windows of earlier years said on that day.
        withheld: why customers would only have been ranked by the model; None where they would not.
        limit: the silence from which on customers would have left; None for none.
        is_unproved: whether the closed windows proved no such silence.
        models: all that could be made ready, in the order of the registry.
        missing: why others could not, by code.
        groups: by name.
        confusion: level by outcome.
    """

    as_of_day: int
    horizon_days: int
    n: int
    published: str | None
    reason: Why
    contest: Contest
    season: Season
    withheld: Why | None
    limit: float | None
    is_unproved: bool
    models: tuple[Figures, ...]
    missing: dict[str, Why]
    groups: tuple[Group, ...]
    confusion: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure.

    Args:
        levels: limits of the flag.
        cuts: of the value tiers customers are grouped by.
        draws: bootstrap samples behind each interval; 0 for none.
        seed: of the bootstrap.
        models: codes of the models to measure, of customers with a contract and without; the baseline and
            the one that is published always are.

    Raises:
        ValueError: no such model.
    """

    levels: RiskLevels = DEFAULT_LEVELS
    cuts: Cuts = DEFAULT_CUTS
    draws: int = DRAWS
    seed: int = 0
    models: tuple[str, ...] = (*REGISTRY, *CONTRACT_MODELS)

    def __post_init__(self) -> None:
        if unknown := sorted({*self.models} - {*REGISTRY, *CONTRACT_MODELS}):
            raise ValueError(f"there is no model {unknown[0]}")


DEFAULT_OPTIONS = Options()


def evaluate(
    outcome: Window,
    closed: Closed,
    *,
    flags: LEVELS_ARRAY | None = None,
    options: Options = DEFAULT_OPTIONS,
    sales_stopped: bool = False,
) -> Evaluation:
    """Backtest a past day.

    Args:
        outcome: the customers on that day, and who of them bought nothing in the horizon after it.
        closed: the windows that had closed by that day.
        flags: the levels as they were really given then, aligned with the customers, positions in `LEVELS`;
            by default those that would have been given.
        options: how to measure.
        sales_stopped: whether sales had stopped by that day, so that nobody would have left by silence.

    Raises:
        ValueError: a window had not closed by that day, or flags are not aligned.

    Cost: for a million customers see benchmarks/churn.py.
    """
    check_order(closed.earlier, closed.last, as_of_day=outcome.then.as_of_day)
    then, silent, o = outcome.then, outcome.silent, options
    selected = choose(closed, draws=o.draws, seed=o.seed)
    forecast = predict(then, outcome.horizon_days, selected)
    is_published = not np.isnan(forecast.q).any() and len(then) > 0
    missing: dict[str, Why] = {}
    seen = outcome.as_regular(selected.contest.is_regular), closed.as_regular(selected.contest.is_regular)
    models = tuple(_models(*seen, forecast, o, missing))
    proved = judge(outcome.horizon_days, closed.last, closed.same_season, closed.earlier).limit
    limit = None if sales_stopped else proved
    if flags is None:
        flags = _flags(then, forecast.q, limit, o.levels)
    return Evaluation(
        as_of_day=then.as_of_day,
        horizon_days=outcome.horizon_days,
        n=len(then),
        published=forecast.code if is_published else None,
        reason=forecast.reason,
        contest=selected.contest,
        season=selected.season,
        withheld=forecast.withheld,
        limit=limit,
        is_unproved=proved is None,
        models=models,
        missing=missing,
        groups=tuple(_groups(then, silent, forecast.q if is_published else None, o)),
        confusion=confusion(flags, silent),
    )


def _models(
    outcome: Window,
    closed: Closed,
    forecast: Forecast,
    o: Options,
    missing: dict[str, Why],
) -> Iterator[Figures]:
    """The model that serves as it is published, or would be if it were not withheld."""
    for code, model in REGISTRY.items():
        if code not in {*o.models, BASELINE, forecast.code}:
            continue
        if code == forecast.code != BASELINE:
            yield figures(code, outcome.silent, forecast.rank, True, o)
            continue
        trained = model.train(closed.earlier, closed.last)
        if isinstance(trained, Why):
            missing[code] = trained
            continue
        scores = trained.scores(outcome.then, outcome.horizon_days)
        if scores is None:
            missing[code] = why_no_scores(code, outcome.then)
            continue
        yield figures(code, outcome.silent, scores, model.is_probability, o)
    if forecast.code not in REGISTRY:
        yield figures(forecast.code, outcome.silent, forecast.rank, True, o)


def figures(code: str, silent: BoolArray, scores: FloatArray, is_probability: bool, o: Options) -> Figures:
    """Measure one model; ``silent`` is the outcome: who bought nothing, or who left a contract."""
    metrics = measure(silent, scores, is_probability=is_probability, draws=o.draws, seed=o.seed)
    ece, reliability = _calibration(metrics.calibration, o)
    limits = (o.levels.watch, o.levels.at_risk) if is_probability else ()
    shown = _shown(scores)
    at_levels = tuple(at_level(silent, shown, limit, draws=o.draws, seed=o.seed) for limit in limits)
    return Figures(code, metrics, ece, reliability, at_levels)


def at_level(silent: BoolArray, q: FloatArray, limit: float, *, draws: int = DRAWS, seed: int = 0) -> AtLevel:
    """Measure a limit as an alarm.

    >>> found = at_level(np.array([True, False, True, True]), np.array([0.9, 0.8, 0.4, 0.8]), 0.8, draws=0)
    >>> found.flagged, round(found.precision.value, 4), round(found.recall.value, 4)
    (3, 0.6667, 0.6667)
    """
    flagged = q >= limit
    kinds = (flagged & silent, flagged & ~silent, ~flagged & silent, ~flagged & ~silent)
    counts = np.array([np.count_nonzero(kind) for kind in kinds], dtype=np.float64)
    drawn = draw(counts, draws, seed) if draws and counts.sum() else np.empty((0, 4))
    return AtLevel(
        limit,
        flagged=int(counts[0] + counts[1]),
        precision=_share(counts, drawn, 1),
        recall=_share(counts, drawn, 2),
    )


def _share(counts: FloatArray, drawn: FloatArray, other: int) -> Share:
    """Kind 0 of kinds 0 and ``other``."""
    below = counts[0] + counts[other]
    if not below:
        return Share(None, None)
    sums = drawn[:, 0] + drawn[:, other]
    figures = np.divide(drawn[:, 0], sums, out=np.full(sums.shape, np.nan), where=sums > 0)
    return Share(float(counts[0] / below), percentiles(figures))


def _calibration(table: tuple[Bin, ...], o: Options) -> tuple[Interval | None, tuple[Interval | None, ...]]:
    """Intervals of the calibration error and of each bin's share; bins hold who is in them."""
    if not table or not o.draws:
        return None, (None,) * len(table)
    n = np.array([part.n for part in table], dtype=np.float64)
    mean_p = np.array([part.mean_p for part in table])
    left = n * np.array([part.share for part in table])
    drawn = draw(np.concatenate([left, np.maximum(n - left, 0)]), o.draws, o.seed)
    lost, kept = drawn[:, : n.size], drawn[:, n.size :]
    sizes = lost + kept
    shares = np.divide(lost, sizes, out=np.full(sizes.shape, np.nan), where=sizes > 0)
    error = (np.where(sizes > 0, np.abs(shares - mean_p), 0) * sizes).sum(axis=1) / sizes.sum(axis=1)
    return percentiles(error), tuple(percentiles(column) for column in shares.T)


def _shown(q: FloatArray) -> FloatArray:
    """In whole percent, as probabilities are shown and levels judged."""
    shown: FloatArray = np.round(100 * q) / 100
    return shown


def _flags(then: Snapshot, q: FloatArray, limit: float | None, levels: RiskLevels) -> LEVELS_ARRAY:
    """The levels that would have been given; who is silent beyond the limit has left."""
    known = then.histories
    ratio = silence_ratio(known.x, known.t_x_days, known.silence_days, then.rhythm)
    return assign(_shown(q), ratio > (np.inf if limit is None else limit), levels)


def confusion(flags: LEVELS_ARRAY, silent: BoolArray) -> tuple[Cell, ...]:
    """Count customers by the level they were given and by what they then did.

    Raises:
        ValueError: lengths differ.

    >>> confusion(np.array([0, 2, 2], dtype=np.int8), np.array([False, True, False]))[2]
    Cell(level='at_risk', silent=1, returned=1)
    """
    if flags.shape != silent.shape:
        raise ValueError("there must be one flag for each customer")
    places = [*range(len(LEVELS)), UNKNOWN]
    return tuple(
        Cell(
            None if place == UNKNOWN else LEVELS[place].value,
            int(np.count_nonzero(silent & (flags == place))),
            int(np.count_nonzero(~silent & (flags == place))),
        )
        for place in places
    )


def _groups(then: Snapshot, silent: BoolArray, q: FloatArray | None, o: Options) -> Iterator[Group]:
    tiers = assign_tiers(then.value_minor, o.cuts)
    rows = {"repeat_buyers": then.histories.x > 0} | {f"tier_{tier}": tiers == tier for tier in TIER_NAMES}
    baseline = REGISTRY[BASELINE].train(None)
    scores = None if isinstance(baseline, Why) else baseline.scores(then, 1)
    for name, mine in rows.items():
        if scores is None or not mine.any():
            continue
        y = silent[mine]
        published = None if q is None else measure(y, q[mine], draws=o.draws, seed=o.seed)
        simple = measure(y, scores[mine], is_probability=False, draws=o.draws, seed=o.seed)
        yield Group(name, published, simple)
