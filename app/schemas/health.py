"""Health on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas._base import Output

Word = Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f]*$")]


class Health(Output):
    """The process is alive."""

    status: Literal["ok"]


class Readiness(Output):
    """The database answers, at the right revision."""

    status: Literal["ok"]
    database: Literal["sqlite", "postgresql"]
    revision: Word
    durability: Word
    """SQLite ``synchronous`` or PostgreSQL ``synchronous_commit`` as the database reports it."""
