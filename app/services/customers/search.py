"""What lists of customers can be filtered by and in which order they come."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, exists, false, or_, select

from app.domain.common import emails, names, phones
from app.domain.common.access import Actor
from app.errors import FieldError, InvalidError
from app.schemas.customers.search import CustomerQuery, CustomerSort, TierFilter
from app.services.customers import rows, scores, shared_opt_outs
from app.store.listing import Filter, Listing, any_of, equal, since, where
from app.store.paging import SortKey
from app.store.tables import Customer, CustomerLookup, CustomerScore
from app.store.visibility import owned_by


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


def _dormant(wanted: bool) -> Any:
    return CustomerScore.dormant.is_(True) if wanted else CustomerScore.dormant.is_not(True)


def _called_from(text: str, actor: Actor) -> Any:
    numbers = phones.candidates(text, actor.company.phone_regions)
    if not numbers:
        detail = rows.not_a_contact("phone", text, actor.company.phone_regions)
        raise InvalidError(fields=[FieldError("phone", "not_a_phone", detail, location="query")])
    return _has(CustomerLookup.kind == "phone", CustomerLookup.value.in_(numbers))


def _named(text: str) -> Any:
    """The condition that every word of a text begins a word of the name, in one of its spellings."""
    words = names.query(text)
    if not words:
        return false()  # a search without a letter finds nothing, not everything
    return and_(*(_has_word(ways) for ways in words))


def _has_word(ways: Sequence[Sequence[str]]) -> Any:
    alone = [_begins(way[0]) for way in ways if len(way) == 1]
    found = [_has(CustomerLookup.kind == "word", or_(*alone))] if alone else []
    found += [
        and_(*(_has(CustomerLookup.kind == "word", _begins(word)) for word in way))
        for way in ways
        if len(way) > 1
    ]
    return or_(*found)


def _has_all(kind: str) -> Filter:
    """Members that list what the customer must have, all of it."""
    return where(
        kind,
        lambda values: and_(
            *(_has(CustomerLookup.kind == kind, CustomerLookup.value == value) for value in values)
        ),
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
        CustomerSort.VALUE: (SortKey(CustomerScore.value_minor, nullable=True), SortKey(Customer.id)),
        CustomerSort.HIGHEST_VALUE: (
            SortKey(CustomerScore.value_minor, descending=True, nullable=True),
            SortKey(Customer.id, descending=True),
        ),
        CustomerSort.VALUE_AT_RISK: (
            SortKey(CustomerScore.value_at_risk_minor, descending=True, nullable=True),
            SortKey(Customer.id, descending=True),
        ),
    },
    filters=[
        _has_all("tag"),
        _has_all("attribute"),
        where(
            "email",
            lambda text: _has(CustomerLookup.kind == "email", CustomerLookup.value == _email_key(text)),
        ),
        Filter("phone", _called_from),
        where("q", _named),
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
    others=["include"],
)
