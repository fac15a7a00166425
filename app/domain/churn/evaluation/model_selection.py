"""Which model serves: the company's own last closed window decides.

First the parametric model is chosen: `app.domain.churn.evaluation.regularity`. Then all models are made ready
for the day that window opened, from what was known then, and are held against what happened in it. The
learned model serves when its Brier score is lower than the parametric one's and its AUC no worse; otherwise
the parametric one does. Where the data carry neither, customers are only ranked. What is then published
follows from the season: `app.domain.churn.evaluation.season`.

Source: docs/formulas.md#learned-churn.
"""

from dataclasses import dataclass, replace

import numpy as np

from app.domain.churn.distributions.mbg_cnbd_k import Regular
from app.domain.churn.evaluation import season
from app.domain.churn.evaluation.metrics import DRAWS, Metrics, against_base_rate, measure
from app.domain.churn.evaluation.regularity import is_clearly_better, why_no_scores
from app.domain.churn.evaluation.season import Season
from app.domain.churn.inputs.snapshots import MAX_COMPARED, Closed, Snapshot, Window, check_order
from app.domain.churn.models import BASELINE, LEARNED, PARAMETRIC, REGISTRY, REGULAR, SEASON_LEARNED
from app.domain.churn.models.logistic import Logistic, Serving
from app.domain.churn.models.model import Why
from app.domain.common.arrays import FloatArray

LEAST_COMPARED = 30
"""Cases of the rarer outcome that the last window must hold for models to be compared on it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How a model did: its figures, or why it has none; and a probability against one figure for all, see
    `app.domain.churn.evaluation.metrics.against_base_rate`."""

    code: str
    metrics: Metrics | None
    missing: Why | None
    statistic: float | None = None


@dataclass(frozen=True, slots=True)
class Contest:
    """The contest and its outcome.

    Args:
        serves: code of the model whose probability is published: the learned or the parametric one.
        reason: why.
        opened_day: first day of the window models were compared on; None without one.
        closed_day: the day after its last.
        trained_days: length of the window the learned model was trained on.
        n: customers compared.
        entries: all models, in the order of the registry; empty without a window.
        purchase_model: code of the parametric model: the one that serves, or that the learned one holds.
        k: stages of an interval that it found when the window opened; None for MBG/NBD.
    """

    serves: str
    reason: Why
    opened_day: int | None = None
    closed_day: int | None = None
    trained_days: int | None = None
    n: int = 0
    entries: tuple[Entry, ...] = ()
    purchase_model: str | None = None
    k: int | None = None

    @property
    def is_regular(self) -> bool:
        """Whether the purchase model looks at how even intervals are."""
        return self.purchase_model == REGULAR


def contest(earlier: Window | None, last: Window | None, *, draws: int = DRAWS, seed: int = 0) -> Contest:
    """Hold the models against the last closed window.

    Args:
        earlier: what the learned model is trained on here; it closes before ``last`` opens.
        last: what all are held against.
        draws: bootstrap samples behind the intervals; 0 for none.
        seed: of the bootstrap.

    Raises:
        ValueError: ``earlier`` had not closed when ``last`` opened.
    """
    check_order(earlier, last, as_of_day=last.closes_day if last else 0)
    if earlier is None or last is None:
        return Contest(PARAMETRIC, Why.NO_CLOSED_WINDOW, purchase_model=PARAMETRIC)
    found = last.then.regular_fit  # of all, before some are asked
    asked = last.sample(MAX_COMPARED)
    is_regular = asked.rarer >= LEAST_COMPARED and is_clearly_better(earlier, asked)
    earlier, asked = earlier.as_regular(is_regular), asked.as_regular(is_regular)
    entries = tuple(_entry(code, earlier, asked, draws, seed) for code in REGISTRY)
    purchase_model = REGULAR if is_regular else PARAMETRIC
    serves, reason = _verdict({entry.code: entry for entry in entries}, asked, purchase_model)
    return Contest(
        serves,
        reason,
        opened_day=last.then.as_of_day,
        closed_day=last.closes_day,
        trained_days=earlier.horizon_days,
        n=len(asked.then),
        entries=entries,
        purchase_model=purchase_model,
        k=found.k if found and is_regular else None,
    )


def _entry(code: str, earlier: Window, last: Window, draws: int, seed: int) -> Entry:
    model = REGISTRY[code]
    trained = model.train(earlier)
    if isinstance(trained, Why):
        return Entry(code, None, trained)
    scores = trained.scores(last.then, last.horizon_days)
    if scores is None:
        return Entry(code, None, why_no_scores(code, last.then))
    found = measure(last.silent, scores, is_probability=model.is_probability, draws=draws, seed=seed)
    statistic = against_base_rate(last.silent, scores) if model.is_probability else None
    return Entry(code, found, None, statistic)


def _verdict(entries: dict[str, Entry], last: Window, purchase_model: str) -> tuple[str, Why]:
    learned, parametric = entries[LEARNED], entries[purchase_model]
    if learned.missing or parametric.missing:
        return purchase_model, learned.missing or Why.NO_PARAMETRIC_FIT
    if last.rarer < LEAST_COMPARED or learned.metrics is None or parametric.metrics is None:
        return purchase_model, Why.TOO_FEW_OUTCOMES
    won = beats(learned.metrics, parametric.metrics)
    return (LEARNED, Why.WON) if won else (purchase_model, Why.LOST)


def beats(one: Metrics, other: Metrics) -> bool:
    """Whether a model wins against another: lower Brier score, and AUC no worse; both must have them."""
    if one.brier is None or other.brier is None or one.auc is None or other.auc is None:
        return False
    return one.brier < other.brier and one.auc >= other.auc


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """Which model serves, and what the season makes of it.

    Args:
        contest: between the models.
        learned: the learned model, where it won and could be trained on all that had closed.
        season: what the windows of earlier years say.
    """

    contest: Contest
    learned: Logistic | None
    season: Season


def choose(closed: Closed, *, draws: int = DRAWS, seed: int = 0) -> Selected:
    """Hold the contest, train what won, and ask for the season.

    Args:
        closed: the windows that had closed by the day of the run.
        draws: bootstrap samples behind the intervals; 0 for none.
        seed: of the bootstrap.

    Raises:
        ValueError: a window had not closed by the day it is used for.
    """
    found, learned = contest(closed.earlier, closed.last, draws=draws, seed=seed), None
    closed = closed.as_regular(found.is_regular)
    if found.serves == LEARNED:
        trained = REGISTRY[LEARNED].train(closed.earlier, closed.last)
        learned = trained if isinstance(trained, Logistic) else None
        if isinstance(trained, Why):
            found = replace(found, serves=found.purchase_model or PARAMETRIC, reason=trained)
    entries = {entry.code: entry.statistic for entry in found.entries}
    return Selected(found, learned, season.judge(closed, entries.get(found.serves), draws=draws, seed=seed))


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What is said about the customers of a run.

    Args:
        code: of the model.
        reason: why it serves, or why customers are only ranked.
        q: probability of no purchase in the horizon, shape (n,); all NaN when there is only a rank.
        rank: the score customers are ranked by, higher first to leave; ``q`` where there is one.
        serving: of the learned model, for its reasons; None for the others.
        withheld: why there is a model and only a rank; None where there is a probability, or no model.
    """

    code: str
    reason: Why
    q: FloatArray
    rank: FloatArray
    serving: Serving | None
    withheld: Why | None = None


def publish(
    now: Snapshot, horizon_days: int, reason: Why, learned: Logistic | None, found: Season
) -> Forecast:
    """Say what is said about each customer by the model that serves.

    Args:
        now: the customers on the day of the run, as the purchase model that was chosen sees them.
        horizon_days: how far ahead.
        reason: why the model serves that won the contest.
        learned: the learned model, where it serves.
        found: what the season makes of it.
    """
    expected = now.parametric_q(horizon_days)
    if expected is None:
        silence = now.histories.silence_days.astype(np.float64)
        return Forecast(BASELINE, Why.NO_PARAMETRIC_FIT, np.full(len(now), np.nan), silence, None)
    code = REGULAR if isinstance(now.purchase_model, Regular) else PARAMETRIC
    serving, q = None, expected
    if found.constant is not None:
        q = season.shifted(expected, found.constant)
    if found.learned is not None:
        learned, reason = found.learned, Why.SEASON
    served = None if learned is None else learned.serve(now, horizon_days, found.mean(expected))
    if served is not None:
        code = LEARNED if found.learned is None else SEASON_LEARNED
        serving, q = served
    if found.withheld is None:
        return Forecast(code, reason, q, q, serving)
    return Forecast(code, found.withheld, np.full(len(now), np.nan), q, serving, found.withheld)


def predict(now: Snapshot, horizon_days: int, selected: Selected) -> Forecast:
    """`publish` what was selected just now.

    Raises:
        ValueError: a window had not closed by the day of the run.
    """
    if selected.contest.closed_day is not None and selected.contest.closed_day > now.as_of_day:
        raise ValueError("a window must have closed by the day it is used for")
    now = now.as_regular(selected.contest.is_regular)
    return publish(now, horizon_days, selected.contest.reason, selected.learned, selected.season)
