"""The failure map: each complaint counted once, totals that tie, and honest words about what changed."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from factories import complaint_body
from sqlalchemy import Connection, insert
from support import Api, made, problem

from app.domain.common.access import Scope
from app.store.engine import Store
from app.store.tables import ComplaintRecoveryStep
from app.store.types import new_id

PATH = "/v1/insights/failures"
NOW = datetime.now(UTC)
Record = dict[str, Any]


def days_ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def record(api: Api, items: list[Record]) -> list[Record]:
    """Record complaints; each is one of the customer that ``customer_id`` names."""
    made_ = []
    for start in range(0, len(items), 500):
        bodies = [complaint_body(customer=None, **item) for item in items[start : start + 500]]
        answer = api.post("/v1/complaints/batch", json={"items": bodies})
        assert answer.status_code == 201, answer.text
        made_ += [row["complaint"] for row in answer.json()["data"]]
    return made_


@pytest.fixture
def customers(api: Api) -> list[str]:
    """Three customers."""
    return [str(made(api, name)["id"]) for name in ("Ayşe", "Fatma", "Leyla")]


@pytest.fixture
def complaints(api: Api, customers: list[str]) -> list[Record]:
    """Complaints of several kinds at several places, in the last 100 days."""
    ayse, fatma, leyla = customers
    rows = [
        *[(ayse, "phone", "izmir", "late")] * 3,
        *[(fatma, "phone", "izmir", "late")] * 2,
        (leyla, "phone", "baki", "late"),
        (ayse, "app", "izmir", "torn"),
        (leyla, "app", None, "torn"),
        (fatma, None, None, None),
    ]
    items = [
        {"customer_id": who, "channel": channel, "unit": unit, "category": category, "phase": "after"}
        for who, channel, unit, category in rows
    ]
    return record(api, [{**item, "received_at": days_ago(n)} for n, item in enumerate(items, start=1)])


def cells(report: Record, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(cell[name] for name in names) for cell in report["cells"]]


def test_complaints_are_counted_by_place_and_kind(api: Api, complaints: list[Record]) -> None:
    report = api.get(PATH, params={"where": ["channel", "unit"]}).json()
    figures = ("channel", "unit", "what", "complaints", "customers", "repeat_customers", "is_small")
    assert cells(report, *figures) == [
        ("phone", "izmir", "late", 5, 2, 2, False),
        ("app", "izmir", "torn", 1, 1, 0, True),
        ("app", None, "torn", 1, 1, 0, True),
        ("phone", "baki", "late", 1, 1, 0, True),
        (None, None, None, 1, 1, 0, True),
    ]
    total = report["total"]
    assert (total["complaints"], total["customers"], total["repeat_customers"]) == (9, 3, 3)
    assert (total["value_at_risk"], total["compensation"]) == (None, None)
    assert report["where"] == ["channel", "unit"]


def test_listed_cells_and_others_make_the_total(api: Api, complaints: list[Record]) -> None:
    report = api.get(PATH, params={"where": ["channel", "unit"], "limit": 2}).json()
    assert len(report["cells"]) == 2
    assert report["others"] == {"cells": 3, "complaints": 3}
    shown = sum(cell["complaints"] for cell in report["cells"])
    assert shown + report["others"]["complaints"] == report["total"]["complaints"]


@pytest.mark.parametrize(
    "where", [["channel"], ["unit", "phase"], ["product"], ["channel", "unit", "product"]]
)
def test_the_map_is_a_recount_of_the_complaints(api: Api, complaints: list[Record], where: list[str]) -> None:
    keys = [*where, "category"]
    counted = Counter(tuple(row[key] for key in keys) for row in complaints)
    report = api.get(PATH, params={"where": where}).json()
    found = {cell[:-1]: cell[-1] for cell in cells(report, *where, "what", "complaints")}
    assert found == counted


def test_the_cells_as_a_file_say_the_same(api: Api, complaints: list[Record]) -> None:
    query = "where=channel&where=unit"
    answer = api.get(f"{PATH}.csv?{query}", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    report = api.get(f"{PATH}?{query}").json()
    whole, *rows = csv.DictReader(io.StringIO(answer.text))
    assert (whole["channel"], whole["unit"], whole["phase"], whole["what"]) == ("*", "*", "", "*")
    assert int(whole["complaints"]) == report["total"]["complaints"]
    names = ("channel", "unit", "what")
    said = [(*(row[name] or None for name in names), int(row["complaints"])) for row in rows]
    assert said == [(*(cell[name] for name in names), cell["complaints"]) for cell in report["cells"]]


def test_the_few_kinds_that_make_most_failures_are_ranked(api: Api, complaints: list[Record]) -> None:
    pareto = api.get(PATH).json()["pareto"]
    assert (pareto["known"], pareto["unknown"], pareto["kinds"]) == (8, 1, 2)
    assert [(row["what"], row["complaints"], row["tier"]) for row in pareto["rows"]] == [
        ("late", 6, "A"),
        ("torn", 2, "A"),
    ]
    assert (pareto["top20_share"], pareto["rows"][0]["share"]) == (0.75, 0.75)


def test_duplicates_count_once_and_taking_them_apart_restores_every_figure(
    api: Api, complaints: list[Record]
) -> None:
    before = api.get(PATH).json()
    leading, duplicate = complaints[0]["id"], complaints[1]["id"]
    api.post(f"/v1/complaints/{duplicate}/duplicate-links", json={"leading_complaint_id": leading})
    linked = api.get(PATH).json()
    assert (linked["duplicates"], linked["total"]["complaints"]) == (1, before["total"]["complaints"] - 1)
    assert linked["cells"][0]["complaints"] == before["cells"][0]["complaints"] - 1
    api.post(f"/v1/complaints/{duplicate}/duplicate-link-removals")
    after = api.get(PATH).json()
    for report in (before, after):
        report["trend"].pop("after"), report["trend"].pop("before")
        for row in (report["trend"]["total"], *report["trend"]["rows"]):
            del row["low"]  # the window has grown by the time between
    assert after == before


def test_complaints_of_an_incident_have_its_cause(api: Api, complaints: list[Record]) -> None:
    incident = api.post("/v1/incidents", json={"title": "Storm", "started_at": days_ago(50)}).json()["id"]
    joined = [row["id"] for row in complaints[:4]]
    api.post(f"/v1/incidents/{incident}/complaints", json={"complaint_ids": joined})
    api.put("/v1/complaint-causes/storm", json={"names": {"en": "Storm"}})
    api.post(f"/v1/incidents/{incident}/causes", json={"cause": "storm", "fault": "nobody"})
    report = api.get(PATH, params={"what": "cause"}).json()
    assert cells(report, "channel", "what", "complaints")[0] == ("phone", "storm", 4)
    assert (report["pareto"]["known"], report["pareto"]["unknown"]) == (4, 5)


def test_a_finished_prevention_is_held_against_the_time_before(api: Api, customers: list[str]) -> None:
    late = {"customer_id": customers[0], "category": "late"}
    items = [{**late, "received_at": days_ago(60 + n)} for n in range(1, 31)]
    items += [{**late, "received_at": days_ago(60 - 4 * n)} for n in range(1, 6)]
    items += [{**late, "category": "torn", "received_at": days_ago(10)}] * 50
    record(api, [{**item, "external_id": str(n)} for n, item in enumerate(items)])
    incident = {"title": "Vans break down", "category": "late", "started_at": days_ago(100)}
    path = f"/v1/incidents/{api.post('/v1/incidents', json=incident).json()['id']}/preventions"
    body = {"text": "Vans are serviced.", "responsible": "elvin.m"}
    done, fresh, _ = (api.post(path, json=body).headers["location"] for _ in range(3))
    api.post(f"{done}/completions", json={"at": days_ago(60)})
    api.post(f"{fresh}/completions")
    effects = api.get(PATH, params={"prevention_days": 30}).json()["preventions"]
    assert [effect["prevention_id"] for effect in effects] == [fresh[-36:], done[-36:]]
    now, then = effects
    assert (then["by"], then["what"], then["before"], then["after"]) == ("category", "late", 30, 5)
    assert (then["days_before"], then["days_after"], then["verdict"]) == (30, 30, "fewer")
    assert (round(then["ratio"], 4), round(then["low"], 4), round(then["high"], 4)) == (
        0.1667,
        0.0505,
        0.4338,
    )
    assert (now["after"], now["verdict"]) == (0, "no_evidence")
    assert now["days_after"] < 0.1


def test_the_window_is_held_against_the_one_before(api: Api, customers: list[str]) -> None:
    late = {"customer_id": customers[0], "category": "late"}
    torn = {"customer_id": customers[1], "category": "torn"}
    items = [{**late, "received_at": days_ago(25)}] * 40 + [{**late, "received_at": days_ago(5)}] * 8
    items += [{**torn, "received_at": days_ago(25)}] * 10 + [{**torn, "received_at": days_ago(5)}] * 9
    record(api, [{**item, "external_id": str(n)} for n, item in enumerate(items)])
    today = NOW.date()
    window = {"from": str(today - timedelta(days=15)), "to": str(today + timedelta(days=1))}
    trend = api.get(PATH, params=window).json()["trend"]
    assert {row["what"]: (row["before"], row["after"], row["verdict"]) for row in trend["rows"]} == {
        "late": (40, 8, "changed"),
        "torn": (10, 9, "noise"),
    }
    assert (trend["total"]["before"], trend["total"]["after"]) == (50, 17)
    assert round(trend["confidence"], 4) == 0.9833


def test_an_empty_store_has_nothing_to_say(api: Api) -> None:
    report = api.get(PATH).json()
    assert (report["cells"], report["total"]["complaints"], report["pareto"]["top20_share"]) == ([], 0, None)
    assert (report["trend"]["rows"], report["trend"]["total"]["verdict"]) == ([], "noise")


@pytest.mark.parametrize(
    ("query", "member", "code"),
    [
        ({"where": "place"}, "where", "enum"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "from", "window_order"),
        ({"limit": 0}, "limit", "greater_than_equal"),
        ({"wher": "channel"}, "wher", "extra_forbidden"),
    ],
)
def test_what_cannot_be_asked_is_refused(api: Api, query: Record, member: str, code: str) -> None:
    refused = problem(api.get(PATH, params=query), 422, "validation_failed")
    assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [(member, code)]


def test_the_map_is_the_whole_companys_and_speaks_the_callers_language(api: Api, api_with: Any) -> None:
    limited = api_with(Scope.INSIGHTS_READ, units=("izmir",))
    problem(limited.get(PATH), 403, "limited_to_units")
    problem(api_with(Scope.COMPLAINTS_READ).get(PATH), 403, "insufficient_scope")
    english, turkish = (api.get(PATH, headers={"Accept-Language": one}).json() for one in ("en", "tr"))
    assert english["limits"] != turkish["limits"]


def test_a_complaints_own_cause_comes_before_its_incidents_and_fixes_have_their_cost(
    api: Api, store: Store, complaints: list[Record]
) -> None:
    incident = api.post("/v1/incidents", json={"title": "Storm", "started_at": days_ago(50)}).json()["id"]
    first, second, third = (UUID(row["id"]) for row in complaints[:3])
    api.post(f"/v1/incidents/{incident}/complaints", json={"complaint_ids": [str(first), str(second)]})
    api.put("/v1/complaint-causes/storm", json={"names": {"en": "Storm"}})
    api.post(f"/v1/incidents/{incident}/causes", json={"cause": "storm", "fault": "nobody"})
    steps = [
        {"complaint_id": first, "kind": "cause", "cause": "driver", "at": NOW - timedelta(days=2)},
        {"complaint_id": first, "kind": "cause", "cause": "packing", "at": NOW - timedelta(days=1)},
        {"complaint_id": first, "kind": "fix", "cost_minor": 4500, "cost_currency": "TRY"},
        {"complaint_id": second, "kind": "fix", "cost_minor": 500, "cost_currency": "TRY"},
        {"complaint_id": second, "kind": "fix", "cost_minor": 999, "cost_currency": "USD"},
        {"complaint_id": third, "kind": "prevention", "text": "Bags", "done_at": NOW, "responsible": "e"},
    ]
    shared = {"at": NOW, "actor_id": "test", "recorded_at": NOW}
    for step in steps:
        store.write_sync(_insert, {**shared, "id": new_id(), **step})
    report = api.get(PATH, params={"what": "cause"}).json()
    assert set(cells(report, "what", "complaints")) >= {("packing", 1), ("storm", 1)}
    costs = {cell["what"]: cell["fix_cost"] for cell in report["cells"] if cell["what"]}
    assert [costs[what]["amount"] for what in ("packing", "storm")] == ["45.00", "5.00"]
    assert (report["total"]["fix_cost"]["amount"], report["fixes_left_out"]) == ("50.00", 1)
    [effect] = report["preventions"]
    assert (effect["complaint_id"], effect["by"], effect["what"]) == (str(third), "category", "late")


def _insert(tx: Connection, row: Record) -> None:
    tx.execute(insert(ComplaintRecoveryStep).values(row))
