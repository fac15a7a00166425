"""Settings that are kept in versions: a change is a new row, and what went by an earlier one still does."""

from typing import Any

from sqlalchemy import insert, select, update

from app.domain.common.access import Actor
from app.services.platform import preconditions
from app.store import dialects
from app.store.audit import trail
from app.store.tables import Base
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now


def current(tx: ReadTx, table: type[Base], code: str) -> Row | None:
    """Return the current version of the setting with this code; None if there is none."""
    columns: Any = table
    statement = select(table.__table__).where(columns.code == code, columns.is_current)
    row = tx.execute(statement).mappings().first()
    return None if row is None else dict(row)


def put(
    tx: WriteTx,
    actor: Actor,
    table: type[Base],
    action: str,
    code: str,
    given: Row,
    if_match: str | None,
    if_none_match: str | None,
) -> tuple[Row, bool]:
    """Store ``given`` as the next version of a setting, unless it is what the current one says.

    Returns:
        The current version now, and whether there was none before.

    Raises:
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    columns: Any = table
    dialects.advisory_lock(tx, f"{table.__tablename__}:{code}")
    before = current(tx, table, code)
    version = None if before is None else before["version"]
    preconditions.check_version(version, if_match, if_none_match)
    if before is not None and all(before[member] == value for member, value in given.items()):
        return before, False
    at = now()
    row = {
        **({} if before is None else before),
        **given,
        "code": code,
        "version": (version or 0) + 1,
        "is_current": True,
        "created_at": at if before is None else before["created_at"],
        "updated_at": at,
    }
    if before is not None:
        is_it = columns.code == code, columns.is_current
        tx.execute(update(table).where(*is_it).values(is_current=False))
    tx.execute(insert(table), row)
    trail.record(tx, actor, action, code, members=given)
    return row, before is None
