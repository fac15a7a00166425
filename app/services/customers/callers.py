"""Contacts that are named by the caller's number alone: whose they are, and whose they become."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, exists, select, update

from app.domain.common import phones
from app.domain.common.access import Actor
from app.domain.customers.customers import ContactKind
from app.errors import AppError, FieldError, InvalidError
from app.schemas.activity.interactions import InteractionCreate
from app.services.customers import do_not_contact
from app.services.customers.rows import not_a_contact
from app.store import dialects
from app.store.audit import trail
from app.store.sql.prepared_select import PreparedSelect
from app.store.tables import Complaint, Customer, CustomerLookup, Interaction
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now
from app.store.visibility import visible_to


class Caller(NamedTuple):
    """A number as it is stored, and all that it may be read as; an anonymous caller has neither."""

    phone: str | None
    readings: tuple[str, ...]


def read(actor: Actor, text: str, *, location: str = "body", pointer: str = "/phone") -> Caller:
    """Read the number of a caller: E.164, or the digits of an internal number that no customer has.

    Raises:
        InvalidError: it is neither, nor one of the ways to say that the number is withheld.
    """
    regions = actor.company.phone_regions
    if phones.is_withheld(text):
        return Caller(None, ())
    if readings := phones.candidates(text, regions):
        return Caller(readings[0], readings)
    if (digits := phones.internal(text)) is not None:
        return Caller(digits, (digits,))
    wrong = FieldError(pointer, "not_a_phone", not_a_contact("phone", text, regions), location)
    raise InvalidError(fields=[wrong])


def name_customers(
    tx: ReadTx, actor: Actor, items: Sequence[InteractionCreate]
) -> list[InteractionCreate | AppError]:
    """Give the items their numbers as they are kept, and those that name no customer the one who has the
    number: exactly one customer in all, whom the caller may see. One statement, none without numbers."""
    callers: list[Caller | AppError | None] = []
    for item in items:
        try:
            callers.append(None if item.phone is None else read(actor, item.phone))
        except InvalidError as refusal:
            callers.append(refusal)
    unnamed = {
        reading
        for item, caller in zip(items, callers, strict=True)
        if isinstance(caller, Caller) and item.customer_id is None and item.customer is None
        for reading in caller.readings
    }
    owners = _owners(tx, unnamed)
    visible = _visible(tx, actor, {owner for found in owners.values() for owner in found if len(found) == 1})
    named: list[InteractionCreate | AppError] = []
    for item, caller in zip(items, callers, strict=True):
        if not isinstance(caller, Caller):
            named.append(caller or item)
            continue
        changes: Row = {"phone": caller.phone}
        if item.customer_id is None and item.customer is None:
            found = {owner for reading in caller.readings for owner in owners.get(reading, ())}
            if len(found) == 1 and found <= visible:
                [changes["customer_id"]] = found
        named.append(item.model_copy(update=changes))
    return named


def owner_of(tx: ReadTx, actor: Actor, caller: Caller) -> UUID | None:
    """The only customer who has the number, as far as the caller of the use case may see her."""
    found = {owner for owners in _owners(tx, caller.readings).values() for owner in owners}
    return next(iter(_visible(tx, actor, found)), None) if len(found) == 1 else None


_FROM = PreparedSelect(select(Interaction.id).where(Interaction.phone == bindparam("phone")).limit(1))


def adopt(tx: WriteTx, actor: Actor, customers: Sequence[Row]) -> None:
    """Give contacts of nobody to the customers who now have the number they came from, where exactly one
    customer has it.

    One statement for all, and five more where there are such contacts. A contact that a complaint came from
    is left to people. Who asked not to be called then is put on that list, also in the rows given.
    """
    numbers = {
        point["value"]
        for row in customers
        for point in row["contact_points"]
        if point["kind"] == ContactKind.PHONE
    }
    if not numbers or (len(numbers) == 1 and not _FROM.rows(tx, {"phone": next(iter(numbers))})):
        return
    # That they are nobody's is asked of what was found: SQLite would read all that is nobody's.
    theirs_or_nobodys = (
        select(Interaction.id, Interaction.phone, Interaction.disposition, Interaction.customer_id)
        .where(dialects.among(tx, Interaction.phone, numbers))
        .where(~exists().where(Complaint.interaction_id == Interaction.id))
        .order_by(Interaction.id)
        .with_for_update()
    )
    rows = tx.execute(theirs_or_nobodys).mappings().all()
    found = [row for row in rows if row["customer_id"] is None]
    if not found:
        return
    owners = _owners(tx, {row["phone"] for row in found})
    theirs = [
        {"id": row["id"], "customer_id": owner, "disposition": row["disposition"]}
        for row in found
        if len(owner_ids := owners.get(row["phone"], set())) == 1
        for owner in owner_ids
    ]
    if not theirs:
        return
    statement = update(Interaction).where(Interaction.id == bindparam("interaction"))
    values = {
        "customer_id": bindparam("owner"),
        "version": Interaction.version + 1,
        "updated_at": now(),
    }
    tx.execute(
        statement.values(values),
        [{"interaction": row["id"], "owner": row["customer_id"]} for row in theirs],
    )
    named = [(str(row["id"]), row["customer_id"]) for row in theirs]
    trail.record_all(tx, actor, "interaction.updated", named, members=["customer_id"])
    heeded = do_not_contact.apply_opt_outs(tx, actor, theirs)
    for row in customers:
        row.update(heeded.get(row["id"], {}))


# --- inside


def _owners(tx: ReadTx, numbers: Collection[str]) -> dict[str, set[UUID]]:
    """The customers who have each number."""
    if not numbers:
        return {}
    has_one = CustomerLookup.kind == "phone", dialects.among(tx, CustomerLookup.value, numbers)
    owners: dict[str, set[UUID]] = {}
    for number, customer_id in tx.execute(
        select(CustomerLookup.value, CustomerLookup.customer_id).where(*has_one)
    ):
        owners.setdefault(number, set()).add(customer_id)
    return owners


def _visible(tx: ReadTx, actor: Actor, ids: set[UUID]) -> set[UUID]:
    """Those of the customers whom the caller may see; no statement for callers who see all."""
    if not ids or not (actor.units or actor.customer_id):
        return ids
    return set(tx.execute(visible_to(select(Customer.id).where(Customer.id.in_(ids)), actor)).scalars())
