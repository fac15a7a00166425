"""Working calendars, service standards, escalation rules, and the clocks that run under them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base, index_where_set
from app.store.types import Key

_CURRENT = text("is_current")
_ACTIVE = text("ended_at IS NULL AND paused_at IS NULL")
_ATTAINMENT = (
    "metric",
    "unit",
    "started_at",
    "state",
    "is_business_time",
    "due_at",
    "done_at",
    "ended_at",
    "taken_seconds",
    "paused_at",
    "paused_seconds",
)


class WorkingCalendar(Base):
    """One version of when people work; never changed, so that clocks that run by it keep it.

    ``weekly`` has lists of intervals (``start`` and ``end`` as HH:MM) by weekday; ``exceptions`` are objects
    with ``on``, ``intervals`` and ``note``. ``names`` are by language.
    """

    __tablename__ = "calendars"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    is_current: Mapped[bool]
    names: Mapped[dict[str, Any]]
    zone: Mapped[str] = mapped_column(Text)
    weekly: Mapped[dict[str, Any]]
    holidays: Mapped[str | None] = mapped_column(Text)
    exceptions: Mapped[list[Any]]
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (Index(None, "code", unique=True, postgresql_where=_CURRENT, sqlite_where=_CURRENT),)


class ServiceStandard(Base):
    """One version of a standard; only ``is_current`` and ``valid_until`` change, when a later one comes."""

    __tablename__ = "standards"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    is_current: Mapped[bool]
    names: Mapped[dict[str, Any]]
    metric: Mapped[str] = mapped_column(Text)
    target_seconds: Mapped[int]
    is_business_time: Mapped[bool]
    calendar: Mapped[str | None] = mapped_column(Key)
    warn_share: Mapped[float | None]
    escalation_rule: Mapped[str | None] = mapped_column(Key)
    position: Mapped[int]
    channels: Mapped[list[Any]]
    severities: Mapped[list[Any]]
    tiers: Mapped[list[Any]]
    units: Mapped[list[Any]]
    categories: Mapped[list[Any]]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None] = mapped_column(index=True)
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (Index(None, "code", unique=True, postgresql_where=_CURRENT, sqlite_where=_CURRENT),)


class EscalationRule(Base):
    """One version of whom to tell when; never changed. ``rungs`` are objects, in the order they come."""

    __tablename__ = "escalation_rules"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    is_current: Mapped[bool]
    names: Mapped[dict[str, Any]]
    rungs: Mapped[list[Any]]
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (Index(None, "code", unique=True, postgresql_where=_CURRENT, sqlite_where=_CURRENT),)


class ComplaintClock(Base):
    """One clock of a complaint under one version of a standard (`app.domain.standards.clocks.Clock`).

    ``number`` counts the complaint's clocks. Severity, tier and target are those at its start; owner and
    unit follow the complaint until it ends. ``next_at`` is when the ladder has something to do.
    """

    __tablename__ = "complaint_clocks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[UUID] = mapped_column(ForeignKey("complaints.id", ondelete="CASCADE"))
    number: Mapped[int]
    customer_id: Mapped[UUID]
    metric: Mapped[str] = mapped_column(Text)
    standard: Mapped[str] = mapped_column(Key)
    standard_version: Mapped[int]
    is_business_time: Mapped[bool]
    calendar: Mapped[str | None] = mapped_column(Key)
    calendar_version: Mapped[int | None]
    escalation_rule: Mapped[str | None] = mapped_column(Key)
    escalation_version: Mapped[int | None]
    owner: Mapped[str] = mapped_column(Key)
    unit: Mapped[str | None] = mapped_column(Key)
    channel: Mapped[str | None] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    tier: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime]
    target_seconds: Mapped[int]
    warn_share: Mapped[float | None]
    due_at: Mapped[datetime]
    warn_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    broken_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    paused_seconds: Mapped[float]
    taken_seconds: Mapped[float | None]
    next_rung: Mapped[int]
    next_at: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "complaint_id", "number", unique=True),
        Index(None, "customer_id"),
        Index(None, "owner", "due_at", "id", postgresql_where=_ACTIVE, sqlite_where=_ACTIVE),
        Index(None, "unit", "due_at", "id", postgresql_where=_ACTIVE, sqlite_where=_ACTIVE),
        Index(None, "due_at", "id", postgresql_where=_ACTIVE, sqlite_where=_ACTIVE),
        Index(None, "metric", "started_at"),
        Index("ix_complaint_clocks_attainment", *_ATTAINMENT),  # all that the report by unit reads
        index_where_set("next_at"),
    )
