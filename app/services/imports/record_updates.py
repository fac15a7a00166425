"""Records that a source sends again: what is new in a later file changes what is stored.

A complaint or interaction is changed where its source says something else than it did before; a cell that is
empty says nothing. A response gets the answers that it had no good ones for, and never others. What tells a
record apart (whose it is, when and how it began) does not change: a row in which that differs is another
record under a key that is not unique, and is refused.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import compress
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from app.domain.common.access import Actor
from app.domain.imports.refusals import Refusal, Refused
from app.domain.imports.source_digests import merge, newer_members, pack, unheard
from app.domain.imports.targets import RecordKind
from app.domain.recovery.complaints import (
    END_TIMES,
    ENDED_STATES,
    OPEN_STATES,
    PAST_STEPS,
    ComplaintState,
    end_times,
)
from app.errors import AppError, ConflictError
from app.schemas.activity.interactions import InteractionUpdate
from app.schemas.recovery.complaints import ComplaintUpdate
from app.schemas.recovery.events import (
    ComplaintHandOver,
    ComplaintReopening,
    ComplaintResolution,
    ComplaintStep,
)
from app.services.activity import interactions
from app.services.customers import external_ids
from app.services.imports import source_digests
from app.services.imports.record_requests import KINDS, Items, reason
from app.services.recovery import owners, steps
from app.services.surveys import completions
from app.store import dialects
from app.store.engine import in_savepoint
from app.store.imports import transaction_batches
from app.store.imports.transaction_batches import Outcome
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.visibility import visible_to

Customers = dict[tuple[str, str], UUID]
"""System and key of customers -> their ids."""

APART: Mapping[RecordKind, tuple[str, ...]] = {
    RecordKind.INTERACTIONS: ("started_at", "direction", "channel"),
    RecordKind.COMPLAINTS: ("received_at",),
}
"""Members besides the customer in which a record never changes."""

_FARTHER = {
    ComplaintState.RESOLVED: (ComplaintState.CONFIRMED, ComplaintState.CLOSED),
    ComplaintState.CONFIRMED: (ComplaintState.CLOSED,),
}
"""States that a complaint may have reached here beyond the one its source says."""

_NOT_STATED = frozenset(("source", "external_id", "create_missing", "survey_version", "changed_at"))
"""Members that are of the mapping, or of the day on which the file was sent;
and when a source changed a record last, which says nothing of what it changed."""


@dataclass(frozen=True, slots=True)
class RowDigests:
    """Digests of a row's statement on its record (`app.domain.imports.source_digests.pack`)."""

    members: Row
    packed: bytes
    digest: bytes

    @classmethod
    def of(cls, item: Any) -> "RowDigests":
        """What the item of a row says."""
        members = item.model_dump(include=item.model_fields_set - _NOT_STATED)
        for answer in members.get("answers", ()):
            if answer["excluded"] is None:  # as answers were packed before there was a reason
                del answer["excluded"]
        packed = pack(members)
        return cls(members, packed, hashlib.blake2b(packed, digest_size=16).digest())


def first_of_key(
    tx: ReadTx, import_id: UUID, rows: Items, digests: Sequence[RowDigests], outcome: Outcome
) -> tuple[Items, list[RowDigests]]:
    """Leave the first row of each key: a later row of the file that says the same is repeated, one that says
    something else is refused."""
    seen = transaction_batches.tried(tx, import_id, [item.external_id for item in rows.items], "said")
    wanted = []
    for line, item, one in zip(rows.line, rows.items, digests, strict=True):
        before = seen.setdefault(item.external_id, one.digest)
        wanted.append(before is one.digest)
        if before is one.digest:
            continue
        if before == one.digest:
            outcome.repeats(line)
        else:
            outcome.refused.append(Refused(line, Refusal.CONFLICTING_DUPLICATE, "external_id"))
    return rows.where(wanted), list(compress(digests, wanted))


def note(tx: WriteTx, import_id: UUID, rows: Items, digests: Sequence[RowDigests], outcome: Outcome) -> None:
    """Note the rows of a batch that were not refused, for `first_of_key` of later batches."""
    refused = {one.line for one in outcome.refused}
    kept = [
        (item.external_id, one.digest)
        for line, item, one in zip(rows.line, rows.items, digests, strict=True)
        if line not in refused
    ]
    transaction_batches.note(tx, import_id, "said", [key for key, _ in kept], [digest for _, digest in kept])


def settle(
    tx: WriteTx,
    actor: Actor,
    import_row: Row,
    rows: Items,
    digests: Sequence[RowDigests],
    outcome: Outcome,
) -> tuple[Items, list[RowDigests]]:
    """Change the records that are stored already where their rows have something new, and leave the others.

    Rows of a file that was imported before, when other files have followed it, are not new.
    """
    kind = RecordKind(import_row["kind"])
    present = _present(tx, actor, kind, rows)
    if not present:
        return rows, list(digests)
    is_old = source_digests.is_old(tx, import_row)
    found = [present.get(item.external_id) for item in rows.items]
    customers = _customers(tx, actor, [item for item, row in zip(rows.items, found, strict=True) if row])
    for line, item, one, row in zip(rows.line, rows.items, digests, found, strict=True):
        if row is None:
            continue
        in_all = replace(one, packed=merge(row["source_said"], one.packed))  # what it leaves out was said
        changed = set() if is_old else newer_members(one.members, row["source_said"])
        if kind is RecordKind.RESPONSES:
            changed = changed if row["source_said"] else set()
        elif changed:
            changed = _really(kind, item, row, changed, customers)
            changed -= _reopened_unheard(item, one.members, row)
        if not changed:
            outcome.repeats(line)
            if not is_old and row["source_said"] != in_all.packed:
                keep(tx, kind, [row["id"]], [in_all])
            continue
        if changed == {"answers"} and (filled := _complete(tx, actor, row, item, in_all)) is not None:
            (outcome.updates if filled else outcome.repeats)(line)
            continue
        column = _apart(kind, changed)
        if column is not None:
            outcome.refused.append(Refused(line, Refusal.CONFLICTING_DUPLICATE, column))
            continue
        try:
            with in_savepoint(tx):
                _CHANGES[kind](tx, actor, row, item, changed, customers, import_row["id"])
                keep(tx, kind, [row["id"]], [in_all])
        except AppError as error:
            outcome.refused.append(Refused(line, *_reason(item, error)))
        else:
            outcome.updates(line)
    wanted = [row is None for row in found]
    return rows.where(wanted), list(compress(digests, wanted))


def keep(tx: WriteTx, kind: RecordKind, ids: Sequence[UUID], digests: Sequence[RowDigests]) -> None:
    """Keep what the source said of records."""
    if not ids:
        return
    table = KINDS[kind].table
    statement = update(table).where(table.__table__.c.id == bindparam("record_id"))
    packed = [{"record_id": id_, "packed": one.packed} for id_, one in zip(ids, digests, strict=True)]
    tx.execute(statement.values(source_said=bindparam("packed")), packed)


# --- inside


def _present(tx: ReadTx, actor: Actor, kind: RecordKind, rows: Items) -> dict[str, Row]:
    """The stored records that have the keys of rows, as far as the caller may see them."""
    if not rows.items:
        return {}
    columns = KINDS[kind].table.__table__.c
    keys = [item.external_id for item in rows.items]
    statement = select(*columns).where(columns.source == rows.items[0].source)
    named = statement.where(dialects.among(tx, columns.external_id, keys))
    found = tx.execute(visible_to(named, actor, columns.customer_id, columns.get("unit"))).mappings()
    return {row["external_id"]: dict(row) for row in found}


def _customers(tx: ReadTx, actor: Actor, items: Sequence[Any]) -> Customers:
    named = {(item.customer.system, item.customer.key) for item in items if item.customer is not None}
    found = external_ids.find_by_keys(tx, actor, named)
    return {identity: customer_id for identity, (customer_id, _) in found.items()}


def _customer_of(item: Any, customers: Customers) -> UUID | None:
    if item.customer is None:
        customer_id: UUID | None = item.customer_id
        return customer_id
    return customers.get((item.customer.system, item.customer.key))


def _really(kind: RecordKind, item: Any, row: Row, changed: set[str], customers: Customers) -> set[str]:
    """Those of the new members that are not stored like this."""
    whose = changed & {"customer", "customer_id"}
    other = row["customer_id"] is None or _customer_of(item, customers) != row["customer_id"]
    rest = {member for member in changed - whose if row[member] != getattr(item, member)}
    return rest | ({"customer_id"} if whose and other else set())


def _reopened_unheard(item: Any, members: Row, row: Row) -> set[str]:
    """The state, where it says nothing new: a source that never said one and says open now does not
    contradict what was resolved here; open states follow from steps; and what is closed was resolved."""
    state = getattr(item, "state", None)
    is_new = "state" in unheard({"state": members.get("state")}, row["source_said"])
    still_open = state in OPEN_STATES and (is_new or row["state"] in OPEN_STATES)
    is_farther = state in _FARTHER and row["state"] in _FARTHER[state]
    return {"state"} if still_open or is_farther else set()


def _apart(kind: RecordKind, changed: Collection[str]) -> str | None:
    """The target that tells a row's record from the one that is stored; None when it may be the same."""
    if kind is RecordKind.RESPONSES:
        return "external_id"
    return next((member for member in APART[kind] if member in changed), None)


def _complete(tx: WriteTx, actor: Actor, row: Row, item: Any, in_all: RowDigests) -> bool | None:
    """Fill in answers of a response that it had no good ones for; see `completions.complete`."""
    filled = completions.complete(tx, actor, row, item.answers)
    if filled is not None:
        keep(tx, RecordKind.RESPONSES, [row["id"]], [in_all])
    return filled


def _change_interaction(
    tx: WriteTx,
    actor: Actor,
    row: Row,
    item: Any,
    changed: set[str],
    customers: Customers,
    import_id: UUID,
) -> None:
    changes = {member: getattr(item, member) for member in changed}
    if "customer_id" in changed:
        changes["customer_id"] = _new_customer(tx, actor, row, item, customers, import_id)
    data = InteractionUpdate.model_construct(set(changes), **changes)
    interactions.update_one(tx, actor, row["id"], data, None)


def _new_customer(
    tx: WriteTx, actor: Actor, row: Row, item: Any, customers: Customers, import_id: UUID
) -> UUID | None:
    """The customer that a record of nobody gets.

    Raises:
        ConflictError: the record has another one.
        InvalidError: there is no such customer.
    """
    if row["customer_id"] is not None:
        raise ConflictError(code="other_customer")
    found = _customer_of(item, customers)
    if found is None and item.customer is not None and item.create_missing:
        identity = item.customer.system, item.customer.key
        made = external_ids.create_for_keys(tx, actor, [identity], import_id=import_id)
        found = made.get(identity)
    if found is None:
        raise external_ids.unknown_customer_at("/customer")
    return found


def _change_complaint(
    tx: WriteTx,
    actor: Actor,
    row: Row,
    item: Any,
    changed: set[str],
    _customers: Customers,
    _import_id: UUID,
) -> None:
    if "customer_id" in changed:
        raise ConflictError(code="other_customer")
    if item.state in ENDED_STATES:
        ends = end_times(item.state, {**row, **_times_of(item, changed)}, item.changed_at)
        changed = changed | ({"resolved_at"} if row["state"] in OPEN_STATES else set())
        is_behind = row["state"] != item.state and row["state"] not in _FARTHER.get(item.state, ())
        changed = changed | (set(END_TIMES[item.state][1:]) if is_behind else set())
    else:
        ends = _times_of(item, changed)
    if row["resolved_at"] is not None and item.resolved_at == item.closed_at:
        changed = changed - {"resolved_at"}  # what is closed now counts as resolved then, and was before
    for member in _STEPS:
        if member not in changed:
            continue
        if row[member] is not None:
            raise ConflictError(code="step_taken", member=member)
        try:
            _take_step(tx, actor, row, member, ends.get(member), item.resolution)
        except AppError as error:
            raise ConflictError(
                code=error.fields[0].code if error.fields else error.code, member=member
            ) from None
    if "state" in changed and item.state in OPEN_STATES and row["state"] in ENDED_STATES:
        reopening = ComplaintReopening.model_construct(at=None, reason=cast("str", None))
        steps.reopen(tx, actor, row["id"], reopening)
    if "resolution" in changed and "resolved_at" not in changed:
        raise ConflictError(code="step_taken", member="resolution")
    moved = {member: getattr(item, member) for member in changed & {"owner"}}
    if moved:
        owners.hand_over(tx, actor, row["id"], ComplaintHandOver.model_construct(**moved), is_import=True)
    rest = changed - _STEPS.keys() - {"owner", "resolution", "state"}
    if rest:
        changes = {member: getattr(item, member) for member in rest}
        data = ComplaintUpdate.model_construct(rest, **changes)
        steps.update_one(tx, actor, row["id"], data, None, is_import=True)


def _times_of(item: Any, changed: Collection[str]) -> dict[str, datetime | None]:
    return {member: getattr(item, member) for member in _STEPS if member in changed}


def _take_step(
    tx: WriteTx, actor: Actor, row: Row, member: str, at: datetime | None, resolution: str | None
) -> None:
    """Take the step whose time is ``member``: ``at`` None where nobody knows it."""
    if at is None:
        steps.end_at_unknown_time(tx, actor, row["id"], PAST_STEPS[member], resolution)
    elif member in END_TIMES.get(row["state"], ()):
        steps.correct_times(tx, actor, row["id"], {member: at})
    else:
        _STEPS[member](tx, actor, row["id"], at, resolution)


def _acknowledge(tx: WriteTx, actor: Actor, complaint_id: UUID, at: datetime, _said: str | None) -> None:
    steps.acknowledge(tx, actor, complaint_id, ComplaintStep.model_construct(at=at))


def _resolve(tx: WriteTx, actor: Actor, complaint_id: UUID, at: datetime, said: str | None) -> None:
    # A file may know when and not how.
    data = ComplaintResolution.model_construct(at=at, resolution=cast("str", said))
    steps.resolve(tx, actor, complaint_id, data)


def _confirm(tx: WriteTx, actor: Actor, complaint_id: UUID, at: datetime, _said: str | None) -> None:
    steps.confirm(tx, actor, complaint_id, at)


def _close(tx: WriteTx, actor: Actor, complaint_id: UUID, at: datetime, _said: str | None) -> None:
    steps.close(tx, actor, complaint_id, ComplaintStep.model_construct(at=at), is_import=True)


_STEPS: Mapping[str, Callable[[Connection, Actor, UUID, datetime, str | None], None]] = {
    "acknowledged_at": _acknowledge,
    "resolved_at": _resolve,
    "confirmed_at": _confirm,
    "closed_at": _close,
}
_CHANGES: Mapping[RecordKind, Callable[[Connection, Actor, Row, Any, set[str], Customers, UUID], None]] = {
    RecordKind.INTERACTIONS: _change_interaction,
    RecordKind.COMPLAINTS: _change_complaint,
}


def _reason(item: Any, error: AppError) -> tuple[Refusal, str]:
    """Why a record was not changed, and the target it is about."""
    if error.code == "other_customer":
        return Refusal.CONFLICTING_DUPLICATE, "customer_key"
    member = error.params.get("member")
    if member is None:
        return reason(item, error)
    code = _OF_STEPS.get(error.code, Refusal.CONFLICTING_DUPLICATE)
    return code, str(member)


_OF_STEPS = {"before_last_step": Refusal.OUT_OF_ORDER, "in_future": Refusal.IN_FUTURE}
