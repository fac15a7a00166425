"""Dated contract terms on the wire."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas._base import DateIn, Input, Output, PageOf
from app.schemas.standing import Contract, ContractRead

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a14"
"""A customer under contract."""

_CONTRACT: dict[str, Any] = {"started_on": "2025-03-01", "ends_on": "2026-02-28", "notice_given_on": None}


class ContractTermsCreate(Input):
    """What was known of a contract from a past day on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"known_on": "2025-03-01", "contract": _CONTRACT}]}
    )

    known_on: DateIn
    """The company's local day, before that of the newest version."""
    contract: Contract | None
    """Null: the customer was under no contract."""


class ContractTermsRead(Output):
    """What was known of a customer's contract from ``known_on`` until the next version."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer_id": EXAMPLE_ID,
                    "known_on": "2025-03-01",
                    "contract": _CONTRACT,
                    "recorded_at": "2026-11-23T09:30:00Z",
                }
            ]
        }
    )

    customer_id: UUID
    known_on: date
    """The company's local day: scoring runs for later days see this version."""
    contract: ContractRead | None
    """Null: the customer was under no contract."""
    recorded_at: datetime


class ContractTermsPage(PageOf):
    """A page of versions, newest first."""

    data: Annotated[list[ContractTermsRead], Field(max_length=200)]
