"""Windows of whole local days that reports are asked for."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from app.domain.common.company import Company
from app.errors import FieldError, InvalidError
from app.store.types import now

DAYS = 365


def window_days(company: Company, first: date | None, to: date | None) -> tuple[date, date]:
    """Return the first day of a window and the first behind it; by default the year up to today.

    Raises:
        InvalidError: ``from`` is not before ``to``.
    """
    to = to or company.day_of(now()) + timedelta(days=1)
    first = first or to - timedelta(days=DAYS)
    if first >= to:
        wrong = FieldError("from", "window_order", "from must be before to.", location="query")
        raise InvalidError(fields=[wrong])
    return first, to


def months(company: Company, first: date, to: date) -> Iterator[tuple[str, tuple[datetime, datetime]]]:
    """Give the calendar months of a window, cut at its ends, as instants."""
    begin = first
    while begin < to:
        year, month = divmod(begin.year * 12 + begin.month, 12)
        following = min(date(year, month + 1, 1), to)
        yield f"{begin:%Y-%m}", (company.start_of(begin), company.start_of(following))
        begin = following
