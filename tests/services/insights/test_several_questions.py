"""Several questions of one kind, on both databases: figures that mix them say so, and each can be read."""

from typing import Any

import factories
import pytest
from sqlalchemy import Connection

from app.domain.common.access import Actor
from app.errors import InvalidError
from app.schemas.insights.satisfaction import SatisfactionQuery
from app.services.insights import satisfaction_report
from app.store.engine import Store


def report(store: Store, actor: Actor, index: str = "nps", **members: Any) -> dict[str, Any]:
    query = {"index": index, "from": "2026-03-01", "to": "2026-04-01", **members}
    return store.read_sync(satisfaction_report.report, actor, SatisfactionQuery.model_validate(query), "en")


def told(found: dict[str, Any]) -> dict[tuple[str, str], tuple[int, float | None]]:
    return {(row["survey"], row["question"]): (row["n"], row["score"]) for row in found["questions"]}


def set_up(tx: Connection, actor: Actor, kind: str, low: int, high: int) -> None:
    """Three customers who answer the greatest to "company" and the least to "product"."""
    more = {} if kind == "nps" else {"scale": {"min": low, "max": high}}
    asks = [factories.question(code, kind, **more) for code in ("company", "product")]
    factories.survey(tx, actor, questions=asks)
    for number in range(3):
        customer_id = factories.customer(tx, actor, f"Customer {number}")
        factories.response(tx, actor, customer_id, {"company": high, "product": low})


@pytest.mark.parametrize(
    ("index", "low", "high", "best", "least"),
    [
        ("nps", 0, 10, 100.0, -100.0),
        ("csat", 1, 5, 1.0, 0.0),
        ("csat", 1, 7, 1.0, 0.0),
        ("ces", 1, 7, 100.0, 0.0),
    ],
)
def test_questions_of_one_kind_are_told_apart(
    store: Store, actor: Actor, index: str, low: int, high: int, best: float, least: float
) -> None:
    store.write_sync(set_up, actor, index, low, high)
    found = report(store, actor, index, by="tag")
    whole = found["overall"]
    assert (whole["n"], whole["score"], whole["excluded"]["replaced"]) == (6, (best + least) / 2, 0)
    assert whole["mixes_questions"]
    assert [group["mixes_questions"] for group in found["groups"]] == [True]
    assert [step["mixes_questions"] for step in found["trend"]] == [True]
    assert told(found) == {("delivery", "company"): (3, best), ("delivery", "product"): (3, least)}
    for question, score in (("company", best), ("product", least)):
        one = report(store, actor, index, question=question)
        figures = one["overall"]
        assert (figures["n"], figures["score"], figures["mixes_questions"]) == (3, score, False)
        assert one["question"] == question


def test_the_latest_answer_to_each_question_counts(store: Store, actor: Actor) -> None:
    def again(tx: Connection, actor: Actor) -> None:
        asks = [factories.question("company"), factories.question("product")]
        factories.survey(tx, actor, questions=asks)
        customer_id = factories.customer(tx, actor)
        factories.response(tx, actor, customer_id, {"company": 0, "product": 10})
        factories.response(tx, actor, customer_id, {"company": 10}, answered_at="2026-03-11T09:00:00Z")

    store.write_sync(again, actor)
    whole = report(store, actor)["overall"]
    assert (whole["n"], whole["score"], whole["excluded"]["replaced"]) == (2, 100.0, 1)


def test_two_surveys_with_one_question_each(store: Store, actor: Actor) -> None:
    def both(tx: Connection, actor: Actor) -> None:
        factories.survey(tx, actor, questions=[factories.question("recommend")])
        factories.survey(tx, actor, code="shop", questions=[factories.question("recommend")])
        customer_id = factories.customer(tx, actor)
        factories.response(tx, actor, customer_id, {"recommend": 10})
        factories.response(tx, actor, customer_id, {"recommend": 0}, survey_code="shop")

    store.write_sync(both, actor)
    found = report(store, actor)
    assert found["overall"]["mixes_questions"]
    assert told(found) == {("delivery", "recommend"): (1, 100.0), ("shop", "recommend"): (1, -100.0)}
    assert not report(store, actor, survey="shop")["overall"]["mixes_questions"]


def test_one_question_mixes_nothing(store: Store, actor: Actor) -> None:
    def one(tx: Connection, actor: Actor) -> None:
        factories.survey(tx, actor)
        factories.response(tx, actor, None, {"recommend": 9, "delivery": 4})

    store.write_sync(one, actor)
    found = report(store, actor)
    assert told(found) == {("delivery", "recommend"): (1, 100.0)}
    assert not found["overall"]["mixes_questions"]


@pytest.mark.parametrize(
    ("index", "question", "code"),
    [
        ("nps", "nobody-asks", "unknown_question"),
        ("nps", "delivery", "unknown_question"),
        ("composite", "delivery", "several_questions"),
        ("expectation", "delivery", "several_questions"),
    ],
)
def test_questions_that_are_not_the_indexs_are_refused(
    store: Store, actor: Actor, index: str, question: str, code: str
) -> None:
    store.write_sync(factories.survey, actor)
    with pytest.raises(InvalidError) as refused:
        report(store, actor, index, question=question)
    assert [wrong.code for wrong in refused.value.fields] == [code]
