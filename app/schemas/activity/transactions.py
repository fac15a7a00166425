"""Transactions on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.activity.transactions import TransactionKind
from app.domain.customers.customers import Channel
from app.schemas.common.base import (
    UNSET,
    ExternalKey,
    HappenedIn,
    Input,
    InstantIn,
    Money,
    Output,
    PageOf,
    Paging,
    QualifiedKey,
    SystemName,
    Version,
    line,
    line_out,
)
from app.schemas.common.batches import COUNTED, KEPT, BatchItem
from app.schemas.customers.naming import NAMED, NamesOrCreatesCustomer

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a20"
MAX_KINDS = len(TransactionKind)

Category = Annotated[str, line(100), Field(examples=["shoes"])]


_EXAMPLE: dict[str, Any] = {
    "source": "pos",
    "kind": "purchase",
    "amount": {"amount": "1234.50", "currency": "TRY"},
    "cost": {"amount": "800.00", "currency": "TRY"},
    "occurred_at": "2026-11-23T09:30:00Z",
    "category": "shoes",
    "channel": "store",
}


class TransactionCreate(NamesOrCreatesCustomer):
    """A transaction to record. Name its customer by ``customer_id`` or by ``customer``, not both."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {**NAMED, **_EXAMPLE, "external_id": "R-2026-000418"},
            ]
        }
    )

    source: SystemName = Field(default="api", examples=["pos"])
    """The system the transaction comes from."""
    external_id: ExternalKey = Field(examples=["R-2026-000417"])
    """The transaction's key there; unique per source, so that nothing is recorded twice."""
    kind: TransactionKind = Field(examples=["purchase"])
    amount: Money
    """Refunds and cancellations may come with either sign, purchases and charges are not negative."""
    occurred_at: HappenedIn
    """When it happened. Not in the future: an order that is still to come is recorded when it has come."""
    category: Category | None = None
    """Product category."""
    channel: Channel | None = Field(default=None, examples=["store"])
    cost: Money | None = Field(default=None, examples=[{"amount": "800.00", "currency": "TRY"}])
    """What the goods cost the company, in the currency of ``amount`` and signed like it; null if unknown."""


class TransactionUpdate(Input):
    """A correction (merge patch): what is left out stays, null clears where null is possible."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": {"amount": "1134.50", "currency": "TRY"}}]}
    )

    kind: TransactionKind = Field(default=UNSET, examples=["purchase"])
    amount: Money = Field(default=UNSET, examples=[{"amount": "1134.50", "currency": "TRY"}])
    occurred_at: HappenedIn = Field(default=UNSET, examples=["2026-11-23T09:30:00Z"])
    category: Category | None = None
    channel: Channel | None = Field(default=None, examples=["store"])
    cost: Money | None = Field(default=None, examples=[{"amount": "800.00", "currency": "TRY"}])


class TransactionRead(Output):
    """A purchase, refund, cancellation or subscription charge."""

    id: UUID
    customer_id: UUID
    source: SystemName
    external_id: Annotated[str, line_out(200)]
    kind: TransactionKind
    amount: Money
    """What moved, never negative: purchases and charges raise the customer's value by it, refunds and
    cancellations lower it."""
    cost: Money | None
    """What the goods cost the company, or for refunds and cancellations what came back; null if unknown."""
    occurred_at: datetime
    recorded_at: datetime
    updated_at: datetime
    """When it was recorded, or corrected or moved last."""
    version: Version
    category: Annotated[str, line_out(100)] | None
    channel: Channel | None
    import_id: UUID | None
    """The import that brought it; null when it came one by one."""


class TransactionPage(PageOf):
    """A page of transactions."""

    data: Annotated[list[TransactionRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class TransactionSort(StrEnum):
    """Order of the list; ``-`` is newest first."""

    NEWEST = "-occurred_at"
    OLDEST = "occurred_at"
    UPDATED_AT = "updated_at"


class TransactionQuery(Paging):
    """Filters add up: a transaction must match all of them."""

    sort: TransactionSort = TransactionSort.NEWEST
    """Newest or oldest first, or in the order of their last change."""
    customer_id: UUID | None = None
    """Of this customer."""
    customer_external_id: QualifiedKey | None = None
    """Of the customer with this key in another system: ``system:key``, for example ``crm:C-000001``.
    A key that no customer has, or another one than ``customer_id``, finds nothing."""
    external_id: QualifiedKey | None = None
    """``source:key``, for example ``pos:R-2026-000417``."""
    kind: Annotated[list[TransactionKind], Field(max_length=MAX_KINDS)] = Field(default=[])
    """Of one of these kinds; repeat for more."""
    source: SystemName | None = None
    """From this source."""
    channel: Channel | None = None
    """Through this channel."""
    occurred_from: InstantIn | None = None
    """Only transactions at this instant or later."""
    occurred_before: InstantIn | None = None
    """Only transactions before this instant."""
    updated_after: InstantIn | None = None
    """Only transactions recorded, corrected or moved after this instant."""


class TransactionBatch(Input):
    """Transactions to record together."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {**NAMED, **_EXAMPLE, "external_id": "R-2026-000419"},
                        {**NAMED, **_EXAMPLE, "external_id": "R-2026-000419-R", "kind": "refund"},
                    ]
                }
            ]
        }
    )

    items: Annotated[list[Annotated[TransactionCreate, KEPT]], Field(min_length=1, max_length=1000), COUNTED]


class TransactionBatchItem(BatchItem):
    """What became of one transaction of a batch."""

    transaction: TransactionRead | None


class TransactionBatchResult(Output):
    """What became of each transaction, in the order of the request."""

    data: Annotated[list[TransactionBatchItem], Field(max_length=1000)]
