"""Interactions over HTTP, on both databases: recording, wrapping up, and who sees them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import factories
import pytest
from factories import interaction_body as call
from sqlalchemy import insert, select, update
from starlette.testclient import TestClient
from support import Api, made, pointers, problem

from app.domain.common.access import Actor, Scope
from app.schemas.activity.interactions import InteractionCreate
from app.services.activity import interactions
from app.store.engine import Store
from app.store.tables import AuditEntry, Complaint, Customer, Event
from app.store.types import new_id, now

PATH = "/v1/interactions"
NOBODY = str(uuid4())
TOLD = {
    "purpose": "question",
    "phase": "after",
    "agent": "ayse.k",
    "unit": "izmir",
    "ended_at": "2026-11-23T09:34:10Z",
    "wait_seconds": 25,
    "talk_seconds": 180,
    "hold_seconds": 0,
    "wrap_seconds": 45,
    "disposition": "resolved",
    "topic": "delivery",
    "resolved_on_first_contact": True,
    "sentiment": "neutral",
    "notes": "Asked where the parcel is.\nIt arrives tomorrow.\tPromised.",
    "recording_url": "https://pbx.example:8443/recordings/7d40.ogg?sig=a%2Fb#t=3",
}
UNTOLD = dict.fromkeys([*TOLD, "handle_seconds"])


@pytest.fixture
def customer_id(api: Api) -> str:
    """A customer in the unit izmir, known to the CRM as C-1."""
    return str(made(api, unit="izmir", external_ids=[{"system": "crm", "key": "C-1"}])["id"])


def recorded(api: Api, **members: Any) -> dict[str, Any]:
    answer = api.post(PATH, json=call(**members))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def everything(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(PATH, params={"limit": 200}).json()["data"]
    return found


def wrong(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


# --- recording and reading


def test_an_interaction_reads_back_as_it_was_recorded(api: Api, customer_id: str) -> None:
    body = call(source="pbx", channel="phone", direction="outbound", **TOLD)
    answer = api.post(PATH, json=body)
    assert answer.status_code == 201
    row = answer.json()
    assert answer.headers["Location"] == f"{PATH}/{row['id']}"
    assert answer.headers["ETag"] == '"1"'
    again = api.get(answer.headers["Location"])
    assert (again.json(), again.headers["ETag"]) == (row, '"1"')
    assert row.pop("recorded_at") == row.pop("updated_at") > "2026"
    assert row == {
        "id": row["id"],
        "version": 1,
        "customer_id": customer_id,
        "phone": None,
        "source": "pbx",
        "external_id": body["external_id"],
        "channel": "phone",
        "direction": "outbound",
        "started_at": "2026-11-23T09:30:00Z",
        "handle_seconds": 225,
        "import_id": None,
        **TOLD,
    }


def test_little_needs_to_be_known(api: Api) -> None:
    body = {"channel": "visit", "direction": "inbound", "started_at": "2026-11-23T09:30:00+03:00"}
    row = api.post(PATH, json=body).json()
    expected = {"source": "api", "external_id": None, "customer_id": None, "import_id": None, **UNTOLD}
    assert {key: row[key] for key in expected} == expected
    assert row["started_at"] == "2026-11-23T06:30:00Z"
    assert api.get(f"{PATH}/{row['id']}").json() == row
    for member in body:
        part = {key: value for key, value in body.items() if key != member}
        assert wrong(api.post(PATH, json=part)) == [(f"/{member}", "missing")]
    assert everything(api) == [row]


def test_what_has_no_external_id_repeats_nothing(api: Api) -> None:
    rows = [recorded(api, customer=None, external_id=None) for _ in range(2)]
    assert everything(api) == rows[::-1]


def test_an_interaction_is_recorded_once(api: Api, customer_id: str) -> None:
    body = call()
    assert api.post(PATH, json=body).status_code == 201
    problem(api.post(PATH, json={**body, "channel": "chat"}), 409, "interaction_exists")
    assert api.get("/problems/interaction_exists").status_code == 200
    assert api.post(PATH, json={**body, "source": "other"}).status_code == 201
    assert len(everything(api)) == 2


def test_the_customer_may_be_named_in_either_way_or_not_at_all(api: Api, customer_id: str) -> None:
    assert recorded(api)["customer_id"] == customer_id
    assert recorded(api, customer=None, customer_id=customer_id)["customer_id"] == customer_id
    assert recorded(api, customer=None)["customer_id"] is None
    both = problem(api.post(PATH, json=call(customer_id=customer_id)), 422, "validation_failed")
    assert both["errors"][0]["detail"] == "Send customer_id or customer, not both."
    for naming in ({}, {"customer_id": customer_id}):
        answer = api.post(PATH, json=call(customer=None, create_missing=True, **naming))
        assert answer.json()["errors"][0]["code"] == "create_missing"
    assert len(everything(api)) == 3


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
    answer = api.post(PATH, json=call(**naming))
    problem(answer, 422, "unknown_customer")
    assert wrong(answer) == [(pointer, "unknown_customer")]
    assert everything(api) == []


def test_a_missing_customer_is_created_when_asked(api: Api, api_with: Callable[..., Api]) -> None:
    limited = api_with(Scope.INTERACTIONS_WRITE)
    problem(limited.post(PATH, json=call(create_missing=True)), 403, "insufficient_scope")
    row = recorded(api, create_missing=True)
    customer = api.get(f"/v1/customers/{row['customer_id']}").json()
    assert customer["external_ids"] == [{"system": "crm", "key": "C-1"}]
    assert recorded(api, create_missing=True)["customer_id"] == row["customer_id"]


def test_a_prospect_who_calls_stays_one(api: Api) -> None:
    prospect = made(api, lifecycle="prospect")
    recorded(api, customer=None, customer_id=prospect["id"], disposition="sale")
    assert api.get(f"/v1/customers/{prospect['id']}").json() == prospect


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"ended_at": "2026-11-23T09:29:59.999999Z"}, [("/ended_at", "ends_before_start")]),
        ({"ended_at": "2026-11-23T12:29:59+03:00"}, [("/ended_at", "ends_before_start")]),
        ({"disposition": "sold"}, [("/disposition", "unknown_disposition")]),
        ({"disposition": "Sale"}, [("/disposition", "unknown_disposition")]),
        (
            {"ended_at": "2020-01-01T00:00:00Z", "disposition": "sold"},
            [("/ended_at", "ends_before_start"), ("/disposition", "unknown_disposition")],
        ),
        ({"disposition": "no such"}, [("/disposition", "unknown_disposition")]),
        ({"talk_seconds": -1}, [("/talk_seconds", "greater_than_equal")]),
        ({"wait_seconds": 86401}, [("/wait_seconds", "less_than_equal")]),
        ({"hold_seconds": "5"}, [("/hold_seconds", "int_type")]),
        ({"wrap_seconds": True}, [("/wrap_seconds", "int_type")]),
        ({"wrap_seconds": 1.5}, [("/wrap_seconds", "int_type")]),
        ({"channel": "telepathy"}, [("/channel", "enum")]),
        ({"direction": "in"}, [("/direction", "enum")]),
        ({"purpose": "fun"}, [("/purpose", "enum")]),
        ({"phase": "never"}, [("/phase", "enum")]),
        ({"sentiment": "angry"}, [("/sentiment", "enum")]),
        ({"resolved_on_first_contact": "yes"}, [("/resolved_on_first_contact", "bool_type")]),
        ({"agent": ""}, [("/agent", "string_too_short")]),
        ({"agent": "x" * 101}, [("/agent", "string_too_long")]),
        ({"topic": "a\nb"}, [("/topic", "string_pattern_mismatch")]),
        ({"unit": "İz\tmir"}, [("/unit", "string_pattern_mismatch")]),
        ({"notes": ""}, [("/notes", "string_too_short")]),
        ({"notes": " \n\t "}, [("/notes", "string_pattern_mismatch")]),
        ({"notes": "x" * 4001}, [("/notes", "string_too_long")]),
        ({"notes": "a\x00b"}, [("/notes", "string_pattern_mismatch")]),
        ({"notes": "a\x0bb"}, [("/notes", "string_pattern_mismatch")]),
        ({"notes": "a\x85b"}, [("/notes", "string_pattern_mismatch")]),
        ({"handle_seconds": 5}, [("/handle_seconds", "extra_forbidden")]),
        ({"started_at": "2026-11-23"}, [("/started_at", "instant_format")]),
        ({"started_at": "2060-01-01T00:00:00Z"}, [("/started_at", "in_future")]),
        ({"ended_at": "2060-01-01T00:00:00Z"}, [("/ended_at", "in_future")]),
        ({"external_id": " "}, [("/external_id", "string_pattern_mismatch")]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_cannot_be_meant_is_refused(
    api: Api, members: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert wrong(api.post(PATH, json=call(customer=None, **members))) == expected
    assert everything(api) == []


def test_the_bounds_themselves_are_good(api: Api) -> None:
    row = recorded(
        api,
        customer=None,
        ended_at="2026-11-23T09:30:00Z",
        **dict.fromkeys(("wait_seconds", "talk_seconds", "hold_seconds", "wrap_seconds"), 86400),
        notes="ğ" * 4000,
        recording_url="https://pbx.example/" + "a" * 1980,
    )
    assert row["handle_seconds"] == 3 * 86400
    assert api.get(f"{PATH}/{row['id']}").json() == row


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        ("\n  one\t \n\n two \r\n", "one\t \n\n two"),
        ("Ürün kırık geldi. 😀", "Ürün kırık geldi. 😀"),
    ],
    ids=["line-ends", "around", "letters"],
)
def test_notes_have_lines(api: Api, sent: str, kept: str) -> None:
    row = recorded(api, customer=None, notes=sent)
    assert row["notes"] == api.get(f"{PATH}/{row['id']}").json()["notes"] == kept


@pytest.mark.parametrize(
    "url",
    [
        "https://pbx.example",
        "http://10.0.0.5:8080/a b".replace(" ", "%20"),
        "https://[2001:db8::1]:443/x",
        "https://pbx_1.internal?call=7",
        "http://localhost#t=1",
    ],
)
def test_a_recording_is_at_a_url(api: Api, url: str) -> None:
    assert recorded(api, customer=None, recording_url=url)["recording_url"] == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "recordings/7.ogg",
        "ftp://pbx.example/7.ogg",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///7.ogg",
        "https://user:password@pbx.example/7.ogg",
        "https://pbx.example/a b",
        "https://pbx.example/a\n",
        "https://pbx.example/ş",
        "https://pbx.example:port/",
        "https://pbx.example\\@evil.example/",
        "https://pbx.example/" + "a" * 1981,
    ],
)
def test_what_is_no_url_is_refused(api: Api, url: str) -> None:
    assert pointers(api.post(PATH, json=call(customer=None, recording_url=url))) == ["/recording_url"]
    assert everything(api) == []


def test_unknown_and_unreadable_ids_are_not_found(api: Api) -> None:
    for path in (f"{PATH}/{NOBODY}", f"{PATH}/1"):
        assert api.get(path).status_code == api.patch(path, json={}).status_code == 404


# --- many at once


def test_a_batch_is_stored_whole_in_the_order_given(api: Api, customer_id: str) -> None:
    items = [call(external_id="B"), call(external_id="A", customer=None, **TOLD), call(external_id=None)]
    answer = api.post(f"{PATH}/batch", json={"items": items})
    assert answer.status_code == 201
    rows = [row["interaction"] for row in answer.json()["data"]]
    assert [(row["external_id"], row["customer_id"]) for row in rows] == [
        ("B", customer_id),
        ("A", None),
        (None, customer_id),
    ]
    assert [api.get(f"{PATH}/{row['id']}").json() for row in rows] == rows


def test_one_refusal_refuses_all_unless_partial(api: Api, customer_id: str) -> None:
    recorded(api, external_id="known")
    items = [
        call(external_id="good"),
        call(disposition="sold"),
        call(ended_at="2020-01-01T00:00:00Z"),
        call(talk_seconds="long"),
        call(customer={"system": "crm", "key": "C-2"}),
        call(external_id="known"),
        call(external_id="good"),
        call(external_id="new", customer={"system": "crm", "key": "C-3"}, create_missing=True),
    ]
    refused = api.post(f"{PATH}/batch", json={"items": items})
    assert pointers(refused) == [
        "/items/1/disposition",
        "/items/2/ended_at",
        "/items/3/talk_seconds",
        "/items/4/customer",
        "/items/5",
        "/items/6",
    ]
    assert [row["external_id"] for row in everything(api)] == ["known"]
    partial = api.post(f"{PATH}/batch?partial=true", json={"items": items})
    assert partial.status_code == 207
    assert [row["status"] for row in partial.json()["data"]] == [201, 422, 422, 422, 422, 409, 409, 201]
    assert {row["external_id"] for row in everything(api)} == {"known", "good", "new"}


@pytest.mark.parametrize("count", [0, 1001])
def test_a_batch_has_1_to_1000_items(api: Api, count: int) -> None:
    items = [call(customer=None) for _ in range(count)]
    assert pointers(api.post(f"{PATH}/batch", json={"items": items})) == ["/items"]
    assert everything(api) == []


def test_the_number_of_statements_does_not_grow_with_the_batch(api: Api, client: TestClient) -> None:
    statements: list[str] = []
    client.app.state.services.store.on_statement(statements.append)  # type: ignore[attr-defined]

    def count(keys: range) -> int:
        items = [
            call(customer={"system": "crm", "key": f"C-{key}"}, create_missing=True, disposition="sale")
            for key in keys
        ]
        statements.clear()
        assert api.post(f"{PATH}/batch", json={"items": items}).status_code == 201
        return len(statements)

    count(range(1))  # the first request of a key also notes that it was used
    assert count(range(1, 3)) == count(range(1000, 2000))


def test_an_idempotency_key_makes_one_interaction(api: Api, customer_id: str) -> None:
    body, headers = call(), {"Idempotency-Key": "call-4711"}
    first, again = (api.post(PATH, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"]
    assert len(everything(api)) == 1


# --- wrapping up


def test_what_is_known_afterwards_is_added(api: Api, customer_id: str) -> None:
    before = recorded(api)
    answer = api.patch(f"{PATH}/{before['id']}", json=TOLD)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    after = answer.json()
    assert after["updated_at"] > before["updated_at"]
    expected = {**before, **TOLD, "handle_seconds": 225, "version": 2, "updated_at": after["updated_at"]}
    assert after == expected
    assert api.get(f"{PATH}/{before['id']}").json() == after


def test_members_left_out_stay_and_null_clears(api: Api, customer_id: str) -> None:
    row = recorded(api, **TOLD)
    path = f"{PATH}/{row['id']}"
    shorter = api.patch(path, json={"talk_seconds": 60, "notes": None}).json()
    assert {**shorter, "version": 1, "updated_at": row["updated_at"]} == {
        **row,
        "talk_seconds": 60,
        "handle_seconds": 105,
        "notes": None,
    }
    cleared = api.patch(path, json=dict.fromkeys(TOLD)).json()
    assert cleared == {**row, **UNTOLD, "version": 3, "updated_at": cleared["updated_at"]}


def test_what_changes_nothing_is_no_change(api: Api, customer_id: str, store: Store) -> None:
    row = recorded(api, **TOLD)
    for body in ({}, TOLD, {"customer_id": customer_id}, {"ended_at": "2026-11-23T12:34:10+03:00"}):
        answer = api.patch(f"{PATH}/{row['id']}", json=body)
        assert (answer.status_code, answer.json()) == (200, row)
    actions = select(AuditEntry.action).where(AuditEntry.object_id == row["id"])
    assert store.read_sync(lambda tx: tx.execute(actions).scalars().all()) == ["interaction.recorded"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"ended_at": "2026-11-23T09:29:00Z"}, [("/ended_at", "ends_before_start")]),
        ({"disposition": "sold"}, [("/disposition", "unknown_disposition")]),
        ({"wrap_seconds": 86401}, [("/wrap_seconds", "less_than_equal")]),
        ({"started_at": "2026-11-23T09:29:00Z"}, [("/started_at", "extra_forbidden")]),
        ({"channel": "chat"}, [("/channel", "extra_forbidden")]),
        ({"customer": {"system": "crm", "key": "C-1"}}, [("/customer", "extra_forbidden")]),
        ({"customer_id": "C-1"}, [("/customer_id", "uuid_parsing")]),
        ({"sentiment": ""}, [("/sentiment", "enum")]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_wrong_wrap_up_changes_nothing(
    api: Api, customer_id: str, body: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    row = recorded(api)
    assert wrong(api.patch(f"{PATH}/{row['id']}", json={"notes": "x", **body})) == expected
    assert api.get(f"{PATH}/{row['id']}").json() == row


def test_a_wrap_up_is_meant_for_a_version(api: Api, customer_id: str) -> None:
    row = recorded(api)
    path = f"{PATH}/{row['id']}"
    assert api.get(path, headers={"If-None-Match": '"1"'}).status_code == 304
    assert api.patch(path, json={"notes": "one"}, headers={"If-Match": '"1"'}).status_code == 200
    stale = api.patch(path, json={"notes": "two"}, headers={"If-Match": '"1"'})
    problem(stale, 412, "precondition_failed")
    assert stale.headers["ETag"] == '"2"'
    assert api.get(path, headers={"If-None-Match": '"1"'}).json()["notes"] == "one"


def test_a_merge_patch_is_taken_by_its_own_media_type(api: Api, customer_id: str) -> None:
    row = recorded(api)
    headers = {"Content-Type": "application/merge-patch+json"}
    answer = api.patch(f"{PATH}/{row['id']}", content=b'{"topic": "delivery"}', headers=headers)
    assert answer.json()["topic"] == "delivery"


def test_an_unknown_caller_is_identified_once(api: Api, customer_id: str) -> None:
    other = made(api, "Mehmet")["id"]
    row = recorded(api, customer=None)
    path = f"{PATH}/{row['id']}"
    unknown = api.patch(path, json={"customer_id": NOBODY, "notes": "x"})
    problem(unknown, 422, "unknown_customer")
    assert wrong(unknown) == [("/customer_id", "unknown_customer")]
    assert api.patch(path, json={"customer_id": None}).json() == row
    assert api.patch(path, json={"customer_id": customer_id}).json()["customer_id"] == customer_id
    for another in (other, None, NOBODY):
        problem(api.patch(path, json={"customer_id": another, "notes": "x"}), 409, "conflict")
    after = api.get(path).json()
    assert (after["customer_id"], after["version"], after["notes"]) == (customer_id, 2, None)
    assert api.get(PATH, params={"customer_id": customer_id}).json()["data"] == [after]


def test_a_caller_cannot_be_another_than_who_complained(api: Api, store: Store, customer_id: str) -> None:
    other = made(api, "Mehmet")["id"]
    row = recorded(api, customer=None)
    complaint = {
        "id": new_id(),
        "version": 1,
        "number": "C-1",
        "customer_id": UUID(customer_id),
        "interaction_id": UUID(row["id"]),
        "source": "api",
        "subject": "Late",
        "severity": "medium",
        "our_fault": "unknown",
        "state": "open",
        "owner": "ayse.k",
        "reopened_count": 0,
        **dict.fromkeys(("received_at", "recorded_at", "updated_at"), now()),
    }
    store.write_sync(lambda tx: tx.execute(insert(Complaint), complaint).rowcount)
    problem(api.patch(f"{PATH}/{row['id']}", json={"customer_id": other}), 409, "conflict")
    assert api.get(f"{PATH}/{row['id']}").json() == row
    assert api.patch(f"{PATH}/{row['id']}", json={"customer_id": customer_id}).status_code == 200


def test_every_write_leaves_a_trace_without_personal_data(api: Api, store: Store, customer_id: str) -> None:
    row = recorded(api, customer=None)
    api.patch(f"{PATH}/{row['id']}", json={"customer_id": customer_id, "notes": "secret"})
    audit = select(AuditEntry.action, AuditEntry.members).where(AuditEntry.object_id == row["id"])
    events = select(Event.type, Event.customer_id, Event.data).where(Event.object_id == row["id"])
    done = store.read_sync(lambda tx: tx.execute(audit.order_by(AuditEntry.id)).all())
    told = store.read_sync(lambda tx: tx.execute(events.order_by(Event.id)).all())
    changed = ["customer_id", "notes"]
    assert [tuple(entry) for entry in done] == [
        ("interaction.recorded", []),
        ("interaction.updated", changed),
    ]
    assert [tuple(event) for event in told] == [
        ("interaction.recorded", None, {"members": []}),
        ("interaction.updated", UUID(customer_id), {"members": changed, "version": 2}),
    ]


# --- who may see what


def test_reading_and_writing_need_their_scopes(api_with: Callable[..., Api]) -> None:
    reader, writer = api_with(Scope.INTERACTIONS_READ), api_with(Scope.INTERACTIONS_WRITE)
    for answer in (
        reader.post(PATH, json=call()),
        reader.post(f"{PATH}/batch", json={"items": [call()]}),
        reader.patch(f"{PATH}/{NOBODY}", json={}),
        writer.get(PATH),
        writer.get(f"{PATH}/{NOBODY}"),
    ):
        problem(answer, 403, "insufficient_scope")


def test_a_key_of_another_unit_sees_nothing_and_cannot_tell(
    api: Api, api_with: Callable[..., Api], customer_id: str
) -> None:
    # What the record says of its unit does not matter for who sees it: the customer's unit does.
    row = recorded(api, unit="ankara")
    own, other = api_with(units=("izmir",)), api_with(units=("ankara", "bursa"))
    assert own.get(f"{PATH}/{row['id']}").json() == row
    assert own.get(PATH).json()["data"] == [row]
    for method, more in (("get", {}), ("patch", {"json": {"notes": "x"}})):
        hidden, missing = (getattr(other, method)(f"{PATH}/{one}", **more) for one in (row["id"], NOBODY))
        assert hidden.status_code == missing.status_code == 404
        assert hidden.json()["detail"] == missing.json()["detail"]
    for filters in ({}, {"customer_id": customer_id}, {"external_id": f"api:{row['external_id']}"}):
        assert other.get(PATH, params=filters).json()["data"] == []
    for naming in ({}, {"customer": None, "customer_id": customer_id}):
        problem(other.post(PATH, json=call(unit="ankara", **naming)), 422, "unknown_customer")
    assert everything(api) == [row]


def test_what_is_nobodys_is_seen_by_its_unit(
    api: Api, api_with: Callable[..., Api], customer_id: str
) -> None:
    own, other, both = (api_with(units=units) for units in (("izmir",), ("ankara",), ("izmir", "ankara")))
    row = recorded(own, customer=None)
    assert row["unit"] == "izmir"
    of_none = recorded(api, customer=None)
    path = f"{PATH}/{row['id']}"
    assert own.get(PATH).json()["data"] == both.get(PATH).json()["data"] == [row]
    assert {seen["id"] for seen in everything(api)} == {row["id"], of_none["id"]}
    assert other.get(PATH).json()["data"] == []
    assert other.get(path).status_code == other.patch(path, json={}).status_code == 404
    # Nobody records or moves one to where it is not seen.
    assert wrong(both.post(PATH, json=call(customer=None))) == [("/unit", "unit_not_allowed")]
    foreign = call(customer=None, unit="bursa")
    assert wrong(both.post(PATH, json=foreign)) == [("/unit", "unit_not_allowed")]
    assert wrong(own.post(f"{PATH}/batch", json={"items": [foreign]})) == [
        ("/items/0/unit", "unit_not_allowed")
    ]
    for unit in ("ankara", None):
        assert wrong(own.patch(path, json={"unit": unit})) == [("/unit", "unit_not_allowed")]
    assert own.get(path).json() == row
    foreign_label = {"customer_id": customer_id, "unit": "bursa"}
    assert wrong(own.patch(path, json=foreign_label)) == [("/unit", "unit_not_allowed")]
    assert own.patch(path, json={"customer_id": customer_id, "unit": None}).status_code == 200


def test_a_caller_is_not_identified_as_somebody_one_may_not_see(
    api: Api, api_with: Callable[..., Api]
) -> None:
    theirs = made(api, "Mehmet", unit="ankara")["id"]
    own = api_with(units=("izmir",))
    row = recorded(own, customer=None)
    hidden, missing = (
        own.patch(f"{PATH}/{row['id']}", json={"customer_id": one}) for one in (theirs, NOBODY)
    )
    assert hidden.json()["errors"] == missing.json()["errors"]
    problem(hidden, 422, "unknown_customer")
    assert own.get(f"{PATH}/{row['id']}").json() == row


def test_an_interaction_goes_with_its_customer(
    api: Api, api_with: Callable[..., Api], store: Store, customer_id: str
) -> None:
    row = recorded(api)
    moved = update(Customer).where(Customer.id == UUID(customer_id)).values(unit="ankara")
    store.write_sync(lambda tx: tx.execute(moved).rowcount)
    assert api_with(units=("izmir",)).get(f"{PATH}/{row['id']}").status_code == 404
    assert api_with(units=("ankara",)).get(f"{PATH}/{row['id']}").json() == row


def test_what_a_service_returns_fits_the_schema(store: Store, actor: Actor) -> None:
    customer_id = store.write_sync(factories.customer, actor)
    made_by_factory = store.write_sync(factories.interaction, actor, customer_id, **TOLD)
    read = store.read_sync(interactions.get, actor, made_by_factory)
    assert (read["customer_id"], read["started_at"]) == (customer_id, factories.NOON)
    body = InteractionCreate.model_validate(call(create_missing=True, **TOLD))
    row = store.write_sync(interactions.create, actor, body)
    assert store.read_sync(interactions.get, actor, row["id"]) == row
