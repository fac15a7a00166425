"""Rows that the company keeps by a code: what a PUT sends is brought together with what is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select

from app.domain.common.access import Actor
from app.errors import FieldError
from app.services.platform import preconditions
from app.store import dialects
from app.store.audit import trail
from app.store.tables import Base
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

Table = type[Base]


@dataclass(slots=True)
class Draft:
    """How a row was, None for a new one, and how it is to be."""

    table: Table
    before: Row | None
    after: Row

    @property
    def is_new(self) -> bool:
        """Whether there was none."""
        return self.before is None

    def changes(self, *members: str) -> bool:
        """Tell whether one of ``members`` gets another value; of a new row, one that is not null."""
        before: Mapping[str, Any] = self.before or {}
        return any(self.after[member] != before.get(member) for member in members)

    def newly(self, member: str) -> str | None:
        """Return the value of a member that names something, if it has another one now."""
        value: str | None = self.after[member] if self.changes(member) else None
        return value

    @property
    def ends(self) -> bool:
        """Whether it is inactive from now on and was not before."""
        was_active = self.before is None or self.before["is_active"]
        return bool(was_active and not self.after["is_active"])

    def missing(self, *members: str) -> list[FieldError]:
        """Say which of ``members`` a new row lacks."""
        lacking = [member for member in members if self.after[member] is None]
        return [FieldError(f"/{member}", "missing", "This member is required.") for member in lacking]


def draft(
    tx: WriteTx,
    table: Table,
    code: str,
    data: BaseModel,
    defaults: Row,
    if_match: str | None,
    if_none_match: str | None,
) -> Draft:
    """Bring what was sent together with what is stored.

    Args:
        tx: the transaction, in which nobody else changes the row any more.
        table: of the row.
        code: its key.
        data: the body; members that were not sent keep their value.
        defaults: every member of a new row.
        if_match: as in `preconditions.check_version`.
        if_none_match: likewise.

    Raises:
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    before = stored(tx, table, code)
    version = None if before is None else before["version"]
    preconditions.check_version(version, if_match, if_none_match)
    at = now()
    kept = before or {"code": code, **defaults, "created_at": at}
    sent = data.model_dump(include=data.model_fields_set)
    after = {**kept, **sent, "version": 1 if version is None else version + 1, "updated_at": at}
    return Draft(table, before, after)


def store(tx: WriteTx, actor: Actor, thing: str, draft: Draft) -> Row:
    """Store a draft unless it changes nothing, with its entry and event; return the row as it is now."""
    kept = {"version", "updated_at"}
    members = [name for name in draft.after if name not in kept and draft.changes(name)]
    if draft.before is not None and not members:
        return draft.before
    columns = [name for name in draft.after if name not in ("code", "created_at")]
    tx.execute(dialects.upsert(tx, draft.table, ["code"], columns), draft.after)
    named = sorted(set(members) - {"code", "created_at"})
    trail.record(tx, actor, f"{thing}.saved", draft.after["code"], members=named)
    return draft.after


def stored(tx: ReadTx, table: Table, code: str) -> Row | None:
    """Return a row as it is stored."""
    columns: Any = table
    row = tx.execute(select(table.__table__).where(columns.code == code)).mappings().first()
    return None if row is None else dict(row)
