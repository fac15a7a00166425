"""Whether a customer's answers move, over HTTP: learned from all, told of one, the same after more runs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import factories
import numpy as np
import pytest
from factories import NOON
from support import Api

from app.domain.common.access import Actor
from app.domain.satisfaction.trend import occasions, spread
from app.jobs.scoring.score import score
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.scoring import runs
from app.store.engine import Store

ANSWERS = [[5, 5, 5, 4, 5, 5, 4, 5], [5, 5, 5, 5, 5, 5, 4], [5, 5, 5, 5, 1], [4, 1], [3], []]
"""What each customer answers on 1 to 5, a day apart."""


def run(store: Store, actor: Actor, as_of: str) -> None:
    made = store.write_sync(runs.create, actor, ScoringRunCreate.model_validate({"as_of": as_of}))
    score(store, actor, made["id"])


@pytest.fixture
def ids(store: Store, actor: Actor) -> list[UUID]:
    csat_question = factories.question("overall", "csat", scale={"min": 1, "max": 5})
    store.write_sync(factories.survey, actor, questions=[csat_question])
    made = store.write_sync(factories.customers_worth, actor, [100 * (n + 1) for n in range(len(ANSWERS))])
    for who, values in zip(made, ANSWERS, strict=True):
        for day, value in enumerate(values):
            at = (NOON + timedelta(days=day)).isoformat()
            store.write_sync(factories.response, actor, who, {"overall": value}, answered_at=at)
    return made


def csat(api: Api, who: UUID) -> Any:
    shown = api.get(f"/v1/customers/{who}").json()["satisfaction"]
    assert api.get(f"/v1/customers/{who}/overview").json()["satisfaction"] == shown
    return None if shown is None else shown["csat"]


def test_one_answer_of_four_among_fives_is_chance_and_a_one_is_not(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    path = f"/v1/customers/{ids[2]}"  # a level takes a purchase model, or a contract
    headers = {"If-Match": api.get(path).headers["ETag"]}
    contract = {"contract": {"started_on": "2025-01-01"}}
    assert api.patch(path, json=contract, headers=headers).status_code == 200
    run(store, actor, "2026-04-01")
    found = [csat(api, who) for who in ids]
    assert [one and one["trend"] for one in found] == ["steady", "steady", "falling", None, None, None]
    points = [(customer, 25.0 * value - 25) for customer, row in enumerate(ANSWERS) for value in row]
    who, values = (np.array(column) for column in zip(*points, strict=True))
    all_of_them = occasions(values, np.arange(len(points)), who, len(ANSWERS))
    usual = spread(all_of_them.n, all_of_them.latest, all_of_them.earlier, all_of_them.squares)
    for customer in range(3):
        expected = all_of_them.of(customer, usual)
        assert expected.change is not None
        shown = found[customer]
        assert shown["n"] == expected.n
        assert shown["change"] == round(expected.change, 1)
        assert (shown["statistic"], shown["limit"]) == pytest.approx(expected[2:4], abs=1e-4)
    nothing = dict.fromkeys(("trend", "change", "statistic", "limit"))
    assert found[3] == {"latest": 0, "answered_at": "2026-03-11T12:00:00Z", "n": 2, "mean": 37.5, **nothing}
    reasons = api.get(f"/v1/customers/{ids[2]}/churn").json()["reasons"]
    (fall,) = (reason for reason in reasons if reason["code"] == "falling_scores")
    assert (fall["value"], fall["baseline"], fall["n"]) == (0, 100, 5)
    assert 20 <= fall["limit"] < 100


def test_answers_of_others_move_what_is_ordinary_for_one_who_did_not_answer(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    run(store, actor, "2026-04-01")
    before = csat(api, ids[2])
    for day, value in enumerate([1, 5, 1, 5, 1, 5]):
        at = (NOON + timedelta(days=25 + day / 24)).isoformat()
        store.write_sync(factories.response, actor, ids[5], {"overall": value}, answered_at=at)
    run(store, actor, "2026-04-10")  # goes on from the facts of the first
    after = csat(api, ids[2])
    assert abs(after["statistic"]) < abs(before["statistic"])
    assert {**after, "statistic": 0, "trend": 0} == {**before, "statistic": 0, "trend": 0}


def test_a_composite_is_that_of_the_survey_which_was_answered_last(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    scale = {"min": 1, "max": 5}
    for code, second in (("shop", "shelves"), ("app", "screens")):
        asked = [factories.question(name, "rating", scale=scale, weight=1) for name in ("price", second)]
        store.write_sync(factories.survey, actor, code=code, questions=asked)
    day = 0
    for code, second, values in (
        ("shop", "shelves", [5, 5, 5, 5]),
        ("app", "screens", [1, 1, 1]),
        ("shop", "shelves", [1]),
    ):
        for value in values:
            day += 1
            at = (NOON + timedelta(days=day)).isoformat()
            for who in ids[4:6] if day < 8 else ids[4:5]:
                numbers = {"price": value, second: value}
                store.write_sync(factories.response, actor, who, numbers, survey_code=code, answered_at=at)
    run(store, actor, "2026-04-01")
    back, stays = (api.get(f"/v1/customers/{who}").json()["satisfaction"]["composite"] for who in ids[4:6])
    assert (back["n"], back["latest"], back["mean"], back["trend"]) == (5, 0, 80, "falling")
    assert (stays["n"], stays["latest"], stays["mean"], stays["trend"]) == (3, 0, 0, "steady")
