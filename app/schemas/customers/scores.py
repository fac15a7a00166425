"""How a customer and the company stand: the contract, what the customer answered, whether it may be lost."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from app.domain.churn.levels import LeftBy
from app.domain.customers.customers import ChurnLevel
from app.domain.satisfaction.expectation import Quadrant
from app.schemas.common.base import UNSET, Code, Count, DateIn, Input, Money, Output

Points = Annotated[float, Field(ge=0, le=100)]

DEMANDINGNESS: dict[str, Any] = {
    "quadrant": "demanding_dissatisfied",
    "satisfaction": 62.962963,
    "expectation": 88.888889,
    "adjusted": 58.147829,
    "reference_median": 77.777778,
    "answered_at": "2026-11-20T09:30:00Z",
}
"""What the examples show."""


class Contract(Input):
    """A contract with the customer: days of the company's zone, none before the start."""

    started_on: DateIn = Field(examples=["2025-03-01"])
    ends_on: DateIn | None = Field(default=None, examples=["2027-02-28"])
    """Last day of the contract; null when it runs on until notice is given."""
    notice_given_on: DateIn | None = Field(default=None, examples=[None])
    """Day on which the customer gave notice."""


class ContractPatch(Input):
    """What to change of the contract: absent members stay. A first contract needs ``started_on``."""

    started_on: DateIn = Field(default=UNSET, examples=["2025-03-01"])
    ends_on: DateIn | None = Field(default=None, examples=["2027-02-28"])
    notice_given_on: DateIn | None = Field(default=None, examples=["2026-11-20"])


class ContractRead(Output):
    """The contract with the customer."""

    started_on: date
    ends_on: date | None
    """Last day of the contract; null when it runs on until notice is given."""
    notice_given_on: date | None


class CustomerSatisfaction(Output):
    """What the customer answered to the questions of one index, in points: 0 is the worst answer on the
    question's own scale, 100 the best."""

    latest: Points
    answered_at: datetime
    """When the latest answer was given."""
    n: Count
    """Occasions on which the customer answered so far; to the survey it answered last, for the composite."""
    mean: Points
    trend: Annotated[str, StringConstraints(max_length=16, pattern=r"^(rising|falling|steady)$")] | None
    """Whether the latest answer lies further from the earlier ones than chance explains, and 20 points or
    more; null before the third."""
    change: Annotated[float, Field(ge=-100, le=100)] | None
    """The latest answer minus the mean of the earlier ones; null with the trend, as are the next two."""
    statistic: float | None
    """The change in standard errors: how answers of one customer vary is learned from all."""
    limit: float | None
    """What the statistic has to exceed, in either direction."""


Satisfaction = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=32, pattern=r"^[a-z][a-z0-9_]{0,31}$")],
        CustomerSatisfaction,
    ],
    Field(max_length=20),
]
"""By code of the index (``csat``, ``nps``, ``ces``, ...); ``composite`` is that of the survey which the
customer answered last, for each survey weighs questions of its own."""


class Demandingness(Output):
    """Whether the customer expects much and whether it is satisfied, by its latest response of the year
    before the current run that tells both; the year's answers of all are the reference. In points of 0 to
    100."""

    quadrant: Quadrant
    satisfaction: Points
    """Satisfied from 70 on."""
    expectation: Points
    """Demanding from the reference median on."""
    adjusted: Annotated[float, Field(ge=-1000, le=1000)]
    """Satisfaction without what is due to expectation; may leave 0 to 100."""
    reference_median: Points
    answered_at: datetime


class ReturnShare(Output):
    """How many customers as silent as these bought in a closed window, of the windows the one that says most
    against their having left."""

    share: Annotated[float, Field(ge=0, le=1)]
    upper: Annotated[float, Field(ge=0, le=1)]
    """Upper limit of the share with 95 % confidence."""
    returned: Count
    n: Count
    """Customers as silent when the window opened."""
    window_days: Annotated[int, Field(ge=1, le=3660)]
    horizon_days: Annotated[int, Field(ge=1, le=3660)]


class ChurnSilence(Output):
    """What a customer's silence says."""

    dormant: bool
    """Silent for long, by its own rhythm and by the population's, but not known to have left."""
    left_by: LeftBy | None
    """How the customer left; null for those who have not."""
    return_share: ReturnShare | None
    """Of customers as silent; null for those who are not, and where no closed window had any."""


class CustomerChurn(ChurnSilence):
    """Whether the customer may be lost, by the current scoring run."""

    level: ChurnLevel | None
    probability: Annotated[float, Field(ge=0, le=1)] | None
    """Chance of no further purchase within the run's horizon, to the nearest hundredth."""
    reason: Code | None
    """Why there is no level or no probability; null when there are both."""
    model: Code | None
    """What the level comes from; ``cross_section``: a snapshot of contracts, which says nothing of a
    horizon."""
    value_at_risk: Money | None
    """Probability times value; null without a value, and for those who have left."""
