"""Scoring runs on the wire."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.activity.transactions import TransactionKind
from app.schemas.common.base import Currency, DateIn, Flag, Input, Output, PageOf, Paging, line_out

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7c20"

Share = Annotated[float, Field(ge=0, le=1)]
Kinds = Annotated[list[TransactionKind], Field(max_length=4)]


class CutsIn(Input):
    """Where tiers A and B end, in percent of the positive total; ``a_percent`` below ``b_percent``."""

    a_percent: Annotated[int, Field(strict=True, ge=1, le=99)] = 80
    b_percent: Annotated[int, Field(strict=True, ge=2, le=100)] = 95


class ChurnLevelsIn(Input):
    """From which probability of leaving on a customer is watched, and at risk; the first is the smaller."""

    watch: Annotated[float, Field(strict=True, gt=0, lt=1)] = 0.5
    at_risk: Annotated[float, Field(strict=True, gt=0, le=1)] = 0.8


class LifetimeTermsIn(Input):
    """How lifetime value is counted."""

    horizon_days: Annotated[int, Field(strict=True, ge=1, le=3660)] = 365
    """How far ahead."""
    margin: Annotated[float, Field(strict=True, ge=0, le=1)] = 1.0
    """Share of the spend that stays with the company; 1 counts spend itself."""
    yearly_discount: Annotated[float, Field(strict=True, ge=0, le=10)] = 0.0
    """What money a year ahead loses: 0.1 is 10 %."""


class ScoringRunCreate(Input):
    """What to compute. Nothing given: everything that occurred until the end of today, 80 % and 95 %, churn
    within 90 days."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"as_of": "2026-11-23", "window_days": 365}]})

    as_of: DateIn | None = Field(default=None, examples=["2026-11-23"])
    """The run sees what occurred before this local day begins; default tomorrow, so that today counts."""
    window_days: Annotated[int, Field(strict=True, ge=1, le=36_600)] | None = Field(
        default=None, examples=[365]
    )
    """Whole local days before ``as_of`` that count; null means everything."""
    cuts: CutsIn | None = None
    ignored_kinds: Kinds = Field(default=[], examples=[[]])
    """Transactions treated as if they had never happened (``cancellation`` for a gross view)."""
    horizon_days: Annotated[int, Field(strict=True, ge=1, le=3660)] = 90
    """Days ahead that churn is forecast for."""
    churn_levels: ChurnLevelsIn | None = None
    zero_amount_purchases: Flag = False
    """Whether a purchase of nothing makes its day a day of purchase."""
    grace_days: Annotated[int, Field(strict=True, ge=0, le=3660)] = 30
    """Days after the end of a contract before it has lapsed."""
    lifetime_value: LifetimeTermsIn | None = None


class RunState(StrEnum):
    """How far a run has come."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Cuts(Output):
    """Where tiers A and B end, in percent of the positive total."""

    a_percent: Annotated[int, Field(ge=1, le=99)]
    b_percent: Annotated[int, Field(ge=2, le=100)]


class ChurnLevels(Output):
    """From which probability of leaving on a customer is watched, and at risk."""

    watch: Share
    at_risk: Share


class LifetimeTerms(Output):
    """How lifetime value is counted."""

    horizon_days: Annotated[int, Field(ge=1, le=3660)]
    margin: Share
    yearly_discount: Annotated[float, Field(ge=0, le=10)]


class RunParameters(Output):
    """What, besides the day and the data, decides the result."""

    currency: Currency
    window_days: Annotated[int, Field(ge=1, le=36_600)] | None
    cuts: Cuts
    ignored_kinds: Kinds
    horizon_days: Annotated[int, Field(ge=1, le=3660)]
    churn_levels: ChurnLevels
    zero_amount_purchases: bool
    grace_days: Annotated[int, Field(ge=0, le=3660)]
    lifetime_value: LifetimeTerms


class ScoringRunRead(Output):
    """A scoring run and its parameters; the figures are under ``/v1/insights``."""

    id: UUID
    job_id: UUID | None
    """The job that computes it; null when a command did."""
    as_of: date
    parameters: RunParameters
    state: RunState
    is_current: bool
    """Whether customers show this run's tiers: the one for the latest day."""
    error: Annotated[str, line_out(1000)] | None
    created_at: datetime
    ended_at: datetime | None


class ScoringRunPage(PageOf):
    """A page of scoring runs."""

    data: Annotated[list[ScoringRunRead], Field(max_length=200)]


class ScoringRunQuery(Paging):
    """Filters add up."""

    state: RunState | None = None
    """In this state."""
    as_of: DateIn | None = None
    """For this day."""
