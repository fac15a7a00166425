"""What a file says of contracts besides their days: named attributes, and snapshots."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_

from app.domain.common.access import Actor
from app.domain.customers.contract_statements import digest
from app.domain.imports.mapping import Mapping as FileMapping
from app.domain.imports.refusals import Refusal, Refused
from app.domain.imports.targets import ATTRIBUTE_TARGET
from app.services.customers import external_ids
from app.services.customers.external_ids import find_by_keys
from app.services.customers.rows import Identity
from app.services.imports import customer_changes, source_digests
from app.services.imports.customer_changes import Change, Place
from app.services.imports.people import customers
from app.services.imports.people.rows import Wrong
from app.services.imports.record_requests import Items
from app.services.imports.source_digests import Statements
from app.store import dialects
from app.store.imports.transaction_batches import Outcome
from app.store.tables import ContractStatement
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

PART = "statement:"
"""What parts of changes begin with that are about a statement; its day follows."""

_SAID = ("age", "age_unit", "has_left")
_TARGETS = {"has_left": "left", "age_unit": "age"}
_READ = select(ContractStatement.__table__)


class Became(Enum):
    """What became of a row."""

    STORED = "stored"
    UPDATED = "updated"
    REPEATED = "repeated"


@dataclass(slots=True)
class Book:
    """The statements of some customers, as they would be after the rows judged so far."""

    rows: dict[tuple[UUID, date], Row]
    changes: dict[Place, Change]
    statements: Statements
    touched: set[tuple[UUID, date]] = field(default_factory=set)

    def take(self, owner: UUID, known_on: date, members: Row) -> Became:
        """Take in what a row says: ``age``, ``age_unit``, ``has_left`` and ``attribute.<name>``.

        What it leaves out stays, and what it says as its source said it before is nothing new.

        Raises:
            Wrong: an earlier row of the file says something else.
        """
        place, key = (owner, f"{PART}{known_on}"), (owner, known_on)
        change = self.changes.setdefault(place, Change())
        change.say(members, _TARGETS)
        new = self.statements.newer_members(place, members)
        self.statements.note(place, members)
        present = self.rows.get(key)
        before = {} if present is None else _flat(present)
        if present is None:
            new = set(members)
        changed = {name: members[name] for name in new if name not in before or before[name] != members[name]}
        if not changed and present is not None:
            return Became.REPEATED
        self.rows[key] = _whole(owner, known_on, {**before, **changed})
        self.touched.add(key)
        if present is None or (change.after is not None and change.before is None):
            change.after = {**(change.after or {}), **changed}
        else:
            change.note({name: before.get(name) for name in changed}, changed)
        return Became.STORED if present is None else Became.UPDATED

    def write(self, tx: WriteTx) -> None:
        """Store those that were changed."""
        write(tx, [self.rows[key] for key in sorted(self.touched)])


def read(tx: ReadTx, customer_ids: Collection[UUID], changes: dict[Place, Change], said: Statements) -> Book:
    """Read the statements of some customers."""
    return Book(rows_of(tx, customer_ids), changes, said)


def store(tx: WriteTx, actor: Actor, import_row: Row, rows: Items) -> tuple[Outcome, int]:
    """Keep the snapshot rows of a batch, in a number of statements that does not depend on how many.

    Returns:
        What became of the rows, and how many customers were made.
    """
    mapping = FileMapping.from_dict(import_row["mapping"])
    known_on, import_id = date.fromisoformat(mapping.snapshot_on), import_row["id"]
    outcome = Outcome()
    keys = {(stated.item.customer.system, stated.item.customer.key) for stated in rows.items}
    owners, made = _owners(tx, actor, keys, import_id if mapping.create_missing else None)
    people = customers.locked(tx, actor, set(owners.values()))
    changes = customer_changes.read(tx, import_id, people)
    book = read(tx, people, changes, source_digests.read(tx, import_row, people))
    for line, stated in zip(rows.line, rows.items, strict=True):
        item = stated.item
        owner = owners.get((item.customer.system, item.customer.key))
        if owner is None or owner not in people:
            outcome.refused.append(Refused(line, Refusal.UNKNOWN_CUSTOMER, "customer_key"))
            continue
        said = {"age": item.age, "age_unit": mapping.unit, "has_left": item.left}
        try:
            became = book.take(owner, known_on, {**said, **flat_attributes(item.attributes)})
        except Wrong as wrong:
            outcome.refused.append(Refused(line, wrong.code, wrong.target))
            continue
        count(outcome, became)
    book.write(tx)
    for customer_id in made:
        changes[customer_id, ""] = Change(created=True, version=people[customer_id]["version"])
    source_digests.write(tx, book.statements)
    customer_changes.write(tx, import_id, changes)
    return outcome, len(made)


def count(outcome: Outcome, became: Became) -> None:
    """Count a row."""
    outcome.stored += became is Became.STORED
    outcome.updated += became is Became.UPDATED
    outcome.repeated += became is Became.REPEATED


def rows_of(tx: ReadTx, customer_ids: Collection[UUID]) -> dict[tuple[UUID, date], Row]:
    """All statements about some customers."""
    mine = _READ.where(ContractStatement.customer_id.in_(customer_ids))
    rows = tx.execute(mine).mappings() if customer_ids else ()
    return {(row["customer_id"], row["known_on"]): dict(row) for row in rows}


def write(tx: WriteTx, rows: list[Row]) -> None:
    """Store statements, in the place of those of the same days."""
    if not rows:
        return
    members = ["attributes", *_SAID, "digest", "recorded_at"]
    statement = dialects.upsert(tx, ContractStatement, ["customer_id", "known_on"], members)
    at = now()
    tx.execute(statement, [{**row, "recorded_at": at} for row in rows])


def restore(tx: WriteTx, changes: Mapping[Place, Change]) -> None:
    """Take back what an import said, as far as it still stands."""
    rows = rows_of(tx, {customer_id for customer_id, _ in changes})
    gone: list[tuple[UUID, date]] = []
    back: list[Row] = []
    for (customer_id, part), change in changes.items():
        key = customer_id, date.fromisoformat(part.removeprefix(PART))
        present = rows.get(key)
        if present is None or change.after is None:
            continue
        flat, before = _flat(present), change.before or {}
        for name, value in change.after.items():
            if flat.get(name) == value:
                flat.pop(name)
                if before.get(name) is not None:
                    flat[name] = before[name]
        if flat:
            back.append(_whole(*key, flat))
        else:
            gone.append(key)
    if gone:
        pair = tuple_(ContractStatement.customer_id, ContractStatement.known_on)
        tx.execute(delete(ContractStatement).where(pair.in_(gone)))
    write(tx, back)


def flat_attributes(attributes: Mapping[str, Any]) -> Row:
    """Attributes by the names of their targets."""
    return {f"{ATTRIBUTE_TARGET}{name}": value for name, value in attributes.items()}


# --- inside


def _owners(
    tx: WriteTx, actor: Actor, keys: set[Identity], import_id: UUID | None
) -> tuple[dict[Identity, UUID], set[UUID]]:
    """The customers of keys, and those of them that were made just now, by the import that may make them."""
    owners = {key: customer_id for key, (customer_id, _) in find_by_keys(tx, actor, keys).items()}
    if import_id is None or len(owners) == len(keys):
        return owners, set()
    new = external_ids.create_for_keys(tx, actor, keys - owners.keys(), import_id=import_id)
    rows = customers.locked(tx, actor, set(new.values()))
    made = {customer_id for customer_id, row in rows.items() if row["created_by_import_id"] == import_id}
    return {**owners, **new}, made


def _flat(row: Row) -> Row:
    """What a statement says, by member."""
    said = {name: row[name] for name in _SAID if row[name] is not None}
    return {**said, **flat_attributes(row["attributes"])}


def _whole(owner: UUID, known_on: date, flat: Row) -> Row:
    """A statement that says this."""
    attributes = {
        name.removeprefix(ATTRIBUTE_TARGET): value
        for name, value in sorted(flat.items())
        if name.startswith(ATTRIBUTE_TARGET)
    }
    said = {name: flat.get(name) for name in _SAID}
    return {
        "customer_id": owner,
        "known_on": known_on,
        "attributes": attributes,
        **said,
        "digest": digest({**said, "attributes": attributes}),
    }
