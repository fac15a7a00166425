"""Record, wrap up, find and read interactions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from app.domain.activity.interactions import handle_seconds, in_order, is_usable
from app.domain.common.access import Actor
from app.errors import AppError, ConflictError, FieldError, InvalidError
from app.schemas.activity.interactions import (
    InteractionCreate,
    InteractionQuery,
    InteractionRead,
    InteractionSort,
    InteractionUpdate,
)
from app.schemas.common.base import shaper
from app.services.activity import dispositions, recording
from app.services.customers import callers, do_not_contact
from app.services.customers.external_ids import unknown_customer_at
from app.services.platform import changes, rights
from app.services.platform.changes import one_or_raise
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import (
    Filter,
    Listing,
    by_time,
    customer_external_id,
    equal,
    external_id,
    since,
    window,
)
from app.store.paging import After, Page
from app.store.tables import Complaint, Customer, Interaction
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now
from app.store.visibility import visible_to

_as_read = shaper(InteractionRead)


def _was_called_from(text: str, actor: Actor) -> Any:
    caller = callers.read(actor, text, location="query", pointer="phone")
    return Interaction.phone.in_(caller.readings)


INTERACTIONS = Listing(
    InteractionQuery,
    select(Interaction.__table__),
    owner=Interaction.customer_id,
    unit=Interaction.unit,
    missing="There is no such interaction.",
    sorts=by_time(InteractionSort, Interaction.started_at, Interaction.updated_at, Interaction.id),
    filters=[
        external_id(Interaction.source, Interaction.external_id),
        customer_external_id(Interaction.customer_id),
        Filter("phone", _was_called_from),
        equal(
            Interaction.customer_id,
            Interaction.channel,
            Interaction.direction,
            Interaction.purpose,
            Interaction.phase,
            Interaction.agent,
            Interaction.unit,
            Interaction.disposition,
            Interaction.topic,
            Interaction.sentiment,
            Interaction.resolved_on_first_contact,
        ),
        window("started", Interaction.started_at),
        since(Interaction.updated_at),
    ],
)


# --- reading


@one_statement
def get(tx: ReadTx, actor: Actor, interaction_id: UUID) -> Row:
    """Read one interaction.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see it.
    """
    return _shape(INTERACTIONS.one_or_404(tx, actor, Interaction.id == interaction_id))


@one_statement
def page(tx: ReadTx, actor: Actor, query: InteractionQuery, after: After | None) -> Page:
    """Read a page of the interactions that match every filter."""
    return INTERACTIONS.page(tx, actor, query, after, _shape)


# --- writing


def create(tx: WriteTx, actor: Actor, data: InteractionCreate) -> Row:
    """Record one interaction; whose it is may stay open. Who asked not to be called is put on that list.

    Raises:
        InvalidError: it ends before it starts, its disposition cannot be used (``unknown_disposition``,
            ``inactive_disposition``), its customer is unknown or one the caller may not see
            (``unknown_customer``), or it has none and is of another unit than the caller.
        ConflictError: the source has an interaction with this external id (``interaction_exists``).
        ForbiddenError: ``create_missing`` without the scope to write customers.
    """
    return one_or_raise(create_many(tx, actor, [data]))


def create_many(
    tx: WriteTx,
    actor: Actor,
    items: Sequence[InteractionCreate],
    *,
    ids: Sequence[UUID] | None = None,
    import_id: UUID | None = None,
) -> list[Row | AppError]:
    """Record interactions together, in a number of statements that does not depend on how many they are.

    ``ids`` are the ids they get, new ones by default. Those of an import leave no audit rows here: it writes
    one for each batch; customers who are changed by them do.

    Returns:
        For each item its row, or why it was refused (see `create`); a refused item leaves no trace. The
        caller decides whether one refusal refuses all.

    Raises:
        ForbiddenError: an item asks for ``create_missing`` without the scope to write customers.
        ConflictError: another request stored some of the interactions in the meantime.
    """
    at = now()
    named = {item.disposition for item in items if item.disposition is not None}
    own = dispositions.states(tx, named)
    known = callers.name_customers(tx, actor, items)
    rows = [
        item if isinstance(item, AppError) else _new_row(actor, item, own, at, row_id, import_id)
        for item, row_id in zip(known, ids or [new_id() for _ in items], strict=True)
    ]
    items = [given if isinstance(item, AppError) else item for given, item in zip(items, known, strict=True)]
    recording.store_new(tx, actor, _KIND, items, rows, import_id=import_id)
    stored = [row for row in rows if isinstance(row, dict)]
    if import_id is None:
        subjects = [(str(row["id"]), row["customer_id"]) for row in stored]
        trail.record_all(tx, actor, "interaction.recorded", subjects)
    do_not_contact.apply_opt_outs(tx, actor, stored)
    return [_shape(row) if isinstance(row, dict) else row for row in rows]


def update_one(
    tx: WriteTx, actor: Actor, interaction_id: UUID, data: InteractionUpdate, if_match: str | None
) -> Row:
    """Merge a patch into an interaction; nothing is written when nothing changes.

    Raises:
        NotFoundError: no such interaction, or the caller may not see it.
        PreconditionFailedError: ``if_match`` does not name the present version.
        InvalidError: as in `create`; a disposition that is kept may have become inactive.
        ConflictError: it has another customer, or a complaint of another customer came from it.
    """
    change = changes.begin(tx, actor, INTERACTIONS, Interaction, interaction_id, if_match)
    before = change.before
    sent = data.model_dump(include=data.model_fields_set - {"promises"})
    if sent.get("phone") is not None:
        sent |= _caller(tx, actor, before, sent)
    changed = change.differing(sent)
    if not changed:
        return _shape(before)
    if "customer_id" in changed:
        _identify(tx, actor, before, changed["customer_id"])
    after = {**before, **changed}
    disposition = changed.get("disposition")
    own = dispositions.states(tx, [] if disposition is None else [disposition])
    wrong = _wrong(after, disposition, own)
    if "unit" in changed:
        # What is nobody's is seen by its own unit: a key of other units would not find it again.
        is_known = after["customer_id"] is not None
        wrong += rights.unit_problems(actor, after["unit"], is_required=not is_known)
    if wrong:
        raise InvalidError(fields=wrong)
    after = change.store("interaction.updated", {member: after[member] for member in changed})
    if changed.keys() & {"disposition", "customer_id"}:
        do_not_contact.apply_opt_outs(tx, actor, [after])
    return _shape(after)


# --- inside


def _new_row(
    actor: Actor,
    item: InteractionCreate,
    own: Mapping[str, bool],
    at: datetime,
    row_id: UUID,
    import_id: UUID | None,
) -> Row | AppError:
    """The row of an item whose customer is still to be found, or why it is refused."""
    row = {
        **item.model_dump(exclude={"customer", "create_missing", "promises"}),
        "id": row_id,
        "version": 1,
        "recorded_at": at,
        "updated_at": at,
        "import_id": import_id,
    }
    is_known = item.customer_id is not None or item.customer is not None
    if not is_known and row["unit"] is None and len(actor.units) == 1:
        [row["unit"]] = actor.units
    wrong = _wrong(row, item.disposition, own)
    wrong += rights.unit_problems(actor, row["unit"], is_required=not is_known)
    return InvalidError(fields=wrong) if wrong else row


def _wrong(row: Row, disposition: str | None, own: Mapping[str, bool]) -> list[FieldError]:
    """What is wrong with a row, given the ``disposition`` it newly has."""
    wrong = []
    if not in_order(row["started_at"], row["ended_at"]):
        detail = "An interaction cannot end before it starts."
        wrong.append(FieldError("/ended_at", "ends_before_start", detail))
    if disposition is not None:
        usable = is_usable(disposition, own)
        if usable is None:
            detail = "There is no such disposition."
            wrong.append(FieldError("/disposition", "unknown_disposition", detail))
        elif not usable:
            detail = "This disposition is no longer in use."
            wrong.append(FieldError("/disposition", "inactive_disposition", detail))
    return wrong


def _caller(tx: ReadTx, actor: Actor, before: Row, sent: Row) -> Row:
    """The number of a patch as it is kept, and the customer it names where there is none yet."""
    caller = callers.read(actor, sent["phone"])
    if before["customer_id"] is not None or sent.get("customer_id") is not None:
        return {"phone": caller.phone}
    owner = callers.owner_of(tx, actor, caller)
    return {"phone": caller.phone} | ({} if owner is None else {"customer_id": owner})


def _identify(tx: ReadTx, actor: Actor, before: Row, customer_id: UUID | None) -> None:
    """Make sure that an interaction of nobody may become one of this customer.

    Raises:
        ConflictError, InvalidError: see `update_one`.
    """
    if before["customer_id"] is not None:
        detail = "The interaction has a customer already: POST to /v1/interactions/{id}/transfers moves it."
        raise ConflictError(detail, id=before["id"])
    known = select(Customer.id).where(Customer.id == customer_id)
    if tx.execute(visible_to(known.with_for_update(read=True, key_share=True), actor)).first() is None:
        raise unknown_customer_at("/customer_id")
    others = Complaint.interaction_id == before["id"], Complaint.customer_id != customer_id
    if tx.execute(select(exists().where(*others))).scalar_one():
        seen = visible_to(select(Complaint.id).where(*others), actor, Complaint.customer_id)
        in_way = tx.execute(seen.order_by(Complaint.id).limit(1)).scalar_one_or_none()
        detail = "A complaint of another customer came from this interaction."
        existing = None if in_way is None else (str(in_way), f"/v1/complaints/{in_way}")
        raise ConflictError(detail, existing=existing)


_KIND = recording.RecordType(
    Interaction,
    path="/v1/interactions",
    exists="The source has an interaction with this external id already.",
    exists_code="interaction_exists",
)


def _shape(row: Row) -> Row:
    """A row as `InteractionRead` wants it, members in its order."""
    handled = handle_seconds(row["talk_seconds"], row["hold_seconds"], row["wrap_seconds"])
    return _as_read({**row, "handle_seconds": handled})
