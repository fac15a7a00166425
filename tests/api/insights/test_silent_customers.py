"""Dormant customers, those who left by silence, stopped sales and companies without a model, over HTTP."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import factories
import pytest
from sqlalchemy import Connection, select
from support import Api

from app.domain.common.access import Actor
from app.jobs.scoring.score import score
from app.store.engine import Store
from app.store.tables import CustomerScore

FIRST = date(2025, 6, 1)
SHARE = {"upper": pytest.approx(0.0487, abs=1e-4), "window_days": 30, "horizon_days": 30}


def run(api: Api, store: Store, actor: Actor, as_of: date, **members: Any) -> None:
    body = {"as_of": as_of.isoformat(), "horizon_days": 30, **members}
    score(store, actor, UUID(api.post("/v1/scoring-runs", json=body).json()["id"]))


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def customers(store: Store, actor: Actor, count: int) -> list[UUID]:
    def made(tx: Connection) -> list[UUID]:
        return [factories.customer(tx, actor, f"Customer {number}") for number in range(count)]

    return store.write_sync(made)


def sell(store: Store, sold: Iterable[tuple[UUID, int]], source: str = "test") -> None:
    rows = [(who, day(number)) for who, number in sold]
    store.write_sync(factories.sales, rows, source=source)


def every(ids: list[UUID], days: Iterable[int]) -> list[tuple[UUID, int]]:
    return [(who, number) for number in days for who in ids]


def notes(answer: Any) -> dict[str, str]:
    return {note["code"]: note["sentence"] for note in answer["notes"]}


def shop(store: Store, actor: Actor, *, returns: bool) -> tuple[list[UUID], list[UUID]]:
    """A company of 300 days: 60 customers who buy every six days, and 60 who did so for 60 days, of whom half
    buy once in each of the last months when ``returns``."""
    loyal, gone = (customers(store, actor, 60) for _ in range(2))
    sell(store, every(loyal, range(0, 300, 6)) + every(gone, range(0, 60, 6)))
    sell(store, every(loyal[:1], range(300)))
    if returns:
        sell(store, [(who, 245 + 30 * (place % 2)) for place, who in enumerate(gone[::2])])
    return loyal, gone


def test_those_whom_the_windows_prove_to_be_gone_have_left(api: Api, store: Store, actor: Actor) -> None:
    loyal, gone = shop(store, actor, returns=False)
    run(api, store, actor, day(300))
    report = api.get("/v1/insights/churn").json()
    share = {"share": 0.0, "returned": 0, "n": 60, **SHARE}
    counts = {"customers": 60, "by_event": 0, "by_silence": 60, "return_share": share}
    left = report["left"]
    assert {**left, "expected_to_return": 0} == {**counts, "expected_to_return": 0}
    assert 0 <= left["expected_to_return"] < 6  # nobody, of customers who bought like clocks
    assert (report["silence_limit"], report["data_end"]) == (1.0, None)
    nobody = {"customers": 0, "expected_to_return": 0.0, "return_share": None}
    assert report["dormant"] == nobody
    assert "left_unproved" not in report["limits"]
    flag = api.get(f"/v1/customers/{gone[0]}/churn").json()
    told = (flag["level"], flag["left_by"], flag["dormant"], flag["return_share"], flag["value_at_risk"])
    assert told == ("left", "silence", False, share, None)
    assert flag["probability"] > 0.9
    assert notes(flag) == {
        "left": "Silent for 245 days; of 60 such customers 0 bought again within 30 days.",
    }
    listed = api.get("/v1/customers", params={"churn_level": "left", "limit": 100}).json()["data"]
    assert {row["id"] for row in listed} == {str(who) for who in gone}
    assert listed[0]["churn"] == {name: flag[name] for name in listed[0]["churn"]}
    active = api.get(f"/v1/customers/{loyal[0]}/churn").json()
    assert (active["left_by"], active["dormant"], active["return_share"]) == (None, False, None)
    assert active["notes"] == []


def test_those_of_whom_many_return_are_dormant(api: Api, store: Store, actor: Actor) -> None:
    _, gone = shop(store, actor, returns=True)
    run(api, store, actor, day(300))
    report = api.get("/v1/insights/churn").json()
    assert report["left"]["customers"] == 0
    assert report["left"]["return_share"] is None
    assert report["silence_limit"] is None
    share = report["dormant"]["return_share"]
    assert (share["returned"], share["n"], share["share"]) == (15, 45, pytest.approx(1 / 3))
    assert "left_unproved" in report["limits"]
    assert notes(report)["left_unproved"].startswith("The company's past does not prove")
    flag = api.get(f"/v1/customers/{gone[1]}/churn", headers={"Accept-Language": "tr"}).json()
    assert (flag["dormant"], flag["left_by"], flag["return_share"]) == (True, None, share)
    assert flag["level"] != "left"
    assert flag["value_at_risk"] is not None
    silent = "245 gündür sessiz; böyle 45 müşterinin 15 tanesi 30 gün içinde yeniden alışveriş yaptı."
    assert notes(flag) == {"dormant": silent}


def test_dormant_customers_are_a_filter(api: Api, store: Store, actor: Actor) -> None:
    shop(store, actor, returns=True)
    run(api, store, actor, day(300))
    dormant, others = (
        api.get("/v1/customers", params={"dormant": wanted, "include": "total"}).json()
        for wanted in ("true", "false")
    )
    found = api.get("/v1/insights/churn").json()["dormant"]
    assert dormant["total"] == found["customers"] >= 30
    assert dormant["total"] + others["total"] == 120
    assert all(row["churn"]["dormant"] for row in dormant["data"])
    assert not any(row["churn"]["dormant"] for row in others["data"])
    assert found["expected_to_return"] == pytest.approx(
        sum(1 - row["churn"]["probability"] for row in every_page(api)), abs=0.5
    )
    assert api.get("/v1/customers", params={"dormant": "yes"}).status_code == 422


def every_page(api: Api) -> list[Any]:
    return list(api.get("/v1/customers", params={"dormant": "true", "limit": 200}).json()["data"])


def percents(store: Store) -> list[tuple[UUID, str, int]]:
    names = (CustomerScore.customer_id, CustomerScore.churn_level, CustomerScore.churn_percent)
    wanted = select(*names).order_by(CustomerScore.customer_id)
    return store.read_sync(lambda tx: [tuple(row) for row in tx.execute(wanted)])


def test_where_sales_have_stopped_silence_counts_to_the_newest_one(
    api: Api, store: Store, actor: Actor
) -> None:
    _, gone = shop(store, actor, returns=True)
    run(api, store, actor, day(300))
    before, was = percents(store), api.get("/v1/insights/churn").json()
    run(api, store, actor, day(360))
    report = api.get("/v1/insights/churn").json()
    assert report["data_end"] == day(299).isoformat()
    assert percents(store) == before
    assert report["dormant"] == was["dormant"]
    assert report["backtest"] == was["backtest"]
    assert "sales_stopped" in report["limits"]
    said = f"No sale has arrived since {day(299)}, 60 days. Silence since then is not counted."
    assert notes(report)["sales_stopped"] == said
    flag = api.get(f"/v1/customers/{gone[1]}/churn").json()
    assert (flag["data_end"], notes(flag)["sales_stopped"]) == (report["data_end"], said)
    assert notes(flag)["dormant"].startswith("Silent for 245 days;")
    for language, word in (("tr", "60 gündür satış gelmedi"), ("az", "60 gündür satış gəlməyib")):
        answer = api.get("/v1/insights/churn", headers={"Accept-Language": language}).json()
        assert word in notes(answer)["sales_stopped"]


def test_nobody_has_left_by_silence_where_sales_have_stopped(api: Api, store: Store, actor: Actor) -> None:
    shop(store, actor, returns=False)
    run(api, store, actor, day(302))
    assert api.get("/v1/insights/churn").json()["left"]["by_silence"] == 60
    run(api, store, actor, day(330))
    report = api.get("/v1/insights/churn").json()
    assert (report["left"]["by_silence"], report["dormant"]["customers"]) == (0, 60)
    assert report["dormant"]["return_share"]["n"] == 60
    assert "left_unproved" not in report["limits"]


def test_a_source_that_stopped_while_another_goes_on_is_named(api: Api, store: Store, actor: Actor) -> None:
    loyal, _ = shop(store, actor, returns=False)
    sell(store, every(loyal[1:2], range(250)), source="web")
    run(api, store, actor, day(300))
    report = api.get("/v1/insights/churn").json()
    assert report["stopped_sources"] == [{"source": "web", "newest_sale_on": day(249).isoformat()}]
    assert (report["data_end"], report["left"]["by_silence"]) == (None, 0)
    assert "sales_stopped" in report["limits"]
    said = f"No sale has arrived from web since {day(249)}, 50 days. Nobody is said to have left by silence."
    assert notes(report)["sales_stopped"] == said


@pytest.mark.parametrize(
    ("count", "repeats", "reason"),
    [
        (29, 29, "too_few_customers"),
        (60, 9, "too_few_repeat_buyers"),
    ],
)
def test_where_nothing_can_be_fitted_a_customer_says_why(
    api: Api, store: Store, actor: Actor, count: int, repeats: int, reason: str
) -> None:
    ids = customers(store, actor, count)
    sell(store, every(ids, [100]) + every(ids[:repeats], [110]))
    run(api, store, actor, day(120))
    report = api.get("/v1/insights/churn").json()
    assert report["serving"]["model"] is None
    assert reason in report["limits"]
    flag = api.get(f"/v1/customers/{ids[0]}/churn").json()
    assert (flag["level"], flag["probability"], flag["reason"], flag["model"]) == (None, None, reason, None)
    assert notes(flag)[reason] == notes(report)[reason]
    listed = api.get(f"/v1/customers/{ids[0]}").json()["churn"]
    assert (listed["level"], listed["reason"]) == (None, reason)


def test_thirty_customers_of_whom_ten_came_back_have_a_model(api: Api, store: Store, actor: Actor) -> None:
    ids = customers(store, actor, 30)
    sell(store, every(ids, [100]) + every(ids[:10], [110]))
    run(api, store, actor, day(120))
    assert api.get("/v1/insights/churn").json()["serving"]["model"] == "mbg_nbd"
    flag = api.get(f"/v1/customers/{ids[0]}/churn").json()
    assert (flag["reason"], flag["level"] is None, flag["probability"] is None) == (None, False, False)


def test_who_bought_nothing_and_who_is_known_to_have_left_say_so(
    api: Api, store: Store, actor: Actor
) -> None:
    _, gone = shop(store, actor, returns=True)
    [new] = customers(store, actor, 1)
    departure = {"left_on": day(200).isoformat(), "reason": "price"}
    assert api.post(f"/v1/customers/{gone[1]}/departures", json=departure).status_code < 300
    run(api, store, actor, day(300))
    flag = api.get(f"/v1/customers/{gone[1]}/churn").json()
    assert (flag["level"], flag["left_by"], flag["probability"]) == ("left", "event", None)
    assert (flag["reason"], flag["dormant"], flag["return_share"]) == ("left_by_event", False, None)
    flag = api.get(f"/v1/customers/{new}/churn").json()
    assert (flag["level"], flag["reason"]) == (None, "no_purchase")
    assert "no_purchase" in notes(flag)
    assert api.get("/v1/insights/churn").json()["left"]["by_event"] == 1
