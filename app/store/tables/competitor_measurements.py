"""What studies say of competitors."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Double, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base
from app.store.types import Key


class CompetitorMeasurement(Base):
    """One figure of one competitor on one day; ``competitor_key`` is its name folded, by which figures of
    the same competitor belong together. Double precision: a figure comes back exactly as it was sent."""

    __tablename__ = "competitor_measurements"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    source: Mapped[str] = mapped_column(Key)
    external_id: Mapped[str | None] = mapped_column(Key)
    competitor: Mapped[str] = mapped_column(Text)
    competitor_key: Mapped[str] = mapped_column(Key)
    index: Mapped[str] = mapped_column(Key)
    value: Mapped[float] = mapped_column(Double)
    n: Mapped[int | None]
    sd: Mapped[float | None] = mapped_column(Double)
    low: Mapped[float | None] = mapped_column(Double)
    high: Mapped[float | None] = mapped_column(Double)
    expectation_mean: Mapped[float | None] = mapped_column(Double)
    measured_on: Mapped[date]
    recorded_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index(None, "index", "competitor_key", "measured_on"),
        Index(None, "measured_on", "id"),
        Index(None, "updated_at", "id"),
    )
