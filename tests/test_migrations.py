"""The tree of revisions: up and down with data, without drift, raced, killed, demanded by the service."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import drills
import factories
import pytest
import record_rows
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from conftest import SECRET
from sqlalchemy import Column, Connection, Text, create_engine, func, inspect, select, text
from starlette.testclient import TestClient

from app.domain.common.access import Actor
from app.main import create_app
from app.schemas.recovery.complaints import ComplaintCreate
from app.services.recovery import complaints
from app.settings import Settings
from app.store import dialects, schema
from app.store.engine import Store
from app.store.tables import Base, Complaint, ComplaintEvent, ComplaintWord, Customer, CustomerExternalId
from app.store.types import new_id

Make = Callable[[], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Make databases of each kind in which nothing is yet; gives their URL."""
    if request.param == "sqlite":
        yield lambda: f"sqlite:///{tmp_path / new_id().hex}.db"
        return
    server = dialects.postgres_url(request.getfixturevalue("postgres_url"))
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make() -> str:
        made.append(f"fresh_{new_id().hex}")
        with engine.connect() as tx:
            tx.execute(text(f"CREATE DATABASE {made[-1]}"))
        return str(server.set(database=made[-1]).render_as_string(hide_password=False))

    yield make
    with engine.connect() as tx:
        for name in made:
            tx.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """A connection to a database at any revision."""
    engine = dialects.migration_engine(Settings(database_url=url))
    try:
        with engine.begin() as tx:
            yield tx
    finally:
        engine.dispose()


@contextmanager
def store_on(url: str) -> Iterator[Store]:
    store = Store(Settings(database_url=url))
    try:
        yield store
    finally:
        store.close_sync()


def names(tx: Connection) -> list[str | None]:
    return list(tx.execute(select(Customer.name).order_by(Customer.name)).scalars())


def definition(tx: Connection) -> set[str]:
    """What the database itself says of its tables, indexes and constraints."""
    if not dialects.is_postgres(tx):
        found = tx.execute(text("SELECT name || ': ' || sql FROM sqlite_master WHERE sql IS NOT NULL"))
        return {_plain(line) for line in found.scalars() if "alembic_version" not in line}
    statements = (
        """SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, collation_name)
           FROM information_schema.columns WHERE table_schema = 'public'""",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        """SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
           FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    )
    lines = [line for statement in statements for line in tx.execute(text(statement)).scalars()]
    return {line for line in lines if "alembic_version" not in line}


def _plain(sql: str) -> str:
    """Without quotes and blanks, members of a table in any order."""
    head, _, members = re.sub(r'["\s]+', " ", sql).partition("(")
    parts = sorted(part.strip(" )") for part in members.split(", "))
    return f"{head.strip()}: {parts}"


def test_the_newest_revision_is_the_one_alembic_finds() -> None:
    assert schema.head() == ScriptDirectory.from_config(schema.config()).get_current_head()


def test_revisions_are_named_as_their_files() -> None:
    """So none is a number alone, as those before the first release were: their databases stay unknown."""
    for script in ScriptDirectory.from_config(schema.config()).walk_revisions():
        assert re.fullmatch(r"\d{4}_[a-z]\w{,26}", script.revision)
        assert Path(script.path).stem == script.revision


def test_up_down_and_up_again_with_data(new_database: Make, actor: Actor) -> None:
    settings = Settings(database_url=new_database())
    external = [{"system": "crm", "key": "1"}]
    for _ in range(2):
        schema.upgrade(settings)
        with store_on(settings.database_url) as store:
            assert store.read_sync(schema.current) == schema.head()
            assert store.read_sync(names) == []
            store.write_sync(factories.customers_worth, actor, [100, -5])
            store.write_sync(factories.customer, actor, "Ayşe", external_ids=external, tags=["vip"])
            assert len(store.read_sync(names)) == 3
        schema.downgrade(settings, "base")
        with opened(settings.database_url) as tx:
            assert set(inspect(tx).get_table_names()) <= {"alembic_version"}
            assert schema.current(tx) is None


def test_migrating_a_migrated_database_changes_nothing(database_url: str, actor: Actor) -> None:
    with store_on(database_url) as store:
        store.write_sync(factories.customer, actor, "Ayşe")
    schema.upgrade(Settings(database_url=database_url))
    with store_on(database_url) as store:
        assert store.read_sync(names) == ["Ayşe"]


# On SQLite an index over an expression is compared by its definition alone.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_the_revisions_make_the_tables_that_the_program_declares(new_database: Make) -> None:
    migrated, declared = new_database(), new_database()
    schema.upgrade(Settings(database_url=migrated))
    with opened(declared) as tx:
        Base.metadata.create_all(tx)
        expected = definition(tx)
    with opened(migrated) as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert definition(tx) == expected  # also what Alembic does not compare: WHERE, COLLATE, ON DELETE
    assert len(expected) > len(Base.metadata.tables)


def test_columns_of_runs_are_not_compressed_again(postgres_url: str) -> None:
    statement = (
        "SELECT attstorage FROM pg_attribute WHERE attrelid = 'run_columns'::regclass AND attname = 'data'"
    )
    with opened(postgres_url) as tx:
        assert str(tx.execute(text(statement)).scalar_one()) == "e"


def test_four_upgraders_at_once(new_database: Make) -> None:
    url = new_database()
    assert drills.in_processes(4, drills.upgrade, url) == ["migrated"] * 4
    with opened(url) as tx:
        assert schema.current(tx) == schema.head()
        assert tx.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1


@pytest.mark.parametrize("statements", [2, 12])
def test_killed_half_way_and_run_again(new_database: Make, statements: int) -> None:
    url = new_database()
    assert drills.upgrade_and_die(url, statements) == -9
    with opened(url) as tx:
        assert schema.current(tx) is None
        assert set(inspect(tx).get_table_names()) <= {"alembic_version"}
    schema.upgrade(Settings(database_url=url))
    with opened(url) as tx:
        assert schema.current(tx) == schema.head()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_table_can_be_remade_without_losing_what_refers_to_it(database_url: str, actor: Actor) -> None:
    """On SQLite a column changes by copying the table and dropping the old one, which with foreign keys
    enforced would delete every row that refers to it."""
    settings = Settings(database_url=database_url)
    external = [{"system": "crm", "key": "1"}]
    with store_on(database_url) as store:
        store.write_sync(factories.customer, actor, "Ayşe", external_ids=external)

    def remake(config: Any) -> None:
        tx = config.attributes["connection"]
        operations = Operations(MigrationContext.configure(tx))
        for change in ("add_column", "drop_column"):
            with operations.batch_alter_table("customers", recreate="auto") as batch:
                column = Column("nickname", Text()) if change == "add_column" else "nickname"
                getattr(batch, change)(column)

    schema._run(settings, remake)
    with store_on(database_url) as store:
        count = select(func.count()).select_from(CustomerExternalId)
        assert store.read_sync(lambda tx: tx.execute(count).scalar_one()) == 1


def test_a_migration_that_breaks_references_is_refused(tmp_path: Path, actor: Actor) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'vefa.db'}")
    schema.upgrade(settings)
    with store_on(settings.database_url) as store:
        store.write_sync(factories.customer, actor, "Ayşe", external_ids=[{"system": "crm", "key": "1"}])

    def forget_customers(config: Any) -> None:
        config.attributes["connection"].execute(text("DELETE FROM customers"))

    with pytest.raises(RuntimeError, match="customer_external_ids"):
        schema._run(settings, forget_customers)
    with store_on(settings.database_url) as store:
        assert store.read_sync(names) == ["Ayşe"]


def test_the_service_refuses_a_database_that_is_not_at_head(new_database: Make) -> None:
    settings = Settings(database_url=new_database(), secret=SECRET)
    with pytest.raises(schema.NotMigratedError, match="run `vefa migrate`"), TestClient(create_app(settings)):
        pass
    with store_on(settings.database_url) as store, pytest.raises(schema.NotMigratedError):
        schema.require_head(store)
    schema.upgrade(settings)
    with TestClient(create_app(settings)) as client:
        assert client.get("/readyz").json()["revision"] == schema.head()
    with opened(settings.database_url) as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.UnknownRevisionError), TestClient(create_app(settings)):
        pass


def test_complaints_that_are_there_get_their_words(new_database: Make, actor: Actor) -> None:
    url = new_database()
    settings = Settings(database_url=url)
    schema.upgrade(settings)
    with store_on(url) as store:
        customer_id = store.write_sync(factories.customer, actor, "Ayşe")
        body = {"customer_id": str(customer_id), "subject": "Gecikmiş KARGO", "text": "Kutu açıktı"}
        store.write_sync(complaints.create, actor, ComplaintCreate.model_validate(body))
    schema.downgrade(settings, "0002_bad_answers")
    schema.upgrade(settings)
    with store_on(url) as store:
        words = store.read_sync(lambda tx: tx.execute(select(ComplaintWord.word)).scalars().all())
    assert {"gecikmis", "kargo", "kutu", "acikti"} < set(words)


# Of a complaint: what happened, its state after that, and that state before the revision.
_RESOLVED = [("received", "open", "open"), ("resolved", "resolved", "resolved")]
_REOPENED = [*_RESOLVED, ("reopened", "in_progress", "reopened")]
_LIVES: dict[str, list[tuple[str, str, str]]] = {
    "worked on": [("received", "open", "open"), ("started", "in_progress", "in_progress")],
    "reopened": [*_REOPENED, ("noted", "in_progress", "reopened")],
    "went on": [*_REOPENED, ("acknowledged", "acknowledged", "acknowledged")],
    "at work again": [*_REOPENED, ("started", "in_progress", "in_progress")],
    "refused": [*_RESOLVED, ("refused", "in_progress", "reopened")],
    "waiting": [*_REOPENED, ("waited", "waiting_customer", "in_progress")],
    "confirmed": [*_RESOLVED, ("confirmed", "confirmed", "resolved"), ("fixed", "confirmed", "resolved")],
}


def _states(tx: Connection) -> dict[str, list[str]]:
    """By subject, the states of the events and the complaint's own."""
    events = text(
        "SELECT subject, e.state FROM complaint_events e JOIN complaints ON id = complaint_id"
        " ORDER BY e.number"
    )
    found: dict[str, list[str]] = {}
    for statement in (events, text("SELECT subject, state FROM complaints")):
        for subject, state in tx.execute(statement):
            found.setdefault(subject, []).append(state)
    return found


def test_complaints_that_were_reopened_are_in_progress_and_back(new_database: Make, actor: Actor) -> None:
    url = new_database()
    settings = Settings(database_url=url)
    schema.upgrade(settings)
    at = datetime(2026, 3, 2, tzinfo=UTC)
    with store_on(url) as store:
        customer_id = store.write_sync(factories.customer, actor, "Ayşe")
        for subject, life in _LIVES.items():
            desk = {"owner": "complaints-desk", "owner_kind": "queue"} if subject == "reopened" else {}
            row = record_rows.complaint(customer_id, at, subject=subject, state=life[-1][1], **desk)
            events = [
                record_rows.complaint_event(row, number, at, kind=kind, state=state, **desk)
                for number, (kind, state, _) in enumerate(life, 1)
            ]
            store.write_sync(record_rows.store, actor, Complaint, [row])
            store.write_sync(record_rows.store, actor, ComplaintEvent, events)
    script = ScriptDirectory.from_config(schema.config()).get_revision("0006_complaint_life")
    schema.downgrade(settings, str(script.down_revision))
    with opened(url) as tx:
        before = {subject: [state for *_, state in life] for subject, life in _LIVES.items()}
        assert _states(tx) == {subject: [*life, life[-1]] for subject, life in before.items()}
        kinds = set(tx.execute(text("SELECT kind FROM complaint_events")).scalars())
    assert kinds == {"received", "started", "resolved", "reopened", "acknowledged", "noted"}
    schema.upgrade(settings)
    renamed = {"reopened": "in_progress"}
    with opened(url) as tx:
        after = {subject: [renamed.get(state, state) for state in life] for subject, life in before.items()}
        assert _states(tx) == {subject: [*life, life[-1]] for subject, life in after.items()}
        for table in ("complaints", "complaint_events"):
            pairs = text(f"SELECT DISTINCT owner, owner_kind FROM {table} ORDER BY owner")  # noqa: S608
            assert [tuple(pair) for pair in tx.execute(pairs)] == [
                ("ayse.k", "agent"),
                ("complaints-desk", "queue"),
            ]
