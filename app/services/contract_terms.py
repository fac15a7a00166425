"""What contracts said on past days: kept with every change of a contract, recorded, and read.

A version says what was known of a customer's contract from a local day on. Runs for a day see the newest
version known before it (docs/decisions/0012-contract-terms.md); before the first version they take the first.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from app.domain import contract_terms as rules
from app.domain.access import Actor
from app.errors import FieldError, InvalidError, NotFoundError
from app.schemas._base import Paging
from app.schemas.contract_terms import ContractTermsCreate
from app.services.customer_rows import contract_columns
from app.services.standing import CONTRACT
from app.store import audit, dialects
from app.store.paging import After, Page, SortKey, fetch
from app.store.tables import ContractTerms, Customer
from app.store.types import now
from app.store.visibility import narrow

Row = dict[str, Any]

_READ = select(ContractTerms.__table__)
_NEWEST_FIRST = SortKey(ContractTerms.known_on, descending=True)

# --- kept with the customer


def keep_first(tx: Connection, actor: Actor, rows: Sequence[Row]) -> None:
    """Keep the terms of new customers' contracts, in one statement; ``rows`` are rows of customers."""
    today, at = actor.company.day_of(now()), now()
    found = [_version(row, today, at) for row in rows if row["contract_started_on"] is not None]
    if found:
        tx.execute(insert(ContractTerms), found)


def keep(tx: Connection, actor: Actor, after: Row) -> None:
    """Keep the terms of a contract that was changed; ``after`` is its customer's row, which is locked."""
    newest, today = newest_of(tx, after["id"]), actor.company.day_of(now())
    known_on = today
    if newest is not None:
        notice = after["contract_notice_on"]
        told = notice if notice != newest["notice_given_on"] else None
        known_on = rules.known_on(told, newest["known_on"], today)
    _set(tx, _version(after, known_on, now()))


# --- recorded and read


def page(tx: Connection, actor: Actor, customer_id: UUID, query: Paging, after: After | None) -> Page:
    """Read a page of the versions of a customer's contract terms, newest first.

    Raises:
        NotFoundError: there is no such customer, or the caller may not see it.
    """
    _check_seen(tx, actor, customer_id)
    mine = _READ.where(ContractTerms.customer_id == customer_id)
    found = fetch(tx, mine, [_NEWEST_FIRST], limit=query.limit, after=after)
    return Page([_shape(row) for row in found.rows], found.after)


def newest_of(tx: Connection, customer_id: UUID) -> Row | None:
    """The version that says what holds now; None for a customer who never had a contract."""
    mine = _READ.where(ContractTerms.customer_id == customer_id)
    row = tx.execute(mine.order_by(ContractTerms.known_on.desc()).limit(1)).mappings().first()
    return None if row is None else dict(row)


def record(tx: Connection, actor: Actor, customer_id: UUID, data: ContractTermsCreate) -> Row:
    """Record what was known of a customer's contract from a past day on, until the next version; once more
    for the same day replaces what was recorded for it.

    Raises:
        NotFoundError: there is no such customer, or the caller may not see it.
        InvalidError: a day to come (``in_future``), one from which the present terms hold already
            (``not_past``), or days out of order.
    """
    _check_seen(tx, actor, customer_id, lock=True)
    given = None if data.contract is None else data.contract.model_dump(mode="python")
    told = _version({"id": customer_id, **contract_columns({}, given)}, data.known_on, now())
    same_day = ContractTerms.known_on == data.known_on
    mine = _READ.where(ContractTerms.customer_id == customer_id, same_day)
    before = tx.execute(mine).mappings().first()
    if before is not None and all(before[name] == told[name] for name in CONTRACT):
        return _shape(dict(before))
    today, newest = actor.company.day_of(now()), newest_of(tx, customer_id)
    _check_past(data.known_on, today if newest is None else newest["known_on"], today)
    if newest is None:  # the newest version says what the customer's row says: there is no contract today
        _set(tx, {**told, **dict.fromkeys(CONTRACT), "known_on": today})
    _set(tx, told)
    name = f"{customer_id}:{data.known_on}"
    audit.record(tx, actor, "contract_terms.set", name, customer_id=customer_id, members=CONTRACT)
    return _shape(told)


# --- inside


def _check_seen(tx: Connection, actor: Actor, customer_id: UUID, *, lock: bool = False) -> None:
    wanted = narrow(select(Customer.id).where(Customer.id == customer_id), actor)
    if tx.execute(wanted.with_for_update() if lock else wanted).first() is None:
        raise NotFoundError("There is no such customer.")


def _check_past(known_on: date, newest_on: date, today: date) -> None:
    if known_on > today:
        code, detail = "in_future", "Expected a day that is not in the future."
    elif known_on >= newest_on:
        code, detail = "not_past", "The terms that hold now are changed at the customer."
    else:
        return
    raise InvalidError(fields=[FieldError("/known_on", code, detail)])


def _version(customer: Row, known_on: date, at: Any) -> Row:
    """A version from the row of a customer."""
    terms = {member: customer[column] for member, column in CONTRACT.items()}
    return {"customer_id": customer["id"], "known_on": known_on, **terms, "recorded_at": at}


def _set(tx: Connection, version: Row) -> None:
    members = [*CONTRACT, "recorded_at"]
    tx.execute(dialects.upsert(tx, ContractTerms, ["customer_id", "known_on"], members), version)


def _shape(row: Row) -> Row:
    terms = {member: row[member] for member in CONTRACT}
    return {
        "customer_id": row["customer_id"],
        "known_on": row["known_on"],
        "contract": None if row["started_on"] is None else terms,
        "recorded_at": row["recorded_at"],
    }
