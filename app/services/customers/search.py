"""What lists of customers can be filtered by and in which order they come."""

from typing import Any

from sqlalchemy import Select, and_, exists, or_, select

from app.domain.common import emails, names, phones
from app.domain.common.access import Actor
from app.errors import FieldError, InvalidError
from app.schemas.customers.search import CustomerQuery, CustomerSort, TierFilter
from app.services.customers import rows, scores, shared_opt_outs
from app.store.listing import Filter, Listing, any_of, equal, since, where
from app.store.paging import SortKey
from app.store.sql.word_sets import FREQUENT, WordSets
from app.store.tables import Customer, CustomerLookup, CustomerScore
from app.store.transactions import ReadTx
from app.store.visibility import owned_by

FREQUENT_BY_NAME = 10 * FREQUENT
"""The same in the order of names, in which those found stand together, perhaps far from its beginning."""

_NAMES = WordSets(
    Customer.id,
    CustomerLookup.customer_id,
    CustomerLookup.value,
    [CustomerLookup.kind == "word"],
    [CustomerLookup.kind + "" == "word"],
)


def _has(*conditions: Any) -> Any:
    return exists().where(CustomerLookup.customer_id == Customer.id, *conditions)


def _email_key(text: str) -> str:
    try:
        return emails.key(text)
    except ValueError:
        detail = rows.not_a_contact("email", text, ())
        raise InvalidError(fields=[FieldError("email", "not_an_email", detail, location="query")]) from None


def _in_tiers(wanted: list[TierFilter]) -> Any:
    placed = CustomerScore.tier.in_([tier for tier in wanted if tier is not TierFilter.NONE])
    return or_(placed, CustomerScore.tier.is_(None)) if TierFilter.NONE in wanted else placed


def _dormant(wanted: bool) -> Any:
    return CustomerScore.dormant.is_(True) if wanted else CustomerScore.dormant.is_not(True)


def _called_from(text: str, actor: Actor) -> Any:
    numbers = phones.candidates(text, actor.company.phone_regions)
    if not numbers:
        detail = rows.not_a_contact("phone", text, actor.company.phone_regions)
        raise InvalidError(fields=[FieldError("phone", "not_a_phone", detail, location="query")])
    return _has(CustomerLookup.kind == "phone", CustomerLookup.value.in_(numbers))


def _has_all(kind: str) -> Filter:
    """Members that list what the customer must have, all of it."""
    return where(
        kind,
        lambda values: and_(
            *(_has(CustomerLookup.kind == kind, CustomerLookup.value == value) for value in values)
        ),
    )


def _by_score(column: Any, *, descending: bool = False) -> tuple[SortKey, ...]:
    return (
        SortKey(column, descending, nullable=True),
        SortKey(Customer.id, descending, same=CustomerScore.customer_id),
    )


LISTED = select(
    *(
        column
        for column in Customer.__table__.columns
        if column.key not in ("name_key", "created_by_import_id")
    ),
    *scores.SCORES,
).join_from(Customer, CustomerScore, CustomerScore.customer_id == Customer.id, isouter=True)

CUSTOMERS = Listing(
    CustomerQuery,
    LISTED,
    owner=Customer.id,
    missing="There is no such customer.",
    sorts={
        CustomerSort.CREATED_AT: (SortKey(Customer.created_at), SortKey(Customer.id)),
        CustomerSort.NEWEST: (
            SortKey(Customer.created_at, descending=True),
            SortKey(Customer.id, descending=True),
        ),
        CustomerSort.UPDATED_AT: (SortKey(Customer.updated_at), SortKey(Customer.id)),
        CustomerSort.NAME: (SortKey(Customer.name_key), SortKey(Customer.id)),
        CustomerSort.VALUE: _by_score(CustomerScore.value_minor),
        CustomerSort.HIGHEST_VALUE: _by_score(CustomerScore.value_minor, descending=True),
        CustomerSort.VALUE_AT_RISK: _by_score(CustomerScore.value_at_risk_minor, descending=True),
    },
    filters=[
        _has_all("tag"),
        _has_all("attribute"),
        where(
            "email",
            lambda text: _has(CustomerLookup.kind == "email", CustomerLookup.value == _email_key(text)),
        ),
        Filter("phone", _called_from),
        where("external_id", lambda text: owned_by(Customer.id, text)),
        equal(Customer.kind, Customer.lifecycle, Customer.unit, CustomerScore.near_threshold),
        where(
            "do_not_contact",
            lambda channels: and_(*(shared_opt_outs.asked(Customer, channel) for channel in channels)),
        ),
        since(Customer.updated_at),
        any_of(CustomerScore.churn_level, CustomerScore.quadrant),
        where("dormant", _dormant),
        where("tier", _in_tiers),
    ],
    others=["include", "q"],
)


def filtered(actor: Actor, query: CustomerQuery, *, one_by_one: bool = False) -> Select[Any]:
    """Return the statement that selects the visible customers which match every filter.

    ``one_by_one``: their names are looked at in the order of the list, not found beforehand.
    """
    statement = CUSTOMERS.filtered(actor, query)
    return (
        statement
        if query.q is None
        else statement.where(_NAMES.condition(names.query(query.q), one_by_one=one_by_one))
    )


_EXACT = frozenset({"phone", "email", "external_id"})


def is_looked_up(query: CustomerQuery) -> bool:
    """Whether a page costs what it shows: it has no filters, or one that few customers can match."""
    sent = filters_of(query)
    return "include" not in sent and (not sent or bool(sent & _EXACT))


def filters_of(query: CustomerQuery) -> set[str]:
    """Return the members that were sent and say which customers are wanted, or that they are counted."""
    others = query.model_fields_set - {"cursor", "limit", "sort"}
    return {member for member in others if getattr(query, member) not in (None, [])}


def finds_many(tx: ReadTx, query: CustomerQuery) -> bool:
    """Whether so many names match that a page of them is soon found one by one; the count stops there."""
    most = FREQUENT_BY_NAME if query.sort is CustomerSort.NAME else FREQUENT
    return _NAMES.finds_many(tx, names.query(query.q or ""), most)
