"""Which model serves: the company's own last closed window decides.

First the parametric model is chosen: `app.domain.churn.evaluation.regularity`. Then all models are made ready
for the day that window opened, from what was known then, and are held against what happened in it. The
learned model serves when its Brier score is lower than the parametric one's and its AUC no worse; otherwise
the parametric one does. Where the data carry neither, customers are only ranked.

Source: docs/formulas.md#learned-churn.
"""

from dataclasses import dataclass

import numpy as np

from app.domain.churn.distributions.mbg_cnbd_k import Regular
from app.domain.churn.evaluation.metrics import DRAWS, Metrics, measure
from app.domain.churn.evaluation.regularity import is_clearly_better, why_no_scores
from app.domain.churn.inputs.snapshots import Snapshot, Window, check_order
from app.domain.churn.models import BASELINE, LEARNED, PARAMETRIC, REGISTRY, REGULAR
from app.domain.churn.models.logistic import Logistic, Serving
from app.domain.churn.models.model import Why
from app.domain.common.arrays import FloatArray

LEAST_COMPARED = 30
"""Cases of the rarer outcome that the last window must hold for models to be compared on it."""

MAX_COMPARED = 100_000
"""Customers that models are compared on at most, evenly chosen; fits of the parametric model see all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How a model did: its figures, or why it has none."""

    code: str
    metrics: Metrics | None
    missing: Why | None


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

    def seen(self, *windows: Window | None) -> list[Window | None]:
        """The windows as the purchase model that was chosen sees them."""
        return [None if window is None else window.as_regular(self.is_regular) for window in windows]


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
    return Entry(code, found, None)


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
class Forecast:
    """What is published about the customers of a run.

    Args:
        code: of the model.
        reason: why it serves.
        q: probability of no purchase in the horizon, shape (n,); all NaN when there is only a rank.
        rank: the score customers are ranked by, higher first to leave; ``q`` where there is one.
        serving: of the learned model, for its reasons; None for the others.
    """

    code: str
    reason: Why
    q: FloatArray
    rank: FloatArray
    serving: Serving | None


def predict(now: Snapshot, horizon_days: int, found: Contest, *closed: Window | None) -> Forecast:
    """Publish a probability for each customer by the model that serves.

    Args:
        now: the customers on the day of the run.
        horizon_days: how far ahead.
        found: the contest of that day.
        closed: the earlier and the last window, from which the learned model learns what it now says.

    Raises:
        ValueError: a window has not closed by the day of the run.
    """
    check_order(*closed, as_of_day=now.as_of_day)
    now, reason = now.as_regular(found.is_regular), found.reason
    if found.serves == LEARNED:
        trained = REGISTRY[LEARNED].train(*found.seen(*closed))
        served = trained.serve(now, horizon_days) if isinstance(trained, Logistic) else None
        if served is not None:
            serving, q = served
            return Forecast(LEARNED, reason, q, q, serving)
        reason = trained if isinstance(trained, Why) else Why.NO_PARAMETRIC_FIT
    expected = now.parametric_q(horizon_days)
    if expected is not None:
        code = REGULAR if isinstance(now.purchase_model, Regular) else PARAMETRIC
        return Forecast(code, reason, expected, expected, None)
    silence = now.histories.silence_days.astype(np.float64)
    nothing = np.full(len(now), np.nan)
    return Forecast(BASELINE, Why.NO_PARAMETRIC_FIT, nothing, silence, None)
