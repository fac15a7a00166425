"""The failure map on the wire: where what goes wrong, and whether it became less."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.customers.customers import Tier
from app.domain.recovery.failures import FailureWhat, FailureWhere
from app.domain.recovery.rates import RateVerdict
from app.domain.satisfaction.change import Verdict
from app.schemas.common.base import (
    PLAIN_DIGITS,
    Code,
    Count,
    DateIn,
    Input,
    Money,
    Output,
    line_out,
    paragraph_out,
)
from app.schemas.insights.value_tiers import Window
from app.schemas.scoring.runs import Share

MAX_CELLS = 1000
MAX_KINDS = 1000
MAX_PREVENTIONS = 50

Word = Annotated[str, line_out(200)]
Ratio = Annotated[float, Field(ge=0)]


class FailuresQuery(Input):
    """Which complaints, and how to divide them. The window is ``[from, to)``, days of the company's zone."""

    model_config = ConfigDict(validate_by_name=True)

    where: Annotated[list[FailureWhere], Field(max_length=len(FailureWhere))] = Field(
        default=[FailureWhere.CHANNEL], examples=[["channel"]]
    )
    """What places are distinguished by; repeat for several together."""
    what: FailureWhat = Field(default=FailureWhat.CATEGORY, examples=["category"])
    """What kinds of failures are distinguished by."""
    from_: DateIn | None = Field(default=None, alias="from", examples=["2025-11-24"])
    """First day that counts; default 365 days before ``to``."""
    to: DateIn | None = Field(default=None, examples=["2026-11-24"])
    """First day that does not count any more; default tomorrow."""
    limit: Annotated[int, Field(ge=1, le=MAX_CELLS), PLAIN_DIGITS] = 100
    """Cells that are listed, the fullest first; the others are added up in ``others``."""
    prevention_days: Annotated[int, Field(ge=7, le=365), PLAIN_DIGITS] = 90
    """Length of the periods before and after a prevention was done."""


class FailureFigures(Output):
    """Complaints together. Customers and what depends on them do not add up: who complained in two cells is
    in both."""

    complaints: Count
    customers: Count
    """Different ones."""
    repeat_customers: Count
    """Customers with two complaints of these or more."""
    value_at_risk: Money | None
    """Of these customers, by the current scoring run; null without one."""
    fix_cost: Money | None
    """What putting it right cost, as far as that is recorded in the reporting currency; null where no cost
    is."""
    compensation: Money | None
    """What was given to make up for them, less what was taken back; null: nothing ever was."""


class FailureCell(FailureFigures):
    """What goes wrong at one place. Of the places only those asked for are set; null is also what complaints
    do not say."""

    channel: Word | None
    phase: Word | None
    product: Word | None
    unit: Word | None
    what: Word | None
    """Category or cause; null: it is not known."""
    is_small: bool
    """Fewer than 5 complaints: too few to see a pattern in."""


class OtherCells(Output):
    """The cells that are not listed."""

    cells: Count
    complaints: Count


class FailureKind(Output):
    """One kind of failure among all whose kind is known."""

    what: Word
    complaints: Count
    share: Share
    cumulative_share: Share
    """Of this kind and all that are more frequent."""
    tier: Tier
    """A: the kinds that together make 80 %. B: up to 95 %. C: the rest."""


class FailurePareto(Output):
    """How failures are spread over their kinds: whether few kinds make most of them, as measured."""

    known: Count
    """Complaints whose kind is known."""
    unknown: Count
    kinds: Count
    """Kinds that happened."""
    top20_share: Share | None
    """Share of the known that the most frequent 20 % of the kinds make."""
    gini: Share | None
    rows: Annotated[list[FailureKind], Field(max_length=MAX_KINDS)]
    """The most frequent first, at most 1,000."""


class FailureChange(Output):
    """How often a kind of failure happened in the window and in the equally long one before it."""

    what: Word | None
    """Null: all complaints together."""
    before: Count
    after: Count
    ratio: Ratio | None
    """Rate of the window over the rate before; null when there was none before."""
    low: Ratio | None
    """Exact interval of the ratio, at ``confidence``."""
    high: Ratio | None
    verdict: Verdict
    """`changed`: the interval does not contain 1. `noise`: it does, or there is none."""


class FailureTrend(Output):
    """Whether failures became more or fewer since the window before."""

    before: Window
    after: Window
    """The window as far as it has passed."""
    confidence: Share
    """Of each interval: 95 % for all of them together, so that a long list does not find what chance made."""
    total: FailureChange
    rows: Annotated[list[FailureChange], Field(max_length=MAX_KINDS)]
    """The most frequent kinds first, at most 1,000."""


class PreventionEffect(Output):
    """Whether a failure happened less often after a prevention was done."""

    prevention_id: UUID
    incident_id: UUID | None
    """The incident it was recorded for."""
    complaint_id: UUID | None
    """The complaint it was recorded for."""
    measure: Annotated[str, paragraph_out(2000)]
    responsible: Annotated[str, line_out(100)]
    done_at: datetime
    by: FailureWhat | None
    """What is counted: complaints with the same cause, or of the same category where no cause is known; null
    where neither is."""
    what: Word | None
    before: Count
    days_before: Annotated[float, Field(ge=0, le=365)]
    after: Count
    days_after: Annotated[float, Field(ge=0, le=365)]
    """Shorter than before while the period after has not passed."""
    ratio: Ratio | None
    low: Ratio | None
    """Exact 95 % interval of the ratio of the rates."""
    high: Ratio | None
    verdict: RateVerdict
    """`no_evidence`: the interval contains 1, or there is none."""


class FailuresRead(Output):
    """Where what goes wrong, for whom, and whether it became less."""

    window: Window
    where: Annotated[list[FailureWhere], Field(max_length=len(FailureWhere))]
    what: FailureWhat
    run_id: UUID | None
    """The scoring run whose value at risk is shown; null without one."""
    as_of: date | None
    duplicates: Count
    """Complaints of the window that say once more what another one says: they are counted nowhere else."""
    total: FailureFigures
    fixes_left_out: Count
    """Fixes whose cost is in another currency than the reporting one: ``fix_cost`` is without them."""
    cells: Annotated[list[FailureCell], Field(max_length=MAX_CELLS)]
    """The fullest first."""
    others: OtherCells
    pareto: FailurePareto
    trend: FailureTrend
    preventions: Annotated[list[PreventionEffect], Field(max_length=MAX_PREVENTIONS)]
    """Those that were done in the window, the latest first, at most 50."""
    methods: Annotated[list[Code], Field(max_length=10)]
    """Codes for ``/v1/insights/methods/{code}``."""
    limits: Annotated[list[Annotated[str, line_out(500)]], Field(max_length=20)]
    """What to bear in mind, in the language of the answer."""
