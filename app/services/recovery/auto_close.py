"""Resolved complaints of which nothing is heard close by themselves, with an event that says why."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import literal, select, tuple_

from app.domain.common.access import Actor
from app.domain.recovery.complaints import ComplaintState
from app.domain.recovery.recovery_steps import silent_days
from app.services.recovery import demands, steps
from app.store.tables import Complaint, ComplaintCategory
from app.store.transactions import WriteTx

AT_ONCE = 200
"""Complaints that one transaction looks at."""

Place = tuple[datetime, UUID]
"""Where among the resolved complaints a pass has come: last change and id."""

_ENDED = Complaint.state.in_([ComplaintState.CONFIRMED, ComplaintState.RESOLVED])
_BY_CHANGE = Complaint.updated_at, Complaint.id


class Looked(NamedTuple):
    """What a look at some complaints gave."""

    closed: int
    after: Place | None
    """Where the next look begins; None when the pass is over."""


def close_silent(tx: WriteTx, actor: Actor, at: datetime, company_days: int, after: Place | None) -> Looked:
    """Close those of the next `AT_ONCE` resolved complaints of which nothing was heard for long enough.

    Several workers take different ones. One that lacks a demanded step stays, and is found by
    ``steps_missing=true``.

    Args:
        tx: the transaction.
        actor: the service itself.
        at: now.
        company_days: days of silence where the category says none; 0 is never.
        after: where the look before ended; None begins a pass.
    """
    category = ComplaintCategory.code, ComplaintCategory.auto_close_days, ComplaintCategory.demanded_steps
    settings = {code: (days, demanded) for code, days, demanded in tx.execute(select(*category))}
    known = [silent_days(days, company_days) for days, _ in settings.values()]
    least = min((days for days in [company_days, *known] if days > 0), default=0)
    if least == 0:
        return Looked(0, None)
    wanted = select(Complaint.__table__).where(_ENDED, Complaint.updated_at <= at - timedelta(days=least))
    if after is not None:
        typed = (literal(value, column.type) for value, column in zip(after, _BY_CHANGE, strict=True))
        wanted = wanted.where(tuple_(*_BY_CHANGE) > tuple_(*typed))
    some = wanted.order_by(*_BY_CHANGE).limit(AT_ONCE).with_for_update(skip_locked=True)
    rows = [dict(row) for row in tx.execute(some).mappings()]
    closed = 0
    for row in rows:
        of_category, demanded = settings.get(row["category"], (None, []))
        days = silent_days(of_category, company_days)
        if days == 0 or row["updated_at"] > at - timedelta(days=days):
            continue
        if not demands.missing(tx, row, demanded):
            steps.close_by_itself(tx, actor, row, at, days)
            closed += 1
    last = (rows[-1]["updated_at"], rows[-1]["id"]) if len(rows) == AT_ONCE else None
    return Looked(closed, last)
