"""Pages of all customers, in the orders that an index serves, passed on as they are stored.

It saves what a page spends on its statement and on turning stored documents into Python and back: about half
of the whole. Without it `customers.page` reads these pages as any other, with the same answer, which a test
holds against this one.
"""

import re
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Select, Text, cast

from app.domain.common.access import Actor
from app.schemas.customers.search import CustomerQuery
from app.services.customers import search
from app.store.dialects import decoded
from app.store.paging import After, Page
from app.store.sql import prepared_pages
from app.store.tables import Customer
from app.store.transactions import ReadTx

_PASSED_ON = ("contact_points", "external_ids", "preferred_hours", "do_not_contact", "tags", "attributes")
"""Documents that go from the row into the answer."""

_OF_THE_RUN = ("next_tier_steps", "answer_spreads", "return_shares", "expectation_reference")
"""Documents of the current run, the same in every row."""

_HAS_EXPONENT = re.compile(r"[0-9]e[-+]").search


def serves(actor: Actor, query: CustomerQuery) -> bool:
    """Tell whether a page has no filter, and an order that an index serves."""
    is_plain = not actor.is_limited and not search.filters_of(query)
    return is_plain and prepared_pages.serves(search.CUSTOMERS.order(query))


def read(tx: ReadTx, query: CustomerQuery, after: After | None) -> Page:
    """Read a page; documents that are only passed on are `orjson.Fragment`."""
    keys = search.CUSTOMERS.order(query)
    page = _PAGES.fetch(tx, query.sort, keys, limit=query.limit, after=after)
    for row in page.rows:
        for name in _PASSED_ON:
            if (document := row[name]) is not None:
                row[name] = _passed_on(document)
        for name in _OF_THE_RUN:
            if (document := row[name]) is not None:
                row[name] = _of_the_run(document)
    return page


def _passed_on(document: str) -> Any:
    # Numbers with an exponent are spelt otherwise in answers.
    return decoded(document) if _HAS_EXPONENT(document) else orjson.Fragment(document)


@lru_cache(maxsize=16)
def _of_the_run(document: str) -> Any:
    """The document as Python has it, which nobody may change."""
    return decoded(document)


def _as_stored() -> Select[Any]:
    columns = search.LISTED.add_columns(Customer.name_key).selected_columns
    texts = {*_PASSED_ON, *_OF_THE_RUN}
    return search.LISTED.with_only_columns(
        *(cast(column, Text).label(column.key) if column.key in texts else column for column in columns)
    )


_PAGES = prepared_pages.PreparedPages(_as_stored())
