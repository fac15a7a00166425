"""Churn, satisfaction and methods over HTTP on both databases."""

from typing import Any
from uuid import UUID

import factories
import pytest
from support import Api, problem

from app.domain.churn import SIGNALS
from app.domain.common.access import Actor, Scope
from app.domain.satisfaction import INDICES
from app.jobs.scoring.score import score
from app.store.engine import Store


@pytest.fixture
def ids(api: Api, store: Store, actor: Actor) -> Any:
    found = store.write_sync(factories.customers_worth, actor, [100 * number for number in range(1, 9)])
    made = api.post("/v1/scoring-runs", json={}).json()
    score(store, actor, UUID(made["id"]))
    return found


def test_churn_ties_with_the_customers(api: Api, ids: list[UUID]) -> None:
    report = api.get("/v1/insights/churn").json()
    assert report["models"]["mbg_nbd"]["no_fit"] == "too_few_customers"
    assert sum(level["customers"] for level in report["levels"]) == report["n"]
    assert report["limits"] == ["too_few_customers", "no_backtest", "left_unproved"]


def test_a_customer_without_a_verdict_has_an_empty_flag(api: Api, ids: list[UUID]) -> None:
    flag = api.get(f"/v1/customers/{ids[0]}/churn", headers={"Accept-Language": "tr"})
    assert flag.headers["Content-Language"] == "tr"
    assert (flag.json()["level"], flag.json()["reasons"]) == (None, [])
    assert [past["level"] for past in flag.json()["history"]] == [None]


def test_nothing_is_known_before_the_first_run(api: Api) -> None:
    assert api.get("/v1/insights/churn").status_code == 404


def test_satisfaction_of_nobody_is_null(api: Api) -> None:
    report = api.get("/v1/insights/satisfaction", params={"index": "nps", "by": "agent"}).json()
    assert (report["overall"]["n"], report["overall"]["score"], report["groups"]) == (0, None, [])


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"index": "happiness"},
        {"index": "nps", "from": "2026-02-01", "to": "2026-02-01"},
        {"index": "nps", "survey": "unknown"},
        {"index": "nps", "by": "colour"},
    ],
)
def test_what_cannot_be_told_is_refused(api: Api, params: dict[str, str]) -> None:
    assert api.get("/v1/insights/satisfaction", params=params).status_code == 422


def test_figures_of_the_whole_company_are_not_for_keys_of_units(api_with: Any, ids: list[UUID]) -> None:
    limited = api_with(Scope.INSIGHTS_READ, units=("izmir",))
    for path in ("/v1/insights/churn", "/v1/insights/satisfaction?index=nps"):
        assert limited.get(path).status_code == 403


def test_every_method_is_listed_and_can_be_read(api: Api) -> None:
    listed = api.get("/v1/insights/methods").json()["data"]
    assert {method["code"] for method in listed} >= {*INDICES, *SIGNALS, "mbg_nbd", "value_tiers", "verdict"}
    for method in listed:
        whole = api.get(f"/v1/insights/methods/{method['code']}").json()
        assert whole == {**method, "example": whole["example"], "limits": whole["limits"]}
        assert whole["limits"]
        assert whole["example"]["given"]
        assert whole["example"]["found"]
    problem(api.get("/v1/insights/methods/happiness"), 404, "not_found")


def test_methods_are_told_in_the_callers_language(api: Api) -> None:
    for path in ("methods/nps", "satisfaction?index=nps"):
        answer = api.get(f"/v1/insights/{path}", headers={"Accept-Language": "tr"})
        assert answer.headers["Content-Language"] == "tr"
        assert answer.json()["name"] == "Net tavsiye skoru"
    answer = api.get("/v1/insights/methods/nps", headers={"Accept-Language": "az"})
    assert answer.json()["limits"][1].startswith("30-dan az cavab")


def test_satisfaction_in_groups_with_its_trend(api: Api) -> None:
    question = {"code": "q", "kind": "csat", "texts": {"en": "How?"}, "scale": {"min": 1, "max": 5}}
    made = api.post("/v1/surveys", json={"code": "s", "names": {"en": "S"}, "questions": [question]})
    assert made.status_code == 201, made.text
    for number, (agent, month) in enumerate([("a", 3), ("a", 3), ("b", 3), ("b", 4), ("a", 4)]):
        body = {
            "survey_code": "s",
            "source": "t",
            "external_id": str(number),
            "agent": agent,
            "answered_at": f"2026-0{month}-10T09:00:00Z",
            "answers": [{"question": "q", "number": 5 if agent == "a" else 2}],
        }
        answer = api.post("/v1/survey-responses", json=body)
        assert answer.status_code == 201, answer.text
    params = {"index": "csat", "from": "2026-03-01", "to": "2026-05-01", "by": "agent", "survey": "s"}
    report = api.get("/v1/insights/satisfaction", params=params).json()
    assert (report["overall"]["n"], report["overall"]["score"]) == (5, 0.6)
    assert {group["key"]: (group["n"], group["score"]) for group in report["groups"]} == {
        "a": (3, 1.0),
        "b": (2, 0.0),
    }
    assert [(step["month"], step["n"]) for step in report["trend"]] == [("2026-03", 3), ("2026-04", 2)]
    assert report["trend"][0]["change"] is None
    assert report["trend"][1]["change"]["verdict"] in ("noise", None)
    assert report["verdict"] is None, "two months are compared as two"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Changed since 2026-04: 90% before, 20% after."),
        ("tr", "2026-04 döneminden beri değişti: önce %90, sonra %20."),
        ("az", "2026-04 dövründən bəri dəyişib: əvvəl 90%, sonra 20%."),
    ],
)
def test_a_list_of_months_is_judged_as_a_whole(api: Api, language: str, said: str) -> None:
    question = {"code": "q", "kind": "csat", "texts": {"en": "How?"}, "scale": {"min": 1, "max": 5}}
    api.post("/v1/surveys", json={"code": "s", "names": {"en": "S"}, "questions": [question]})
    items = [
        {
            "survey_code": "s",
            "source": "t",
            "external_id": f"{month}-{number}",
            "answered_at": f"2026-0{month}-10T09:00:00Z",
            "answers": [{"question": "q", "number": 5 if number < (18 if month < 4 else 4) else 1}],
        }
        for month in range(1, 7)
        for number in range(20)
    ]
    stored = api.post("/v1/survey-responses/batch", json={"items": items})
    assert stored.status_code == 201, stored.text
    params = {"index": "csat", "from": "2026-01-01", "to": "2026-07-01"}
    headers = {"Accept-Language": language}
    report = api.get("/v1/insights/satisfaction", params=params, headers=headers).json()
    verdict = report["verdict"]
    assert (verdict["changed"], verdict["since"], verdict["periods"]) == (True, "2026-04", 6)
    assert (verdict["before"], verdict["after"], verdict["text"]) == (0.9, 0.2, said)
    assert abs(verdict["statistic"]) > verdict["limit"] > 2
    judged = [step["change"] and step["change"]["verdict"] for step in report["trend"]]
    assert judged == [None, "noise", "noise", "changed", "noise", "noise"]
    assert len({step["change"]["critical"] for step in report["trend"][1:]}) == 1
