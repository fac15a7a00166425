"""Pages without filters, whose statements are prepared once, against the same pages read as any other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.cli.demo import TOKEN
from app.demo import load
from app.demo.company import generate
from app.domain.common.access import Actor
from app.schemas.activity.interactions import InteractionQuery
from app.schemas.activity.transactions import TransactionQuery
from app.schemas.recovery.complaints import ComplaintQuery
from app.schemas.surveys.invitations import SurveyInvitationQuery
from app.schemas.surveys.responses import SurveyResponseQuery
from app.services.activity import interactions, transactions
from app.services.recovery import complaints
from app.services.surveys import invitations, responses
from app.store.engine import Store
from app.store.listing import Listing
from app.store.paging import After, Page
from app.store.sql import prepared_pages
from app.store.sql.prepared_pages import PreparedPages

LISTS: list[tuple[Callable[..., Page], Any, Listing[Any]]] = [
    (interactions.page, InteractionQuery, interactions.INTERACTIONS),
    (transactions.page, TransactionQuery, transactions.TRANSACTIONS),
    (complaints.page, ComplaintQuery, complaints.COMPLAINTS),
    (responses.page, SurveyResponseQuery, responses.RESPONSES),
    (invitations.page, SurveyInvitationQuery, invitations.INVITATIONS),
]


def pages(store: Store, actor: Actor, read: Callable[..., Page], query: Any) -> list[list[Any]]:
    """The rows of the first four pages."""
    found: list[list[Any]] = []
    after: After | None = None
    while len(found) < 4 and (not found or after is not None):
        page = store.read_sync(read, actor, query, after)
        found.append(page.rows)
        after = page.after
    return found


def test_every_list_has_the_same_pages(store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write_sync(load.load, actor, generate(1, date(2026, 11, 22), 60), TOKEN)
    prepared: list[Any] = []
    fetch = PreparedPages.fetch

    def counted(self: PreparedPages, tx: Any, order: Any, *rest: Any, **more: Any) -> Page:
        prepared.append(order)
        return fetch(self, tx, order, *rest, **more)

    monkeypatch.setattr(PreparedPages, "fetch", counted)
    for read, model, listing in LISTS:
        for sort in model.model_fields["sort"].annotation:
            query = model(sort=sort, limit=5)
            with monkeypatch.context() as slowly:
                slowly.setattr(prepared_pages, "serves", lambda _keys: False)
                expected = pages(store, actor, read, query)
            before = len(prepared)
            assert pages(store, actor, read, query) == expected
            assert len(expected) > 2
            assert prepared[before:] == [sort] * len(expected) * prepared_pages.serves(listing.order(query))
    assert len(prepared) > 2 * len(LISTS)


def test_a_filter_or_a_limited_key_is_not_served(actor: Actor) -> None:
    listing = interactions.INTERACTIONS
    assert listing._is_plain(actor, InteractionQuery())
    assert not listing._is_plain(actor, InteractionQuery(agent="ayse"))
    assert not listing._is_plain(replace(actor, units=frozenset({"izmir"})), InteractionQuery())
