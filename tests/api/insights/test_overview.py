"""One customer at a glance over HTTP, on both databases."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import factories
import pytest
import record_rows as rows
from record_rows import score
from support import Api, made, problem, selects

from app.domain.churn.inputs.customer_facts import COLUMNS, Baselines
from app.domain.churn.inputs.purchase_history import Rhythm
from app.domain.common.access import Actor, Scope
from app.domain.common.days import day_number
from app.store.engine import Store
from app.store.tables import Complaint, Interaction

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOWHERE = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10"
SCOPES = (Scope.CUSTOMERS_READ, Scope.INTERACTIONS_READ, Scope.COMPLAINTS_READ)
IDENTITY = {
    "kind": "organisation",
    "name": "Işık Ticaret A.Ş.",
    "language": "az",
    "unit": "izmir",
    "tags": ["vip"],
    "external_ids": [{"system": "crm", "key": "C-1"}],
    "customer_since_on": "2024-09-01",
    "preferred_channel": "phone",
    "preferred_hours": {"start": "09:00", "end": "12:00"},
    "do_not_contact": ["email", "visit"],
    "contract": {"started_on": "2025-03-01", "ends_on": "2027-02-28", "notice_given_on": None},
}


def url(customer_id: Any) -> str:
    return f"/v1/customers/{customer_id}/overview"


@pytest.fixture
def customer(api: Api) -> dict[str, Any]:
    """A customer of whom everything is told."""
    return made(api, **IDENTITY)


def test_a_new_customer_has_no_standing_yet(api: Api) -> None:
    row = made(api)
    answer = api.get(url(row["id"]))
    assert answer.status_code == 200
    found = answer.json()
    assert (found["open_complaints_count"], found["open_complaints"], found["last_interactions"]) == (
        0,
        [],
        [],
    )
    unknown = (
        "tier",
        "value",
        "next_tier_distance",
        "near_threshold",
        "satisfaction",
        "churn",
        "scored_as_of",
    )
    assert {name: found[name] for name in unknown} == dict.fromkeys(unknown)


def test_who_it_is_is_told_as_in_the_customer(api: Api, customer: dict[str, Any]) -> None:
    found = api.get(url(customer["id"])).json()
    shared = found.keys() & customer.keys()
    assert shared >= {*IDENTITY, "id", "lifecycle", "left_on", "left_reason", "tier", "churn"}
    assert {name: found[name] for name in shared} == {name: customer[name] for name in shared}
    assert {name: found[name] for name in IDENTITY} == IDENTITY


def test_what_the_current_run_says_is_told(
    api: Api, store: Store, actor: Actor, customer: dict[str, Any]
) -> None:
    answered = {"latest": 20.0, "answered_at": "2026-03-01T09:30:00Z", "n": 3}
    told = {"mean": 66.7, "trend": "falling", "change": -70.0, "statistic": -2.7987, "limit": 2.201}
    spreads = {"nps": {"factor": 0.2, "mean": 70.0}}
    steps = {"B": [[12445, -50]], "C": [[1, -50]]}
    store.write_sync(
        rows.run,
        actor,
        as_of=date(2026, 3, 11),
        currency="TRY",
        next_tier_steps=steps,
        answer_spreads=spreads,
    )
    store.write_sync(
        score,
        actor,
        UUID(customer["id"]),
        tier="B",
        value_minor=12345,
        near_threshold="A",
        satisfaction={"nps": {**answered, "earlier": 90.0, "squares": 200.0}},
        churn_level="watch",
        churn_percent=61,
        churn_model="mbg_nbd",
        value_at_risk_minor=7530,
    )
    standing = {
        "tier": "B",
        "value": {"amount": "123.45", "currency": "TRY"},
        "next_tier_distance": {"amount": "1.00", "currency": "TRY"},
        "near_threshold": "A",
        "satisfaction": {"nps": {**answered, **told}},
        "churn": {
            "level": "watch",
            "probability": 0.61,
            "reason": None,
            "model": "mbg_nbd",
            "dormant": False,
            "left_by": None,
            "return_share": None,
            "value_at_risk": {"amount": "75.30", "currency": "TRY"},
        },
        "scored_as_of": "2026-03-11",
    }
    read = api.get(f"/v1/customers/{customer['id']}").json()
    assert {name: read[name] for name in standing} == standing
    found = api.get(url(customer["id"])).json()
    assert found["churn"].pop("reasons") == []
    assert {name: found[name] for name in standing} == standing


def test_the_newest_open_complaints_are_listed_and_all_are_counted(
    api: Api, store: Store, actor: Actor, customer: dict[str, Any]
) -> None:
    customer_id = UUID(customer["id"])
    other = store.write_sync(factories.customer, actor)
    states = ["open", "acknowledged", "in_progress", "waiting_customer", "open", "open", "open"]
    open_ = [
        rows.complaint(customer_id, NOON + timedelta(hours=number), state=state, subject=f"No. {number}")
        for number, state in enumerate(states)
    ]
    done = [
        rows.complaint(customer_id, NOON + timedelta(days=1), state=state, resolved_at=NOON)
        for state in ("resolved", "confirmed", "closed")
    ]
    store.write_sync(rows.store, actor, Complaint, [*open_, *done, rows.complaint(other, NOON)])
    found = api.get(url(customer_id)).json()
    assert found["open_complaints_count"] == 7
    assert found["open_complaints"] == [
        {
            "id": str(row["id"]),
            "number": row["number"],
            "subject": row["subject"],
            "severity": "normal",
            "state": row["state"],
            "owner": "ayse.k",
            "received_at": row["received_at"].isoformat().replace("+00:00", "Z"),
        }
        for row in reversed(open_[2:])
    ]


def test_a_complaint_counts_while_it_waits_for_a_resolution(api: Api, customer: dict[str, Any]) -> None:
    body = {"customer_id": customer["id"], "subject": "Late", "owner": "ayse.k"}
    complaint = api.post("/v1/complaints", json=body).json()

    def numbers() -> list[str]:
        found = api.get(url(customer["id"])).json()
        assert found["open_complaints_count"] == len(found["open_complaints"])
        return [entry["number"] for entry in found["open_complaints"]]

    path = f"/v1/complaints/{complaint['id']}"
    assert numbers() == [complaint["number"]]
    for step, sent, counted in (
        ("acknowledgements", {}, True),
        ("resolutions", {"resolution": "Apologised."}, False),
        ("reopenings", {"reason": "Late again."}, True),
        ("resolutions", {"resolution": "Sent by courier."}, False),
        ("closings", {}, False),
    ):
        assert api.post(f"{path}/{step}", json=sent).status_code == 201, step
        assert numbers() == ([complaint["number"]] if counted else []), step


def test_the_last_five_interactions_are_listed(
    api: Api, store: Store, actor: Actor, customer: dict[str, Any]
) -> None:
    customer_id = UUID(customer["id"])
    other = store.write_sync(factories.customer, actor)
    told = {
        "channel": "chat",
        "direction": "outbound",
        "purpose": "follow_up",
        "topic": "delivery",
        "disposition": "resolved",
        "agent": "ayse.k",
        "unit": "izmir",
        "sentiment": "positive",
        "resolved_on_first_contact": False,
    }
    calls = [rows.interaction(customer_id, NOON + timedelta(hours=number), **told) for number in range(7)]
    bare = rows.interaction(customer_id, NOON + timedelta(days=1))
    store.write_sync(rows.store, actor, Interaction, calls)
    store.write_sync(rows.store, actor, Interaction, [bare, rows.interaction(other, NOON)])
    found = api.get(url(customer_id)).json()["last_interactions"]
    assert [entry["id"] for entry in found] == [str(row["id"]) for row in (bare, *calls[:2:-1])]
    blank = {**dict.fromkeys(told), "channel": "phone", "direction": "inbound"}
    assert found[0] == {"id": str(bare["id"]), "started_at": "2026-03-11T12:00:00Z", **blank}
    assert found[1] == {"id": str(calls[6]["id"]), "started_at": "2026-03-10T18:00:00Z", **told}


def test_it_takes_three_statements_and_the_key_is_one_of_them(
    api: Api, store: Store, actor: Actor, customer: dict[str, Any]
) -> None:
    customer_id = UUID(customer["id"])
    store.write_sync(rows.store, actor, Complaint, [rows.complaint(customer_id, NOON)])
    store.write_sync(rows.store, actor, Interaction, [rows.interaction(customer_id, NOON)])
    counted = selects(api)
    assert api.get(url(customer_id)).json()["open_complaints_count"] == 1
    assert len(counted) == 3


@pytest.mark.parametrize(
    ("language", "heaviest"),
    [
        ("en", "No purchase for 60 days; usually 20 days pass between purchases."),
        ("tr", "60 gündür alışveriş yok; alışverişler arasında genellikle 20 gün geçer."),
        ("az", "60 gündür alış-veriş yoxdur; alış-verişlər arasında adətən 20 gün keçir."),
    ],
)
def test_the_heaviest_reasons_are_told_in_the_language_of_the_caller(
    api: Api, store: Store, actor: Actor, customer: dict[str, Any], language: str, heaviest: str
) -> None:
    as_of = date(2026, 3, 11)
    last = day_number(as_of) - 61
    facts = {
        "first_day": last - 40,
        "last_day": last,
        "purchase_days": 3,
        "earlier_purchases": 3,
        "recent_purchases": 2,
        "earlier_spend_minor": 1000,
        "recent_spend_minor": 600,
        "recent_contacts": 9,
        "last_score": 40.0,
        "previous_score": 80.0,
        "last_score_day": last,
    }
    usual = Baselines(Rhythm(9, 20.0, 60.0), 70.0, 2.0).to_dict()
    store.write_sync(rows.run, actor, as_of=as_of, currency="TRY", churn_baselines=usual)
    flag = {
        "churn_level": "at_risk",
        "churn_percent": 90,
        "churn_facts": [facts.get(name) for name in COLUMNS],
    }
    store.write_sync(score, actor, UUID(customer["id"]), **flag)
    answer = api.get(url(customer["id"]), headers={"Accept-Language": language})
    reasons = answer.json()["churn"]["reasons"]
    assert len(reasons) == 3
    assert reasons[0] == {
        "code": "silence_vs_own_rhythm",
        "value": 60.0,
        "baseline": 20.0,
        "contribution": 1.0,
        "n": None,
        "limit": None,
        "sentence": heaviest,
    }
    weights = [reason["contribution"] for reason in reasons]
    assert weights == sorted(weights, reverse=True)


@pytest.mark.parametrize(("asked", "language"), [("tr", "tr"), ("az-AZ", "az"), ("de", "en"), (None, "en")])
def test_the_answer_is_in_the_language_of_the_caller(
    api: Api, customer: dict[str, Any], asked: str | None, language: str
) -> None:
    headers = {} if asked is None else {"Accept-Language": asked}
    answer = api.get(url(customer["id"]), headers=headers)
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_customer_of_another_unit_looks_as_if_it_were_not_there(
    api_with: Callable[..., Api], customer: dict[str, Any]
) -> None:
    own, other = api_with(*SCOPES, units=("izmir", "bursa")), api_with(*SCOPES, units=("ankara",))
    assert own.get(url(customer["id"])).json()["id"] == customer["id"]
    hidden, missing = other.get(url(customer["id"])), other.get(url(NOWHERE))
    assert problem(hidden, 404, "not_found")["detail"] == problem(missing, 404, "not_found")["detail"]
