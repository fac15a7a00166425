"""Companies of few customers and of little past: every figure is there, or the reason why it is not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import factories
import numpy as np
import pytest
from support import Api, problem

from app.domain.common.access import Actor
from app.jobs.scoring.score import score
from app.store.engine import Store

END = datetime(2026, 6, 30, 9, tzinfo=UTC)
HORIZON = 30
LANGUAGES = ("en", "tr", "az")
NO_MODEL = {"no_customers", "too_few_customers", "too_few_repeat_buyers"}

PASTS = {"one window": 60, "two windows": 95, "a year": 460, "three years": 1100}
"""Days of past: enough for one closed horizon, for two, for the season of a year before, and for many."""


def bought(customers: int, days: int) -> list[list[tuple[datetime, int]]]:
    """Purchases of customers who join evenly, buy every three weeks or so, and may stop after each; the first
    is there all the time."""
    random, lists = np.random.default_rng(100 * customers + days), []
    for number in range(customers):
        day, own = 0.0 if number == 0 else float(random.uniform(0, days * 0.7)), []
        while day < days:
            own.append((END - timedelta(days=days - 1 - int(day)), int(random.lognormal(7, 0.5))))
            if number and random.random() < 0.1:
                break
            day += max(random.exponential(21), 1)
        lists.append(own)
    return lists


@pytest.mark.parametrize("days", PASTS.values(), ids=[*PASTS])
@pytest.mark.parametrize("customers", [1, 29, 30])
def test_each_figure_or_its_reason(api: Api, store: Store, actor: Actor, customers: int, days: int) -> None:
    ids = store.write_sync(factories.shop, actor, bought(customers, days))
    churn, value = scored(api, store, actor)
    unexplained = [*of_churn(churn), *of_value(value)]
    for customer_id in {ids[0], ids[-1], ids[len(ids) // 2]}:
        flag, own = (read(api, f"/v1/customers/{customer_id}/{name}") for name in ("churn", "lifetime-value"))
        unexplained += of_flag(flag, churn)
        if (own["value"] is None) != bool(NO_MODEL & set(own["warnings"])):
            unexplained.append("value of a customer")
    assert unexplained == []
    is_known = churn["serving"]["model"] is not None
    assert is_known == (value["total"] is not None) == (customers >= 30)


def test_nobody_at_all(api: Api, store: Store, actor: Actor) -> None:
    churn, value = scored(api, store, actor)
    assert [*of_churn(churn), *of_value(value)] == []
    assert churn["limits"] == ["no_customers", "no_backtest"]
    assert (value["total"], value["n"], value["limits"]) == (None, 0, ["too_few_customers"])
    problem(api.get(f"/v1/customers/{UUID(int=1)}/churn"), 404, "not_found")


def scored(api: Api, store: Store, actor: Actor) -> tuple[Any, Any]:
    """What a run says of churn and of lifetime value."""
    asked = {"as_of": "2026-07-01", "horizon_days": HORIZON, "lifetime_value": {"horizon_days": HORIZON}}
    score(store, actor, UUID(api.post("/v1/scoring-runs", json=asked).json()["id"]))
    return read(api, "/v1/insights/churn"), read(api, "/v1/insights/lifetime-value")


def read(api: Api, path: str) -> Any:
    """The answer in English; it has the same notes in all languages, each in other words."""
    answers = [api.get(path, headers={"Accept-Language": language}) for language in LANGUAGES]
    assert [answer.status_code for answer in answers] == [200] * 3
    found = [answer.json() for answer in answers]
    for notes in zip(*(answer["notes"] for answer in found), strict=True):
        assert len({note["code"] for note in notes}) == 1
        assert len({note["sentence"] for note in notes}) == 3
    return found[0]


def of_churn(report: Any) -> Iterator[str]:
    """Figures of a company that are null for no reason given."""
    limits, serving = set(report["limits"]), report["serving"]
    if serving["model"] is None and not NO_MODEL & limits:
        yield "serving"
    if report["backtest"]["model"] is None and report["backtest"]["no_fit"] is None:
        yield "backtest"
    if report["calibrated"] is None and not {"no_backtest", "too_few_to_tell"} & limits:
        yield "calibrated"
    if report["silence_limit"] is None and not {"left_unproved", "sales_stopped", "no_customers"} & limits:
        yield "silence_limit"
    if (serving["model"] is None) != (serving["contest"]["serves"] is None):
        yield "contest"
    for entry in serving["contest"]["entries"]:
        if entry["metrics"] is None and entry["missing"] is None:
            yield entry["code"]
    if report["dormant"]["expected_to_return"] is None and serving["model"] is not None:
        yield "expected_to_return"
    if {note["code"] for note in report["notes"]} != limits:
        yield "notes"


def of_value(report: Any) -> Iterator[str]:
    """The same of its lifetime values."""
    limits = set(report["limits"])
    if (report["total"] is None) != bool(NO_MODEL & limits):
        yield "total"
    if any((report[name] is None) != (report["total"] is None) for name in ("interval", "level", "parts")):
        yield "interval"
    if report["basis"] == "none" and not {"no_lifetime_backtest", *NO_MODEL} & limits:
        yield "basis"
    if [note["code"] for note in report["notes"]] != report["limits"]:
        yield "notes"


def of_flag(flag: Any, report: Any) -> Iterator[str]:
    """The same of one customer's churn."""
    is_missing = flag["level"] is None or flag["probability"] is None
    if is_missing != (flag["reason"] is not None):
        yield "flag"
    if flag["reason"] is not None and flag["reason"] not in {note["code"] for note in flag["notes"]}:
        yield "its note"
    if flag["calibrated"] != report["calibrated"]:
        yield "calibrated"
