"""Share of wallet on the wire."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.domain.customers.customers import Tier
from app.schemas.common.base import Count, Money, Output
from app.schemas.customers.customers import AttributeName
from app.schemas.insights.value_tiers import InsightQuery, Window
from app.schemas.scoring.runs import Share

_TRY = {"currency": "TRY"}
_FOUND: dict[str, Any] = {
    "n": 2,
    "contradicted": 1,
    "overall": 0.318182,
    "median": 0.4,
    "open": {"amount": "750.00", **_TRY},
}
_NOBODY: dict[str, Any] = {
    "n": 0,
    "contradicted": 0,
    "overall": None,
    "median": None,
    "open": {"amount": "0.00", **_TRY},
}


class WalletQuery(InsightQuery):
    """Which attribute to hold against which run."""

    attribute: AttributeName = Field(examples=["category_spend"])
    """Attribute of customers that says what they spend in the category in all, here and elsewhere: a number
    in the major unit of the reporting currency, over as long a time as the run's window."""


class WalletShares(Output):
    """Shares of wallet of some customers."""

    n: Count
    """Customers with a share."""
    contradicted: Count
    """Said to spend less in all than they did here; left out."""
    overall: Share | None
    """What they spend here over what they spend in all."""
    median: Share | None
    open: Money
    """What they spend elsewhere, together."""


class TierWallet(WalletShares):
    """Shares of wallet of the customers of a value tier."""

    tier: Tier


class WalletRead(WalletShares):
    """How much of what customers spend in the category they spend here, over the window of one run."""

    method: Literal["share_of_wallet"]
    run_id: UUID
    as_of: date
    is_current: bool
    window: Window
    attribute: AttributeName
    customers: Count
    """With a value tier."""
    without_total: Count
    """Those without the attribute."""
    not_an_amount: Count
    """Those whose attribute is no amount of money: a word, below 0, or beyond what is counted."""
    tiers: Annotated[list[TierWallet], Field(max_length=3)]
