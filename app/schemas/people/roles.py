"""Roles on the wire."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from app.domain.common.access import Scope
from app.schemas.common.base import UNSET, ChangesQuery, Flag, Input, Output, PageOf, QueryFlag, Version
from app.schemas.people.codes import Names, NamesOut, RoleCode, RoleCodeOut

EXAMPLE_CODE = "clerk"
NAMES: dict[str, Any] = {"en": "Clerk", "tr": "Görevli", "az": "Əməkdaş"}
SCOPES: Any = [
    "customers:read",
    "interactions:read",
    "interactions:write",
    "complaints:read",
    "complaints:write",
]

Scopes = Annotated[list[Scope], Field(max_length=len(Scope), examples=[SCOPES])]


class RolePut(Input):
    """A role to register, or what to change of the one that has the code: absent members are kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"names": NAMES, "scopes": SCOPES, "reports_to": "team_lead", "is_active": True}]
        }
    )

    names: Names = Field(default=UNSET, examples=[NAMES])
    """What people read, by language; replaced whole. Required when the code is new."""
    scopes: Scopes = Field(default=UNSET)
    """What a key bound to an agent of this role may do at most; none when the code is new."""
    reports_to: RoleCode | None = Field(default=None, examples=["team_lead"])
    """The role right above, which is registered and active."""
    is_active: Flag = Field(default=UNSET, examples=[True])
    """Whether agents can be given it. Keys of those who have an inactive role may do nothing. True when the
    code is new."""


class RoleRead(Output):
    """What agents of a kind may do at most, and where they stand."""

    code: RoleCodeOut
    version: Version
    names: NamesOut
    scopes: Annotated[list[Scope], Field(max_length=len(Scope))]
    """In alphabetical order, each once."""
    reports_to: RoleCodeOut | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


class RolePage(PageOf):
    """A page of roles by code."""

    data: Annotated[list[RoleRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class RoleQuery(ChangesQuery):
    """Filters add up: a role must match all of them."""

    reports_to: RoleCode | None = None
    """Right below this role."""
    active: QueryFlag | None = None
    """In use, or not any more."""
