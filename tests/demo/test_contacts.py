"""What the demo company and its customers say to each other keeps to its model (docs/demo.md, 12 to 15)."""

from datetime import date, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from app.demo.company import Demo, generate
from app.demo.contacts import skills
from app.demo.model import BRANCHES
from app.demo.surveys import SURVEYS

UNTIL = date(2026, 10, 31)
LAST_DAY = "2026-10-31T06:00:00Z"
"""09:00 in Istanbul, when the shop opens on the last day, which may not be over yet."""
QUESTIONS = {question["code"]: question for survey in SURVEYS for question in survey["questions"]}


@pytest.fixture(scope="module")
def demo() -> Demo:
    return generate(1, UNTIL)


def customer(item: dict[str, dict[str, str]]) -> int:
    """The position of the customer that an item names by key."""
    return int(item["customer"]["key"].removeprefix("C-")) - 1


def test_counts_are_those_of_the_documentation(demo: Demo) -> None:
    contacts, asked = demo.contacts, demo.asked
    counts = [contacts.interactions, contacts.complaints, asked.invitations, asked.responses]
    assert [len(items) for items in counts] == [7749, 715, 7946, 2493]
    assert sum("resolved_at" in complaint for complaint in contacts.complaints) == 658
    assert sum("closed_at" in complaint for complaint in contacts.complaints) == 589


def test_nothing_is_said_on_the_last_day(demo: Demo) -> None:
    times = [contact["started_at"] for contact in demo.contacts.interactions]
    times += [
        complaint[step]
        for complaint in demo.contacts.complaints
        for step in ("received_at", "acknowledged_at", "resolved_at", "closed_at")
        if step in complaint
    ]
    times += [response["answered_at"] for response in demo.asked.responses]
    assert max(times) < LAST_DAY
    assert min(times) > f"{demo.first_day.isoformat()}T00:00:00Z"


def test_agents_serve_the_customers_of_their_branch(demo: Demo) -> None:
    for contact in demo.contacts.interactions:
        assert contact["unit"] == BRANCHES[demo.latent.branch[customer(contact)]].code


def test_a_complaint_is_made_in_a_contact_of_its_customer(demo: Demo) -> None:
    interactions = demo.contacts.interactions
    for complaint in demo.contacts.complaints:
        contact = interactions[complaint["interaction"]]
        assert contact["purpose"] == "complaint"
        assert contact["customer"] == complaint["customer"]
        assert contact["started_at"] == complaint["received_at"]


def test_the_dissatisfied_complain_more(demo: Demo) -> None:
    who = [customer(complaint) for complaint in demo.contacts.complaints]
    assert demo.latent.satisfaction[who].mean() < -0.3


def test_skilled_agents_settle_more(demo: Demo) -> None:
    skill = skills(1)
    of_agent: dict[str, list[bool]] = {}
    for contact in demo.contacts.interactions:
        of_agent.setdefault(contact["agent"], []).append(contact["resolved_on_first_contact"])
    assert set(of_agent) == set(skill)
    settled = [np.mean(of_agent[agent]) for agent in skill]
    assert np.corrcoef(list(skill.values()), settled)[0, 1] > 0.5


def test_answers_fit_their_questions(demo: Demo) -> None:
    for response in demo.asked.responses:
        for answer in response["answers"]:
            question = QUESTIONS[answer["question"]]
            if answer.get("skipped"):
                assert not question.get("required")
                continue
            scale = question.get("scale", {"min": 0, "max": 10})
            assert scale["min"] <= answer["number"] <= scale["max"]


def test_invitations_are_answered_once_and_in_time(demo: Demo) -> None:
    invited = [demo.asked.invitations[response["invitation"]] for response in demo.asked.responses]
    assert len({response["invitation"] for response in demo.asked.responses}) == len(invited)
    for invitation, response in zip(invited, demo.asked.responses, strict=True):
        assert invitation["invited_at"] <= response["answered_at"] < invitation["expires_at"]
    share = len(invited) / len(demo.asked.invitations)
    assert 0.25 < share < 0.35


def test_recommendation_follows_satisfaction(demo: Demo) -> None:
    felt, said = [], []
    for response in demo.asked.responses:
        for answer in response["answers"]:
            if answer["question"] == "recommend":
                felt.append(
                    demo.latent.satisfaction[customer(demo.asked.invitations[response["invitation"]])]
                )
                said.append(answer["number"])
    assert np.corrcoef(felt, said)[0, 1] > 0.6


def test_contracts_belong_to_subscribers(demo: Demo) -> None:
    for person, subscriber in zip(demo.customers, demo.latent.subscriber.tolist(), strict=True):
        contract = person["contract"]
        assert (contract is not None) == subscriber
        if contract is not None:
            started, ends = (datetime.fromisoformat(contract[m]).date() for m in ("started_on", "ends_on"))
            assert started < ends
            assert (
                contract["started_on"]
                <= contract.get("notice_given_on", contract["ends_on"])
                <= contract["ends_on"]
            )
    assert any("notice_given_on" in (person["contract"] or {}) for person in demo.customers)


def test_what_was_known_of_contracts_grew_into_what_they_say(demo: Demo) -> None:
    past: dict[int, list[dict[str, Any]]] = {}
    for item in demo.terms:
        past.setdefault(customer(item), []).append(item)
    notices = renewals = 0
    for place, person in enumerate(demo.customers):
        versions = past.get(place, [])
        assert bool(versions) == (person["contract"] is not None)
        if not versions:
            continue
        days = [version["known_on"] for version in versions]
        assert days == sorted(set(days))
        assert days[-1] <= UNTIL.isoformat()
        contracts = [version["contract"] for version in versions]
        assert contracts[-1] == person["contract"]
        assert {contract["started_on"] for contract in contracts} == {days[0]}
        for (_, before), (known_on, after) in pairwise(zip(days, contracts, strict=True)):
            assert "notice_given_on" not in before
            if "notice_given_on" in after:
                notices += 1
                assert known_on == after["notice_given_on"]
            else:
                renewals += 1
                assert known_on == before["ends_on"]  # nobody renews in advance
    assert (len(past), renewals, notices) == (300, 120, 82)
