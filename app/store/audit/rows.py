"""Entries of the audit trail as they are stored, also such as no process of ours would write.

Whoever can write the database may put anything into a row: text that is no UTF-8, a list that is none, an
instant without end. Nothing of that may stop the numbering or the verification, so values come as the driver
gives them, and what cannot be read makes an entry that fits no seal.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Connection

from app.store import dialects
from app.store.transactions import ReadTx, WriteTx

_TEXTS = ("actor_id", "agent", "request_id", "action", "object_id", "members")
# SQLite keeps any kind of value in any column, and the driver fails at text that is none. Bytes in the place
# of the same text are another value: who looks for the text does not find them.
_TEXT = (
    "CASE typeof({0}) WHEN 'text' THEN CAST({0} AS BLOB) WHEN 'null' THEN NULL"
    " ELSE typeof({0}) || ' ' || quote({0}) END"
)
_SQLITE = (
    "rowid, CASE typeof(id) WHEN 'blob' THEN lower(hex(id)) END, CASE typeof(at) WHEN 'integer' THEN at END, "
    + ", ".join(map(_TEXT.format, _TEXTS))
    + ", CASE typeof(position) WHEN 'integer' THEN position END, CASE typeof(seal) WHEN 'blob' THEN seal END"
)
_POSTGRES = (
    "id, replace(id::text, '-', ''), "
    "CASE WHEN isfinite(at) THEN (extract(epoch FROM at) * 1000000)::bigint END, "
    "actor_id, agent, request_id, action, object_id, members::text, position, seal"
)
_ENTRIES = "FROM audit_entries WHERE"


class Entry(NamedTuple):
    """One row; ``row_id`` is what an UPDATE finds it by."""

    row_id: Any
    text: str
    """Every column but position and seal in one unambiguous spelling: what marks and seals are made over."""
    actor_id: str
    agent: str | None
    position: int | None
    seal: bytes | None


def text_of(
    entry_hex: str | None,
    at_micros: Any,
    actor_id: Any,
    request_id: Any,
    action: Any,
    object_id: Any,
    members: Any,
    agent: Any = None,
) -> str:
    """What marks and seals are made over.

    An entry without ``agent`` reads as entries did before there were any, so that their seals still fit.
    """
    columns = [entry_hex, at_micros, actor_id, request_id, action, object_id, members]
    if agent is not None:
        columns.append(agent)
    return json.dumps(columns, separators=(",", ":"), default=repr)


def after(tx: ReadTx, position: int, limit: int, until: int | None = None) -> list[Entry]:
    """Entries behind a position, and up to another, in order of their positions."""
    if until is None:
        return _read(tx, f"{_ENTRIES} position > {{}} ORDER BY position LIMIT {{}}", position, limit)
    wanted = f"{_ENTRIES} position > {{}} AND position <= {{}} ORDER BY position LIMIT {{}}"
    return _read(tx, wanted, position, until, limit)


def at(tx: ReadTx, position: int) -> Entry | None:
    """The entry at a position."""
    found = _read(tx, f"{_ENTRIES} position = {{}}", position)
    return found[0] if found else None


def waiting(tx: ReadTx, limit: int) -> list[Entry]:
    """Entries that wait for their position, the earliest first."""
    return _read(tx, f"{_ENTRIES} position IS NULL ORDER BY at, id LIMIT {{}}", limit)


def refused(tx: ReadTx, limit: int) -> list[Entry]:
    """Entries that were refused, the first first."""
    return _read(tx, f"{_ENTRIES} position <= 0 ORDER BY position DESC LIMIT {{}}", limit)


def positions(tx: WriteTx, ids: Sequence[UUID]) -> dict[UUID, int | None]:
    """The positions of those of some entries that are there, None for those that wait."""
    if dialects.is_postgres(tx):
        wanted = "SELECT id, position FROM audit_entries WHERE id = ANY(%s)"
        return {row[0]: row[1] for row in tx.exec_driver_sql(wanted, (list(ids),))}
    stored = [one.bytes for one in ids]
    marks = ",".join("?" * len(ids))
    wanted = f"SELECT id, position FROM audit_entries WHERE id IN ({marks})"  # noqa: S608 - question marks only
    found = {row[0]: row[1] for row in tx.exec_driver_sql(wanted, tuple(stored))}
    return {one: found[key] for one, key in zip(ids, stored, strict=True) if key in found}


def place(tx: WriteTx, placed: Sequence[tuple[int, bytes | None, Any]]) -> None:
    """Give rows their position and seal: ``(position, seal, row id)``."""
    if placed:
        mark, key = ("%s", "id") if dialects.is_postgres(tx) else ("?", "rowid")
        tx.exec_driver_sql(
            f"UPDATE audit_entries SET position = {mark}, seal = {mark} WHERE {key} = {mark}",  # noqa: S608
            list(placed),
        )


def _read(tx: ReadTx, wanted: str, *values: int) -> list[Entry]:
    columns, mark = (_POSTGRES, "%s") if dialects.is_postgres(tx) else (_SQLITE, "?")
    statement = f"SELECT {columns} " + wanted.format(*([mark] * len(values)))
    return [_entry(row) for row in cast("Connection", tx).exec_driver_sql(statement, values)]


def _entry(row: Any) -> Entry:
    row_id, entry_hex, at_micros, *said, position, seal = row
    actor_id, agent, request_id, action, object_id, members = map(_text, said)
    try:
        members = json.loads(members)
    except (ValueError, TypeError, RecursionError):
        members = repr(members)  # no list, so it fits no seal
    text = text_of(entry_hex, at_micros, actor_id, request_id, action, object_id, members, agent)
    return Entry(row_id, text, str(actor_id), agent, position, seal)


def _text(value: Any) -> Any:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
