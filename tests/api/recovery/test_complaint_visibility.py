"""Who may see and change which complaints over HTTP, and what a change leaves behind, on both databases."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from factories import complaint_body as body
from factories import interaction
from sqlalchemy import Connection, select
from support import Api, made, problem

from app.domain.common.access import Actor, Scope
from app.store.engine import Store
from app.store.tables import AuditEntry, Event

PATH = "/v1/complaints"
NOBODY = str(uuid4())


@pytest.fixture
def customer_id(api: Api) -> str:
    """A customer in the unit izmir, known to the CRM as C-1."""
    return str(made(api, unit="izmir", external_ids=[{"system": "crm", "key": "C-1"}])["id"])


def recorded(api: Api, **members: Any) -> dict[str, Any]:
    answer = api.post(PATH, json=body(**members))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def everything(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(PATH, params={"limit": 200}).json()["data"]
    return found


def wrong(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def history(api: Api, complaint_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"{PATH}/{complaint_id}/events?limit=200").json()["data"]
    return found


# --- who may see what


def test_reading_and_writing_need_their_scopes(api_with: Callable[..., Api]) -> None:
    reader, writer = api_with(Scope.COMPLAINTS_READ), api_with(Scope.COMPLAINTS_WRITE)
    problem(reader.post(PATH, json=body()), 403, "insufficient_scope")
    problem(reader.post(f"{PATH}/{NOBODY}/closings", json={}), 403, "insufficient_scope")
    problem(writer.get(PATH), 403, "insufficient_scope")
    problem(writer.get(f"{PATH}/{NOBODY}/events"), 403, "insufficient_scope")


STEPS = {
    "acknowledgements": {},
    "starts": {},
    "resolutions": {"resolution": "x"},
    "closings": {},
    "reopenings": {"reason": "x"},
    "hand-overs": {"owner": "x"},
    "notes": {"note": "x"},
}


def test_a_key_of_another_unit_sees_nothing_and_cannot_tell(
    api: Api, api_with: Callable[..., Api], customer_id: str
) -> None:
    row = recorded(api, unit="ankara")  # who works on it is not whose customer it is
    own, other = api_with(units=("izmir",)), api_with(units=("ankara", "bursa"))
    assert own.get(f"{PATH}/{row['id']}").json() == row
    for params in ({}, {"number": row["number"]}):
        assert own.get(PATH, params=params).json()["data"] == [row]
    assert [event["kind"] for event in history(own, row["id"])] == ["received"]

    for hidden, missing in (
        (f"{PATH}/{row['id']}", f"{PATH}/{NOBODY}"),
        (f"{PATH}/{row['id']}/events", f"{PATH}/{NOBODY}/events"),
    ):
        assert alike(other.get(hidden), other.get(missing), 404)
    for params in (
        {},
        {"customer_id": customer_id},
        {"number": row["number"]},
        {"external_id": f"api:{row['external_id']}"},
        {"unit": "ankara"},
        {"owner": row["owner"]},
    ):
        assert other.get(PATH, params=params).json()["data"] == []
    for one in (row["id"], NOBODY):
        problem(other.patch(f"{PATH}/{one}", json={"severity": "low"}), 404, "not_found")
        for step, sent in STEPS.items():
            answer = other.post(f"{PATH}/{one}/{step}", json=sent, headers={"If-Match": '"9"'})
            problem(answer, 404, "not_found")
    assert wrong(other.post(PATH, json=body())) == [("/customer", "unknown_customer")]
    assert everything(api) == [row]
    assert len(history(api, row["id"])) == 1


def alike(one: Any, other: Any, status: int) -> bool:
    """Whether both answers say the same but for what names the request itself."""
    shown = [
        {key: value for key, value in answer.json().items() if key not in ("instance", "request_id")}
        for answer in (one, other)
    ]
    return one.status_code == other.status_code == status and shown[0] == shown[1]


def test_an_interaction_of_another_unit_looks_unknown(
    api: Api, api_with: Callable[..., Api], store: Store, actor: Actor, customer_id: str
) -> None:
    elsewhere = made(api, "Elvin", unit="baki")["id"]
    hidden = str(store.write_sync(interaction, actor, elsewhere))
    izmir = api_with(units=("izmir",))
    for interaction_id in (hidden, NOBODY):
        answer = izmir.post(PATH, json=body(interaction_id=interaction_id))
        assert wrong(answer) == [("/interaction_id", "unknown_interaction")]
        patched = izmir.patch(f"{PATH}/{recorded(izmir)['id']}", json={"interaction_id": interaction_id})
        assert wrong(patched) == [("/interaction_id", "unknown_interaction")]


# --- what is left behind


def test_every_change_is_audited_and_told(store: Store, actor: Actor, api: Api, customer_id: str) -> None:
    before = {table: store.read_sync(lambda tx, t=table: actions(tx, t)) for table in (AuditEntry, Event)}
    url = f"{PATH}/{recorded(api)['id']}"
    api.patch(url, json={"severity": "low", "subject": "New"})
    for step, sent in STEPS.items():
        assert api.post(f"{url}/{step}", json=sent).status_code == 201, step
    expected = [
        "complaint.received",
        "complaint.changed",
        "complaint.acknowledged",
        "complaint.started",
        "complaint.resolved",
        "complaint.closed",
        "complaint.reopened",
        "complaint.handed_over",
        "complaint.noted",
    ]
    for table in (AuditEntry, Event):
        left = store.read_sync(lambda tx, t=table: actions(tx, t))
        assert left[len(before[table]) :] == expected
    kinds = [f"complaint.{event['kind']}" for event in history(api, url.rpartition("/")[2])]
    assert kinds == expected
    told = store.read_sync(lambda tx: tx.execute(select(Event.data).order_by(Event.id)).scalars().all())
    assert told[-8] == {"members": ["severity", "subject"], "state": "open", "version": 2}
    assert told[-2] == {"members": ["owner"], "state": "in_progress", "version": 8}


def actions(tx: Connection, table: Any) -> list[str]:
    column = table.action if table is AuditEntry else table.type
    return list(tx.execute(select(column).order_by(table.id)).scalars())
