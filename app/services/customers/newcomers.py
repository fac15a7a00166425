"""What is asked of others before a new customer is stored.

Of a customer with one number or address it is one prepared read, so that on PostgreSQL all that is
stored can go together after it (`app.store.gathered`). Without it the questions are asked one by one, when
the customer is stored.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.domain.customers.customers import ContactKind, contact_key
from app.services.customers import callers, shared_opt_outs
from app.store.sql.prepared_select import PreparedSelect
from app.store.transactions import ReadTx, Row
from app.store.types import Key


class Others(NamedTuple):
    """The answers."""

    have_called: bool
    """Whether there are contacts from one of the numbers."""
    closed: list[str] | None
    """Channels that somebody with the same number or address closed; None where that was not asked."""


def ask(tx: ReadTx, rows: Sequence[Row]) -> Others:
    """Ask about new customers that are not stored yet."""
    points = [
        point for row in rows for point in row["contact_points"] if point["kind"] in shared_opt_outs.CHANNELS
    ]
    if len(rows) != 1 or len(points) > 1:
        return Others(callers.have_called(tx, rows), None)
    if not points:
        return Others(have_called=False, closed=[])
    kind = ContactKind(points[0]["kind"])
    [found] = _ABOUT[kind].rows(tx, {"value": contact_key(kind, points[0]["value"])})
    closed = [shared_opt_outs.CHANNELS[kind].value] if found["asked"] else []
    return Others(kind == ContactKind.PHONE and found["called"], closed)


_VALUE = bindparam("value", type_=Key)
_ABOUT = {
    kind: PreparedSelect(
        select(
            shared_opt_outs.anybody_asked(kind, _VALUE).label("asked"),
            callers.called_from(_VALUE).label("called"),
        )
    )
    for kind in shared_opt_outs.CHANNELS
}
