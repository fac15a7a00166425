"""Moving a record to the customer it belongs to, on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.common.base import Input, paragraph
from app.schemas.customers.customers import ExternalId

OTHER_CUSTOMER_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a11"


class TransferCreate(Input):
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

    @model_validator(mode="after")
    def _one_customer(self) -> "TransferCreate":
        if (self.customer_id is None) == (self.customer is None):
            raise PydanticCustomError("one_customer", "Send either customer_id or customer.")
        return self
