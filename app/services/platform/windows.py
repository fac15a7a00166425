"""Windows of whole local days that reports are asked for."""

from datetime import date, timedelta

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
