"""Resolved complaints of which nothing is heard close by themselves, once, with an event that says why."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import factories
import pytest

from app.domain.common.access import Actor
from app.jobs import schedule
from app.jobs.registry import Context
from app.jobs.schedule import AutoClose
from app.schemas.common.base import Paging
from app.schemas.recovery.categories import CategoryPut
from app.schemas.recovery.complaints import ComplaintQuery
from app.schemas.recovery.events import ComplaintResolution
from app.schemas.recovery.recovery_steps import ComplaintAnswer, ComplaintApology
from app.services.recovery import auto_close, categories, complaints, recovery_steps, steps
from app.settings import Settings
from app.store.engine import Store
from app.store.types import now


@pytest.fixture
def customer_id(store: Store, actor: Actor) -> UUID:
    """A customer."""
    return store.write_sync(factories.customer, actor, "Ayşe")


def resolved(store: Store, actor: Actor, customer_id: UUID, **members: Any) -> UUID:
    """A complaint that was resolved just now."""
    made = store.write_sync(factories.complaint, actor, customer_id, **members)
    store.write_sync(steps.resolve, actor, made, ComplaintResolution(resolution="Sent anew."))
    return made


def registered(store: Store, actor: Actor, code: str, **members: Any) -> None:
    put = CategoryPut.model_validate({"names": {"en": code}, **members})
    store.write_sync(categories.put, actor, code, put, None)


def states(store: Store, actor: Actor, *ids: UUID) -> list[str]:
    return [store.read_sync(complaints.get, actor, one)["state"] for one in ids]


def closed_after(store: Store, actor: Actor, days: float, company_days: int) -> int:
    """How many close when they are looked at after ``days`` days."""
    at, closed, after = now() + timedelta(days=days), 0, None
    while True:
        looked = store.write_sync(auto_close.close_silent, actor, at, company_days, after)
        closed, after = closed + looked.closed, looked.after
        if after is None:
            return closed


def test_one_closes_after_the_days_of_its_category_else_of_the_company(
    store: Store, actor: Actor, customer_id: UUID
) -> None:
    registered(store, actor, "fast", auto_close_days=2)
    registered(store, actor, "never", auto_close_days=0)
    registered(store, actor, "usual")
    fast, never, usual, free = (
        resolved(store, actor, customer_id, category=name) for name in ("fast", "never", "usual", "free")
    )
    still_open = store.write_sync(factories.complaint, actor, customer_id)
    assert closed_after(store, actor, 1.9, 14) == 0
    assert closed_after(store, actor, 2.1, 14) == 1
    assert states(store, actor, fast, never, usual, free) == ["closed", "resolved", "resolved", "resolved"]
    assert closed_after(store, actor, 100, 0) == 0
    assert closed_after(store, actor, 14.1, 14) == 2
    assert states(store, actor, never, usual, free, still_open) == ["resolved", "closed", "closed", "open"]
    assert closed_after(store, actor, 1000, 14) == 0


def test_the_event_says_why(store: Store, actor: Actor, customer_id: UUID) -> None:
    made = resolved(store, actor, customer_id)
    store.write_sync(
        recovery_steps.answer, actor, made, ComplaintAnswer.model_validate({"answer": "confirmed"})
    )
    assert closed_after(store, actor, 14.1, 14) == 1
    told = store.read_sync(complaints.events, actor, Paging(), None, made).rows
    assert [(event["kind"], event["silent_days"]) for event in told] == [
        ("received", None),
        ("resolved", None),
        ("confirmed", None),
        ("closed", 14),
    ]
    row = store.read_sync(complaints.get, actor, made)
    assert (row["closed_at"], row["version"]) == (told[-1]["at"], 4)


def test_a_word_of_anybody_ends_the_silence(store: Store, actor: Actor, customer_id: UUID) -> None:
    made = resolved(store, actor, customer_id)
    heard = store.read_sync(complaints.get, actor, made)["updated_at"]
    store.write_sync(recovery_steps.apologise, actor, made, ComplaintApology())
    last = store.read_sync(complaints.get, actor, made)["updated_at"]
    between = heard + (last - heard) / 2 + timedelta(days=14)
    assert store.write_sync(auto_close.close_silent, actor, between, 14, None).closed == 0
    assert store.write_sync(auto_close.close_silent, actor, last + timedelta(days=14), 14, None).closed == 1


def test_one_that_lacks_a_demanded_step_stays_and_is_found(
    store: Store, actor: Actor, customer_id: UUID
) -> None:
    registered(store, actor, "delivery", demanded_steps=["apology"])
    made = resolved(store, actor, customer_id, category="delivery")
    assert closed_after(store, actor, 15, 14) == 0
    found = store.read_sync(complaints.page, actor, ComplaintQuery(steps_missing=True), None).rows
    assert [row["id"] for row in found] == [made]
    store.write_sync(recovery_steps.apologise, actor, made, ComplaintApology())
    assert closed_after(store, actor, 15, 14) == 1


def test_many_close_in_batches_and_those_that_stay_hold_up_nobody(
    store: Store, actor: Actor, customer_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auto_close, "AT_ONCE", 3)
    registered(store, actor, "never", auto_close_days=0)
    stay = [resolved(store, actor, customer_id, category="never") for _ in range(4)]
    go = [resolved(store, actor, customer_id) for _ in range(4)]
    assert closed_after(store, actor, 15, 14) == 4
    assert states(store, actor, *stay, *go) == ["resolved"] * 4 + ["closed"] * 4


def test_workers_at_once_close_each_once(store: Store, actor: Actor, customer_id: UUID) -> None:
    ids = [resolved(store, actor, customer_id) for _ in range(12)]
    at = now() + timedelta(days=15)
    with ThreadPoolExecutor(4) as pool:
        looks = [
            pool.submit(store.write_sync, auto_close.close_silent, actor, at, 14, None) for _ in range(4)
        ]
    assert sum(look.result().closed for look in looks) == 12
    for one in ids:
        kinds = [
            event["kind"] for event in store.read_sync(complaints.events, actor, Paging(), None, one).rows
        ]
        assert kinds == ["received", "resolved", "closed"]


def test_the_duty_of_a_worker_asks_the_setting(
    store: Store, actor: Actor, customer_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auto_close, "AT_ONCE", 2)
    ids = [resolved(store, actor, customer_id) for _ in range(3)]
    monkeypatch.setattr(schedule, "now", lambda: now() + timedelta(days=2))
    off, on = (Context(store, actor.company, Settings(complaint_auto_close_days=days)) for days in (0, 1))
    assert AutoClose().close(off) is False
    assert states(store, actor, *ids) == ["resolved"] * 3
    duty = AutoClose()
    assert [duty.close(on), duty.close(on)] == [True, False]
    assert states(store, actor, *ids) == ["closed"] * 3
    [told] = [
        event
        for event in store.read_sync(complaints.events, actor, Paging(), None, ids[0]).rows
        if event["kind"] == "closed"
    ]
    assert told["actor_id"] == "system"
