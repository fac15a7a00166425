"""The composite index over answers to several surveys: each on its own, never mixed."""

from typing import Any

import factories
import pytest

from app.domain.common.access import Actor
from app.schemas.insights.satisfaction import SatisfactionQuery
from app.schemas.surveys.responses import SurveyResponseCreate
from app.services.insights import satisfaction_report
from app.services.surveys import responses
from app.store.engine import Store

TEN, FIVE = {"min": 1, "max": 10}, {"min": 1, "max": 5}


def record(store: Store, actor: Actor, survey: str, agent: str, month: str, **numbers: int) -> None:
    answers = [{"question": code, "number": number} for code, number in numbers.items()]
    body = {
        "survey_code": survey,
        "agent": agent,
        "answered_at": f"2026-{month}-05T10:00:00Z",
        "answers": answers,
    }
    store.write_sync(responses.create, actor, SurveyResponseCreate.model_validate(body))


def ask(store: Store, actor: Actor, **query: Any) -> dict[str, Any]:
    wanted = {"index": "composite", "from_": "2026-01-01", "to": "2026-06-01", **query}
    return store.read_sync(satisfaction_report.report, actor, SatisfactionQuery.model_validate(wanted), "en")


def groups(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(group["survey"], group["key"], group["n"], group["score"]) for group in found["groups"]]


@pytest.fixture(autouse=True)
def _surveys(store: Store, actor: Actor) -> None:
    for code, scale, asked in (("visit", FIVE, "ab"), ("year", TEN, "abc"), ("unanswered", TEN, "a")):
        questions = [factories.question(one, "rating", scale=scale) for one in asked]
        store.write_sync(factories.survey, actor, code=code, questions=questions)
    record(store, actor, "visit", "ada", "01", a=5, b=5)
    record(store, actor, "visit", "bea", "02", a=1, b=1)


def test_one_survey_has_a_score(store: Store, actor: Actor) -> None:
    found = ask(store, actor)
    assert (found["by"], found["overall"]["score"], len(found["trend"])) == ("survey", 50.0, 2)
    assert groups(found) == [("visit", "visit", 2, 50.0)]


def test_several_surveys_have_one_each(store: Store, actor: Actor) -> None:
    record(store, actor, "year", "ada", "01", a=10, b=10, c=1)
    found = ask(store, actor)
    assert groups(found) == [
        ("visit", "visit", 2, 50.0),
        ("year", "year", 1, pytest.approx(200 / 3)),
    ]
    overall = found["overall"]
    assert (overall["n"], overall["score"], overall["low"], overall["rankable"]) == (3, None, None, False)
    assert (found["trend"], found["verdict"]) == ([], None)
    assert groups(ask(store, actor, by="agent")) == [
        ("visit", "ada", 1, 100.0),
        ("visit", "bea", 1, 0.0),
        ("year", "ada", 1, pytest.approx(200 / 3)),
    ]
    assert groups(ask(store, actor, by="month"))[:2] == [
        ("visit", "2026-01", 1, 100.0),
        ("visit", "2026-02", 1, 0.0),
    ]
    one = ask(store, actor, survey="visit")
    assert (one["by"], one["overall"]["score"], one["groups"], len(one["trend"])) == (None, 50.0, [], 2)


def test_other_indices_can_be_divided_by_survey_too(store: Store, actor: Actor) -> None:
    for code in ("one", "two"):
        asked = [factories.question("q", "csat", scale=FIVE)]
        store.write_sync(factories.survey, actor, code=code, questions=asked)
    record(store, actor, "one", "ada", "01", q=5)
    record(store, actor, "two", "ada", "01", q=1)
    found = ask(store, actor, index="csat", by="survey")
    assert groups(found) == [("one", "one", 1, 1.0), ("two", "two", 1, 0.0)]
    assert found["overall"]["score"] == 0.5
    assert ask(store, actor, index="csat")["groups"] == []


def test_nobody_answered(store: Store, actor: Actor) -> None:
    found = ask(store, actor, from_="2020-01-01", to="2020-02-01")
    assert (found["groups"], found["overall"]["n"], found["overall"]["score"]) == ([], 0, None)
