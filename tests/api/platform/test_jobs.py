"""``/v1/jobs``"""

from collections.abc import Callable
from typing import Any

import pytest
from support import Api

from app.domain.common.access import Actor, Scope
from app.schemas.common.jobs import JobPage, JobRead
from app.services.platform import jobs
from app.store.engine import Store
from app.store.types import new_id


@pytest.fixture
def job_id(store: Store, actor: Actor) -> str:
    """A job no worker knows, so that it keeps waiting or fails, but never runs."""
    made = store.write_sync(jobs.create, actor, "imports", {}, result={"href": "/v1/imports/1"})
    return str(made["id"])


def test_a_job_is_read(api: Api, job_id: str) -> None:
    answer = api.get(f"/v1/jobs/{job_id}")
    assert answer.status_code == 200
    body = JobRead.model_validate_json(answer.content, strict=True)
    assert (str(body.id), body.kind, body.href) == (job_id, "imports", "/v1/imports/1")
    assert "arguments" not in answer.json()


def test_jobs_are_listed(api: Api, job_id: str) -> None:
    answer = api.get("/v1/jobs?kind=imports&limit=1")
    page = JobPage.model_validate_json(answer.content, strict=True)
    assert [str(job.id) for job in page.data] == [job_id]
    assert api.get("/v1/jobs?kind=scoring").json()["data"] == []


@pytest.mark.parametrize("query", ["state=sleeping", "kind=%00", "limit=0", "colour=red"])
def test_a_wrong_filter_is_refused(api: Api, query: str) -> None:
    assert api.get(f"/v1/jobs?{query}").status_code == 422


def test_an_unknown_job_is_not_found(api: Api) -> None:
    assert api.get(f"/v1/jobs/{new_id()}").status_code == 404
    assert api.post(f"/v1/jobs/{new_id()}/cancellations").status_code == 404


def test_a_job_that_has_ended_cannot_be_cancelled(api: Api, store: Store, job_id: str, actor: Actor) -> None:
    ended = store.write_sync(jobs.create, actor, "imports", {})["id"]
    store.write_sync(jobs.fail, ended, "broken")
    answer = api.post(f"/v1/jobs/{ended}/cancellations")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "failed" in answer.json()["detail"]


def test_scopes(api_with: Callable[..., Api], job_id: str) -> None:
    reader, writer = api_with(Scope.JOBS_READ), api_with(Scope.JOBS_WRITE)
    responses: list[Any] = [reader.get(f"/v1/jobs/{job_id}"), reader.post(f"/v1/jobs/{job_id}/cancellations")]
    assert [answer.status_code for answer in responses] == [200, 403]
    assert writer.get("/v1/jobs").status_code == 403
    answer = writer.post(f"/v1/jobs/{job_id}/cancellations")
    assert (answer.status_code, answer.json()["state"]) == (201, "cancelled")
    assert answer.headers["location"] == f"/v1/jobs/{job_id}"
