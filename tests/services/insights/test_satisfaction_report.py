"""The satisfaction report on both databases: who was asked and answered, and customers with several tags."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import factories
import pytest
from factories import NOON

from app.domain.common.access import Actor
from app.domain.satisfaction.response_rate import response_rate
from app.schemas.insights.satisfaction import SatisfactionQuery
from app.services.insights import satisfaction_report
from app.store.engine import Store

Report = Callable[..., dict[str, Any]]


@pytest.fixture
def survey_id(store: Store, actor: Actor) -> UUID:
    """The survey "delivery", which asks for nps and csat."""
    return store.write_sync(factories.survey, actor)


@pytest.fixture
def report(store: Store, actor: Actor, survey_id: UUID) -> Report:
    """Report NPS over March 2026, in which `NOON` lies."""

    def made(**members: Any) -> dict[str, Any]:
        query = {"index": "nps", "from": "2026-03-01", "to": "2026-04-01", **members}
        return store.read_sync(
            satisfaction_report.report, actor, SatisfactionQuery.model_validate(query), "en"
        )

    return made


def rate(figures: dict[str, Any]) -> tuple[int, int] | None:
    """How many answered of how many invited, None where it is not told."""
    told = figures["response_rate"]
    return None if told is None else (told["answered"], told["invited"])


def groups(report: dict[str, Any]) -> dict[str | None, tuple[int, float | None, tuple[int, int] | None]]:
    return {group["key"]: (group["n"], group["score"], rate(group)) for group in report["groups"]}


def test_the_response_rate_counts_who_was_invited_in_the_window(
    store: Store, actor: Actor, report: Report
) -> None:
    assert rate(report()["overall"]) is None
    ids = [store.write_sync(factories.invitation, actor) for _ in range(5)]
    store.write_sync(factories.response, actor, invitation_id=str(ids[0]))
    # Answered later than the window, but invited in it; and the other way round.
    late = (NOON + timedelta(days=60)).isoformat()
    store.write_sync(factories.response, actor, invitation_id=str(ids[1]), answered_at=late)
    before = (NOON - timedelta(days=30)).isoformat()
    early = store.write_sync(factories.invitation, actor, invited_at=before)
    store.write_sync(factories.response, actor, invitation_id=str(early))
    # Nobody invited this one.
    store.write_sync(factories.response, actor)
    found = report()["overall"]
    assert found["n"] == 3
    assert rate(found) == (2, 5)
    expected = response_rate(2, 5)
    assert expected is not None
    told = found["response_rate"]
    assert (told["share"], told["low"], told["high"]) == (expected.share, expected.low, expected.high)


def test_the_response_rate_is_that_of_surveys_that_ask_what_the_index_reads(
    store: Store, actor: Actor, report: Report
) -> None:
    other = [factories.question("ease", "ces", scale={"min": 1, "max": 7})]
    store.write_sync(factories.survey, actor, code="ease", questions=other)
    store.write_sync(factories.invitation, actor)
    store.write_sync(factories.invitation, actor, survey_code="ease")
    assert rate(report()["overall"]) == (0, 1)
    assert rate(report(index="ces")["overall"]) == (0, 1)
    assert rate(report(survey="delivery")["overall"]) == (0, 1)
    assert rate(report(survey="ease")["overall"]) is None


def test_the_response_rate_of_groups(store: Store, actor: Actor, report: Report) -> None:
    for channel, answers in (("phone", 2), ("store", 1), ("app", 0)):
        for number in range(3):
            one = store.write_sync(factories.invitation, actor, channel=channel)
            if number < answers:
                store.write_sync(factories.response, actor, invitation_id=str(one))
    store.write_sync(factories.response, actor, channel="email")
    found = groups(report(by="channel"))
    assert found["phone"] == (2, 100.0, (2, 3))
    assert found["store"] == (1, 100.0, (1, 3))
    assert found["email"] == (1, 100.0, None)
    assert found["app"] == (0, None, (0, 3))  # that nobody answers must be seen


def test_the_response_rate_of_months(store: Store, actor: Actor, report: Report) -> None:
    # The last evening of March in UTC is April in Istanbul, the company's zone.
    april = "2026-03-31T21:30:00Z"
    for at in (NOON.isoformat(), NOON.isoformat(), april):
        one = store.write_sync(factories.invitation, actor, invited_at=at)
        if at == april:
            store.write_sync(factories.response, actor, invitation_id=str(one), answered_at=at)
    store.write_sync(factories.response, actor)
    found = groups(report(by="month", to="2026-05-01"))
    assert found == {"2026-03": (1, 100.0, (0, 2)), "2026-04": (1, 100.0, (1, 1))}


@pytest.fixture
def tagged(store: Store, actor: Actor, survey_id: UUID) -> list[UUID]:
    """A customer with the tags vip and club, one with vip, one without, each invited; the first two answered,
    with 10 and 0, the third without an invitation with 7."""
    ids = [
        store.write_sync(factories.customer, actor, name, tags=tags)
        for name, tags in (("Both", ["vip", "club"]), ("One", ["vip"]), ("None", []))
    ]
    for customer_id, number in zip(ids, (10, 0, 7), strict=True):
        invitation_id = store.write_sync(factories.invitation, actor, customer_id)
        more = {} if number == 7 else {"invitation_id": str(invitation_id)}
        store.write_sync(factories.response, actor, customer_id, {"recommend": number}, **more)
    return ids


def test_an_answer_counts_in_each_tag_and_once_overall(
    store: Store, actor: Actor, report: Report, tagged: list[UUID]
) -> None:
    found = report(by="tag")
    assert groups(found) == {
        "vip": (2, 0.0, (2, 2)),
        "club": (1, 100.0, (1, 1)),
        None: (1, 0.0, (0, 1)),
    }
    assert (found["overall"]["n"], found["overall"]["score"]) == (3, 0.0)
    assert rate(found["overall"]) == (2, 3)
    assert found["overall"] == report()["overall"]
    assert found["trend"] == report()["trend"]


def test_by_tag_anonymous_answers_have_none(
    store: Store, actor: Actor, report: Report, tagged: list[UUID]
) -> None:
    store.write_sync(factories.invitation, actor)
    store.write_sync(factories.response, actor)
    found = report(by="tag")
    assert groups(found)[None] == (2, 50.0, (0, 2))
    assert rate(found["overall"]) == (2, 4)
    assert found["overall"]["n"] == 4


@pytest.mark.parametrize("index", ["nps", "csat", "composite"])
def test_an_agent_nobody_answers_has_no_score(store: Store, actor: Actor, report: Report, index: str) -> None:
    store.write_sync(factories.invitation, actor, agent="silent")
    given = {"recommend": 9, "delivery": 4}
    store.write_sync(factories.response, actor, None, given, agent="heard")
    found = {group["key"]: group for group in report(index=index, by="agent")["groups"]}
    assert (found["silent"]["n"], found["silent"]["shrunk_score"], rate(found["silent"])) == (0, None, (0, 1))
    assert found["heard"]["n"] == 1
