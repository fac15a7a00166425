"""What the log says of a request, and what is read from the database at each scrape."""

import re
from collections.abc import Callable
from typing import Any

from audit_helpers import Service
from sample_app import sample_app
from starlette.testclient import TestClient
from structlog.testing import capture_logs
from support import Api, made

from app.domain.common.access import Actor, Scope
from app.main import create_app
from app.settings import Settings
from app.store.engine import Store

THING = "/v1/customers/01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10"


def entry_of(api: Api, method: str, path: str, **headers: str) -> dict[str, Any]:
    with capture_logs() as logs:
        api.client.request(method, path, headers=headers)
    (entry,) = [entry for entry in logs if entry["event"] == "request"]
    return dict(entry)


def test_the_log_names_the_key_and_never_its_secret(api: Api) -> None:
    token = api.headers["Authorization"].removeprefix("Bearer ")
    _, _, key_id, secret = token.split("_")
    entry = entry_of(api, "GET", "/v1/customers", **api.headers)
    assert entry["key"] == key_id
    assert secret not in str(entry)
    forged = entry_of(api, "GET", "/v1/customers", Authorization=f"Bearer vefa_live_{key_id}_{'x' * 40}")
    assert (forged["status"], forged["claimed_key"]) == (401, key_id)
    assert "key" not in forged
    for odd in ("Bearer x", "Basic abc", ""):
        assert not {"key", "claimed_key"} & entry_of(api, "GET", "/v1/jobs", Authorization=odd).keys()


def test_the_log_names_the_peer(api: Api) -> None:
    assert entry_of(api, "GET", "/v1/customers", **api.headers)["peer"] == "testclient"
    with TestClient(api.client.app, client=("2001:DB8:0::7", 5)) as client, capture_logs() as logs:
        client.get("/v1/customers")
    assert [log["peer"] for log in logs if log["event"] == "request"] == ["2001:db8::7"]


def refusals(api: Api) -> dict[str, float]:
    page = api.client.get("/metrics").text
    found = re.findall(r'^vefa_http_refusals_total\{status="(\d+)"\} (\S+)$', page, re.MULTILINE)
    return {status: float(count) for status, count in found}


def test_refused_callers_are_warnings_and_counted(
    api: Api, api_with: Callable[..., Api], settings: Settings
) -> None:
    reader = api_with(Scope.COMPLAINTS_READ)
    before = refusals(api)
    assert before.keys() == {"401", "403", "429"}
    assert entry_of(api, "GET", "/v1/customers", **api.headers)["log_level"] == "info"
    assert entry_of(api, "GET", "/v1/customers")["log_level"] == "warning"
    forbidden = entry_of(api, "GET", "/v1/customers", **reader.headers)
    assert (forbidden["log_level"], forbidden["status"]) == ("warning", 403)
    assert forbidden["key"] == reader.headers["Authorization"].split("_")[2]
    limited = create_app(settings.model_copy(update={"rate_limit": "1/minute"}))
    with TestClient(limited) as client, capture_logs() as logs:
        assert [client.get("/v1/customers").status_code for _ in range(2)] == [401, 429]
    assert [log["log_level"] for log in logs if log["event"] == "request"] == ["warning"] * 2
    after = refusals(api)
    assert {status: after[status] - before[status] for status in after} == {"401": 2, "403": 1, "429": 1}


def test_what_is_refused_before_the_routes_names_its_route() -> None:
    with TestClient(sample_app(rate_limit="1/minute")) as limited, capture_logs() as logs:
        statuses = [limited.request(method, THING).status_code for method in ("GET", "HEAD", "PATCH")]
        limited.get("/v1/nothing/05551234567")
    assert statuses == [200, 429, 429]
    entries = [(log["status"], log["route"]) for log in logs if log["event"] == "request"]
    template = "/v1/customers/{thing_id}"
    assert entries == [(200, template), (429, template), (429, template), (429, "unmatched")]


def test_the_page_counts_jobs_and_the_outbox(api: Api) -> None:
    def figure(name: str) -> float | None:
        found = re.search(rf"^{re.escape(name)} (.+)$", api.client.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else None

    assert figure("vefa_database_up") == 1
    assert figure("vefa_current_run_age_seconds") is None
    assert figure('vefa_jobs{state="waiting"}') == 0
    events = figure("vefa_outbox_events")
    assert events is not None
    made(api)
    assert figure("vefa_outbox_events") == events + 1
    assert figure("vefa_outbox_waiting_events") == events + 1
    assert api.post("/v1/scoring-runs", json={}).status_code == 202
    assert figure('vefa_jobs{state="waiting"}') == 1
    assert figure("vefa_oldest_waiting_job_seconds") is not None


def test_the_page_counts_webhook_endpoints_and_streams(api: Api) -> None:
    def figure(name: str) -> float:
        page = api.client.get("/metrics").text
        return float(re.search(rf"^{re.escape(name)} (.+)$", page, re.MULTILINE)[1])  # type: ignore[index]

    assert figure('vefa_webhook_endpoints{state="active"}') == 0
    body = {"url": "https://hooks.example.com/vefa", "types": ["customer.updated"]}
    endpoint = api.post("/v1/webhook-endpoints", json=body).json()
    assert figure('vefa_webhook_endpoints{state="active"}') == 1
    api.post(f"/v1/webhook-endpoints/{endpoint['id']}/pauses", json={})
    assert figure('vefa_webhook_endpoints{state="active"}') == 0
    assert figure('vefa_webhook_endpoints{state="paused"}') == 1
    assert figure('vefa_webhook_endpoints{state="disabled"}') == 0
    assert figure("vefa_event_streams") == 0


def test_the_page_tells_of_the_audit_trail(api: Api, store: Store, settings: Settings, actor: Actor) -> None:
    def figures() -> dict[str, float]:
        found = re.findall(r"^vefa_audit_(\w+) (.+)$", api.client.get("/metrics").text, re.MULTILINE)
        return {name: float(value) for name, value in found}

    service = Service(settings, store, actor)
    service.work()
    sealed = figures()["sealed_entries"]
    made(api)
    assert figures() == {"sealed_entries": sealed, "waiting_entries": 1, "alarms": 0}
    service.work()
    assert figures() == {"sealed_entries": sealed + 1, "waiting_entries": 0, "alarms": 0}
    service.execute("UPDATE audit_entries SET actor_id = 'x' WHERE position = 1")
    service.work()
    assert figures()["alarms"] == 1
