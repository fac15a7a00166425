"""Who sees which rows, inside the SQL WHERE, so that foreign and missing look the same."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import Select, and_, or_, select

from app.domain.common.access import Actor
from app.domain.common.text import split_qualified
from app.store.sql.prepared_select import PreparedSelect
from app.store.tables import Customer, CustomerExternalId
from app.store.transactions import ReadTx, Row

S = TypeVar("S", bound="Select[*tuple[Any, ...]]")


def visible_to(statement: S, actor: Actor, customer_id: Any = Customer.id, unit: Any = None) -> S:
    """Keep only rows of customers the caller may see.

    ``customer_id`` is the column that says whose row it is; for the customers table itself leave it out.
    A caller limited to units sees customers of these units; an end customer only itself. What is nobody's
    is seen by callers that are not limited, and where ``unit`` is given, the column that says which unit
    the row itself is of, by those of this unit.
    """
    if actor.customer_id is not None:
        statement = statement.where(customer_id == actor.customer_id)
    if actor.units:
        if customer_id is Customer.id:
            statement = statement.where(Customer.unit.in_(actor.units))
        else:
            visible = select(Customer.id).where(Customer.unit.in_(actor.units))
            seen = customer_id.in_(visible)
            if unit is not None:
                seen = or_(seen, and_(customer_id.is_(None), unit.in_(actor.units)))
            statement = statement.where(seen)
    return statement


def read_visible(tx: ReadTx, prepared: PreparedSelect, actor: Actor, values: Mapping[str, Any]) -> list[Row]:
    """The rows of a prepared read of customers that the caller may see."""
    if actor.is_limited:
        return [row._asdict() for row in tx.execute(visible_to(prepared.statement, actor), values).all()]
    return prepared.rows(tx, values)


def owner_of(system: Any, key: Any) -> Any:
    """The id of the customer that has ``key`` in ``system``, as a subquery."""
    return (
        select(CustomerExternalId.customer_id)
        .where(CustomerExternalId.system == system, CustomerExternalId.key == key)
        .scalar_subquery()
    )


def owned_by(owner: Any, external_id: str) -> Any:
    """The condition that the customer in column ``owner`` has ``external_id`` (``system:key``). A key that no
    customer has matches nothing."""
    return owner == owner_of(*split_qualified(external_id))
