"""What contracts and those who spoke of them said, and since when it was known."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base


class ContractTerms(Base):
    """The terms of a customer's contract as they were known from a local day on; of one day the last.

    The newest version says what the customer's row says. ``started_on`` null: there was no contract.
    """

    __tablename__ = "contract_terms"

    customer_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    )
    known_on: Mapped[date] = mapped_column(primary_key=True)
    started_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    notice_given_on: Mapped[date | None]
    recorded_at: Mapped[datetime]

    # For runs that go on from an earlier one: what was recorded since, and what they have come to see.
    __table_args__ = (Index(None, "known_on"), Index(None, "recorded_at"))


class ContractStatement(Base):
    """What was known of a customer's contract from a local day on, besides the days of its terms.

    ``has_left`` is null where only attributes were recorded. Otherwise it is a snapshot: whether the customer
    had left by that day, on which nobody knows when, and the ``age`` of the contract in ``age_unit``.
    ``digest`` is the same where all of this is.
    """

    __tablename__ = "contract_statements"

    customer_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    )
    known_on: Mapped[date] = mapped_column(primary_key=True)
    attributes: Mapped[dict[str, Any]]
    age: Mapped[int | None]
    age_unit: Mapped[str | None] = mapped_column(Text)
    has_left: Mapped[bool | None]
    digest: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime]

    # For runs that go on from an earlier one: what was recorded since, and what they have come to see.
    __table_args__ = (Index(None, "known_on"), Index(None, "recorded_at"))
