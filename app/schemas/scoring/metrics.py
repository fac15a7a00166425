"""How good a forecast was, on the wire."""

from typing import Annotated

from pydantic import Field

from app.schemas.common.base import Count, Output
from app.schemas.scoring.runs import Share

Figure = float | None


class Between(Output):
    """A 95 % interval."""

    low: float
    high: float


class CalibrationBin(Output):
    """One tenth of the customers by rising probability."""

    n: Count
    mean_p: float
    share: Share


class ChurnMetrics(Output):
    """How good a forecast was; null where that is unknown, or the score is no probability."""

    n: Count
    base_rate: Share | None
    auc: Share | None
    auc_interval: Between | None
    lift10: Figure
    lift10_interval: Between | None
    brier: Figure
    brier_interval: Between | None
    ece: Figure
    ece_by_chance: Figure
    ece_limit: Figure
    mean_p: Figure
    calibration: Annotated[list[CalibrationBin], Field(max_length=10)]
