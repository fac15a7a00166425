"""Health on the wire."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.schemas.common.base import Output

Word = Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f]*$")]


class Health(Output):
    """The process is alive."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: Literal["ok"]


class Readiness(Output):
    """The database answers, at the right revision."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"status": "ok", "database": "sqlite", "revision": "0001_initial", "durability": "FULL"}
            ]
        }
    )

    status: Literal["ok"]
    database: Literal["sqlite", "postgresql"]
    revision: Word
    durability: Word
    """SQLite ``synchronous`` or PostgreSQL ``synchronous_commit`` as the database reports it."""
