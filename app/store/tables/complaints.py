"""Complaints and what happened to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base, index_where_set
from app.store.types import Key


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
    category: Mapped[str | None] = mapped_column(Text)
    product: Mapped[str | None] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    our_fault: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Key)
    unit: Mapped[str | None] = mapped_column(Key)
    resolution: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
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

    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index(None, "customer_id", "received_at"),
        Index(None, "received_at", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "owner", "state", "received_at"),
        index_where_set("import_id"),
        index_where_set("incident_id"),
        index_where_set("leading_complaint_id"),
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
    actor_id: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]]

    __table_args__ = (Index(None, "customer_id", "at"), Index(None, "at"))
