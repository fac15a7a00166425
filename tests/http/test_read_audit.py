"""Who read whom: what stands in the audit trail about reads, with each value of the setting."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient
from structlog.testing import capture_logs
from support import Api, Contract, made, phone, problem

from app.domain.common.access import Scope, system
from app.domain.common.company import Company
from app.errors import UnavailableError
from app.http.access import read_audit
from app.main import create_app
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import AuditEntry, Event

NUMBER = "+905321234567"


@contextmanager
def noting(api: Api, settings: Settings, contract: Contract, mode: str) -> Iterator[Api]:
    """The same caller of an application that notes reads; what it noted is there at the end."""
    app = create_app(settings.model_copy(update={"audit_reads": mode}))
    token = api.headers["Authorization"].removeprefix("Bearer ")
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Api(client, token, contract)


def entries(store: Store) -> list[tuple[str, str]]:
    """Operation and customer of the reads in the trail, in order."""

    def read(tx: Any) -> list[tuple[str, str]]:
        columns = AuditEntry.action, AuditEntry.object_id
        found = tx.execute(select(*columns).where(AuditEntry.action.startswith("read.")))
        return sorted((row.action, row.object_id) for row in found)

    return store.read_sync(read)


def everything(store: Store) -> str:
    return str(store.read_sync(lambda tx: tx.execute(select(AuditEntry.__table__)).all()))


@pytest.fixture
def two(api: Api) -> list[dict[str, Any]]:
    return [made(api, "Ayşe Yılmaz", contact_points=[phone(NUMBER)]), made(api, "Teymur Əliyev")]


def single_reads(api: Api, customer: dict[str, Any], complaint: dict[str, Any]) -> list[tuple[str, str]]:
    """Read one customer in many ways; what the trail should say of it."""
    customer_id = customer["id"]
    by_key = customer["external_ids"][0]
    asked = {
        f"/v1/customers/{customer_id}": "get_customer",
        f"/v1/customers/by-external-id/{by_key['system']}/{by_key['key']}": "get_customer_by_external_id",
        f"/v1/customers/{customer_id}/overview": "get_customer_overview",
        f"/v1/customers/{customer_id}/timeline": "list_customer_timeline",
        f"/v1/customers/{customer_id}/contract-terms": "list_contract_terms",
        "/v1/screen-pop?phone=0532+123+45+67": "get_screen_pop",
        f"/v1/complaints/{complaint['id']}": "get_complaint",
        f"/v1/complaints?customer_id={customer_id}": "list_complaints",
    }
    for path in asked:
        assert api.get(path).status_code == 200, path
    assert api.get(f"/v1/complaints/{complaint['id']}/events").status_code == 200
    expected = [(f"read.{name}", customer_id) for name in asked.values()]
    return sorted([*expected, ("read.list_complaint_events", complaint["id"])])


@pytest.fixture
def known(api: Api) -> dict[str, Any]:
    return made(api, contact_points=[phone(NUMBER)], external_ids=[{"system": "crm", "key": "C-7"}])


@pytest.fixture
def complaint(api: Api, known: dict[str, Any]) -> dict[str, Any]:
    body = {"customer_id": known["id"], "channel": "phone", "subject": "A cup is missing"}
    answer = api.post("/v1/complaints", json={**body, "category": "delivery", "severity": "high"})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("mode", ["single", "all"])
def test_reads_of_one_customer_are_noted(
    api: Api, settings: Settings, contract: Contract, store: Store, known: Any, complaint: Any, mode: str
) -> None:
    before = store.read_sync(lambda tx: tx.execute(select(func.count()).select_from(Event)).scalar_one())
    with noting(api, settings, contract, mode) as noted:
        expected = single_reads(noted, known, complaint)
    assert entries(store) == expected
    after = store.read_sync(lambda tx: tx.execute(select(func.count()).select_from(Event)).scalar_one())
    assert after == before, "nothing was changed, so nobody is notified"


def test_nothing_is_noted_unless_it_is_asked_for(
    api: Api, settings: Settings, contract: Contract, store: Store, known: Any, complaint: Any
) -> None:
    with noting(api, settings, contract, "off") as noted:
        single_reads(noted, known, complaint)
    assert entries(store) == []
    assert Settings().audit_reads == "off"


def test_lists_are_noted_customer_by_customer_with_all(
    api: Api, settings: Settings, contract: Contract, store: Store, two: list[dict[str, Any]]
) -> None:
    with noting(api, settings, contract, "single") as noted:
        assert len(noted.get("/v1/customers").json()["data"]) == 2
    assert entries(store) == []
    with noting(api, settings, contract, "all") as noted:
        assert len(noted.get("/v1/customers?limit=1").json()["data"]) == 1
        assert len(entries(store)) <= 1
        noted.get("/v1/customers")
    ids = sorted(one["id"] for one in two)
    listed = [object_id for action, object_id in entries(store) if action == "read.list_customers"]
    assert len(listed) == 3
    assert sorted(set(listed)) == ids


def test_the_entry_names_key_and_request_and_holds_no_personal_data(
    api: Api, settings: Settings, contract: Contract, store: Store, two: list[dict[str, Any]]
) -> None:
    with noting(api, settings, contract, "all") as noted:
        noted.get(f"/v1/screen-pop?phone={NUMBER.replace('+', '%2B')}", headers={"X-Request-Id": "call-7"})
        noted.get("/v1/customers?q=Ay%C5%9Fe")

    def read(tx: Any) -> Any:
        return tx.execute(select(AuditEntry.__table__).where(AuditEntry.request_id == "call-7")).one()

    key_id = api.headers["Authorization"].split("_")[2]
    entry = store.read_sync(read)
    assert (entry.actor_id, entry.object_id) == (f"key:{key_id}", two[0]["id"])
    trail = everything(store)
    assert not any(word in trail for word in ("Ayşe", "5321234567", "Teymur"))


def test_whom_a_number_may_belong_to_was_read_too(
    api: Api, settings: Settings, contract: Contract, store: Store
) -> None:
    shared = [made(api, name, contact_points=[phone(NUMBER)]) for name in ("Ayşe", "Fatma")]
    with noting(api, settings, contract, "single") as noted:
        assert noted.get("/v1/screen-pop?phone=05321234567").json()["match"] == "maybe"
        assert noted.get("/v1/screen-pop?phone=05329999999").json()["match"] == "none"
    assert entries(store) == sorted(("read.get_screen_pop", one["id"]) for one in shared)


def test_what_was_not_read_is_not_noted(
    api: Api, api_with: Callable[..., Api], settings: Settings, contract: Contract, store: Store, known: Any
) -> None:
    blind = api_with(Scope.JOBS_READ)
    with noting(api, settings, contract, "all") as noted:
        problem(noted.get("/v1/customers/01930a3e-2f6b-7c11-9a52-0d9c1f8f7fff"), 404, "not_found")
        path = f"/v1/customers/{known['id']}"
        problem(noted.get(path, headers=blind.headers), 403, "insufficient_scope")
        problem(noted.get("/v1/customers?x=1"), 422, "validation_failed")
    assert entries(store) == []


def test_while_the_trail_cannot_be_written_reads_wait_and_then_fail(
    api: Api,
    settings: Settings,
    contract: Contract,
    store: Store,
    known: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody reads unnoted for longer than the entries in memory last."""
    monkeypatch.setattr(read_audit, "_MAX_WAITING", 3)
    monkeypatch.setattr(read_audit, "WRITE_EVERY_SECONDS", 3600.0)
    path = f"/v1/customers/{known['id']}"
    with noting(api, settings, contract, "single") as noted:
        app: Any = noted.client.app
        served = app.state.services.store
        whole = served.write

        async def refused(*_args: Any) -> None:
            raise UnavailableError("The database is busy.")

        served.write = refused
        assert [noted.get(path).status_code for _ in range(2)] == [200, 200]
        problem(noted.get(path), 503, "unavailable")
        served.write = whole
        assert noted.get(path).status_code == 200
        assert len(entries(store)) == 4, "those that waited are written at once"


@pytest.mark.anyio
async def test_a_batch_is_written_once_though_its_caller_hangs_up() -> None:
    """The database goes on with a write that has begun."""
    written: list[int] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Slow:
        async def write(self, _record: Any, reads: Any) -> None:
            begun.set()
            await go_on.wait()
            written.append(len(reads))

    trail = read_audit.ReadTrail(cast("Store", Slow()), "single")
    await trail.note(system(Company()), "get_customer", {"customer_id": "x"}, {}, {})
    caller = asyncio.create_task(trail.write())
    await begun.wait()
    caller.cancel()
    go_on.set()
    await trail.close()
    assert written == [1]


def test_entries_that_are_lost_at_the_end_are_said(
    api: Api, settings: Settings, contract: Contract, store: Store, known: Any
) -> None:
    async def refused(*_args: Any) -> None:
        raise UnavailableError("The database is busy.")

    with capture_logs() as logs, noting(api, settings, contract, "single") as noted:
        noted.get(f"/v1/customers/{known['id']}")
        app: Any = noted.client.app
        app.state.services.store.write = refused
    assert [log["count"] for log in logs if log["event"] == "reads_lost"] == [1]
    assert entries(store) == []
