"""Periodic duties: global order, and forgetting."""

from datetime import timedelta
from typing import Any

import pytest
from conftest import SECRET
from sqlalchemy import func, insert, select, update

from app.domain.common.access import Actor
from app.errors import UnavailableError
from app.jobs.registry import Context
from app.jobs.schedule import Duty, Schedule, every_duty
from app.settings import Settings
from app.store import event_sequence, idempotency, types
from app.store.audit import trail
from app.store.audit.keys import AuditKeys, derive
from app.store.engine import Store
from app.store.tables import AuditEntry, Event, IdempotencyKey

KEYS = AuditKeys(derive(SECRET))


@pytest.fixture
def context(settings: Settings, store: Store) -> Context:
    return Context(store, settings.company, settings)


def note(store: Store, actor: Actor, *names: str) -> None:
    for name in names:
        store.write_sync(trail.record, actor, "thing.made", name, members=["b", "a"])


def order(store: Store, table: Any) -> list[tuple[int, str]]:
    query = (
        select(table.position, table.object_id).where(table.position.is_not(None)).order_by(table.position)
    )
    found = store.read_sync(lambda tx: tx.execute(query).all())
    return [tuple(row) for row in found]


def execute(store: Store, statement: Any) -> None:
    store.write_sync(lambda tx: tx.execute(statement))


# --- positions


def test_what_has_committed_is_numbered_in_order_of_time(store: Store, actor: Actor) -> None:
    note(store, actor, "one", "two", "three")
    assert store.write_sync(event_sequence.assign, KEYS, 100).count == 3
    assert order(store, Event) == order(store, AuditEntry) == [(1, "one"), (2, "two"), (3, "three")]
    assert store.write_sync(event_sequence.assign, KEYS, 100).count == 0


def test_numbering_goes_on_batch_by_batch(store: Store, actor: Actor) -> None:
    names = [f"thing {number}" for number in range(7)]
    note(store, actor, *names)
    assert [store.write_sync(event_sequence.assign, KEYS, 3).count for _ in range(3)] == [3, 3, 1]
    assert order(store, Event) == list(enumerate(names, start=1))


def test_a_late_commit_gets_a_later_position(store: Store, actor: Actor) -> None:
    note(store, actor, "in time")
    store.write_sync(event_sequence.assign, KEYS, 100)
    note(store, actor, "late")
    earlier = types.now() - timedelta(minutes=5)
    execute(store, update(Event).where(Event.object_id == "late").values(at=earlier))
    store.write_sync(event_sequence.assign, KEYS, 100)
    assert order(store, Event) == order(store, AuditEntry) == [(1, "in time"), (2, "late")]


# --- duties


def test_the_duty_numbers_while_there_is_news(context: Context, store: Store, actor: Actor) -> None:
    schedule = Schedule(context, off=("strays", "workflows"))
    note(store, actor, "one")
    assert 0 < schedule.run_due() <= 1
    assert order(store, Event) == [(1, "one")]


def test_old_idempotency_keys_are_forgotten(context: Context, store: Store) -> None:
    for number, age in enumerate((timedelta(hours=1), idempotency.KEEP + timedelta(hours=1))):
        key = bytes([number]) * 32
        execute(store, insert(IdempotencyKey).values(key=key, fingerprint=key, created_at=types.now() - age))
    Schedule(context, off=("strays", "workflows")).run_due()
    count = select(func.count()).select_from(IdempotencyKey)
    assert store.read_sync(lambda tx: tx.execute(count).scalar_one()) == 1


def test_every_duty_can_be_switched_off(context: Context, store: Store, actor: Actor) -> None:
    note(store, actor, "one")
    schedule = Schedule(context, off=tuple(duty.name for duty in every_duty()))
    assert schedule.run_due() > 1
    assert order(store, Event) == []


def test_an_unknown_duty_cannot_be_switched_off(context: Context) -> None:
    with pytest.raises(ValueError, match="there is no duty dusting"):
        Schedule(context, off=("dusting",))


def test_a_duty_with_more_to_do_is_due_at_once(context: Context) -> None:
    left = [2, 1, 0]
    schedule = Schedule(context, duties=(Duty("many", 60.0, lambda _context: left.pop(0) > 0),))
    assert [schedule.run_due() > 1 for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize("error", [UnavailableError("gone"), KeyError("secret")])
def test_a_duty_that_fails_does_not_stop_the_others(context: Context, error: Exception) -> None:
    done: list[str] = []

    def fails(_context: Context) -> bool:
        raise error

    def works(_context: Context) -> bool:
        done.append("worked")
        return False

    Schedule(context, duties=(Duty("fails", 60.0, fails), Duty("works", 60.0, works))).run_due()
    assert done == ["worked"]
