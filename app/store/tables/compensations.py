"""What is given to make up for failures: its kinds, who may give how much, requests for more, the ledger."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base, index_where_set
from app.store.types import Key

_CURRENT = text("is_current")
_OPEN = text("state = 'open'")
_REPORTED = (
    "given_at",
    "kind",
    "agent",
    "unit",
    "tier",
    "complaint_id",
    "interaction_id",
    "cost_minor",
    "currency",
    "request_id",
    "reverses_id",
    "customer_id",
)


class CompensationKind(Base):
    """Something that can be given to a customer; its cost and settings are those of the next grant.

    ``unit_cost_minor`` is what one point or piece costs the company; null of money and percentages.
    """

    __tablename__ = "compensation_kinds"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int]
    names: Mapped[dict[str, Any]]
    unit: Mapped[str] = mapped_column(Text)
    unit_cost_minor: Mapped[int | None] = mapped_column(BigInteger)
    unit_cost_currency: Mapped[str | None] = mapped_column(Text)
    reversal_days: Mapped[int]
    decision_minutes: Mapped[int]
    calendar: Mapped[str | None] = mapped_column(Key)
    at_deadline: Mapped[str] = mapped_column(Text)
    fallback_role: Mapped[str | None] = mapped_column(Key)
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AuthorityLimit(Base):
    """One version of how much a role may give; only ``is_current`` and ``valid_until`` ever change.

    ``tier`` null is any tier; ``per_day_minor`` and ``per_month_minor`` null are no limit of that.
    """

    __tablename__ = "authority_limits"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    is_current: Mapped[bool]
    role: Mapped[str] = mapped_column(Key)
    tier: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Key)
    currency: Mapped[str] = mapped_column(Text)
    per_case_minor: Mapped[int] = mapped_column(BigInteger)
    per_day_minor: Mapped[int | None] = mapped_column(BigInteger)
    per_month_minor: Mapped[int | None] = mapped_column(BigInteger)
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index(None, "code", unique=True, postgresql_where=_CURRENT, sqlite_where=_CURRENT),
        Index(None, "kind"),
    )


class CompensationBudget(Base):
    """How much a unit may give in a local month; ``month`` is its first day."""

    __tablename__ = "compensation_budgets"

    unit: Mapped[str] = mapped_column(Key, primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    version: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CompensationRequest(Base):
    """A request for more than its agent may give; ``next_at`` is when the worker has something to do.

    Until ``due_at`` the line above decides, until ``expires_at`` the fallback. ``state`` is what was stored
    last: an open one whose time is over is expired, whether the worker has noticed or not.
    """

    __tablename__ = "compensation_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"), index=True)
    complaint_id: Mapped[UUID | None] = mapped_column(ForeignKey("complaints.id", ondelete="SET NULL"))
    interaction_id: Mapped[UUID | None] = mapped_column(ForeignKey("interactions.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(Key)
    quantity: Mapped[int | None]
    percent: Mapped[int | None]
    transaction_id: Mapped[UUID | None] = mapped_column(ForeignKey("transactions.id", ondelete="SET NULL"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    amount_currency: Mapped[str] = mapped_column(Text)
    cost_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    agent: Mapped[str] = mapped_column(Key)
    unit: Mapped[str | None] = mapped_column(Key)
    tier: Mapped[str | None] = mapped_column(Text)
    above: Mapped[str] = mapped_column(Text)
    approver_role: Mapped[str] = mapped_column(Key)
    fallback_role: Mapped[str | None] = mapped_column(Key)
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(Key)
    decision_reason: Mapped[str | None] = mapped_column(Text)
    compensation_id: Mapped[UUID | None]
    actor_id: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index(None, "requested_at", "id"),
        Index(None, "updated_at", "id"),
        index_where_set("complaint_id"),
        index_where_set("interaction_id"),
        index_where_set("transaction_id"),
        index_where_set("next_at"),
        Index(None, "approver_role", "expires_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
    )


class Compensation(Base):
    """One line of the ledger: what was given, or with ``reverses_id`` that it was taken back.

    Amounts are never edited. ``amount_minor`` is the cost in the currency it arose in, ``cost_minor`` the
    same in the reporting currency of the day; both are negative in a reversal. ``authority`` is the
    agent by whose limit it goes. ``on_date`` is the local day whose limits and budget it counts in,
    ``given_at`` the instant; a reversal has those of the grant it takes back.
    """

    __tablename__ = "compensations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    complaint_id: Mapped[UUID | None] = mapped_column(ForeignKey("complaints.id", ondelete="SET NULL"))
    interaction_id: Mapped[UUID | None] = mapped_column(ForeignKey("interactions.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(Key)
    quantity: Mapped[int | None]
    percent: Mapped[int | None]
    transaction_id: Mapped[UUID | None] = mapped_column(ForeignKey("transactions.id", ondelete="SET NULL"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    amount_currency: Mapped[str] = mapped_column(Text)
    cost_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    agent: Mapped[str] = mapped_column(Key)
    unit: Mapped[str | None] = mapped_column(Key)
    tier: Mapped[str | None] = mapped_column(Text)
    authority: Mapped[str] = mapped_column(Key)
    limit_code: Mapped[str] = mapped_column(Key)
    limit_version: Mapped[int]
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("compensation_requests.id"))
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("compensations.id"), unique=True)
    reversed_by_id: Mapped[UUID | None]
    on_date: Mapped[date]
    given_at: Mapped[datetime]
    reversible_until: Mapped[datetime]
    recorded_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    actor_id: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        Index(None, "customer_id", "given_at", "id"),
        Index(None, "given_at", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "authority", "limit_code", "on_date", "cost_minor"),
        Index(None, "unit", "on_date", "cost_minor"),
        Index("ix_compensations_report", *_REPORTED),
        index_where_set("complaint_id"),
        index_where_set("interaction_id"),
        index_where_set("transaction_id"),
        index_where_set("request_id"),
    )
