"""Two ranks: long silence speaks for leaving, many purchases against it."""

from dataclasses import dataclass

import numpy as np

from app.domain.churn.inputs.snapshots import Snapshot
from app.domain.churn.models.model import ChurnModel
from app.domain.common.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class RecencyFrequency:
    """Nothing has to be learned."""

    def scores(self, now: Snapshot, horizon_days: int) -> FloatArray:
        """Rank of the silence less rank of the repeat purchase days, both 0..1."""
        return mean_rank(now.histories.silence_days) - mean_rank(now.histories.x)


def mean_rank(column: IntArray) -> FloatArray:
    """Mean rank of each value, 0..1: equal values share theirs."""
    _, inverse, counts = np.unique(column, return_inverse=True, return_counts=True)
    ranks: FloatArray = (np.cumsum(counts) - counts / 2) / max(column.size, 1)
    return ranks[inverse]


MODEL = ChurnModel(
    code="recency_frequency",
    title="Recency and frequency",
    formula="rank(days of silence) - rank(x)",
    source="baseline",
    is_probability=False,
    train=lambda *closed: RecencyFrequency(),
)
