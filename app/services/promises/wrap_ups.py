"""Contacts that are recorded or wrapped up together with what was promised in them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from app.domain.common.access import Actor, Scope
from app.errors import AppError
from app.schemas.promises.promises import PromiseCreate, PromiseGiven
from app.schemas.promises.wrap_ups import InteractionAndPromises, InteractionWrapUp
from app.services.activity import interactions
from app.services.platform import rights
from app.services.promises import promises
from app.store.transactions import Row, WriteTx


def create_interaction(tx: WriteTx, actor: Actor, data: InteractionAndPromises) -> Row:
    """Record a contact and what was promised in it, or neither.

    Raises:
        ForbiddenError: promises without the scope to write them.
        InvalidError: as `interactions.create` and `promises.create`, by pointers such as
            ``/promises/0/due_at``.
        ConflictError: likewise.
    """
    row = interactions.create(tx, actor, data)
    promise(tx, actor, data.promises, interaction_id=row["id"])
    return row


def update_interaction(
    tx: WriteTx, actor: Actor, interaction_id: UUID, data: InteractionWrapUp, if_match: str | None
) -> Row:
    """Merge a patch into a contact and record what was promised in it, or neither.

    Raises:
        ForbiddenError, InvalidError, ConflictError: as `create_interaction`.
        NotFoundError, PreconditionFailedError: as `interactions.update_one`.
    """
    row = interactions.update_one(tx, actor, interaction_id, data, if_match)
    promise(tx, actor, data.promises, interaction_id=interaction_id)
    return row


def promise(
    tx: WriteTx,
    actor: Actor,
    given: Sequence[PromiseGiven],
    *,
    interaction_id: UUID | None = None,
    complaint_id: UUID | None = None,
    made_at: datetime | None = None,
    pointer: str = "/promises/{index}",
) -> None:
    """Record what was promised in a contact or for a complaint: all or none.

    Raises:
        ForbiddenError: the caller lacks the scope to write promises.
        AppError: one of them was refused; its pointers begin with ``pointer``.
    """
    if not given:
        return
    rights.require(actor, Scope.PROMISES_WRITE)
    items = [
        PromiseCreate.model_construct(
            **one.model_dump(), interaction_id=interaction_id, complaint_id=complaint_id
        )
        for one in given
    ]
    for index, row in enumerate(promises.create_many(tx, actor, items, made_at=made_at)):
        if isinstance(row, AppError):
            begin = pointer.format(index=index)
            row.fields = tuple(replace(one, pointer=f"{begin}{one.pointer}") for one in row.fields)
            raise row
