"""Things tests start from, put into the store through the services or, in bulk, into the tables."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert

from app.domain.access import Actor
from app.schemas.customers import CustomerCreate
from app.services import customers
from app.store.tables import Transaction
from app.store.types import new_id, now

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def customer(tx: Connection, actor: Actor, name: str = "Ayşe Yılmaz", **members: object) -> UUID:
    """Record a customer and return its id."""
    row = customers.create(tx, actor, CustomerCreate.model_validate({"name": name, **members}))
    return UUID(str(row["id"]))


def transaction_body(**members: Any) -> dict[str, Any]:
    """What to send to record a purchase of 12.30 TRY by the customer C-1 of the CRM, but for ``members``;
    None leaves one out."""
    body = {
        "customer": {"system": "crm", "key": "C-1"},
        "external_id": uuid4().hex,
        "kind": "purchase",
        "amount": {"amount": "12.30", "currency": "TRY"},
        "occurred_at": "2026-11-23T09:30:00Z",
        **members,
    }
    return {name: value for name, value in body.items() if value is not None}


def purchases(
    tx: Connection,
    actor: Actor,
    customer_id: UUID,
    amounts_minor: Iterable[int],
    *,
    at: datetime = NOON,
    currency: str = "TRY",
    kind: str = "purchase",
) -> None:
    """Record transactions of a customer; amounts are effects on value."""
    rows = [
        {
            "id": new_id(),
            "customer_id": customer_id,
            "source": "test",
            "external_id": new_id().hex,
            "kind": kind,
            "amount_minor": amount,
            "currency": currency,
            "occurred_at": at,
            "recorded_at": now(),
        }
        for amount in amounts_minor
    ]
    if rows:
        tx.execute(insert(Transaction), rows)


def customers_worth(
    tx: Connection, actor: Actor, values_minor: Iterable[int], at: datetime = NOON
) -> list[UUID]:
    """Record a customer for each value, with one transaction of this value (a refund when negative)."""
    ids = []
    for number, value in enumerate(values_minor):
        customer_id = customer(tx, actor, f"Customer {number}")
        purchases(tx, actor, customer_id, [value], at=at, kind="purchase" if value >= 0 else "refund")
        ids.append(customer_id)
    return ids
