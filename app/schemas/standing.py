"""How a customer and the company stand: the contract, what the customer answered, whether it may be lost."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.domain.customers import ChurnLevel
from app.schemas._base import UNSET, Code, Count, DateIn, Input, Money, Output

Points = Annotated[float, Field(ge=0, le=100)]


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
    """Valid answers so far."""
    mean: Points
    trend: Annotated[str, StringConstraints(max_length=16, pattern=r"^(rising|falling|steady)$")] | None
    """Where the answers are going; null with too few of them."""


Satisfaction = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=32, pattern=r"^[a-z][a-z0-9_]{0,31}$")],
        CustomerSatisfaction,
    ],
    Field(max_length=20),
]
"""By code of the index (``csat``, ``nps``, ``ces``, ...)."""


class CustomerChurn(Output):
    """Whether the customer may be lost, by the current scoring run."""

    level: ChurnLevel
    probability: Annotated[float, Field(ge=0, le=1)] | None
    """Chance of no further purchase within the run's horizon, to the nearest hundredth; null for those
    who have left."""
    model: Code | None
    """What the probability comes from."""
    value_at_risk: Money | None
    """Probability times value; null without a value."""
