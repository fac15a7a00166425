"""Channels that customers asked not to be contacted on, as the interactions tell that are recorded."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.domain.activity.interactions import UNWANTED
from app.domain.common.access import Actor
from app.domain.customers.customers import Channel
from app.store.audit import trail
from app.store.tables import Customer, Interaction
from app.store.transactions import ReadTx, WriteTx
from app.store.types import now

_MEMBER = "do_not_contact"


def apply_opt_outs(
    tx: WriteTx, actor: Actor, interactions: Iterable[dict[str, Any]]
) -> dict[UUID, dict[str, Any]]:
    """Put the channels that `UNWANTED` dispositions speak of on the lists of their customers.

    Two statements for all and those of the audit; none where nobody asked. A list that has the channel stays
    as it is. Nothing is ever taken off here: that somebody may be called again is said of the customer.

    Returns:
        The members of each customer that were changed: ``do_not_contact``, ``version`` and ``updated_at``.
    """
    asked: dict[UUID, set[Channel]] = {}
    for row in interactions:
        if row["disposition"] in UNWANTED and row["customer_id"] is not None:
            asked.setdefault(row["customer_id"], set()).add(UNWANTED[row["disposition"]])
    if not asked:
        return {}
    # In order, so that two transactions do not deadlock; the key share is what the records' own look took.
    members = Customer.id, Customer.do_not_contact, Customer.version
    wanted = select(*members).where(Customer.id.in_(asked)).order_by(Customer.id)
    lists = tx.execute(wanted.with_for_update(key_share=True)).all()
    changed = [
        {"customer": customer_id, "channels": [*listed, *sorted(new)], "next": version + 1}
        for customer_id, listed, version in lists
        if (new := asked[customer_id] - set(listed))
    ]
    if not changed:
        return {}
    at = now()
    statement = update(Customer).where(Customer.id == bindparam("customer"))
    values = {_MEMBER: bindparam("channels"), "version": bindparam("next"), "updated_at": at}
    tx.execute(statement.values(values), changed)
    objects = [(str(row["customer"]), row["customer"]) for row in changed]
    trail.record_all(tx, actor, "customer.updated", objects, members=[_MEMBER])
    return {
        row["customer"]: {_MEMBER: row["channels"], "version": row["next"], "updated_at": at}
        for row in changed
    }


def with_opt_outs(tx: ReadTx, customer: dict[str, Any], wanted: Sequence[str]) -> list[str]:
    """The list that a system of record sends, with the channels that the customer has on it because a
    recorded contact says so: a copy that does not know of the contact must not remove the opt-out.

    One statement, none where no such channel is left out.
    """
    opted_out = [
        channel for channel in UNWANTED.values() if channel in customer[_MEMBER] and channel not in wanted
    ]
    if not opted_out:
        return list(wanted)
    theirs = Interaction.customer_id == customer["id"], Interaction.disposition.in_(UNWANTED)
    found = {
        UNWANTED[code]
        for code in tx.execute(select(Interaction.disposition).where(*theirs)).scalars()
        if code
    }
    return [*wanted, *(channel for channel in opted_out if channel in found)]
