"""Record, find and read complaints. What happens to them later is in `app.services.recovery.steps`."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, insert, not_, or_, select

from app.domain.common import money, names
from app.domain.common.access import Actor
from app.domain.people.agents import OwnerKind
from app.domain.recovery import search_words
from app.domain.recovery.complaints import (
    END_TIMES,
    OPEN_STATES,
    PAST_STEPS,
    EventKind,
    is_time_unknown,
    make_number,
)
from app.errors import AppError, InvalidError, NotFoundError
from app.schemas.common.base import Paging, shaper
from app.schemas.recovery.complaints import ComplaintCreate, ComplaintQuery, ComplaintRead, ComplaintSort
from app.schemas.recovery.events import ComplaintEventRead
from app.services.activity import recording, related_records
from app.services.platform import rights
from app.services.platform.changes import one_or_raise
from app.services.recovery import beginnings, complaint_filters, demands
from app.services.recovery.past import Past, past_of
from app.services.standards import clocks
from app.store.audit import trail
from app.store.engine import in_thread_on_sqlite, one_statement
from app.store.listing import (
    Listing,
    any_of,
    by_time,
    customer_external_id,
    equal,
    external_id,
    since,
    where,
    window,
)
from app.store.paging import After, Page, SortKey, fetch
from app.store.sql.word_sets import WordSets
from app.store.tables import Complaint, ComplaintEvent, ComplaintWord
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now
from app.store.visibility import visible_to

_READ_EVENTS = select(ComplaintEvent.__table__)


def _is_open(wanted: bool) -> Any:
    is_open = Complaint.state.in_(sorted(OPEN_STATES))
    return is_open if wanted else ~is_open


def _has_no_time(wanted: bool) -> Any:
    of_state = (
        and_(Complaint.state == state, or_(*(getattr(Complaint, member).is_(None) for member in members)))
        for state, members in END_TIMES.items()
    )
    unknown = or_(*of_state)
    return unknown if wanted else not_(unknown)


COMPLAINTS = Listing(
    ComplaintQuery,
    select(Complaint.__table__),
    owner=Complaint.customer_id,
    missing="There is no such complaint.",
    sorts=by_time(ComplaintSort, Complaint.received_at, Complaint.updated_at, Complaint.id),
    filters=[
        external_id(Complaint.source, Complaint.external_id),
        customer_external_id(Complaint.customer_id),
        equal(
            Complaint.customer_id,
            Complaint.owner,
            Complaint.owner_kind,
            Complaint.unit,
            Complaint.category,
            Complaint.product,
            Complaint.channel,
            Complaint.our_fault,
            Complaint.opened_by_rule,
            *complaint_filters.COLUMNS,
        ),
        complaint_filters.DUPLICATES,
        any_of(Complaint.state, Complaint.severity, Complaint.found_by),
        where("number", complaint_filters.has_number),
        where("open", _is_open),
        where("time_unknown", _has_no_time),
        where("reopened", complaint_filters.was_reopened),
        where("steps_missing", demands.lack_steps),
        window("received", Complaint.received_at),
        since(Complaint.updated_at),
    ],
    others=["q"],
)

_WORDS = WordSets(Complaint.id, ComplaintWord.complaint_id, ComplaintWord.word)

_as_read = shaper(ComplaintRead)


def shape(row: Row) -> Row:
    """A row as `ComplaintRead` wants it."""
    minor = row["compensation_minor"]
    given = None if minor is None else money.to_wire(minor, row["compensation_currency"])
    return _as_read({**row, "time_unknown": is_time_unknown(row["state"], row), "compensation": given})


# --- reading


@one_statement
def get(tx: ReadTx, actor: Actor, complaint_id: UUID) -> Row:
    """Read one complaint.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see its customer.
    """
    return shape(COMPLAINTS.one_or_404(tx, actor, Complaint.id == complaint_id))


@one_statement
def page(tx: ReadTx, actor: Actor, query: ComplaintQuery, after: After | None) -> Page:
    """Read a page of the complaints that match every filter.

    Raises:
        InvalidError: no complaint can have the number asked for: it was misheard or mistyped.
    """
    return COMPLAINTS.page(tx, actor, query, after, shape)


@in_thread_on_sqlite
def page_of_words(tx: ReadTx, actor: Actor, query: ComplaintQuery, after: After | None) -> Page:
    """Read a page of the complaints that match every filter, ``q`` too; two statements.

    Raises:
        InvalidError: as in `page`.
    """
    words = names.query(query.q or "")
    has_words = _WORDS.condition(words, one_by_one=_WORDS.finds_many(tx, words))
    statement = COMPLAINTS.filtered(actor, query).where(has_words)
    found = fetch(tx, statement, COMPLAINTS.order(query), limit=query.limit, after=after)
    return Page([shape(row) for row in found.rows], found.after)


def reader_of(query: ComplaintQuery) -> Callable[[ReadTx, Actor, ComplaintQuery, After | None], Page]:
    """Return `page`, or `page_of_words` with ``q``."""
    return page if query.q is None else page_of_words


@one_statement
def events(tx: ReadTx, actor: Actor, query: Paging, after: After | None, complaint_id: UUID) -> Page:
    """Read a page of what happened to a complaint, in the order in which it was recorded.

    Raises:
        NotFoundError: as in `get`.
    """
    statement = _READ_EVENTS.where(ComplaintEvent.complaint_id == complaint_id)
    statement = visible_to(statement, actor, ComplaintEvent.customer_id)
    read = fetch(tx, statement, [SortKey(ComplaintEvent.number)], limit=query.limit, after=after)
    if not read.rows:  # every complaint was received
        raise NotFoundError("There is no such complaint.")
    return Page([_event_shape(row) for row in read.rows], read.after)


# --- writing


def create(tx: WriteTx, actor: Actor, data: ComplaintCreate) -> Row:
    """Record one complaint. It has an owner from the beginning: that of its category, or the company's, if
    none is given.

    Raises:
        InvalidError: its past is out of order or in the future, its customer is unknown or one the caller
            may not see (``unknown_customer``), or its interaction is (``unknown_interaction``) or was with
            another customer (``other_customer``); or the caller may not use its unit; or its owner or
            category cannot be named (`beginnings.settle`).
        ConflictError: the source has a complaint with this external id (``complaint_exists``).
        ForbiddenError: ``create_missing`` without the scope to write customers.
    """
    return one_or_raise(create_many(tx, actor, [data]))


def create_many(
    tx: WriteTx,
    actor: Actor,
    items: Sequence[ComplaintCreate],
    *,
    ids: Sequence[UUID] | None = None,
    import_id: UUID | None = None,
) -> list[Row | AppError]:
    """Record complaints together, in a number of statements that does not depend on how many they are.

    ``ids`` are the ids they get, new ones by default. Those of an import leave no audit rows here: it writes
    one for each batch.

    Returns:
        For each item its row, or why it was refused (see `create`); a refused item leaves no trace. The
        caller decides whether one refusal refuses all.

    Raises:
        ForbiddenError: an item asks for ``create_missing`` without the scope to write customers.
        ConflictError: another request stored some of the complaints in the meantime.
    """
    at = now()
    pasts = [past_of(item, at) for item in items]
    rows: list[Row | AppError] = [
        past if isinstance(past, AppError) else _new_row(item, past, at, row_id, import_id)
        for item, past, row_id in zip(items, pasts, ids or [new_id() for _ in items], strict=True)
    ]

    beginnings.settle(tx, actor, items, rows, is_import=import_id is not None)

    def check(judged: list[Row | AppError]) -> None:
        _check_links(tx, actor, judged)

    recording.store_new(tx, actor, _KIND, items, rows, check, import_id)
    stored = [
        (row, past)
        for row, past in zip(rows, pasts, strict=True)
        if isinstance(row, dict) and not isinstance(past, AppError)
    ]
    named = [event for row, past in stored for event in _first_events(actor, row, past)]
    if named:
        tx.execute(insert(ComplaintEvent), named)
        store_words(tx, [row for row, _ in stored])
        clocks.start_clocks(tx, actor, [row for row, _ in stored])
    if import_id is None:
        received = [(str(row["id"]), row["customer_id"]) for row, _ in stored]
        trail.record_all(tx, actor, "complaint.received", received)
    return [shape(row) if isinstance(row, dict) else row for row in rows]


def store_words(tx: WriteTx, rows: Iterable[Row]) -> None:
    """Store the words that complaints are found by; those they had are deleted already."""
    words = [
        {"word": word, "complaint_id": row["id"]}
        for row in rows
        for word in search_words.keys(row["number"], row["subject"], row["text"])
    ]
    if words:
        tx.execute(insert(ComplaintWord), words)


def event(
    actor: Actor,
    complaint: Row,
    kind: EventKind,
    at: datetime,
    *,
    note: str | None = None,
    members: Iterable[str] = (),
    time_unknown: bool = False,
    silent_days: int | None = None,
    out_of_order: bool = False,
) -> Row:
    """The row of the event that made ``complaint`` what it is.

    Args:
        complaint: its row after the event; every event raises its version by one and has this number.
        at: when it happened.
        note: what was said.
        members: names of changed members.
        time_unknown: ``at`` is not when it happened.
        silent_days: it closed by itself after so many days of silence.
        out_of_order: the file that brought it says that it happened before the step it follows.
    """
    data: Row = {"members": sorted(members)} if members else {}
    if out_of_order:
        data["out_of_order"] = True
    if silent_days is not None:
        data["silent_days"] = silent_days
    return {
        "complaint_id": complaint["id"],
        "number": complaint["version"],
        "customer_id": complaint["customer_id"],
        "kind": kind,
        "state": complaint["state"],
        "owner": complaint["owner"],
        "owner_kind": complaint["owner_kind"],
        "actor_id": actor.id,
        "agent": actor.agent,
        "at": at,
        "recorded_at": complaint["updated_at"],
        "note": note,
        "data": data | ({"time_unknown": True} if time_unknown else {}),
    }


# --- inside


_OF_FILES = {"customer", "create_missing", "state", "changed_at", "keep_history"}


def _new_row(item: ComplaintCreate, past: Past, at: datetime, row_id: UUID, import_id: UUID | None) -> Row:
    """The row of an item whose customer and owner are still to be found."""
    return {
        "opened_by_rule": None,
        **item.model_dump(exclude=_OF_FILES),
        **asdict(past[-1][2]),
        "id": row_id,
        "version": len(past),
        "number": _draw_number(),
        "owner_kind": OwnerKind.AGENT,
        "accepted_at": None,
        "received_at": past[0][1],
        "recorded_at": at,
        "updated_at": at,
        "import_id": import_id,
        **complaint_filters.NONE,
    }


def _first_events(actor: Actor, row: Row, past: Past) -> Iterator[Row]:
    """The events of a complaint that has just been recorded."""
    latest = past[0][1]
    for number, (kind, at, life) in enumerate(past, start=1):
        note = life.resolution if kind == EventKind.RESOLVED else None
        ended = {step: getattr(life, member) for member, step in PAST_STEPS.items()}
        after, unknown = {**row, "version": number, "state": life.state}, ended.get(kind, at) is None
        is_early, latest = at < latest, max(latest, at)
        yield event(actor, after, kind, at, note=note, time_unknown=unknown, out_of_order=is_early)


def _draw_number() -> str:
    """A number that hardly any complaint has."""
    return make_number(secrets.randbits(64))


def _check_links(tx: ReadTx, actor: Actor, rows: list[Row | AppError]) -> None:
    """Refuse rows whose interaction is not there or was with another customer, and units the caller lacks."""
    named = related_records.find(tx, actor, rows)
    for index, row in enumerate(rows):
        if isinstance(row, dict):
            wrong = related_records.problems(named, row, to_be_created=row["customer_id"] is None)
            wrong += rights.unit_problems(actor, row["unit"], is_required=False)
            rows[index] = InvalidError(fields=wrong) if wrong else row


_KIND = recording.RecordType(
    Complaint,
    path="/v1/complaints",
    exists="The source has a complaint with this external id already.",
    exists_code="complaint_exists",
    regenerate=lambda row: {**row, "number": _draw_number()},
)

_event_as_read = shaper(ComplaintEventRead)


def _event_shape(row: Row) -> Row:
    """A row as `ComplaintEventRead` wants it, members in its order."""
    data = row["data"]
    extra = {"members": data.get("members", []), "silent_days": data.get("silent_days")}
    flags = {name: data.get(name, False) for name in ("time_unknown", "out_of_order")}
    return _event_as_read({**row, **extra, **flags})
