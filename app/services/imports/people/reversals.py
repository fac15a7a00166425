"""Taking back what files about customers changed, some customers at a time."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_

from app.domain.common.access import Actor
from app.domain.customers.customers import Lifecycle, contract_fault
from app.domain.imports.targets import RecordKind
from app.services.customers import contract_terms
from app.services.customers.scores import CONTRACT
from app.services.imports import customer_changes
from app.services.imports.customer_changes import Change, spelled
from app.services.imports.people import contract_statements, customers
from app.services.imports.people import contract_terms as import_terms
from app.store.audit import trail
from app.store.tables import (
    Compensation,
    CompensationRequest,
    Complaint,
    ContractStatement,
    ContractTerms,
    Customer,
    ImportChange,
    Interaction,
    SurveyInvitation,
    SurveyResponse,
    Transaction,
)
from app.store.transactions import ReadTx, Row, WriteTx

AT_ONCE = 500
"""Changes taken back in one transaction."""

_THEIRS: tuple[Any, ...] = (
    Transaction,
    Interaction,
    Complaint,
    Compensation,
    CompensationRequest,
    SurveyInvitation,
    SurveyResponse,
)
Changes = dict[customer_changes.Place, Change]

_DAYS = frozenset({"born_on", "customer_since_on", "left_on", *CONTRACT.values()})
_LISTS = ("contact_points", "external_ids", "tags", "do_not_contact")


def revert(tx: WriteTx, actor: Actor, kind: RecordKind, import_id: UUID) -> tuple[int, int, int] | None:
    """Take back some of what an import changed.

    A customer whom it made goes when nobody changed it since and nothing hangs on it, and stays whole
    otherwise. Of a customer whom it changed each value that is still the import's becomes what it was; a
    value that was changed since stays.

    Returns:
        How many changes were taken back, how many customers went, and how many had to stay; None when no
        changes are left.
    """
    columns = ImportChange.__table__.c
    some = select(columns.customer_id, columns.part, columns.changed_at).where(columns.import_id == import_id)
    places = tx.execute(some.order_by(columns.customer_id, columns.part).limit(AT_ONCE)).all()
    if not places:
        return None
    ids = {place.customer_id for place in places}
    people = customers.locked(tx, actor, ids)
    every = customer_changes.read(tx, import_id, ids)
    changes = {(place.customer_id, place.part): every[place.customer_id, place.part] for place in places}
    made = {key for (key, _), change in changes.items() if change.created and key in people}
    if kind is RecordKind.CONTRACT_TERMS:
        _restore_contracts(tx, actor, people, changes)
    gone, kept = _remove(tx, actor, {key: people[key] for key in made}, changes, places)
    if kind is not RecordKind.CONTRACT_TERMS:
        _restore(tx, actor, {key: row for key, row in people.items() if key not in made}, changes)
    tx.execute(
        delete(ImportChange).where(
            columns.import_id == import_id,
            tuple_(columns.customer_id, columns.part).in_([(p.customer_id, p.part) for p in places]),
        )
    )
    return len(places), gone, kept


# --- inside


def _remove(
    tx: WriteTx, actor: Actor, made: dict[UUID, Row], changes: Changes, places: Sequence[Any]
) -> tuple[int, int]:
    """Remove the customers that an import made, as far as nothing else hangs on them; how many went, and how
    many stay."""
    touched = {place.customer_id: place.changed_at for place in places}
    free = {key for key, row in made.items() if row["version"] == changes[key, ""].version}
    free -= _busy(tx, free, touched)
    if free:
        tx.execute(delete(Customer).where(Customer.id.in_(free)))
    stay = sorted(made.keys() - free)
    trail.record_all(tx, actor, "import.customer_kept", [(str(key), key) for key in stay])
    return len(free), len(stay)


def _busy(tx: ReadTx, ids: set[UUID], touched: dict[UUID, Any]) -> set[UUID]:
    """Those of these customers on whom something hangs."""
    found: set[UUID] = set()
    if not ids:
        return found
    for table in _THEIRS:
        found |= set(tx.execute(select(table.customer_id).where(table.customer_id.in_(ids))).scalars())
    terms = select(ContractTerms.customer_id, ContractTerms.recorded_at)
    said = select(ContractStatement.customer_id, ContractStatement.recorded_at)
    for rows in (
        terms.where(ContractTerms.customer_id.in_(ids)),
        said.where(ContractStatement.customer_id.in_(ids)),
    ):
        found |= {owner for owner, recorded_at in tx.execute(rows) if recorded_at > touched[owner]}
    return found


def _restore(tx: WriteTx, actor: Actor, people: dict[UUID, Row], changes: Changes) -> None:
    pairs = []
    for customer_id, row in sorted(people.items()):
        change = changes[customer_id, ""]
        after = _restored(row, change.before or {}, change.after or {})
        if after != row:
            pairs.append((row, after))
    customers.save(tx, actor, pairs)


def _restored(row: Row, before: Row, after: Row) -> Row:
    """A customer without what an import changed, as far as that is still there."""
    restored = dict(row)
    for name in after:
        if name in _LISTS:
            added = [entry for entry in after[name] if entry not in before[name]]
            restored[name] = [entry for entry in row[name] if entry not in added]
        elif name == "attributes":
            restored[name] = _attributes(row[name], before[name], after[name])
        elif spelled(row[name]) == after[name]:
            value = before[name]
            restored[name] = date.fromisoformat(value) if value and name in _DAYS else value
    if (restored["lifecycle"] == Lifecycle.LEFT) != (restored["left_on"] is not None):
        restored |= {name: row[name] for name in ("lifecycle", "left_on", "left_reason")}
    contract = {member: restored[column] for member, column in CONTRACT.items()}
    started = contract["started_on"] is not None
    if (any(contract.values()) and not started) or (started and contract_fault(**contract)):
        restored |= {column: row[column] for column in CONTRACT.values()}
    return restored


def _attributes(row: Row, before: Row, after: Row) -> Row:
    changed = {name for name, value in after.items() if before.get(name) != value and row.get(name) == value}
    kept = {name: value for name, value in row.items() if name not in changed}
    return kept | {name: before[name] for name in changed if name in before}


def _restore_contracts(tx: WriteTx, actor: Actor, people: dict[UUID, Row], changes: Changes) -> None:
    """Take back what was said of contracts: statements, and terms."""
    said = {place for place in changes if place[1].startswith(contract_statements.PART)}
    visible = {place: changes[place] for place in said if place[0] in people}
    contract_statements.restore(tx, visible)
    terms = {place: one for place, one in changes.items() if place[1] and place not in said}
    _restore_terms(tx, actor, people, terms)


def _restore_terms(tx: WriteTx, actor: Actor, people: dict[UUID, Row], changes: Changes) -> None:
    versions = contract_terms.versions_of(tx, people)
    gone: list[tuple[UUID, date]] = []
    back: list[Row] = []
    for (customer_id, part), change in changes.items():
        place = customer_id, date.fromisoformat(part)
        present = versions.get(place)
        if present is None or change.after is None:
            continue
        if {name: spelled(present[name]) for name in CONTRACT} != change.after:
            continue
        if change.before is None:
            gone.append(place)
            del versions[place]
        else:
            days = {name: date.fromisoformat(v) if v else None for name, v in change.before.items()}
            versions[place] = {**present, **days}
            back.append(versions[place])
    if gone:
        pair = tuple_(ContractTerms.customer_id, ContractTerms.known_on)
        tx.execute(delete(ContractTerms).where(pair.in_(gone)))
    if back:
        contract_terms.set_versions(tx, back)
    import_terms.follow(tx, actor, people, versions)
