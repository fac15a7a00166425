"""Things that happen at random to customers, put straight into the tables: for tests that hold two ways to
read them against each other."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import factories
from sqlalchemy import Connection, insert, update

from app.domain.common.access import Actor
from app.store.tables import (
    Complaint,
    ComplaintEvent,
    Customer,
    Interaction,
    Survey,
    SurveyAnswer,
    SurveyResponse,
    SurveyVersion,
)
from app.store.types import new_id, now

START = datetime(2025, 1, 1, tzinfo=UTC)


def survey(tx: Connection) -> UUID:
    survey_id = new_id()
    shared = {"created_at": now(), "updated_at": now()}
    names = {"names": {"en": "x"}, "is_active": True, "questions_version": 1, "version": 1}
    tx.execute(insert(Survey).values(id=survey_id, code="s", **names, **shared))
    questions = [
        {"code": "c", "kind": "csat", "scale": {"min": 1, "max": 5}, "weight": 1.0, "dimension": None},
        {"code": "n", "kind": "nps", "scale": {"min": 0, "max": 10}, "weight": None, "dimension": None},
        {"code": "e", "kind": "expectation", "scale": {"min": 1, "max": 5}, "weight": 1.0, "dimension": None},
    ]
    version = {"survey_id": survey_id, "number": 1, "questions": questions, "created_at": now()}
    tx.execute(insert(SurveyVersion).values(version))
    return survey_id


def happen(tx: Connection, actor: Actor, dice: random.Random, ids: list[UUID], survey_id: UUID) -> None:
    """Something at random, at any time, recorded now."""
    who, at = dice.choice(ids), START + timedelta(hours=dice.randrange(24 * 500))
    what = dice.randrange(8)
    if what < 3:
        currency = dice.choice(["TRY", "TRY", "TRY", "USD"])
        kind = dice.choice(["purchase", "purchase", "refund"])
        amount = dice.randrange(10_000) * (-1 if kind == "refund" else 1)
        factories.purchases(tx, actor, who, [amount], at=at, currency=currency, kind=kind)
    elif what == 3:
        common = {"id": new_id(), "version": 1, "source": "t", "channel": "phone", "direction": "inbound"}
        times = {"started_at": at, "recorded_at": now(), "updated_at": now()}
        tx.execute(insert(Interaction).values(**common, customer_id=who, **times))
    elif what == 4:
        complain(tx, who, at, dice)
    elif what == 5:
        answer(tx, who, at, survey_id, dice)
    elif what == 6:
        changes = {"left_on": at.date(), "left_reason": "price", "lifecycle": "left"}
        tx.execute(update(Customer).where(Customer.id == who).values(**changes, updated_at=now()))
    else:
        known_on = at.date() + timedelta(days=dice.randrange(-100, 100))
        days = {"started_on": at.date(), "ends_on": at.date() + timedelta(days=200)}
        factories.terms(tx, who, known_on, **dice.choice([days, days, {}]))


def complain(tx: Connection, who: UUID, at: datetime, dice: random.Random) -> None:
    complaint_id = new_id()
    said = {"source": "t", "subject": "x", "severity": "low", "our_fault": "no", "owner": "o"}
    more = {"version": 1, "number": new_id().hex, "state": "open", "reopened_count": 0}
    times = {"received_at": at, "recorded_at": now(), "updated_at": now()}
    tx.execute(insert(Complaint).values(id=complaint_id, customer_id=who, **said, **more, **times))
    states = ["open", "resolved", "reopened"][: dice.randrange(1, 4)]
    for number, state in enumerate(states, 1):
        event = {"complaint_id": complaint_id, "number": number, "customer_id": who, "kind": state}
        when = {"at": at + timedelta(days=20 * number - 20), "recorded_at": now()}
        state = "in_progress" if state == "reopened" else state
        row = {**event, **when, "state": state, "owner": "o", "actor_id": "t", "data": {}}
        tx.execute(insert(ComplaintEvent).values(row))


def answer(tx: Connection, who: UUID, at: datetime, survey_id: UUID, dice: random.Random) -> None:
    response_id = new_id()
    common = {"survey_id": survey_id, "survey_version": 1, "source": "t", "recorded_at": now()}
    tx.execute(insert(SurveyResponse).values(id=response_id, customer_id=who, answered_at=at, **common))
    questions = (("c", "csat", 1, 5), ("n", "nps", 0, 10), ("e", "expectation", 1, 5))
    for question, kind, low, high in questions[: dice.choice([2, 3, 3])]:
        scale = {"scale_min": low, "scale_max": high, "number": dice.randint(low, high)}
        row = {"response_id": response_id, "question": question, "kind": kind, "answered_at": at}
        tx.execute(insert(SurveyAnswer).values(**row, customer_id=who, **scale))
