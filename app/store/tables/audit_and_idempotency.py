"""Rows every write may carry: audit trail, outbox event, idempotency answer; and the API keys."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base
from app.store.types import Key


def _unnumbered(table: str) -> Index:
    """Rows that wait for their position: few, and looked for every second."""
    waiting = text("position IS NULL")
    return Index(f"ix_{table}_unnumbered", "at", "id", postgresql_where=waiting, sqlite_where=waiting)


class AuditEntry(Base):
    """Who did what to which object, without personal data. Rows commit unchained; a job seals them.

    A ``position`` below zero was given to an entry that came from elsewhere: it was refused.
    """

    __tablename__ = "audit_entries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[str] = mapped_column(Text)
    agent: Mapped[str | None] = mapped_column(Text)
    """The person for whom the actor acted."""
    request_id: Mapped[str | None] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str] = mapped_column(Text)
    members: Mapped[list[Any]]
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    seal: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """While the entry waits for its position: the mark of the process that wrote it."""

    __table_args__ = (
        Index(None, "object_id", "at"),
        Index(None, "at", "id"),
        _unnumbered("audit_entries"),
    )


class AuditHead(Base):
    """The end of the sealed trail, signed; one row."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    store_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(BigInteger)
    """Of the last sealed entry. Positions count from 1 without gaps, so this is how many there are."""
    seal: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Of the last sealed entry."""
    secret_id: Mapped[str] = mapped_column(Text)
    signature: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditAlarm(Base):
    """Something in the audit trail that is not what was sealed, as workers found it."""

    __tablename__ = "audit_alarms"

    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    first_position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    last_position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    found_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    """When an operator said that it is known."""


class Event(Base):
    """The outbox: what happened, written in the transaction in which it happened."""

    __tablename__ = "events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    type: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[UUID | None]
    object_id: Mapped[str] = mapped_column(Text)
    agent: Mapped[str | None] = mapped_column(Text)
    """The person who did it, where one is known."""
    data: Mapped[dict[str, Any]]
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)

    __table_args__ = (
        Index(None, "at", "id"),
        Index(None, "customer_id", "position"),
        _unnumbered("events"),
    )


class IdempotencyKey(Base):
    """The answer given to the first request with a key; commits with that request's effect."""

    __tablename__ = "idempotency_keys"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


class ApiKey(Base):
    """A credential of a calling system; the secret itself is never stored."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    label: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[Any]]
    units: Mapped[list[Any]]
    agent: Mapped[str | None] = mapped_column(Key)
    """The person whose key it is; without one, that of a system."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    retires_at: Mapped[datetime | None]
    """When a key that was rotated stops working; its successors inherit ``expires_at`` only."""
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    replaces: Mapped[str | None] = mapped_column(Text)
