"""Complaints, what happened to them, and the rules that open some by themselves."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base, index_where_set
from app.store.types import Key

# As `Key`; on SQLite the column was made as TEXT, and stays that.
_ByBytes = Text().with_variant(Text(collation="C"), "postgresql")
_RESOLVED = text("state IN ('resolved', 'confirmed')")
_CATEGORY_SET = text("category IS NOT NULL")


class Complaint(Base):
    """One complaint as it stands; ``owner`` is whose it is at every moment."""

    __tablename__ = "complaints"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    number: Mapped[str] = mapped_column(Key, unique=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    interaction_id: Mapped[UUID | None] = mapped_column(ForeignKey("interactions.id"), index=True)
    source: Mapped[str] = mapped_column(Key)
    external_id: Mapped[str | None] = mapped_column(Key)
    channel: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(_ByBytes)
    product: Mapped[str | None] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    our_fault: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    found_by: Mapped[str] = mapped_column(Text, server_default="customer")
    owner: Mapped[str] = mapped_column(Key)
    owner_kind: Mapped[str] = mapped_column(Text, server_default="agent")
    accepted_at: Mapped[datetime | None]
    unit: Mapped[str | None] = mapped_column(Key)
    resolution: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reopened_count: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(index=True)
    updated_at: Mapped[datetime]
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("imports.id"))
    phase: Mapped[str | None] = mapped_column(Text)
    incident_id: Mapped[UUID | None] = mapped_column(ForeignKey("incidents.id"))
    leading_complaint_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("complaints.id", ondelete="SET NULL")
    )
    source_said: Mapped[bytes | None] = mapped_column(LargeBinary)
    opened_by_rule: Mapped[str | None] = mapped_column(Key)
    """Code of the follow-up rule that opened it."""
    compensation_minor: Mapped[int | None] = mapped_column(BigInteger)
    compensation_currency: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index(None, "customer_id", "received_at"),
        Index(None, "received_at", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "owner", "state", "received_at"),
        Index(None, "category", "received_at", postgresql_where=_CATEGORY_SET, sqlite_where=_CATEGORY_SET),
        Index(
            "ix_complaints_resolved",
            "updated_at",
            "id",
            postgresql_where=_RESOLVED,
            sqlite_where=_RESOLVED,
        ),
        index_where_set("import_id"),
        index_where_set("incident_id"),
        index_where_set("leading_complaint_id"),
        index_where_set("opened_by_rule"),
    )


class ComplaintWord(Base):
    """A word that complaints are found by: of number, subject and text, folded."""

    __tablename__ = "complaint_words"

    word: Mapped[str] = mapped_column(Key, primary_key=True)
    complaint_id: Mapped[UUID] = mapped_column(
        ForeignKey("complaints.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ComplaintEvent(Base):
    """One step in a complaint's life; never edited. ``number`` counts from 1 within the complaint.

    ``at`` is when it happened, ``recorded_at`` when Vefa heard of it. ``data`` holds what changed.
    """

    __tablename__ = "complaint_events"

    complaint_id: Mapped[UUID] = mapped_column(
        ForeignKey("complaints.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Key)
    owner_kind: Mapped[str] = mapped_column(Text, server_default="agent")
    actor_id: Mapped[str] = mapped_column(Text)
    agent: Mapped[str | None] = mapped_column(Text)
    """The person for whom the actor acted."""
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]]

    __table_args__ = (Index(None, "customer_id", "at"), Index(None, "at"))


class ComplaintCategory(Base):
    """A kind of failure: what its complaints begin with, and what they must show before they may close.

    ``demanded_steps`` are words of `app.domain.recovery.recovery_steps.DemandedStep`.
    """

    __tablename__ = "complaint_categories"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int]
    names: Mapped[dict[str, Any]]
    parent: Mapped[str | None] = mapped_column(Key)
    severity: Mapped[str | None] = mapped_column(Text)
    owner_unit: Mapped[str | None] = mapped_column(Key)
    demanded_steps: Mapped[list[Any]]
    auto_close_days: Mapped[int | None]
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ComplaintCause(Base):
    """Why something failed, as a node of a tree."""

    __tablename__ = "complaint_causes"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int]
    names: Mapped[dict[str, Any]]
    parent: Mapped[str | None] = mapped_column(Key)
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ComplaintRecoveryStep(Base):
    """What was done for the customer of a complaint, or what they said of it.

    ``kind`` says which columns are set: of a fix ``done_by`` and the cost, of a cause ``cause`` and
    ``fault``, of a prevention ``responsible``, ``due_on`` and ``done_at``, of an answer ``answer``.
    """

    __tablename__ = "complaint_recovery_steps"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaints.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    actor_id: Mapped[str] = mapped_column(Text)
    agent: Mapped[str | None] = mapped_column(Key)
    text: Mapped[str | None] = mapped_column(Text)
    done_by: Mapped[str | None] = mapped_column(Key)
    cost_minor: Mapped[int | None] = mapped_column(BigInteger)
    cost_currency: Mapped[str | None] = mapped_column(Text)
    cause: Mapped[str | None] = mapped_column(Key)
    fault: Mapped[str | None] = mapped_column(Text)
    responsible: Mapped[str | None] = mapped_column(Key)
    due_on: Mapped[date | None]
    done_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[datetime]

    __table_args__ = (
        index_where_set("cause"),
        index_where_set("responsible"),
    )


class FollowUpRule(Base):
    """What is done by itself when something is said or broken (`app.domain.follow_ups.rules`).

    ``trigger`` says which of the conditions count; empty lists are "any".
    """

    __tablename__ = "follow_up_rules"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int]
    names: Mapped[dict[str, Any]]
    trigger: Mapped[str] = mapped_column(Text)
    answer_index: Mapped[str | None] = mapped_column(Text)
    at_most_points: Mapped[float | None]
    words: Mapped[list[Any]]
    found_in: Mapped[list[Any]]
    metrics: Mapped[list[Any]]
    tiers: Mapped[list[Any]]
    max_age_days: Mapped[int]
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Key)
    severity: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(Key)
    due_in_seconds: Mapped[int | None]
    calendar: Mapped[str | None] = mapped_column(Key)
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class FollowUp(Base):
    """That a rule has acted on a cause: once, which the unique constraint holds.

    ``cause_detail`` is the metric of a broken standard, else empty.
    """

    __tablename__ = "follow_ups"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(ForeignKey("follow_up_rules.code"))
    rule_version: Mapped[int]
    cause_kind: Mapped[str] = mapped_column(Key)
    cause_id: Mapped[UUID]
    cause_detail: Mapped[str] = mapped_column(Key)
    customer_id: Mapped[UUID]
    complaint_id: Mapped[UUID | None] = mapped_column(ForeignKey("complaints.id", ondelete="SET NULL"))
    promise_id: Mapped[UUID | None] = mapped_column(ForeignKey("promises.id", ondelete="SET NULL"))
    """Neither: what the rule asks for was refused."""
    at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("rule", "cause_kind", "cause_id", "cause_detail"),
        Index(None, "at", "id"),
        Index(None, "customer_id", "at"),
        index_where_set("complaint_id"),
        index_where_set("promise_id"),
    )


class FollowUpCursor(Base):
    """Up to which event the rules have been looked at; one row, which is locked while they are."""

    __tablename__ = "follow_up_cursor"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger)
