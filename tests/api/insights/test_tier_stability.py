"""How firm the tiers are: under other cuts, over time, and by number."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import factories
import pytest
from support import Api, problem

from app.domain.common.access import Actor, Scope
from app.jobs.scoring.score import score
from app.store.engine import Store

WORKED = [60000, 20000, 10000, 5000, 3000, 2000, 0, -4000]
PATH = "/v1/insights/tier-firmness"


def run(api: Api, store: Store, actor: Actor, as_of: str) -> None:
    started = api.post("/v1/scoring-runs", json={"as_of": as_of}).json()
    score(store, actor, UUID(started["id"]))


@pytest.fixture
def ids(api: Api, store: Store, actor: Actor) -> list[UUID]:
    made = store.write_sync(factories.customers_worth, actor, WORKED)
    run(api, store, actor, "2026-04-01")
    return made


def test_other_cuts_and_the_best_twenty_percent(api: Api, ids: list[UUID]) -> None:
    report = api.get(PATH).json()
    in_force, other = report["sensitivity"][:2]
    assert (report["n"], [in_force[tier] for tier in "ABC"], in_force["moved"]) == (8, [2, 2, 4], 0)
    assert other["cuts"] == {"a_percent": 70, "b_percent": 90}
    assert ([other[tier] for tier in "ABC"], other["moved"], other["moved_share"]) == ([2, 1, 5], 1, 0.125)
    assert report["top_twenty"] == {
        "n": 2,
        "share": 0.8,
        "in_a": 2,
        "least": {"amount": "200.00", "currency": "TRY"},
    }
    assert (report["against_run_id"], report["stability"]) == (None, None)


def test_who_stayed_since_an_earlier_run(api: Api, store: Store, actor: Actor, ids: list[UUID]) -> None:
    store.write_sync(factories.purchases, actor, ids[7], [150_000], at=datetime(2026, 4, 5, 9, tzinfo=UTC))
    run(api, store, actor, "2026-05-01")
    report = api.get(PATH).json()
    best = report["stability"][0]
    assert (report["against_as_of"], best["tier"], best["n"]) == ("2026-04-01", "A", 2)
    assert best["now"] == {"A": 1, "B": 1, "C": 0, "none": 0}
    assert best["share"] == 0.5
    assert best["interval"]["low"] < 0.5 < best["interval"]["high"]
    moves = api.get("/v1/insights/value-tiers").json()["transitions"]
    assert {"before": "A", "after": "B", "customers": 1} in moves


def test_the_earlier_run_can_be_chosen(api: Api, store: Store, actor: Actor, ids: list[UUID]) -> None:
    for day in ("2026-05-01", "2026-06-01"):
        run(api, store, actor, day)
    asked = {
        None: "2026-05-01",
        "2026-05-31": "2026-05-01",
        "2026-04-30": "2026-04-01",
        "2026-04-01": "2026-04-01",
        "2026-03-31": None,
        "2027-01-01": "2026-05-01",
    }
    for against, found in asked.items():
        params = {} if against is None else {"against": against}
        assert api.get(PATH, params=params).json()["against_as_of"] == found


def test_a_company_without_customers_has_firm_tiers_of_nobody(api: Api, store: Store, actor: Actor) -> None:
    run(api, store, actor, "2026-04-01")
    report = api.get(PATH).json()
    assert (report["n"], report["top_twenty"]["n"], report["top_twenty"]["least"]) == (0, 0, None)


def test_refusals(api: Api, api_with: Any, ids: list[UUID]) -> None:
    problem(api.get(PATH, params={"as_of": "2020-01-01"}), 404, "not_found")
    assert api.get(PATH, params={"against": "soon"}).status_code == 422
    assert api_with(Scope.INSIGHTS_READ, units=("izmir",)).get(PATH).status_code == 403
