"""The models behind churn on the wire: their figures, the contest between them, and the season."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from app.domain.churn.models.model import Why
from app.schemas.common.base import Code, Count, Output
from app.schemas.scoring.metrics import ChurnMetrics, Figure
from app.schemas.scoring.runs import Share

Stages = Annotated[int, Field(ge=1, le=50)]


class ChurnBacktest(Output):
    """What the model would have said one horizon before the run's day, against what happened since."""

    cut_on: date
    """Last day the model saw."""
    horizon_days: Annotated[int, Field(ge=1, le=3660)]
    n: Count
    excluded_new: Count
    """Customers who bought for the first time after the cut."""
    k: Stages | None
    """Stages of an interval, where the model is ``mbg_cnbd_k``; null for ``mbg_nbd``."""
    no_fit: Code | None
    """Why there is no model to test; null when there is one."""
    model: ChurnMetrics | None
    recency: ChurnMetrics
    """The simplest rule, for comparison: who has been silent longest leaves first."""


class PurchaseModel(Output):
    """The purchase model of customers without a contract, and how far it can be trusted."""

    no_fit: Code | None
    n: Count
    groups: Count | None
    """Distinct purchase histories."""
    parameters: Annotated[dict[Code, float], Field(max_length=8)] | None
    log_likelihood: Figure
    log_likelihood_without_dropout: Figure
    converged: bool | None
    dropout_identified: bool | None
    warnings: Annotated[list[Code], Field(max_length=20)]


class RegularPurchaseModel(Output):
    """The purchase model of customers who buy in a rhythm."""

    k: Stages
    parameters: Annotated[dict[Code, float], Field(max_length=8)]
    n: Count
    """Customers it was fitted to, evenly chosen."""
    log_likelihood: float
    log_likelihood_at_random: float
    """That of the same customers with k = 1."""


class ContestEntry(Output):
    """How a model did in the contest, or why it has no figures."""

    code: Code
    metrics: ChurnMetrics | None
    missing: Why | None
    statistic: Figure = None
    """Of a probability: mean difference of its squared error to that of one figure for all, the share that
    stayed away, over its standard error. Above 2 it is clearly worse, below -2 clearly better. Absent in
    runs of versions before 4."""


class SeasonShift(Output):
    """How far the purchase model was off in a closed window."""

    window: Literal["last", "same_season", "season_before"]
    """The last one, or the one that opened a year, or two years, of 364 days before the run's horizon."""
    opened_on: date
    days: Annotated[int, Field(ge=1, le=3660)]
    n: Count
    share: Share
    """Of those who bought nothing."""
    shift: float
    """What has to be added to the model's log-odds to make their mean that share."""
    error: Figure
    """Standard error of the shift; null where everybody or nobody bought."""


class SeasonCandidate(ContestEntry):
    """How a candidate did in the season of the year before: ``as_is`` and ``shifted`` are the purchase model,
    ``season_logistic`` has learned the season of the year before that one."""


class ChurnSeason(Output):
    """Whether the season ahead differs from the one that has just gone, and what serves in it."""

    found: bool | None
    """Null: no such season of an earlier year has closed (``season_unknown``); then the last window
    decides."""
    shifts: Annotated[list[SeasonShift], Field(max_length=3)]
    """There is a season where the last two differ by more than 0.2 and by three of their joint errors, or
    where the model was clearly worse than one figure for all in the same season."""
    candidates: Annotated[list[SeasonCandidate], Field(max_length=3)]
    """Tried on the season of the year before; empty without a season. The lowest Brier score serves."""
    served: Literal["as_is", "shifted", "season_logistic"] | None
    shift: Figure
    """What the purchase model's log-odds are raised by now: the level of all probabilities; null for
    nothing."""
    measured: Literal["shifted", "season_logistic"] | None
    """The candidate whose ``ece`` is that of the run; null where contest or backtest tell it, or where
    nothing does: the window it was shifted by proves nothing of it."""
    withheld: Why | None
    """Why there are only ranks: ``worse_than_base_rate`` on the last window, or ``season_unproved``; null
    where probabilities are published."""


class ContestRead(Output):
    """Which model serves: the last window that had closed decides."""

    serves: Code | None
    """Null where it cannot be fitted to the customers of the run, so that nothing serves."""
    reason: Why
    opened_on: date | None
    closed_on: date | None
    """The day after the window's last."""
    trained_days: Annotated[int, Field(ge=1, le=36_600)] | None
    """Length of the window before it, which the learned model was trained on for the contest."""
    n: Count
    purchase_model: Code | None
    """``mbg_nbd``, or ``mbg_cnbd_k`` where its Brier score was clearly lower on the window; the learned model
    holds it. Null of contracts."""
    k: Stages | None
    """Stages of an interval that ``mbg_cnbd_k`` found when the window opened; null for ``mbg_nbd``."""
    entries: Annotated[list[ContestEntry], Field(max_length=20)]


class ServingModel(Output):
    """The model whose probabilities are published, and the contest that chose it."""

    model: Code | None
    """``mbg_nbd``, ``mbg_cnbd_k`` where customers buy in a rhythm, or ``logistic`` when it won and could be
    made ready for the run's customers, ``season_logistic`` when it learned the season best, null when nothing
    could be fitted. Where ``ranked_only``, it only ranks. Of contracts ``contract`` or
    ``contract_logistic``."""
    k: Stages | None
    """Stages of an interval between purchases by ``mbg_cnbd_k``, which serves or which ``logistic`` holds:
    the more, the more evenly customers buy. Null for the other models."""
    chosen_for: date
    """The run's day that the contest was held for; it serves the runs of 28 days."""
    contest: ContestRead


class ContractServing(ServingModel):
    """The model of customers under contract whose probabilities are published, and the contest that chose
    it."""

    attributes: Annotated[list[Code], Field(max_length=200)]
    """Names of the recorded attributes that ``contract_logistic`` looks at; empty for the share."""


class ContractModel(Output):
    """Customers under contract: what became of them in one horizon before the run's day, and which model
    serves those whose contract is active."""

    active_at_start: Count
    left: Count
    ended_by_us: Count
    joined: Count
    churn_rate: Share | None
    states: Annotated[dict[Code, Count], Field(max_length=10)]
    serving: ContractServing | None
    """``contract``, the share that left, or ``contract_logistic``; null when nobody is under contract."""


class CrossSectionModel(Output):
    """Customers of whose contract only a snapshot is known: what set those who had left apart from the
    others on one day, tested by folds. No time of the past tests it, so no backtest has it, and it says
    nothing of a horizon."""

    method: Literal["cross_section"]
    snapshot_on: date
    """Day of the newest snapshot."""
    oldest_snapshot_on: date
    """Day of the oldest one that is the newest of a customer."""
    customers: Count
    """Who is in a snapshot."""
    left_in_snapshot: Count
    serves: Code
    """``cross_section``, the learned model, or ``share``: all have the share that had left."""
    reason: Why
    folds: Annotated[int, Field(ge=2, le=100)]
    n: Count
    """Customers it was learned from and tested on."""
    left: Count
    """How many of them had left."""
    share: Share | None
    base: ChurnMetrics | None
    """The share of those who had left in the other folds, given to each."""
    metrics: ChurnMetrics | None
    """The learned model: each customer judged by one that has seen only the other folds."""
    attributes: Annotated[list[Code], Field(max_length=200)]
    """Names of the attributes it looks at, beside the age of the contract."""


class ChurnModels(Output):
    """What probabilities come from."""

    mbg_nbd: PurchaseModel
    mbg_cnbd_k: RegularPurchaseModel | None
    """Null unless it serves, or the learned model holds it."""
    contract: ContractModel
    cross_section: CrossSectionModel | None
    """Null when nobody is in a snapshot."""
