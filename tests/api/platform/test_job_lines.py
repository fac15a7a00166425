"""Jobs that wait: a bound for each key, and the same request while one waits is the same job."""

import gzip
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from support import Api, problem

from app.domain.common.access import Actor
from app.domain.common.job_turns import MAX_WAITING
from app.jobs.scoring.score import score
from app.services.platform import jobs
from app.store.engine import Store
from app.store.tables import Backtest, Import, ImportChunk, Job

COLUMNS = ["external_id=id", "customer_key=who", "amount=sum", "occurred_at=at"]
OPTIONS: dict[str, Any] = {"column": COLUMNS, "currency": "TRY", "source": "pos", "create_missing": True}
FILE = b"id,who,sum,at\nR-1,A-1,12.30,2026-05-01\n"


def backtest(api: Api, day: int = 1, **members: Any) -> Any:
    return api.post("/v1/backtests", json={"cut_on": f"2026-01-{day:02d}", **members})


def sent(api: Api, file: bytes = FILE, **options: Any) -> Any:
    return api.post(
        "/v1/imports", params={**OPTIONS, **options}, content=file, headers={"Content-Type": "text/csv"}
    )


def rows(store: Store, table: Any) -> int:
    count = select(func.count()).select_from(table)
    found: int = store.read_sync(lambda tx: tx.execute(count).scalar_one())
    return found


@pytest.fixture
def full(api: Api) -> Api:
    """A caller with as many waiting jobs as it may have."""
    assert {backtest(api, 1 + number).status_code for number in range(MAX_WAITING)} == {202}
    return api


def refused(answer: Any) -> None:
    body = problem(answer, 429, "too_many_waiting_jobs")
    assert body["detail"] == "20 of your jobs wait already. Ask again when one has begun, or cancel one."
    assert answer.headers["Retry-After"] == "10"


def test_more_jobs_of_a_key_than_may_wait_are_refused(full: Api, store: Store) -> None:
    refused(backtest(full, 30))
    refused(full.post("/v1/scoring-runs", json={}))
    refused(sent(full))
    assert (rows(store, Job), rows(store, Backtest)) == (MAX_WAITING, MAX_WAITING)
    assert (rows(store, Import), rows(store, ImportChunk)) == (0, 0), "refused before it was received"


def test_another_key_has_a_line_of_its_own(full: Api, api_with: Callable[..., Api]) -> None:
    assert backtest(api_with(), 30).status_code == 202


def test_room_is_made_by_a_job_that_begins_or_is_cancelled(full: Api, store: Store) -> None:
    [begun] = store.write_sync(jobs.waiting, 1)
    store.write_sync(jobs.mark_handed_over, [begun])
    assert backtest(full, 25).status_code == 202
    refused(backtest(full, 26))
    waiting = full.get("/v1/jobs?state=waiting&limit=1").json()["data"][0]
    assert full.post(f"/v1/jobs/{waiting['id']}/cancellations").status_code in (200, 201)
    assert backtest(full, 26).status_code == 202


def test_of_many_at_once_no_more_are_accepted(api: Api, store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(lambda day: backtest(api, day).status_code, range(1, 31)))
    assert answers == {202: MAX_WAITING, 429: 10}
    assert rows(store, Job) == MAX_WAITING


def test_the_same_backtest_while_it_waits_is_that_one(
    api: Api, store: Store, api_with: Callable[..., Api]
) -> None:
    first = backtest(api, models=["recency", "mbg_nbd"])
    again = backtest(api, models=["recency", "mbg_nbd"])
    assert again.json() == first.json()
    assert (again.status_code, again.headers["Location"]) == (202, first.headers["Location"])
    others = [
        backtest(api, 2, models=["recency", "mbg_nbd"]),
        backtest(api, models=["recency"]),
        backtest(api, models=["recency", "mbg_nbd"], horizon_days=60),
        backtest(api_with(), models=["recency", "mbg_nbd"]),
    ]
    assert len({answer.json()["id"] for answer in [first, *others]}) == 5
    store.write_sync(jobs.mark_handed_over, [UUID(first.json()["job_id"])])
    assert backtest(api, models=["recency", "mbg_nbd"]).json()["id"] != first.json()["id"], "it has begun"


def test_the_same_backtest_is_that_one_also_where_no_more_may_wait(full: Api) -> None:
    assert backtest(full, 1).status_code == 202


def test_the_same_scoring_run_while_it_waits_is_that_one(api: Api, store: Store) -> None:
    first = api.post("/v1/scoring-runs", json={"as_of": "2026-03-01"})
    again = api.post("/v1/scoring-runs", json={"as_of": "2026-03-01"})
    other = api.post("/v1/scoring-runs", json={"as_of": "2026-03-01", "cuts": {"a_percent": 70}})
    assert first.status_code == again.status_code == other.status_code == 202
    assert again.json() == first.json()
    assert other.json()["id"] != first.json()["id"]
    assert rows(store, Job) == 2


def test_the_same_replay_while_it_waits_is_that_one(api: Api, store: Store, actor: Actor) -> None:
    run = api.post("/v1/scoring-runs", json={}).json()
    score(store, actor, UUID(run["id"]))
    first, again = (api.post("/v1/replays", json={"run_id": run["id"]}) for _ in range(2))
    assert first.status_code == again.status_code == 202
    assert again.json() == first.json()


def test_the_same_file_while_it_waits_is_that_import(api: Api, store: Store) -> None:
    first, again = sent(api), sent(api)
    assert again.json() == first.json()
    assert (rows(store, Import), rows(store, ImportChunk), rows(store, Job)) == (1, 1, 1)
    others = [sent(api, dry_run=True), sent(api, source="web"), sent(api, FILE + b"R-2,A-1,1,2026-05-02\n")]
    assert len({answer.json()["id"] for answer in [first, *others]}) == 4


@pytest.mark.parametrize("encoding", [{}, {"Content-Encoding": "gzip"}])
def test_few_bytes_that_become_very_many_are_refused(api: Api, store: Store, encoding: Any) -> None:
    packed = gzip.compress(b"\n" * (60 << 20))
    assert len(packed) < 100_000
    kind = "text/csv" if encoding else "application/gzip"
    answer = api.post(
        "/v1/imports",
        params={**OPTIONS, "format": "csv"},
        content=packed,
        headers={"Content-Type": kind, **encoding},
    )
    body = problem(answer, 422, "gzip_bomb")
    assert body["detail"] == "The file decompresses to far too much."
    assert rows(store, Import) == 0
