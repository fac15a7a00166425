"""Whether the purchase model should look at how even intervals are: the closed windows decide.

MBG/CNBD-k replaces MBG/NBD only where it was clearly better on the last one, its Brier score lower by more
than chance explains and its AUC not lower by so much, and better on the one before: a rhythm lasts, what
happens to look like one in a season does not. Source: docs/formulas.md#rhythm, docs/decisions/0042-rhythm.md.
"""

import numpy as np
from numpy.typing import ArrayLike

from app.domain.churn.distributions.btyd import NoFit
from app.domain.churn.inputs.snapshots import Snapshot, Window
from app.domain.churn.models import REGULAR
from app.domain.churn.models.model import Why
from app.domain.common.arrays import BoolArray, FloatArray

CLEARLY = 2.0
"""Standard errors beyond which a difference is clear."""


def is_clearly_better(earlier: Window, last: Window) -> bool:
    """Whether MBG/CNBD-k was, of these customers."""
    both = _forecasts(last)
    if both is None or statistic(_losses(last, *both)) > -CLEARLY:
        return False
    if auc_statistic(last.silent, *both) <= -CLEARLY:
        return False
    before = _forecasts(earlier)
    return before is not None and float(_losses(earlier, *before).mean()) < 0


def _forecasts(window: Window) -> tuple[FloatArray, FloatArray] | None:
    """The probabilities with and without a look at rhythm; None where there is none."""
    if window.then.regular_fit is None:
        return None
    even, random = (
        window.then.as_regular(looks).parametric_q(window.horizon_days) for looks in (True, False)
    )
    return None if even is None or random is None else (even, random)


def _losses(window: Window, even: FloatArray, random: FloatArray) -> FloatArray:
    """By how much the first is further off, squared."""
    losses: FloatArray = (even - window.silent) ** 2 - (random - window.silent) ** 2
    return losses


def statistic(differences: FloatArray) -> float:
    """Mean in standard errors; 0 where they are all the same.

    >>> round(statistic(np.array([-0.1, -0.2, 0.0, -0.1])), 4)
    -2.4495
    """
    spread = float(np.std(differences, ddof=1)) if differences.size > 1 else 0.0
    return float(differences.mean() / (spread / np.sqrt(differences.size))) if spread else 0.0


def auc_statistic(y: BoolArray, one: ArrayLike, other: ArrayLike) -> float:
    """AUC of one forecast less that of another of the same customers, in standard errors (DeLong, DeLong and
    Clarke-Pearson 1988); 0 where they rank alike, or one outcome is missing.

    >>> y = np.array([True, True, True, False, False, False])
    >>> round(auc_statistic(y, [0.9, 0.8, 0.3, 0.4, 0.2, 0.1], [0.9, 0.4, 0.2, 0.8, 0.3, 0.1]), 4)
    1.4142
    """
    if y.all() or not y.any():
        return 0.0
    mine, others = _shares(y, np.asarray(one)), _shares(y, np.asarray(other))
    variance, difference = 0.0, 0.0
    for which in (y, ~y):
        gains = mine[which] - others[which]
        difference = float(gains.mean())  # the same by either outcome
        variance += float(np.var(gains, ddof=1)) / gains.size if gains.size > 1 else 0.0
    return difference / float(np.sqrt(variance)) if variance > 0 else 0.0


def _shares(y: BoolArray, scores: FloatArray) -> FloatArray:
    """Of each customer, the share of those of the other outcome whom it is ranked right against; a tie is
    half."""
    shares = np.empty(scores.size)
    for which, sign in ((y, 1.0), (~y, -1.0)):
        against = np.sort(sign * scores[~which])
        own = sign * scores[which]
        below, up_to = (np.searchsorted(against, own, side=side) for side in ("left", "right"))
        shares[which] = (below + up_to) / (2 * against.size)
    return shares


def why_no_scores(code: str, then: Snapshot) -> Why:
    """Why a model that needs no window cannot score these customers."""
    has_fit = not isinstance(then.fitted, NoFit)
    return Why.NOT_REGULAR if code == REGULAR and has_fit else Why.NO_PARAMETRIC_FIT
