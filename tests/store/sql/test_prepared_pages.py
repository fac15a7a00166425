"""Pages without filters, whose statements are prepared once, against the same pages read as any other."""

import importlib
import pkgutil
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

import app.services
from app.cli.demo import TOKEN
from app.demo import load
from app.demo.company import generate
from app.domain.common.access import Actor
from app.jobs.scoring.score import score
from app.schemas.activity.interactions import InteractionQuery
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.activity.interactions import INTERACTIONS
from app.services.customers.search import CUSTOMERS
from app.services.scoring import runs
from app.store.engine import Store
from app.store.listing import Listing
from app.store.paging import After, Page
from app.store.sql import prepared_pages
from app.store.sql.prepared_pages import PreparedPages


def listings() -> dict[str, Listing[Any]]:
    """Every list that a service declares, but the one of customers, which are paged in a way of their own."""
    modules = pkgutil.walk_packages(app.services.__path__, "app.services.")
    found = [vars(importlib.import_module(module.name)).items() for module in modules]
    return {
        name: one
        for items in found
        for name, one in items
        if isinstance(one, Listing) and one is not CUSTOMERS
    }


def pages(store: Store, actor: Actor, listing: Listing[Any], query: Any) -> list[list[Any]]:
    """The rows of the first four pages."""
    found: list[list[Any]] = []
    after: After | None = None
    while len(found) < 4 and (not found or after is not None):
        page = store.read_sync(listing.page, actor, query, after)
        found.append(page.rows)
        after = page.after
    return found


def test_every_list_has_the_same_pages(store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write_sync(load.load, actor, generate(1, date(2026, 11, 22), 60), TOKEN)
    score(store, actor, store.write_sync(runs.create, actor, ScoringRunCreate())["id"])
    prepared: list[Any] = []
    fetch = PreparedPages.fetch

    def counted(self: PreparedPages, tx: Any, order: Any, *rest: Any, **more: Any) -> Page:
        prepared.append(order)
        return fetch(self, tx, order, *rest, **more)

    monkeypatch.setattr(PreparedPages, "fetch", counted)
    rows = {}
    for name, listing in listings().items():
        sort = listing.query.model_fields.get("sort")
        for order in [None] if sort is None else sort.annotation:
            query = listing.query(limit=5) if order is None else listing.query(limit=5, sort=order)
            with monkeypatch.context() as slowly:
                slowly.setattr(prepared_pages, "serves", lambda _keys: False)
                expected = pages(store, actor, listing, query)
            before = len(prepared)
            assert pages(store, actor, listing, query) == expected
            is_served = listing._is_plain(actor, query) and prepared_pages.serves(listing.order(query))
            assert prepared[before:] == [order] * len(expected) * is_served
            rows[name] = len(expected[0])
    assert len(rows) > 12
    assert len(prepared) > 40
    assert {"INTERACTIONS", "TRANSACTIONS", "COMPLAINTS", "RESPONSES", "MEASUREMENTS", "RUNS"} <= {
        name for name, count in rows.items() if count
    }


def test_a_filter_or_a_limited_key_is_not_served(actor: Actor) -> None:
    assert INTERACTIONS._is_plain(actor, InteractionQuery())
    assert not INTERACTIONS._is_plain(actor, InteractionQuery(agent="ayse"))
    assert not INTERACTIONS._is_plain(replace(actor, units=frozenset({"izmir"})), InteractionQuery())
