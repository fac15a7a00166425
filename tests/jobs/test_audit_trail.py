"""The audit trail through its life: sealed by several, another secret."""

import json
from typing import Any

import drills
import pytest
from audit_helpers import KEYS, OTHER_SECRET, Service
from conftest import SECRET
from sqlalchemy import select
from structlog.testing import CapturingLogger, capture_logs

from app.domain.common.access import Actor, system
from app.errors import StartError
from app.settings import Settings
from app.store import event_sequence
from app.store.audit import head as audit_head
from app.store.audit import rows, sealing, trail
from app.store.audit.keys import AuditKeys, derive
from app.store.engine import Store
from app.store.tables import AuditEntry


@pytest.fixture
def service(settings: Settings, store: Store, actor: Actor) -> Service:
    return Service(settings, store, actor)


def actions(service: Service) -> list[tuple[str, str]]:
    """Action and object of what is sealed, in order."""
    entries = [json.loads(entry.text) for entry in service.store.read_sync(rows.after, 0, 1_000)]
    return [(entry[4], entry[5]) for entry in entries]


def head(service: Service) -> Any:
    return service.store.read_sync(audit_head.read)


def other_secret(settings: Settings, *previous: str) -> Settings:
    return Settings(database_url=settings.database_url, secret=OTHER_SECRET, secret_previous=list(previous))


# --- several at once, and restarts


def number_at_once(barrier: Any, results: Any, url: str) -> None:
    """Write entries and seal what waits, at the same moment as the others."""
    settings = Settings(database_url=url, secret=SECRET)
    store, actor = Store(settings), system(settings.company)
    barrier.wait(60)
    for number in range(10):
        store.write_sync(trail.record, actor, "thing.made", str(number))
        store.write_sync(event_sequence.assign, KEYS, 7)
    results.put("done")
    store.close_sync()


def test_several_workers_make_one_chain(service: Service, settings: Settings) -> None:
    assert drills.in_processes(2, number_at_once, settings.database_url) == ["done"] * 2
    service.work()
    assert len(service.names()) == 20
    assert head(service).position == 20
    assert service.found() == set()


def test_a_restarted_worker_goes_on(service: Service) -> None:
    for number in range(5):
        service.write(str(number))
        service.work(1)
        service.restart()
    assert service.names() == ["0", "1", "2", "3", "4"]
    assert service.found() == set()


def test_an_entry_that_committed_late_is_sealed(service: Service, actor: Actor) -> None:
    service.write("in time")
    kept = select(AuditEntry.__table__)
    service.store.write_sync(trail.record, actor, "thing.made", "late")
    row = service.store.read_sync(
        lambda tx: dict(tx.execute(kept.where(AuditEntry.object_id == "late")).mappings().one())
    )
    service.execute("DELETE FROM audit_entries WHERE object_id = 'late'")
    service.store.witness._waiting.clear()  # another process writes it, and has not committed yet
    service.write("later")
    service.work()
    service.execute(AuditEntry.__table__.insert().values(row))
    service.work()
    assert service.names() == ["in time", "later", "late"]
    assert service.found() == set()


def test_the_log_keeps_a_copy_of_the_head(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    log = CapturingLogger()  # whatever level an earlier test of the process has set
    monkeypatch.setattr("app.jobs.audit_trail._log", log)
    service.write("one")
    service.work()
    [call] = [call for call in log.calls if call.args == ("audit_head",)]
    assert audit_head.parsed(call.kwargs["head"]) == head(service)


def test_the_worker_reads_the_trail_bit_by_bit(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.audit_trail._MAX_CHECKED_AT_ONCE", 2)
    service.write(*(str(number) for number in range(9)))
    service.work(1)
    service.execute("UPDATE audit_entries SET actor_id = 'x' WHERE position = 8")
    with capture_logs() as logs:
        service.work(8)
    assert {(line["kind"], line["first_position"]) for line in logs if "kind" in line} == {("changed", 8)}


# --- another secret


def test_another_secret_goes_on_from_the_earlier_one(
    service: Service, settings: Settings, actor: Actor
) -> None:
    service.write("one", "two")
    service.work()
    service.write("three")  # waits, marked under the earlier secret
    changed = other_secret(settings, SECRET)
    keys = AuditKeys(derive(OTHER_SECRET), (derive(SECRET),))
    store = Store(changed)
    after = Service(changed, store, actor)
    after.write("four")  # waits, marked under the new one
    after.work()
    assert after.names() == ["one", "two"]
    assert after.found(keys=keys) == {("other_secret", 0, 0)}
    assert store.write_sync(sealing.change_secret, keys, actor)
    assert not store.write_sync(sealing.change_secret, keys, actor)
    after.work()
    changed_entry = ("audit.secret_changed", derive(OTHER_SECRET).id)
    assert actions(after)[:2] == [("thing.made", "one"), ("thing.made", "two")]
    assert set(actions(after)[2:]) == {("thing.made", "three"), ("thing.made", "four"), changed_entry}
    assert after.found(keys=keys) == set()
    after.execute("UPDATE audit_entries SET actor_id = 'x' WHERE position IN (1, 4)")
    assert after.found(keys=keys) == {("changed", 1, 1), ("changed", 4, 4)}
    store.close_sync()


def test_without_the_earlier_secret_its_entries_are_named(
    service: Service, settings: Settings, actor: Actor
) -> None:
    service.write("one", "two")
    service.work()
    keys = AuditKeys(derive(OTHER_SECRET), (derive(SECRET),))
    store = Store(other_secret(settings, SECRET))
    store.write_sync(sealing.change_secret, keys, actor)
    store.close_sync()
    assert service.found(keys=AuditKeys(derive(OTHER_SECRET))) == {("changed", 1, 2)}


def test_nobody_goes_back_to_the_earlier_secret(service: Service, settings: Settings, actor: Actor) -> None:
    """Whoever knows it can neither seal behind what the new one sealed, nor put its head back unseen."""
    service.write("one", "two")
    service.work()
    old = head(service)
    keys = AuditKeys(derive(OTHER_SECRET), (derive(SECRET),))
    store = Store(other_secret(settings, SECRET))
    store.write_sync(sealing.change_secret, keys, actor)
    service.execute("DELETE FROM audit_entries WHERE position > 2")
    store.write_sync(audit_head.write, old)
    after = Service(other_secret(settings, SECRET), store, actor)
    after.write("three")
    after.work()
    assert after.names() == ["one", "two"]
    assert after.found(keys=keys) == {("other_secret", 0, 0), ("lost", 2, 2)}
    store.close_sync()


def test_a_secret_that_is_not_known_cannot_be_left_behind(
    service: Service, settings: Settings, actor: Actor
) -> None:
    service.write("one")
    service.work()
    with pytest.raises(StartError):
        service.store.write_sync(sealing.change_secret, AuditKeys(derive(OTHER_SECRET)), actor)
