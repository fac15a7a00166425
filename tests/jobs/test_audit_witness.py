"""Entries that are removed before they are sealed: the process that wrote them misses them."""

import asyncio

import pytest
from audit_helpers import KEYS, Service
from jobs.helpers import until
from sqlalchemy import Connection, delete, insert, select, text, update
from starlette.testclient import TestClient
from store_helpers import serving
from structlog.testing import capture_logs
from typer.testing import CliRunner

from app import main
from app.cli.commands import app as cli
from app.domain.common.access import Actor, system
from app.errors import ConflictError
from app.jobs.schedule import every_duty
from app.settings import Settings
from app.store import event_sequence
from app.store.audit import head as audit_head
from app.store.audit import trail, witness
from app.store.audit.witness import Witness
from app.store.engine import Store, dry_run, in_savepoint
from app.store.tables import AuditAlarm, AuditEntry
from app.store.types import now

WAITING = "DELETE FROM audit_entries WHERE position IS NULL"


@pytest.fixture
def service(settings: Settings, store: Store, actor: Actor) -> Service:
    made = Service(settings, store, actor)
    made.write("first", "second")
    made.work()
    assert store.witness.is_idle
    return made


def told(service: Service) -> list[tuple[str, str, int]]:
    """What one round of the worker says: level, kind and position."""
    with capture_logs() as logs:
        service.work(1)
    return [
        (line["log_level"], line["kind"], line["first_position"])
        for line in logs
        if line["event"] == "audit_trail_alarm"
    ]


def test_entries_removed_before_they_are_sealed_are_told_and_named(service: Service) -> None:
    service.write("gone", "gone as well", "stays")
    service.execute("DELETE FROM audit_entries WHERE object_id LIKE 'gone%'")
    assert told(service) == [("error", "lost", 3)]
    assert service.names() == ["first", "second", "stays"]
    assert service.found() == {("lost", 3, 3)}


def test_all_that_wait_removed(service: Service) -> None:
    service.write("gone")
    service.execute(WAITING)
    assert told(service) == [("error", "lost", 2)]


def test_a_trigger_that_lets_no_entry_in_is_told(service: Service) -> None:
    if not service.store.is_sqlite:
        service.execute(
            "CREATE FUNCTION nothing() RETURNS trigger AS 'BEGIN RETURN NULL; END' LANGUAGE plpgsql",
            "CREATE TRIGGER hide BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION nothing()",
        )
    else:
        service.execute(
            "CREATE TRIGGER hide BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(IGNORE); END",
        )
    try:
        service.write("hidden")
        assert told(service) == [("error", "lost", 2)]
    finally:
        last = ["DROP TRIGGER hide"] if service.store.is_sqlite else ["DROP FUNCTION nothing CASCADE"]
        service.execute(*last)


def test_an_alarm_that_is_deleted_from_the_database_comes_back(service: Service) -> None:
    service.write("gone")
    service.execute(WAITING)
    service.work(1)
    service.execute(delete(AuditAlarm))
    service.work(1)
    assert service.found() == {("lost", 2, 2)}


def test_an_alarm_that_the_forger_accepts_beforehand_is_told_once(service: Service) -> None:
    values = {"first_position": 2, "last_position": 2, "found_at": now(), "accepted_at": now()}
    service.execute(insert(AuditAlarm).values(kind="lost", **values))
    service.write("gone")
    service.execute(WAITING)
    assert told(service) == [("warning", "lost", 2)]
    assert told(service) == []


def test_what_is_rolled_back_is_not_missed(service: Service, store: Store, actor: Actor) -> None:
    def several(tx: Connection) -> None:
        trail.record(tx, actor, "thing.made", "kept")
        with dry_run(tx):
            trail.record(tx, actor, "thing.made", "tried")
        with pytest.raises(ConflictError), in_savepoint(tx):
            _refused(tx, actor)
        with in_savepoint(tx):
            trail.record(tx, actor, "thing.made", "kept, too")

    store.write_sync(several)
    with pytest.raises(ConflictError):
        store.write_sync(_refused, actor)
    assert len(store.witness._waiting) == 2
    assert told(service) == []
    assert store.witness.is_idle
    assert service.names() == ["first", "second", "kept", "kept, too"]


def test_what_requests_write_is_seen_too(service: Service, store: Store, actor: Actor) -> None:
    async def write() -> None:
        await asyncio.gather(*(store.write(trail.record, actor, "x.y", str(n)) for n in range(20)))
        with pytest.raises(ConflictError):
            await store.write(_refused, actor)
        assert len(store.witness._waiting) == 20
        assert await store.write(store.witness.look) == []
        assert len(store.witness._waiting) == 20

    serving(store, write)


def _refused(tx: Connection, actor: Actor) -> None:
    trail.record(tx, actor, "x.y", "never")
    raise ConflictError("no")


def test_a_witness_remembers_so_many_and_looks_at_the_earliest_first(
    service: Service, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness, "MAX_REMEMBERED", 3)
    service.write(*"abcde")
    waiting = select(AuditEntry.id).where(AuditEntry.position.is_(None)).order_by(AuditEntry.id)
    ids = store.read_sync(lambda tx: list(tx.execute(waiting).scalars()))
    assert list(store.witness._waiting) == ids[2:]


def test_several_rounds_look_at_all(service: Service, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness, "_AT_ONCE", 2)
    service.write(*"abcdefg")
    store.write_sync(event_sequence.assign, KEYS, 5)
    store.write_sync(store.witness.look)
    assert len(store.witness._waiting) == 2
    service.execute("DELETE FROM audit_entries WHERE object_id = 'f'")
    store.write_sync(event_sequence.assign, KEYS, 5)
    assert [alarm.kind.value for alarm in store.write_sync(store.witness.look)] == ["lost"]
    assert not store.witness._waiting


def test_a_look_that_fails_forgets_nothing(service: Service, store: Store) -> None:
    service.write("gone")
    service.execute("ALTER TABLE audit_entries RENAME TO elsewhere")
    with pytest.raises(Exception, match="audit_entries"):
        store.write_sync(store.witness.look)
    service.execute("ALTER TABLE elsewhere RENAME TO audit_entries", WAITING)
    assert told(service) == [("error", "lost", 2)]


def test_a_worker_looks_every_second() -> None:
    assert [(duty.name, duty.seconds) for duty in every_duty()][:2] == [
        ("positions", 1.0),
        ("audit_witness", 1.0),
    ]


def test_a_process_that_ends_seals_what_it_wrote(service: Service, settings: Settings, store: Store) -> None:
    service.write(*(str(number) for number in range(5)))
    event_sequence.finish(store, settings)
    assert store.read_sync(audit_head.read).position == 7
    assert store.witness.is_idle
    event_sequence.finish(store, settings.model_copy(update={"secret": None}))
    service.write("by hand")
    event_sequence.finish(store, settings.model_copy(update={"secret": None}))
    assert store.read_sync(audit_head.read).position == 7


def test_a_command_seals_its_own_entries(
    service: Service, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = settings.secret_text
    assert secret is not None
    monkeypatch.setenv("VEFA_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("VEFA_SECRET", secret)
    made = CliRunner().invoke(cli, ["keys", "create", "till", "--scope", "customers:read"])
    assert made.exit_code == 0
    sealed = select(AuditEntry.action).where(AuditEntry.position == 3)
    assert service.store.read_sync(lambda tx: tx.execute(sealed).scalar_one()) == "api_key.created"


def test_a_served_process_looks_without_a_worker(
    service: Service, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "LOOK_SECONDS", 0.02)
    app = main.create_app(settings.model_copy(update={"duties_off": ()}))
    with capture_logs() as logs, TestClient(app):
        served = app.state.services.store
        served.write_sync(trail.record, system(settings.company), "thing.made", "gone")
        served.write_sync(lambda tx: tx.execute(text(WAITING)))
        until(lambda: [line for line in logs if line.get("kind") == "lost"])


def test_a_service_that_stops_seals_what_it_wrote(service: Service, settings: Settings) -> None:
    app = main.create_app(settings.model_copy(update={"duties_off": ()}))
    with TestClient(app):
        app.state.services.store.write_sync(trail.record, system(settings.company), "thing.made", "last")
    assert service.names() == ["first", "second", "last"]


def test_another_witness_knows_nothing(service: Service, store: Store) -> None:
    service.write("gone")
    assert Witness().is_idle
    service.execute(update(AuditEntry).where(AuditEntry.position.is_(None)).values(actor_id="x"))
    assert [kind for _level, kind, _at in told(service)] == ["refused"]
    assert store.witness.is_idle  # it has a number, below zero, and is named as refused
