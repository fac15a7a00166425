"""A search that takes long on SQLite, where reads run in the process that answers everybody."""

import threading
from collections.abc import Iterator

import pytest
from store_helpers import only_sqlite
from support import Api, made

from app.store.engine import Store

URL = "/v1/customers"
AT_MOST_SECONDS = 20
"""So long a search waits to be released, for a test that fails rather than hangs."""


class HeldSearch:
    """Stops every statement that looks at names until it is released, where it runs."""

    def __init__(self) -> None:
        self.begun, self.released = threading.Event(), threading.Event()
        self.was_released = False

    def listen(self, statement: str) -> None:
        if "customer_lookups.value >=" in statement and not self.begun.is_set():
            self.begun.set()
            self.was_released = self.released.wait(AT_MOST_SECONDS)


@pytest.fixture
def held(api: Api) -> Iterator[HeldSearch]:
    store: Store = api.client.app.state.services.store  # type: ignore[attr-defined]
    held = HeldSearch()
    store.on_statement(held.listen)
    yield held
    held.released.set()


@only_sqlite
@pytest.mark.parametrize("by_body", [False, True])
def test_others_are_answered_while_a_search_is_at_work(api: Api, held: HeldSearch, by_body: bool) -> None:
    """What counts is the order of events: the other's answer comes before the search may go on."""
    row = made(api, "Ayşe Yılmaz")
    answers = []

    def search() -> None:
        query = {"q": "ayse"}
        answers.append(api.post(f"{URL}/searches", json=query) if by_body else api.get(URL, params=query))

    searching = threading.Thread(target=search)
    searching.start()
    assert held.begun.wait(AT_MOST_SECONDS)
    other = api.get(f"{URL}/{row['id']}")
    held.released.set()
    searching.join()
    assert held.was_released
    assert other.json()["id"] == row["id"]
    assert [one["id"] for one in answers[0].json()["data"]] == [row["id"]]
