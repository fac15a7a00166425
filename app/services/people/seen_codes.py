"""Agents' codes in records: those that nobody registered, and how many records name one.

Records keep the codes that telephone systems and help desks know, registered or not. To count them, the
indexes that begin with the code are read and no table; a page reads on from the code of the page before.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, exists, func, literal, select, union_all

from app.domain.common.access import Actor
from app.domain.people.seen_in import SeenIn
from app.errors import ForbiddenError
from app.store.engine import in_thread_on_sqlite
from app.store.paging import After, Page
from app.store.tables import Agent, Complaint, Interaction, SurveyInvitation, SurveyResponse, Unit
from app.store.transactions import ReadTx, Row

_NAMED: Mapping[SeenIn, tuple[Any, Any]] = {
    SeenIn.INTERACTIONS: (Interaction.agent, Interaction.started_at),
    SeenIn.COMPLAINTS: (Complaint.owner, Complaint.received_at),
    SeenIn.INVITATIONS: (SurveyInvitation.agent, SurveyInvitation.invited_at),
    SeenIn.RESPONSES: (SurveyResponse.agent, SurveyResponse.answered_at),
}
"""The column that names an agent, and when the record happened."""


@in_thread_on_sqlite
def page(tx: ReadTx, actor: Actor, limit: int, after: After | None) -> Page:
    """Read a page of the codes that are no agent's, no unit's and not the desk's, by code; one statement.

    Raises:
        ForbiddenError: the caller is limited to units, and the counts are over all (``limited_to_units``).
    """
    if actor.is_limited:
        detail = (
            "This belongs to the whole company, and the key is limited to units. Use a key without units."
        )
        raise ForbiddenError(detail, code="limited_to_units")
    behind = "" if after is None else after[0]
    desk = actor.company.complaint_owner
    parts = [_unregistered(kind, behind, desk, limit + 1) for kind in SeenIn]
    seen = union_all(*(select(part) for part in parts)).subquery()
    rows: dict[str, Row] = {}
    for code, kind, count, last_at in tx.execute(select(seen).order_by(seen.c.code, seen.c.kind)):
        row = rows.setdefault(code, {"code": code, "seen_count": 0, "last_seen_at": last_at, "seen_in": []})
        row["seen_count"] += count
        row["last_seen_at"] = max(row["last_seen_at"], last_at)
        row["seen_in"].append({"records": kind, "count": count, "last_at": last_at})
    shown = list(rows.values())[:limit]
    return Page(shown, (shown[-1]["code"],) if len(rows) > limit else None)


def count(tx: ReadTx, code: str) -> int:
    """Count the records that name an agent's code; one statement."""
    parts = [select(func.count().label("n")).where(column == code) for column, _ in _NAMED.values()]
    counted = union_all(*parts).subquery()
    return int(tx.execute(select(func.sum(counted.c.n))).scalar_one())


# --- inside


def _unregistered(kind: SeenIn, behind: str, desk: str, limit: int) -> Any:
    """The first ``limit`` such codes of one kind of record, behind a code."""
    column, at = _NAMED[kind]
    nobody = ~exists().where(Agent.code == column), ~exists().where(Unit.code == column)
    return (
        select(
            column.label("code"),
            literal(kind.value).label("kind"),
            func.count().label("count"),
            func.max(at).label("last_at"),
        )
        .where(column > behind, column != desk)
        .group_by(column)
        .having(and_(*nobody))  # asked of each code, not of each record
        .order_by(column)
        .limit(limit)
        .subquery()
    )
