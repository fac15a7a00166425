"""Rows of files about customers, as requests would carry them."""

from typing import Annotated

from pydantic import Field

from app.domain.customers.customers import LeavingReason, Lifecycle
from app.schemas.common.base import UNSET, DateIn, Input
from app.schemas.customers.contract_terms import ContractTermsItem
from app.schemas.customers.customers import Attributes, CustomerUpsert, ExternalId


class ImportedCustomer(CustomerUpsert):
    """What a row of an address book says of a customer: members that are left out stay as they are."""

    lifecycle: Lifecycle = Field(default=UNSET)  # type: ignore[assignment]  # one more than a request may
    left_on: DateIn = Field(default=UNSET)
    left_reason: LeavingReason = Field(default=UNSET)


class ImportedTerms(ContractTermsItem):
    """What a row says of a contract from a day on: its days, and named attributes."""

    attributes: Attributes = Field(default={})


class ImportedSnapshot(Input):
    """What a row of a snapshot says of a customer's contract."""

    customer: ExternalId
    age: Annotated[int, Field(ge=0)]
    left: bool
    attributes: Attributes = Field(default={})


class ImportedDeparture(Input):
    """What a row says of a customer who left."""

    customer: ExternalId
    left_on: DateIn
    reason: LeavingReason | None = None
