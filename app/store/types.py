"""Column types that behave the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import BigInteger, DateTime, Dialect, LargeBinary, types
from sqlalchemy.dialects import postgresql

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id() -> UUID:
    """A UUIDv7: unique anywhere, ordered by the time it was made."""
    return uuid_utils.compat.uuid7()


def now() -> datetime:
    """The present instant in UTC, with microseconds."""
    return datetime.now(UTC)


def to_micros(at: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware instant.

    >>> to_micros(datetime(1970, 1, 2, tzinfo=UTC))
    86400000000
    """
    span = at - _EPOCH
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


def from_micros(micros: int) -> datetime:
    """The instant in UTC that is ``micros`` microseconds after 1970-01-01."""
    return _EPOCH + timedelta(microseconds=micros)


class Id(types.TypeDecorator[UUID]):
    """UUID: native on PostgreSQL, 16 bytes on SQLite (half the size of text, same order)."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Choose the column type of the database at hand."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=True))
        return dialect.type_descriptor(LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        """Python to database."""
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        """Database to Python."""
        return value if value is None or dialect.name == "postgresql" else UUID(bytes=value)


class Instant(types.TypeDecorator[datetime]):
    """UTC instant: timestamptz on PostgreSQL, integer microseconds on SQLite (both exact to 1 µs)."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Choose the column type of the database at hand."""
        return dialect.type_descriptor(
            DateTime(timezone=True) if dialect.name == "postgresql" else BigInteger()
        )

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Python to database; a naive datetime is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value if dialect.name == "postgresql" else to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Database to Python, always in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else from_micros(value)


# JSON document, kept as text on both databases: member order and number spelling stay as they were.
Json = types.JSON(none_as_null=True)

# Text compared byte by byte, so that prefix ranges and keyset pages agree on both databases.
Key = types.String().with_variant(types.String(collation="C"), "postgresql")
