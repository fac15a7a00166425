"""Whether somebody else with the very same number or address asked not to be contacted there."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, and_, bindparam, cast, exists, or_, select
from sqlalchemy.orm import aliased

from app.domain.customers.customers import Channel, ContactKind
from app.store.sql.prepared_select import PreparedSelect
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


def _somebody_of_many() -> Select[UUID, str]:
    """Select whose numbers and addresses of which kind are also those of somebody who asked."""
    theirs, other = aliased(CustomerLookup), aliased(Customer)
    my_kind = _MINE.kind + ""  # as above
    wished = or_(*(and_(my_kind == kind.value, asked(other, channel)) for kind, channel in _CHANNELS.items()))
    return (
        select(_MINE.customer_id, _MINE.kind)
        .distinct()
        .join(theirs, and_(theirs.kind == _MINE.kind, theirs.value == _MINE.value))
        .join(other, other.id == theirs.customer_id)
        .where(theirs.customer_id != _MINE.customer_id, my_kind.in_([*_CHANNELS]), wished)
    )


_MINE = aliased(CustomerLookup)
_SHARED = _somebody_of_many()

COLUMNS = tuple(_somebody_else(kind) for kind in _CHANNELS)
"""What a read of one customer, or of few, selects to tell `shared`."""

_OF_ONE = PreparedSelect(select(Customer.id, *COLUMNS).where(Customer.id == bindparam("customer_id")))


def shared(row: Row) -> list[str]:
    """The channels of a row with `COLUMNS`."""
    return [channel.value for kind, channel in _CHANNELS.items() if row.get(f"shared_{kind.value}")]


def tell(tx: ReadTx, rows: Sequence[Row]) -> None:
    """Give many customers the member; one statement, none where nobody has a number or an address."""
    tell_of(tx, rows, list(_with_points(rows)))


def tell_of(tx: ReadTx, rows: Sequence[Row], ids: Collection[UUID]) -> None:
    """`tell` where these are the customers that may have a number or an address."""
    if len(ids) == 1 and len(rows) == 1:
        [row] = rows
        row[MEMBER] = shared(_OF_ONE.rows(tx, {"customer_id": row["id"]})[0])
        return
    found: dict[UUID, set[str]] = {}
    if ids:
        for customer_id, kind in tx.execute(_SHARED.where(_MINE.customer_id.in_(ids))):
            found.setdefault(customer_id, set()).add(kind)
    for row in rows:
        kinds = found.get(row["id"], ())
        row[MEMBER] = [channel.value for kind, channel in _CHANNELS.items() if kind in kinds]


# --- inside


def _with_points(rows: Iterable[Row]) -> Iterable[UUID]:
    return (row["id"] for row in rows if any(point["kind"] in _CHANNELS for point in row["contact_points"]))
