"""Profit and cost to serve on the wire."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.domain.customers.customers import Channel, Tier
from app.schemas.common.base import Count, Money, Output, line_out
from app.schemas.insights.unit_costs import Cost
from app.schemas.insights.value_tiers import Window
from app.schemas.scoring.runs import Share

Ratio = Annotated[float, Field(ge=0)]
Channels = Annotated[list[Channel], Field(max_length=len(Channel))]


class NotCounted(StrEnum):
    """A cost of serving customers that is missing from the figures."""

    COMPENSATION = "compensation"
    """Some of it was given in another reporting currency than that of the run."""


class NotKnown(StrEnum):
    """What is not known of a customer who has no profit: the cost of goods; the unit cost of a channel it
    got in touch over; the unit cost of returns."""

    GOODS = "goods"
    CONTACTS = "contacts"
    RETURNS = "returns"


Missing = Annotated[list[NotCounted], Field(max_length=len(NotCounted))]


class Unknown(Output):
    """Customers without a profit by what is not known of them; one can be among several."""

    goods: Count
    """A transaction without a cost, refunds included, or in another currency than the reporting one."""
    contacts: Count
    """A contact over a channel without a unit cost."""
    returns: Count
    """A return, while there is no unit cost of returns."""


class WhalePoint(Output):
    """A share of the customers, most profitable first, and the share of all profit they earn."""

    customer_share: Share
    profit_share: Ratio
    """Above 1 where customers who cost more than they bring come after them."""


class UnitCostUsed(Output):
    """What a contact or a return was taken to cost, in the major unit of the reporting currency."""

    per_contact: Cost
    per_minute: Cost


class ChannelCost(Output):
    """Contacts over a channel, inbound and outbound."""

    channel: Channel
    contacts: Count
    seconds: Count
    """Talk, hold and wrap-up, as far as they are known."""
    untimed: Count
    """Contacts whose talk is not known; they count as of no length."""
    unit_cost: UnitCostUsed | None
    """Null: there is none, so what these contacts cost is not known."""
    cost: Money | None
    """Of all of them, also of customers without a profit."""


class ReturnsCost(Output):
    """Refunds and cancellations."""

    count: Count
    unit_cost: UnitCostUsed | None
    cost: Money | None


class TierProfit(Output):
    """The customers of a value tier; amounts are sums over those with a profit."""

    tier: Tier
    n: Count
    known: Count
    revenue: Money
    serve: Money
    serve_share: Ratio | None
    profit: Money
    unprofitable: Count


class Loss(Output):
    """A customer who costs more than it brings."""

    id: UUID
    name: Annotated[str, line_out(200)] | None
    tier: Tier
    revenue: Money
    serve: Money
    profit: Money


class ProfitRead(Output):
    """What customers left after costs, over the window of one run; amounts are sums over those with a
    profit. The revenue is that of the run; costs and contacts are those that are known now."""

    method: Literal["profit"]
    run_id: UUID
    as_of: date
    is_current: bool
    window: Window
    not_counted: Missing
    n: Count
    """Customers with a value tier."""
    known: Count
    """Those with a profit: all costs are known."""
    coverage_customers: Share | None
    coverage_revenue: Share | None
    """Share of the revenue above 0 that those with a profit bring."""
    unknown: Unknown
    revenue: Money
    goods: Money
    serve: Money
    """Contacts and returns at their unit costs, and compensation."""
    serve_share: Ratio | None
    """Of the revenue; null unless that is above 0."""
    profit: Money
    unprofitable: Count
    loss: Money
    """What the unprofitable ones lose together, 0 or less."""
    whale: Annotated[list[WhalePoint], Field(max_length=101)]
    """Empty unless the profit is above 0."""
    peak_share: Ratio | None
    """Highest point of the whale curve."""
    tiers: Annotated[list[TierProfit], Field(max_length=3)]
    channels: Annotated[list[ChannelCost], Field(max_length=len(Channel))]
    channels_without_cost: Channels
    """Channels with contacts and without a unit cost: set them at ``/v1/unit-costs``."""
    returns: ReturnsCost
    compensation: Money
    """Given to make up for failures, less what was taken back, also to customers without a profit."""
    top_losses: Annotated[list[Loss], Field(max_length=50)]
    """Greatest loss first."""


class CustomerProfitRead(Output):
    """What one customer left after costs, over the window of the current run."""

    customer_id: UUID
    run_id: UUID
    as_of: date
    window: Window
    tier: Tier | None
    not_counted: Missing
    unknown: Annotated[list[NotKnown], Field(max_length=len(NotKnown))]
    """Why there is no profit; empty as well for a customer without a value tier."""
    revenue: Money | None
    """Value by the run; null without a value tier."""
    goods: Money | None
    channels: Annotated[list[ChannelCost], Field(max_length=len(Channel))]
    returns: ReturnsCost
    compensation: Money
    """Given to make up for failures, less what was taken back, also to customers without a profit."""
    serve: Money | None
    serve_share: Ratio | None
    profit: Money | None
