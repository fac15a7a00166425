"""Pages of all customers as they are passed on, against the same pages read as any other: the same bytes."""

from dataclasses import replace
from datetime import date
from typing import Any

import factories
import orjson
import pytest
from sqlalchemy import Connection, event

from app.cli.demo import TOKEN
from app.demo import load
from app.demo.company import generate
from app.domain.common.access import Actor
from app.http.replies import dump_page
from app.jobs.scoring.score import score
from app.schemas.customers.customers import CustomerPage
from app.schemas.customers.search import CustomerQuery, CustomerSort
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.customers import customers, standard_pages
from app.services.scoring import runs
from app.store.engine import Store
from app.store.paging import After, Page

UNTIL = date(2026, 11, 22)
SORTS = [sort for sort in CustomerSort if "value" not in sort]
PHONE = {"kind": "phone", "value": "+905321112233"}
ODD: list[dict[str, Any]] = [
    {"attributes": {"share": 1e-7, "small": 0.00001, "large": 1e15, "whole": 1.0, "text": "1e-7"}},
    {"name": 'Ülkü "Ö" \\ \u2028 <b>😀', "tags": ["a/b", 'quoted "tag"', "ğüşiöç"]},
    {"name": "Without anything", "preferred_hours": {"start": "09:00", "end": "12:00"}},
    {
        "name": "Silent",
        "do_not_contact": ["phone"],
        "contact_points": [{"kind": "phone", "value": "05321112233"}],
    },
    {"name": "Same number", "contact_points": [{**PHONE, "value": "05321112233"}]},
]


@pytest.fixture
def filled(store: Store, actor: Actor) -> Store:
    """A scored company, and customers whose documents are written in every way."""
    store.write_sync(load.load, actor, generate(1, UNTIL, 80), TOKEN)
    score(store, actor, store.write_sync(runs.create, actor, ScoringRunCreate())["id"])

    def record(tx: Connection) -> None:
        for members in ODD:
            factories.customer(tx, actor, **{"name": "Odd", **members})

    store.write_sync(record)
    return store


def pages(store: Store, actor: Actor, **query: Any) -> list[bytes]:
    """The JSON of every page from the first to the last."""
    found: list[bytes] = []
    after: After | None = None
    while not found or after is not None:
        page: Page = store.read_sync(customers.page, actor, CustomerQuery(**query), after)
        after = page.after
        body = {"data": page.rows, "next_cursor": None, "has_more": after is not None, "total": page.total}
        found.append(dump_page(CustomerPage, {**body, "complete_until": None}, page))
    return found


@pytest.mark.parametrize("limit", [7, 200])
def test_every_page_is_the_same(
    filled: Store, actor: Actor, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = {sort: pages(filled, actor, sort=sort, limit=limit) for sort in SORTS}
    monkeypatch.setattr(standard_pages, "serves", lambda *_: False)
    for sort, found in quick.items():
        assert found == pages(filled, actor, sort=sort, limit=limit)
        assert len([row for page in found for row in orjson.loads(page)["data"]]) == 80 + len(ODD)


def test_documents_are_passed_on_in_two_statements(filled: Store, actor: Actor) -> None:
    statements: list[str] = []

    def read(tx: Connection) -> Page:
        event.listen(tx, "before_cursor_execute", lambda *asked: statements.append(asked[2]))
        return customers.page(tx, actor, CustomerQuery(), None)

    page = filled.read_sync(read)
    assert page.is_final
    assert isinstance(page.rows[-1]["tags"], orjson.Fragment)
    assert len(statements) == 2


@pytest.mark.parametrize(
    "query", [{"sort": "-value"}, {"tag": ["vip"]}, {"include": ["total"]}, {"q": "a"}, {"dormant": False}]
)
def test_other_pages_are_read_as_any_list(actor: Actor, query: dict[str, Any]) -> None:
    assert standard_pages.serves(actor, CustomerQuery())
    assert not standard_pages.serves(actor, CustomerQuery.model_validate(query))
    assert not standard_pages.serves(replace(actor, units=frozenset({"izmir"})), CustomerQuery())
