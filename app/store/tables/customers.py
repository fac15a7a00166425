"""Customers: one row holds all that is said of a customer; two narrow tables make it findable."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base, index_where_set
from app.store.types import Key


class Customer(Base):
    """A person or organisation. Contact points, external ids, tags and attributes are members of the row,
    so that reading a customer or a page of them is one statement."""

    __tablename__ = "customers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    name_key: Mapped[str] = mapped_column(Key)  # folded name: sorts and searches alike on both databases
    given_name: Mapped[str | None] = mapped_column(Text)
    family_name: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    born_on: Mapped[date | None]
    customer_since_on: Mapped[date | None]
    preferred_channel: Mapped[str | None] = mapped_column(Text)
    preferred_hours: Mapped[dict[str, Any] | None]
    unit: Mapped[str | None] = mapped_column(Key)
    lifecycle: Mapped[str] = mapped_column(Text)
    left_on: Mapped[date | None]
    left_reason: Mapped[str | None] = mapped_column(Text)
    contract_started_on: Mapped[date | None]
    contract_ends_on: Mapped[date | None]
    contract_notice_on: Mapped[date | None]
    do_not_contact: Mapped[list[Any]] = mapped_column(server_default="[]")
    contact_points: Mapped[list[Any]]
    external_ids: Mapped[list[Any]]
    tags: Mapped[list[Any]]
    attributes: Mapped[dict[str, Any]]
    created_by_import_id: Mapped[UUID | None]

    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "name_key", "id"),
        Index(None, "unit", "id"),
        index_where_set("left_on"),
        index_where_set("contract_started_on"),
        index_where_set("created_by_import_id"),
    )


class CustomerExternalId(Base):
    """The key of a customer in another system; unique per system."""

    __tablename__ = "customer_external_ids"

    system: Mapped[str] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)


class CustomerLookup(Base):
    """What a customer can be found by: kind is phone, email, social, word, tag or attribute."""

    __tablename__ = "customer_lookups"

    kind: Mapped[str] = mapped_column(Key, primary_key=True)
    value: Mapped[str] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
