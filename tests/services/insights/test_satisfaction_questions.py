"""Several questions of one kind are told apart: no figure passes one question's score for the survey's."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import factories
import pytest

from app.domain.common.access import Actor
from app.errors import InvalidError
from app.schemas.insights.satisfaction import SatisfactionQuery
from app.services.insights import satisfaction_report
from app.store.engine import Store

Report = Callable[..., dict[str, Any]]


@pytest.fixture
def report(store: Store, actor: Actor) -> Report:
    """Report an index over March 2026, in which the factories' answers lie."""

    def made(index: str = "nps", **members: Any) -> dict[str, Any]:
        query = {"index": index, "from": "2026-03-01", "to": "2026-04-01", **members}
        return store.read_sync(
            satisfaction_report.report, actor, SatisfactionQuery.model_validate(query), "en"
        )

    return made


@pytest.fixture
def ask(store: Store, actor: Actor) -> Callable[..., None]:
    """Record the answers of a customer (None: anonymous) to questions of a survey."""

    def answer(survey: str, customer_id: UUID | None, **numbers: int) -> None:
        answers = [{"question": code, "number": number} for code, number in numbers.items()]
        members = {"survey_code": survey, "answers": answers}
        store.write_sync(factories.response, actor, customer_id, **members)

    return answer


def survey(store: Store, actor: Actor, code: str, *questions: dict[str, Any]) -> None:
    store.write_sync(factories.survey, actor, code=code, questions=list(questions))


def scores(report: dict[str, Any]) -> dict[str, tuple[int, float]]:
    return {f"{row['survey']}.{row['question']}": (row["n"], row["score"]) for row in report["questions"]}


def test_each_of_two_questions_has_its_own_score(
    store: Store, actor: Actor, report: Report, ask: Callable[..., None]
) -> None:
    survey(store, actor, "visit", factories.question("shop"), factories.question("brand"))
    for shop, brand in ((10, 0), (10, 0), (9, 3)):
        ask("visit", store.write_sync(factories.customer, actor), shop=shop, brand=brand)
    whole = report()
    assert scores(whole) == {"visit.brand": (3, -100.0), "visit.shop": (3, 100.0)}
    assert (whole["overall"]["n"], whole["overall"]["score"]) == (6, 0.0)
    assert whole["overall"]["mixes_questions"]
    only = report(question="shop")
    assert (only["overall"]["n"], only["overall"]["score"], only["question"]) == (3, 100.0, "shop")
    assert not only["overall"]["mixes_questions"]


def test_an_earlier_answer_is_replaced_by_one_to_the_same_question_only(
    store: Store, actor: Actor, report: Report, ask: Callable[..., None]
) -> None:
    survey(store, actor, "visit", factories.question("shop"), factories.question("brand"))
    customer_id = store.write_sync(factories.customer, actor)
    ask("visit", customer_id, shop=0)
    ask("visit", customer_id, brand=10)
    assert scores(report()) == {"visit.brand": (1, 100.0), "visit.shop": (1, -100.0)}


def test_groups_and_months_say_that_they_mix_questions(
    store: Store, actor: Actor, report: Report, ask: Callable[..., None]
) -> None:
    survey(store, actor, "visit", factories.question("shop"), factories.question("brand"))
    ask("visit", None, shop=10, brand=0)
    divided = report(by="channel")
    assert [group["mixes_questions"] for group in divided["groups"]] == [True]
    assert [month["mixes_questions"] for month in divided["trend"]] == [True]
    assert [group["mixes_questions"] for group in report(by="channel", question="brand")["groups"]] == [False]


@pytest.mark.parametrize(("kind", "index"), [("csat", "csat"), ("ces", "ces")])
def test_the_same_holds_for_other_kinds(
    store: Store, actor: Actor, report: Report, ask: Callable[..., None], kind: str, index: str
) -> None:
    scale = {"scale": {"min": 1, "max": 5 if kind == "csat" else 7}}
    questions = (factories.question("price", kind, **scale), factories.question("speed", kind, **scale))
    survey(store, actor, "visit", *questions)
    ask("visit", None, price=1, speed=5)
    found = report(index)
    assert found["overall"]["mixes_questions"]
    assert [row["n"] for row in found["questions"]] == [1, 1]
    assert found["questions"][0]["score"] != found["questions"][1]["score"]


def test_two_surveys_with_one_question_each_are_told_apart(
    store: Store, actor: Actor, report: Report, ask: Callable[..., None]
) -> None:
    survey(store, actor, "delivery", factories.question())
    survey(store, actor, "service", factories.question())
    ask("delivery", None, recommend=10)
    ask("service", None, recommend=0)
    assert scores(report()) == {"delivery.recommend": (1, 100.0), "service.recommend": (1, -100.0)}
    assert not report(survey="service")["overall"]["mixes_questions"]


@pytest.mark.parametrize(("index", "code"), [("nps", "unknown_question"), ("composite", "several_questions")])
def test_a_question_that_the_index_does_not_read_is_refused(
    store: Store, actor: Actor, report: Report, index: str, code: str
) -> None:
    survey(store, actor, "visit", factories.question("shop"))
    with pytest.raises(InvalidError) as refused:
        report(index, question="price")
    [wrong] = refused.value.fields
    assert (wrong.pointer, wrong.code) == ("question", code)
