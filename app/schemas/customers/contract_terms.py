"""Dated contract terms on the wire."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.common.base import DateIn, Input, Output, PageOf
from app.schemas.common.batches import COUNTED, KEPT, BatchItem
from app.schemas.customers.naming import NamesOneCustomer
from app.schemas.customers.scores import Contract, ContractRead

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

    customer_id: UUID
    known_on: date
    """The company's local day: scoring runs for later days see this version."""
    contract: ContractRead | None
    """Null: the customer was under no contract."""
    recorded_at: datetime


class ContractTermsPage(PageOf):
    """A page of versions, newest first."""

    data: Annotated[list[ContractTermsRead], Field(max_length=200)]


class ContractTermsItem(NamesOneCustomer, ContractTermsCreate):
    """What was known of a customer's contract from a past day on. Name the customer by ``customer_id`` or by
    ``customer``, not both."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"customer_id": EXAMPLE_ID, "known_on": "2025-03-01", "contract": _CONTRACT}]
        }
    )

    customer_id: UUID | None = Field(default=None, examples=[EXAMPLE_ID])

    @property
    def create_missing(self) -> bool:
        """Never: somebody who is not known yet has no present that this would be the past of."""
        return False


class ContractTermsBatch(Input):
    """Past contract terms to record together."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {"customer_id": EXAMPLE_ID, "known_on": "2025-03-01", "contract": _CONTRACT},
                        {
                            "customer_id": EXAMPLE_ID,
                            "known_on": "2026-02-28",
                            "contract": {**_CONTRACT, "ends_on": "2027-02-28"},
                        },
                    ]
                }
            ]
        }
    )

    items: Annotated[list[Annotated[ContractTermsItem, KEPT]], Field(min_length=1, max_length=1000), COUNTED]


class ContractTermsBatchItem(BatchItem):
    """What became of one item of a batch."""

    contract_terms: ContractTermsRead | None


class ContractTermsBatchResult(Output):
    """What became of each item, in the order of the request."""

    data: Annotated[list[ContractTermsBatchItem], Field(max_length=1000)]
