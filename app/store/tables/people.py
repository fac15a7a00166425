"""The company's people: units and their queues, agents, and the roles that say what agents may do."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.tables.base import Base, index_where_set
from app.store.types import Key


class Unit(Base):
    """A branch, team or department; its code also names its queue. ``names`` are by language.

    Codes here and in facts are plain text without foreign keys: facts may name what nobody registered.
    """

    __tablename__ = "units"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int]
    names: Mapped[dict[str, Any]]
    kind: Mapped[str] = mapped_column(Text)
    parent: Mapped[str | None] = mapped_column(Key)
    head: Mapped[str | None] = mapped_column(Key)
    calendar: Mapped[str | None] = mapped_column(Key)
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (index_where_set("parent"), index_where_set("head"))


class Agent(Base):
    """A person who serves customers. Active on a day: ``is_active``, and the day lies between the two."""

    __tablename__ = "agents"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    unit: Mapped[str | None] = mapped_column(Key)
    role: Mapped[str | None] = mapped_column(Key)
    languages: Mapped[list[Any]]
    skills: Mapped[list[Any]]
    active_from_on: Mapped[date | None]
    active_until_on: Mapped[date | None]
    """The last day on which the person is active."""
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index(None, "unit", "code"),
        Index(None, "role", "code"),
        index_where_set("active_until_on"),
    )


class Role(Base):
    """What agents of a kind may do at most, and to which role they report. ``names`` are by language."""

    __tablename__ = "roles"

    code: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[int]
    names: Mapped[dict[str, Any]]
    scopes: Mapped[list[Any]]
    reports_to: Mapped[str | None] = mapped_column(Key)
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
