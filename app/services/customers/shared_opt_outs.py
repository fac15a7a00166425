"""Whether somebody else with the very same number or address asked not to be contacted there."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, exists, select
from sqlalchemy.orm import aliased

from app.domain.customers.customers import Channel, ContactKind
from app.store.tables import Customer, CustomerLookup
from app.store.transactions import ReadTx, Row

MEMBER = "do_not_contact_shared"
_CHANNELS = {ContactKind.PHONE: Channel.PHONE, ContactKind.EMAIL: Channel.EMAIL}
"""Kind of contact point -> channel that a wish about it is told by."""


def asked(customer: Any, channel: Channel) -> Any:
    """Whether a customer asked not to be contacted on a channel, as a condition."""
    return cast(customer.do_not_contact, Text).like(f'%"{channel.value}"%')


def _somebody_else(kind: ContactKind) -> Any:
    mine, theirs, other = aliased(CustomerLookup), aliased(CustomerLookup), aliased(Customer)
    # The kind is written so that no index serves it: SQLite would begin with all the numbers there are.
    return (
        exists()
        .where(mine.customer_id == Customer.id, mine.kind + "" == kind.value)
        .where(theirs.kind == mine.kind, theirs.value == mine.value, theirs.customer_id != Customer.id)
        .where(other.id == theirs.customer_id, asked(other, _CHANNELS[kind]))
        .correlate(Customer)
        .label(f"shared_{kind.value}")
    )


COLUMNS = tuple(_somebody_else(kind) for kind in _CHANNELS)
"""What a read of one customer, or of few, selects to tell `shared`."""


def shared(row: Row) -> list[str]:
    """The channels of a row with `COLUMNS`."""
    return [channel.value for kind, channel in _CHANNELS.items() if row.get(f"shared_{kind.value}")]


def tell(tx: ReadTx, rows: Sequence[Row]) -> None:
    """Give many customers the member; one statement, none where nobody has a number or an address."""
    found: dict[UUID, list[str]] = {}
    ids = list(_with_points(rows))
    if ids:
        statement = select(Customer.id, *COLUMNS).where(Customer.id.in_(ids))
        found = {row["id"]: shared(dict(row)) for row in tx.execute(statement).mappings()}
    for row in rows:
        row[MEMBER] = found.get(row["id"], [])


# --- inside


def _with_points(rows: Iterable[Row]) -> Iterable[UUID]:
    return (row["id"] for row in rows if any(point["kind"] in _CHANNELS for point in row["contact_points"]))
