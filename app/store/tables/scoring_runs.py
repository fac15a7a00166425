"""Scoring runs and what they found."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base


class ScoringRun(Base):
    """One computation for one day: its parameters, what it excluded, its summary figures."""

    __tablename__ = "scoring_runs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    job_id: Mapped[UUID | None]
    as_of: Mapped[date]
    # Day of the newest sale, to which silence is counted, where sales had stopped by as_of.
    data_end: Mapped[date | None]
    currency: Mapped[str] = mapped_column(Text)
    parameters: Mapped[dict[str, Any]]
    # Same parameters apart from as_of: what "previous run" means.
    parameters_key: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    is_current: Mapped[bool]
    value_tiers: Mapped[dict[str, Any] | None]
    # Distances to the next tier change with every purchase of anybody, so they are told from this when read.
    next_tier_steps: Mapped[dict[str, Any] | None]
    satisfaction: Mapped[dict[str, Any] | None]
    churn: Mapped[dict[str, Any] | None]
    lifetime_value: Mapped[dict[str, Any] | None]
    # Which model served, and why: to compute the run again, the same one must.
    contest_id: Mapped[UUID | None]
    # How many customers as silent as those who are dormant, and as those who have left, returned.
    return_shares: Mapped[dict[str, Any] | None]
    # What is usual among all customers: small, because every customer's reasons are told with it.
    churn_baselines: Mapped[dict[str, Any] | None]
    # The learned models as they served: what a customer's probability is made of is told from them.
    churn_serving: Mapped[dict[str, Any] | None]
    # How answers of one customer vary, by index: the basis of customers' trends.
    answer_spreads: Mapped[dict[str, Any] | None]
    # How satisfaction goes with expectation among all: what customers' quadrants are told by.
    expectation_reference: Mapped[dict[str, Any] | None]
    contract_serving: Mapped[dict[str, Any] | None]
    cross_section: Mapped[dict[str, Any] | None]
    # Everything recorded before this instant was seen: what the next run need not read again.
    facts_until: Mapped[datetime | None]
    # Says how the facts by customer were read; only a run that reads them alike may go on from them.
    facts_key: Mapped[str | None] = mapped_column(Text)
    rates_used: Mapped[dict[str, Any] | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "parameters_key", "as_of"),
        Index(
            "ix_scoring_runs_current",
            "is_current",
            unique=True,
            postgresql_where=text("is_current"),
            sqlite_where=text("is_current"),
        ),
    )


class RunColumns(Base):
    """A run's facts and result for every customer as compressed columns, in parts: small, exact, and quick
    to write.

    ``data`` holds columns (`app.store.scoring.run_results`); a run's rows are sorted by customer id, and a
    part begins with ``first_id`` (null for a run without customers).
    """

    __tablename__ = "run_columns"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("scoring_runs.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[UUID | None]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class CustomerScore(Base):
    """The current run's verdict on one customer; only rows that changed are written.

    ``churn_percent`` is the probability of no purchase within the horizon, in whole percent: what is
    stored does not change with every day that passes. ``churn_reason`` says why there is no level or no
    probability. ``churn_facts`` are the numbers its reasons are made
    from when somebody asks; ``satisfaction`` holds the latest answer and trend for each index, and the points
    that ``quadrant`` follows from.
    """

    __tablename__ = "customer_scores"

    customer_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    )
    tier: Mapped[str | None] = mapped_column(Text)
    value_minor: Mapped[int | None] = mapped_column(BigInteger)
    near_threshold: Mapped[str | None] = mapped_column(Text)
    churn_level: Mapped[str | None] = mapped_column(Text)
    churn_percent: Mapped[int | None]
    churn_model: Mapped[str | None] = mapped_column(Text)
    dormant: Mapped[bool | None]
    churn_reason: Mapped[str | None] = mapped_column(Text)
    value_at_risk_minor: Mapped[int | None] = mapped_column(BigInteger)
    churn_facts: Mapped[list[Any] | None]
    satisfaction: Mapped[dict[str, Any] | None]
    quadrant: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        # Most customers are asked nothing, so they are not in it.
        Index(
            None,
            "quadrant",
            "value_minor",
            "customer_id",
            postgresql_where=text("quadrant IS NOT NULL"),
            sqlite_where=text("quadrant IS NOT NULL"),
        ),
        # By what lists are filtered when they are sorted by the first column: an index of its own for that
        # would cost every run as much as this one.
        Index(None, "value_minor", "customer_id", "tier"),
        Index(
            "ix_customer_scores_value_at_risk",
            "value_at_risk_minor",
            "customer_id",
            "churn_level",
            "dormant",
        ),
    )
