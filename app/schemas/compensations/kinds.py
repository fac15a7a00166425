"""Kinds of compensation on the wire."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.compensations.kinds import COUNTED, KindUnit
from app.domain.compensations.requests import AtDeadline
from app.schemas.common.base import (
    ChangesQuery,
    Flag,
    Input,
    Label,
    Money,
    Output,
    PageOf,
    QueryFlag,
    Version,
)
from app.schemas.people.codes import Names, NamesOut, RoleCode, RoleCodeOut

EXAMPLE_CODE = "voucher"
NAMES: dict[str, Any] = {"en": "Voucher", "tr": "Hediye çeki", "az": "Hədiyyə çeki"}
MAX_DAYS = 3650
MAX_MINUTES = 60 * 24 * 60

_KIND: dict[str, Any] = {
    "names": NAMES,
    "unit": "money",
    "reversal_days": 14,
    "decision_minutes": 120,
    "calendar": "office",
    "at_deadline": "fallback",
    "fallback_role": "manager",
}

KindCode = Annotated[Label, Field(examples=[EXAMPLE_CODE])]


class CompensationKindPut(Input):
    """Something that can be given to make up for a failure. What is left out gets its default."""

    model_config = ConfigDict(json_schema_extra={"examples": [_KIND]})

    names: Names = Field(examples=[NAMES])
    """What people read, by language."""
    unit: KindUnit
    """What an amount of it is counted in."""
    unit_cost: Money | None = Field(default=None, examples=[None])
    """What one point or piece costs the company, in the reporting currency; null for money and percent."""
    reversal_days: Annotated[int, Field(ge=0, le=MAX_DAYS)] = 30
    """For how many days a grant can be taken back; 0: not at all."""
    decision_minutes: Annotated[int, Field(ge=1, le=MAX_MINUTES)] = 240
    """How long those who may approve more have for it."""
    calendar: Label | None = Field(default=None, examples=["office"])
    """Code of the calendar whose working time counts for that; null: every minute does."""
    at_deadline: AtDeadline = AtDeadline.REFUSE
    """What happens when nobody has decided by then."""
    fallback_role: RoleCode | None = Field(default=None, examples=["manager"])
    """Role whose agents decide where nobody in the unit's line may, and after the deadline where
    ``at_deadline`` says so."""
    is_active: Flag = True
    """Whether it can be given; what was given stays."""

    @model_validator(mode="after")
    def _unit_cost_of_what_is_counted(self) -> Self:
        if (self.unit_cost is not None) != (self.unit in COUNTED):
            raise PydanticCustomError(
                "unit_cost", "Say unit_cost for points and pieces, and leave it out for money and percent."
            )
        if self.at_deadline is AtDeadline.FALLBACK and self.fallback_role is None:
            raise PydanticCustomError(
                "fallback_role_missing", "Name the fallback_role that decides after the deadline."
            )
        return self


class CompensationKindRead(Output):
    """Something that can be given to make up for a failure."""

    code: Label
    version: Version
    names: NamesOut
    unit: KindUnit
    unit_cost: Money | None
    """What one point or piece costs the company."""
    reversal_days: Annotated[int, Field(ge=0, le=MAX_DAYS)]
    decision_minutes: Annotated[int, Field(ge=1, le=MAX_MINUTES)]
    calendar: Label | None
    at_deadline: AtDeadline
    fallback_role: RoleCodeOut | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


class CompensationKindPage(PageOf):
    """A page of kinds of compensation by code."""

    data: Annotated[list[CompensationKindRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class CompensationKindQuery(ChangesQuery):
    """Which kinds."""

    active: QueryFlag | None = None
    """Only those that can be given, or only the others."""
