"""Record, find and read promises. What happens to them later is in `app.services.promises.steps`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, select

from app.domain.common.access import Actor
from app.domain.people.agents import OwnerKind
from app.domain.promises.promises import PromiseEventKind, Promiser, PromiseState, is_broken
from app.errors import AppError, NotFoundError
from app.schemas.common.base import Paging, shaper
from app.schemas.promises.events import PromiseEventRead
from app.schemas.promises.promises import (
    PastPromise,
    PromiseCreate,
    PromiseQuery,
    PromiseRead,
    PromiseSort,
)
from app.services.activity import recording
from app.services.platform.changes import one_or_raise
from app.services.promises import beginnings, states
from app.services.promises.due_times import NO_CLOCK
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import (
    Listing,
    by_time,
    customer_external_id,
    equal,
    external_id,
    since,
    where,
    window,
)
from app.store.paging import After, Page, SortKey, fetch
from app.store.tables import Promise, PromiseEvent
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now
from app.store.visibility import visible_to

_READ_EVENTS = select(PromiseEvent.__table__)


def _is_in_one_of(wanted: Iterable[PromiseState]) -> Any:
    at = now()
    return or_(*(states.is_in(state, at) for state in wanted))


PROMISES = Listing(
    PromiseQuery,
    select(Promise.__table__),
    owner=Promise.customer_id,
    missing="There is no such promise.",
    sorts=by_time(PromiseSort, Promise.due_at, Promise.updated_at, Promise.id),
    filters=[
        external_id(Promise.source, Promise.external_id),
        customer_external_id(Promise.customer_id),
        equal(
            Promise.customer_id,
            Promise.complaint_id,
            Promise.interaction_id,
            Promise.promised_by,
            Promise.kind,
            Promise.owner,
            Promise.unit,
        ),
        where("state", _is_in_one_of),
        window("due", Promise.due_at),
        since(Promise.updated_at),
    ],
)

_as_read = shaper(PromiseRead)


def shape(row: Row) -> Row:
    """A row as `PromiseRead` wants it: with the state of this instant."""
    state = states.life_of(row).state(now())
    return _as_read({**row, "state": state, "is_broken": is_broken(state, Promiser(row["promised_by"]))})


# --- reading


@one_statement
def get(tx: ReadTx, actor: Actor, promise_id: UUID) -> Row:
    """Read one promise.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see its customer.
    """
    return shape(PROMISES.one_or_404(tx, actor, Promise.id == promise_id))


@one_statement
def page(tx: ReadTx, actor: Actor, query: PromiseQuery, after: After | None) -> Page:
    """Read a page of the promises that match every filter."""
    return PROMISES.page(tx, actor, query, after, shape)


@one_statement
def events(tx: ReadTx, actor: Actor, query: Paging, after: After | None, promise_id: UUID) -> Page:
    """Read a page of what happened to a promise, in the order in which it was recorded.

    Raises:
        NotFoundError: as in `get`.
    """
    statement = _READ_EVENTS.where(PromiseEvent.promise_id == promise_id)
    statement = visible_to(statement, actor, PromiseEvent.customer_id)
    read = fetch(tx, statement, [SortKey(PromiseEvent.number)], limit=query.limit, after=after)
    if not read.rows:  # every promise was made
        raise NotFoundError("There is no such promise.")
    return Page(
        [_event_as_read({**row, "customer_agreed": row["is_agreed"]}) for row in read.rows], read.after
    )


# --- writing


def create(tx: WriteTx, actor: Actor, data: PromiseCreate) -> Row:
    """Record one promise.

    Raises:
        InvalidError: it is due already (``due_in_past``) or says nothing of when and no standard does
            (``due_needed``); its customer, complaint, contact, calendar, owner or unit cannot be named
            (`beginnings.settle`).
        ConflictError: the source has a promise with this external id (``promise_exists``).
        ForbiddenError: ``create_missing`` without the scope to write customers.
    """
    return one_or_raise(create_many(tx, actor, [data]))


def create_many(
    tx: WriteTx,
    actor: Actor,
    items: Sequence[PromiseCreate],
    *,
    ids: Sequence[UUID] | None = None,
    made_at: datetime | None = None,
) -> list[Row | AppError]:
    """Record promises together. ``ids`` are the ids they get, new ones by default; ``made_at`` is when those
    were made that do not say it, now by default.

    Returns:
        For each item its row, or why it was refused (see `create`); a refused item leaves no trace.
    """
    at = now()
    rows: list[Row | AppError] = [
        _new_row(item, at, made_at, row_id)
        for item, row_id in zip(items, ids or [new_id() for _ in items], strict=True)
    ]

    def check(judged: list[Row | AppError]) -> None:
        beginnings.settle(tx, actor, items, judged, at)

    recording.store_new(tx, actor, _KIND, items, rows, check)
    stored = [row for row in rows if isinstance(row, dict)]
    if stored:
        made = PromiseEventKind.MADE
        tx.execute(insert(PromiseEvent), [event(actor, row, made, row["made_at"]) for row in stored])
    for row in stored:
        data = event_data(row, PromiseState.OPEN)
        trail.record(tx, actor, "promise.made", row["id"], customer_id=row["customer_id"], data=data)
    return [shape(row) if isinstance(row, dict) else row for row in rows]


def create_past(
    tx: WriteTx, actor: Actor, items: Sequence[PastPromise], *, ids: Sequence[UUID] | None = None
) -> list[Row | AppError]:
    """Record promises of the past with what became of them. The outbox hears of each once, that it was made:
    what had passed before is no news.

    Returns:
        As `create_many`; none is refused for being due already.
    """
    at = now()
    rows: list[Row | AppError] = [
        _new_row(item, at, None, row_id)
        for item, row_id in zip(items, ids or [new_id() for _ in items], strict=True)
    ]
    lives: dict[UUID, list[Row]] = {}

    def check(judged: list[Row | AppError]) -> None:
        beginnings.settle(tx, actor, items, judged, None)
        for item, row in zip(items, judged, strict=True):
            if isinstance(row, dict):
                lives[row["id"]] = _live(actor, item, row, at)

    recording.store_new(tx, actor, _KIND, items, rows, check)
    stored = [row for row in rows if isinstance(row, dict)]
    if stored:
        whose = {row["id"]: row["customer_id"] for row in stored}
        events = [known | {"customer_id": whose[key]} for key in whose for known in lives[key]]
        tx.execute(insert(PromiseEvent), events)
        trail.record_all(tx, actor, "promise.made", [(str(row["id"]), row["customer_id"]) for row in stored])
    return [shape(row) if isinstance(row, dict) else row for row in rows]


def event_data(row: Row, state: PromiseState) -> Row:
    """What events tell of a promise."""
    return {"state": state.value, "promised_by": row["promised_by"], "kind": row["kind"]}


def event(
    actor: Actor,
    promise: Row,
    kind: PromiseEventKind,
    at: datetime,
    *,
    note: str | None = None,
    move: Row | None = None,
) -> Row:
    """The row of the event that made ``promise`` what it is.

    Args:
        promise: its row after the event; every event raises its version by one and has this number.
        at: when it happened.
        note: what was said.
        move: ``old_due_at``, ``new_due_at`` and ``is_agreed`` of a move.
    """
    return {
        "promise_id": promise["id"],
        "number": promise["version"],
        "customer_id": promise["customer_id"],
        "kind": kind,
        "state": states.life_of(promise).state(promise["updated_at"]),
        "owner": promise["owner"],
        "owner_kind": promise["owner_kind"],
        "actor_id": actor.id,
        "agent": actor.agent,
        "at": at,
        "recorded_at": promise["updated_at"],
        "due_at": promise["due_at"],
        "note": note,
        **(move or {"old_due_at": None, "new_due_at": None, "is_agreed": None}),
    }


# --- inside

_GIVEN = PromiseCreate.model_fields.keys() - {"customer", "create_missing", "due_in_seconds", "calendar"}


def _new_row(item: PromiseCreate, at: datetime, made_at: datetime | None, row_id: UUID) -> Row:
    """The row of an item whose customer, owner and clock are still to be found."""
    return {
        **item.model_dump(include=_GIVEN),
        **NO_CLOCK,
        "id": row_id,
        "version": 1,
        "owner_kind": OwnerKind.AGENT,
        "tier": None,
        "made_at": item.made_at or made_at or at,
        "planned_at": None,
        "moved_count": 0,
        "kept_at": None,
        "cancelled_at": None,
        "cancelled_by": None,
        "ended_at": None,
        "recorded_at": at,
        "updated_at": at,
    }


def _live(actor: Actor, item: PastPromise, row: Row, now: datetime) -> list[Row]:
    """Give a row the life that its item tells; the events of it in their order."""
    found = [event(actor, row, PromiseEventKind.MADE, row["made_at"])]

    def live(kind: PromiseEventKind, at: datetime, changes: Row, move: Row | None = None) -> None:
        row.update(changes | {"version": row["version"] + 1})
        state = states.life_of(row).state(at)
        found.append(event(actor, row, kind, at, move=move) | {"state": state})

    found[0]["state"] = PromiseState.OPEN
    if item.moved_from_at is not None and item.moved_at is not None:
        found[0]["due_at"] = item.moved_from_at
        move = {"old_due_at": item.moved_from_at, "new_due_at": row["due_at"], "is_agreed": True}
        live(PromiseEventKind.MOVED, item.moved_at, {"moved_count": 1}, move)
    ended_at = item.kept_at or item.cancelled_at
    if row["due_at"] < (ended_at or now):
        live(PromiseEventKind.BROKEN, row["due_at"], {"broken_at": row["due_at"]})
        found[-1]["state"] = PromiseState.OVERDUE
    if item.kept_at is not None:
        live(PromiseEventKind.KEPT, item.kept_at, {"kept_at": item.kept_at})
    elif item.cancelled_at is not None and item.cancelled_by is not None:
        ended = {"cancelled_at": item.cancelled_at, "cancelled_by": item.cancelled_by}
        live(PromiseEventKind.CANCELLED, item.cancelled_at, ended)
    row["ended_at"] = ended_at
    if ended_at is not None or row["broken_at"] is not None:
        row["next_at"] = None
    return found


_KIND = recording.RecordType(
    Promise,
    path="/v1/promises",
    exists="The source has a promise with this external id already.",
    exists_code="promise_exists",
)

_event_as_read = shaper(PromiseEventRead)
