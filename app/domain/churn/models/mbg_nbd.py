"""The parametric model: q = 1 − P(active in the horizon). It learns from the histories it scores."""

from dataclasses import dataclass

from app.domain.churn.inputs.snapshots import Snapshot
from app.domain.churn.models.model import ChurnModel
from app.domain.common.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Parametric:
    """It needs no closed window."""

    def scores(self, now: Snapshot, horizon_days: int) -> FloatArray | None:
        """1 − P(active in the horizon); None when the histories do not carry a fit."""
        return now.as_regular(False).parametric_q(horizon_days)


MODEL = ChurnModel(
    code="mbg_nbd",
    title="MBG/NBD",
    formula="q = 1 - P(alive) x [1 - ((alpha + T)/(alpha + T + h))^(r + x)]",
    source="Batislam, Denizel and Filiztekin 2007; Hoppe and Wagner 2007",
    is_probability=True,
    train=lambda *closed: Parametric(),
)
