"""Customers of an address book: found by their keys, numbers or addresses, made or completed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete, insert, select

from app.domain.common import names
from app.domain.common.access import Actor
from app.domain.customers.customers import (
    MAX_ATTRIBUTES,
    MAX_CONTACT_POINTS,
    MAX_EXTERNAL_IDS,
    MAX_TAGS,
    Lifecycle,
    attribute_key,
    contact_key,
)
from app.domain.imports import address_book_rows
from app.domain.imports.refusals import Refusal, Refused
from app.domain.imports.targets import ATTRIBUTE_TARGET
from app.errors import InvalidError
from app.schemas.customers.customers import CustomerCreate
from app.services.customers import callers, contract_terms, customers
from app.services.customers import rows as customer_rows
from app.services.customers.rows import Identity
from app.services.customers.scores import CONTRACT
from app.services.imports import customer_changes, source_digests
from app.services.imports.customer_changes import Change
from app.services.imports.people.rows import StatedRow, Wrong
from app.services.imports.record_requests import Items
from app.services.imports.source_digests import Statements
from app.store import dialects
from app.store.imports.transaction_batches import Outcome
from app.store.sql.composite_keys import in_pairs
from app.store.tables import Customer, CustomerExternalId, CustomerLookup
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now
from app.store.visibility import visible_to

SINGLE = (
    "kind", "name", "given_name", "family_name", "language", "born_on", "customer_since_on",
    "preferred_channel", "preferred_hours", "unit", "lifecycle", "left_on", "left_reason",
)  # fmt: skip
"""Members that have one value."""

LISTS = {"contact_points": MAX_CONTACT_POINTS, "external_ids": MAX_EXTERNAL_IDS, "tags": MAX_TAGS}
FOUND_BY = frozenset({"name", "contact_points", "tags", "attributes", "external_ids"})
_TARGETS = {column: f"contract.{member}" for member, column in CONTRACT.items()}


@dataclass(slots=True)
class People:
    """The customers that a batch is about, as they would be after the rows judged so far."""

    rows: dict[UUID, Row] = field(default_factory=dict)
    before: dict[UUID, Row] = field(default_factory=dict)
    owners: dict[Identity, UUID] = field(default_factory=dict)
    points: dict[tuple[str, str], list[UUID]] = field(default_factory=dict)
    changes: dict[UUID, Change] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Take a customer in."""
        self.rows[row["id"]] = row
        for entry in row["external_ids"]:
            self.owners[entry["system"], entry["key"]] = row["id"]
        for key in _point_keys(row["contact_points"]):
            if row["id"] not in self.points.setdefault(key, []):
                self.points[key].append(row["id"])


def store(tx: WriteTx, actor: Actor, import_row: Row, rows: Items) -> tuple[Outcome, int]:
    """Make or complete the customers of a batch, in a number of statements that does not depend on how many.

    What a row says as its source said it before is nothing new: what was changed here since stays.

    Returns:
        What became of the rows, and how many customers were made.

    Raises:
        ConflictError: another request gave one of the keys away in the meantime; repeat the batch.
    """
    import_id = import_row["id"]
    people = _load(tx, actor, import_id, rows.items)
    statements = source_digests.read(tx, import_row, people.rows.keys())
    outcome, created, touched = Outcome(), set(), set()
    for line, stated in zip(rows.line, rows.items, strict=True):
        try:
            customer_id, is_new, is_changed = _take(actor, people, statements, stated)
        except Wrong as wrong:
            outcome.refused.append(Refused(line, wrong.code, wrong.target))
            continue
        touched.add(customer_id)
        if is_new:
            created.add(customer_id)
            outcome.stored += 1
        elif is_changed:
            outcome.updated += 1
        else:
            outcome.repeated += 1
    _write(tx, actor, import_id, people, created)
    source_digests.write(tx, statements)
    journal = {(customer_id, ""): people.changes[customer_id] for customer_id in touched}
    customer_changes.write(tx, import_id, journal)
    return outcome, len(created)


def save(tx: WriteTx, actor: Actor, changed: Sequence[tuple[Row, Row]], *, terms: bool = True) -> None:
    """Store customers that were changed; pairs of what they were and what they are, which get their next
    version here. Their rows are locked. ``terms``: whether a changed contract also makes a version of today.
    """
    if not changed:
        return
    at = now()
    for before, after in changed:
        after |= {"version": before["version"] + 1, "updated_at": at}
        after["name_key"] = names.fold(after["name"] or "")[: customer_rows.NAME_KEY_LENGTH]
    members = [column.key for column in Customer.__table__.columns if column.key != "id"]
    statement = dialects.upsert(tx, Customer, ["id"], members)
    tx.execute(statement, [after for _, after in changed])
    found_again = [pair for pair in changed if any(pair[0][name] != pair[1][name] for name in FOUND_BY)]
    if found_again:
        ids = [after["id"] for _, after in found_again]
        tx.execute(delete(CustomerLookup).where(CustomerLookup.customer_id.in_(ids)))
        added = [{**after, "external_ids": _added(before, after)} for before, after in found_again]
        customers.index(tx, actor, added)
        callers.adopt(tx, actor, [row for row in added if row["contact_points"]])
    if not terms:
        return
    columns = CONTRACT.values()
    termed = [after for before, after in changed if any(before[name] != after[name] for name in columns)]
    contract_terms.keep_many(tx, actor, termed)


def locked(tx: ReadTx, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Row]:
    """The customers with these ids whom the caller may see; they cannot be changed by others until the end
    of the transaction."""
    if not ids:
        return {}
    wanted = select(Customer.__table__).where(Customer.id.in_(ids)).order_by(Customer.id)
    rows = tx.execute(visible_to(wanted, actor).with_for_update()).mappings()
    return {row["id"]: dict(row) for row in rows}


# --- inside


def _point_keys(points: Sequence[Row]) -> list[tuple[str, str]]:
    return [(p["kind"], contact_key(p["kind"], p["value"], p.get("network"))) for p in points]


def _added(before: Row, after: Row) -> list[Row]:
    return [entry for entry in after["external_ids"] if entry not in before["external_ids"]]


def _load(tx: ReadTx, actor: Actor, import_id: UUID, items: Sequence[StatedRow]) -> People:
    people = People()
    keys = {key for stated in items for key in stated.keys}
    owners: dict[Identity, UUID] = {}
    if keys:
        pairs = in_pairs(CustomerExternalId.system, CustomerExternalId.key, keys)
        columns = (CustomerExternalId.system, CustomerExternalId.key, CustomerExternalId.customer_id)
        owners = {(system, key): owner for system, key, owner in tx.execute(select(*columns).where(pairs))}
    points = {
        key
        for stated in items
        if not stated.keys
        for key in _point_keys(stated.item.model_dump(include={"contact_points"})["contact_points"] or [])
    }
    ids = set(owners.values())
    if points:
        pairs = in_pairs(CustomerLookup.kind, CustomerLookup.value, points)
        ids |= set(tx.execute(select(CustomerLookup.customer_id).where(pairs)).scalars())
    for row in locked(tx, actor, ids).values():
        people.add(row)
        people.before[row["id"]] = row
    people.owners |= owners  # also of customers whom the caller may not see
    people.changes = {
        customer_id: change for (customer_id, _), change in customer_changes.read(tx, import_id, ids).items()
    }
    return people


def _take(actor: Actor, people: People, statements: Statements, stated: StatedRow) -> tuple[UUID, bool, bool]:
    """Judge one row: its customer, and whether that is new or changed by it."""
    members = _members(stated)
    found = _find(people, stated, members)
    before = people.rows[found] if found is not None else _blank(actor)
    change = people.changes.get(before["id"]) or Change(created=found is None)
    said, place = Change(dict(change.statement)), (before["id"], "")
    pieces = address_book_rows.pieces(members, stated.keys)
    new = statements.newer_members(place, pieces)
    after = _after(before, members, stated, said, new)
    _check(actor, before, after)
    change.statement = said.statement
    statements.note(place, pieces)
    people.changes[before["id"]] = change
    changed = {name for name, value in after.items() if value != before[name]}
    if found is not None and changed and not change.created:
        change.note({name: before[name] for name in changed}, {name: after[name] for name in changed})
    people.add(after)
    return after["id"], found is None, bool(changed)


def _members(stated: StatedRow) -> Row:
    members: Row = customer_rows.sent(stated.item)
    members.pop("external_ids", None)
    if members.get("left_on") is not None:
        if members.get("lifecycle", Lifecycle.LEFT) != Lifecycle.LEFT:
            raise Wrong(Refusal.INVALID_VALUE, "lifecycle")
        members["lifecycle"] = Lifecycle.LEFT
    return {name: str(value) if name in _WORDS else value for name, value in members.items()}


_WORDS = frozenset({"kind", "preferred_channel", "lifecycle", "left_reason"})


def _find(people: People, stated: StatedRow, members: Row) -> UUID | None:
    """The customer that a row is about; None for a new one."""
    found: UUID | None = None
    for key, target in stated.keys.items():
        owner = people.owners.get(key)
        if owner is None or owner == found:
            continue
        if owner not in people.rows or found is not None or _has_other(people.rows[owner], stated, key):
            raise Wrong(Refusal.KEY_TAKEN, target)
        found = owner
    if stated.keys:
        return found
    keys = _point_keys(members.get("contact_points", []))
    if not keys:
        raise Wrong(Refusal.EXTERNAL_ID_MISSING, "external_id")
    near = {owner for key in keys for owner in people.points.get(key, ())}
    near = {owner for owner in near if _same_name(people.rows[owner]["name"], members.get("name"))}
    if len(near) > 1:
        raise Wrong(Refusal.CUSTOMER_UNCLEAR, keys[0][0])
    return next(iter(near), None)


def _has_other(row: Row, stated: StatedRow, key: Identity) -> bool:
    """Whether a customer found by a further key has another first key in the system of the row's first."""
    first = next(iter(stated.keys))
    if key == first:
        return False
    return any(entry["system"] == first[0] and entry["key"] != first[1] for entry in row["external_ids"])


def _same_name(one: str | None, other: str | None) -> bool:
    return one is None or other is None or names.fold(one) == names.fold(other)


def _blank(actor: Actor) -> Row:
    """A new customer of whom nothing is known yet."""
    unit = next(iter(actor.units)) if len(actor.units) == 1 else None
    data = {**CustomerCreate(name="-").model_dump(mode="python"), "name": None}
    everyone = Actor(actor.id, frozenset(), company=actor.company)
    return {**customer_rows.new_row(everyone, data, now(), new_id()), "unit": unit}


def _after(before: Row, members: Row, stated: StatedRow, said: Change, new: set[str]) -> Row:
    """A customer after a row: what the row leaves out, or says as before, stays, lists become longer, other
    values are set."""
    _say(members, said)
    after = dict(before)
    members, keys = address_book_rows.only_new(members, stated.keys, new, before)
    single = {name: members[name] for name in SINGLE if name in members}
    contract = members["contract"]
    columns = {CONTRACT[member]: value for member, value in contract.items()}
    after |= single | columns
    if after["lifecycle"] != Lifecycle.LEFT:
        if "left_reason" in members:
            raise Wrong(Refusal.VALUE_MISSING, "left_on")
        after |= {"left_on": None, "left_reason": None}
    elif after["left_on"] is None:
        raise Wrong(Refusal.VALUE_MISSING, "left_on")
    try:
        if contract:
            customer_rows.contract_columns(before, contract)
    except InvalidError as error:
        member = error.fields[0].pointer.rpartition("/")[2]
        code = Refusal.VALUE_MISSING if member == "started_on" else Refusal.OUT_OF_ORDER
        raise Wrong(code, f"contract.{member}") from None
    after["attributes"] = {**before["attributes"], **_new_attributes(before["attributes"], members)}
    for name in ("tags", "do_not_contact"):
        words = [str(word) for word in members.get(name, [])]
        after[name] = list(dict.fromkeys([*before[name], *words]))
    after["contact_points"] = [*before["contact_points"], *_new_points(before["contact_points"], members)]
    given = [{"system": system, "key": key} for system, key in keys]
    after["external_ids"] = [*before["external_ids"], *(k for k in given if k not in before["external_ids"])]
    return after


def _say(members: Row, said: Change) -> None:
    """Hold what a row says against the earlier rows of the file that are about the same customer."""
    single = {name: members[name] for name in SINGLE if name in members}
    attributes = {f"{ATTRIBUTE_TARGET}{name}": value for name, value in members.get("attributes", {}).items()}
    columns = {CONTRACT[member]: value for member, value in (members.get("contract") or {}).items()}
    said.say(single | columns | attributes, _TARGETS)


def _new_attributes(present: Row, members: Row) -> Row:
    """Attributes that say something else than those there are, whether as text or as a number."""
    return {
        name: value
        for name, value in members.get("attributes", {}).items()
        if name not in present or attribute_key(name, present[name]) != attribute_key(name, value)
    }


def _new_points(present: Sequence[Row], members: Row) -> list[Row]:
    known = {_point(point) for point in present}
    return [
        {"id": str(new_id()), **point, "kind": str(point["kind"])}
        for point in members.get("contact_points", [])
        if _point(point) not in known
    ]


def _point(point: Row) -> tuple[str, str, str | None]:
    kind = str(point["kind"])
    return kind, contact_key(kind, point["value"], point.get("network")), point.get("extension")


def _check(actor: Actor, before: Row, after: Row) -> None:
    """Refuse what a customer cannot have."""
    if actor.units and after["unit"] not in actor.units:
        missing = after["unit"] is None
        raise Wrong(Refusal.VALUE_MISSING if missing else Refusal.OTHER_UNIT, "unit")
    for name, most in {**LISTS, "attributes": MAX_ATTRIBUTES}.items():
        if len(after[name]) > most and len(after[name]) > len(before[name]):
            raise Wrong(Refusal.TOO_MANY, _COLUMNS.get(name, name))


_COLUMNS = {"contact_points": "phone", "external_ids": "external_id"}


def _write(tx: WriteTx, actor: Actor, import_id: UUID, people: People, created: set[UUID]) -> None:
    new = [
        customer_rows.checked(actor, {**people.rows[customer_id], "created_by_import_id": import_id})
        for customer_id in sorted(created)
    ]
    if new:
        tx.execute(insert(Customer), new)
        customers.index(tx, actor, new)
        callers.adopt(tx, actor, new)
        contract_terms.keep_first(tx, actor, new)
    changed = [
        (before, people.rows[customer_id])
        for customer_id, before in sorted(people.before.items())
        if people.rows[customer_id] != before
    ]
    save(tx, actor, changed)
    for _, after in changed:
        people.changes[after["id"]].version = after["version"]
