"""Backtests on the wire."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.churn.models import REGISTRY
from app.domain.churn.models.model import Why
from app.domain.customers import ChurnLevel
from app.schemas._base import Code, Count, DateIn, Flag, Input, Output, PageOf, Paging, shown
from app.schemas.churn import Between, ChurnMetrics, ContestRead
from app.schemas.scoring_runs import ChurnLevels, ChurnLevelsIn, RunState, Share

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7b80"
EXAMPLE_JOB_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7b81"

ModelCode = Literal["recency", "recency_frequency", "mbg_nbd", "logistic"]
Days = Annotated[int, Field(ge=1, le=36_600)]
Horizon = Annotated[int, Field(ge=1, le=3660)]
Figure = float | None


class BacktestCreate(Input):
    """Which past day to forecast again, from what was known then."""

    cut_on: DateIn = Field(examples=["2026-07-31"])
    """The last local day that is known; the horizon after it must be over."""
    horizon_days: Annotated[int, Field(strict=True, ge=1, le=3660)] = 90
    """Days after the cut whose purchases are the outcome."""
    models: Annotated[list[ModelCode], Field(max_length=len(REGISTRY))] = Field(default=[], examples=[[]])
    """Models to show; all if left out. Which one would have served does not depend on it."""
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
    """Share of the flagged who then bought nothing."""
    recall: AlarmShare
    """Share of those who then bought nothing who had been flagged."""


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


class BacktestResult(Output):
    """What would have been published on the day, against what then happened."""

    n: Count
    """Customers without a contract who had bought by the cut."""
    published: Code | None
    """The model whose probability would have been published; null when customers could only be ranked."""
    reason: Why
    contest: ContestRead
    models: Annotated[list[ModelFigures], Field(max_length=20)]
    missing: Annotated[list[MissingModel], Field(max_length=20)]
    groups: Annotated[list[GroupFigures], Field(max_length=20)]
    confusion: Annotated[list[ConfusionCell], Field(max_length=5)]
    flags_run_id: UUID | None
    """The run that gave the levels of ``confusion`` on that day; null: levels as they would have been."""


_METRICS: dict[str, Any] = {
    "n": 2357,
    "base_rate": 0.707,
    "auc": 0.779,
    "auc_interval": {"low": 0.76, "high": 0.798},
    "lift10": 1.3,
    "lift10_interval": {"low": 1.24, "high": 1.36},
    "brier": 0.157,
    "brier_interval": {"low": 0.149, "high": 0.165},
    "ece": 0.02,
    "mean_p": 0.7,
    "calibration": [],
}


class BacktestRead(Output):
    """A past day forecast again from what was known then, and how the forecast did."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": EXAMPLE_ID,
                    "job_id": EXAMPLE_JOB_ID,
                    "cut_on": "2026-07-31",
                    "parameters": {
                        "horizon_days": 90,
                        "window_days": 365,
                        "churn_levels": {"watch": 0.5, "at_risk": 0.8},
                        "zero_amount_purchases": False,
                    },
                    "models": ["recency"],
                    "state": "done",
                    "result": {
                        "n": 2357,
                        "published": "logistic",
                        "reason": "won",
                        "contest": {
                            "serves": "logistic",
                            "reason": "won",
                            "opened_on": "2026-05-03",
                            "closed_on": "2026-08-01",
                            "trained_days": 90,
                            "n": 2210,
                            "entries": [{"code": "logistic", "metrics": _METRICS, "missing": None}],
                        },
                        "models": [
                            {
                                "code": "recency",
                                "metrics": {**_METRICS, "brier": None, "brier_interval": None, "ece": None},
                                "ece_interval": None,
                                "reliability": [],
                                "at_levels": [],
                            }
                        ],
                        "missing": [],
                        "groups": [],
                        "confusion": [{"level": "at_risk", "silent": 410, "returned": 60}],
                        "flags_run_id": None,
                    },
                    "error": None,
                    "created_at": "2026-11-23T09:30:00Z",
                    "ended_at": "2026-11-23T09:30:04Z",
                }
            ]
        }
    )

    id: UUID
    job_id: UUID | None
    """The job that computes it; null when a command did."""
    cut_on: date
    parameters: BacktestParameters
    models: Annotated[list[Code], Field(max_length=20)]
    """The models asked for; empty for all."""
    state: RunState
    result: BacktestResult | None
    error: Annotated[str, shown(1000)] | None
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
    error: Annotated[str, shown(1000)] | None
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
