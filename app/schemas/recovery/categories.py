"""Categories and causes of complaints on the wire: trees that the company fills."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

from app.domain.recovery.complaints import Severity
from app.domain.recovery.recovery_steps import RecoveryKind
from app.schemas.common.base import (
    UNSET,
    ChangesQuery,
    Count,
    Flag,
    Input,
    Output,
    PageOf,
    QueryFlag,
    Version,
    line,
    line_out,
)
from app.schemas.people.codes import Names, NamesOut, UnitCode, UnitCodeOut

EXAMPLE_CATEGORY = "late_delivery"
EXAMPLE_CAUSE = "packaging"
NAMES: dict[str, Any] = {"en": "Delivery is late", "tr": "Teslimat gecikti", "az": "Çatdırılma gecikdi"}
CAUSE_NAMES: dict[str, Any] = {"en": "Packaging", "tr": "Ambalaj", "az": "Qablaşdırma"}

CategoryCode = Annotated[str, line(100), Field(examples=[EXAMPLE_CATEGORY])]
"""As complaints name their category, so that their history is found."""
CauseCode = Annotated[str, line(64), Field(examples=[EXAMPLE_CAUSE])]
_CodeOut = Annotated[str, line_out(100)]


def _in_order(kinds: list[RecoveryKind]) -> list[RecoveryKind]:
    return [kind for kind in RecoveryKind if kind in kinds]


DemandedSteps = Annotated[
    list[RecoveryKind],
    Field(max_length=len(RecoveryKind), examples=[["apology", "fix"]]),
    AfterValidator(_in_order),
]


class CategoryPut(Input):
    """A category to register, or what to change of the one that has the code: absent members are kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "names": NAMES,
                    "severity": "normal",
                    "owner_unit": None,
                    "demanded_steps": ["apology"],
                    "auto_close_days": 14,
                }
            ]
        }
    )

    names: Names = Field(default=UNSET, examples=[NAMES])
    """What people read, by language; replaced whole. Required when the code is new."""
    parent: CategoryCode | None = Field(default=None, examples=[None])
    """The category it belongs to, which is registered. Nothing is taken over from it."""
    severity: Severity | None = Field(default=None, examples=["normal"])
    """Of its complaints that name none."""
    owner_unit: UnitCode | None = Field(default=None, examples=["izmir"])
    """The unit, registered and active, in whose queue its complaints begin that name no owner."""
    demanded_steps: DemandedSteps = Field(default=UNSET)
    """What a complaint must show before it may close. None when the code is new."""
    auto_close_days: Annotated[int, Field(ge=0, le=3650)] | None = Field(default=None, examples=[14])
    """Days of silence after which a resolved complaint closes by itself; 0: never; null: as the company's
    setting says."""
    is_active: Flag = Field(default=UNSET, examples=[True])
    """Whether new complaints may have it; those that do keep it. True when the code is new."""


class CategoryRead(Output):
    """A kind of failure: what its complaints begin with, and what they must show before they may close."""

    code: _CodeOut
    version: Version
    names: NamesOut
    parent: _CodeOut | None
    severity: Severity | None
    owner_unit: UnitCodeOut | None
    demanded_steps: Annotated[list[RecoveryKind], Field(max_length=len(RecoveryKind))]
    auto_close_days: Annotated[int, Field(ge=0, le=3650)] | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


class CategoryListed(Output):
    """A category of the list; of one that nobody registered only ``code`` and what was seen are known."""

    code: _CodeOut
    is_registered: bool
    version: Version | None
    names: NamesOut
    parent: _CodeOut | None
    severity: Severity | None
    owner_unit: UnitCodeOut | None
    demanded_steps: Annotated[list[RecoveryKind], Field(max_length=len(RecoveryKind))]
    auto_close_days: Annotated[int, Field(ge=0, le=3650)] | None
    is_active: bool
    seen_count: Count | None
    """How many complaints have it; null for registered ones, which the list of complaints counts."""
    last_seen_at: datetime | None
    """When the newest of them was received."""
    created_at: datetime | None
    updated_at: datetime | None


class CategoryPage(PageOf):
    """A page of categories by code."""

    data: Annotated[list[CategoryListed], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class CategoryQuery(ChangesQuery):
    """Filters add up: a category must match all of them."""

    registered: QueryFlag = True
    """False: the codes that complaints have and nobody registered; other filters do not go with it."""
    parent: CategoryCode | None = None
    """Right below this category."""
    active: QueryFlag | None = None
    """Open to new complaints, or not any more."""


class CausePut(Input):
    """A cause to register, or what to change of the one that has the code: absent members are kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"names": CAUSE_NAMES}]})

    names: Names = Field(default=UNSET, examples=[CAUSE_NAMES])
    """What people read, by language; replaced whole. Required when the code is new."""
    parent: CauseCode | None = Field(default=None, examples=[None])
    """The cause it belongs to, which is registered."""
    is_active: Flag = Field(default=UNSET, examples=[True])
    """Whether it may be found again; complaints that have it keep it. True when the code is new."""


class CauseRead(Output):
    """Why things fail."""

    code: Annotated[str, line_out(64)]
    version: Version
    names: NamesOut
    parent: Annotated[str, line_out(64)] | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


class CausePage(PageOf):
    """A page of causes by code."""

    data: Annotated[list[CauseRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class CauseQuery(ChangesQuery):
    """Filters add up: a cause must match all of them."""

    parent: CauseCode | None = None
    """Right below this cause."""
    active: QueryFlag | None = None
    """In use, or not any more."""
