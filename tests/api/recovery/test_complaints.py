"""Complaints over HTTP, on both databases: recorded and corrected. Their life is in `test_complaint_states`,
who may see them in `test_complaint_visibility`."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from factories import complaint, interaction
from factories import complaint_body as body
from sqlalchemy import Connection
from starlette.testclient import TestClient
from support import Api, Contract, made, pointers, problem

from app.domain.common.access import Actor, Scope, system
from app.domain.common.company import Company
from app.domain.recovery.complaints import make_number, normalise_number
from app.errors import ConflictError
from app.main import create_app
from app.schemas.recovery.complaints import ComplaintCreate, ComplaintQuery
from app.services.platform import api_keys
from app.services.recovery import complaints
from app.settings import Settings
from app.store.engine import Store

PATH = "/v1/complaints"
NOBODY = str(uuid4())
PAST = {
    "received_at": "2020-01-05T09:00:00Z",
    "acknowledged_at": "2020-01-05T10:00:00Z",
    "resolved_at": "2020-01-07T16:00:00Z",
    "closed_at": "2020-01-09T08:00:00Z",
    "resolution": "Sent anew.",
}


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


# --- recording and reading


def test_a_complaint_reads_back_as_it_was_recorded(
    api: Api, store: Store, actor: Actor, customer_id: str
) -> None:
    interaction_id = str(store.write_sync(interaction, actor, customer_id))
    sent = body(
        source="helpdesk",
        interaction_id=interaction_id,
        channel="phone",
        text="The box was torn.\r\nOne cup was missing.",
        category="delivery",
        product="Kettle K-200",
        severity="high",
        our_fault="yes",
        owner="Ayşe K.",
        unit="izmir",
        received_at="2020-01-05T12:00:00+03:00",
    )
    answer = api.post(PATH, json=sent)
    assert answer.status_code == 201
    row = answer.json()
    assert answer.headers["Location"] == f"{PATH}/{row['id']}"
    assert answer.headers["ETag"] == '"1"'
    again = api.get(answer.headers["Location"])
    assert again.json() == row
    assert again.headers["ETag"] == '"1"'
    assert row["recorded_at"] == row["updated_at"]
    assert normalise_number(row["number"]) == row["number"]
    del sent["customer"]
    assert {**row, **sent} == {**row, "text": sent["text"], "received_at": sent["received_at"]}
    assert row["text"] == "The box was torn.\nOne cup was missing."
    assert row["received_at"] == "2020-01-05T09:00:00Z"
    assert {member: row[member] for member in ("customer_id", "state", "version", "reopened_count")} == {
        "customer_id": customer_id,
        "state": "open",
        "version": 1,
        "reopened_count": 0,
    }
    later = ("resolution", "acknowledged_at", "resolved_at", "closed_at", "import_id")
    assert [row[member] for member in later] == [None] * 5


def test_little_need_be_said(api: Api, customer_id: str) -> None:
    row = recorded(api, external_id=None)
    assert (row["source"], row["external_id"], row["severity"], row["our_fault"]) == (
        "api",
        None,
        "normal",
        "unknown",
    )
    assert row["received_at"] == row["recorded_at"]
    assert row["owner"] == "complaints-desk"
    assert recorded(api, external_id=None)["number"] != row["number"]


def test_who_owns_what_names_nobody_is_a_setting(
    settings: Settings, store: Store, contract: Contract
) -> None:
    other = settings.model_copy(update={"complaint_owner": "Şikâyet Masası"})
    token = store.write_sync(api_keys.create, system(Company()), "test", list(Scope))
    with TestClient(create_app(other), raise_server_exceptions=False) as client:
        there = Api(client, token, contract)
        made(there, external_ids=[{"system": "crm", "key": "C-1"}])
        assert recorded(there)["owner"] == "Şikâyet Masası"
        assert recorded(there, owner="ayse.k")["owner"] == "ayse.k"


@pytest.mark.parametrize("owner", ["", "  ", "x" * 101, "a\nb"])
def test_an_owner_is_never_empty(api: Api, customer_id: str, owner: str) -> None:
    assert pointers(api.post(PATH, json=body(owner=owner))) == ["/owner"]
    complaint_id = recorded(api, owner=None)["id"]
    assert pointers(api.post(f"{PATH}/{complaint_id}/hand-overs", json={"owner": owner})) == ["/owner"]
    assert history(api, complaint_id)[-1]["owner"] == "complaints-desk"


def test_exactly_one_way_to_name_the_customer_is_wanted(api: Api, customer_id: str) -> None:
    for naming in (
        {"customer_id": customer_id},
        {"customer": None},
        {"customer": None, "customer_id": customer_id, "create_missing": True},
    ):
        assert pointers(api.post(PATH, json=body(**naming))) == [""]
    assert everything(api) == []
    assert recorded(api, customer=None, customer_id=customer_id)["customer_id"] == customer_id


@pytest.mark.parametrize(
    ("naming", "pointer"),
    [
        ({"customer": {"system": "crm", "key": "C-2"}}, "/customer"),
        ({"customer": None, "customer_id": NOBODY}, "/customer_id"),
    ],
    ids=["key", "id"],
)
def test_an_unknown_customer_is_refused(
    api: Api, customer_id: str, naming: dict[str, Any], pointer: str
) -> None:
    answer = api.post(PATH, json=body(**naming))
    assert answer.json()["code"] == "unknown_customer"
    assert wrong(answer) == [(pointer, "unknown_customer")]
    assert everything(api) == []


def test_a_missing_customer_is_created_when_asked(api: Api, api_with: Callable[..., Api]) -> None:
    row = recorded(api, create_missing=True)
    made_for_it = api.get(f"/v1/customers/{row['customer_id']}").json()
    assert made_for_it["external_ids"] == [{"system": "crm", "key": "C-1"}]
    refused = api_with(Scope.COMPLAINTS_WRITE).post(PATH, json=body(create_missing=True))
    problem(refused, 403, "insufficient_scope")


def test_a_complaint_is_recorded_once(api: Api, customer_id: str) -> None:
    sent = body()
    recorded(api, **sent)
    problem(api.post(PATH, json=sent), 409, "complaint_exists")
    assert api.get("/problems/complaint_exists").status_code == 200
    recorded(api, **sent, source="other")
    assert len(everything(api)) == 2


def test_one_idempotency_key_gives_one_complaint(api: Api, customer_id: str) -> None:
    sent = body(external_id=None)
    first, again = (api.post(PATH, json=sent, headers={"Idempotency-Key": "k-1"}) for _ in range(2))
    assert first.content == again.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(everything(api)) == 1


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"subject": "two\nlines"}, "/subject"),
        ({"subject": "x" * 256}, "/subject"),
        ({"text": "x" * 10_001}, "/text"),
        ({"text": " \n "}, "/text"),
        ({"text": "a\u0000b"}, "/text"),
        ({"severity": "urgent"}, "/severity"),
        ({"our_fault": True}, "/our_fault"),
        ({"state": "closed"}, "/state"),
        ({"number": "FA9C-T7KY"}, "/number"),
        ({"received_at": "2026-01-05"}, "/received_at"),
        ({"channel": "telepathy"}, "/channel"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_be_meant_is_refused(
    api: Api, customer_id: str, members: dict[str, Any], pointer: str
) -> None:
    assert pointers(api.post(PATH, json=body(**members))) == [pointer]
    assert everything(api) == []


# --- past complaints


@pytest.mark.parametrize(
    ("members", "state", "kinds"),
    [
        ((), "open", ["received"]),
        (("acknowledged_at",), "acknowledged", ["received", "acknowledged"]),
        (("resolved_at",), "resolved", ["received", "resolved"]),
        (("resolved_at", "resolution", "closed_at"), "closed", ["received", "resolved", "closed"]),
        (tuple(PAST), "closed", ["received", "acknowledged", "resolved", "closed"]),
    ],
    ids=["open", "acknowledged", "resolved", "closed on the spot", "closed"],
)
def test_the_state_of_a_past_complaint_follows_from_its_times(
    api: Api, customer_id: str, members: tuple[str, ...], state: str, kinds: list[str]
) -> None:
    given = {member: PAST[member] for member in ("received_at", *members)}
    row = recorded(api, **given, owner="ayse.k")
    assert {**row, **given, "state": state} == row
    assert row["version"] == len(kinds)
    told = history(api, row["id"])
    assert [event["kind"] for event in told] == kinds
    assert [event["number"] for event in told] == list(range(1, len(kinds) + 1))
    times = [given[member] for member in PAST if member.endswith("_at") and member in given]
    assert [event["at"] for event in told] == times
    assert {event["owner"] for event in told} == {"ayse.k"}
    after = {"received": "open"}
    assert [event["state"] for event in told] == [after.get(kind, kind) for kind in kinds]
    assert told[-1]["state"] == state
    notes = [event["note"] for event in told if event["kind"] == "resolved"]
    assert notes == [row["resolution"] for _ in notes]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"acknowledged_at": "2020-01-05T08:59:59Z"}, [("/acknowledged_at", "out_of_order")]),
        ({"resolved_at": "2020-01-05T09:30:00Z"}, [("/resolved_at", "out_of_order")]),
        ({"closed_at": "2020-01-07T15:59:59.999999Z"}, [("/closed_at", "out_of_order")]),
        ({"resolved_at": None}, [("/closed_at", "not_resolved"), ("/resolution", "not_resolved")]),
        ({"closed_at": "2060-01-01T00:00:00Z"}, [("/closed_at", "in_future")]),
        ({"received_at": "2060-01-01T00:00:00Z"}, [("/received_at", "in_future")]),
    ],
    ids=["acknowledged", "resolved", "closed", "not resolved", "closed in future", "received in future"],
)
def test_a_past_that_cannot_have_been_is_refused(
    api: Api, customer_id: str, times: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert wrong(api.post(PATH, json=body(**{**PAST, **times}))) == expected
    assert everything(api) == []


# --- the interaction


def test_the_interaction_must_be_there_and_of_the_same_customer(
    api: Api, store: Store, actor: Actor, customer_id: str
) -> None:
    other = made(api, "Mehmet")["id"]
    own, theirs, nobodys = (
        str(store.write_sync(interaction, actor, whose)) for whose in (customer_id, other, None)
    )
    for interaction_id, code in ((NOBODY, "unknown_interaction"), (theirs, "other_customer")):
        assert wrong(api.post(PATH, json=body(interaction_id=interaction_id))) == [("/interaction_id", code)]
    new = {"customer": {"system": "crm", "key": "C-9"}, "create_missing": True}
    refused = api.post(PATH, json=body(interaction_id=own, **new))
    assert wrong(refused) == [("/interaction_id", "other_customer")]
    assert everything(api) == []
    assert len(api.get("/v1/customers").json()["data"]) == 2

    row = recorded(api, interaction_id=own)
    url = f"{PATH}/{row['id']}"
    for interaction_id, code in ((NOBODY, "unknown_interaction"), (theirs, "other_customer")):
        patched = api.patch(url, json={"interaction_id": interaction_id})
        assert wrong(patched) == [("/interaction_id", code)]
    assert api.patch(url, json={"interaction_id": nobodys}).json()["interaction_id"] == nobodys
    assert api.patch(url, json={"interaction_id": None}).json()["interaction_id"] is None


# --- the number


def test_a_complaint_is_found_by_its_number_as_it_is_said(api: Api, customer_id: str) -> None:
    row = recorded(api)
    number = row["number"]
    for said in (number, number.lower(), number.replace("-", ""), f" {number[:2]} {number[2:]} "):
        assert api.get(PATH, params={"number": said}).json()["data"] == [row]


def test_a_misheard_number_is_refused_and_an_unused_one_not_found(api: Api, customer_id: str) -> None:
    number = recorded(api)["number"]
    misheard = ("3" if number[0] == "2" else "2") + number[1:]
    answer = api.get(PATH, params={"number": misheard})
    assert wrong(answer) == [("number", "not_a_complaint_number")]
    unused = next(made_up for bits in range(2) if (made_up := make_number(bits)) != number)
    assert api.get(PATH, params={"number": unused}).json()["data"] == []


def test_a_number_that_is_taken_is_drawn_again(
    store: Store, actor: Actor, api: Api, customer_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bits = iter([1, 1, 1, 2, 2, 3])  # the first complaint; then taken twice, repeated, and at last a new one
    monkeypatch.setattr("app.services.recovery.complaints.secrets.randbits", lambda _bits: next(bits))
    items = [ComplaintCreate.model_validate(body()) for _ in range(3)]
    [first] = store.write_sync(complaints.create_many, actor, items[:1])
    rest = store.write_sync(complaints.create_many, actor, items[1:])
    drawn = [first["number"], *sorted(row["number"] for row in rest)]
    assert drawn == [make_number(1), *sorted(make_number(new) for new in (2, 3))]
    assert sorted(row["number"] for row in everything(api)) == sorted(drawn)
    assert {len(history(api, row["id"])) for row in (first, *rest)} == {1}


def test_two_complaints_that_draw_the_same_number_at_once_get_two(
    store: Store, actor: Actor, customer_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bits = iter([1, 1, 2])
    monkeypatch.setattr("app.services.recovery.complaints.secrets.randbits", lambda _bits: next(bits))
    first_has_written = threading.Event()

    def slowly(tx: Connection, data: ComplaintCreate) -> str:
        number = complaints.create(tx, actor, data)["number"]
        first_has_written.set()
        time.sleep(0.5)  # the other one meets an uncommitted row
        return str(number)

    def then(data: ComplaintCreate) -> str:
        assert first_has_written.wait(10)
        return str(store.write_sync(complaints.create, actor, data)["number"])

    one, other = (ComplaintCreate.model_validate(body()) for _ in range(2))
    with ThreadPoolExecutor(2) as pool:
        numbers = pool.submit(store.write_sync, slowly, one), pool.submit(then, other)
        assert [number.result(30) for number in numbers] == [make_number(1), make_number(2)]


def test_a_generator_that_always_repeats_is_a_conflict(
    store: Store, actor: Actor, customer_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.recovery.complaints.secrets.randbits", lambda _bits: 1)
    one, other = (ComplaintCreate.model_validate(body()) for _ in range(2))
    store.write_sync(complaints.create, actor, one)
    with pytest.raises(ConflictError):
        store.write_sync(complaints.create, actor, other)
    query = ComplaintQuery.model_validate({})
    assert len(store.read_sync(complaints.page, actor, query, None).rows) == 1


# --- correcting


def test_a_patch_changes_what_it_names(api: Api, customer_id: str) -> None:
    row = recorded(api, text="Torn.", category="delivery", unit="izmir")
    url = f"{PATH}/{row['id']}"
    changes = {"subject": "The parcel came open and wet", "severity": "critical", "our_fault": "yes"}
    cleared = {"text": None, "category": None, "product": None, "unit": "baki", "channel": "store"}
    answer = api.patch(url, json={**changes, **cleared}, headers={"If-Match": '"1"'})
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"2"'
    after = answer.json()
    assert after == {**row, **changes, **cleared, "version": 2, "updated_at": after["updated_at"]}
    assert after["updated_at"] > row["updated_at"]
    assert api.get(url).json() == after
    last = history(api, row["id"])[-1]
    assert (last["kind"], last["state"], last["note"]) == ("changed", "open", None)
    assert last["members"] == sorted({*changes, *cleared} - {"product"})


def test_a_patch_that_changes_nothing_leaves_no_event(api: Api, customer_id: str) -> None:
    row = recorded(api)
    for patch in ({}, {"severity": "normal", "text": None}):
        assert api.patch(f"{PATH}/{row['id']}", json=patch).json() == row
    assert len(history(api, row["id"])) == 1


@pytest.mark.parametrize(
    "member", ["state", "owner", "number", "customer_id", "resolution", "received_at", "external_id"]
)
def test_what_has_a_step_of_its_own_cannot_be_patched(api: Api, customer_id: str, member: str) -> None:
    row = recorded(api)
    assert pointers(api.patch(f"{PATH}/{row['id']}", json={member: row[member]})) == [f"/{member}"]


@pytest.mark.parametrize("member", ["subject", "severity", "our_fault"])
def test_what_every_complaint_has_cannot_be_cleared(api: Api, customer_id: str, member: str) -> None:
    row = recorded(api)
    assert pointers(api.patch(f"{PATH}/{row['id']}", json={member: None})) == [f"/{member}"]


def test_a_patch_for_another_version_is_refused(api: Api, customer_id: str) -> None:
    row = recorded(api)
    url = f"{PATH}/{row['id']}"
    assert api.patch(url, json={"severity": "low"}).status_code == 200
    stale = api.patch(url, json={"severity": "high"}, headers={"If-Match": '"1"'})
    problem(stale, 412, "precondition_failed")
    assert stale.headers["ETag"] == '"2"'
    assert api.get(url).json()["severity"] == "low"


# --- many at once


def test_a_batch_is_whole_or_partial(api: Api, customer_id: str) -> None:
    taken = body()
    recorded(api, **taken)
    unknown = body(customer={"system": "crm", "key": "C-2"})
    early = body(acknowledged_at="2020-01-05T09:00:00Z")
    items = [body(), taken, unknown, early, body(severity="urgent"), body(**PAST)]
    whole = api.post(f"{PATH}/batch", json={"items": items})
    assert pointers(whole) == [
        "/items/1",
        "/items/2/customer",
        "/items/3/acknowledged_at",
        "/items/4/severity",
    ]
    assert len(everything(api)) == 1

    partial = api.post(f"{PATH}/batch?partial=true", json={"items": items})
    assert partial.status_code == 207
    data = partial.json()["data"]
    assert [row["status"] for row in data] == [201, 409, 422, 422, 422, 201]
    for index in (0, 5):
        row = data[index]["complaint"]
        assert api.get(f"{PATH}/{row['id']}").json() == row
        assert len(history(api, row["id"])) == row["version"]
    assert [row["problem"]["code"] for row in data[1:3]] == ["complaint_exists", "unknown_customer"]


def test_the_number_of_statements_does_not_grow_with_the_batch(
    api: Api, client: TestClient, customer_id: str
) -> None:
    statements: list[str] = []
    client.app.state.services.store.on_statement(statements.append)  # type: ignore[attr-defined]

    def used(size: int) -> int:
        statements.clear()
        items = [body(**PAST) for _ in range(size)]
        assert api.post(f"{PATH}/batch", json={"items": items}).status_code == 201
        return len(statements)

    used(1)  # the first request notes that the key is in use
    assert used(2) == used(40) <= 9


def test_what_a_service_returns_fits_the_schema(store: Store, actor: Actor) -> None:
    created = store.write_sync(
        complaints.create, actor, ComplaintCreate.model_validate(body(create_missing=True))
    )
    assert store.read_sync(complaints.get, actor, created["id"]) == created
    another = store.write_sync(complaint, actor, created["customer_id"], severity="low")
    page = store.read_sync(complaints.page, actor, ComplaintQuery(), None)
    assert {row["id"] for row in page.rows} == {created["id"], another}


def test_every_item_of_a_batch_names_what_is_in_its_way(api: Api) -> None:
    made(api, external_ids=[{"system": "crm", "key": "C-1"}])
    items = [body(external_id=key) for key in ("B-1", "B-2", "B-3")]
    first, second = (api.post(PATH, json=item).json() for item in items[:2])
    refused = api.post(f"{PATH}/batch", json={"items": items})
    assert (refused.status_code, refused.json()["code"]) == (409, "complaint_exists")
    assert [(one["pointer"], one["existing"]) for one in refused.json()["errors"]] == [
        (f"/items/{place}", {"id": row["id"], "href": f"{PATH}/{row['id']}"})
        for place, row in enumerate((first, second))
    ]
    assert "existing" not in refused.json()
    only = api.post(f"{PATH}/batch", json={"items": items[1:]}).json()
    assert (
        only["existing"]
        == only["errors"][0]["existing"]
        == {"id": second["id"], "href": f"{PATH}/{second['id']}"}
    )
    wrong = api.post(f"{PATH}/batch", json={"items": [items[0], {**items[2], "severity": "bad"}]}).json()
    assert [one.get("existing", {}).get("id") for one in wrong["errors"]] == [first["id"], None]
