"""How both databases look up pages of customers: no sort, and no walk through the whole table."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import factories
import pytest
from sqlalchemy import Connection, event, select, update

from app.domain.common.access import Actor
from app.jobs.scoring.score import score
from app.schemas.customers.search import CustomerQuery, CustomerSort
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.customers import customers, search
from app.services.scoring import runs
from app.store import dialects
from app.store.engine import Store
from app.store.paging import fetch
from app.store.tables import Customer, CustomerScore
from benchmarks.scale import grow

ORIGINALS, COPIES, LIMIT = 40, 100, 20
MOST_READ = 20 * LIMIT
"""Rows of the large tables that a page may read."""

LARGE = ("customers", "customer_scores", "customer_lookups")
Plans = list[Any]


@pytest.fixture
def many(store: Store, actor: Actor) -> Store:
    """4,040 customers, all with a value and as much at risk, and statistics where the database takes them."""
    store.write_sync(factories.customers_worth, actor, list(range(1000, 1000 + 50 * ORIGINALS, 50)))
    score(store, actor, store.write_sync(runs.create, actor, ScoringRunCreate())["id"])
    at_risk = update(CustomerScore).values(value_at_risk_minor=CustomerScore.value_minor)
    store.write_sync(lambda tx: tx.execute(at_risk))
    store.write_sync(grow, COPIES)
    if not store.is_sqlite:
        store.write_sync(lambda tx: tx.exec_driver_sql(f"ANALYZE {', '.join(LARGE)}"))
    return store


def middle(tx: Connection, actor: Actor, sort: CustomerSort) -> Any:
    """The place in the middle of an order."""
    query = CustomerQuery(sort=sort)
    keys = search.CUSTOMERS.order(query)
    columns = [key.column for key in keys]
    narrow = search.CUSTOMERS.filtered(actor, query).with_only_columns(*columns, maintain_column_froms=True)
    return fetch(tx, narrow.offset(ORIGINALS * COPIES // 2), keys, limit=1).after


def explained(tx: Connection, run: Callable[[], Any]) -> Plans:
    """What the database does for each statement that ``run`` executes: nodes or lines."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _many: bool) -> None:
        asked.append((statement, parameters))

    event.listen(tx, "before_cursor_execute", note)
    run()
    event.remove(tx, "before_cursor_execute", note)
    if not dialects.is_postgres(tx):
        explain = "EXPLAIN QUERY PLAN "
        return [[row[3] for row in tx.exec_driver_sql(explain + sql, values)] for sql, values in asked]
    explain = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "
    plans = [tx.exec_driver_sql(explain + sql, values).scalar_one() for sql, values in asked]
    return [list(_nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])) for plan in plans]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def wrong_with(plan: Any) -> list[str]:
    """What of a plan grows with the company."""
    if plan and isinstance(plan[0], str):
        walks = [line for line in plan if line in {f"SCAN {table}" for table in LARGE}]
        return walks + [line for line in plan if "TEMP B-TREE" in line]
    read = sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in plan
        if node.get("Relation Name") in LARGE
    )
    kinds = [node["Node Type"] for node in plan if "Sort" in node["Node Type"]]
    return kinds + ([f"{read} rows read"] if read > MOST_READ else [])


@pytest.mark.parametrize("sort", CustomerSort)
def test_every_order_is_walked_in_an_index_from_any_place(
    many: Store, actor: Actor, sort: CustomerSort
) -> None:
    def plans(tx: Connection) -> Plans:
        query, after = CustomerQuery(sort=sort, limit=LIMIT), middle(tx, actor, sort)
        assert after is not None
        return [explained(tx, partial(customers.page, tx, actor, query, place))[0] for place in (None, after)]

    first, behind = many.read_sync(plans)
    assert not wrong_with(first), first
    assert not wrong_with(behind), behind
    if many.is_sqlite:  # it looks the place up, and does not pass over what comes before
        assert behind[0].startswith("SEARCH"), behind


@pytest.mark.parametrize("sort", [CustomerSort.HIGHEST_VALUE, CustomerSort.VALUE])
def test_a_cursor_holds_the_value_and_the_id_of_the_last_customer(
    many: Store, actor: Actor, sort: CustomerSort
) -> None:
    """As those given out before orders were by the index of scores."""
    page = many.read_sync(customers.page, actor, CustomerQuery(sort=sort, limit=LIMIT), None)
    last = page.rows[-1]
    value = select(CustomerScore.value_minor).where(CustomerScore.customer_id == last["id"])
    assert page.after == (many.read_sync(lambda tx: tx.execute(value).scalar_one()), last["id"])


def test_a_sort_and_a_walk_are_noticed(many: Store) -> None:
    """Orders that no index serves."""

    def plans(tx: Connection) -> Plans:
        by_kind = select(Customer.id).order_by(Customer.kind, Customer.id).limit(LIMIT)
        return explained(tx, lambda: tx.execute(by_kind))

    [plan] = many.read_sync(plans)
    assert len(wrong_with(plan)) >= 2


@pytest.mark.parametrize("text", ["customer cust", "custom cus", "cust cus customer"])
def test_the_words_of_a_search_are_looked_up_once(many: Store, actor: Actor, text: str) -> None:
    """Not anew for each customer who has one of them."""

    def plans(tx: Connection) -> Plans:
        query = CustomerQuery(q=text, limit=LIMIT)
        return explained(tx, lambda: tx.execute(search.filtered(actor, query)))

    plan = many.read_sync(plans)[-1]
    if many.is_sqlite:
        assert any("customer_lookups" in line for line in plan)
        assert not [line for line in plan if "CORRELATED" in line]
    else:
        looked_up = [node for node in plan if node.get("Relation Name") == "customer_lookups"]
        assert len(looked_up) >= 2
        assert {node["Actual Loops"] for node in looked_up} == {1}
