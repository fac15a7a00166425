"""Churn on the wire."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.domain.churn.models.model import Why
from app.domain.customers.customers import ChurnLevel
from app.schemas.common.base import PLAIN_DIGITS, Code, Count, Input, Money, Output, line_out
from app.schemas.customers.scores import ChurnSilence, ReturnShare
from app.schemas.scoring.runs import RunParameters, Share

Figure = float | None
Stages = Annotated[int, Field(ge=1, le=50)]


class ByTier(Output):
    """Customers by value tier."""

    A: Count
    B: Count
    C: Count
    none: Count


class ChurnLevelFigures(Output):
    """The customers of one level."""

    level: ChurnLevel
    customers: Count
    by_tier: ByTier
    value_at_risk: Money


class ChurnNote(Output):
    """A limit or a reason in words."""

    code: Code
    sentence: Annotated[str, line_out(500)]
    """In the language asked for: tr, az or en."""


class SilentCustomers(Output):
    """The dormant customers of a run: silent for long, but not known to have left."""

    customers: Count
    expected_to_return: Figure
    """Sum of 1 - probability over them; null when a probability is unknown."""
    return_share: ReturnShare | None
    """Of customers as silent in a closed window; null where none had any."""


class LeftCustomers(Output):
    """The customers who have left."""

    customers: Count
    by_event: Count
    """A departure, or the end of a contract."""
    by_silence: Count
    """Silent beyond `silence_limit`."""
    expected_to_return: Figure
    """Sum of 1 - probability over those who left by silence; null when a probability is unknown."""
    return_share: ReturnShare | None
    """Of customers as silent in a closed window; null where nobody has left by silence."""


class StoppedSource(Output):
    """A source whose sales have stopped while those of others go on."""

    source: Annotated[str, line_out(200)]
    newest_sale_on: date


class ChurnTop(Output):
    """A customer whose value is at risk."""

    id: UUID
    name: Annotated[str, line_out(200)] | None
    level: ChurnLevel | None
    probability: Share | None
    value_at_risk: Money | None


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

    serves: Code
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


class ContractModel(Output):
    """Customers under contract: what became of them in one horizon before the run's day, and which model
    serves those whose contract is active."""

    active_at_start: Count
    left: Count
    ended_by_us: Count
    joined: Count
    churn_rate: Share | None
    states: Annotated[dict[Code, Count], Field(max_length=10)]
    serving: ServingModel | None
    """``contract``, the share that left, or ``contract_logistic``; null when nobody is under contract."""


class ChurnModels(Output):
    """What probabilities come from."""

    mbg_nbd: PurchaseModel
    mbg_cnbd_k: RegularPurchaseModel | None
    """Null unless it serves, or the learned model holds it."""
    contract: ContractModel


class ChurnRead(Output):
    """Churn by one run: levels, value at risk, the model with its limits, and its backtest."""

    method: Literal["churn"]
    version: Annotated[int, Field(ge=1, le=1000)]
    run_id: UUID
    as_of: date
    is_current: bool
    parameters: RunParameters
    n: Count
    """Customers with a level."""
    ended_by_us: Count
    """Customers whom the company let go: not churn."""
    levels: Annotated[list[ChurnLevelFigures], Field(max_length=4)]
    value_at_risk: Money
    dormant: SilentCustomers
    left: LeftCustomers
    silence_limit: Figure
    """Silence beyond so many times max(3 x own interval, 95th percentile of intervals) means that a customer
    has left, as the closed windows prove; null: nobody has left by silence."""
    data_end: date | None
    """Day of the newest sale, to which silence is counted, where sales have stopped; null while they
    arrive."""
    stopped_sources: Annotated[list[StoppedSource], Field(max_length=50)]
    models: ChurnModels
    serving: ServingModel
    season: ChurnSeason | None
    """Null in runs of versions before 4."""
    ranked_only: bool
    """Whether customers without a contract are only ranked: no probability, level (but ``left``) or value at
    risk, because none was better than one figure for all. ``top`` keeps their order."""
    limits: Annotated[list[Code], Field(max_length=20)]
    """What to bear in mind: ``dropout_not_identified``, ``recency_ranks_better``, ``not_calibrated``,
    ``too_few_to_tell``, ``sales_stopped``, ``left_unproved``, ``worse_than_base_rate``, ``season_unproved``,
    ``season_unknown``, ..."""
    notes: Annotated[list[ChurnNote], Field(max_length=80)]
    """The limits in words, in the language asked for."""
    ece: Figure
    """Expected calibration error of what is published: in the season of the year before, in the contest it
    won, or in the backtest; null where ``ranked_only``."""
    ece_by_chance: Figure
    """What it would be on average if the probabilities were right."""
    ece_limit: Figure
    """What it would then seldom exceed."""
    calibrated: bool | None
    """Whether it is at most 0.05 or ``ece_limit``; null when it could not be measured, or when the limit is
    above 0.1: too few customers to tell (``too_few_to_tell``)."""
    backtest: ChurnBacktest
    top: Annotated[list[ChurnTop], Field(max_length=50)]
    """Most value at risk first, of the current run; empty for others. ``/v1/customers`` lists all. Where
    ``ranked_only``, in the order that it would have, which is not shown."""


class ChurnReason(Output):
    """A warning sign that applies to the customer: why it may be lost."""

    code: Code
    """Of the warning sign."""
    value: float
    """What was found of this customer: days, a count, percent or points, as the sentence says."""
    baseline: Figure
    """What it is compared with: what is usual for the customer or for all, or a limit."""
    contribution: Share
    """How strongly it warns, by the formula of the sign, for ordering; not a share of the probability."""
    n: Count | None
    """How many scores a fall was measured by; null for signs that are no change of scores."""
    limit: Figure
    """Up to how many points a fall is ordinary for this customer; null with ``n``."""
    sentence: Annotated[str, line_out(500)]
    """The same in words, in the language asked for: tr, az or en."""


class ChurnContribution(Output):
    """What one theme adds to the log-odds of leaving, against the mean customer of the run."""

    code: Code
    value: Figure
    baseline: Figure
    contribution: float
    """Above 0 speaks for leaving."""
    sentence: Annotated[str, line_out(500)]
    """In the language asked for: tr, az or en."""


class ChurnExplanation(Output):
    """What the probability of the learned model is made of: ``log_odds = mean_log_odds`` + contributions."""

    log_odds: float
    mean_log_odds: float
    contributions: Annotated[list[ChurnContribution], Field(max_length=20)]


class ChurnPast(Output):
    """The flag in one run."""

    run_id: UUID
    as_of: date
    level: ChurnLevel | None
    probability: Share | None
    model: Code | None


class CustomerChurnRead(ChurnSilence):
    """The churn flag of one customer."""

    customer_id: UUID
    run_id: UUID
    as_of: date
    level: ChurnLevel | None
    probability: Share | None
    reason: Code | None
    """Why there is no level or no probability: ``no_purchase``, ``too_few_customers``, ``left_by_event``,
    ``worse_than_base_rate``, ``season_unproved``, ...
    Null when there are both."""
    notes: Annotated[list[ChurnNote], Field(max_length=60)]
    """The reason in words, what became of customers as silent, and whether sales still arrive."""
    data_end: date | None
    """Day of the newest sale, to which silence is counted, where sales have stopped."""
    horizon_days: Annotated[int, Field(ge=1, le=3660)]
    value_at_risk: Money | None
    model: Code | None
    """What the level comes from: ``mbg_nbd``, ``mbg_cnbd_k``, ``logistic``, ``season_logistic``,
    ``contract``,
    ``contract_logistic``, ``silence`` or ``event``, a departure."""
    version: Annotated[int, Field(ge=1, le=1000)]
    calibrated: bool | None
    ece: Figure
    """Expected calibration error of the run's model, as measured on a closed window."""
    ece_by_chance: Figure
    ece_limit: Figure
    n: Count
    """Customers the model was fitted to."""
    reasons: Annotated[list[ChurnReason], Field(max_length=20)]
    """Warning signs, the strongest first."""
    explanation: ChurnExplanation | None
    """Null unless a learned model made the probability."""
    history: Annotated[list[ChurnPast], Field(max_length=100)]
    """The newest runs, by day, newest first."""


class CustomerChurnQuery(Input):
    """How far back to look."""

    runs: Annotated[int, Field(ge=1, le=100), PLAIN_DIGITS] = 12
    """How many runs the history holds at most."""
