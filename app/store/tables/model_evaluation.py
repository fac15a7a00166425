"""Backtests of churn forecasts, the contests that decide which model serves, and replays of scoring runs."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base


class Backtest(Base):
    """A past day forecast again from what was known then: what was asked, and how the forecast did.

    ``cut_on`` is the last day that was known. ``result`` is there when ``state`` is done.
    """

    __tablename__ = "backtests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    job_id: Mapped[UUID | None]
    cut_on: Mapped[date]
    parameters: Mapped[dict[str, Any]]
    models: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(Text)
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "created_at", "id"),)


class ChurnContest(Base):
    """Which model serves from a day on, and why; with what the learned model has learned by then.

    Runs whose facts are read alike (``facts_key``) use the newest contest until it is too old.
    """

    __tablename__ = "churn_contests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    as_of: Mapped[date]
    facts_key: Mapped[str] = mapped_column(Text)
    contest: Mapped[dict[str, Any]]
    learned: Mapped[dict[str, Any] | None]
    # The contest of customers under contract, and what was learned of them.
    contract: Mapped[dict[str, Any] | None]
    # What a snapshot of contracts taught, and how it was tested.
    cross_section: Mapped[dict[str, Any] | None]
    # What became of silent customers in the closed windows.
    silence: Mapped[dict[str, Any]]
    # How far lifetime values were off in windows that had closed.
    lifetime_value: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]

    __table_args__ = (Index(None, "facts_key", "as_of"),)


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
