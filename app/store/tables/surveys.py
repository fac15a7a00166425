"""Surveys, whom they were sent to, and what was answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base, index_where_set
from app.store.types import Key


class Survey(Base):
    """An instrument; what it asks is in its versions. ``names`` are by language."""

    __tablename__ = "surveys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    code: Mapped[str] = mapped_column(Key, unique=True)
    names: Mapped[dict[str, Any]]
    is_active: Mapped[bool]
    questions_version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (Index(None, "created_at", "id"), Index(None, "updated_at", "id"))


class SurveyVersion(Base):
    """The questions of a survey as they were asked from ``created_at`` on; never edited."""

    __tablename__ = "survey_versions"

    survey_id: Mapped[UUID] = mapped_column(ForeignKey("surveys.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    questions: Mapped[list[Any]]
    created_at: Mapped[datetime]


class SurveyInvitation(Base):
    """A customer asked to answer; at most one response comes of it."""

    __tablename__ = "survey_invitations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    survey_id: Mapped[UUID] = mapped_column(ForeignKey("surveys.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    channel: Mapped[str | None] = mapped_column(Text)
    interaction_id: Mapped[UUID | None]
    complaint_id: Mapped[UUID | None]
    transaction_id: Mapped[UUID | None]
    agent: Mapped[str | None] = mapped_column(Key)
    unit: Mapped[str | None] = mapped_column(Key)
    phase: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        Index(None, "survey_id", "invited_at"),
        Index(None, "customer_id", "invited_at"),
        Index(None, "invited_at", "id"),
        index_where_set("agent", "invited_at"),
        index_where_set("interaction_id"),
        index_where_set("complaint_id"),
        index_where_set("transaction_id"),
    )


class SurveyResponse(Base):
    """One filled-in survey; ``customer_id`` is null when it was anonymous.

    Channel, agent, unit, phase and category are those of what it is about, unless it says otherwise:
    indices are grouped by them.
    """

    __tablename__ = "survey_responses"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    survey_id: Mapped[UUID] = mapped_column(ForeignKey("surveys.id"))
    survey_version: Mapped[int]
    invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("survey_invitations.id"), unique=True)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    source: Mapped[str] = mapped_column(Key)
    external_id: Mapped[str | None] = mapped_column(Key)
    channel: Mapped[str | None] = mapped_column(Text)
    interaction_id: Mapped[UUID | None]
    complaint_id: Mapped[UUID | None]
    transaction_id: Mapped[UUID | None]
    agent: Mapped[str | None] = mapped_column(Key)
    unit: Mapped[str | None] = mapped_column(Key)
    phase: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(index=True)
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("imports.id"))
    source_said: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index(None, "customer_id", "answered_at"),
        Index(None, "answered_at", "id"),
        Index(None, "survey_id", "answered_at"),
        index_where_set("agent", "answered_at"),
        index_where_set("interaction_id"),
        index_where_set("complaint_id"),
        index_where_set("transaction_id"),
        index_where_set("import_id"),
    )


class SurveyAnswer(Base):
    """The answer to one question. ``number``, ``choice`` or ``text`` holds it; none of them: left blank
    or "do not know" (excluded from indices and counted), or ``excluded`` says why the value that a file held
    is not kept.

    Scale and kind are those of the question at the time, so that indices need no other table for them.
    """

    __tablename__ = "survey_answers"

    response_id: Mapped[UUID] = mapped_column(
        ForeignKey("survey_responses.id", ondelete="CASCADE"), primary_key=True
    )
    question: Mapped[str] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[UUID | None]
    answered_at: Mapped[datetime]
    scale_min: Mapped[int | None]
    scale_max: Mapped[int | None]
    number: Mapped[int | None]
    choice: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    excluded: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "kind", "answered_at"), Index(None, "customer_id", "answered_at"))
