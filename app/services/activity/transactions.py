"""Record, find and read transactions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.domain.activity.transactions import LOWERING, TransactionKind, signed
from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.imports import source_digests
from app.errors import AppError, FieldError, InvalidError
from app.schemas.activity.transactions import (
    TransactionCreate,
    TransactionQuery,
    TransactionSort,
    TransactionUpdate,
)
from app.schemas.common.base import Money
from app.services.activity import recording
from app.services.customers import external_ids
from app.services.platform.changes import begin, one_or_raise
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import (
    Listing,
    any_of,
    by_time,
    customer_external_id,
    equal,
    external_id,
    since,
    window,
)
from app.store.paging import After, Page, SortKey
from app.store.tables import Transaction
from app.store.transactions import ReadTx, WriteTx
from app.store.types import new_id, now, to_micros

Row = dict[str, Any]

_UPDATED_AT = func.coalesce(Transaction.changed_at, Transaction.recorded_at)
"""When a transaction was recorded, or corrected or moved last; has an index of its own."""

TRANSACTIONS = Listing(
    TransactionQuery,
    select(Transaction.__table__, _UPDATED_AT.label("updated_at")),
    owner=Transaction.customer_id,
    missing="There is no such transaction.",
    sorts=by_time(TransactionSort, Transaction.occurred_at, None, Transaction.id)
    | {
        TransactionSort.UPDATED_AT: (
            SortKey(_UPDATED_AT.label("updated_at"), computed=True),
            SortKey(Transaction.id),
        )
    },
    filters=[
        external_id(Transaction.source, Transaction.external_id),
        customer_external_id(Transaction.customer_id),
        equal(Transaction.customer_id, Transaction.source, Transaction.channel),
        any_of(Transaction.kind),
        window("occurred", Transaction.occurred_at),
        since(_UPDATED_AT),
    ],
)


# --- reading


@one_statement
def get(tx: ReadTx, actor: Actor, transaction_id: UUID) -> Row:
    """Read one transaction.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see its customer.
    """
    return shape(TRANSACTIONS.one_or_404(tx, actor, Transaction.id == transaction_id))


@one_statement
def page(tx: ReadTx, actor: Actor, query: TransactionQuery, after: After | None) -> Page:
    """Read a page of the transactions that match every filter."""
    return TRANSACTIONS.page(tx, actor, query, after, shape)


# --- writing


def create(tx: WriteTx, actor: Actor, data: TransactionCreate) -> Row:
    """Record one transaction. A purchase or charge of a prospect makes it active.

    Raises:
        InvalidError: an amount that does not fit its currency or kind, or a customer who is unknown or
            whom the caller may not see (``unknown_customer``).
        ConflictError: the source has a transaction with this external id (``transaction_exists``).
        ForbiddenError: ``create_missing`` without the scope to write customers.
    """
    return one_or_raise(create_many(tx, actor, [data]))


def create_many(
    tx: WriteTx, actor: Actor, items: Sequence[TransactionCreate], *, ids: Sequence[UUID] | None = None
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
    prospects = recording.store_new(tx, actor, _KIND, items, rows)
    stored = [row for row in rows if isinstance(row, dict)]
    if buyers := prospects & {row["customer_id"] for row in stored if row["kind"] not in LOWERING}:
        external_ids.activate_prospects(tx, actor, buyers)
    recorded = [(str(row["id"]), row["customer_id"]) for row in stored]
    trail.record_all(tx, actor, "transaction.recorded", recorded)
    return [shape(row) if isinstance(row, dict) else row for row in rows]


def source_digests_of(row: Row) -> bytes:
    """What the source of a stored transaction said of it last."""
    if row["source_said"] is not None:
        return bytes(row["source_said"])
    customer, at = row["customer_id"].bytes, to_micros(row["occurred_at"])
    return source_digests.pack(source_digests.of_sale(customer, {**row, "occurred_at": at}))


def update_one(
    tx: WriteTx, actor: Actor, transaction_id: UUID, data: TransactionUpdate, if_match: str | None
) -> Row:
    """Merge a correction into a transaction; nothing is written when nothing changes.

    Raises:
        NotFoundError: no such transaction, or the caller may not see its customer.
        PreconditionFailedError: ``if_match`` does not name the present version.
        InvalidError: an amount that does not fit its currency or kind.
    """
    change = begin(tx, actor, TRANSACTIONS, Transaction, transaction_id, if_match)
    before = change.before
    shown = shape(before)
    members = {name: shown[name] for name in TransactionUpdate.model_fields}
    sent = data.model_dump(include=data.model_fields_set)
    item = TransactionCreate.model_construct(
        **{**members, **sent, "customer_id": before["customer_id"], "source": "", "external_id": ""}
    )
    item.kind = TransactionKind(item.kind)
    for name in ("amount", "cost"):
        if isinstance(given := getattr(item, name), dict):
            setattr(item, name, Money.model_construct(**given))
    corrected = _new_row(item, change.recorded_at, transaction_id)
    if isinstance(corrected, AppError):
        raise corrected
    changes = {name: corrected[name] for name in _CORRECTED if corrected[name] != before[name]}
    if not changes:
        return shown
    changes["source_said"] = source_digests_of(before)
    external_ids.mark_changed(tx, [before["customer_id"]], change.recorded_at)
    return shape(change.store("transaction.updated", changes, members=sorted(sent), stamp="changed_at"))


# --- inside

_POINTERS = {
    "customer_id": "/customer_id",
    "kind": "/kind",
    "amount_minor": "/amount/amount",
    "currency": "/amount/currency",
    "occurred_at": "/occurred_at",
    "category": "/category",
    "channel": "/channel",
    "cost_minor": "/cost/amount",
}
"""Where a request has what a column holds."""

_CORRECTED = tuple(column for column in _POINTERS if column != "customer_id")
"""Columns that a correction can change."""


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
        "version": 1,
        "changed_at": None,
        "source_said": None,
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


def _differing(row: Row, stored: Row) -> list[str]:
    """JSON Pointers of the members in which a row differs from the transaction that is stored."""
    return [pointer for column, pointer in _POINTERS.items() if row[column] != stored[column]]


_KIND = recording.RecordType(
    Transaction,
    path="/v1/transactions",
    exists="The source has a transaction with this external id already.",
    exists_code="transaction_exists",
    differing=_differing,
    differs_code="transaction_differs",
)


def shape(row: Row) -> Row:
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
        "updated_at": row["changed_at"] or row["recorded_at"],
        "version": row["version"],
        "category": row["category"],
        "channel": row["channel"],
        "import_id": row["import_id"],
    }
