"""What happened with customers, recorded many at once: find or make whose it is, refuse what is stored
already, store the rest. Transactions, interactions, complaints and responses are all recorded here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.domain.common.access import Actor, Scope
from app.errors import AppError, ConflictError, FieldError, InvalidError
from app.services.customers import external_ids
from app.services.customers.external_ids import NamesCustomer, identity_of, unknown_customer
from app.services.platform import rights
from app.store import dialects
from app.store.sql.composite_keys import in_pairs
from app.store.tables import Base
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.visibility import visible_to

Check = Callable[[list[Row | AppError]], None]
"""Replaces rows that cannot be stored by their refusals. ``customer_id`` is that of the customer who was
found; None for nobody's record, and while the customer is still to be created."""


@dataclass(frozen=True, slots=True)
class RecordType:
    """A kind of record.

    Args:
        table: where it is stored; has ``id``, ``source`` and ``external_id``, and ``customer_id`` unless its
            records are nobody's.
        path: address of the resource, under which the stored record is.
        exists: message of the refusal of a record whose external id its source has used already.
        exists_code: code of that refusal.
        differing: names the members (JSON Pointers) in which a row differs from the stored one; such a row is
            refused with ``differs_code``.
        regenerate: makes another row of one that was not stored because of something else that must be
        unique.
    """

    table: type[Base]
    path: str
    exists: str
    exists_code: str
    differing: Callable[[Row, Row], list[str]] | None = None
    differs_code: str = ""
    regenerate: Callable[[Row], Row] | None = None

    def refusal(self) -> ConflictError:
        """Make the refusal of a record that is stored already; each row needs one of its own."""
        return ConflictError(self.exists, code=self.exists_code)


MAX_TRIES = 10
"""How often a row is made anew, at most."""


def store_new(
    tx: WriteTx,
    actor: Actor,
    kind: RecordType,
    items: Sequence[NamesCustomer],
    rows: list[Row | AppError],
    check: Check | None = None,
    import_id: UUID | None = None,
) -> set[UUID]:
    """Store the rows that can be stored, in a number of statements that does not depend on how many they
    are; the others become `AppError` in place.

    Args:
        rows: aligned with ``items``; each the row to store, its ``customer_id`` still as the item has it,
            or why the item was refused before. A row without ``external_id`` repeats no other.
        check: judges the rows by their customers, before anything is written.
        import_id: the import that brings the rows, and the customers that are made for them.

    Returns:
        The prospects among the customers of the stored rows.

    Raises:
        ForbiddenError: an item asks for ``create_missing`` without the scope to write customers.
        ConflictError: another request stored some of the records in the meantime.
    """
    if any(item.create_missing for item in items):
        rights.require(actor, Scope.CUSTOMERS_WRITE)
    prospects = external_ids.find_customers(tx, actor, items, rows)
    if check is not None:
        check(rows)
    given = list(rows)
    _refuse_repeated(kind, rows)
    made = _create_missing(tx, actor, kind, items, rows, import_id)
    _insert(tx, kind, rows)
    _name_existing(tx, actor, kind, given, rows)
    if any(isinstance(rows[index], AppError) for index in made):
        # A new customer must not stay behind without the record it was made for.
        raise ConflictError("Another request is storing the same records; repeat this one.")
    return prospects & {row["customer_id"] for row in rows if isinstance(row, dict)}


def store_unowned(tx: WriteTx, actor: Actor, kind: RecordType, rows: list[Row | AppError]) -> None:
    """Store those rows of anonymous records that can be stored; the others become `AppError` in place.

    Args:
        rows: each the row to store, or why the item was refused before.
    """
    given = list(rows)
    _refuse_repeated(kind, rows)
    _insert(tx, kind, rows)
    _name_existing(tx, actor, kind, given, rows)


# --- inside


def _refuse_repeated(kind: RecordType, rows: list[Row | AppError]) -> None:
    """Refuse rows that repeat the external id of an earlier one."""
    seen = set()
    for index, row in enumerate(rows):
        if isinstance(row, dict) and row["external_id"] is not None:
            if _key(row) in seen:
                rows[index] = kind.refusal()
            seen.add(_key(row))


def _create_missing(
    tx: WriteTx,
    actor: Actor,
    kind: RecordType,
    items: Sequence[NamesCustomer],
    rows: list[Row | AppError],
    import_id: UUID | None,
) -> list[int]:
    """Make the customers that rows lack, but not for records that are stored already.

    Returns:
        Indexes of the rows that got their customer here.
    """
    lacking = [
        index
        for index, (item, row) in enumerate(zip(items, rows, strict=True))
        if isinstance(row, dict) and row["customer_id"] is None and item.customer is not None
    ]
    if not lacking:
        return []
    _refuse_stored(tx, kind, rows, lacking)
    lacking = [index for index in lacking if isinstance(rows[index], dict)]
    try:
        wanted = {identity_of(items[index]) for index in lacking}
        made = external_ids.create_for_keys(tx, actor, wanted, import_id=import_id)
    except InvalidError as refusal:
        for index in lacking:
            rows[index] = refusal
        return []
    for index in lacking:
        row, customer_id = rows[index], made.get(identity_of(items[index]))
        if isinstance(row, dict) and customer_id is not None:
            row["customer_id"] = customer_id
        else:
            rows[index] = unknown_customer(items[index])
    return [index for index in lacking if isinstance(rows[index], dict)]


def _refuse_stored(tx: ReadTx, kind: RecordType, rows: list[Row | AppError], indexes: Sequence[int]) -> None:
    """Refuse rows whose record is stored already, one statement."""
    wanted = {
        index: _key(row)
        for index in indexes
        if isinstance(row := rows[index], dict) and row["external_id"] is not None
    }
    if not wanted:
        return
    columns = kind.table.__table__.c
    condition = in_pairs(columns.source, columns.external_id, set(wanted.values()))
    found = tx.execute(select(columns.source, columns.external_id).where(condition))
    stored = {(source, external_id) for source, external_id in found}
    for index, key in wanted.items():
        if key in stored:
            rows[index] = kind.refusal()


def _name_existing(
    tx: ReadTx,
    actor: Actor,
    kind: RecordType,
    given: Sequence[Row | AppError],
    rows: list[Row | AppError],
) -> None:
    """Say in the refusals of records that are stored already which ones these are, as far as the caller may
    see them, and in what the new ones differ; one statement, none where nothing was refused so."""
    refused = {
        index: row
        for index, row in enumerate(given)
        if isinstance(row, dict) and isinstance(rows[index], ConflictError) and row["external_id"] is not None
    }
    if not refused:
        return
    table = kind.table.__table__
    statement = select(table).where(
        in_pairs(table.c.source, table.c.external_id, set(map(_key, refused.values())))
    )
    if "customer_id" in table.c:
        statement = visible_to(statement, actor, table.c.customer_id, table.c.get("unit"))
    new = {row["id"] for row in rows if isinstance(row, dict)}
    found = {_key(dict(row)): dict(row) for row in tx.execute(statement).mappings() if row["id"] not in new}
    for index, row in refused.items():
        stored = found.get(_key(row))
        if stored is None:
            continue
        refusal = rows[index]
        members = [] if kind.differing is None else kind.differing(row, stored)
        if members:
            differs = "The stored one has another value; correct it with a PATCH, or leave it."
            fields = [FieldError(pointer, "differs", differs) for pointer in members]
            detail = "The source has recorded another version of this under this external id."
            refusal = rows[index] = ConflictError(detail, code=kind.differs_code, fields=fields)
        assert isinstance(refusal, AppError)  # noqa: S101 - chosen above
        refusal.existing = str(stored["id"]), f"{kind.path}/{stored['id']}"


def _insert(tx: WriteTx, kind: RecordType, rows: list[Row | AppError]) -> None:
    """Store the good rows, and refuse those whose record is stored already.

    Raises:
        ConflictError: a row cannot be stored however often it is made anew.
    """
    left = [index for index, row in enumerate(rows) if isinstance(row, dict)]
    for _ in range(MAX_TRIES):
        left = _insert_once(tx, kind, rows, left)
        if not left:
            return
        if kind.regenerate is not None:
            _refuse_stored(tx, kind, rows, left)
        for index in left:
            if isinstance(row := rows[index], dict):
                rows[index] = kind.refusal() if kind.regenerate is None else kind.regenerate(row)
        left = [index for index in left if isinstance(rows[index], dict)]
    if left:
        raise ConflictError("Another request is storing the same records; repeat this one.")


def _insert_once(
    tx: WriteTx, kind: RecordType, rows: Sequence[Row | AppError], indexes: Sequence[int]
) -> list[int]:
    """Store the rows that can be, one statement; gives the indexes of the others."""
    # In order of the unique key, so that two batches with the same records do not deadlock.
    good = sorted((row for index in indexes if isinstance(row := rows[index], dict)), key=_order)
    if not good:
        return []
    unique = ["source", "external_id"] if kind.regenerate is None else None
    statement = dialects.insert(tx, kind.table).on_conflict_do_nothing(index_elements=unique)
    stored = set(tx.execute(statement.returning(kind.table.__table__.c.id), good).scalars())
    return [index for index in indexes if isinstance(row := rows[index], dict) and row["id"] not in stored]


def _key(row: Row) -> tuple[str, str]:
    return row["source"], row["external_id"]


def _order(row: Row) -> tuple[str, str]:
    return row["source"], row["external_id"] or ""
