"""Moving a record to the customer it belongs to, on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.common.base import paragraph
from app.schemas.customers.customers import ExternalId
from app.schemas.customers.naming import NamesOneCustomer

OTHER_CUSTOMER_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a11"


class TransferCreate(NamesOneCustomer):
    """Whose a record really is, and why it is moved. Name the customer by ``customer_id`` or ``customer``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer": {"system": "crm", "key": "C-000002"},
                    "reason": "Her mother called from the same number.",
                }
            ]
        }
    )

    customer_id: UUID | None = Field(default=None, examples=[OTHER_CUSTOMER_ID])
    customer: ExternalId | None = Field(default=None, examples=[{"system": "crm", "key": "C-000002"}])
    """The customer's key in another system."""
    reason: Annotated[str, paragraph(500)] = Field(examples=["Her mother called from the same number."])
