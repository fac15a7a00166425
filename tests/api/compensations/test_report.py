"""What was given, as reports tell it, on both databases: ledger, complaints, profit and failure map agree."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from compensation_helpers import complaint, decide, give, interaction, lira, reverse, set_up
from factories import transaction_body
from support import Api, pointers, problem, selects

from app.domain.common.access import Actor, Scope
from app.jobs.scoring.score import score
from app.store.engine import Store

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
REPORT = "/v1/insights/compensations"


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def company(api: Api) -> Api:
    set_up(api, decision_minutes=60)
    return api


def read(api: Api, path: str, **query: Any) -> Any:
    answer = api.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def buy(api: Api, key: str, amount: str, at: str) -> None:
    who = {"customer": {"system": "crm", "key": key}, "create_missing": True}
    body = transaction_body(**who, amount=lira(amount), cost=lira("0.00"), occurred_at=at)
    assert api.post("/v1/transactions", json=body).status_code == 201


def a_day(api: Api) -> None:
    """Three given at once, one taken back; one request approved, one denied, one expired, one open."""
    given = give(api, complaint(api, category="late"), "150.00").json()
    give(api, complaint(api, category="torn"), "50.00", "can.y")
    give(api, interaction(api), "20.00", "lead.b")
    assert reverse(api, given).status_code == 201
    asked = [give(api, complaint(api, category="late"), "900.00").json() for _ in range(4)]
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        assert decide(api, asked[0], "approvals", "lead.i").status_code == 201
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        assert decide(api, asked[1], "denials", "lead.i").status_code == 201


def test_figures(company: Api) -> None:
    a_day(company)
    with time_machine.travel(NOW + timedelta(minutes=59), tick=False):
        early = read(company, REPORT)["overall"]
    assert (early["waiting"], early["expired"]) == (2, 0)
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        found = read(company, REPORT, by="category")
    whole = found["overall"]
    counts = {name: whole[name] for name in ("granted", "reversed", "cases", "asked", "at_once")}
    assert counts == {"granted": 4, "reversed": 1, "cases": 4, "asked": 7, "at_once": 3}
    assert (whole["approved"], whole["denied"], whole["expired"], whole["waiting"]) == (1, 1, 2, 0)
    assert (whole["spend"], whole["average"]) == (lira("970.00"), lira("242.50"))
    assert whole["share_escalated"] == pytest.approx(4 / 7)
    assert whole["median_wait_seconds"] == pytest.approx(2700, abs=30)  # 10, 30, 60 and 60 minutes
    groups = {group["key"]: group for group in found["groups"]}
    assert {key: group["spend"]["amount"] for key, group in groups.items()} == {
        "late": "900.00",
        "torn": "50.00",
        None: "20.00",
    }
    assert [group["key"] for group in found["groups"]] == ["late", "torn", None]
    assert "no proof of cause" in found["limits"][0]


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("kind", ["voucher"]),
        ("agent", ["ayse.k", "can.y", "lead.b"]),
        ("unit", ["baku", "izmir"]),
        ("tier", [None]),
        ("month", ["2026-03"]),
    ],
)
def test_groups_add_up(company: Api, by: str, keys: list[str | None]) -> None:
    a_day(company)
    found = read(company, REPORT, by=by, **{"from": "2026-01-05"})
    assert [group["key"] for group in found["groups"]] == keys
    for name in ("granted", "reversed", "cases", "asked", "at_once", "approved", "denied"):
        assert sum(group[name] for group in found["groups"]) == found["overall"][name]
    total = sum(round(100 * float(group["spend"]["amount"])) for group in found["groups"])
    assert total == round(100 * float(found["overall"]["spend"]["amount"]))


def test_nothing_and_bad_windows(company: Api, api_with: Any) -> None:
    found = read(company, REPORT, by="kind")
    assert (found["groups"], found["overall"]["asked"], found["overall"]["average"]) == ([], 0, None)
    assert found["overall"]["share_at_once"] is None
    assert (found["value_kept"]["run_id"], found["value_kept"]["difference"]) == (None, None)
    wrong = company.get(REPORT, params={"from": "2026-03-02", "to": "2026-03-02"})
    assert pointers(wrong) == ["from"]
    assert pointers(company.get(REPORT, params={"by": "colour"})) == ["by"]
    problem(api_with(Scope.INSIGHTS_READ, units=("izmir",)).get(REPORT), 403, "limited_to_units")
    statements = selects(company)
    read(company, REPORT, by="unit")
    assert len(statements) <= 22


def test_the_report_as_a_file(company: Api) -> None:
    a_day(company)
    answer = company.get(f"{REPORT}.csv", params={"by": "unit"}, headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    header, whole, first, second = answer.text.splitlines()
    assert header.startswith("key,spend,currency,granted,reversed,cases")
    assert whole.startswith("*,970.00,TRY,4,1,4,242.50,7,3,1,1,")
    assert (first.split(",")[:2], second.split(",")[:2]) == (["baku", "20.00"], ["izmir", "950.00"])


def test_ledger_complaints_profit_map_and_timeline_agree(company: Api, store: Store, actor: Actor) -> None:
    buy(company, "C-1", "5000.00", "2026-03-01T09:00:00Z")
    a_day(company)
    other = complaint(company, category="torn")
    give(company, other, "30.00", "can.y")
    torn = read(company, "/v1/complaints", category="torn")["data"]
    leading = next(one for one in torn if one["id"] != other["id"])
    link = {"leading_complaint_id": leading["id"]}
    assert company.post(f"/v1/complaints/{other['id']}/duplicate-links", json=link).status_code == 201
    lines = read(company, "/v1/compensations", limit=200)["data"]
    total = sum(round(100 * float(line["cost"]["amount"])) for line in lines)
    cases = [one["compensation"] for one in read(company, "/v1/complaints", limit=200)["data"]]
    shown = sum(round(100 * float(one["amount"])) for one in cases if one is not None)
    assert (total, shown) == (1000_00, 980_00)  # 20.00 for an interaction

    failures = read(company, "/v1/insights/failures", what="category")
    cells = {cell["what"]: cell["compensation"] for cell in failures["cells"]}
    assert cells == {"late": lira("900.00"), "torn": lira("80.00")}
    assert failures["total"]["compensation"] == lira("980.00")

    started = company.post("/v1/scoring-runs", json={"as_of": "2026-03-11", "window_days": 365}).json()
    score(store, actor, UUID(started["id"]))
    assert read(company, "/v1/insights/profit")["compensation"] == lira("1000.00")
    customer = lines[0]["customer_id"]
    one = read(company, f"/v1/customers/{customer}/profit")
    assert (one["compensation"], one["not_counted"]) == (lira("1000.00"), [])

    entries = read(company, f"/v1/customers/{customer}/timeline", kind="compensation")["data"]
    assert sorted(float(entry["compensation"]["amount"]["amount"]) for entry in entries) == sorted(
        float(line["amount"]["amount"]) for line in lines
    )
    assert {entry["href"] for entry in entries} == {f"/v1/compensations/{line['id']}" for line in lines}


def test_value_kept(company: Api, store: Store, actor: Actor) -> None:
    for number in range(8):
        buy(company, f"P-{number}", "1000.00", "2026-01-10T09:00:00Z")
    for number in range(4):
        case = complaint(company, customer={"system": "crm", "key": f"P-{number}"})
        assert give(company, case, "50.00").status_code == 201
    taken_back = complaint(company, customer={"system": "crm", "key": "P-4"})
    assert reverse(company, give(company, taken_back, "10.00").json()).status_code == 201
    with time_machine.travel(datetime(2026, 7, 1, 9, tzinfo=UTC), tick=True):
        for number, amount in ((0, "120.00"), (1, "300.00"), (3, "80.00"), (4, "60.00")):
            buy(company, f"P-{number}", amount, "2026-05-10T09:00:00Z")
        started = company.post("/v1/scoring-runs", json={"as_of": "2026-03-10", "window_days": 365}).json()
        score(store, actor, UUID(started["id"]))
        found = read(company, REPORT, **{"from": "2026-03-01", "to": "2026-04-01"})["value_kept"]
        later = read(company, REPORT, horizon_months=4, **{"from": "2026-03-01", "to": "2026-04-01"})
    assert (found["compensated"], found["like"], found["not_yet"]) == (4, 4, 0)
    assert (found["mean"], found["like_mean"]) == (lira("125.00"), lira("15.00"))
    assert found["difference"] == lira("110.00")
    assert float(found["low"]["amount"]) < 0 < float(found["high"]["amount"])
    assert found["is_small"]
    assert (later["value_kept"]["not_yet"], later["value_kept"]["compensated"]) == (4, 0)
