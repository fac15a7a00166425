"""Replays on the wire."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.customers.customers import ChurnLevel, Tier
from app.domain.scoring.replays import MAX_SHOWN, LateKind, Remark
from app.schemas.common.base import Code, Count, Currency, Input, Money, Output, PageOf, Paging, line_out
from app.schemas.scoring.runs import EXAMPLE_ID as EXAMPLE_RUN_ID
from app.schemas.scoring.runs import RunState

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7c90"
EXAMPLE_JOB_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7c91"

Rate = Annotated[str, line_out(40)]


class ReplayCreate(Input):
    """Which run to compute once more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"run_id": EXAMPLE_RUN_ID}]})

    run_id: UUID = Field(examples=[EXAMPLE_RUN_ID])
    """A scoring run that has finished."""


class DifferingColumn(Output):
    """How many customers differ in something."""

    name: Code
    """``tier``, ``value``, ``churn_level``, ``churn_percent``, ``satisfaction`` and so on; what they are
    computed from is summed up as ``facts``."""
    customers: Count


class Standing(Output):
    """How a customer stands, by the run or by its replay."""

    tier: Tier | None
    churn_level: ChurnLevel | None
    value: Money | None


class DifferingCustomer(Output):
    """A customer who does not stand as the run had it; who was not there then has null everywhere."""

    customer_id: UUID
    is_late: bool
    """Whether something of this customer came late."""
    before: Standing
    after: Standing


class LateCounts(Output):
    """Late records by kind; a customer is one whose contract or departure was changed for the past."""

    transactions: Count
    interactions: Count
    complaints: Count
    survey_responses: Count
    customers: Count


class LateRecord(Output):
    """A record that the run could not see."""

    kind: LateKind
    id: UUID
    customer_id: UUID
    occurred_at: datetime | None
    """Before the run's day; null for a customer. A complaint: its first late step."""
    recorded_at: datetime
    """When Vefa heard of it, or of its last change: after the run had read."""


class LateData(Output):
    """What occurred before the run's day and was recorded or changed after the run had read."""

    counts: LateCounts
    customers: Count
    """Customers whose records they are."""
    records: Annotated[list[LateRecord], Field(max_length=MAX_SHOWN)]
    """The newest ones."""


class ChangedRate(Output):
    """An exchange rate that is another one now, or was set since."""

    currency: Currency
    on: date
    before: Rate | None
    after: Rate | None


class ReplayResult(Output):
    """The run as it would be computed now, held against what it stored."""

    same: bool
    """Whether all that was compared is equal for every customer, to the last digit."""
    n: Count
    """Customers compared: those in both."""
    differing: Count
    """Customers who differ in anything, those included who are in one of the two only."""
    only_before: Count
    """Customers whom only the run knew of."""
    only_after: Count
    """Customers whom only the replay knows of."""
    explained: Count
    """Of those who differ, customers of whom something came late."""
    columns: Annotated[list[DifferingColumn], Field(max_length=20)]
    """What was compared."""
    not_compared: Annotated[list[Code], Field(max_length=20)]
    """What the run did not store: figures that were added since."""
    customers: Annotated[list[DifferingCustomer], Field(max_length=MAX_SHOWN)]
    """Some of those who differ, those with late data first."""
    late: LateData
    deleted: bool
    """Whether an import was taken back since, or is being taken back."""
    rates_changed: Count
    """Exchange rates of the run that were changed or removed since, or set since and needed."""
    rates: Annotated[list[ChangedRate], Field(max_length=MAX_SHOWN)]
    """Some of them."""
    remarks: Annotated[list[Remark], Field(max_length=len(Remark))]
    """What has to be borne in mind."""


class ReplayRead(Output):
    """A run computed once more from what is known now, and what came of it."""

    id: UUID
    job_id: UUID | None
    """The job that computes it; null when a command did."""
    run_id: UUID
    as_of: date
    """The run's day."""
    state: RunState
    result: ReplayResult | None
    error: Annotated[str, line_out(1000)] | None
    created_at: datetime
    ended_at: datetime | None


class ReplaySummary(Output):
    """A replay in a list; its result is under its own address."""

    id: UUID
    job_id: UUID | None
    run_id: UUID
    as_of: date
    state: RunState
    error: Annotated[str, line_out(1000)] | None
    created_at: datetime
    ended_at: datetime | None


class ReplayPage(PageOf):
    """A page of replays, newest first."""

    data: Annotated[list[ReplaySummary], Field(max_length=200)]


class ReplayQuery(Paging):
    """Filters add up."""

    state: RunState | None = None
    """In this state."""
    run_id: UUID | None = Field(default=None, examples=[EXAMPLE_RUN_ID])
    """Of this run."""
