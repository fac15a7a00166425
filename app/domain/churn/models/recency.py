"""The baseline: who has been silent longest leaves first."""

from dataclasses import dataclass

from app.domain.churn.inputs.snapshots import Snapshot
from app.domain.churn.models.model import ChurnModel
from app.domain.common.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Recency:
    """Nothing has to be learned."""

    def scores(self, now: Snapshot, horizon_days: int) -> FloatArray:
        """Days since the last purchase day."""
        return now.histories.silence_days.astype(float)


MODEL = ChurnModel(
    code="recency",
    title="Recency",
    formula="days since the last purchase day",
    source="baseline",
    is_probability=False,
    train=lambda *closed: Recency(),
)
