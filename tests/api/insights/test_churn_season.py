"""A company that sells by season, over HTTP: what is published, what only ranks, and how it is said."""

from datetime import date
from typing import Any
from uuid import UUID

import annual_shop
import pytest
from sqlalchemy import Connection, select, update
from support import Api

from app.domain.common.access import Actor
from app.jobs.scoring.backtest import run as run_backtest
from app.jobs.scoring.score import score
from app.store.engine import Store
from app.store.tables import Backtest, ScoringRun

NEW = (
    "season",
    "ranked_only",
    "ranked",
    "silence_limit",
    "outcome_end",
    "limits",
    "stopped_sources",
)
"""Members of runs, of backtests, or of both that versions before 4 did not store."""
LEARNED, UNPROVED, WORSE = date(2025, 10, 1), date(2024, 8, 25), date(2023, 10, 1)
SENTENCES = {
    "worse_than_base_rate": {
        "en": "On the last closed window the probabilities were worse than one figure for all; customers are "
        "only ranked.",
        "tr": "Son kapanan dönemde olasılıklar herkes için tek bir orandan kötüydü; müşteriler yalnızca "
        "sıralanır.",
        "az": "Son bağlanan dövrdə ehtimallar hamı üçün tək göstəricidən pis idi; müştərilər yalnız "
        "sıralanır.",
    },
    "season_unproved": {
        "en": "Customers buy by season, and in the season of the year before no probability was better than "
        "one figure for all; customers are only ranked.",
        "tr": "Müşteriler sezona göre alışveriş yapıyor ve önceki yılın aynı sezonunda hiçbir olasılık "
        "herkes için tek bir orandan iyi değildi; müşteriler yalnızca sıralanır.",
        "az": "Müştərilər mövsümə görə alış-veriş edir və əvvəlki ilin eyni mövsümündə heç bir ehtimal "
        "hamı üçün tək göstəricidən yaxşı deyildi; müştərilər yalnız sıralanır.",
    },
    "season_unknown": {
        "en": "The season ahead has not been seen in an earlier year; if customers buy by season, the "
        "probabilities do not know it.",
        "tr": "Önümüzdeki sezon önceki bir yılda görülmedi; müşteriler sezona göre alışveriş yapıyorsa "
        "olasılıklar bunu bilmez.",
        "az": "Qarşıdakı mövsüm əvvəlki bir ildə görünməyib; müştərilər mövsümə görə alış-veriş edirsə, "
        "ehtimallar bunu bilmir.",
    },
}


def run(api: Api, store: Store, actor: Actor, as_of: date) -> Any:
    made = api.post("/v1/scoring-runs", json={"as_of": as_of.isoformat(), "horizon_days": 90}).json()
    score(store, actor, UUID(made["id"]))
    return api.get("/v1/insights/churn").json()


def backtest(api: Api, store: Store, actor: Actor, cut: date) -> Any:
    made = api.post("/v1/backtests", json={"cut_on": cut.isoformat(), "horizon_days": 90}).json()
    run_backtest(store, actor, UUID(made["id"]))
    return api.get(f"/v1/backtests/{made['id']}").json()["result"]


def notes(answer: Any) -> dict[str, str]:
    return {note["code"]: note["sentence"] for note in answer["notes"]}


@pytest.fixture
def ids(store: Store, actor: Actor) -> list[UUID]:
    return annual_shop.fill(store, actor)


def test_a_season_that_was_learned_is_published(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    report = run(api, store, actor, LEARNED)
    season = report["season"]
    assert (season["found"], season["served"], season["withheld"]) == (True, "season_logistic", None)
    assert (report["serving"]["model"], report["ranked_only"]) == ("season_logistic", False)
    assert [one["window"] for one in season["shifts"]] == ["last", "same_season", "season_before"]
    assert [one["opened_on"] for one in season["shifts"]] == ["2025-07-03", "2024-10-02", "2023-10-04"]
    assert season["shift"] == season["shifts"][1]["shift"] < -1
    tried = {one["code"]: one for one in season["candidates"]}
    assert list(tried) == ["as_is", "shifted", "season_logistic"]
    assert tried["season_logistic"]["statistic"] < -2 < 2 < tried["as_is"]["statistic"]
    assert season["measured"] == "season_logistic"
    assert report["ece"] == tried["season_logistic"]["metrics"]["ece"]
    assert not {"season_unknown", "season_unproved", "worse_than_base_rate"} & set(report["limits"])
    flag = api.get(f"/v1/customers/{ids[-1]}/churn").json()
    assert flag["level"] is None  # came in the autumn after
    flags = [api.get(f"/v1/customers/{one}/churn").json() for one in ids[:3]]
    for flag in flags:
        if flag["left_by"] is not None:
            continue
        assert (flag["model"], flag["reason"]) == ("season_logistic", None)
        told = flag["explanation"]
        assert told["log_odds"] == pytest.approx(
            told["mean_log_odds"] + sum(one["contribution"] for one in told["contributions"])
        )
        assert 1 / (1 + 2.718281828 ** -told["log_odds"]) == pytest.approx(flag["probability"], abs=0.006)
    assert any(flag["explanation"] for flag in flags)


def only_ranked(api: Api, report: Any, who: UUID, reason: str) -> None:
    """A run that only ranks: no figure about anybody, and everywhere the reason."""
    assert report["ranked_only"] is True
    assert report["season"]["withheld"] == reason
    assert report["limits"].count(reason) == 1
    assert (report["ece"], report["calibrated"]) == (None, None)
    for name in ("dormant", "left"):
        silent = report[name].get("by_silence", report[name]["customers"])
        assert report[name]["expected_to_return"] == (None if silent else 0)
    levels = {one["level"]: one["customers"] for one in report["levels"]}
    assert {levels[name] for name in ("healthy", "watch", "at_risk")} == {0}
    assert report["value_at_risk"] is None
    flag = api.get(f"/v1/customers/{who}/churn").json()
    assert (flag["level"], flag["probability"], flag["value_at_risk"]) == (None, None, None)
    assert (flag["reason"], flag["model"], flag["explanation"]) == (reason, None, None)
    assert "silence_vs_own_rhythm" in {one["code"] for one in flag["reasons"]}  # what was seen is told
    worth = api.get(f"/v1/customers/{who}/lifetime-value").json()
    assert (worth["value"] is None) == (worth["interval"] is None) is False
    listed = api.get(f"/v1/customers/{who}").json()["churn"]
    assert listed == {name: flag[name] for name in listed}
    page = api.get("/v1/customers", params={"limit": 200, "sort": "-value"}).json()["data"]
    given = [row["churn"] for row in page if row["churn"] is not None]
    assert len(given) > 100
    assert {one["reason"] for one in given if one["probability"] is None} <= {reason, "no_purchase"}
    assert all(one["reason"] for one in given if one["level"] is None or one["probability"] is None)
    top = report["top"]
    assert len(top) == 50
    assert all((one["level"], one["probability"], one["value_at_risk"]) == (None,) * 3 for one in top)
    for language, sentence in SENTENCES[reason].items():
        header = {"Accept-Language": language}
        assert notes(api.get("/v1/insights/churn", headers=header).json())[reason] == sentence
        assert notes(api.get(f"/v1/customers/{who}/churn", headers=header).json())[reason] == sentence


def test_where_the_last_window_was_worse_than_one_figure_customers_are_ranked(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    report = run(api, store, actor, WORSE)
    only_ranked(api, report, ids[0], "worse_than_base_rate")
    season = report["season"]
    assert (season["found"], season["served"], season["candidates"]) == (None, None, [])
    [entry] = [one for one in report["serving"]["contest"]["entries"] if one["code"] == "mbg_nbd"]
    assert entry["statistic"] > 2
    assert report["serving"]["model"] == "mbg_nbd"
    for language, sentence in SENTENCES["season_unknown"].items():
        found = api.get("/v1/insights/churn", headers={"Accept-Language": language}).json()
        assert notes(found)["season_unknown"] == sentence


def test_a_season_that_nothing_proves_only_ranks(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    report = run(api, store, actor, UNPROVED)
    only_ranked(api, report, ids[0], "season_unproved")
    season = report["season"]
    assert (season["found"], season["served"], season["measured"]) == (True, "shifted", None)
    assert [one["window"] for one in season["shifts"]] == ["last", "same_season"]
    assert "season_unknown" not in report["limits"]


def test_the_order_is_that_of_the_value_at_risk_that_is_not_shown(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    top = [one["id"] for one in run(api, store, actor, WORSE)["top"]]
    spent = {
        one: sum(
            float(sale["amount"]["amount"])
            for sale in api.get("/v1/transactions", params={"customer_id": one, "limit": 200}).json()["data"]
            if sale["occurred_at"] < WORSE.isoformat()
        )
        for one in (top[0], top[-1])
    }
    assert spent[top[0]] >= spent[top[-1]] > 0
    again = run(api, store, actor, WORSE)
    assert [one["id"] for one in again["top"]] == top


def test_what_earlier_versions_stored_is_still_read(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    run(api, store, actor, WORSE)
    made = api.post("/v1/backtests", json={"cut_on": "2023-08-01", "horizon_days": 90}).json()
    run_backtest(store, actor, UUID(made["id"]))

    def older(tx: Connection) -> None:
        report = tx.execute(select(ScoringRun.churn)).scalar_one()
        for entry in report["serving"]["contest"]["entries"]:
            del entry["statistic"]
        known = {name: value for name, value in report.items() if name not in NEW[:3]}
        tx.execute(update(ScoringRun).values(churn={**known, "version": 3}))
        result = tx.execute(select(Backtest.result)).scalar_one()
        tx.execute(update(Backtest).values(result={k: v for k, v in result.items() if k not in NEW}))

    store.write_sync(older)
    report = api.get("/v1/insights/churn").json()
    assert (report["version"], report["season"], report["ranked_only"]) == (3, None, False)
    assert "statistic" not in report["serving"]["contest"]["entries"][0]
    result = api.get(f"/v1/backtests/{made['id']}").json()["result"]
    assert (result["season"], result["limits"], result["data_end"]) == (None, [], None)


@pytest.mark.parametrize(
    ("as_of", "published", "reason"),
    [
        (LEARNED, "season_logistic", "season"),
        (UNPROVED, None, "season_unproved"),
        (WORSE, None, "worse_than_base_rate"),
    ],
    ids=["learned", "unproved", "worse"],
)
def test_a_backtest_says_what_the_run_said(
    api: Api, store: Store, actor: Actor, ids: list[UUID], as_of: date, published: str | None, reason: str
) -> None:
    report = run(api, store, actor, as_of)
    result = backtest(api, store, actor, date.fromordinal(as_of.toordinal() - 1))
    assert (result["published"], result["reason"]) == (published, reason)
    assert result["ranked_only"] is (published is None)
    assert result["season"] == report["season"]
    assert result["silence_limit"] == report["silence_limit"]
    assert [code for code in result["limits"] if code in SENTENCES] == [
        code for code in report["limits"] if code in SENTENCES
    ]
    measured = {one["code"]: one["metrics"] for one in result["models"]}
    assert measured[report["serving"]["model"]]["brier"] is not None
    assert [one["published"] is None for one in result["groups"]] == [published is None] * len(
        result["groups"]
    )
    levels = {cell["level"]: cell["silent"] + cell["returned"] for cell in result["confusion"]}
    known = {one["level"]: one["customers"] for one in report["levels"]}
    assert {name: count for name, count in levels.items() if name} == known
