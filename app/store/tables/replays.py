"""Replays of scoring runs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base


class Replay(Base):
    """A run computed once more from what is known now, and held against what it stored then.

    ``result`` is there when ``state`` is done.
    """

    __tablename__ = "replays"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    job_id: Mapped[UUID | None]
    run_id: Mapped[UUID] = mapped_column(ForeignKey("scoring_runs.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(Text)
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "created_at", "id"),)
