"""Act on what events tell: each cause once a rule; and read what was done."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import insert, select

from app.domain.common.access import Actor
from app.domain.follow_ups.rules import CAUSES, CauseKind, is_recent
from app.schemas.common.base import shaper
from app.schemas.follow_ups.follow_ups import FollowUpQuery, FollowUpRead, FollowUpSort
from app.services.follow_ups import actions, causes, cursor, rules
from app.services.follow_ups.causes import Among, Cause
from app.store.engine import one_statement
from app.store.events import log as event_log
from app.store.listing import Listing, by_time, equal, window
from app.store.paging import After, Page
from app.store.tables import Event, FollowUp
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now

_POSITIONS_AT_ONCE = 5_000
_log = structlog.get_logger("vefa.follow_ups")

FOLLOW_UPS = Listing(
    FollowUpQuery,
    select(FollowUp.__table__),
    owner=FollowUp.customer_id,
    missing="There is no such follow-up.",
    sorts=by_time(FollowUpSort, FollowUp.at, None, FollowUp.id),
    filters=[
        equal(
            FollowUp.rule,
            FollowUp.cause_kind,
            FollowUp.cause_id,
            FollowUp.customer_id,
            FollowUp.complaint_id,
            FollowUp.promise_id,
        ),
        window("at", FollowUp.at),
    ],
)
_as_read = shaper(FollowUpRead)


@one_statement
def page(tx: ReadTx, actor: Actor, query: FollowUpQuery, after: After | None) -> Page:
    """Read a page of what rules did that matches every filter."""
    return FOLLOW_UPS.page(tx, actor, query, after, _shape)


def follow(tx: WriteTx, actor: Actor, limit: int) -> bool:
    """Look at up to ``limit`` of the events behind the cursor that may be causes, and act on them.

    What is done, that it was done, and the cursor are one transaction: a worker that is killed has done
    nothing, and the next one begins where it began.

    Returns:
        Whether more events wait.
    """
    position = cursor.take(tx)
    if position is None:
        return False
    last = event_log.last(tx)
    end = min(last, position + _POSITIONS_AT_ONCE)
    wanted = (
        select(Event.position, Event.type, Event.object_id)
        .where(Event.position > position, Event.position <= end, Event.type.in_(sorted(CAUSES)))
        .order_by(Event.position)
        .limit(limit)
    )
    events = tx.execute(wanted).all()
    if len(events) == limit:
        end = int(events[-1].position or end)
    among = Among(_by_kind(events))
    if among.ids:
        for rule in rules.active(tx):
            act(tx, actor, rule, causes.find(tx, rule, among), now())
    if end > position:
        cursor.move(tx, end)
    return end < last


def act(tx: WriteTx, actor: Actor, rule: Row, found: Sequence[Cause], at: datetime) -> None:
    """Let a rule act on those causes on which it has not, and that are young enough at an instant."""
    known = done(tx, rule["code"], found)
    by_key = {
        cause.key: cause
        for cause in reversed(found)
        if cause.key not in known and is_recent(cause.at, at, rule["max_age_days"])
    }
    fresh = list(by_key.values())
    if not fresh:
        return
    made = actions.take(tx, actor, rule, fresh, at)
    rows = [
        {
            "id": new_id(),
            "rule": rule["code"],
            "rule_version": rule["version"],
            "cause_kind": cause.kind,
            "cause_id": cause.id,
            "cause_detail": cause.detail,
            "customer_id": cause.customer_id,
            "complaint_id": None,
            "promise_id": None,
            **made_of,
            "at": at,
        }
        for cause, made_of in zip(fresh, made, strict=True)
    ]
    tx.execute(insert(FollowUp), rows)


def done(tx: ReadTx, rule: str, found: Iterable[Cause]) -> set[tuple[Any, ...]]:
    """Keys of those causes on which a rule has acted."""
    ids = {cause.id for cause in found}
    if not ids:
        return set()
    columns = FollowUp.cause_kind, FollowUp.cause_id, FollowUp.cause_detail
    statement = select(*columns).where(FollowUp.rule == rule)
    if len(ids) <= _MAX_IDS:
        statement = statement.where(FollowUp.cause_id.in_(ids))
    return {(CauseKind(kind), cause_id, detail) for kind, cause_id, detail in tx.execute(statement)}


# --- inside

_MAX_IDS = 500


def _by_kind(events: Sequence[Any]) -> dict[CauseKind, set[Any]]:
    found: dict[CauseKind, set[Any]] = {}
    for event in events:
        found.setdefault(CAUSES[event.type], set()).add(UUID(event.object_id))
    return found


def _shape(row: Row) -> Row:
    return _as_read({**row, "cause_detail": row["cause_detail"] or None})
