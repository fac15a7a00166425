"""Responses of several writers at once, and what they leave behind, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import factories
import pytest
from sqlalchemy import Connection, func, select

from app.domain.common.access import Actor
from app.errors import AppError
from app.schemas.surveys.responses import SurveyResponseCreate
from app.services.surveys import responses
from app.store.engine import Store
from app.store.tables import AuditEntry, Event, SurveyAnswer, SurveyInvitation, SurveyResponse

WRITERS = 6


def count(tx: Connection, table: Any) -> int:
    return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def to(invitation_id: UUID) -> SurveyResponseCreate:
    answers = [{"question": "recommend", "number": 9}]
    return SurveyResponseCreate.model_validate({"invitation_id": str(invitation_id), "answers": answers})


@pytest.fixture
def invitations(store: Store, actor: Actor) -> list[UUID]:
    """Twenty open invitations."""
    store.write_sync(factories.survey, actor)
    return [store.write_sync(factories.invitation, actor) for _ in range(20)]


def test_of_writers_that_answer_the_same_invitations_one_is_stored_each(
    store: Store, actor: Actor, invitations: list[UUID]
) -> None:
    batches = [
        [to(one) for one in (invitations if number % 2 else reversed(invitations))]
        for number in range(WRITERS)
    ]

    def one(batch: list[SurveyResponseCreate]) -> list[Any]:
        return store.write_sync(responses.create_many, actor, batch)

    with ThreadPoolExecutor(WRITERS) as pool:
        results = [row for rows in pool.map(one, batches) for row in rows]
    stored = [row["invitation_id"] for row in results if isinstance(row, dict)]
    assert sorted(stored) == sorted(invitations)
    refused = [row.code for row in results if isinstance(row, AppError)]
    assert refused == ["invitation_answered"] * len(invitations) * (WRITERS - 1)
    assert store.read_sync(count, SurveyResponse) == store.read_sync(count, SurveyAnswer) == len(invitations)
    read = select(SurveyInvitation.id, SurveyInvitation.answered_at)
    claimed = store.read_sync(lambda tx: {row.id: row.answered_at for row in tx.execute(read)})
    assert claimed == {row["invitation_id"]: row["answered_at"] for row in results if isinstance(row, dict)}


def test_every_effect_leaves_an_audit_row_and_an_event(
    store: Store, actor: Actor, invitations: list[UUID]
) -> None:
    customer_id = store.write_sync(factories.customer, actor)
    store.write_sync(factories.response, actor, customer_id)
    batch = [to(invitations[0]), to(invitations[0])]
    store.write_sync(responses.create_many, actor, batch)
    for column in (AuditEntry.action, Event.type):
        found = store.read_sync(lambda tx, column=column: list(tx.execute(select(column)).scalars()))
        assert found.count("survey.created") == 1
        assert found.count("invitation.recorded") == len(invitations)
        assert found.count("response.recorded") == 2
    named = select(Event.customer_id).where(Event.type == "response.recorded")
    assert set(store.read_sync(lambda tx: tx.execute(named).scalars().all())) == {customer_id, None}
