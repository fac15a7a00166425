"""Rows of a tree that the company fills, by their code: what categories and causes do alike."""

from typing import Any

from pydantic import BaseModel
from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.people.hierarchy import Place, makes_circle
from app.errors import FieldError
from app.services.platform import preconditions
from app.store import dialects
from app.store.audit import trail
from app.store.tables import ComplaintCategory, ComplaintCause
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

Table = type[ComplaintCategory] | type[ComplaintCause]


def draft(
    tx: WriteTx,
    table: Table,
    code: str,
    data: BaseModel,
    defaults: Row,
    if_match: str | None,
    if_none_match: str | None,
) -> tuple[Row | None, Row, list[FieldError]]:
    """Bring what was sent together with what is stored; the tree does not change until the transaction ends.

    Returns:
        How the row was, None for a new one; how it is to be; and what is wrong with that: no names
        (``missing``), a parent that is not registered (``unknown_parent``) or stands below it (``circle``).

    Raises:
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    dialects.advisory_lock(tx, table.__tablename__)
    before = stored(tx, table, code)
    version = None if before is None else before["version"]
    preconditions.check_version(version, if_match, if_none_match)
    at = now()
    kept = before or {"code": code, **defaults, "created_at": at}
    sent = data.model_dump(include=data.model_fields_set)
    after = {**kept, **sent, "version": 1 if version is None else version + 1, "updated_at": at}
    wrong = []
    if after["names"] is None:
        wrong.append(FieldError("/names", "missing", "This member is required."))
    parent = after["parent"]
    if parent is not None and (before is None or parent != before["parent"]):
        found = {one: Place(above, is_active) for one, above, is_active in tx.execute(_places(table))}
        if makes_circle(found, code, parent):
            detail = "It would stand above itself. Name another one."
            wrong.append(FieldError("/parent", "circle", detail))
        elif parent not in found:
            detail = "Nothing with this code is registered. Register the parent with a PUT first."
            wrong.append(FieldError("/parent", "unknown_parent", detail))
    return before, after, wrong


def store(tx: WriteTx, actor: Actor, table: Table, thing: str, before: Row | None, after: Row) -> Row:
    """Store a draft unless it changes nothing, with its entry and event; return the row as it is now."""
    kept = {"version", "updated_at", "created_at", "code"}
    old: Row = before or {}
    members = sorted(name for name in after if name not in kept and after[name] != old.get(name))
    if before is not None and not members:
        return before
    columns = [name for name in after if name not in ("code", "created_at")]
    tx.execute(dialects.upsert(tx, table, ["code"], columns), after)
    trail.record(tx, actor, f"{thing}.saved", after["code"], members=members)
    return after


def stored(tx: ReadTx, table: Table, code: str) -> Row | None:
    """Return a row as it is stored."""
    row = tx.execute(select(table.__table__).where(table.code == code)).mappings().first()
    return None if row is None else dict(row)


def _places(table: Table) -> Any:
    return select(table.code, table.parent, table.is_active)
