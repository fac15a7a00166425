"""Words of a name: what is found by sets, and customer by customer, against plain Python."""

from collections.abc import Sequence
from itertools import product
from unittest.mock import patch
from uuid import UUID

import factories
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from app.domain.common import names
from app.domain.common.access import Actor
from app.schemas.customers.search import CustomerQuery, CustomerSort
from app.services.customers import customers, search
from app.store.engine import Store

GIVEN = ("Ali", "Alı", "Aliye", "Ayşe", "Əli", "Ülkü Ayşe", "Jean-Luc", "Al", "A.")
FAMILY = ("Yılmaz", "Yıldız", "D'Angelo", "Əliyev", "Aliyev", "Angelo", "Kaya", "Ali")
NAMES = [f"{given_name} {family}" for given_name, family in product(GIVEN, FAMILY)]
TEXTS = st.lists(
    st.sampled_from([*GIVEN, *FAMILY, "x", "jeanluc", "d-a"]).flatmap(
        lambda word: st.integers(1, len(word)).map(lambda length: word[:length])
    ),
    min_size=1,
    max_size=4,
).map(" ".join)

People = dict[UUID, str]


@pytest.fixture
def people(store: Store, actor: Actor) -> People:
    def record(tx: Connection) -> People:
        return {factories.customer(tx, actor, name): name for name in NAMES}

    return store.write_sync(record)


def slowly(people: People, text: str) -> set[UUID]:
    """Those whose name has, for every word of the text, one of the ways it is found."""
    words = names.query(text)

    def has(keys: Sequence[str], beginning: str) -> bool:
        return any(key.startswith(beginning) for key in keys)

    return {
        customer_id
        for customer_id, name in people.items()
        if words
        and all(any(all(has(names.keys(name), part) for part in way) for way in word) for word in words)
    }


@pytest.mark.parametrize("frequent", [1, 20, 5_000])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, st.sampled_from(CustomerSort))
@example("d'angelo ali", CustomerSort.NAME)
@example("d'angelo jean-luc a", CustomerSort.NEWEST)
@example("...", CustomerSort.NEWEST)
def test_a_search_finds_what_plain_python_finds(
    store: Store, actor: Actor, people: People, frequent: int, text: str, sort: CustomerSort
) -> None:
    """However many names a beginning is frequent from."""
    query = CustomerQuery.model_validate({"q": text, "limit": 200, "include": ["total"], "sort": sort})
    with patch.object(search, "FREQUENT", frequent), patch.object(search, "FREQUENT_BY_NAME", frequent):
        page = store.read_sync(customers.page, actor, query, None)
    found = [row["id"] for row in page.rows]
    assert page.total == len(found) == len(set(found))
    assert set(found) == slowly(people, text)


def test_the_plain_way_finds_and_misses(people: People) -> None:
    """What the other test compares with is neither everything nor nothing."""
    assert 0 < len(slowly(people, "yıl ali")) < len(people)
    assert {people[one] for one in slowly(people, "dangelo jeanluc")} == {"Jean-Luc D'Angelo"}
    assert not slowly(people, "x")
