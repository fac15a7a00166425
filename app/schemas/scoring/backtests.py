"""Backtests on the wire."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.churn.models import REGISTRY
from app.domain.churn.models.contract import CONTRACT_MODELS
from app.domain.churn.models.model import Why
from app.domain.customers.customers import ChurnLevel
from app.domain.lifetime_value.level import Basis
from app.schemas.common.base import Code, Count, DateIn, Flag, Input, Money, Output, PageOf, Paging, line_out
from app.schemas.scoring.churn import StoppedSource
from app.schemas.scoring.churn_models import ChurnSeason, ContestRead
from app.schemas.scoring.lifetime_value import ClosedWindow, MoneyBetween, SpendKind, VarianceParts
from app.schemas.scoring.metrics import Between, ChurnMetrics
from app.schemas.scoring.runs import ChurnLevels, ChurnLevelsIn, RunState, Share

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7b80"
EXAMPLE_JOB_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7b81"

ModelCode = Literal[
    "recency", "recency_frequency", "mbg_nbd", "mbg_cnbd_k", "logistic", "contract", "contract_logistic"
]
Days = Annotated[int, Field(ge=1, le=36_600)]
Horizon = Annotated[int, Field(ge=1, le=3660)]
Figure = float | None


class BacktestCreate(Input):
    """Which past day to forecast again, from what was known then."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"cut_on": "2026-07-31", "horizon_days": 90}]})

    cut_on: DateIn = Field(examples=["2026-07-31"])
    """The last local day that is known; the horizon after it must be over."""
    horizon_days: Annotated[int, Field(strict=True, ge=1, le=3660)] = 90
    """Days after the cut whose purchases are the outcome, and under contract whose departures are."""
    models: Annotated[list[ModelCode], Field(max_length=len(REGISTRY) + len(CONTRACT_MODELS))] = Field(
        default=[], examples=[[]]
    )
    """Models to measure beside the baseline and the one that would have served; all if left out.
    ``contract`` (the share that left) and ``contract_logistic`` are those of customers under contract."""
    window_days: Annotated[int, Field(strict=True, ge=1, le=36_600)] | None = Field(
        default=None, examples=[365]
    )
    """Local days before the cut that count as value; null means everything."""
    churn_levels: ChurnLevelsIn | None = None
    zero_amount_purchases: Flag = False
    """Whether a purchase of nothing makes its day a day of purchase."""


class BacktestParameters(Output):
    """What was asked for."""

    horizon_days: Horizon
    window_days: Days | None
    churn_levels: ChurnLevels
    zero_amount_purchases: bool


class AlarmShare(Output):
    """A share of customers with its bootstrap interval."""

    value: Share | None
    interval: Between | None


class AlarmFigures(Output):
    """How a limit of the flag does as an alarm."""

    limit: Share
    flagged: Count
    precision: AlarmShare
    """Share of the flagged who then bought nothing; of customers under contract: who left."""
    recall: AlarmShare
    """Share of those who then bought nothing, or left, who had been flagged."""


class ModelFigures(Output):
    """One model, held against what happened."""

    code: Code
    metrics: ChurnMetrics
    ece_interval: Between | None
    reliability: Annotated[list[Between | None], Field(max_length=10)]
    """Intervals of the shares in ``metrics.calibration``."""
    at_levels: Annotated[list[AlarmFigures], Field(max_length=2)]
    """At the limits of watch and at_risk; empty for a score that only ranks."""


class MissingModel(Output):
    """A model that could not be made ready."""

    code: Code
    reason: Why


class GroupFigures(Output):
    """The published forecast and the baseline among some of the customers."""

    name: Code
    """``repeat_buyers``, or a value tier on the cut's day: ``tier_A``, ``tier_B``, ``tier_C``."""
    published: ChurnMetrics | None
    recency: ChurnMetrics


class ConfusionCell(Output):
    """Customers with a level, by what they then did."""

    level: ChurnLevel | None
    silent: Count
    returned: Count


class ContractBacktest(Output):
    """Customers under contract: what would have been published on the day, against who left in the horizon.
    Everything rests on terms that were known then."""

    n: Count
    """Customers whose contract was active, by terms known by the cut; 0 where the terms of too few were."""
    excluded_terms_unknown: Count
    """Contracts that were active as far as is known now, but whose terms became known after the cut."""
    excluded_notice_given: Count
    """Contracts whose end was certain by the cut, because notice had been given."""
    published: Code | None
    """The model whose probability would have been published; null when nobody was measured, or none was
    ready."""
    reason: Why
    contest: ContestRead
    models: Annotated[list[ModelFigures], Field(max_length=20)]
    """The share that left, ``contract``, is the baseline: one probability for all."""
    missing: Annotated[list[MissingModel], Field(max_length=20)]


class LifetimeTotal(Output):
    """What customers without a contract would spend by the models of the day, and what they spent."""

    customers: Count
    """Who had bought by the cut, and had not left."""
    forecast: Money | None
    """By the models alone; null when there were none."""
    level: Annotated[float, Field(gt=0)] | None
    """What the forecast is multiplied by: how far such totals were off in windows that had closed."""
    total: Money | None
    """The total as it would have been given: ``forecast`` x ``level``."""
    interval: MoneyBetween | None
    parts: VarianceParts | None
    """What the interval comes from."""
    realised: Money
    """What they spent in the horizon, refunds taken off."""
    realised_gross: Money
    """The same, refunds not taken off."""
    covered: bool | None
    """Whether ``realised`` lies in ``interval``."""


class LifetimeTierTotal(LifetimeTotal):
    """The same of a value tier of the cut's day."""

    tier: Literal["A", "B", "C"]


class LifetimeBacktest(LifetimeTotal):
    """Lifetime value over the horizon, at a margin of 1 and without discount."""

    tiers: Annotated[list[LifetimeTierTotal], Field(max_length=3)]
    basis: Basis
    """What the level rests on, as in `/v1/insights/lifetime-value`, of the cut's day."""
    windows: Annotated[list[ClosedWindow], Field(max_length=3)]
    spend_model: SpendKind | None
    limits: Annotated[list[Code], Field(max_length=20)]
    checked: Count
    """Customers whose own interval was drawn; of very many some, evenly chosen."""
    inside_share: Share | None
    """Share of these whose spend lay in their own interval."""


class BacktestResult(Output):
    """What would have been published on the day, against what then happened.

    All but ``contract`` is of customers without a contract.
    """

    n: Count
    """Customers without a contract who had bought by the cut."""
    published: Code | None
    """The model whose probability would have been published; null when customers could only be ranked."""
    reason: Why
    """Why that one, or why they could only be ranked."""
    contest: ContestRead
    season: ChurnSeason | None
    """What a run of the day would have said of the season; null in backtests of earlier versions."""
    ranked_only: bool
    silence_limit: Figure
    """Silence beyond so many times max(3 x own interval, 95th percentile of intervals) would have meant that
    a customer has left; null: nobody would have by silence."""
    data_end: date | None
    """Day of the newest sale, to which silence would have been counted, where sales had stopped by the
    cut."""
    stopped_sources: Annotated[list[StoppedSource], Field(max_length=50)]
    """Sources whose sales had stopped by the cut while those of others went on."""
    outcome_end: date | None
    """Day of the newest sale where sales had stopped before the horizon was over: who was silent after it is
    not known."""
    limits: Annotated[list[Code], Field(max_length=20)]
    """``worse_than_base_rate``, ``season_unproved``, ``season_unknown``, ``left_unproved``,
    ``sales_stopped``."""
    models: Annotated[list[ModelFigures], Field(max_length=20)]
    """Each as it is; the one that serves as it is published, or would be were it not withheld."""
    missing: Annotated[list[MissingModel], Field(max_length=20)]
    groups: Annotated[list[GroupFigures], Field(max_length=20)]
    confusion: Annotated[list[ConfusionCell], Field(max_length=5)]
    flags_run_id: UUID | None
    """The run that gave the levels of ``confusion`` on that day; null: levels as they would have been."""
    contract: ContractBacktest | None
    """Null when nobody was under contract."""
    lifetime_value: LifetimeBacktest


class BacktestRead(Output):
    """A past day forecast again from what was known then, and how the forecast did."""

    id: UUID
    job_id: UUID | None
    """The job that computes it; null when a command did."""
    cut_on: date
    parameters: BacktestParameters
    models: Annotated[list[Code], Field(max_length=20)]
    """The models asked for; empty for all."""
    state: RunState
    result: BacktestResult | None
    error: Annotated[str, line_out(1000)] | None
    created_at: datetime
    ended_at: datetime | None


class BacktestSummary(Output):
    """A backtest in a list; its figures are under its own address."""

    id: UUID
    job_id: UUID | None
    cut_on: date
    parameters: BacktestParameters
    models: Annotated[list[Code], Field(max_length=20)]
    state: RunState
    error: Annotated[str, line_out(1000)] | None
    created_at: datetime
    ended_at: datetime | None


class BacktestPage(PageOf):
    """A page of backtests, newest first."""

    data: Annotated[list[BacktestSummary], Field(max_length=200)]


class BacktestQuery(Paging):
    """Filters add up."""

    state: RunState | None = None
    """In this state."""
    cut_on: DateIn | None = None
    """Of this day."""
