"""Find, create and check customers by their external ids (or ids), many at once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from app.domain.common.access import Actor
from app.domain.customers.customers import Lifecycle
from app.errors import AppError, ConflictError, FieldError, InvalidError, NotFoundError
from app.schemas.customers.customers import CustomerCreate, ExternalId
from app.services.customers.rows import Identity, new_row
from app.store import dialects
from app.store.audit import trail
from app.store.sql.composite_keys import in_pairs
from app.store.tables import Customer, CustomerExternalId
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now
from app.store.visibility import visible_to

KEYS_PER_STATEMENT = 5_000
"""External ids named in one statement: SQLite takes 32,766 parameters at most."""


class NamesCustomer(Protocol):
    """A record that comes in: its customer is named by id, by key, or not at all."""

    @property
    def customer_id(self) -> UUID | None: ...
    @property
    def customer(self) -> ExternalId | None: ...
    @property
    def create_missing(self) -> bool: ...


def find_by_keys(
    tx: ReadTx, actor: Actor, identities: Collection[Identity]
) -> dict[Identity, tuple[UUID, str]]:
    """Find id and lifecycle of the customers that have these keys, in one statement.

    Keys that nobody has, or whose customer the caller may not see, are left out. What is found cannot be
    deleted before the transaction ends.
    """
    if not identities:
        return {}
    statement = (
        select(CustomerExternalId.system, CustomerExternalId.key, Customer.id, Customer.lifecycle)
        .join(Customer, Customer.id == CustomerExternalId.customer_id)
        .where(in_pairs(CustomerExternalId.system, CustomerExternalId.key, identities))
        .with_for_update(read=True, key_share=True, of=Customer)
    )
    found = tx.execute(visible_to(statement, actor)).all()
    return {(system, key): (customer_id, lifecycle) for system, key, customer_id, lifecycle in found}


def create_for_keys(
    tx: WriteTx, actor: Actor, identities: Collection[Identity], *, import_id: UUID | None = None
) -> dict[Identity, UUID]:
    """Record an active customer without a name for each key; ask `find_by_keys` first for which.

    The number of statements does not depend on how many they are. A caller limited to one unit gives
    the customers that unit. An import leaves no audit row here: it writes one for each chunk.

    Returns:
        The customer of each key, also where another transaction was first; keys whose customer the
        caller may not see are left out.

    Raises:
        InvalidError: the caller is limited to several units, so the customer's cannot be told.
    """
    if len(actor.units) > 1:
        detail = "This key is limited to several units, so the unit of a new customer is not clear."
        raise InvalidError(fields=[FieldError("/create_missing", "unclear_unit", detail)])
    if not identities:
        return {}
    blank = CustomerCreate(name="-", unit=next(iter(actor.units), None)).model_dump(mode="python")
    at = now()
    rows: dict[Identity, Row] = {}
    for system, key in sorted(identities):  # in order, so that two transactions do not deadlock
        data = {**blank, "name": None, "external_ids": [{"system": system, "key": key}]}
        row = new_row(actor, data, at, new_id())
        rows[system, key] = {**row, "created_by_import_id": import_id}
    tx.execute(insert(Customer), list(rows.values()))
    owners = [{"system": pair[0], "key": pair[1], "customer_id": row["id"]} for pair, row in rows.items()]
    claim = dialects.insert(tx, CustomerExternalId).on_conflict_do_nothing()
    claimed = set(tx.execute(claim.returning(CustomerExternalId.customer_id), owners).scalars())
    made = {pair: row["id"] for pair, row in rows.items() if row["id"] in claimed}
    lost = [row["id"] for pair, row in rows.items() if pair not in made]
    theirs: dict[Identity, tuple[UUID, str]] = {}
    if lost:
        tx.execute(delete(Customer).where(Customer.id.in_(lost)))
        theirs = find_by_keys(tx, actor, rows.keys() - made.keys())
    if import_id is None:
        trail.record_all(tx, actor, "customer.created", [(str(new), new) for new in made.values()])
    return made | {pair: customer_id for pair, (customer_id, _) in theirs.items()}


def owners(tx: ReadTx, identities: Collection[Identity]) -> dict[Identity, UUID]:
    """The owners of the external ids that have one, whether the caller may see them or not."""
    wanted, found = sorted(identities), {}
    for start in range(0, len(wanted), KEYS_PER_STATEMENT):
        portion = wanted[start : start + KEYS_PER_STATEMENT]
        columns = CustomerExternalId.system, CustomerExternalId.key
        rows = tx.execute(select(*columns, CustomerExternalId.customer_id).where(in_pairs(*columns, portion)))
        found.update({(system, key): customer_id for system, key, customer_id in rows})
    return found


def refusals_of_taken(
    tx: ReadTx, actor: Actor, owners_in_way: Sequence[Sequence[UUID]]
) -> list[ConflictError]:
    """Refusals of customers whose external ids are those of others, in one statement at most.

    Args:
        owners_in_way: for each refused customer the others; none where it is another one of the same request.

    Returns:
        For each the refusal, which names the first of the others that the caller may see.
    """
    ids = {owner for others in owners_in_way for owner in others}
    visible = visible_to(select(Customer.id).where(Customer.id.in_(ids)), actor)
    seen = set(tx.execute(visible).scalars()) if ids else set()
    refusals = []
    for others in owners_in_way:
        known = next(((str(owner), f"/v1/customers/{owner}") for owner in others if owner in seen), None)
        detail = "Another customer has this external id."
        refusals.append(ConflictError(detail, code="external_id_taken", existing=known))
    return refusals


def activate_prospects(tx: WriteTx, actor: Actor, customer_ids: Collection[UUID]) -> None:
    """Make prospects among the customers active, because they have bought."""
    at = now()
    activated = (
        tx.execute(
            update(Customer)
            .where(Customer.id.in_(customer_ids), Customer.lifecycle == Lifecycle.PROSPECT)
            .values(lifecycle=Lifecycle.ACTIVE, version=Customer.version + 1, updated_at=at)
            .returning(Customer.id)
        )
        .scalars()
        .all()
    )
    found = [(str(customer_id), customer_id) for customer_id in activated]
    trail.record_all(tx, actor, "customer.updated", found, members=["lifecycle"])


def mark_changed(tx: WriteTx, customer_ids: Sequence[UUID], at: datetime) -> None:
    """Raise the version of customers of whom a record was moved or corrected, so that the next scoring run
    reads them again; one statement."""
    changed = update(Customer).where(Customer.id.in_(customer_ids))
    tx.execute(changed.values(updated_at=at, version=Customer.version + 1))


def find_customers(
    tx: ReadTx, actor: Actor, items: Sequence[NamesCustomer], rows: list[Row | AppError]
) -> set[UUID]:
    """Give each row its customer, as far as there is one the caller may see, and refuse rows without one
    unless it is to be created; return the prospects among them. At most two statements."""
    good = [item for item, row in zip(items, rows, strict=True) if isinstance(row, dict)]
    by_id = _find_by_ids(tx, actor, {item.customer_id for item in good if item.customer_id is not None})
    identities = {identity_of(item) for item in good if item.customer is not None}
    by_key = find_by_keys(tx, actor, identities)
    prospects = set()
    for index, (item, row) in enumerate(zip(items, rows, strict=True)):
        if not isinstance(row, dict) or (item.customer is None and item.customer_id is None):
            continue
        found = by_key.get(identity_of(item)) if item.customer_id is None else by_id.get(item.customer_id)
        if found is not None:
            row["customer_id"], lifecycle = found
            if lifecycle == Lifecycle.PROSPECT:
                prospects.add(found[0])
        elif not item.create_missing:
            rows[index] = unknown_customer(item)
    return prospects


def identity_of(item: NamesCustomer) -> Identity:
    """Return the external id by which a record names its customer."""
    assert item.customer is not None  # noqa: S101 - asked only of items that name a key
    return item.customer.system, item.customer.key


def check_visible(tx: ReadTx, actor: Actor, customer_id: UUID, *, lock: bool = False) -> None:
    """Check that there is a customer, whose row is locked until the transaction ends where ``lock`` says so.

    Raises:
        NotFoundError: there is none, or the caller may not see it.
    """
    wanted = visible_to(select(Customer.id).where(Customer.id == customer_id), actor)
    if tx.execute(wanted.with_for_update() if lock else wanted).first() is None:
        raise NotFoundError("There is no such customer.")


def unknown_customer(item: NamesCustomer) -> InvalidError:
    """Return the refusal of a record whose customer is not there, or not for the caller to see."""
    return unknown_customer_at("/customer" if item.customer_id is None else "/customer_id")


def unknown_customer_at(pointer: str) -> InvalidError:
    """Return the same refusal by the JSON Pointer of the member that names the customer."""
    wrong = FieldError(pointer, "unknown_customer", "There is no such customer.")
    return InvalidError(code="unknown_customer", fields=[wrong])


# --- inside


def _find_by_ids(tx: ReadTx, actor: Actor, ids: set[UUID]) -> dict[UUID, tuple[UUID, str]]:
    if not ids:
        return {}
    statement = select(Customer.id, Customer.lifecycle).where(Customer.id.in_(ids))
    found = tx.execute(visible_to(statement.with_for_update(read=True, key_share=True), actor)).all()
    return {customer_id: (customer_id, lifecycle) for customer_id, lifecycle in found}
