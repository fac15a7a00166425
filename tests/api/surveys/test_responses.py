"""Survey responses over HTTP, on both databases: recording, answers, what they are about, who sees them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import factories
import pytest
from factories import complaint_body, interaction_body, question, survey_body, transaction_body
from factories import response_body as response
from sqlalchemy import select
from support import Api, made, problem

from app.domain.common.access import Actor, Scope
from app.schemas.surveys.responses import SurveyResponseCreate
from app.services.surveys import responses
from app.store.engine import Store
from app.store.tables import SurveyAnswer

PATH = "/v1/survey-responses"
NOBODY = str(uuid4())
NINE = {"question": "recommend", "number": 9}
ABOUT = {"channel": "phone", "agent": "ayse.k", "unit": "izmir", "phase": "after", "category": "shoes"}


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


def answered(api: Api, **members: Any) -> dict[str, Any]:
    return recorded(api, "survey-responses", response(**members))


def everything(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(PATH, params={"limit": 200}).json()["data"]
    return found


def wrong(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


# --- recording and reading


def test_nobody_has_answered_in_the_future(api: Api, customer_id: str, survey_id: str) -> None:
    refused = api.post("/v1/survey-responses", json=response(answered_at="2060-01-01T00:00:00Z"))
    assert wrong(refused) == [("/answered_at", "in_future")]
    ahead = (datetime.now(UTC) + timedelta(minutes=4)).isoformat()  # a clock that differs from ours
    assert answered(api, answered_at=ahead)["answered_at"][:16] == ahead[:16]


def test_a_response_reads_back_as_it_was_recorded(api: Api, customer_id: str, survey_id: str) -> None:
    answers = [
        {"question": "why", "choice": "speed"},
        {"question": "remark", "text": "  Hızlı geldi.\r\nSağ olun!\t:)\n"},
        {"question": "recommend", "number": 10},
        {"question": "delivery", "skipped": True},
    ]
    body = response(
        source="survey-tool",
        external_id="F-1",
        survey_version=1,
        language="tr",
        answered_at="2026-11-23T13:05:00+03:00",
        answers=answers,
        **ABOUT,
    )
    answer = api.post(PATH, json=body)
    assert answer.status_code == 201
    row = answer.json()
    assert answer.headers["Location"] == f"{PATH}/{row['id']}"
    assert "ETag" not in answer.headers
    assert api.get(answer.headers["Location"]).json() == row
    assert everything(api) == [row]
    assert row.pop("recorded_at") > "2026"
    empty = {"scale": None, "number": None, "choice": None, "text": None, "skipped": False, "excluded": None}
    assert row == {
        "id": row["id"],
        "survey_id": survey_id,
        "survey_version": 1,
        "invitation_id": None,
        "customer_id": customer_id,
        "source": "survey-tool",
        "external_id": "F-1",
        "interaction_id": None,
        "complaint_id": None,
        "transaction_id": None,
        **ABOUT,
        "language": "tr",
        "answered_at": "2026-11-23T10:05:00Z",
        "import_id": None,
        "answers": [
            {**empty, "question": "delivery", "kind": "csat", "scale": {"min": 1, "max": 5}, "skipped": True},
            {**empty, "question": "recommend", "kind": "nps", "scale": {"min": 0, "max": 10}, "number": 10},
            {**empty, "question": "remark", "kind": "text", "text": "Hızlı geldi.\nSağ olun!\t:)"},
            {**empty, "question": "why", "kind": "choice", "choice": "speed"},
        ],
    }


def test_the_survey_and_the_customer_are_named_in_either_way(
    api: Api, customer_id: str, survey_id: str
) -> None:
    rows = [
        answered(api),
        answered(api, survey_code=None, survey_id=survey_id, customer=None, customer_id=customer_id),
        answered(api, customer=None),
    ]
    assert {row["survey_id"] for row in rows} == {survey_id}
    assert [row["customer_id"] for row in rows] == [customer_id, customer_id, None]
    assert rows[0]["answered_at"] == rows[0]["recorded_at"]
    assert [row["source"] for row in rows] == ["api"] * 3


def test_answers_keep_what_indices_need(store: Store, api: Api, customer_id: str, survey_id: str) -> None:
    row = answered(api, answers=[NINE, {"question": "delivery", "skipped": True}])
    read = select(
        SurveyAnswer.question,
        SurveyAnswer.kind,
        SurveyAnswer.customer_id,
        SurveyAnswer.scale_min,
        SurveyAnswer.scale_max,
        SurveyAnswer.number,
        SurveyAnswer.answered_at,
    ).order_by(SurveyAnswer.question)
    found = store.read_sync(lambda tx: [tuple(one) for one in tx.execute(read)])
    [at] = {one[-1] for one in found}
    assert at.isoformat().removesuffix("+00:00") == row["answered_at"].removesuffix("Z")
    assert [one[:-1] for one in found] == [
        ("delivery", "csat", UUID(customer_id), 1, 5, None),
        ("recommend", "nps", UUID(customer_id), 0, 10, 9),
    ]


@pytest.mark.usefixtures("customer_id", "survey_id")
@pytest.mark.parametrize(
    ("answers", "problems"),
    [
        ([], [("/answers", "too_short")]),
        ([{"question": "recommend", "number": 11}], [("/answers/0/number", "outside_scale")]),
        ([{"question": "recommend", "number": -1}], [("/answers/0/number", "outside_scale")]),
        ([{"question": "recommend", "number": 101}], [("/answers/0/number", "less_than_equal")]),
        ([{"question": "recommend", "number": 9.5}], [("/answers/0/number", "int_type")]),
        ([{"question": "recommend", "number": "9"}], [("/answers/0/number", "int_type")]),
        ([{"question": "recommend", "number": True}], [("/answers/0/number", "int_type")]),
        ([{"question": "recommend", "text": "9"}], [("/answers/0/text", "other_member")]),
        ([{"question": "recommend", "skipped": True}], [("/answers/0/skipped", "required")]),
        ([{"question": "recommend"}], [("/answers/0", "one_answer")]),
        ([{**NINE, "skipped": True}], [("/answers/0", "one_answer")]),
        ([{**NINE, "value": 9}], [("/answers/0/value", "extra_forbidden")]),
        ([NINE, NINE], [("/answers/1/question", "answered_twice")]),
        ([NINE, {"question": "price", "number": 1}], [("/answers/1/question", "unknown_question")]),
        ([NINE, {"question": "why", "choice": "colour"}], [("/answers/1/choice", "unknown_choice")]),
        ([NINE, {"question": "remark", "text": " \n "}], [("/answers/1/text", "string_pattern_mismatch")]),
        ([NINE, {"question": "remark", "text": "x" * 4001}], [("/answers/1/text", "string_too_long")]),
        (
            [{"question": "delivery", "number": 6}, {"question": "why", "number": 1}],
            [
                ("/answers/0/number", "outside_scale"),
                ("/answers/1/number", "other_member"),
                ("/answers", "missing_answer"),
            ],
        ),
    ],
)
def test_answers_that_do_not_fit_are_refused(
    api: Api, answers: list[Any], problems: list[tuple[str, str]]
) -> None:
    assert wrong(api.post(PATH, json=response(answers=answers))) == problems
    assert everything(api) == []


def test_refusals_are_told_in_the_callers_language(api: Api, survey_id: str) -> None:
    body = response(customer=None, answers=[{"question": "recommend", "number": 11}])
    answer = api.post(PATH, json=body, headers={"Accept-Language": "az"})
    assert answer.json()["errors"][0]["detail"] == "0 ilə 10 arası gözlənilir."


@pytest.mark.usefixtures("customer_id", "survey_id")
@pytest.mark.parametrize(
    ("members", "problems"),
    [
        ({"survey_code": None}, [("", "which_survey")]),
        ({"survey_id": NOBODY}, [("", "one_survey")]),
        ({"survey_code": "other"}, [("/survey_code", "unknown_survey")]),
        ({"survey_code": None, "survey_id": NOBODY}, [("/survey_id", "unknown_survey")]),
        ({"survey_version": 2}, [("/survey_version", "unknown_survey_version")]),
        ({"survey_version": 0}, [("/survey_version", "greater_than_equal")]),
        ({"invitation_id": NOBODY}, [("/invitation_id", "unknown_invitation")]),
        ({"customer_id": NOBODY}, [("", "one_customer")]),
        ({"customer": None, "create_missing": True}, [("", "create_missing")]),
        ({"interaction_id": NOBODY, "complaint_id": NOBODY}, [("", "one_subject")]),
        ({"interaction_id": NOBODY}, [("/interaction_id", "unknown_interaction")]),
        ({"complaint_id": NOBODY}, [("/complaint_id", "unknown_complaint")]),
        ({"transaction_id": NOBODY}, [("/transaction_id", "unknown_transaction")]),
        ({"language": "turkish"}, [("/language", "string_too_long")]),
        ({"answered_at": "2026-11-23T10:00:00"}, [("/answered_at", "instant_format")]),
        ({"version": 1}, [("/version", "extra_forbidden")]),
    ],
)
def test_responses_that_cannot_be_meant_are_refused(
    api: Api, members: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    assert wrong(api.post(PATH, json=response(**members))) == problems
    assert everything(api) == []


@pytest.mark.usefixtures("customer_id", "survey_id")
def test_a_response_is_recorded_once(api: Api) -> None:
    body = response(external_id="F-1")
    first = recorded(api, "survey-responses", body)
    problem(api.post(PATH, json=body), 409, "response_exists")
    assert api.get("/problems/response_exists").status_code == 200
    answered(api, external_id="F-1", source="other")
    assert [answered(api)["external_id"] for _ in range(2)] == [None, None]
    assert len(everything(api)) == 4
    assert api.get(PATH, params={"external_id": "api:F-1"}).json()["data"] == [first]


@pytest.mark.usefixtures("customer_id", "survey_id")
def test_an_idempotency_key_records_one(api: Api) -> None:
    first, again = (api.post(PATH, json=response(), headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(everything(api)) == 1


def test_a_survey_out_of_use_takes_no_response(api: Api, customer_id: str, survey_id: str) -> None:
    assert api.patch(f"/v1/surveys/{survey_id}", json={"is_active": False}).status_code == 200
    problem(api.post(PATH, json=response()), 409, "survey_inactive")
    assert everything(api) == []


@pytest.mark.usefixtures("customer_id")
def test_old_answers_keep_their_version(api: Api, survey_id: str) -> None:
    first = answered(api)
    asked = {"questions": [question("recommend", "rating", scale={"min": 1, "max": 5})]}
    assert api.post(f"/v1/surveys/{survey_id}/versions", json=asked).status_code == 201
    assert api.get(f"{PATH}/{first['id']}").json() == first
    newest = answered(api, answers=[{"question": "recommend", "number": 5}])
    assert (newest["survey_version"], newest["answers"][0]["kind"]) == (2, "rating")
    late = answered(api, survey_version=1)
    assert (late["survey_version"], late["answers"]) == (1, first["answers"])
    assert wrong(api.post(PATH, json=response())) == [("/answers/0/number", "outside_scale")]


# --- whose it is, and what it is about


@pytest.mark.usefixtures("survey_id")
def test_a_missing_customer_is_created_when_asked(api: Api, api_with: Callable[..., Api]) -> None:
    problem(api.post(PATH, json=response()), 422, "unknown_customer")
    limited = api_with(Scope.SURVEYS_WRITE)
    problem(limited.post(PATH, json=response(create_missing=True)), 403, "insufficient_scope")
    row = answered(api, create_missing=True)
    customer = api.get(f"/v1/customers/{row['customer_id']}").json()
    assert customer["external_ids"] == [{"system": "crm", "key": "C-1"}]
    assert answered(api, create_missing=True)["customer_id"] == row["customer_id"]


def test_a_refused_response_creates_no_customer(api: Api, customer_id: str, survey_id: str) -> None:
    new = {"customer": {"system": "crm", "key": "C-9"}, "create_missing": True}
    buy = recorded(api, "transactions", transaction_body())["id"]
    outside = [{"question": "recommend", "number": 11}]
    assert wrong(api.post(PATH, json=response(**new, answers=outside))) == [
        ("/answers/0/number", "outside_scale")
    ]
    # Whoever is to be created cannot have bought anything.
    assert wrong(api.post(PATH, json=response(**new, transaction_id=buy))) == [
        ("/transaction_id", "other_customer")
    ]
    assert [row["id"] for row in api.get("/v1/customers").json()["data"]] == [customer_id]
    assert everything(api) == []


@pytest.mark.usefixtures("customer_id", "survey_id")
def test_what_is_left_out_comes_from_what_it_is_about(api: Api) -> None:
    call = recorded(
        api, "interactions", interaction_body(channel="chat", agent="ali.v", unit="baki", phase="during")
    )
    buy = recorded(api, "transactions", transaction_body(channel="web", category="bags"))
    complaint = recorded(
        api, "complaints", complaint_body(channel="email", unit="ankara", category="delivery")
    )

    def about(**members: Any) -> tuple[Any, ...]:
        row = answered(api, **members)
        return tuple(row[member] for member in ABOUT)

    assert about() == (None, None, None, None, None)
    assert about(interaction_id=call["id"]) == ("chat", "ali.v", "baki", "during", None)
    assert about(transaction_id=buy["id"]) == ("web", None, None, None, "bags")
    assert about(complaint_id=complaint["id"]) == ("email", None, "ankara", None, "delivery")
    assert about(interaction_id=call["id"], **ABOUT) == tuple(ABOUT.values())
    assert about(customer=None, interaction_id=call["id"])[0] == "chat"


@pytest.mark.usefixtures("customer_id", "survey_id")
def test_what_it_is_about_belongs_to_the_same_customer(api: Api) -> None:
    made(api, "Mehmet", external_ids=[{"system": "crm", "key": "C-2"}])
    theirs = {"customer": {"system": "crm", "key": "C-2"}}
    for member, resource, body in (
        ("interaction_id", "interactions", interaction_body(**theirs)),
        ("transaction_id", "transactions", transaction_body(**theirs)),
        ("complaint_id", "complaints", complaint_body(**theirs)),
    ):
        about = {member: recorded(api, resource, body)["id"]}
        assert wrong(api.post(PATH, json=response(**about))) == [(f"/{member}", "other_customer")]
        assert answered(api, **theirs, **about)[member] == about[member]
        assert answered(api, customer=None, **about)["customer_id"] is None


# --- lists


def test_filters_add_up(api: Api, customer_id: str, survey_id: str) -> None:
    other = recorded(api, "surveys", survey_body(code="other"))["id"]
    call = recorded(api, "interactions", interaction_body())["id"]
    buy = recorded(api, "transactions", transaction_body())["id"]
    complaint = recorded(api, "complaints", complaint_body())["id"]
    asked = {"survey_code": "delivery", "invited_at": "2026-01-04T00:00:00Z"}
    invitation = recorded(api, "survey-invitations", asked)["id"]
    rows = [
        answered(api, interaction_id=call, answered_at="2026-01-01T00:00:00Z"),
        answered(api, transaction_id=buy, agent="ali v", answered_at="2026-01-02T00:00:00Z"),
        answered(api, complaint_id=complaint, unit="baki", answered_at="2026-01-03T00:00:00Z"),
        answered(api, invitation_id=invitation, customer=None, answered_at="2026-01-04T00:00:00Z"),
        answered(
            api,
            survey_code="other",
            channel="app",
            source="tool",
            external_id="F 1",
            answered_at="2026-01-05T00:00:00Z",
        ),
    ]

    def found(**filters: Any) -> list[int]:
        ids = [row["id"] for row in rows]
        data = api.get(PATH, params={"sort": "answered_at", **filters}).json()["data"]
        return [ids.index(row["id"]) for row in data]

    assert found() == [0, 1, 2, 3, 4]
    assert found(sort="-answered_at") == [4, 3, 2, 1, 0]
    assert found(survey_id=survey_id) == found(survey_code="delivery") == [0, 1, 2, 3]
    assert found(survey_code="other") == found(survey_id=other) == [4]
    assert found(survey_code="nothing") == []
    assert found(customer_id=customer_id) == [0, 1, 2, 4]
    assert found(invitation_id=invitation) == [3]
    assert found(interaction_id=call) == [0]
    assert found(transaction_id=buy) == [1]
    assert found(complaint_id=complaint) == [2]
    assert found(agent="ali v") == [1]
    assert found(unit="baki") == [2]
    assert found(channel="app") == [4]
    assert found(external_id="tool:F 1") == [4]
    assert found(external_id="api:F 1") == []
    assert found(answered_from="2026-01-02T00:00:00Z", answered_before="2026-01-04T00:00:00Z") == [1, 2]
    assert found(channel="app", survey_code="delivery") == []


@pytest.mark.parametrize(
    "query", ["survey=delivery", "sort=id", "external_id=F1", "answered_from=2026-01-01", "invitation_id=1"]
)
def test_a_filter_that_cannot_be_meant_is_refused(api: Api, query: str) -> None:
    assert api.get(f"{PATH}?{query}").status_code == 422


@pytest.mark.usefixtures("customer_id", "survey_id")
@pytest.mark.parametrize("sort", ["answered_at", "-answered_at"])
def test_pages_run_through_equal_instants_without_loss(api: Api, sort: str) -> None:
    items = [response(answered_at=f"2026-01-0{1 + number % 2}T00:00:00Z") for number in range(9)]
    assert api.post(f"{PATH}/batch", json={"items": items}).status_code == 201
    seen: list[dict[str, Any]] = []
    target = f"{PATH}?limit=2&sort={sort}"
    while target:
        answer = api.get(target)
        seen += answer.json()["data"]
        target = answer.headers.get("Link", "").removeprefix("<").partition(">")[0]
    assert len({row["id"] for row in seen}) == len(seen) == 9
    order = [(row["answered_at"], row["id"]) for row in seen]
    assert order == sorted(order, reverse=sort.startswith("-"))


def test_unknown_and_unreadable_ids_are_not_found(api: Api) -> None:
    for named in (NOBODY, "1"):
        assert api.get(f"{PATH}/{named}").status_code == 404


# --- who may see what


@pytest.mark.usefixtures("survey_id")
def test_reading_and_writing_need_their_scopes(api_with: Callable[..., Api]) -> None:
    reader, writer = api_with(Scope.SURVEYS_READ), api_with(Scope.SURVEYS_WRITE)
    problem(reader.post(PATH, json=response(customer=None)), 403, "insufficient_scope")
    problem(writer.get(PATH), 403, "insufficient_scope")
    row = answered(writer, customer=None)
    assert reader.get(f"{PATH}/{row['id']}").json() == row


@pytest.mark.usefixtures("survey_id")
def test_a_key_of_another_unit_sees_nothing_and_cannot_tell(
    api: Api, api_with: Callable[..., Api], customer_id: str
) -> None:
    invitation = recorded(api, "survey-invitations", {"survey_code": "delivery", "customer_id": customer_id})
    buy = recorded(api, "transactions", transaction_body())["id"]
    row = answered(api, external_id="F-1", transaction_id=buy)
    own, other = api_with(units=("izmir",)), api_with(units=("ankara", "bursa"))
    assert own.get(f"{PATH}/{row['id']}").json() == row
    assert own.get(PATH).json()["data"] == [row]
    hidden, missing = other.get(f"{PATH}/{row['id']}"), other.get(f"{PATH}/{NOBODY}")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json()["detail"] == missing.json()["detail"]
    for filters in ({}, {"customer_id": customer_id}, {"external_id": "api:F-1"}, {"transaction_id": buy}):
        assert other.get(PATH, params=filters).json()["data"] == []
    for naming in ({}, {"customer": None, "customer_id": customer_id}):
        problem(other.post(PATH, json=response(**naming)), 422, "unknown_customer")
    nobodys = {"customer": None, "unit": "ankara"}
    for member, theirs in (("transaction_id", buy), ("invitation_id", invitation["id"])):
        foreign = other.post(PATH, json=response(**nobodys, **{member: theirs}))
        unknown = other.post(PATH, json=response(**nobodys, **{member: NOBODY}))
        assert wrong(foreign) == wrong(unknown) == [(f"/{member}", f"unknown_{member[:-3]}")]
    assert everything(api) == [row]
    assert api.get(f"/v1/survey-invitations/{invitation['id']}").json() == invitation


@pytest.mark.usefixtures("survey_id")
def test_what_is_nobodys_is_seen_by_its_unit(api: Api, api_with: Callable[..., Api]) -> None:
    one, two = api_with(units=("izmir",)), api_with(units=("izmir", "ankara"))
    row = answered(one, customer=None)  # of the only unit there is
    assert row["unit"] == "izmir"
    assert one.get(f"{PATH}/{row['id']}").json() == row
    assert wrong(two.post(PATH, json=response(customer=None))) == [("/unit", "unit_not_allowed")]
    assert wrong(one.post(PATH, json=response(customer=None, unit="baki"))) == [("/unit", "unit_not_allowed")]
    elsewhere = answered(two, customer=None, unit="ankara")
    assert one.get(f"{PATH}/{elsewhere['id']}").status_code == 404
    assert answered(one, create_missing=True)["unit"] is None  # whose it is says who sees it
    assert answered(api, customer=None)["unit"] is None


def test_what_a_service_returns_fits_the_schema(store: Store, actor: Actor) -> None:
    store.write_sync(factories.survey, actor)
    body = SurveyResponseCreate.model_validate(response(create_missing=True))
    row = store.write_sync(responses.create, actor, body)
    assert store.read_sync(responses.get, actor, row["id"]) == row
