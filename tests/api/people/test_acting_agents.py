"""Who acts: keys bound to an agent, and agents whom the key of a system names, on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from factories import complaint_body
from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient
from support import Api, problem

from app.domain.common.access import Actor, Scope
from app.errors import InvalidError
from app.services.platform import api_keys
from app.store.engine import Store
from app.store.tables import AuditEntry, Event

CREATED = {"customer": {"system": "crm", "key": "C-1"}, "create_missing": True}
LATE = {"active_from_on": "2027-01-01"}


def register(api: Api, code: str, **members: Any) -> None:
    answer = api.put(f"/v1/agents/{code}", json={"name": "Somebody", **members})
    assert answer.status_code in (200, 201), answer.text


@pytest.fixture
def bound(api: Api, store: Store, actor: Actor, client: TestClient, contract: Any) -> Callable[..., Api]:
    """Make a key that is bound to an agent: ``bound("ayse.k", *scopes)``."""

    def make(code: str, *scopes: Scope) -> Api:
        token = store.write_sync(api_keys.create, actor, "bound", scopes or list(Scope), agent=code)
        return Api(client, token, contract)

    return make


def named(api: Api, code: str) -> dict[str, str]:
    return {"Vefa-Agent": code}


def acted(store: Store) -> tuple[Any, Any]:
    """Key and agent of the latest audit entry, and the agent of the latest event."""

    def read(tx: Any) -> tuple[Any, Any]:
        entry = tx.execute(
            select(AuditEntry.actor_id, AuditEntry.agent).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        ).first()
        told = select(Event.agent).order_by(Event.at.desc(), Event.id.desc())
        return tuple(entry), tx.execute(told).scalars().first()

    return store.read_sync(read)


def test_a_system_names_the_person(api: Api, store: Store) -> None:
    register(api, "ayse.k")
    made = api.post("/v1/complaints", json=complaint_body(**CREATED), headers=named(api, "ayse.k"))
    assert made.status_code == 201
    (key, agent), told = acted(store)
    assert (key.startswith("key:"), agent, told) == (True, "ayse.k", "ayse.k")
    [received] = api.get(f"/v1/complaints/{made.json()['id']}/events").json()["data"]
    assert (received["actor_id"], received["agent"]) == (key, "ayse.k")
    without = api.post("/v1/complaints", json=complaint_body(**CREATED))
    [received] = api.get(f"/v1/complaints/{without.json()['id']}/events").json()["data"]
    assert (received["actor_id"], received["agent"]) == (key, None)
    assert acted(store) == ((key, None), None)


@pytest.mark.parametrize("code", ["stranger", "gone", "later", "", "%FF", "AYSE.K"])
@pytest.mark.parametrize("path", ["/v1/complaints", "/v1/complaints?limit=0", "/v1/nothing"])
def test_unknown_and_inactive_persons_may_not_act(api: Api, code: str, path: str) -> None:
    register(api, "ayse.k")
    register(api, "gone", is_active=False)
    register(api, "later", **LATE)
    problem(api.get(path, headers=named(api, code)), 403, "unknown_agent")
    refused = api.post("/v1/complaints", json=complaint_body(**CREATED), headers=named(api, code))
    problem(refused, 403, "unknown_agent")
    assert api.get("/v1/complaints").json()["data"] == []


def test_codes_are_written_as_in_their_address(api: Api, store: Store) -> None:
    register(api, "Ay%C5%9Fe%20K")
    for written in ("Ay%C5%9Fe%20K", "  Ay%C5%9Fe%20K "):
        made = api.post("/v1/complaints", json=complaint_body(**CREATED), headers=named(api, written))
        assert made.status_code == 201, made.text
        assert acted(store)[1] == "Ayşe K"


def test_naming_a_person_needs_the_right(api: Api, api_with: Callable[..., Api]) -> None:
    register(api, "ayse.k")
    clerk = api_with(Scope.COMPLAINTS_READ)
    assert clerk.get("/v1/complaints").status_code == 200
    refused = problem(clerk.get("/v1/complaints", headers=named(api, "ayse.k")), 403, "insufficient_scope")
    assert "agents:act" in refused["detail"]


def test_a_bound_key_acts_for_its_person_only(api: Api, bound: Callable[..., Api], store: Store) -> None:
    register(api, "ayse.k")
    register(api, "elvin.m")
    own = bound("ayse.k", Scope.COMPLAINTS_READ, Scope.COMPLAINTS_WRITE, Scope.CUSTOMERS_WRITE)
    for headers in ({}, named(own, "ayse.k")):
        assert own.post("/v1/complaints", json=complaint_body(**CREATED), headers=headers).status_code == 201
        assert acted(store)[0][1] == "ayse.k"
    for other in ("elvin.m", "stranger"):
        problem(own.get("/v1/complaints", headers=named(own, other)), 403, "other_agent")
    assert api.post("/v1/agents/ayse.k/deactivations").status_code == 201
    problem(own.get("/v1/complaints"), 403, "unknown_agent")
    register(api, "ayse.k", is_active=True)
    assert own.get("/v1/complaints").status_code == 200


def test_a_bound_key_has_at_most_the_scopes_of_the_role(api: Api, bound: Callable[..., Api]) -> None:
    scopes = ["complaints:read", "customers:read"]
    role = {"names": {"en": "Clerk"}, "scopes": scopes}
    assert api.put("/v1/roles/clerk", json=role).status_code == 201
    register(api, "ayse.k", role="clerk")
    own = bound("ayse.k", Scope.COMPLAINTS_READ, Scope.INTERACTIONS_READ)
    assert own.get("/v1/complaints").status_code == 200
    problem(own.get("/v1/interactions"), 403, "insufficient_scope")  # the role has it not
    problem(own.get("/v1/customers"), 403, "insufficient_scope")  # the key has it not
    api.put("/v1/roles/clerk", json={"scopes": [*scopes, "interactions:read"]})
    assert own.get("/v1/interactions").status_code == 200
    api.put("/v1/roles/clerk", json={"is_active": False})
    problem(own.get("/v1/complaints"), 403, "insufficient_scope")
    register(api, "ayse.k", role=None)
    assert own.get("/v1/complaints").status_code == 200
    system = api.get("/v1/interactions", headers=named(api, "ayse.k"))
    assert system.status_code == 200


def test_only_active_persons_get_a_key(api: Api, bound: Callable[..., Api]) -> None:
    register(api, "gone", is_active=False)
    for code in ("gone", "stranger"):
        with pytest.raises(InvalidError):
            bound(code)


def test_a_successor_is_bound_as_well(
    api: Api, bound: Callable[..., Api], store: Store, actor: Actor, client: TestClient, contract: Any
) -> None:
    register(api, "ayse.k")
    own = bound("ayse.k", Scope.COMPLAINTS_READ)
    key_id = own.headers["Authorization"].split("_")[2]
    token = store.write_sync(api_keys.rotate, actor, key_id, timedelta(hours=1))
    problem(Api(client, token, contract).get("/v1/complaints", headers=named(own, "x")), 403, "other_agent")


def test_one_statement_says_who_calls(api: Api, bound: Callable[..., Api]) -> None:
    register(api, "ayse.k")
    own = bound("ayse.k")
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(
            ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "UPDATE api_keys")
        ):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        counts = []
        for caller, headers in (
            (api, {}),
            (api, named(api, "ayse.k")),
            (own, {}),
            (own, named(own, "ayse.k")),
        ):
            caller.get("/v1/complaints", headers=headers)
            tries = []
            for _ in range(3):  # in one of them something may be looked for behind the requests
                statements.clear()
                assert caller.get("/v1/complaints", headers=headers).status_code == 200
                tries.append(len(statements))
            counts.append(min(tries))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert counts == [2, 2, 2, 2]  # the key with its agent and role, and the list


def test_the_same_key_of_a_request_by_another_person_is_another_request(api: Api) -> None:
    register(api, "ayse.k")
    register(api, "elvin.m")
    body = complaint_body(**CREATED)
    key = {"Idempotency-Key": "once"}
    first = api.post("/v1/complaints", json=body, headers=key | named(api, "ayse.k"))
    again = api.post("/v1/complaints", json=body, headers=key | named(api, "ayse.k"))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    for other in ({}, named(api, "elvin.m")):
        refused = api.post("/v1/complaints", json=body, headers=key | other)
        problem(refused, 422, "idempotency_key_reused")


def test_the_header_twice_is_refused(api: Api) -> None:
    register(api, "ayse.k")
    register(api, "elvin.m")
    headers = [("Vefa-Agent", "ayse.k"), ("Vefa-Agent", "elvin.m"), *api.headers.items()]
    problem(api.client.get("/v1/complaints", headers=headers), 400, "malformed_request")
