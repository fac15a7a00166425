"""Put the demo company into an empty store."""

from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, func, insert, select

from app.domain.access import Actor, Scope
from app.domain.demo import Demo
from app.domain.transactions import TransactionKind, signed
from app.errors import AppError
from app.schemas.customers import EXAMPLE_ID, CustomerCreate
from app.services import customers, keys
from app.store import dialects
from app.store.tables import Customer, ExchangeRate, ScoringRun, Transaction
from app.store.types import from_micros, new_id, now

_TRANSACTION_COLUMNS = (
    "id",
    "customer_id",
    "source",
    "external_id",
    "kind",
    "amount_minor",
    "currency",
    "occurred_at",
    "recorded_at",
    "category",
    "channel",
    "cost_minor",
)


def is_empty(tx: Connection, _actor: Actor) -> bool:
    """Whether the store has no customer yet."""
    return tx.execute(select(func.count()).select_from(Customer)).scalar_one() == 0


def is_scored(tx: Connection, _actor: Actor) -> bool:
    """Whether a scoring run is current."""
    return tx.execute(select(ScoringRun.id).where(ScoringRun.is_current)).first() is not None


def load(tx: Connection, actor: Actor, demo: Demo, token: str) -> None:
    """Record every customer, rate and transaction of the demo, and its API key ``token``, all or nothing.

    The first customer gets the id that stands in the examples of the API's documentation.

    Raises:
        AppError: the store has something of the demo already.
    """
    items = [CustomerCreate.model_validate(_wire(item)) for item in demo.customers]
    ids = [UUID(EXAMPLE_ID), *(new_id() for _ in items[1:])]
    for result in customers.create_many(tx, actor, items, ids=ids):
        if isinstance(result, AppError):
            raise result
    at = now()
    rates = [
        {"currency": currency, "on_date": on, "rate": rate, "updated_at": at}
        for currency, on, rate in demo.rates
    ]
    tx.execute(insert(ExchangeRate), rates)
    keys.create_known(tx, actor, token, "demo", list(Scope))
    dialects.upsert_many(tx, Transaction, _TRANSACTION_COLUMNS, ("id",), _transactions(demo, ids, at))


def _wire(item: dict[str, Any]) -> dict[str, Any]:
    """A customer of the demo as a request would carry it."""
    dates = ("born_on", "customer_since_on", "left_on")
    return {**item, **{name: item[name].isoformat() for name in dates if item[name] is not None}}


def _transactions(demo: Demo, ids: list[UUID], at: Any) -> Any:
    columns = demo.transactions
    micros = columns.occurred_at.astype("datetime64[us]").astype(np.int64)
    for index, external_id, kind, amount, currency, occurred, category, channel, cost in zip(
        columns.customer_index.tolist(),
        columns.external_id,
        columns.kind,
        columns.amount_minor.tolist(),
        columns.currency,
        micros.tolist(),
        columns.category,
        columns.channel,
        columns.cost_minor.tolist(),
        strict=True,
    ):
        yield (
            new_id(),
            ids[index],
            "demo",
            external_id,
            kind,
            signed(TransactionKind(kind), amount),
            currency,
            from_micros(occurred),
            at,
            category,
            channel,
            None if cost < 0 else cost,
        )
