"""What complaints are found by, beyond their own columns."""

from typing import Any

from app.domain.recovery.complaints import normalise_number
from app.errors import FieldError, InvalidError
from app.store.listing import where
from app.store.tables import Complaint

COLUMNS: tuple[Any, ...] = (
    Complaint.phase,
    Complaint.incident_id,
    Complaint.leading_complaint_id,
)
"""When they happened to the customer, and what they are linked to."""

NONE = {
    **dict.fromkeys(("incident_id", "leading_complaint_id")),
    **dict.fromkeys(("compensation_minor", "compensation_currency")),
}
"""The links of a complaint that has just been recorded, and what was given for it."""


def has_number(text: str) -> Any:
    """The condition on a number that a customer says.

    Raises:
        InvalidError: no complaint can have it: it was misheard or mistyped.
    """
    try:
        return Complaint.number == normalise_number(text)
    except ValueError:
        detail = "This is not a complaint number; a character was misheard or mistyped."
        wrong = FieldError("number", "not_a_complaint_number", detail, "query")
        raise InvalidError(fields=[wrong]) from None


def was_reopened(wanted: bool) -> Any:
    """The condition on complaints that were reopened, or on all others."""
    return Complaint.reopened_count > 0 if wanted else Complaint.reopened_count == 0


def _is_duplicate(wanted: bool) -> Any:
    leading = Complaint.leading_complaint_id
    return leading.is_not(None) if wanted else leading.is_(None)


DUPLICATES = where("is_duplicate", _is_duplicate)
"""The filter of duplicates."""
