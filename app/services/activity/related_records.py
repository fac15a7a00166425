"""What a record is about: interactions, complaints and transactions named by id, found many at once."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from app.domain.common.access import Actor
from app.errors import AppError, FieldError
from app.store.tables import Base, Complaint, Interaction, Transaction
from app.store.transactions import ReadTx, Row
from app.store.visibility import visible_to

Found = dict[str, dict[UUID, Row]]
"""Member that names a record -> id -> the record's customer and what it says of channel, agent, unit, phase
and category."""

_TABLES: dict[str, type[Base]] = {
    "interaction_id": Interaction,
    "complaint_id": Complaint,
    "transaction_id": Transaction,
}
_UNKNOWN = {
    "interaction_id": "There is no such interaction.",
    "complaint_id": "There is no such complaint.",
    "transaction_id": "There is no such transaction.",
}
MEMBERS = tuple(_TABLES)
"""The members a record is linked by."""

DIMENSIONS = ("channel", "agent", "unit", "phase", "category")
"""What satisfaction is looked at by; a record has those of what it is about unless it says otherwise."""

_READS = {
    member: select(
        *(column for column in table.__table__.columns if column.key in ("id", "customer_id", *DIMENSIONS))
    )
    for member, table in _TABLES.items()
}


def find(tx: ReadTx, actor: Actor, rows: Iterable[Row | AppError]) -> Found:
    """Find the records that ``rows`` name, as far as the caller may see them; one statement a member.

    What is found keeps its customer until the transaction ends: an interaction of nobody, whose customer is
    being found out just now, is waited for.
    """
    good = [row for row in rows if isinstance(row, dict)]
    found: Found = {}
    for member, read in _READS.items():
        ids = {row[member] for row in good if row.get(member) is not None}
        if ids:
            columns = read.selected_columns
            wanted = read.where(columns.id.in_(ids)).with_for_update(read=True, key_share=True)
            statement = visible_to(wanted, actor, columns.customer_id, columns.get("unit"))
            found[member] = {row["id"]: dict(row) for row in tx.execute(statement).mappings()}
    return found


def problems(found: Found, row: Row, *, to_be_created: bool = False) -> list[FieldError]:
    """Say what is wrong with the records that ``row`` names: not there, or another customer's.

    Records that are nobody's fit any customer, and any record fits a row that is nobody's.
    ``to_be_created``: the row's customer does not exist yet, so nothing can be that customer's.
    """
    wrong = []
    for member in MEMBERS:
        if row.get(member) is None:
            continue
        record = found.get(member, {}).get(row[member])
        if record is None:
            code = f"unknown_{member.removesuffix('_id')}"
            wrong.append(FieldError(f"/{member}", code, _UNKNOWN[member]))
        elif not fits(record["customer_id"], row["customer_id"], to_be_created=to_be_created):
            wrong.append(FieldError(f"/{member}", "other_customer", "This belongs to another customer."))
    return wrong


def fits(theirs: UUID | None, ours: UUID | None, *, to_be_created: bool = False) -> bool:
    """Whether records of these customers may be linked; None is nobody."""
    if theirs is None or (ours is None and not to_be_created):
        return True
    return theirs == ours


def fill(found: Found, row: Row) -> None:
    """Give ``row`` the dimensions it lacks from the records it names."""
    for member in MEMBERS:
        record = found.get(member, {}).get(row.get(member) or UUID(int=0), {})
        for dimension in DIMENSIONS:
            if row.get(dimension) is None:
                row[dimension] = record.get(dimension)
