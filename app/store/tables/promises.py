"""Promises to customers and by customers, and what happened to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base, index_where_set
from app.store.types import Key

_UNFINISHED = text("ended_at IS NULL")


class Promise(Base):
    """One promise as it stands (`app.domain.promises.promises.Promise`), with the clock that warns of it.

    ``due_at`` is the date that counts. ``ended_at`` is when it was kept or cancelled. ``tier`` is the
    customer's when it was made. The clock (`app.domain.standards.clocks.Clock`) runs from
    ``clock_started_at``; ``next_at`` is when there is something to do. Standard, calendar and escalation rule
    are the versions by which it goes.
    """

    __tablename__ = "promises"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    complaint_id: Mapped[UUID | None] = mapped_column(ForeignKey("complaints.id", ondelete="SET NULL"))
    interaction_id: Mapped[UUID | None] = mapped_column(ForeignKey("interactions.id", ondelete="SET NULL"))
    source: Mapped[str] = mapped_column(Key)
    external_id: Mapped[str | None] = mapped_column(Key)
    promised_by: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Key)
    text: Mapped[str] = mapped_column(Text)
    agent: Mapped[str | None] = mapped_column(Key)
    owner: Mapped[str] = mapped_column(Key)
    owner_kind: Mapped[str] = mapped_column(Text)
    unit: Mapped[str | None] = mapped_column(Key)
    channel: Mapped[str | None] = mapped_column(Text)
    tier: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    planned_at: Mapped[datetime | None]
    moved_count: Mapped[int]
    kept_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    standard: Mapped[str | None] = mapped_column(Key)
    standard_version: Mapped[int | None]
    calendar: Mapped[str | None] = mapped_column(Key)
    calendar_version: Mapped[int | None]
    escalation_rule: Mapped[str | None] = mapped_column(Key)
    escalation_version: Mapped[int | None]
    clock_started_at: Mapped[datetime]
    target_seconds: Mapped[int]
    warn_share: Mapped[float | None]
    warn_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    broken_at: Mapped[datetime | None]
    next_rung: Mapped[int]
    next_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index(None, "customer_id", "due_at"),
        Index(None, "due_at", "id"),
        Index(None, "updated_at", "id"),
        Index("ix_promises_owner_due", "owner", "due_at", "id"),
        Index("ix_promises_unit_due", "unit", "due_at", "id"),
        Index("ix_promises_work", "due_at", "id", postgresql_where=_UNFINISHED, sqlite_where=_UNFINISHED),
        Index(
            "ix_promises_owner_work",
            "owner",
            "due_at",
            "id",
            postgresql_where=_UNFINISHED,
            sqlite_where=_UNFINISHED,
        ),
        Index(
            "ix_promises_unit_work",
            "unit",
            "due_at",
            "id",
            postgresql_where=_UNFINISHED,
            sqlite_where=_UNFINISHED,
        ),
        index_where_set("complaint_id"),
        index_where_set("interaction_id"),
        index_where_set("next_at"),
    )


class PromiseEvent(Base):
    """One thing that happened to a promise; never edited. ``number`` is the promise's version after it.

    ``at`` is when it happened, ``recorded_at`` when Vefa heard of it. ``due_at`` is the date that
    counts after it; ``old_due_at``, ``new_due_at`` and ``is_agreed`` are those of a move.
    """

    __tablename__ = "promise_events"

    promise_id: Mapped[UUID] = mapped_column(ForeignKey("promises.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Key)
    owner_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str] = mapped_column(Text)
    agent: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    due_at: Mapped[datetime]
    old_due_at: Mapped[datetime | None]
    new_due_at: Mapped[datetime | None]
    is_agreed: Mapped[bool | None]
    note: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "customer_id", "at"), Index(None, "at"), Index(None, "due_at"))
