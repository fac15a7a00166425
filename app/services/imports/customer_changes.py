"""What an import changed of each customer, so that it can be taken back and later rows be held against it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, null, select

from app.domain.imports.refusals import Refusal
from app.services.imports.people.rows import Wrong
from app.store import dialects
from app.store.tables import ImportChange
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

Place = tuple[UUID, str]
"""Customer, and the day of contract terms, the id of a sale, or nothing."""

CLEARED_AT_ONCE = 10_000


@dataclass(slots=True)
class Change:
    """What one import has said and changed of a customer so far; see `app.store.tables.ImportChange`."""

    statement: Row = field(default_factory=dict)
    before: Row | None = None
    after: Row | None = None
    created: bool = False
    version: int = 1

    def say(self, members: Mapping[str, Any], targets: Mapping[str, str]) -> None:
        """Note what a row says of members that have one value.

        Raises:
            Wrong: an earlier row of the file says something else.
        """
        stated = {name: spelled(value) for name, value in members.items()}
        for name, value in stated.items():
            if self.statement.get(name, value) != value:
                raise Wrong(Refusal.CONFLICTING_DUPLICATE, targets.get(name, name))
        self.statement.update(stated)

    def note(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Note members that were changed: what they were first, and what they are now."""
        self.before = {name: spelled(value) for name, value in before.items()} | (self.before or {})
        self.after = (self.after or {}) | {name: spelled(value) for name, value in after.items()}


def read(tx: ReadTx, import_id: UUID, customer_ids: Collection[UUID]) -> dict[Place, Change]:
    """What the import has changed of these customers."""
    if not customer_ids:
        return {}
    columns = ImportChange.__table__.c
    mine = select(ImportChange.__table__).where(columns.import_id == import_id)
    rows = tx.execute(mine.where(columns.customer_id.in_(customer_ids))).mappings()
    return {
        (row["customer_id"], row["part"]): Change(
            dict(row["said"]), row["before"], row["after"], row["created"], row["version"]
        )
        for row in rows
    }


def write(tx: WriteTx, import_id: UUID, changes: Mapping[Place, Change]) -> None:
    """Keep what was said and changed."""
    if not changes:
        return
    at = now()
    rows = [
        {
            "import_id": import_id,
            "customer_id": customer_id,
            "part": part,
            "created": change.created,
            "version": change.version,
            "said": change.statement,
            "before": change.before,
            "after": change.after,
            "changed_at": at,
        }
        for (customer_id, part), change in sorted(changes.items())
    ]
    members = ["created", "version", "said", "before", "after", "changed_at"]
    tx.execute(dialects.upsert(tx, ImportChange, ["import_id", "customer_id", "part"], members), rows)


def clear(tx: WriteTx, import_id: UUID) -> bool:
    """Delete some of what is no longer needed when an import has ended: rows of what was not changed.

    Returns:
        Whether nothing is left; otherwise call again.
    """
    mine = ImportChange.__table__.c
    idle = (mine.import_id == import_id, mine.created.is_(False), mine.after.is_(null()))
    some = select(mine.customer_id).where(*idle).limit(CLEARED_AT_ONCE)
    found = set(tx.execute(some).scalars())
    if found:
        tx.execute(delete(ImportChange).where(*idle, mine.customer_id.in_(found)))
    return not found


def forget(tx: WriteTx, import_id: UUID, parts: Collection[str]) -> None:
    """Delete what is kept of some parts."""
    columns = ImportChange.__table__.c
    tx.execute(delete(ImportChange).where(columns.import_id == import_id, columns.part.in_(parts)))


def spelled(value: Any) -> Any:
    """A value as JSON has it."""
    return value.isoformat() if isinstance(value, date) else value
