"""Contract terms of a file: what was known of the contracts of known customers, and from which day on."""

from datetime import date
from uuid import UUID

from app.domain.common.access import Actor
from app.domain.customers.customers import contract_fault
from app.domain.imports.refusals import Refusal, Refused
from app.services.customers import contract_terms
from app.services.customers.external_ids import find_by_keys
from app.services.customers.scores import CONTRACT
from app.services.imports import customer_changes, source_digests
from app.services.imports.customer_changes import Change, spelled
from app.services.imports.people import customers
from app.services.imports.record_requests import Items
from app.store.imports.transaction_batches import Outcome
from app.store.transactions import Row, WriteTx
from app.store.types import now

Versions = dict[tuple[UUID, date], Row]


def store(tx: WriteTx, actor: Actor, import_row: Row, rows: Items) -> tuple[Outcome, int]:
    """Record the terms of a batch, in a number of statements that does not depend on how many.

    The terms of the newest day are those that hold now: they become the customer's contract. A row that says
    of a day what its source said before says nothing.

    Returns:
        What became of the rows, and that no customer was made.
    """
    import_id = import_row["id"]
    outcome, today = Outcome(), actor.company.day_of(now())
    keys = {(stated.item.customer.system, stated.item.customer.key) for stated in rows.items}
    owners = {key: customer_id for key, (customer_id, _) in find_by_keys(tx, actor, keys).items()}
    people = customers.locked(tx, actor, set(owners.values()))
    versions = contract_terms.versions_of(tx, people)
    changes = customer_changes.read(tx, import_id, people)
    statements = source_digests.read(tx, import_row, people)
    new: Versions = {}
    for line, one in zip(rows.line, rows.items, strict=True):
        owner = owners.get((one.item.customer.system, one.item.customer.key))
        if owner is None or owner not in people:
            outcome.refused.append(Refused(line, Refusal.UNKNOWN_CUSTOMER, "customer_key"))
            continue
        terms = dict.fromkeys(CONTRACT) | (one.item.contract.model_dump() if one.item.contract else {})
        place, present = (owner, one.item.known_on), versions.get((owner, one.item.known_on))
        change = changes.get((owner, place[1].isoformat())) or Change()
        said = {name: spelled(value) for name, value in terms.items()}
        if (wrong := _wrong(terms, place[1], today)) is not None:
            outcome.refused.append(Refused(line, *wrong))
            continue
        if change.statement and change.statement != said:
            outcome.refused.append(Refused(line, Refusal.CONFLICTING_DUPLICATE, "known_on"))
            continue
        change.statement = said
        changes[owner, place[1].isoformat()] = change
        stated, part = {"terms": tuple(said.values())}, place[1].isoformat()
        is_new = bool(statements.newer_members((owner, part), stated))
        statements.note((owner, part), stated)
        if present is not None and (not is_new or all(present[name] == terms[name] for name in CONTRACT)):
            outcome.repeated += 1
            continue
        change.after = said
        change.before = None if present is None else {name: spelled(present[name]) for name in CONTRACT}
        outcome.stored += present is None
        outcome.updated += present is not None
        version = {"customer_id": owner, "known_on": place[1], **terms, "recorded_at": now()}
        new[place] = versions[place] = version
    if new:
        contract_terms.set_versions(tx, list(new.values()))
        follow(tx, actor, people, versions)
    source_digests.write(tx, statements)
    customer_changes.write(tx, import_id, changes)
    return outcome, 0


def follow(tx: WriteTx, actor: Actor, people: dict[UUID, Row], versions: Versions) -> None:
    """Let customers' rows say what the newest of their versions says; ``people`` are locked."""
    newest = {customer_id: versions[customer_id, known_on] for customer_id, known_on in sorted(versions)}
    pairs = []
    for customer_id, row in sorted(people.items()):
        terms = newest.get(customer_id, dict.fromkeys(CONTRACT))
        columns = {column: terms[member] for member, column in CONTRACT.items()}
        if any(row[column] != value for column, value in columns.items()):
            pairs.append((row, {**row, **columns}))
    customers.save(tx, actor, pairs, terms=False)


# --- inside


def _wrong(terms: Row, known_on: date, today: date) -> tuple[Refusal, str] | None:
    """Why terms cannot be recorded, and the target that is about."""
    if known_on > today:
        return Refusal.IN_FUTURE, "known_on"
    if terms["started_on"] is None:
        return None
    fault = contract_fault(**terms)
    return None if fault is None else (Refusal.OUT_OF_ORDER, fault)
