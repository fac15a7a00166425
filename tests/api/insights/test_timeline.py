"""Everything that happened to a customer over HTTP, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import factories
import pytest
import record_rows as rows
from support import Api, made, pointers, problem, selects

from app.domain.common.access import Actor, Scope
from app.schemas.insights.timeline import TimelineKind
from app.store.engine import Store
from app.store.tables import (
    Complaint,
    ComplaintEvent,
    Interaction,
    Survey,
    SurveyAnswer,
    SurveyInvitation,
    SurveyResponse,
    Transaction,
)
from app.store.types import new_id, now

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOWHERE = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10"
SCOPES = (
    Scope.CUSTOMERS_READ,
    Scope.TRANSACTIONS_READ,
    Scope.INTERACTIONS_READ,
    Scope.COMPLAINTS_READ,
    Scope.SURVEYS_READ,
)
Row = dict[str, Any]


def url(customer_id: Any) -> str:
    return f"/v1/customers/{customer_id}/timeline"


def after_noon(**span: float) -> datetime:
    return NOON + timedelta(**span)


@pytest.fixture
def customer_id(store: Store, actor: Actor) -> UUID:
    """A customer of the unit izmir."""
    return store.write_sync(factories.customer, actor, "Ayşe Yılmaz", unit="izmir")


def everything(api: Api, customer_id: Any, **params: Any) -> list[Row]:
    """All entries, page by page."""
    found: list[Row] = []
    target, first = url(customer_id), {**params}
    while target:
        answer = api.get(target, params=first or None)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["data"]) <= params.get("limit", 50)
        found += page["data"]
        target, first = answer.headers.get("Link", "").removeprefix("<").partition(">")[0], {}
        assert bool(target) == page["has_more"]
    return found


# --- what is told


def test_each_kind_is_told_in_its_own_members(
    api: Api, store: Store, actor: Actor, customer_id: UUID
) -> None:
    survey = rows.survey()
    call = rows.interaction(
        customer_id,
        after_noon(minutes=1),
        topic="delivery",
        agent="ayse.k",
        unit="izmir",
        purpose="question",
        phase="after",
        disposition="resolved",
        sentiment="neutral",
        resolved_on_first_contact=True,
        ended_at=after_noon(minutes=4),
    )
    complaint = rows.complaint(customer_id, after_noon(minutes=2), number="FA9C-T7KY", unit="izmir")
    event = rows.complaint_event(complaint, 1, after_noon(minutes=2), note="Asked for the parcel's number.")
    asked = rows.invitation(survey, customer_id, after_noon(minutes=3), channel="email")
    answered = rows.response(survey, customer_id, after_noon(minutes=5), channel="email", agent="ayse.k")
    answers = [
        rows.answer(answered, "recommend", number=9),
        rows.answer(answered, "why", kind="text", text="quick", scale_min=None, scale_max=None),
    ]
    store.write_sync(factories.purchases, actor, customer_id, [-1230], at=NOON, kind="refund")
    for table, row in (
        (Survey, [survey]),
        (Interaction, [call]),
        (Complaint, [complaint]),
        (ComplaintEvent, [event]),
        (SurveyInvitation, [asked]),
        (SurveyResponse, [answered]),
        (SurveyAnswer, answers),
    ):
        store.write_sync(rows.store, actor, table, row)
    blank = {
        "channel": None,
        "agent": None,
        "unit": None,
        "title": None,
        **dict.fromkeys(("transaction", "interaction", "complaint", "survey", "compensation", "promise")),
    }
    found = everything(api, customer_id)
    assert [entry.pop("id") for entry in found[:4]] == [
        str(row["id"]) for row in (answered, asked, complaint, call)
    ]
    refund = found[4].pop("id")
    assert found == [
        {
            **blank,
            "at": "2026-03-10T12:05:00Z",
            "kind": "survey_response",
            "href": f"/v1/survey-responses/{answered['id']}",
            "title": "after-call",
            "channel": "email",
            "agent": "ayse.k",
            "survey": {
                "survey_id": str(survey["id"]),
                "scores": [
                    {"question": "recommend", "kind": "nps", "scale": {"min": 0, "max": 10}, "number": 9}
                ],
            },
        },
        {
            **blank,
            "at": "2026-03-10T12:03:00Z",
            "kind": "survey_invitation",
            "href": f"/v1/survey-invitations/{asked['id']}",
            "title": "after-call",
            "channel": "email",
            "survey": {"survey_id": str(survey["id"]), "scores": []},
        },
        {
            **blank,
            "at": "2026-03-10T12:02:00Z",
            "kind": "complaint",
            "href": f"/v1/complaints/{complaint['id']}",
            "title": "Late delivery",
            "channel": "phone",
            "unit": "izmir",
            "complaint": {
                "number": "FA9C-T7KY",
                "event": "received",
                "state": "open",
                "owner": "ayse.k",
                "severity": "normal",
                "time_unknown": False,
            },
        },
        {
            **blank,
            "at": "2026-03-10T12:01:00Z",
            "kind": "interaction",
            "href": f"/v1/interactions/{call['id']}",
            "title": "delivery",
            "channel": "phone",
            "agent": "ayse.k",
            "unit": "izmir",
            "interaction": {
                "direction": "inbound",
                "purpose": "question",
                "phase": "after",
                "disposition": "resolved",
                "sentiment": "neutral",
                "resolved_on_first_contact": True,
                "ended_at": "2026-03-10T12:04:00Z",
            },
        },
        {
            **blank,
            "at": "2026-03-10T12:00:00Z",
            "kind": "transaction",
            "href": f"/v1/transactions/{refund}",
            "transaction": {"kind": "refund", "amount": {"amount": "12.30", "currency": "TRY"}},
        },
    ]


def test_what_is_recorded_over_http_is_told_and_can_be_opened(api: Api) -> None:
    customer = made(api, external_ids=[{"system": "crm", "key": "C-1"}])
    assert api.get(url(customer["id"])).json() == {"data": [], "next_cursor": None, "has_more": False}
    sale = api.post("/v1/transactions", json=factories.transaction_body(category="shoes")).json()
    call = {
        "customer_id": customer["id"],
        "channel": "phone",
        "direction": "inbound",
        "started_at": "2026-11-23T09:31:00Z",
    }
    contact = api.post("/v1/interactions", json=call).json()
    found = everything(api, customer["id"])
    assert [(entry["kind"], entry["id"], entry["title"]) for entry in found] == [
        ("interaction", contact["id"], None),
        ("transaction", sale["id"], "shoes"),
    ]
    assert [api.get(entry["href"]).json()["id"] for entry in found] == [contact["id"], sale["id"]]


# --- pages


@pytest.fixture
def history(store: Store, actor: Actor, customer_id: UUID) -> list[tuple[str, str, str]]:
    """Thousands of events of a customer at few instants, in the order of the list, among those of another:
    ``(at, kind, id)``."""
    other = store.write_sync(factories.customer, actor, "Somebody else")
    survey = rows.survey()
    stored: dict[Any, list[Row]] = {Survey: [survey]}
    events = []

    def at(number: int) -> datetime:
        return NOON + timedelta(microseconds=number % 7 if number % 3 else number)

    def note(table: Any, kind: TimelineKind, row: Row, happened: datetime, step: int = 0) -> None:
        stored.setdefault(table, []).append(row)
        if row["customer_id"] == customer_id:
            id_ = row["complaint_id"] if step else row["id"]
            events.append((happened, list(TimelineKind).index(kind), id_, step, kind.value))

    for number in range(3000):
        whose, happened = (other if number % 5 == 0 else customer_id), at(number)
        if number % 4 == 0:
            note(Interaction, TimelineKind.INTERACTION, rows.interaction(whose, happened), happened)
        elif number % 4 == 1:
            complaint = rows.complaint(whose, happened)
            stored.setdefault(Complaint, []).append(complaint)
            for step in (1, 2, 3):
                event = rows.complaint_event(complaint, step, happened)
                note(ComplaintEvent, TimelineKind.COMPLAINT, event, happened, step)
        elif number % 4 == 2:
            asked = rows.invitation(survey, whose, happened)
            note(SurveyInvitation, TimelineKind.SURVEY_INVITATION, asked, happened)
            answered = rows.response(survey, whose, happened)
            note(SurveyResponse, TimelineKind.SURVEY_RESPONSE, answered, happened)
        else:
            sale = {
                "id": new_id(),
                "customer_id": whose,
                "source": "test",
                "external_id": str(number),
                "kind": "purchase",
                "amount_minor": number,
                "currency": "TRY",
                "occurred_at": happened,
                "recorded_at": now(),
            }
            note(Transaction, TimelineKind.TRANSACTION, sale, happened)
    for table, given in stored.items():
        store.write_sync(rows.store, actor, table, given)
    events.sort(key=lambda event: (event[0], event[1], event[2].bytes, event[3]), reverse=True)
    return [(event[0].isoformat(), event[4], str(event[2])) for event in events]


def told(entries: list[Row]) -> list[tuple[str, str, str]]:
    return [
        (datetime.fromisoformat(entry["at"]).isoformat(), entry["kind"], entry["id"]) for entry in entries
    ]


def test_pages_go_through_thousands_of_events_without_gap_or_repetition(
    api: Api, customer_id: UUID, history: list[tuple[str, str, str]]
) -> None:
    assert len(history) > 3000
    assert told(everything(api, customer_id, limit=200)) == history
    short = history[-600:]
    before = (datetime.fromisoformat(short[0][0]) + timedelta(microseconds=1)).isoformat()
    expected = [event for event in history if event[0] < before]
    assert told(everything(api, customer_id, limit=7, occurred_before=before)) == expected


def test_kinds_and_times_can_be_chosen(
    api: Api, customer_id: UUID, history: list[tuple[str, str, str]]
) -> None:
    for kinds in (["complaint"], ["interaction", "survey_response"]):
        expected = [event for event in history if event[1] in kinds]
        assert told(everything(api, customer_id, limit=150, kind=kinds)) == expected
    start, end = after_noon(microseconds=3).isoformat(), after_noon(microseconds=6).isoformat()
    window = {"occurred_from": start, "occurred_before": end}
    expected = [event for event in history if start <= event[0] < end]
    assert told(everything(api, customer_id, limit=190, **window)) == expected
    assert {event[0] for event in expected} == {
        after_noon(microseconds=number).isoformat() for number in (3, 4, 5)
    }


@pytest.mark.usefixtures("history")
def test_a_page_takes_three_statements_wherever_it_lies(api: Api, customer_id: UUID) -> None:
    counted = selects(api)
    page = api.get(url(customer_id), params={"kind": "transaction", "limit": 100}).json()
    first = len(counted)
    api.get(url(customer_id), params={"kind": "transaction", "limit": 100, "cursor": page["next_cursor"]})
    assert (first, len(counted) - first) == (3, 3)  # the key, the customer, what happened
    counted.clear()
    api.get(url(customer_id))
    assert len(counted) == 4  # and the scores of survey responses


def test_a_cursor_belongs_to_its_customer_and_its_filters(
    api: Api, customer_id: UUID, history: list[tuple[str, str, str]]
) -> None:
    assert history
    cursor = api.get(url(customer_id), params={"limit": 1}).json()["next_cursor"]
    other = made(api)
    problem(api.get(url(other["id"]), params={"cursor": cursor}), 422, "invalid_cursor")
    answer = api.get(url(customer_id), params={"cursor": cursor, "kind": "complaint"})
    problem(answer, 422, "invalid_cursor")


# --- what is refused, and who may see what


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"kind": "gossip"}, "kind"),
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"occurred_from": "yesterday"}, "occurred_from"),
        ({"occurred_before": "0001-01-01T00:00:00+14:00"}, "occurred_before"),
        ({"from": "2026-01-01T00:00:00Z"}, "from"),
    ],
)
def test_a_wrong_question_is_refused(
    api: Api, customer_id: UUID, params: dict[str, Any], pointer: str
) -> None:
    assert pointers(api.get(url(customer_id), params=params)) == [pointer]


def test_a_customer_who_is_not_there_or_not_seen_has_no_timeline(
    api: Api, api_with: Callable[..., Api], customer_id: UUID
) -> None:
    api.post("/v1/transactions", json=factories.transaction_body(customer=None, customer_id=str(customer_id)))
    own, other = api_with(*SCOPES, units=("izmir",)), api_with(*SCOPES, units=("ankara",))
    assert len(everything(own, customer_id)) == 1
    hidden, missing = other.get(url(customer_id)), other.get(url(NOWHERE))
    for answer in (hidden, missing, api.get(url(NOWHERE))):
        problem(answer, 404, "not_found")
    assert hidden.json()["detail"] == missing.json()["detail"]
