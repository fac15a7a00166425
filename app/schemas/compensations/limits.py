"""Authority limits and budgets of compensation on the wire."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from app.schemas.common.base import (
    ChangesQuery,
    Flag,
    Input,
    InstantIn,
    Label,
    Money,
    Output,
    PageOf,
    Version,
)
from app.schemas.compensations.kinds import EXAMPLE_CODE as EXAMPLE_KIND
from app.schemas.people.codes import RoleCode, RoleCodeOut, UnitCode, UnitCodeOut
from app.schemas.standards.standards import Tier

EXAMPLE_LIMIT = "clerk_voucher"
EXAMPLE_UNIT = "turkey"
EXAMPLE_MONTH = "2026-11"


def _try(amount: str) -> dict[str, Any]:
    return {"amount": amount, "currency": "TRY"}


_LIMIT: dict[str, Any] = {
    "role": "clerk",
    "tier": None,
    "kind": EXAMPLE_KIND,
    "per_case": _try("250.00"),
    "per_day": _try("1000.00"),
    "per_month": _try("8000.00"),
}


class AuthorityLimitPut(Input):
    """How much agents of a role may give of a kind without asking. All amounts are in the reporting
    currency."""

    model_config = ConfigDict(json_schema_extra={"examples": [_LIMIT]})

    role: RoleCode
    tier: Tier | None = Field(default=None, examples=[None])
    """Only for customers of this value tier; null: for all for whom no limit names their tier."""
    kind: Label = Field(examples=[EXAMPLE_KIND])
    """Code of the kind of compensation."""
    per_case: Money = Field(examples=[_try("250.00")])
    """All that is given of the kind in one case, by whomever: a complaint, or an interaction without one."""
    per_day: Money | None = Field(default=None, examples=[_try("1000.00")])
    """What one agent gives under this limit on one local day; null: no limit of that."""
    per_month: Money | None = Field(default=None, examples=[_try("8000.00")])
    """What one agent gives under this limit in one local month; null: no limit of that."""
    valid_from: InstantIn | None = Field(default=None, examples=["2026-01-01T00:00:00+03:00"])
    """From when on it counts; now by default."""
    is_active: Flag = True
    """False ends the limit from ``valid_from`` on: the role may give nothing by it any more."""


class AuthorityLimitRead(Output):
    """How much agents of a role may give of a kind without asking."""

    code: Label
    version: Version
    role: RoleCodeOut
    tier: Tier | None
    kind: Label
    per_case: Money
    per_day: Money | None
    per_month: Money | None
    valid_from: datetime
    is_active: bool
    created_at: datetime
    updated_at: datetime


class AuthorityLimitPage(PageOf):
    """A page of authority limits by code."""

    data: Annotated[list[AuthorityLimitRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class AuthorityLimitQuery(ChangesQuery):
    """Which limits."""

    role: RoleCode | None = None
    """Of this role."""
    kind: Label | None = None
    """Of this kind of compensation."""


Month = Annotated[
    str,
    StringConstraints(max_length=7, pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"),
    Field(examples=[EXAMPLE_MONTH]),
]
"""A local calendar month, YYYY-MM."""


class CompensationBudgetPut(Input):
    """How much a unit may give in a month."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"amount": _try("20000.00")}]})

    amount: Money = Field(examples=[_try("20000.00")])
    """In the reporting currency; 0: nothing."""


class CompensationBudgetRead(Output):
    """How much a unit may give in a month, and how much it has given."""

    unit: UnitCodeOut
    month: Month
    version: Version
    amount: Money
    spent: Money
    """What its agents gave, less what was taken back. Greater than the amount only where that was lowered."""
    left: Money
    """0 where more is spent than the amount."""
    created_at: datetime
    updated_at: datetime


class CompensationBudgetPage(PageOf):
    """A page of budgets by unit and month."""

    data: Annotated[list[CompensationBudgetRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class CompensationBudgetQuery(ChangesQuery):
    """Which budgets."""

    unit: UnitCode | None = None
    """Of this unit."""
    month: Month | None = None
    """Of this month."""
