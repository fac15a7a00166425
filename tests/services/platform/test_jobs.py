"""The states of a job."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.domain.common.access import Actor
from app.domain.common.jobs import JobState
from app.errors import ConflictError, NotFoundError
from app.schemas.common.jobs import JobQuery
from app.services.platform import jobs
from app.store.engine import Store
from app.store.types import new_id


@pytest.fixture
def job_id(store: Store, actor: Actor) -> UUID:
    return ask(store, actor)


def ask(store: Store, actor: Actor, kind: str = "imports", **more: Any) -> UUID:
    found: UUID = store.write_sync(jobs.create, actor, kind, {"import_id": "x"}, **more)["id"]
    return found


def read(store: Store, actor: Actor, job_id: UUID) -> dict[str, Any]:
    return store.read_sync(jobs.get, actor, job_id)


def test_a_new_job_waits(store: Store, actor: Actor) -> None:
    made = store.write_sync(jobs.create, actor, "imports", {}, result={"href": "/v1/imports/1"})
    assert made == read(store, actor, made["id"])
    assert (made["state"], made["done"], made["progress_percent"]) == ("waiting", 0, None)
    assert (made["started_at"], made["ended_at"], made["error"]) == (None, None, None)
    assert made["href"] == "/v1/imports/1"


def test_an_unknown_job_is_not_found(store: Store, actor: Actor) -> None:
    with pytest.raises(NotFoundError):
        read(store, actor, new_id())
    with pytest.raises(NotFoundError):
        store.write_sync(jobs.cancel, actor, new_id())
    assert store.write_sync(jobs.start, new_id()) is None


def test_a_job_is_handed_over_once_oldest_first(store: Store, actor: Actor) -> None:
    ids = [ask(store, actor) for _ in range(3)]
    assert store.write_sync(jobs.waiting, 2) == ids[:2]
    store.write_sync(jobs.mark_handed_over, ids[:2])
    assert store.write_sync(jobs.waiting, 10) == ids[2:]


def test_a_job_runs_and_is_done(store: Store, actor: Actor, job_id: UUID) -> None:
    begun = store.write_sync(jobs.start, job_id)
    assert begun is not None
    assert begun["arguments"] == {"import_id": "x"}
    store.write_sync(jobs.progress, job_id, "rows", 1, 3)
    job = read(store, actor, job_id)
    assert (job["state"], job["stage"], job["done"], job["total"]) == ("running", "rows", 1, 3)
    assert job["progress_percent"] == 33.3
    store.write_sync(jobs.finish, job_id, {"rows": 3})
    job = read(store, actor, job_id)
    assert (job["state"], job["result"], job["progress_percent"]) == ("done", {"rows": 3}, 100.0)
    assert job["ended_at"] is not None


def test_a_job_taken_up_again_keeps_its_beginning(store: Store, job_id: UUID) -> None:
    first, second = (store.write_sync(jobs.start, job_id) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first["started_at"] == second["started_at"]


def test_finishing_without_a_result_keeps_what_is_known(store: Store, actor: Actor) -> None:
    job_id = ask(store, actor, result={"href": "/v1/imports/1"})
    store.write_sync(jobs.finish, job_id)
    assert read(store, actor, job_id)["href"] == "/v1/imports/1"


def test_what_has_ended_stays_as_it_is(store: Store, actor: Actor, job_id: UUID) -> None:
    assert store.write_sync(jobs.fail, job_id, "first") is True
    before = read(store, actor, job_id)
    assert store.write_sync(jobs.start, job_id) is None
    store.write_sync(jobs.progress, job_id, "rows", 9, 9)
    store.write_sync(jobs.finish, job_id, {"rows": 9})
    assert store.write_sync(jobs.fail, job_id, "second") is False
    assert read(store, actor, job_id) == before
    assert (before["state"], before["error"]) == ("failed", "first")


def test_a_long_error_is_cut(store: Store, actor: Actor, job_id: UUID) -> None:
    store.write_sync(jobs.fail, job_id, "x" * 5000)
    assert len(read(store, actor, job_id)["error"]) == jobs.ERROR_CHARS


def test_a_waiting_job_can_be_cancelled(store: Store, actor: Actor, job_id: UUID) -> None:
    assert store.write_sync(jobs.cancel, actor, job_id)["state"] == "cancelled"
    assert store.write_sync(jobs.waiting, 10) == []
    assert store.write_sync(jobs.start, job_id) is None
    assert read(store, actor, job_id)["ended_at"] is not None


@pytest.mark.parametrize("move", [jobs.start, jobs.finish], ids=["running", "done"])
def test_only_a_waiting_job_can_be_cancelled(store: Store, actor: Actor, job_id: UUID, move: Any) -> None:
    store.write_sync(move, job_id)
    before = read(store, actor, job_id)
    with pytest.raises(ConflictError):
        store.write_sync(jobs.cancel, actor, job_id)
    assert read(store, actor, job_id) == before


def test_jobs_are_listed_newest_first_page_by_page(store: Store, actor: Actor) -> None:
    ids = [ask(store, actor) for _ in range(5)]
    first = store.read_sync(jobs.page, actor, JobQuery(limit=3), None)
    second = store.read_sync(jobs.page, actor, JobQuery(limit=3), first.after)
    assert [row["id"] for row in first.rows + second.rows] == ids[::-1]
    assert second.after is None


def test_jobs_are_filtered_by_kind_and_state(store: Store, actor: Actor) -> None:
    imports, scoring = ask(store, actor), ask(store, actor, "scoring")
    store.write_sync(jobs.start, imports)

    def found(**filters: Any) -> list[UUID]:
        return [row["id"] for row in store.read_sync(jobs.page, actor, JobQuery(**filters), None).rows]

    assert found(kind="scoring") == [scoring]
    assert found(state=[JobState.RUNNING]) == [imports]
    assert found(state=[JobState.RUNNING, JobState.WAITING]) == [scoring, imports]
    assert found(kind="scoring", state=[JobState.RUNNING]) == []


def test_a_caller_limited_to_units_sees_only_its_own_jobs(store: Store, actor: Actor) -> None:
    limited = replace(actor, id="key:izmir", units=frozenset({"izmir"}))
    other, own = ask(store, actor), ask(store, limited)
    listed = store.read_sync(jobs.page, limited, JobQuery(), None)
    assert [row["id"] for row in listed.rows] == [own]
    for act in (jobs.get, jobs.cancel):
        with pytest.raises(NotFoundError):
            store.write_sync(act, limited, other)
    assert read(store, actor, other)["state"] == "waiting"
