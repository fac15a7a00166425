"""Set, find and remove exchange rates into the reporting currency."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, select

from app.domain.common import money
from app.domain.common.access import Actor
from app.errors import FieldError, InvalidError
from app.schemas.activity.exchange_rates import (
    ExchangeRateItem,
    ExchangeRatePut,
    ExchangeRateQuery,
    ExchangeRateSort,
)
from app.services.platform import preconditions
from app.store import dialects
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, equal, since, window
from app.store.paging import After, Page, SortKey
from app.store.sql.composite_keys import in_pairs
from app.store.tables import ExchangeRate
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now, to_micros

_READ = select(ExchangeRate.__table__)
_BY_CURRENCY = (SortKey(ExchangeRate.currency), SortKey(ExchangeRate.on_date))
RATES = Listing(
    ExchangeRateQuery,
    _READ,
    owner=COMPANY_WIDE,
    missing="There is no such exchange rate.",
    sorts={
        ExchangeRateSort.CURRENCY: _BY_CURRENCY,
        ExchangeRateSort.UPDATED_AT: (SortKey(ExchangeRate.updated_at), *_BY_CURRENCY),
    },
    filters=[
        equal(ExchangeRate.currency),
        window("on", ExchangeRate.on_date),
        since(ExchangeRate.updated_at),
    ],
)


@one_statement
def get(tx: ReadTx, actor: Actor, currency: str, on: date) -> Row:
    """Read the rate of one currency on one local day.

    Raises:
        NotFoundError: none is set for this day.
    """
    return _shape(_find(tx, actor, currency, on))


@one_statement
def page(tx: ReadTx, actor: Actor, query: ExchangeRateQuery, after: After | None) -> Page:
    """Read a page of the rates that match every filter."""
    return RATES.page(tx, actor, query, after, _shape)


def put(
    tx: WriteTx,
    actor: Actor,
    currency: str,
    on: date,
    data: ExchangeRatePut,
    if_match: str | None = None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Set the rate of one currency on one local day.

    Returns:
        The rate, and whether the day had none before.

    Raises:
        InvalidError: an unknown currency, or the reporting currency itself.
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    if wrong := _wrong_currency(actor, currency, "currency", "path"):
        raise InvalidError(fields=[wrong])
    key = (currency, on)
    dialects.advisory_lock(tx, f"exchange-rate:{currency}:{on}")
    before = _stored(tx, {key})
    version = _version(before[key]) if before else None
    preconditions.check_version(version, if_match, if_none_match)
    after = _set(tx, actor, {key: data.rate}, before)
    return _shape(after[key]), key not in before


def put_many(tx: WriteTx, actor: Actor, items: Sequence[ExchangeRateItem]) -> Row:
    """Set rates together, all or none, in a number of statements that does not depend on how many they are.

    Returns:
        The rates under ``data``, in the order of ``items``.

    Raises:
        InvalidError: as in `put`, or a currency and day given twice.
    """
    wanted: dict[tuple[str, date], str] = {}
    wrong: list[FieldError] = []
    for index, item in enumerate(items):
        if refusal := _wrong_currency(actor, item.currency, f"/items/{index}/currency"):
            wrong.append(refusal)
        elif (item.currency, item.on) in wanted:
            detail = "The same currency and day are given twice."
            wrong.append(FieldError(f"/items/{index}", "repeated", detail))
        wanted[item.currency, item.on] = item.rate
    if wrong:
        raise InvalidError(fields=wrong)
    after = _set(tx, actor, wanted, _stored(tx, wanted.keys()))
    return {"data": [_shape(after[key]) for key in wanted]}


def remove(tx: WriteTx, actor: Actor, currency: str, on: date, if_match: str | None = None) -> None:
    """Remove a rate; scoring then leaves out and counts what it would have converted.

    Raises:
        NotFoundError: none is set for this day.
        PreconditionFailedError: ``if_match`` does not name the present version.
    """
    dialects.advisory_lock(tx, f"exchange-rate:{currency}:{on}")
    preconditions.check_version(_version(_find(tx, actor, currency, on)), if_match)
    condition = (ExchangeRate.currency == currency) & (ExchangeRate.on_date == on)
    tx.execute(delete(ExchangeRate).where(condition))
    trail.record(tx, actor, "exchange_rate.deleted", f"{currency}:{on}")


# --- inside


def _find(tx: ReadTx, actor: Actor, currency: str, on: date) -> Row:
    return RATES.one_or_404(tx, actor, ExchangeRate.currency == currency, ExchangeRate.on_date == on)


def _wrong_currency(actor: Actor, currency: str, pointer: str, location: str = "body") -> FieldError | None:
    if currency == actor.company.reporting_currency:
        detail = "The reporting currency has no exchange rate into itself."
        return FieldError(pointer, "reporting_currency", detail, location)
    try:
        money.minor_digits(currency)
    except ValueError:
        return FieldError(pointer, "unknown_currency", "This is not a currency of ISO 4217.", location)
    return None


def _stored(tx: ReadTx, keys: Any) -> dict[tuple[str, date], Row]:
    rows = tx.execute(_READ.where(in_pairs(ExchangeRate.currency, ExchangeRate.on_date, keys))).mappings()
    return {(row["currency"], row["on_date"]): dict(row) for row in rows}


def _set(
    tx: WriteTx, actor: Actor, wanted: dict[tuple[str, date], str], before: dict[tuple[str, date], Row]
) -> dict[tuple[str, date], Row]:
    """Store the rates that differ from ``before``; return all that were wanted."""
    at = now()
    changed = {
        key: {"currency": key[0], "on_date": key[1], "rate": rate, "updated_at": at}
        for key, rate in sorted(wanted.items())  # in order, so that two batches do not deadlock
        if key not in before or before[key]["rate"] != rate
    }
    if changed:
        statement = dialects.upsert(tx, ExchangeRate, ["currency", "on_date"], ["rate", "updated_at"])
        tx.execute(statement, list(changed.values()))
        objects = [(f"{currency}:{on}", None) for currency, on in changed]
        trail.record_all(tx, actor, "exchange_rate.set", objects, members=["rate"])
    return before | changed


def _version(row: Row) -> int:
    """The instant of the last change serves as the version: rates are set in bulk and have no other."""
    return to_micros(row["updated_at"])


def _shape(row: Row) -> Row:
    """A rate as `ExchangeRateRead` wants it; its version becomes the ETag and is not in the answer."""
    return {
        "version": _version(row),
        "currency": row["currency"],
        "on": row["on_date"],
        "rate": row["rate"],
        "updated_at": row["updated_at"],
    }
