"""Local calendar days inside SQL."""

from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, Date, Interval, case, cast, literal, type_coerce

from app.domain.common.days import DAY_MICROS, EPOCH_DAY
from app.store import dialects
from app.store.transactions import ReadTx
from app.store.types import from_micros

_AHEAD_DAYS = 50_000
"""Days added before dividing and taken off after it: SQLite's division rounds towards zero, not down."""


def local_day(tx: ReadTx, column: Any, shifts: list[tuple[int, int]]) -> Any:
    """The local day of the instants in ``column``, in days since 1970-01-01.

    ``shifts`` are those of `app.domain.common.days.day_shifts` for a range that holds all instants of the
    column: so both databases count days as Python does, whatever zone files they have themselves.
    """
    if dialects.is_postgres(tx):
        shifted = column + _shift(column, [(at, _interval(shift)) for at, shift in shifts])
        epoch = literal(EPOCH_DAY, Date())
        return type_coerce(cast(shifted, Date()) - epoch, BigInteger())
    number = type_coerce(column, BigInteger())
    ahead = [(at, literal(shift + _AHEAD_DAYS * DAY_MICROS, BigInteger())) for at, shift in shifts]
    return (number + _shift(column, ahead)) // DAY_MICROS - _AHEAD_DAYS


def _shift(column: Any, shifts: list[tuple[int, Any]]) -> Any:
    (_, oldest), *later = shifts
    if not later:
        return oldest
    # Newest first: most instants are recent.
    return case(*((column >= from_micros(at), shift) for at, shift in reversed(later)), else_=oldest)


def _interval(shift: int) -> Any:
    return literal(timedelta(microseconds=shift), Interval())
