"""Create or change one row: what every resource does alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import update

from app.domain.common.access import Actor
from app.errors import AppError
from app.services.platform import preconditions
from app.store.audit import trail
from app.store.listing import Listing
from app.store.tables import Base
from app.store.transactions import Row, WriteTx
from app.store.types import now


def one_or_raise(rows: Sequence[Row | AppError]) -> Row:
    """Return the only row of a batch of one.

    Raises:
        AppError: it was refused.
    """
    [row] = rows
    if isinstance(row, AppError):
        raise row
    return row


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one row: how it was ``before``, locked, and the instant at which it is recorded."""

    tx: WriteTx
    actor: Actor
    table: type[Base]
    before: Row
    recorded_at: datetime

    def differing(self, sent: BaseModel | Row) -> Row:
        """Return those members that were sent and have another value now."""
        if isinstance(sent, BaseModel):
            sent = sent.model_dump(include=sent.model_fields_set)
        return {member: value for member, value in sent.items() if self.before[member] != value}

    def store(
        self,
        action: str,
        changes: Row,
        *,
        members: Iterable[str] | None = None,
        data: Row | None = None,
        stamp: str = "updated_at",
    ) -> Row:
        """Store ``changes`` as the row's next version.

        Args:
            action: of the audit entry and the event.
            changes: new values by column.
            members: of the audit entry; those of ``changes`` by default.
            data: more for the event.
            stamp: the column of the instant of the last change.

        Returns:
            The row as it is now.
        """
        stored = {**changes, "version": self.before["version"] + 1, stamp: self.recorded_at}
        after = {**self.before, **stored}
        columns: Any = self.table
        self.tx.execute(update(self.table).where(columns.id == after["id"]).values(stored))
        trail.record(
            self.tx,
            self.actor,
            action,
            after["id"],
            customer_id=after.get("customer_id"),
            members=changes if members is None else members,
            data={**(data or {}), "version": after["version"]},
        )
        return after


def begin(
    tx: WriteTx, actor: Actor, listing: Listing[Any], table: type[Base], row_id: UUID, if_match: str | None
) -> Change:
    """Lock the row of ``table`` that has this id, so that what is judged now is still so when it is stored.

    Raises:
        NotFoundError: there is none, or the caller may not see it.
        PreconditionFailedError: ``if_match`` does not name the present version.
    """
    columns: Any = table
    before = listing.one_or_404(tx, actor, columns.id == row_id, lock=True)
    preconditions.check_version(before["version"], if_match)
    return Change(tx, actor, table, before, now())
