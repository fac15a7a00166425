"""Record, find and read survey invitations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select

from app.domain.common.access import Actor
from app.errors import AppError, ConflictError, FieldError, InvalidError
from app.schemas.common.base import shaper
from app.schemas.customers.customers import ExternalId
from app.schemas.surveys.invitations import (
    SurveyInvitationCreate,
    SurveyInvitationQuery,
    SurveyInvitationRead,
    SurveyInvitationSort,
)
from app.services.activity import related_records
from app.services.customers import external_ids
from app.services.platform.changes import one_or_raise
from app.services.surveys import subjects
from app.services.surveys.subjects import Surveys
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import Listing, by_time, customer_external_id, equal, where, window
from app.store.paging import After, Page
from app.store.tables import SurveyInvitation, SurveyResponse
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now
from app.store.visibility import visible_to

INVITATIONS = Listing(
    SurveyInvitationQuery,
    select(SurveyInvitation.__table__),
    owner=SurveyInvitation.customer_id,
    unit=SurveyInvitation.unit,
    missing="There is no such invitation.",
    sorts=by_time(SurveyInvitationSort, SurveyInvitation.invited_at, None, SurveyInvitation.id),
    filters=[
        equal(SurveyInvitation.survey_id, SurveyInvitation.customer_id),
        customer_external_id(SurveyInvitation.customer_id),
        where("answered", lambda wanted: SurveyInvitation.answered_at.is_(None) != wanted),
        window("invited", SurveyInvitation.invited_at),
    ],
)

_shape = shaper(SurveyInvitationRead)
"""A row as `SurveyInvitationRead` wants it."""


# --- reading


@one_statement
def get(tx: ReadTx, actor: Actor, invitation_id: UUID) -> Row:
    """Read one invitation.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see it.
    """
    return _shape(INVITATIONS.one_or_404(tx, actor, SurveyInvitation.id == invitation_id))


@one_statement
def page(tx: ReadTx, actor: Actor, query: SurveyInvitationQuery, after: After | None) -> Page:
    """Read a page of the invitations that match every filter."""
    return INVITATIONS.page(tx, actor, query, after, _shape)


# --- writing


def create(tx: WriteTx, actor: Actor, data: SurveyInvitationCreate) -> Row:
    """Record one invitation.

    Raises:
        InvalidError: no such survey or customer, something it is about that is not there or another
            customer's, an end that is not after ``invited_at``, or it is anonymous and of another unit
            than the caller.
        ConflictError: the survey is not in use (``survey_inactive``).
    """
    return one_or_raise(create_many(tx, actor, [data]))


def create_many(
    tx: WriteTx,
    actor: Actor,
    items: Sequence[SurveyInvitationCreate],
    *,
    ids: Sequence[UUID] | None = None,
) -> list[Row | AppError]:
    """Record invitations together, in a number of statements that does not depend on how many they are.

    ``ids`` are the ids they get, new ones by default.

    Returns:
        For each item its row, or why it was refused (see `create`). The caller decides whether one refusal
        refuses all.
    """
    at = now()
    surveys = subjects.find_surveys(tx, items)
    rows = [
        _new_row(item, surveys, at, row_id)
        for item, row_id in zip(items, ids or [new_id() for _ in items], strict=True)
    ]
    external_ids.find_customers(tx, actor, [_Named(item.customer_id, item.customer) for item in items], rows)
    found = related_records.find(tx, actor, rows)
    for index, (item, row) in enumerate(zip(items, rows, strict=True)):
        if isinstance(row, dict):
            rows[index] = subjects.settle(actor, found, row, item, to_be_created=False) or row
    if stored := [row for row in rows if isinstance(row, dict)]:
        tx.execute(insert(SurveyInvitation), stored)
        recorded = [(str(row["id"]), row["customer_id"]) for row in stored]
        trail.record_all(tx, actor, "invitation.recorded", recorded)
    return [_shape(row) if isinstance(row, dict) else row for row in rows]


def name_responses(tx: ReadTx, actor: Actor, refused: Sequence[tuple[UUID | None, ConflictError]]) -> None:
    """Say in the refusals of invitations that are answered by which responses, as far as the caller may see
    them; one statement, none where nothing was refused."""
    if not refused:
        return
    wanted = select(SurveyResponse.invitation_id, SurveyResponse.id).where(
        SurveyResponse.invitation_id.in_({invitation_id for invitation_id, _ in refused})
    )
    seen = visible_to(wanted, actor, SurveyResponse.customer_id, SurveyResponse.unit)
    found = dict(tx.execute(seen).all())
    for invitation_id, refusal in refused:
        if invitation_id in found:
            response_id = found[invitation_id]
            refusal.existing = str(response_id), f"/v1/survey-responses/{response_id}"


# --- inside


@dataclass(slots=True)
class _Named:
    """Whom an invitation names, as `records` asks for it: who is invited must be known."""

    customer_id: UUID | None
    customer: ExternalId | None
    create_missing: bool = False


def _new_row(item: SurveyInvitationCreate, surveys: Surveys, at: datetime, row_id: UUID) -> Row | AppError:
    """The row of an item whose customer is still to be found, or why it is refused."""
    invited_at = item.invited_at or at
    if item.expires_at is not None and item.expires_at <= invited_at:
        detail = "An invitation expires after invited_at."
        return InvalidError(fields=[FieldError("/expires_at", "expires_before_invited", detail)])
    try:
        survey = surveys.named_by(item)
        assert survey is not None  # noqa: S101 - the schema wants one
        subjects.refuse_inactive(survey)
    except AppError as refusal:
        return refusal
    return {
        **item.model_dump(exclude={"survey_code", "customer"}),
        "id": row_id,
        "survey_id": survey.id,
        "invited_at": invited_at,
        "answered_at": None,
        "recorded_at": at,
    }
