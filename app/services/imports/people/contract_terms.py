"""Contract terms of a file: what was known of the contracts of known customers, and from which day on."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from app.domain.common.access import Actor
from app.domain.customers.customers import contract_fault
from app.domain.imports.refusals import Refusal, Refused
from app.services.customers import contract_terms
from app.services.customers.external_ids import find_by_keys
from app.services.customers.scores import CONTRACT
from app.services.imports import customer_changes, source_digests
from app.services.imports.customer_changes import Change, spelled
from app.services.imports.people import contract_statements, customers
from app.services.imports.people.contract_statements import Became, Book
from app.services.imports.people.rows import Wrong
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
    import_id, outcome = import_row["id"], Outcome()
    keys = {(stated.item.customer.system, stated.item.customer.key) for stated in rows.items}
    owners = {key: customer_id for key, (customer_id, _) in find_by_keys(tx, actor, keys).items()}
    people = customers.locked(tx, actor, set(owners.values()))
    changes = customer_changes.read(tx, import_id, people)
    statements = source_digests.read(tx, import_row, people)
    book = contract_statements.read(tx, people, changes, statements)
    has_days = any(target in import_row["mapping"]["columns"] for target in CONTRACT)
    known = _Known(contract_terms.versions_of(tx, people), book, actor.company.day_of(now()), has_days)
    for line, one in zip(rows.line, rows.items, strict=True):
        owner = owners.get((one.item.customer.system, one.item.customer.key))
        if owner is None or owner not in people:
            outcome.refused.append(Refused(line, Refusal.UNKNOWN_CUSTOMER, "customer_key"))
            continue
        try:
            became = known.take((owner, one.item.known_on), one.item)
        except Wrong as wrong:
            outcome.refused.append(Refused(line, wrong.code, wrong.target))
            continue
        contract_statements.count(outcome, became)
    if known.new:
        contract_terms.set_versions(tx, list(known.new.values()))
        follow(tx, actor, people, known.versions)
    book.write(tx)
    source_digests.write(tx, statements)
    customer_changes.write(tx, import_id, changes)
    return outcome, 0


@dataclass(slots=True)
class _Known:
    """The terms of some customers, as they would be after the rows judged so far.

    Args:
        versions: by customer and day.
        book: what was said of contracts besides their days.
        today: the company's day.
        has_days: whether rows say days; those that only name attributes leave terms as they are.
    """

    versions: Versions
    book: Book
    today: date
    has_days: bool
    new: Versions = field(default_factory=dict)

    def take(self, place: tuple[UUID, date], item: Any) -> Became:
        """Take in a row.

        Raises:
            Wrong: it cannot be recorded, or an earlier row of the file says something else.
        """
        terms = dict.fromkeys(CONTRACT) | (item.contract.model_dump() if item.contract else {})
        said = {name: spelled(value) for name, value in terms.items()}
        _check(terms, place[1], self.today)
        part = place[0], place[1].isoformat()
        change = self.book.changes.get(part) or Change()
        if change.statement and change.statement != said:
            raise Wrong(Refusal.CONFLICTING_DUPLICATE, "known_on")
        attributes, became = contract_statements.flat_attributes(item.attributes), Became.REPEATED
        if attributes:
            became = self.book.take(*place, attributes)
        if not self.has_days and attributes:
            return became
        change.statement, self.book.changes[part] = said, change
        stated, present = {"terms": tuple(said.values())}, self.versions.get(place)
        is_new = bool(self.book.statements.newer_members(part, stated))
        self.book.statements.note(part, stated)
        if present is not None and (not is_new or all(present[name] == terms[name] for name in CONTRACT)):
            return became if became is Became.REPEATED else Became.UPDATED
        change.after = said
        change.before = None if present is None else {name: spelled(present[name]) for name in CONTRACT}
        version = {"customer_id": place[0], "known_on": place[1], **terms, "recorded_at": now()}
        self.new[place] = self.versions[place] = version
        return Became.STORED if present is None else Became.UPDATED


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


def _check(terms: Row, known_on: date, today: date) -> None:
    """Refuse terms that cannot be recorded."""
    if known_on > today:
        raise Wrong(Refusal.IN_FUTURE, "known_on")
    fault = None if terms["started_on"] is None else contract_fault(**terms)
    if fault is not None:
        raise Wrong(Refusal.OUT_OF_ORDER, fault)
