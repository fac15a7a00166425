"""The parametric model of customers who buy in a rhythm: `app.domain.churn.distributions.mbg_cnbd_k`."""

from dataclasses import dataclass

from app.domain.churn.distributions import mbg_cnbd_k
from app.domain.churn.inputs.snapshots import Snapshot
from app.domain.churn.models.model import ChurnModel
from app.domain.common.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class RegularBuyers:
    """It needs no closed window."""

    def scores(self, now: Snapshot, horizon_days: int) -> FloatArray | None:
        """1 − P(active in the horizon); None where intervals are no more even than at random."""
        return None if now.regular_fit is None else now.as_regular().parametric_q(horizon_days)


MODEL = ChurnModel(
    code=mbg_cnbd_k.CODE,
    title="MBG/CNBD-k",
    formula=(
        "q = (a/(b + x) + N(h))/(a/(b + x) + N(0)); N(h) = I(v; r + kx, k), I the regularised incomplete "
        "beta function, v = (alpha + t_x)/(alpha + T + h); k = 1 is mbg_nbd"
    ),
    source="Platzer and Reutterer 2016",
    is_probability=True,
    train=lambda *closed: RegularBuyers(),
)
