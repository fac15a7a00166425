"""Rows of files about customers, as requests would carry them."""

from pydantic import Field

from app.domain.customers.customers import LeavingReason, Lifecycle
from app.schemas.common.base import UNSET, DateIn, Input
from app.schemas.customers.customers import CustomerUpsert, ExternalId


class ImportedCustomer(CustomerUpsert):
    """What a row of an address book says of a customer: members that are left out stay as they are."""

    lifecycle: Lifecycle = Field(default=UNSET)  # type: ignore[assignment]  # one more than a request may
    left_on: DateIn = Field(default=UNSET)
    left_reason: LeavingReason = Field(default=UNSET)


class ImportedDeparture(Input):
    """What a row says of a customer who left."""

    customer: ExternalId
    left_on: DateIn
    reason: LeavingReason | None = None
