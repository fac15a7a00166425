"""How firm the value tiers are, on the wire."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.schemas.common.base import Count, DayIn, Money, Output
from app.schemas.insights.value_tiers import InsightQuery
from app.schemas.scoring.churn import ByTier
from app.schemas.scoring.metrics import Between
from app.schemas.scoring.runs import Cuts, Share


class FirmnessQuery(InsightQuery):
    """Which run, and which earlier one it is held against."""

    against: DayIn | None = None
    """The newest run for this day or an earlier one, with the same parameters; default: the run before."""


class UnderCuts(Output):
    """What other cuts would give."""

    cuts: Cuts
    A: Count
    B: Count
    C: Count
    moved: Count
    """Customers who would be in another tier than by the cuts in force."""
    moved_share: Share | None


class Stayed(Output):
    """What became of the customers of a tier."""

    tier: Literal["A", "B", "C"]
    n: Count
    now: ByTier
    share: Share | None
    """Share still in the tier."""
    interval: Between | None


class TopTwenty(Output):
    """The other reading of 80/20: the best 20 % of the customers, whatever they hold."""

    n: Count
    share: Share | None
    """Share of the positive total they hold."""
    in_a: Count
    least: Money | None
    """Smallest value among them."""


class TierFirmnessRead(Output):
    """How firm the tiers of a run are: under other cuts, over time, and by number instead of value."""

    run_id: UUID
    as_of: date
    is_current: bool
    n: Count
    sensitivity: Annotated[list[UnderCuts], Field(max_length=20)]
    """The cuts in force first."""
    against_run_id: UUID | None
    against_as_of: date | None
    stability: Annotated[list[Stayed], Field(max_length=3)] | None
    """Null without an earlier run."""
    top_twenty: TopTwenty
