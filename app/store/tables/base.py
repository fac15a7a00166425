"""The declarative base all table families share."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase

from app.store.types import Id, Instant, Json


class Base(DeclarativeBase):
    """Tables are declared, statements are Core: typed schema without loading objects."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        UUID: Id(),
        datetime: Instant(),
        dict[str, Any]: Json,
        list[Any]: Json,
    }


def index_where_set(column: str, *more: str) -> Index:
    """An index of ``column`` and ``more`` for the rows where ``column`` is not null."""
    given = text(f"{column} IS NOT NULL")
    return Index(None, column, *more, postgresql_where=given, sqlite_where=given)
