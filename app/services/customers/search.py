"""What lists of customers can be filtered by and in which order they come."""

from typing import Any

from sqlalchemy import Select, and_, exists, false, or_, select

from app.domain.common import emails, names, phones
from app.domain.common.access import Actor
from app.domain.common.text import split_qualified
from app.errors import FieldError, InvalidError
from app.schemas.customers.search import CustomerQuery, CustomerSort, TierFilter
from app.services.customers import rows, shared_opt_outs
from app.store.paging import SortKey, changed_after
from app.store.tables import Customer, CustomerExternalId, CustomerLookup, CustomerScore

SORTS = {
    CustomerSort.CREATED_AT: (SortKey(Customer.created_at), SortKey(Customer.id)),
    CustomerSort.NEWEST: (
        SortKey(Customer.created_at, descending=True),
        SortKey(Customer.id, descending=True),
    ),
    CustomerSort.UPDATED_AT: (SortKey(Customer.updated_at), SortKey(Customer.id)),
    CustomerSort.NAME: (SortKey(Customer.name_key), SortKey(Customer.id)),
    CustomerSort.VALUE: (SortKey(CustomerScore.value_minor, nullable=True), SortKey(Customer.id)),
    CustomerSort.HIGHEST_VALUE: (
        SortKey(CustomerScore.value_minor, descending=True, nullable=True),
        SortKey(Customer.id, descending=True),
    ),
    CustomerSort.VALUE_AT_RISK: (
        SortKey(CustomerScore.value_at_risk_minor, descending=True, nullable=True),
        SortKey(Customer.id, descending=True),
    ),
}


def filtered(statement: Select[Any], actor: Actor, query: CustomerQuery) -> Select[Any]:
    """Keep the customers that match every filter of ``query``.

    Raises:
        InvalidError: a phone number or an e-mail address that is none.
    """
    wanted = [("tag", tag) for tag in query.tag] + [("attribute", pair) for pair in query.attribute]
    if query.email is not None:
        wanted.append(("email", _email_key(query.email)))
    for kind, value in wanted:
        statement = statement.where(_has(CustomerLookup.kind == kind, CustomerLookup.value == value))
    if query.phone is not None:
        numbers = phones.candidates(query.phone, actor.company.phone_regions)
        if not numbers:
            detail = rows.not_a_contact("phone", query.phone, actor.company.phone_regions)
            raise InvalidError(fields=[FieldError("phone", "not_a_phone", detail, location="query")])
        statement = statement.where(_has(CustomerLookup.kind == "phone", CustomerLookup.value.in_(numbers)))
    wanted_words = names.query(query.q or "")
    if query.q is not None and not wanted_words:
        statement = statement.where(false())  # a search without a letter finds nothing, not everything
    for ways in wanted_words:
        alone = [_begins(way[0]) for way in ways if len(way) == 1]
        found = [_has(CustomerLookup.kind == "word", or_(*alone))] if alone else []
        found += [
            and_(*(_has(CustomerLookup.kind == "word", _begins(word)) for word in way))
            for way in ways
            if len(way) > 1
        ]
        statement = statement.where(or_(*found))
    if query.external_id is not None:
        statement = statement.where(owned_by(Customer.id, query.external_id))
    for member in ("kind", "lifecycle", "unit"):
        if (value := getattr(query, member)) is not None:
            statement = statement.where(getattr(Customer, member) == value)
    for channel in query.do_not_contact:
        statement = statement.where(shared_opt_outs.asked(Customer, channel))
    statement = changed_after(statement, Customer.updated_at, query.updated_after)
    if query.churn_level:
        statement = statement.where(CustomerScore.churn_level.in_(query.churn_level))
    if query.quadrant:
        statement = statement.where(CustomerScore.quadrant.in_(query.quadrant))
    if query.near_threshold is not None:
        statement = statement.where(CustomerScore.near_threshold == query.near_threshold)
    return statement.where(_in_tiers(query.tier)) if query.tier else statement


def _has(*conditions: Any) -> Any:
    return exists().where(CustomerLookup.customer_id == Customer.id, *conditions)


def _begins(word: str) -> Any:
    return and_(CustomerLookup.value >= word, CustomerLookup.value < word + "\U0010ffff")


def _email_key(text: str) -> str:
    try:
        return emails.key(text)
    except ValueError:
        detail = rows.not_a_contact("email", text, ())
        raise InvalidError(fields=[FieldError("email", "not_an_email", detail, location="query")]) from None


def _in_tiers(wanted: list[TierFilter]) -> Any:
    placed = CustomerScore.tier.in_([tier for tier in wanted if tier is not TierFilter.NONE])
    return or_(placed, CustomerScore.tier.is_(None)) if TierFilter.NONE in wanted else placed


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
