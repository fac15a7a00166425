"""What contracts said on past days: kept with every change of a contract, recorded, and read.

A version says what was known of a customer's contract from a local day on. Runs for a day see the newest
version known before it (docs/decisions/0012-contract-terms.md); before the first version they take the first.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from app.domain.common.access import Actor
from app.domain.customers import contract_terms as rules
from app.errors import AppError, FieldError, InvalidError
from app.schemas.common.base import Paging
from app.schemas.customers.contract_terms import ContractTermsCreate, ContractTermsItem
from app.services.customers import external_ids
from app.services.customers.rows import contract_columns
from app.services.customers.scores import CONTRACT
from app.store import dialects
from app.store.audit import trail
from app.store.paging import After, Page, SortKey, fetch
from app.store.tables import ContractTerms, Customer
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

Key = tuple[UUID, date]
"""Customer and day of a version."""

_READ = select(ContractTerms.__table__)
_NEWEST_FIRST = SortKey(ContractTerms.known_on, descending=True)

# --- kept with the customer


def keep_first(tx: WriteTx, actor: Actor, rows: Sequence[Row]) -> None:
    """Keep the terms of new customers' contracts, in one statement; ``rows`` are rows of customers."""
    today, at = actor.company.day_of(now()), now()
    found = [_version(row, today, at) for row in rows if row["contract_started_on"] is not None]
    if found:
        tx.execute(insert(ContractTerms), found)


def keep(tx: WriteTx, actor: Actor, after: Row) -> None:
    """Keep the terms of a contract that was changed; ``after`` is its customer's row, which is locked."""
    newest, today = newest_of(tx, after["id"]), actor.company.day_of(now())
    known_on = today
    if newest is not None:
        notice = after["contract_notice_on"]
        stated = notice if notice != newest["notice_given_on"] else None
        known_on = rules.known_on(stated, newest["known_on"], today)
    set_versions(tx, [_version(after, known_on, now())])


def keep_many(tx: WriteTx, actor: Actor, rows: Sequence[Row]) -> None:
    """`keep` for many customers, in two statements."""
    if not rows:
        return
    today, at = actor.company.day_of(now()), now()
    newest = newest_of_many(tx, {row["id"] for row in rows})
    versions = []
    for row in rows:
        known_on, present = today, newest.get(row["id"])
        if present is not None:
            notice = row["contract_notice_on"]
            stated = notice if notice != present["notice_given_on"] else None
            known_on = rules.known_on(stated, present["known_on"], today)
        versions.append(_version(row, known_on, at))
    set_versions(tx, versions)


def newest_of_many(tx: ReadTx, customer_ids: Collection[UUID]) -> dict[UUID, Row]:
    """The newest version of each of these customers who ever had a contract."""
    stored = versions_of(tx, customer_ids)
    return {customer_id: stored[customer_id, known_on] for customer_id, known_on in sorted(stored)}


# --- recorded and read


def page(tx: ReadTx, actor: Actor, query: Paging, after: After | None, customer_id: UUID) -> Page:
    """Read a page of the versions of a customer's contract terms, newest first.

    Raises:
        NotFoundError: there is no such customer, or the caller may not see it.
    """
    external_ids.check_visible(tx, actor, customer_id)
    mine = _READ.where(ContractTerms.customer_id == customer_id)
    found = fetch(tx, mine, [_NEWEST_FIRST], limit=query.limit, after=after)
    return Page([_shape(row) for row in found.rows], found.after)


def newest_of(tx: ReadTx, customer_id: UUID) -> Row | None:
    """The version that says what holds now; None for a customer who never had a contract."""
    mine = _READ.where(ContractTerms.customer_id == customer_id)
    row = tx.execute(mine.order_by(ContractTerms.known_on.desc()).limit(1)).mappings().first()
    return None if row is None else dict(row)


def record(tx: WriteTx, actor: Actor, customer_id: UUID, data: ContractTermsCreate) -> Row:
    """Record what was known of a customer's contract from a past day on, until the next version; once more
    for the same day replaces what was recorded for it.

    Raises:
        NotFoundError: there is no such customer, or the caller may not see it.
        InvalidError: a day to come (``in_future``), one from which the present terms hold already
            (``not_past``), or days out of order.
    """
    external_ids.check_visible(tx, actor, customer_id, lock=True)
    [found] = _set_past(tx, actor, [_version_row(customer_id, data)])
    if isinstance(found, AppError):
        raise found
    return found


def create_many(tx: WriteTx, actor: Actor, items: Sequence[ContractTermsItem]) -> list[Row | AppError]:
    """Record past terms of many customers together, each as by `record`, in a number of statements that does
    not depend on how many they are.

    Returns:
        For each item its version, or why it was refused: a customer who is unknown or whom the caller may
        not see (``unknown_customer``), days that `record` refuses, or a day that is given twice
        (``repeated``). The caller decides whether one refusal refuses all.
    """
    rows = [_version_row_or_refusal(item) for item in items]
    external_ids.find_customers(tx, actor, items, rows)
    found = {row["customer_id"] for row in rows if isinstance(row, dict)}
    # In order, so that two batches do not deadlock.
    wanted = select(Customer.id).where(Customer.id.in_(found)).order_by(Customer.id)
    tx.execute(wanted.with_for_update(key_share=True)).all()
    return _set_past(tx, actor, rows)


# --- inside


def _version_row(customer_id: UUID | None, data: ContractTermsCreate) -> Row:
    """Shape a version for the wire; one of a batch may not have its customer yet."""
    given = None if data.contract is None else data.contract.model_dump(mode="python")
    return _version({"id": customer_id, **contract_columns({}, given)}, data.known_on, now())


def _version_row_or_refusal(item: ContractTermsItem) -> Row | AppError:
    try:
        return _version_row(item.customer_id, item)
    except InvalidError as refusal:
        return refusal


def _set_past(tx: WriteTx, actor: Actor, stated: Sequence[Row | AppError]) -> list[Row | AppError]:
    """Set the versions that can be set; what says the same as before stays as it is.

    The rows of their customers are locked.
    """
    today = actor.company.day_of(now())
    before = versions_of(tx, {row["customer_id"] for row in stated if isinstance(row, dict)})
    newest = dict(sorted(before))  # of each customer the last day stays
    wanted: dict[Key, Row] = {}
    found: list[Row | AppError] = []
    for row in stated:
        if isinstance(row, AppError):
            found.append(row)
            continue
        key = row["customer_id"], row["known_on"]
        if key in before and all(before[key][name] == row[name] for name in CONTRACT):
            found.append(_shape(before[key]))
        elif wrong := _wrong(key, newest.get(key[0], today), today, wanted):
            found.append(InvalidError(fields=[wrong]))
        else:
            wanted[key] = row
            found.append(_shape(row))
    if wanted:
        # The newest version says what the customer's row says: who has none has no contract today.
        none = {**dict.fromkeys(CONTRACT), "known_on": today, "recorded_at": now()}
        new = {customer_id for customer_id, _ in wanted} - newest.keys()
        set_versions(tx, [*wanted.values(), *({**none, "customer_id": customer_id} for customer_id in new)])
        names = [(f"{customer_id}:{known_on}", customer_id) for customer_id, known_on in wanted]
        trail.record_all(tx, actor, "contract_terms.set", names, members=CONTRACT)
    return found


def versions_of(tx: ReadTx, customer_ids: Collection[UUID]) -> dict[Key, Row]:
    """All versions of some customers."""
    mine = _READ.where(ContractTerms.customer_id.in_(customer_ids))
    rows = tx.execute(mine).mappings() if customer_ids else ()
    return {(row["customer_id"], row["known_on"]): dict(row) for row in rows}


def _wrong(key: Key, newest_on: date, today: date, wanted: Mapping[Key, Row]) -> FieldError | None:
    """What speaks against setting a version."""
    known_on = key[1]
    if known_on > today:
        return FieldError("/known_on", "in_future", "Expected a day that is not in the future.")
    if known_on >= newest_on:
        return FieldError("/known_on", "not_past", "The terms that hold now are changed at the customer.")
    if key in wanted:
        return FieldError("", "repeated", "The same customer and day are given twice.")
    return None


def _version(customer: Row, known_on: date, at: Any) -> Row:
    """A version from the row of a customer."""
    terms = {member: customer[column] for member, column in CONTRACT.items()}
    return {"customer_id": customer["id"], "known_on": known_on, **terms, "recorded_at": at}


def set_versions(tx: WriteTx, versions: Sequence[Row]) -> None:
    """Store versions, in the place of those of the same days."""
    statement = dialects.upsert(tx, ContractTerms, ["customer_id", "known_on"], [*CONTRACT, "recorded_at"])
    tx.execute(statement, versions)


def _shape(row: Row) -> Row:
    terms = {member: row[member] for member in CONTRACT}
    return {
        "customer_id": row["customer_id"],
        "known_on": row["known_on"],
        "contract": None if row["started_on"] is None else terms,
        "recorded_at": row["recorded_at"],
    }
