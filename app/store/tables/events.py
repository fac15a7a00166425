"""Where events are sent: endpoints, what was not delivered, and every attempt."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base


class WebhookEndpoint(Base):
    """A receiver, and up to which position all is settled for it."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    types: Mapped[list[Any]]
    """Empty: every type that the scopes allow, but internal ones."""
    ordering: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    scopes: Mapped[list[Any]]
    """Those of the key that made it."""
    units: Mapped[list[Any]]
    """Those of the key that made it; empty: every unit."""
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed (`app.store.events.sealed`)."""
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_until: Mapped[datetime | None]
    """Until when the previous secret signs as well."""
    headers: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Headers of its own, sealed JSON."""
    header_names: Mapped[list[Any]]
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)
    position: Mapped[int] = mapped_column(BigInteger)
    """Up to here everything is delivered, filtered out or parked."""
    lost: Mapped[int] = mapped_column(BigInteger)
    """Events that were no longer kept when it came to them."""
    leased_by: Mapped[str | None] = mapped_column(Text)
    leased_until: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    """The first failure after the last success."""
    failed_at: Mapped[datetime | None]


class WebhookParked(Base):
    """An event that was not delivered to an endpoint: it waits, or was given up."""

    __tablename__ = "webhook_parked"

    endpoint_id: Mapped[UUID] = mapped_column(
        ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), primary_key=True
    )
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    """Its place among those of its key; 0: before all."""
    order_key: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer)
    next_attempt_at: Mapped[datetime | None]
    """Null: it was given up."""
    parked_at: Mapped[datetime]

    __table_args__ = (
        Index(None, "endpoint_id", "next_attempt_at"),
        Index(None, "endpoint_id", "order_key", "position"),
    )


class WebhookAttempt(Base):
    """One attempt to deliver an event to an endpoint; never changed."""

    __tablename__ = "webhook_attempts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID]
    event_id: Mapped[UUID]
    at: Mapped[datetime]
    number: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(Text)
    status: Mapped[int | None] = mapped_column(Integer)
    failure: Mapped[str | None] = mapped_column(Text)
    ms: Mapped[int] = mapped_column(Integer)
    answer: Mapped[str | None] = mapped_column(Text)
    next_attempt_at: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "endpoint_id", "at", "id"),
        Index(None, "event_id"),
        Index(None, "outcome", "at"),
    )
