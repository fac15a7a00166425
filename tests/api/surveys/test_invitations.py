"""Survey invitations over HTTP, on both databases."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from factories import complaint_body, interaction_body, survey_body, transaction_body
from factories import invitation_body as invite
from starlette.testclient import TestClient
from support import Api, made, problem

from app.domain.common.access import Scope

PATH = "/v1/survey-invitations"
NOBODY = str(uuid4())
ABOUT = {
    "channel": "phone",
    "agent": "ayse.k",
    "unit": "izmir",
    "phase": "after",
    "category": "shoes",
}


@pytest.fixture
def customer_id(api: Api) -> str:
    """A customer in the unit izmir, known to the CRM as C-1."""
    return str(made(api, unit="izmir", external_ids=[{"system": "crm", "key": "C-1"}])["id"])


@pytest.fixture
def survey_id(api: Api) -> str:
    """The survey "delivery"."""
    return str(recorded(api, "surveys", survey_body())["id"])


def recorded(api: Api, resource: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(f"/v1/{resource}", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def invited(api: Api, **members: Any) -> dict[str, Any]:
    return recorded(api, "survey-invitations", invite(**members))


def everything(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(PATH, params={"limit": 200}).json()["data"]
    return found


def wrong(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


# --- recording and reading


def test_an_invitation_reads_back_as_it_was_recorded(api: Api, customer_id: str, survey_id: str) -> None:
    times = {"invited_at": "2026-11-23T12:30:00+03:00", "expires_at": "2026-12-07T09:30:00Z"}
    answer = api.post(PATH, json=invite(**ABOUT, **times))
    assert answer.status_code == 201
    row = answer.json()
    assert answer.headers["Location"] == f"{PATH}/{row['id']}"
    assert "ETag" not in answer.headers
    assert api.get(answer.headers["Location"]).json() == row
    assert everything(api) == [row]
    assert row.pop("recorded_at") > "2026"
    assert row == {
        "id": row["id"],
        "survey_id": survey_id,
        "customer_id": customer_id,
        "interaction_id": None,
        "complaint_id": None,
        "transaction_id": None,
        **ABOUT,
        "invited_at": "2026-11-23T09:30:00Z",
        "expires_at": "2026-12-07T09:30:00Z",
        "answered_at": None,
    }


def test_the_survey_and_the_customer_are_named_in_either_way(
    api: Api, customer_id: str, survey_id: str
) -> None:
    first = invited(api)
    second = invited(api, survey_code=None, survey_id=survey_id, customer=None, customer_id=customer_id)
    anonymous = invited(api, customer=None)
    assert {row["survey_id"] for row in (first, second, anonymous)} == {survey_id}
    assert [row["customer_id"] for row in (first, second, anonymous)] == [customer_id, customer_id, None]
    assert first["invited_at"] == first["recorded_at"]


@pytest.mark.usefixtures("customer_id")
@pytest.mark.parametrize(
    ("members", "problems"),
    [
        ({"survey_code": None}, [("", "which_survey")]),
        ({"survey_id": NOBODY}, [("", "one_survey")]),
        ({"survey_code": "other"}, [("/survey_code", "unknown_survey")]),
        ({"survey_code": None, "survey_id": NOBODY}, [("/survey_id", "unknown_survey")]),
        ({"customer_id": NOBODY}, [("", "one_customer")]),
        ({"interaction_id": NOBODY, "transaction_id": NOBODY}, [("", "one_subject")]),
        ({"interaction_id": NOBODY}, [("/interaction_id", "unknown_interaction")]),
        ({"complaint_id": NOBODY}, [("/complaint_id", "unknown_complaint")]),
        ({"transaction_id": NOBODY}, [("/transaction_id", "unknown_transaction")]),
        (
            {"invited_at": "2026-11-23T09:30:00Z", "expires_at": "2026-11-23T09:30:00Z"},
            [("/expires_at", "expires_before_invited")],
        ),
        ({"expires_at": "2020-01-01T00:00:00Z"}, [("/expires_at", "expires_before_invited")]),
        ({"invited_at": "2026-11-23"}, [("/invited_at", "instant_format")]),
        ({"invited_at": "2060-01-01T00:00:00Z"}, [("/invited_at", "in_future")]),
        ({"channel": "fax"}, [("/channel", "enum")]),
        ({"phase": "later"}, [("/phase", "enum")]),
        ({"create_missing": True}, [("/create_missing", "extra_forbidden")]),
    ],
)
def test_invitations_that_cannot_be_meant_are_refused(
    api: Api, survey_id: str, members: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    assert wrong(api.post(PATH, json=invite(**members))) == problems
    assert everything(api) == []


@pytest.mark.usefixtures("survey_id")
@pytest.mark.parametrize(
    ("naming", "pointer"),
    [
        ({"customer": {"system": "crm", "key": "C-2"}}, "/customer"),
        ({"customer": None, "customer_id": NOBODY}, "/customer_id"),
    ],
)
def test_who_is_invited_must_be_known(api: Api, naming: dict[str, Any], pointer: str) -> None:
    answer = api.post(PATH, json=invite(**naming))
    problem(answer, 422, "unknown_customer")
    assert wrong(answer) == [(pointer, "unknown_customer")]


def test_a_survey_out_of_use_invites_nobody(api: Api, customer_id: str, survey_id: str) -> None:
    assert api.patch(f"/v1/surveys/{survey_id}", json={"is_active": False}).status_code == 200
    problem(api.post(PATH, json=invite()), 409, "survey_inactive")
    assert api.get("/problems/survey_inactive").status_code == 200
    assert everything(api) == []
    assert api.patch(f"/v1/surveys/{survey_id}", json={"is_active": True}).status_code == 200
    assert invited(api)["customer_id"] == customer_id


# --- what it is about


@pytest.mark.usefixtures("customer_id", "survey_id")
def test_what_is_left_out_comes_from_what_it_is_about(api: Api) -> None:
    call = recorded(
        api,
        "interactions",
        interaction_body(channel="chat", agent="ali.v", unit="baki", phase="during"),
    )
    buy = recorded(api, "transactions", transaction_body(channel="web", category="bags"))
    complaint = recorded(
        api, "complaints", complaint_body(channel="email", unit="ankara", category="delivery")
    )

    def about(**members: Any) -> tuple[Any, ...]:
        row = invited(api, **members)
        return tuple(row[member] for member in ABOUT)

    assert about(interaction_id=call["id"]) == ("chat", "ali.v", "baki", "during", None)
    assert about(transaction_id=buy["id"]) == ("web", None, None, None, "bags")
    assert about(complaint_id=complaint["id"]) == ("email", None, "ankara", None, "delivery")
    told = about(interaction_id=call["id"], channel="phone", unit="izmir", category="shoes")
    assert told == ("phone", "ali.v", "izmir", "during", "shoes")


@pytest.mark.usefixtures("survey_id")
def test_what_it_is_about_belongs_to_the_same_customer(api: Api, customer_id: str) -> None:
    made(api, "Mehmet", external_ids=[{"system": "crm", "key": "C-2"}])
    theirs = {"customer": {"system": "crm", "key": "C-2"}}
    call = recorded(api, "interactions", interaction_body(**theirs))
    nobodys = recorded(api, "interactions", interaction_body(customer=None))
    buy = recorded(api, "transactions", transaction_body(**theirs))
    complaint = recorded(api, "complaints", complaint_body(**theirs))
    for member, row in (("interaction_id", call), ("transaction_id", buy), ("complaint_id", complaint)):
        assert wrong(api.post(PATH, json=invite(**{member: row["id"]}))) == [(f"/{member}", "other_customer")]
        assert invited(api, customer=None, **{member: row["id"]})["customer_id"] is None
    assert invited(api, interaction_id=nobodys["id"])["customer_id"] == customer_id


# --- batches


@pytest.mark.usefixtures("customer_id")
def test_a_partial_batch_stores_every_good_item(api: Api, survey_id: str) -> None:
    recorded(api, "surveys", survey_body(code="closed", is_active=False))
    items = [
        invite(unit="izmir"),
        invite(survey_code="other"),
        invite(survey_code="closed"),
        invite(customer={"system": "crm", "key": "C-9"}),
        invite(invited_at="2060-01-01T00:00:00Z"),
        invite(interaction_id=NOBODY),
        invite(customer=None, unit="baki"),
    ]
    whole = api.post(f"{PATH}/batch", json={"items": items})
    assert wrong(whole)[0] == ("/items/1/survey_code", "unknown_survey")
    assert everything(api) == []
    answer = api.post(f"{PATH}/batch?partial=true", json={"items": items})
    data = answer.json()["data"]
    assert answer.status_code == 207
    assert [row["status"] for row in data] == [201, 422, 409, 422, 422, 422, 201]
    assert [row["problem"] and row["problem"]["code"] for row in data] == [
        None,
        "validation_failed",
        "survey_inactive",
        "unknown_customer",
        "validation_failed",
        "validation_failed",
        None,
    ]
    assert [data[0]["invitation"], data[6]["invitation"]] == sorted(
        everything(api), key=lambda row: row["id"]
    )
    assert {row["survey_id"] for row in everything(api)} == {survey_id}


def test_the_number_of_statements_does_not_grow_with_the_batch(api: Api, client: TestClient) -> None:
    for number in range(20):
        made(api, external_ids=[{"system": "crm", "key": f"C-{number}"}])
        recorded(api, "surveys", survey_body(code=f"s{number}"))
    buys = [
        recorded(api, "transactions", transaction_body(customer={"system": "crm", "key": f"C-{number}"}))[
            "id"
        ]
        for number in range(20)
    ]
    statements: list[str] = []
    client.app.state.services.store.on_statement(statements.append)  # type: ignore[attr-defined]

    def count(number: int) -> int:
        items = [
            invite(
                survey_code=f"s{n % 20}",
                customer={"system": "crm", "key": f"C-{n % 20}"},
                transaction_id=buys[n % 20],
            )
            for n in range(number)
        ]
        statements.clear()
        assert api.post(f"{PATH}/batch", json={"items": items}).status_code == 201
        return len(statements)

    count(1)
    assert count(1000) == count(2)


# --- lists


@pytest.mark.usefixtures("customer_id")
def test_filters_add_up(api: Api, survey_id: str, customer_id: str) -> None:
    other = recorded(api, "surveys", survey_body(code="other"))["id"]
    rows = [
        invited(api, invited_at="2026-01-01T00:00:00Z"),
        invited(api, invited_at="2026-01-02T00:00:00Z", customer=None),
        invited(api, invited_at="2026-01-03T00:00:00Z", survey_code="other"),
        invited(api, invited_at="2026-01-03T00:00:00Z"),
    ]
    response = {"invitation_id": rows[3]["id"], "answers": [{"question": "recommend", "number": 9}]}
    recorded(api, "survey-responses", response)

    def found(**filters: Any) -> list[int]:
        ids = [row["id"] for row in rows]
        data = api.get(PATH, params={"sort": "invited_at", **filters}).json()["data"]
        return [ids.index(row["id"]) for row in data]

    assert found() == [0, 1, 2, 3]
    assert found(sort="-invited_at") == [3, 2, 1, 0]
    assert found(survey_id=survey_id) == [0, 1, 3]
    assert found(survey_id=other) == [2]
    assert found(customer_id=customer_id) == [0, 2, 3]
    assert found(answered="true") == [3]
    assert found(answered="false") == [0, 1, 2]
    assert found(invited_from="2026-01-02T00:00:00Z", invited_before="2026-01-03T00:00:00Z") == [1]
    first = api.get(PATH, params={"limit": 3}).json()
    rest = api.get(PATH, params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert len({row["id"] for row in first["data"] + rest["data"]}) == 4
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("query", ["answered=1", "survey=delivery", "sort=id", "customer_id=1", "limit=201"])
def test_a_filter_that_cannot_be_meant_is_refused(api: Api, query: str) -> None:
    assert api.get(f"{PATH}?{query}").status_code == 422


def test_unknown_and_unreadable_ids_are_not_found(api: Api) -> None:
    for named in (NOBODY, "1"):
        assert api.get(f"{PATH}/{named}").status_code == 404


# --- who may see what


def test_reading_and_writing_need_their_scopes(api_with: Callable[..., Api], survey_id: str) -> None:
    reader, writer = api_with(Scope.SURVEYS_READ), api_with(Scope.SURVEYS_WRITE)
    problem(reader.post(PATH, json=invite(customer=None)), 403, "insufficient_scope")
    problem(writer.get(PATH), 403, "insufficient_scope")
    row = invited(writer, customer=None)
    assert reader.get(f"{PATH}/{row['id']}").json() == row


@pytest.mark.usefixtures("survey_id")
def test_a_key_of_another_unit_sees_nothing_and_cannot_tell(
    api: Api, api_with: Callable[..., Api], customer_id: str
) -> None:
    row = invited(api)
    own, other = api_with(units=("izmir",)), api_with(units=("ankara", "bursa"))
    assert own.get(f"{PATH}/{row['id']}").json() == row
    hidden, missing = other.get(f"{PATH}/{row['id']}"), other.get(f"{PATH}/{NOBODY}")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json()["detail"] == missing.json()["detail"]
    for filters in ({}, {"customer_id": customer_id}, {"answered": "false"}):
        assert other.get(PATH, params=filters).json()["data"] == []
    for naming in ({}, {"customer": None, "customer_id": customer_id}):
        problem(other.post(PATH, json=invite(**naming)), 422, "unknown_customer")
    buy = recorded(api, "transactions", transaction_body())["id"]
    about = other.post(PATH, json=invite(customer=None, unit="ankara", transaction_id=buy))
    assert wrong(about) == [("/transaction_id", "unknown_transaction")]
    assert everything(api) == [row]


@pytest.mark.usefixtures("survey_id")
def test_what_is_nobodys_is_seen_by_its_unit(api: Api, api_with: Callable[..., Api]) -> None:
    one, two = api_with(units=("izmir",)), api_with(units=("izmir", "ankara"))
    row = invited(one, customer=None)  # of the only unit there is
    assert row["unit"] == "izmir"
    assert one.get(f"{PATH}/{row['id']}").json() == row
    assert wrong(two.post(PATH, json=invite(customer=None))) == [("/unit", "unit_not_allowed")]
    assert wrong(one.post(PATH, json=invite(customer=None, unit="baki"))) == [("/unit", "unit_not_allowed")]
    elsewhere = invited(two, customer=None, unit="ankara")
    assert one.get(f"{PATH}/{elsewhere['id']}").status_code == 404
    call = recorded(api, "interactions", interaction_body(customer=None, unit="izmir"))
    assert invited(two, customer=None, interaction_id=call["id"])["unit"] == "izmir"
    assert invited(api, customer=None)["unit"] is None
