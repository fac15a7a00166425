"""What customers buy and give back, and what it is valued with: exchange rates, and what serving costs."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base, index_where_set
from app.store.types import Key


class Transaction(Base):
    """One purchase, refund, cancellation or subscription charge.

    ``changed_at`` is null until it is corrected or moved. ``source_said``: what its source said of it last,
    as `app.domain.imports.source_digests` packs it; null where that is what stands here.

    ``amount_minor`` is the effect on the customer's value: negative for refunds and cancellations.
    """

    __tablename__ = "transactions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    source: Mapped[str] = mapped_column(Key)
    external_id: Mapped[str] = mapped_column(Key)
    kind: Mapped[str] = mapped_column(Text)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(index=True)
    category: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str | None] = mapped_column(Text)
    cost_minor: Mapped[int | None] = mapped_column(BigInteger)
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("imports.id"))
    version: Mapped[int] = mapped_column(server_default="1")
    changed_at: Mapped[datetime | None]
    source_said: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        # Holds all that scoring sums up, in the order it groups by: the table itself is not read.
        Index("ix_transactions_scoring", "customer_id", "occurred_at", "kind", "currency", "amount_minor"),
        Index(None, "occurred_at", "id"),
        index_where_set("import_id"),
        Index("ix_transactions_updated_at", text("coalesce(changed_at, recorded_at)"), "id"),
    )


class ExchangeRate(Base):
    """Units of the reporting currency for one unit of ``currency`` on one local day, as a decimal text."""

    __tablename__ = "exchange_rates"

    currency: Mapped[str] = mapped_column(Key, primary_key=True)
    on_date: Mapped[date] = mapped_column("on_date", primary_key=True)
    rate: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]

    __table_args__ = (Index(None, "updated_at", "currency", "on_date"),)


class UnitCost(Base):
    """What a contact over a channel, or a return, costs: decimals as text, in the major unit of ``currency``.

    The currency is kept because the reporting currency of a deployment can be changed: what was said in
    another one is then not used.
    """

    __tablename__ = "unit_costs"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int]
    currency: Mapped[str] = mapped_column(Text)
    per_contact: Mapped[str] = mapped_column(Text)
    per_minute: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]
