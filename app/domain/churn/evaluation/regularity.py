"""Whether the purchase model should look at how even intervals are: the last closed window decides.

MBG/CNBD-k replaces MBG/NBD only where it was clearly better there: its Brier score by more than chance
explains, its AUC no worse. Source: docs/formulas.md#rhythm.
"""

import numpy as np

from app.domain.churn.distributions.btyd import NoFit
from app.domain.churn.evaluation.metrics import auc, rank
from app.domain.churn.inputs.snapshots import Snapshot, Window
from app.domain.churn.models import REGULAR
from app.domain.churn.models.model import Why
from app.domain.common.arrays import FloatArray

CLEARLY = -2.0
"""Mean of paired differences in standard errors, up to which they are clearly below 0."""


def is_clearly_better(last: Window) -> bool:
    """Whether MBG/CNBD-k was, of these customers."""
    even, random = (last.then.as_regular(looks).parametric_q(last.horizon_days) for looks in (True, False))
    if even is None or random is None or last.then.regular_fit is None:
        return False
    differences = (even - last.silent) ** 2 - (random - last.silent) ** 2
    if not statistic(differences) <= CLEARLY:
        return False
    mine, other = (auc(rank(last.silent, q)) for q in (even, random))
    return mine is not None and other is not None and mine >= other


def statistic(differences: FloatArray) -> float:
    """Mean in standard errors; NaN where they do not differ among each other.

    >>> round(statistic(np.array([-0.1, -0.2, 0.0, -0.1])), 4)
    -2.4495
    """
    spread = float(np.std(differences, ddof=1)) if differences.size > 1 else 0.0
    return float(differences.mean()) / (spread / np.sqrt(differences.size)) if spread else float("nan")


def why_no_scores(code: str, then: Snapshot) -> Why:
    """Why a model that needs no window cannot score these customers."""
    has_fit = not isinstance(then.fitted, NoFit)
    return Why.NOT_REGULAR if code == REGULAR and has_fit else Why.NO_PARAMETRIC_FIT
