"""Parts of lifetime values on the wire that reports and backtests share."""

from datetime import date
from typing import Annotated

from pydantic import Field

from app.domain.lifetime_value.level import Name
from app.domain.lifetime_value.spend import Kind
from app.schemas.common.base import Money, Output
from app.schemas.scoring.runs import Share


class MoneyBetween(Output):
    """A 95 % interval."""

    low: Money
    high: Money


class SpendKind(Output):
    """Which model of spend serves."""

    kind: Kind
    """``gamma_gamma``; ``one_price``, when all spend the same; ``own_mean``, each customer's own, when a few
    very large amounts leave no finite mean (``mean_not_finite``)."""


class ClosedWindow(Output):
    """A window that has closed: what the models of its first day expected, and what came in."""

    name: Name
    opened: date
    days: Annotated[int, Field(ge=1, le=3660)]
    told: Money
    """Forecast total: what the models of its first day expected."""
    realised: Money
    """Net spend of the customers of that day; of very many, both are of some, evenly chosen."""
    error: Annotated[float, Field(ge=-1.5, le=1.5)]
    """ln(realised / told), within 1.5."""


class VarianceParts(Output):
    """What an interval comes from, as shares of its variance that add up to 1."""

    behaviour: Share
    """What customers do."""
    parameters: Share
    """What is not known of the models' parameters."""
    level: Share
    """How far totals were off in windows that have closed, and what is not known of that."""
