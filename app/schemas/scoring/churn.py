"""Churn on the wire."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.domain.customers.contract_statements import AgeUnit
from app.domain.customers.customers import ChurnLevel
from app.schemas.common.base import PLAIN_DIGITS, Code, Count, Input, Money, Output, line_out
from app.schemas.customers.scores import ChurnSilence, ReturnShare
from app.schemas.scoring.churn_models import ChurnBacktest, ChurnModels, ChurnSeason, ServingModel
from app.schemas.scoring.metrics import Figure
from app.schemas.scoring.runs import RunParameters, Share


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
    value_at_risk: Money | None
    """Null where nobody of the level has one: all are known from a snapshot of contracts only."""


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
    value_at_risk: Money | None
    """Of all with a probability; null where nobody has one: without a model, or where ``ranked_only``."""
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
    ``season_unknown``, ``cross_section``, ..."""
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
    attribute: Code | None
    """Name of the recorded attribute it is about, of the code ``attribute``."""
    text: Annotated[str, line_out(500)] | None
    """What that attribute says of the customer; null where it says nothing, and for other codes."""
    sentence: Annotated[str, line_out(1500)]
    """In the language asked for: tr, az or en."""


class ChurnExplanation(Output):
    """What the probability of the learned model is made of: ``log_odds = mean_log_odds`` + contributions."""

    log_odds: float
    mean_log_odds: float
    contributions: Annotated[list[ChurnContribution], Field(max_length=100)]


class CustomerSnapshot(Output):
    """What a snapshot says of a customer's contract."""

    snapshot_on: date
    age: Count | None
    unit: AgeUnit | None
    """What the age counts."""
    left: bool
    """Whether the customer had left by then; nobody knows when."""


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
    ``contract``, ``contract_logistic``, ``silence``, ``event``, a departure, or ``cross_section``, a
    snapshot of contracts."""
    cross_section: CustomerSnapshot | None
    """The snapshot that the level comes from; null for other models, and where it was changed since."""
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
