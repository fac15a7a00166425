"""Record, change, find and read customers."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from app.domain.common.access import Actor
from app.domain.customers.customers import Lifecycle, lookups
from app.errors import AppError, ConflictError, NotFoundError
from app.schemas.common.base import shaper
from app.schemas.customers.customers import (
    CustomerCreate,
    CustomerRead,
    CustomerUpdate,
    CustomerUpsert,
    Departure,
)
from app.schemas.customers.search import CustomerQuery
from app.services.customers import (
    callers,
    contract_terms,
    do_not_contact,
    external_ids,
    scores,
    search,
    shared_opt_outs,
    standard_pages,
)
from app.services.customers import rows as customer_rows
from app.services.customers.rows import Identity
from app.services.platform import preconditions
from app.services.platform.changes import one_or_raise
from app.store import dialects
from app.store.audit import trail
from app.store.engine import in_thread_on_sqlite, one_statement
from app.store.paging import After, Page, fetch
from app.store.sql.prepared_select import PreparedSelect
from app.store.tables import Customer, CustomerExternalId, CustomerLookup
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now
from app.store.visibility import owner_of, read_visible, visible_to

_READ_ONE = search.LISTED.add_columns(*shared_opt_outs.COLUMNS)
_BY_ID = PreparedSelect(_READ_ONE.where(Customer.id == bindparam("customer_id")))
_BY_EXTERNAL_ID = PreparedSelect(
    _READ_ONE.where(Customer.id == owner_of(bindparam("system"), bindparam("key")))
)
_as_read = shaper(CustomerRead)

# --- reading


@one_statement
def get(tx: ReadTx, actor: Actor, customer_id: UUID) -> Row:
    """Read one customer.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see it.
    """
    return _found(read_visible(tx, _BY_ID, actor, {"customer_id": customer_id}))


@one_statement
def get_by_external_id(tx: ReadTx, actor: Actor, system: str, key: str) -> Row:
    """Read the customer that has ``key`` in ``system``."""
    return _found(read_visible(tx, _BY_EXTERNAL_ID, actor, {"system": system, "key": key}))


def page(tx: ReadTx, actor: Actor, query: CustomerQuery, after: After | None) -> Page:
    """Read a page of the customers that match every filter.

    Two statements; one more with ``include=total``, one where a page reaches those who lack the figure
    that all are sorted by, and one with ``q``.
    """
    if standard_pages.serves(actor, query):
        found = standard_pages.read(tx, query, after)
        shaped = [_shape(row) for row in found.rows]
        shared_opt_outs.tell_of(tx, shaped, [row["id"] for row in shaped])
        return Page(shaped, found.after, is_final=True)
    statement = search.filtered(actor, query, one_by_one=search.finds_many(tx, query))
    keys = search.CUSTOMERS.order(query)
    if any(key.column is Customer.name_key for key in keys):
        statement = statement.add_columns(Customer.name_key)
    total = None
    if query.include:
        every = search.filtered(actor, query).subquery()
        total = tx.execute(select(func.count()).select_from(every)).scalar_one()
    found = fetch(tx, statement, keys, limit=query.limit, after=after)
    rows = [_shape(row) for row in found.rows]
    shared_opt_outs.tell(tx, rows)
    return Page(rows, found.after, total)


@in_thread_on_sqlite
def long_page(tx: ReadTx, actor: Actor, query: CustomerQuery, after: After | None) -> Page:
    """Read a page that may take long to find."""
    return page(tx, actor, query, after)


def reader_of(query: CustomerQuery) -> Callable[[ReadTx, Actor, CustomerQuery, After | None], Page]:
    """Return `page`, or `long_page` where the filters may want many customers looked at."""
    return page if search.is_looked_up(query) else long_page


# --- writing


def create(tx: WriteTx, actor: Actor, data: CustomerCreate) -> Row:
    """Record one customer.

    Raises:
        InvalidError: a contact point that cannot be read, or a unit the caller may not use.
        ConflictError: an external id that another customer has (``external_id_taken``).
    """
    return one_or_raise(create_many(tx, actor, [data]))


def create_many(
    tx: WriteTx, actor: Actor, items: Sequence[CustomerCreate], *, ids: Sequence[UUID] | None = None
) -> list[Row | AppError]:
    """Record customers together, in a number of statements that does not depend on how many they are.

    ``ids`` are the ids they get, new ones by default.

    Returns:
        For each item its row, or why it was refused; a refused item leaves no trace. The caller decides
        whether one refusal refuses all.
    """
    at = now()
    rows: list[Row | AppError] = []
    for item, customer_id in zip(items, ids or [new_id() for _ in items], strict=True):
        try:
            rows.append(customer_rows.new_row(actor, item.model_dump(mode="python"), at, customer_id))
        except AppError as refusal:
            rows.append(refusal)
    _refuse_taken(tx, actor, rows)
    accepted = [row for row in rows if isinstance(row, dict)]
    if accepted:
        tx.execute(insert(Customer), accepted)
        index(tx, actor, accepted)
        callers.adopt(tx, actor, accepted)
        contract_terms.keep_first(tx, actor, accepted)
        trail.record_all(tx, actor, "customer.created", [(str(row["id"]), row["id"]) for row in accepted])
    shaped = [_shape(row) if isinstance(row, dict) else row for row in rows]
    shared_opt_outs.tell(tx, [row for row in shaped if isinstance(row, dict)])
    return shaped


def update_one(
    tx: WriteTx, actor: Actor, customer_id: UUID, data: CustomerUpdate, if_match: str | None
) -> Row:
    """Merge a patch into a customer.

    Raises:
        NotFoundError: no such customer.
        PreconditionFailedError: ``if_match`` does not name the present version.
        InvalidError, ConflictError: as in `create`.
    """
    before = _locked(tx, actor, Customer.id == customer_id)
    preconditions.check_version(before["version"], if_match)
    return _apply(tx, actor, before, customer_rows.sent(data))


def upsert(
    tx: WriteTx,
    actor: Actor,
    system: str,
    key: str,
    data: CustomerUpsert,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Change the customer that has ``key`` in ``system``, or record a new one under it.

    Returns:
        The customer, and whether it is new.

    Raises:
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    dialects.advisory_lock(tx, f"external-id:{system}:{key}")
    changes = customer_rows.sent(data)
    given = changes.pop("external_ids", None)
    identity = {"system": system, "key": key}
    owner = tx.execute(
        select(CustomerExternalId.customer_id).where(
            CustomerExternalId.system == system, CustomerExternalId.key == key
        )
    ).scalar_one_or_none()
    if owner is None:
        preconditions.check_version(None, if_match, if_none_match)
        base = CustomerCreate(name="-", external_ids=[]).model_dump(mode="python")
        merged = {
            **base,
            "name": None,
            **changes,
            "external_ids": customer_rows.including(given or [], identity),
        }
        merged["attributes"] = customer_rows.merged({}, merged["attributes"])
        return _insert_one(tx, actor, merged), True
    before = _locked(tx, actor, Customer.id == owner)
    preconditions.check_version(before["version"], if_match, if_none_match)
    if given is not None:
        changes["external_ids"] = customer_rows.including(given, identity)
    if "do_not_contact" in changes:
        changes["do_not_contact"] = do_not_contact.with_opt_outs(tx, before, changes["do_not_contact"])
    if "lifecycle" in changes:
        changes |= {"left_on": None, "left_reason": None}
    return _apply(tx, actor, before, changes), False


def depart(tx: WriteTx, actor: Actor, customer_id: UUID, data: Departure, if_match: str | None = None) -> Row:
    """Note that the customer left, when and why.

    Raises:
        NotFoundError, PreconditionFailedError: as in `update_one`.
        ConflictError: the customer has left already.
    """
    before = _locked(tx, actor, Customer.id == customer_id)
    preconditions.check_version(before["version"], if_match)
    if before["lifecycle"] == Lifecycle.LEFT:
        raise ConflictError("The customer has left already.")
    changes = {"lifecycle": Lifecycle.LEFT, "left_on": data.left_on, "left_reason": data.reason}
    return _apply(tx, actor, before, changes, action="customer.left")


def come_back(tx: WriteTx, actor: Actor, customer_id: UUID, if_match: str | None = None) -> Row:
    """Note that a customer who left is active again.

    Raises:
        NotFoundError, PreconditionFailedError: as in `update_one`.
        ConflictError: the customer has not left.
    """
    before = _locked(tx, actor, Customer.id == customer_id)
    preconditions.check_version(before["version"], if_match)
    if before["lifecycle"] != Lifecycle.LEFT:
        raise ConflictError("The customer has not left.")
    changes = {"lifecycle": Lifecycle.ACTIVE, "left_on": None, "left_reason": None}
    return _apply(tx, actor, before, changes, action="customer.returned")


# --- inside


def _found(rows: list[Row]) -> Row:
    if not rows:
        raise NotFoundError("There is no such customer.")
    return _shape(rows[0])


def _locked(tx: ReadTx, actor: Actor, condition: Any) -> Row:
    row = (
        tx.execute(visible_to(_READ_ONE.where(condition), actor).with_for_update(of=Customer))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFoundError("There is no such customer.")
    return dict(row)


def _shape(row: Row) -> Row:
    """A row as `CustomerRead` wants it, members in its order."""
    shaped = {"contract": scores.contract_of(row), shared_opt_outs.MEMBER: shared_opt_outs.shared(row)}
    row = {**row, **scores.scores_of(row), **shaped}
    return _as_read(row)


def _insert_one(tx: WriteTx, actor: Actor, data: Row) -> Row:
    row = customer_rows.new_row(actor, data, now(), new_id())
    rows: list[Row | AppError] = [row]
    _refuse_taken(tx, actor, rows)
    if isinstance(rows[0], AppError):
        raise rows[0]
    tx.execute(insert(Customer), [row])
    index(tx, actor, [row])
    callers.adopt(tx, actor, [row])
    contract_terms.keep_first(tx, actor, [row])
    trail.record(tx, actor, "customer.created", row["id"], customer_id=row["id"])
    shaped = _shape(row)
    shared_opt_outs.tell(tx, [shaped])
    return shaped


def _refuse_taken(tx: ReadTx, actor: Actor, rows: list[Row | AppError]) -> None:
    """Replace rows whose external ids belong to another customer, or to an earlier row, by a refusal."""
    given = {index: _identities(row) for index, row in enumerate(rows) if isinstance(row, dict)}
    taken: dict[Identity, UUID | None] = dict(
        external_ids.owners(tx, {pair for pairs in given.values() for pair in pairs})
    )
    refused: dict[int, list[UUID]] = {}
    for place, pairs in given.items():
        if any(pair in taken for pair in pairs):
            refused[place] = [owner for pair in pairs if (owner := taken.get(pair)) is not None]
        for pair in pairs:
            taken.setdefault(pair, None)
    refusals = external_ids.refusals_of_taken(tx, actor, list(refused.values()))
    for place, refusal in zip(refused, refusals, strict=True):
        rows[place] = refusal


def _identities(row: Row) -> list[Identity]:
    return [(entry["system"], entry["key"]) for entry in row["external_ids"]]


def index(tx: WriteTx, actor: Actor, rows: list[Row]) -> None:
    """Write what makes the customers findable. They must have no index entries yet.

    Raises:
        ConflictError: another customer has one of the external ids (``external_id_taken``).
    """
    external = [
        {"system": entry["system"], "key": entry["key"], "customer_id": row["id"]}
        for row in rows
        for entry in row["external_ids"]
    ]
    if external:
        statement = dialects.insert(tx, CustomerExternalId).on_conflict_do_nothing()
        columns = CustomerExternalId.system, CustomerExternalId.key
        written = {(system, key) for system, key in tx.execute(statement.returning(*columns), external)}
        if len(written) != len(external):  # also where a race was lost since the check
            left = [pair for row in rows for pair in _identities(row) if pair not in written]
            others = list(external_ids.owners(tx, left).values())
            raise external_ids.refusals_of_taken(tx, actor, [others])[0]
    found = [
        {"kind": kind, "value": value, "customer_id": row["id"]}
        for row in rows
        for kind, value in sorted(lookups(row["name"], row["contact_points"], row["tags"], row["attributes"]))
    ]
    if found:
        tx.execute(insert(CustomerLookup), found)


def _apply(tx: WriteTx, actor: Actor, before: Row, changes: Row, action: str = "customer.updated") -> Row:
    """Store ``changes`` of a locked customer; nothing is written when nothing changes."""
    if "attributes" in changes:
        changes["attributes"] = customer_rows.merged(before["attributes"], changes["attributes"])
    if "tags" in changes:
        changes["tags"] = customer_rows.distinct(changes["tags"])
    if "contact_points" in changes:
        changes["contact_points"] = customer_rows.contact_points(
            actor, changes["contact_points"], before["contact_points"]
        )
    if "contract" in changes:
        changes |= customer_rows.contract_columns(before, changes.pop("contract"))
    if "do_not_contact" in changes:
        changes["do_not_contact"] = customer_rows.distinct(changes["do_not_contact"])
    changed = {key: value for key, value in changes.items() if before[key] != value}
    if not changed:
        return _shape(before)
    after = customer_rows.checked(
        actor, {**before, **changed, "version": before["version"] + 1, "updated_at": now()}
    )
    stored = {key: after[key] for key in {*changed, "version", "updated_at", "name_key"}}
    tx.execute(update(Customer).where(Customer.id == before["id"]).values(stored))
    if changed.keys() & {"name", "contact_points", "tags", "attributes", "external_ids"}:
        tx.execute(delete(CustomerLookup).where(CustomerLookup.customer_id == before["id"]))
        _drop_external_ids(tx, before, after)
        index(tx, actor, [{**after, "external_ids": _added(before, after)}])
        if "contact_points" in changed:
            callers.adopt(tx, actor, [after])
    if changed.keys() & set(scores.CONTRACT.values()):
        contract_terms.keep(tx, actor, after)
    data = {"version": after["version"]}
    trail.record(tx, actor, action, before["id"], customer_id=before["id"], members=changed, data=data)
    shaped = _shape(after)
    if "contact_points" in changed:
        shared_opt_outs.tell(tx, [shaped])
    return shaped


def _added(before: Row, after: Row) -> list[Row]:
    return [entry for entry in after["external_ids"] if entry not in before["external_ids"]]


def _drop_external_ids(tx: WriteTx, before: Row, after: Row) -> None:
    for entry in before["external_ids"]:
        if entry not in after["external_ids"]:
            tx.execute(
                delete(CustomerExternalId).where(
                    CustomerExternalId.system == entry["system"], CustomerExternalId.key == entry["key"]
                )
            )
