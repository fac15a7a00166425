"""Departures of a file: known customers who left, when and why."""

from app.domain.common.access import Actor
from app.domain.customers.customers import Lifecycle
from app.domain.imports.refusals import Refusal, Refused
from app.services.customers.external_ids import find_by_keys
from app.services.imports import customer_changes, source_digests
from app.services.imports.customer_changes import Change
from app.services.imports.people import customers
from app.services.imports.people.rows import Wrong
from app.services.imports.record_requests import Items
from app.store.imports.transaction_batches import Outcome
from app.store.transactions import Row, WriteTx

_TARGETS = {"left_reason": "reason"}


def store(tx: WriteTx, actor: Actor, import_row: Row, rows: Items) -> tuple[Outcome, int]:
    """Note the departures of a batch, in a number of statements that does not depend on how many.

    A customer who has left already is corrected where the row says another day or reason. A row that says
    what its source said before says nothing: who returned since does not leave again by it.

    Returns:
        What became of the rows, and that no customer was made.
    """
    outcome, import_id = Outcome(), import_row["id"]
    keys = {(stated.item.customer.system, stated.item.customer.key) for stated in rows.items}
    owners = {key: customer_id for key, (customer_id, _) in find_by_keys(tx, actor, keys).items()}
    people = customers.locked(tx, actor, set(owners.values()))
    before = {customer_id: dict(row) for customer_id, row in people.items()}
    statements = source_digests.read(tx, import_row, people)
    changes = {place[0]: change for place, change in customer_changes.read(tx, import_id, people).items()}
    for line, stated in zip(rows.line, rows.items, strict=True):
        row = people.get(owners.get((stated.item.customer.system, stated.item.customer.key)))  # type: ignore[arg-type]
        if row is None:
            outcome.refused.append(Refused(line, Refusal.UNKNOWN_CUSTOMER, "customer_key"))
            continue
        members = {"left_on": stated.item.left_on}
        if stated.item.reason is not None:
            members["left_reason"] = str(stated.item.reason)
        change = changes.setdefault(row["id"], Change())
        try:
            change.say(members, _TARGETS)
        except Wrong as wrong:
            outcome.refused.append(Refused(line, wrong.code, wrong.target))
            continue
        new = statements.newer_members((row["id"], ""), members)
        statements.note((row["id"], ""), members)
        had_left = row["lifecycle"] == Lifecycle.LEFT
        after: Row = {name: value for name, value in members.items() if name in new}
        if "left_on" in new:
            after |= members | {"lifecycle": Lifecycle.LEFT.value}
        elif not had_left:
            after = {}
        changed = {name for name, value in after.items() if row[name] != value}
        if not changed:
            outcome.repeated += 1
            continue
        change.note({name: row[name] for name in changed}, {name: after[name] for name in changed})
        row |= after
        if had_left:
            outcome.updated += 1
        else:
            outcome.stored += 1
    pairs = [(before[key], row) for key, row in sorted(people.items()) if row != before[key]]
    customers.save(tx, actor, pairs)
    for _, row in pairs:
        changes[row["id"]].version = row["version"]
    source_digests.write(tx, statements)
    customer_changes.write(tx, import_id, {(key, ""): change for key, change in changes.items()})
    return outcome, 0
