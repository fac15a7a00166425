"""Unit costs on the wire."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.domain.value.unit_costs import CostCode
from app.schemas.common.base import Currency, Input, Output, PageOf, Version

GREATEST = Decimal("1E7")


def _canonical(text: str) -> str:
    """The cost without superfluous zeros: ``"08.500"`` is ``"8.5"``."""
    cost = Decimal(text)
    if cost > GREATEST:
        raise PydanticCustomError("cost_range", "Expected a cost from 0 to 10000000.")
    plain = f"{cost:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


CostIn = Annotated[
    str,
    StringConstraints(max_length=17, pattern=r"^[0-9]{1,8}(\.[0-9]{1,8})?$"),
    AfterValidator(_canonical),
    Field(examples=["8.5"]),
]
"""A decimal as text, from 0 to 1e7; kept without superfluous zeros."""
Cost = Annotated[str, Field(max_length=17, pattern=r"^[0-9]{1,8}(\.[0-9]{1,8})?$")]

_COST: dict[str, Any] = {"per_contact": "0", "per_minute": "8.5"}


class UnitCostPut(Input):
    """What one contact costs, in the major unit of the reporting currency: at most four decimals finer than
    its minor unit, so that half a kuruş is no rounding error."""

    model_config = ConfigDict(json_schema_extra={"examples": [_COST]})

    per_contact: CostIn = Field(examples=["0"])
    """Of each contact, or of each return."""
    per_minute: CostIn = "0"
    """Of each minute of talk, hold and wrap-up; 0 for a return."""


class UnitCostRead(Output):
    """What a contact over a channel, or handling a return, costs the company."""

    code: CostCode
    version: Version
    currency: Currency
    """What it is told in: the reporting currency when it was set."""
    per_contact: Cost
    per_minute: Cost
    updated_at: datetime


class UnitCostPage(PageOf):
    """A page of unit costs by code."""

    data: Annotated[list[UnitCostRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""
