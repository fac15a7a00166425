"""Units on the wire."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from app.domain.people.units import UnitKind
from app.schemas.common.base import (
    UNSET,
    ChangesQuery,
    Count,
    Flag,
    Input,
    Label,
    Output,
    PageOf,
    QueryFlag,
    Version,
    line_out,
)
from app.schemas.people.codes import AgentCode, AgentCodeOut, Names, NamesOut, UnitCode, UnitCodeOut

EXAMPLE_CODE = "izmir"
NAMES: dict[str, Any] = {"en": "Izmir", "tr": "İzmir", "az": "İzmir"}

_EXAMPLE: dict[str, Any] = {
    "names": NAMES,
    "kind": "branch",
    "parent": "turkey",
    "head": "deniz.u",
    "calendar": None,
    "is_active": True,
}


class UnitPut(Input):
    """A unit to register, or what to change of the one that has the code: absent members are kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    names: Names = Field(default=UNSET, examples=[NAMES])
    """What people read, by language; replaced whole. Required when the code is new."""
    kind: UnitKind = Field(default=UNSET, examples=["branch"])
    """Required when the code is new."""
    parent: UnitCode | None = Field(default=None, examples=["turkey"])
    """The unit it belongs to, which is registered and active."""
    head: AgentCode | None = Field(default=None, examples=["deniz.u"])
    """Who leads it: a registered agent who is active."""
    calendar: Label | None = Field(default=None, examples=["izmir-hours"])
    """Code of the calendar of its business hours."""
    is_active: Flag = Field(default=UNSET, examples=[True])
    """Whether it is worked in. What waits in the queue of one that becomes inactive goes to the queue of the
    nearest active unit above it, or to the company's desk. True when the code is new."""


class UnitRead(Output):
    """A branch, team or department; its code also names its queue, which can own complaints."""

    code: UnitCodeOut
    version: Version
    names: NamesOut
    kind: UnitKind
    parent: UnitCodeOut | None
    head: AgentCodeOut | None
    calendar: Annotated[str, line_out(64)] | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


class UnitSaved(UnitRead):
    """A unit as it is now, and what the request moved."""

    handed_over_complaints: Count
    """Complaints that waited in its queue and went to another because it became inactive."""
    handed_over_promises: Count
    """Promises that waited in its queue and went to another because it became inactive."""


class UnitPage(PageOf):
    """A page of units by code."""

    data: Annotated[list[UnitRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class UnitQuery(ChangesQuery):
    """Filters add up: a unit must match all of them."""

    kind: UnitKind | None = None
    """Of this kind."""
    parent: UnitCode | None = None
    """Right below this unit."""
    head: AgentCode | None = None
    """Led by this agent."""
    active: QueryFlag | None = None
    """Worked in, or not any more."""
