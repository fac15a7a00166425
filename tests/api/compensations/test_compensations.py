"""Compensation over HTTP on both databases: at once within limits, above them on request."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from compensation_helpers import (
    by,
    complaint,
    decide,
    give,
    interaction,
    lira,
    put,
    reverse,
    set_limits,
    set_up,
)
from factories import transaction_body
from sqlalchemy import select
from support import Api, pointers, problem

from app.domain.common.access import Actor, Scope
from app.services.compensations import requests
from app.store.engine import Store
from app.store.tables import AuditEntry, Compensation, CompensationRequest, Event

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def company(api: Api) -> Api:
    set_up(api)
    return api


def read(api: Api, path: str) -> Any:
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def nothing_written(store: Store) -> bool:
    def rows(tx: Any) -> bool:
        return all(
            tx.execute(select(table.id)).first() is None for table in (Compensation, CompensationRequest)
        )

    return store.read_sync(rows)


def test_within_the_limit_it_is_given_at_once(company: Api, store: Store) -> None:
    case = complaint(company)
    answer = give(company, case, "150.00", reason="Two days late.")
    given = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/v1/compensations/{given['id']}")
    assert (given["agent"], given["authority"], given["limit"]) == ("ayse.k", "ayse.k", "clerk_voucher")
    assert (given["amount"], given["cost"]) == (lira("150.00"), lira("150.00"))
    assert (given["unit"], given["complaint_id"], given["request_id"]) == ("izmir", case["id"], None)
    assert read(company, f"/v1/compensations/{given['id']}") == given
    shown = read(company, f"/v1/complaints/{case['id']}")
    assert (shown["compensation"], shown["version"]) == (lira("150.00"), case["version"] + 1)
    assert (case["compensation"], shown["state"]) == (None, case["state"])
    last = read(company, f"/v1/complaints/{case['id']}/events")["data"][-1]
    assert (last["kind"], last["agent"], last["members"]) == ("compensated", "ayse.k", ["compensation"])

    def told(tx: Any) -> list[Any]:
        found = select(Event.type, Event.data).where(Event.type.like("compensation.%"))
        audited = select(AuditEntry.object_id).where(AuditEntry.action == "compensation.granted")
        assert tx.execute(audited).scalars().all() == [given["id"]]
        return [(row.type, row.data["complaint_id"]) for row in tx.execute(found)]

    assert store.read_sync(told) == [("compensation.granted", case["id"])]


def test_for_an_interaction_without_a_complaint(company: Api) -> None:
    call = interaction(company)
    given = give(company, call).json()
    assert (given["interaction_id"], given["complaint_id"]) == (call["id"], None)
    assert read(company, f"/v1/compensations?interaction_id={call['id']}")["data"] == [given]
    stranger = interaction(company, customer=None, create_missing=None)
    problem(give(company, stranger), 409, "no_customer")


def test_conditions_and_keys_are_required(company: Api, store: Store) -> None:
    case = complaint(company)
    path, body = f"/v1/complaints/{case['id']}/compensations", {"kind": "voucher", "amount": lira("1.00")}
    post = company.post
    problem(post(path, json=body, headers=by("ayse.k", None)), 428, "precondition_required")
    problem(post(path, json=body, headers=by("ayse.k", "*", None)), 428, "idempotency_key_required")
    problem(post(path, json=body, headers=by("ayse.k", '"7"')), 412, "precondition_failed")
    problem(post(path, json=body, headers=by(None)), 403, "agent_needed")
    assert nothing_written(store)
    headers = by("ayse.k", f'"{case["version"]}"', "once")
    first, again = (post(path, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert read(company, f"/v1/complaints/{case['id']}")["compensation"] == lira("1.00")
    problem(post(path, json=body, headers=by("ayse.k", headers["If-Match"])), 412, "precondition_failed")


def test_each_limit_leads_to_a_request(company: Api) -> None:
    def above(answer: Any) -> Any:
        assert answer.status_code == 202, answer.text
        return answer.json()["above"]

    assert above(give(company, complaint(company), "200.01")) == "case"
    case = complaint(company)
    assert give(company, case, "150.00").status_code == 201
    assert above(give(company, case, "50.01", "can.y")) == "case"
    for amount in ("200.00", "150.00"):
        assert give(company, complaint(company), amount).status_code == 201
    assert above(give(company, complaint(company), "0.01")) == "day"
    assert above(give(company, complaint(company), "1.00", "temp.x")) == "no_limit"
    for day in range(1, 4):
        with time_machine.travel(NOW + timedelta(days=day), tick=True):
            for amount in ("200.00", "200.00", "100.00"):
                assert give(company, complaint(company), amount).status_code == 201
    with time_machine.travel(NOW + timedelta(days=5), tick=True):
        assert above(give(company, complaint(company), "0.01")) == "month"
    with time_machine.travel(NOW + timedelta(days=30), tick=True):
        assert give(company, complaint(company), "200.00").status_code == 201


def test_the_limit_of_a_tier_and_its_versions(company: Api) -> None:
    limit = {"role": "clerk", "kind": "voucher", "per_case": lira("50.00")}
    tomorrow = (NOW + timedelta(days=1)).isoformat()
    put(company, "/v1/authority-limits/clerk_voucher", {**limit, "valid_from": tomorrow})
    assert give(company, complaint(company), "60.00").status_code == 201
    with time_machine.travel(NOW + timedelta(days=1, hours=1), tick=True):
        assert give(company, complaint(company), "60.00").status_code == 202
        assert give(company, complaint(company), "50.00").json()["limit_version"] == 2
    second = company.put("/v1/authority-limits/other", json=limit)
    assert problem(second, 409, "limit_exists")["existing"]["id"] == "clerk_voucher"
    assert company.put("/v1/authority-limits/best", json={**limit, "tier": "A"}).status_code == 201


def test_who_may_approve(company: Api) -> None:
    case = complaint(company)
    asked = give(company, case, "900.00").json()
    assert (asked["approver_role"], asked["state"], asked["cost"]) == ("team_lead", "open", lira("900.00"))
    problem(decide(company, asked, "approvals", "ayse.k"), 403, "own_request")
    problem(decide(company, asked, "approvals", "can.y"), 403, "not_the_approver")
    problem(decide(company, asked, "approvals", "lead.b"), 403, "not_the_approver")
    answer = decide(company, asked, "approvals", "lead.i", '"1"')
    approved = answer.json()
    assert (answer.status_code, approved["state"], approved["decided_by"]) == (201, "approved", "lead.i")
    given = read(company, f"/v1/compensations/{approved['compensation_id']}")
    assert (given["agent"], given["authority"], given["request_id"]) == ("ayse.k", "lead.i", asked["id"])
    assert read(company, f"/v1/complaints/{case['id']}")["compensation"] == lira("900.00")
    problem(decide(company, asked, "denials", "lead.i"), 409, "already_decided")
    higher = give(company, complaint(company), "1000.01").json()
    assert higher["approver_role"] == "manager"
    problem(decide(company, higher, "approvals", "lead.i"), 403, "not_the_approver")
    assert decide(company, higher, "approvals", "omer.m").status_code == 201
    problem(give(company, complaint(company), "10000.01"), 409, "no_approver")


def test_an_approvers_own_limit_counts(company: Api) -> None:
    asked = [give(company, complaint(company), "900.00").json() for _ in range(3)]
    for request in asked[:2]:
        assert decide(company, request, "approvals", "lead.i").status_code == 201
    problem(decide(company, asked[2], "approvals", "lead.i"), 409, "above_limit")
    own = give(company, complaint(company), "900.00", "lead.i").json()
    assert own["approver_role"] == "manager"
    assert decide(company, asked[2], "approvals", "nermin.b").status_code == 201
    mine = give(company, complaint(company), "20000.00", "nermin.b")
    problem(mine, 409, "no_approver")


def test_one_request_of_a_kind_is_open_in_a_case(company: Api) -> None:
    case = complaint(company)
    asked = give(company, case, "900.00").json()
    second = problem(give(company, case, "800.00"), 409, "request_open")
    assert second["existing"]["id"] == asked["id"]
    denied = decide(company, asked, "denials", "lead.i").json()
    assert (denied["state"], denied["decision_reason"], denied["compensation_id"]) == (
        "denied",
        "So be it.",
        None,
    )
    assert give(company, case, "800.00").status_code == 202
    assert read(company, f"/v1/complaints/{case['id']}")["compensation"] is None


@pytest.mark.parametrize("works", [False, True])
def test_a_request_expires_exactly_with_a_worker_or_without(
    api: Api, store: Store, actor: Actor, works: bool
) -> None:
    set_up(api, decision_minutes=60)
    asked = give(api, complaint(api), "900.00").json()
    due_at = datetime.fromisoformat(asked["due_at"])
    assert due_at - datetime.fromisoformat(asked["requested_at"]) == timedelta(hours=1)
    assert asked["due_at"] == asked["expires_at"]
    path = f"/v1/compensation-requests/{asked['id']}"
    with time_machine.travel(due_at - timedelta(seconds=1), tick=False):
        assert store.write_sync(requests.advance, actor, datetime.now(UTC), 10) == 0
        assert read(api, path)["state"] == "open"
        assert len(read(api, "/v1/compensation-requests?state=open")["data"]) == 1
    with time_machine.travel(due_at, tick=False):
        if works:
            assert store.read_sync(requests.has_due, datetime.now(UTC))
            turns = [store.write_sync(requests.advance, actor, datetime.now(UTC), 10) for _ in range(2)]
            assert turns == [1, 0]
        assert read(api, path)["state"] == "expired"
        problem(decide(api, asked, "approvals", "lead.i"), 409, "request_expired")
        assert read(api, "/v1/compensation-requests?state=open")["data"] == []
        [one] = read(api, "/v1/compensation-requests?state=expired")["data"]
        assert one["id"] == asked["id"]


def test_after_the_deadline_the_fallback_decides(api: Api, store: Store, actor: Actor) -> None:
    set_up(api, decision_minutes=60, at_deadline="fallback", fallback_role="manager")
    asked = [give(api, complaint(api), "900.00").json() for _ in range(2)]
    early = decide(api, asked[0], "approvals", "nermin.b")
    assert early.status_code == 201  # a manager of the company is in the line above
    assert (asked[1]["fallback_role"], asked[1]["is_with_fallback"]) == ("manager", False)
    with time_machine.travel(NOW + timedelta(hours=1, minutes=1), tick=True):
        assert store.write_sync(requests.advance, actor, datetime.now(UTC), 10) == 1
        waiting = read(api, f"/v1/compensation-requests/{asked[1]['id']}")
        assert (waiting["state"], waiting["is_with_fallback"]) == ("open", True)
        assert decide(api, asked[1], "approvals", "omer.m").status_code == 201
        assert store.write_sync(requests.advance, actor, datetime.now(UTC), 10) == 0


def test_without_anybody_in_the_line_the_fallback_decides_at_once(api: Api) -> None:
    set_up(api, fallback_role="team_lead")
    asked = give(api, complaint(api), "100.00", "none.y").json()
    assert (asked["approver_role"], asked["fallback_role"]) == ("team_lead", "team_lead")
    assert decide(api, asked, "approvals", "lead.b").status_code == 201


def test_a_calendar_says_when_time_counts(api: Api) -> None:
    weekly = {day: [{"start": "09:00", "end": "18:00"}] for day in ("monday", "tuesday", "wednesday")}
    body = {"names": {"en": "Office"}, "zone": "Europe/Istanbul", "weekly": weekly}
    put(api, "/v1/calendars/office", body)
    set_up(api, decision_minutes=9 * 60, calendar="office")
    asked = give(api, complaint(api), "900.00").json()  # Tuesday 12:00 there
    assert asked["due_at"].startswith("2026-03-11T09:00")


def test_what_was_given_can_be_taken_back_once(company: Api, store: Store) -> None:
    case = complaint(company)
    given, more = give(company, case, "150.00").json(), give(company, case, "20.00").json()
    answer = reverse(company, given)
    counter = answer.json()
    assert (answer.status_code, counter["cost"], counter["reverses_id"]) == (
        201,
        lira("-150.00"),
        given["id"],
    )
    assert (counter["on"], counter["given_at"]) == (given["on"], given["given_at"])
    assert read(company, f"/v1/complaints/{case['id']}")["compensation"] == more["cost"]
    after = read(company, f"/v1/compensations/{given['id']}")
    assert after == {
        **given,
        "reversed_by_id": counter["id"],
        "version": 2,
        "updated_at": after["updated_at"],
    }
    problem(reverse(company, given), 409, "already_reversed")
    problem(reverse(company, counter), 409, "is_reversal")
    assert give(company, case, "180.00").status_code == 201  # the limit of the case is free again
    with time_machine.travel(NOW + timedelta(days=30, minutes=1), tick=True):
        problem(reverse(company, more), 409, "reversal_too_late")


@pytest.mark.parametrize(
    ("members", "wrong"),
    [
        ({"amount": lira("0.00")}, "/amount"),
        ({"amount": lira("-5.00")}, "/amount"),
        ({"amount": lira("1.001")}, "/amount/amount"),
        ({"amount": lira("9" * 18)}, "/amount/amount"),
        ({"amount": {"amount": "5.00", "currency": "USD"}}, "/amount"),
        ({"amount": {"amount": "5.00", "currency": "XXX"}}, "/amount/currency"),
        ({"amount": None}, "/amount"),
        ({"quantity": 3}, "/quantity"),
        ({"kind": "nothing"}, "/kind"),
    ],
)
def test_bad_amounts(company: Api, store: Store, members: Any, wrong: str) -> None:
    assert pointers(give(company, complaint(company), **members)) == [wrong]
    assert nothing_written(store)


def test_another_currency_counts_at_its_rate(company: Api) -> None:
    put(company, "/v1/exchange-rates/USD/2026-03-01", {"rate": "40"})
    dollars = {"amount": {"amount": "5.01", "currency": "USD"}}
    given = give(company, complaint(company), **{"amount": {"amount": "5.00", "currency": "USD"}}).json()
    assert (given["amount"]["currency"], given["cost"]) == ("USD", lira("200.00"))
    assert give(company, complaint(company), **dollars).json()["above"] == "case"


def test_points_pieces_and_percent(company: Api, store: Store) -> None:
    kinds = {
        "points": ("points", "0.05"),
        "gift": ("piece", "80.00"),
        "discount": ("percent_of_transaction", None),
    }
    for code, (unit, cost) in kinds.items():
        body = {"names": {"en": code}, "unit": unit, "unit_cost": cost and lira(cost)}
        put(company, f"/v1/compensation-kinds/{code}", body)
        set_limits(company, code)
    case = complaint(company)

    def given(kind: str, **members: Any) -> Any:
        return give(company, case, kind=kind, **{"amount": None, **members})

    assert given("points", quantity=1000).json()["cost"] == lira("50.00")
    assert given("gift", quantity=2).json()["cost"] == lira("160.00")
    assert given("gift", quantity=1).status_code == 202
    bought = company.post(
        "/v1/transactions", json=transaction_body(amount=lira("333.33"), occurred_at=NOW.isoformat())
    ).json()
    discount = given("discount", percent=10, transaction_id=bought["id"])
    assert discount.json()["cost"] == lira("33.33")
    assert pointers(given("discount", percent=91, transaction_id=bought["id"])) == ["/percent"]
    other = {"customer": {"system": "crm", "key": "C-2"}, "create_missing": True}
    others = company.post(
        "/v1/transactions", json=transaction_body(**other, occurred_at=NOW.isoformat())
    ).json()
    assert pointers(given("discount", percent=10, transaction_id=others["id"])) == ["/transaction_id"]
    assert pointers(given("discount", percent=10)) == ["/transaction_id"]
    assert pointers(given("points", amount=lira("1.00"))) == ["/amount", "/quantity"]


def test_a_kind_that_is_switched_off(company: Api) -> None:
    asked = give(company, complaint(company), "900.00").json()
    put(
        company, "/v1/compensation-kinds/voucher", {"names": {"en": "V"}, "unit": "money", "is_active": False}
    )
    assert pointers(give(company, complaint(company))) == ["/kind"]
    problem(decide(company, asked, "approvals", "lead.i"), 409, "inactive_kind")
    assert decide(company, asked, "denials", "lead.i").status_code == 201


def test_closed_complaints_and_duplicates_get_nothing(company: Api) -> None:
    at = "2026-03-09T10:00:00Z"
    closed = complaint(company, received_at=at, resolved_at=at, resolution="Done.", closed_at=at)
    problem(give(company, closed), 409, "complaint_closed")
    leading, other = complaint(company), complaint(company)
    given = give(company, other, "10.00").json()
    link = {"leading_complaint_id": leading["id"]}
    linked = company.post(f"/v1/complaints/{other['id']}/duplicate-links", json=link)
    assert linked.status_code == 201, linked.text
    problem(give(company, other), 409, "is_duplicate")
    assert reverse(company, given).status_code == 201
    assert read(company, f"/v1/complaints/{other['id']}")["compensation"] == lira("0.00")


def test_budgets(company: Api) -> None:
    path = "/v1/compensation-budgets/izmir/2026-03"
    budget = put(company, path, {"amount": lira("250.00")})
    assert (budget["spent"], budget["left"], budget["month"]) == (lira("0.00"), lira("250.00"), "2026-03")
    first = give(company, complaint(company), "200.00").json()
    problem(give(company, complaint(company), "50.01"), 409, "budget_exhausted")
    assert give(company, complaint(company), "50.00").status_code == 201
    asked = give(company, complaint(company), "900.00").json()
    problem(decide(company, asked, "approvals", "lead.i"), 409, "budget_exhausted")
    assert read(company, path)["left"] == lira("0.00")
    assert reverse(company, first).status_code == 201
    assert read(company, path)["left"] == lira("200.00")
    put(company, path, {"amount": lira("1000.00")})
    assert decide(company, asked, "approvals", "lead.i").status_code == 201
    assert read(company, "/v1/compensation-budgets?unit=izmir")["data"] == [read(company, path)]
    assert give(company, complaint(company), "200.00", "lead.b").status_code == 201  # Baku has no budget
    unknown = company.put("/v1/compensation-budgets/nowhere/2026-03", json={"amount": lira("1.00")})
    assert pointers(unknown) == ["unit"]
    other = company.put(path, json={"amount": {"amount": "1.00", "currency": "EUR"}})
    assert pointers(other) == ["/amount/currency"]


def test_a_complaint_that_moves_takes_its_compensation_along(company: Api) -> None:
    case = complaint(company)
    given, asked = give(company, case).json(), give(company, case, "900.00").json()
    other = company.post("/v1/customers", json={"name": "Somebody else"}).json()
    moved = company.post(
        f"/v1/complaints/{case['id']}/transfers", json={"customer_id": other["id"], "reason": "Wrong one."}
    )
    assert (moved.status_code, moved.json()["compensation"]) == (201, lira("100.00"))
    assert read(company, f"/v1/compensations/{given['id']}")["customer_id"] == other["id"]
    assert read(company, f"/v1/compensation-requests/{asked['id']}")["customer_id"] == other["id"]
    problem(decide(company, asked, "approvals", "lead.i", '"1"'), 412, "precondition_failed")
    assert decide(company, asked, "approvals", "lead.i").status_code == 201
    assert read(company, f"/v1/complaints/{case['id']}")["compensation"] == lira("1000.00")
    lines = read(company, f"/v1/compensations?customer_id={other['id']}")["data"]
    assert sorted(line["cost"]["amount"] for line in lines) == ["100.00", "900.00"]


def test_rights_and_visibility(company: Api, api_with: Callable[..., Api]) -> None:
    case = complaint(company)
    given = give(company, case).json()
    asked = give(company, case, "900.00").json()
    reader = api_with(Scope.COMPENSATIONS_READ, Scope.AGENTS_ACT)
    assert read(reader, f"/v1/compensations/{given['id']}") == given
    problem(give(reader, case), 403, "insufficient_scope")
    problem(decide(reader, asked, "approvals", "lead.i"), 403, "insufficient_scope")
    problem(reader.put("/v1/compensation-kinds/x", json={}), 403, "insufficient_scope")
    baku = api_with(*Scope, units=("baku",))
    for path in (f"/v1/compensations/{given['id']}", f"/v1/compensation-requests/{asked['id']}"):
        problem(baku.get(path), 404, "not_found")
    assert read(baku, "/v1/compensations")["data"] == []
    problem(give(baku, case), 404, "not_found")
    problem(decide(baku, asked, "approvals", "lead.i"), 404, "not_found")
    problem(reverse(baku, given), 404, "not_found")
