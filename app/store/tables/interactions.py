"""Contacts with customers, and the company's list of how they can end."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base, index_where_set
from app.store.types import Key


class Interaction(Base):
    """One contact, by call, letter or visit; anonymous (``customer_id`` null) when the caller is unknown."""

    __tablename__ = "interactions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    source: Mapped[str] = mapped_column(Key)
    external_id: Mapped[str | None] = mapped_column(Key)
    channel: Mapped[str] = mapped_column(Text)
    direction: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str | None] = mapped_column(Text)
    phase: Mapped[str | None] = mapped_column(Text)
    agent: Mapped[str | None] = mapped_column(Key)
    unit: Mapped[str | None] = mapped_column(Key)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    wait_seconds: Mapped[int | None]
    talk_seconds: Mapped[int | None]
    hold_seconds: Mapped[int | None]
    wrap_seconds: Mapped[int | None]
    disposition: Mapped[str | None] = mapped_column(Text)
    topic: Mapped[str | None] = mapped_column(Text)
    resolved_on_first_contact: Mapped[bool | None]
    sentiment: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[str | None] = mapped_column(Text)
    recording_url: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(index=True)
    updated_at: Mapped[datetime]
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("imports.id"))
    source_said: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone: Mapped[str | None] = mapped_column(Key)  # E.164, or the digits of an internal number

    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        index_where_set("phone", "started_at"),
        Index(None, "customer_id", "started_at", "direction"),
        Index(None, "started_at", "id"),
        Index(None, "updated_at", "id"),
        index_where_set("agent", "started_at"),
        index_where_set("import_id"),
    )


class Disposition(Base):
    """How a contact can end: what the company added to the built-in list, or changed in it.

    ``names`` are by language.
    """

    __tablename__ = "dispositions"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int]
    names: Mapped[dict[str, Any]]
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
