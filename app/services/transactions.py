"""Record, find and read transactions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from app.domain import money
from app.domain.access import Actor
from app.domain.transactions import LOWERING, signed
from app.errors import AppError, ConflictError, FieldError, InvalidError, NotFoundError
from app.schemas._base import Money
from app.schemas.transactions import TransactionCreate, TransactionQuery, TransactionSort
from app.services import customer_keys, records
from app.store import audit
from app.store.engine import single
from app.store.paging import After, Page, SortKey, fetch
from app.store.tables import Transaction
from app.store.types import new_id, now
from app.store.visibility import narrow

Row = dict[str, Any]

_READ = select(Transaction.__table__)
_SORTS = {
    TransactionSort.OLDEST: (SortKey(Transaction.occurred_at), SortKey(Transaction.id)),
    TransactionSort.NEWEST: (
        SortKey(Transaction.occurred_at, descending=True),
        SortKey(Transaction.id, descending=True),
    ),
}


# --- reading


@single
def get(tx: Connection, actor: Actor, transaction_id: UUID) -> Row:
    """Read one transaction.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see its customer.
    """
    statement = narrow(_READ.where(Transaction.id == transaction_id), actor, Transaction.customer_id)
    row = tx.execute(statement).mappings().first()
    if row is None:
        raise NotFoundError("There is no such transaction.")
    return _shape(dict(row))


@single
def page(tx: Connection, actor: Actor, query: TransactionQuery, after: After | None) -> Page:
    """Read a page of the transactions that match every filter."""
    statement = narrow(_READ, actor, Transaction.customer_id)
    if query.external_id is not None:
        source, _, key = query.external_id.partition(":")
        statement = statement.where(Transaction.source == source, Transaction.external_id == key)
    for member in ("customer_id", "source", "channel"):
        if (value := getattr(query, member)) is not None:
            statement = statement.where(getattr(Transaction, member) == value)
    if query.kind:
        statement = statement.where(Transaction.kind.in_(query.kind))
    if query.occurred_from is not None:
        statement = statement.where(Transaction.occurred_at >= query.occurred_from)
    if query.occurred_before is not None:
        statement = statement.where(Transaction.occurred_at < query.occurred_before)
    found = fetch(tx, statement, _SORTS[query.sort], limit=query.limit, after=after)
    return Page([_shape(row) for row in found.rows], found.after)


# --- writing


def create(tx: Connection, actor: Actor, data: TransactionCreate) -> Row:
    """Record one transaction. A purchase or charge of a prospect makes it active.

    Raises:
        InvalidError: an amount that does not fit its currency or kind, or a customer who is unknown or
            whom the caller may not see (``unknown_customer``).
        ConflictError: the source has a transaction with this external id (``transaction_exists``).
        ForbiddenError: ``create_missing`` without the scope to write customers.
    """
    [row] = create_many(tx, actor, [data])
    if isinstance(row, AppError):
        raise row
    return row


def create_many(
    tx: Connection, actor: Actor, items: Sequence[TransactionCreate], *, ids: Sequence[UUID] | None = None
) -> list[Row | AppError]:
    """Record transactions together, in a number of statements that does not depend on how many they are.

    ``ids`` are the ids they get, new ones by default.

    Returns:
        For each item its row, or why it was refused (see `create`); a refused item leaves no trace. The
        caller decides whether one refusal refuses all.

    Raises:
        ForbiddenError: an item asks for ``create_missing`` without the scope to write customers.
        ConflictError: another request stored some of the transactions in the meantime.
    """
    at = now()
    rows = [
        _new_row(item, at, row_id)
        for item, row_id in zip(items, ids or [new_id() for _ in items], strict=True)
    ]
    prospects = records.store_new(tx, actor, _KIND, items, rows)
    stored = [row for row in rows if isinstance(row, dict)]
    if buyers := prospects & {row["customer_id"] for row in stored if row["kind"] not in LOWERING}:
        customer_keys.activate_prospects(tx, actor, buyers)
    recorded = [(str(row["id"]), row["customer_id"]) for row in stored]
    audit.record_all(tx, actor, "transaction.recorded", recorded)
    return [_shape(row) if isinstance(row, dict) else row for row in rows]


# --- inside


def _new_row(item: TransactionCreate, at: datetime, row_id: UUID) -> Row | AppError:
    """The row of an item whose customer is still to be found, or why its amounts are refused."""
    try:
        amount_minor = _minor(item, item.amount, "/amount")
        cost_minor = None if item.cost is None else _minor(item, item.cost, "/cost")
    except InvalidError as refusal:
        return refusal
    return {
        "id": row_id,
        "customer_id": item.customer_id,
        "source": item.source,
        "external_id": item.external_id,
        "kind": item.kind,
        "amount_minor": amount_minor,
        "currency": item.amount.currency,
        "occurred_at": item.occurred_at,
        "recorded_at": at,
        "category": item.category,
        "channel": item.channel,
        "cost_minor": cost_minor,
        "import_id": None,
    }


def _minor(item: TransactionCreate, given: Money, pointer: str) -> int:
    """The effect of an amount of the item, in minor units, signed by the item's kind."""
    if given.currency != item.amount.currency:
        raise _wrong(f"{pointer}/currency", "other_currency", "Expected the currency of the amount.")
    try:
        decimals = money.minor_digits(given.currency)
    except ValueError:
        detail = "This is not a currency of ISO 4217."
        raise _wrong(f"{pointer}/currency", "unknown_currency", detail) from None
    try:
        minor = money.parse(given.amount, given.currency)
    except ValueError:
        detail = "Expected an amount with at most {decimals} decimals, up to {most}."
        most = money.format(money.MAX_MINOR, given.currency)
        raise _wrong(f"{pointer}/amount", "amount_range", detail, decimals=decimals, most=most) from None
    try:
        return signed(item.kind, minor)
    except ValueError:
        detail = "A purchase or a charge cannot be negative."
        raise _wrong(f"{pointer}/amount", "negative_amount", detail) from None


def _wrong(pointer: str, code: str, detail: str, **params: object) -> InvalidError:
    return InvalidError(fields=[FieldError(pointer, code, detail, params=params)])


def _exists() -> ConflictError:
    detail = "The source has a transaction with this external id already."
    return ConflictError(detail, code="transaction_exists")


_KIND = records.Kind(Transaction, _exists)


def _shape(row: Row) -> Row:
    """A row as `TransactionRead` wants it, members in its order."""
    currency, cost = row["currency"], row["cost_minor"]
    return {
        "id": row["id"],
        "customer_id": row["customer_id"],
        "source": row["source"],
        "external_id": row["external_id"],
        "kind": row["kind"],
        "amount": money.to_wire(abs(row["amount_minor"]), currency),
        "cost": None if cost is None else money.to_wire(abs(cost), currency),
        "occurred_at": row["occurred_at"],
        "recorded_at": row["recorded_at"],
        "category": row["category"],
        "channel": row["channel"],
        "import_id": row["import_id"],
    }
