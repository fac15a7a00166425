"""Work nobody waits for, and who does it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base


class Job(Base):
    """A piece of work: ``state`` is waiting, running, done, failed or cancelled."""

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    arguments: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(Text)
    stage: Mapped[str | None] = mapped_column(Text)
    done: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None] = mapped_column(Text)
    handed_over_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(
            "ix_jobs_waiting",
            "created_at",
            postgresql_where=text("handed_over_at IS NULL"),
            sqlite_where=text("handed_over_at IS NULL"),
        ),
    )


class Worker(Base):
    """A running worker and when it was last heard of."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
