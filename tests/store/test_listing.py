"""Lists that are declared once: what is forgotten or misspelt does not start, and pages keep the order."""

from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import select

from app.store.listing import COMPANY_WIDE, Filter, Listing, any_of, by_time, equal, since, window
from app.store.paging import SortKey
from app.store.tables import Complaint


class Sort(StrEnum):
    OLDEST = "received_at"
    NEWEST = "-received_at"


class Query(BaseModel):
    limit: int = 50
    cursor: str | None = None
    sort: Sort = Sort.OLDEST
    owner: str | None = None
    state: list[str] = []
    received_from: str | None = None
    received_before: str | None = None


FILTERS: list[Any] = [
    equal(Complaint.owner),
    any_of(Complaint.state),
    window("received", Complaint.received_at),
]
SORTS = by_time(Sort, Complaint.received_at, None, Complaint.id)


def declared(filters: Any = FILTERS, sorts: Any = SORTS, **more: Any) -> Listing[Any]:
    return Listing(
        Query,
        select(Complaint.__table__),
        owner=more.pop("owner", COMPANY_WIDE),
        missing="There is no such complaint.",
        sorts=sorts,
        filters=filters,
        **more,
    )


def test_only_members_that_were_sent_filter(actor: Any) -> None:
    text = str(declared().filtered(actor, Query(owner="desk", state=[])).whereclause)
    assert "owner" in text
    assert "state" not in text
    assert declared().filtered(actor, Query()).whereclause is None


@pytest.mark.parametrize(
    "filters",
    [
        FILTERS[:2],  # received_from and received_before are forgotten
        [*FILTERS, since(Complaint.updated_at)],  # the query has no updated_after
        [*FILTERS, equal(Complaint.owner)],  # twice
        [*FILTERS, Filter("ownr", lambda value, _actor: Complaint.owner == value)],
    ],
)
def test_a_list_whose_filters_do_not_fit_its_query_does_not_start(filters: Any) -> None:
    with pytest.raises(TypeError, match="filters of Query"):
        declared(filters)


def test_a_list_without_an_order_for_each_sort_does_not_start() -> None:
    with pytest.raises(TypeError, match="orders of Query"):
        declared(sorts={Sort.OLDEST: (SortKey(Complaint.id),)})


def test_rows_of_customers_are_limited_to_the_units_of_the_caller(actor: Any) -> None:
    limited = replace(actor, units=frozenset({"izmir"}))
    owned = declared(owner=Complaint.customer_id)
    assert "customers" in str(owned.visible(limited).whereclause)
    assert owned.visible(actor).whereclause is None
