"""Incidents: what went wrong for many, its causes and preventions, and whom it touched."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base, index_where_set
from app.store.types import Key


class Incident(Base):
    """Something that went wrong for many; complaints that are about it name it (``incident_id``).

    ``cause`` and ``fault`` are those of its latest `IncidentCause`.
    """

    __tablename__ = "incidents"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    what_happened: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    product: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str | None] = mapped_column(Text)
    phase: Mapped[str | None] = mapped_column(Text)
    unit: Mapped[str | None] = mapped_column(Key)
    cause: Mapped[str | None] = mapped_column(Key)
    fault: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index(None, "started_at", "id"),
        Index(None, "updated_at", "id"),
    )


class IncidentCause(Base):
    """Why an incident happened; the latest is the one that the incident itself names."""

    __tablename__ = "incident_causes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incidents.id", ondelete="CASCADE"), index=True)
    cause: Mapped[str] = mapped_column(Key)
    fault: Mapped[str] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class IncidentPrevention(Base):
    """A measure so that an incident does not happen again; ``done_at`` is null while it is not finished."""

    __tablename__ = "incident_preventions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incidents.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    responsible: Mapped[str] = mapped_column(Key)
    due_on: Mapped[date | None]
    done_at: Mapped[datetime | None]
    done_text: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (index_where_set("done_at"),)


class IncidentCustomer(Base):
    """A customer whom an incident touched, who may not have complained."""

    __tablename__ = "incident_customers"

    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True
    )
    customer_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    actor_id: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
