"""How contacts can end: the built-in list, as far as the company has not changed it, and its own."""

from collections.abc import Collection

from sqlalchemy import select

from app.domain.activity.interactions import DISPOSITIONS
from app.domain.common.access import Actor
from app.errors import FieldError, InvalidError, NotFoundError
from app.schemas.activity.dispositions import DispositionPut
from app.schemas.common.base import ChangesQuery
from app.services.platform import preconditions
from app.store import dialects
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.paging import After, Page, SortKey, fetch
from app.store.tables import Disposition
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now
from app.texts import LANGUAGES, translate

_READ = select(Disposition.__table__)


@one_statement
def get(tx: ReadTx, actor: Actor, code: str) -> Row:
    """Read one disposition.

    Raises:
        NotFoundError: there is none with this code.
    """
    row = _shape(code, _stored(tx, code))
    if row is None:
        raise NotFoundError("There is no such disposition.")
    return row


@one_statement
def page(tx: ReadTx, actor: Actor, query: ChangesQuery, after: After | None) -> Page:
    """Read a page of the dispositions, active or not, by code. Built-in ones that the company has not changed
    were changed after no instant."""
    statement = _READ
    if query.updated_after is not None:
        statement = statement.where(Disposition.updated_at > query.updated_after)
    built_in = DISPOSITIONS if query.updated_after is None else {}
    found = fetch(tx, statement, [SortKey(Disposition.code)], limit=query.limit, after=after)
    stored = {row["code"]: row for row in found.rows}
    before = "" if after is None else after[0]
    # A page full of stored ones cuts off everything behind them, so none of those is shown unmerged.
    codes = sorted(stored.keys() | {code for code in built_in if code > before})
    shown = codes[: query.limit]
    more = len(codes) > len(shown) or found.after is not None
    rows = [row for code in shown if (row := _shape(code, stored.get(code))) is not None]
    return Page(rows, (shown[-1],) if more else None)


def states(tx: ReadTx, codes: Collection[str]) -> dict[str, bool]:
    """Whether each of ``codes`` that the company added or changed is active; one statement, none for none."""
    if not codes:
        return {}
    statement = select(Disposition.code, Disposition.is_active).where(Disposition.code.in_(codes))
    return dict(tx.execute(statement).all())


def put(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: DispositionPut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Add a disposition, or change the one that has this code.

    Returns:
        The disposition, and whether it is new.

    Raises:
        InvalidError: a new one without names.
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    dialects.advisory_lock(tx, f"disposition:{code}")
    stored = _stored(tx, code)
    before = _shape(code, stored)
    version = None if before is None else before["version"]
    preconditions.check_version(version, if_match, if_none_match)
    sent = data.model_dump(include=data.model_fields_set)
    if before is None and "names" not in sent:
        raise InvalidError(fields=[FieldError("/names", "missing", "This member is required.")])
    at = now()
    row = {
        "code": code,
        "version": 1 if before is None else before["version"] + 1,
        "names": {} if stored is None else stored["names"],
        "is_active": True if before is None else before["is_active"],
        "created_at": at,
        "updated_at": at,
        **sent,
    }
    after = _shape(code, row)
    assert after is not None  # noqa: S101 - it has a row
    if before is not None and all(before[member] == after[member] for member in ("names", "is_active")):
        return before, False
    members = ["version", "names", "is_active", "updated_at"]
    tx.execute(dialects.upsert(tx, Disposition, ["code"], members), row)
    trail.record(tx, actor, "disposition.saved", code, members=sent)
    return after, before is None


# --- inside


def _stored(tx: ReadTx, code: str) -> Row | None:
    row = tx.execute(_READ.where(Disposition.code == code)).mappings().first()
    return None if row is None else dict(row)


def _shape(code: str, stored: Row | None) -> Row | None:
    """A disposition as `DispositionRead` wants it; None if it is neither built in nor stored.

    One that is built in has been there from the start, so it is of version 1 until it is changed.
    """
    if stored is None and code not in DISPOSITIONS:
        return None
    given = stored or {"version": 1, "names": {}, "is_active": True, "updated_at": None}
    return {
        "code": code,
        "version": given["version"],
        "names": {**_built_in_names(code), **given["names"]},
        "is_active": given["is_active"],
        "is_built_in": code in DISPOSITIONS,
        "updated_at": given["updated_at"],
    }


def _built_in_names(code: str) -> dict[str, str]:
    name = DISPOSITIONS.get(code)
    return {} if name is None else {language: translate(name, language) for language in LANGUAGES}
