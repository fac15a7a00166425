"""How bodies name the customer they are about, on the wire."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.common.base import Flag, Input
from app.schemas.customers.customers import EXAMPLE_ID, ExternalId

NAMED: dict[str, Any] = {"customer": {"system": "crm", "key": "C-000001"}, "create_missing": True}
"""In examples: a customer who need not be there."""

CreateMissing = Annotated[
    Flag,
    Field(
        description="Whether an unknown ``customer`` becomes a new active customer with that key and no name "
        "yet; needs\nthe scope ``customers:write`` as well. Otherwise it is refused (``unknown_customer``)."
    ),
]


class NamesOneCustomer(Input):
    """A body that names a customer by ``customer_id`` or by ``customer``."""

    customer_id: UUID | None = Field(default=None, examples=[EXAMPLE_ID])
    customer: ExternalId | None = Field(default=None, examples=[{"system": "crm", "key": "C-000001"}])
    """The customer's key in another system."""

    @model_validator(mode="after")
    def _one_customer(self) -> Self:
        if (self.customer_id is None) == (self.customer is None):
            raise PydanticCustomError("one_customer", "Send either customer_id or customer.")
        return self


class NamesOrCreatesCustomer(NamesOneCustomer):
    """A body that names a customer, who may be created by the key."""

    create_missing: CreateMissing = False

    @model_validator(mode="after")
    def _created_by_key(self) -> Self:
        if self.create_missing and self.customer is None:
            raise PydanticCustomError("create_missing", "create_missing goes with customer.")
        return self
