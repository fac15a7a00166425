"""Statistics of SQLite: taken in small pieces, for readers that are there already too."""

import factories
import pytest
from sqlalchemy import text
from store_helpers import only_postgres, only_sqlite

from app.domain.common.access import Actor
from app.jobs.registry import Context
from app.jobs.schedule import Statistics, every_duty
from app.jobs.scoring.score import score
from app.schemas.customers.search import CustomerQuery
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.customers import search
from app.services.scoring import runs
from app.settings import Settings
from app.store.engine import Store
from app.store.sql import statistics
from app.store.tables import CustomerScore
from app.store.transactions import ReadTx
from benchmarks.scale import grow


@pytest.fixture
def context(settings: Settings, store: Store) -> Context:
    return Context(store, settings.company, settings)


@pytest.fixture
def many(store: Store, actor: Actor) -> None:
    for number in range(15):
        store.write_sync(factories.customer, actor, f"Customer {number}")
    store.write_sync(grow, 100)


def plan(tx: ReadTx) -> str:
    """How the words of one customer are found."""
    mine = "SELECT value FROM customer_lookups WHERE customer_id = x'00' AND kind = 'word' AND value >= 'cus'"
    return str(tx.execute(text(f"EXPLAIN QUERY PLAN {mine}")).all()[0][3])


def has_statistics(tx: ReadTx) -> bool:
    return bool(tx.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")).first())


@only_sqlite
@pytest.mark.usefixtures("many")
def test_readers_plan_by_what_the_duty_finds(store: Store, context: Context) -> None:
    assert "ix_customer_lookups_customer_id" not in store.read_sync(plan)
    statements: list[str] = []
    store.on_statement(statements.append)
    duty = Statistics()
    while duty.take(context):
        pass
    assert "ix_customer_lookups_customer_id" in store.read_sync(plan)
    taken = [statement for statement in statements if statement.startswith("ANALYZE")]
    assert taken == ["ANALYZE customers", "ANALYZE customer_lookups"]


@only_sqlite
@pytest.mark.usefixtures("many")
def test_each_table_is_a_piece_of_its_own(store: Store, context: Context) -> None:
    """Other writes come in between."""
    duty, seen = Statistics(), []
    while duty.take(context):
        seen.append(store.write_sync(has_statistics))
    assert seen == [False, True]


@only_sqlite
@pytest.mark.usefixtures("many")
def test_only_what_has_grown_is_looked_at_again(store: Store, context: Context) -> None:
    duty = Statistics()
    while duty.take(context):
        pass
    statements: list[str] = []
    store.on_statement(statements.append)
    assert not duty.take(context)
    store.write_sync(grow, 4)
    while duty.take(context):
        pass
    assert sorted(one for one in statements if one.startswith("ANALYZE")) == [
        "ANALYZE customer_lookups",
        "ANALYZE customers",
    ]


@only_postgres
@pytest.mark.usefixtures("many")
def test_postgresql_does_it_by_itself(store: Store, context: Context) -> None:
    assert not Statistics().take(context)


def test_every_worker_has_the_duty() -> None:
    assert "statistics" in {duty.name for duty in every_duty()}


@only_sqlite
def test_lists_by_value_are_not_sorted_after_the_first_run(
    store: Store, actor: Actor, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Statistics were taken after customers and sales came in, when nobody had a score."""
    monkeypatch.setattr(statistics, "FROM_ROWS", 10)
    store.write_sync(factories.customers_worth, actor, list(range(1000, 6000, 50)))
    duty = Statistics()
    while duty.take(context):
        pass

    def plan_by_value(tx: ReadTx) -> str:
        statement = search.filtered(actor, CustomerQuery()).where(CustomerScore.value_minor.is_not(None))
        ordered = statement.order_by(CustomerScore.value_minor, CustomerScore.customer_id).limit(51)
        spelt = ordered.compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True})
        return str([row[3] for row in tx.execute(text(f"EXPLAIN QUERY PLAN {spelt}"))])

    assert "TEMP B-TREE" in store.read_sync(plan_by_value)
    score(store, actor, store.write_sync(runs.create, actor, ScoringRunCreate())["id"])
    assert "TEMP B-TREE" not in store.read_sync(plan_by_value)
