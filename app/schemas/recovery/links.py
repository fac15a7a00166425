"""How complaints are linked to each other and to incidents, and whom an incident touched, on the wire."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.common.base import Count, Input, Output, PageOf, line_out, paragraph
from app.schemas.customers.customers import ExternalId
from app.schemas.recovery.incidents import EXAMPLE_ID as EXAMPLE_INCIDENT_ID

EXAMPLE_TO_JOIN_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7e40"
"""A complaint that is of no incident."""
EXAMPLE_TO_JOIN_TOO_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7e41"
EXAMPLE_JOINED_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7e42"
"""A complaint of the incident that is shown."""
EXAMPLE_LEADING_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7e43"
EXAMPLE_DUPLICATE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7e44"
"""A duplicate of the leading complaint."""
EXAMPLE_TO_LINK_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7e45"

MAX_COMPLAINTS = 1000
MAX_CUSTOMERS = 1000

_Why = Annotated[str, paragraph(2000)]


class IncidentLink(Input):
    """The incident that a complaint is about."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"incident_id": EXAMPLE_INCIDENT_ID}]})

    incident_id: UUID = Field(examples=[EXAMPLE_INCIDENT_ID])
    """Id of the incident."""
    note: _Why | None = Field(default=None, examples=["Her invoice is one of those."])


class LinkRemoval(Input):
    """Why a link was wrong; `{}` for no reason."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "It was about another invoice."}]})

    note: _Why | None = Field(default=None, examples=["It was about another invoice."])


class DuplicateLink(Input):
    """The complaint that a complaint says once more."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"leading_complaint_id": EXAMPLE_LEADING_ID, "note": "She called as well."}]
        }
    )

    leading_complaint_id: UUID = Field(examples=[EXAMPLE_LEADING_ID])
    """Id of the complaint under which the case is worked on; of the same customer, and itself no
    duplicate."""
    note: _Why | None = Field(default=None, examples=["She called as well."])


class IncidentComplaints(Input):
    """Complaints that are about an incident; all of them join it, or none."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"complaint_ids": [EXAMPLE_TO_JOIN_TOO_ID]}]})

    complaint_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_COMPLAINTS)] = Field(
        examples=[[EXAMPLE_TO_JOIN_TOO_ID]]
    )
    """Ids of complaints. Those that are of the incident already stay as they are."""
    note: _Why | None = Field(default=None, examples=["Found by the invoice numbers."])


class JoinedComplaints(Output):
    """What became of complaints that joined an incident."""

    incident_id: UUID
    joined: Count
    """Complaints that are of the incident only now."""
    already_joined: Count
    """Complaints that were of it before."""


_TOUCHED: dict[str, Any] = {"customers": [{"system": "crm", "key": "C-000002"}]}


class IncidentCustomers(Input):
    """Customers whom an incident touched; all are recorded, or none."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TOUCHED]})

    customer_ids: Annotated[list[UUID], Field(max_length=MAX_CUSTOMERS)] = Field(default=[], examples=[[]])
    """Ids of customers."""
    customers: Annotated[list[ExternalId], Field(max_length=MAX_CUSTOMERS)] = Field(
        default=[], examples=[_TOUCHED["customers"]]
    )
    """Keys of customers in other systems. At least one customer must be named, one way or the other."""


class RecordedCustomers(Output):
    """What became of customers whom an incident touched."""

    incident_id: UUID
    recorded: Count
    """Customers who are on record only now."""
    already_recorded: Count


class TouchedCustomerRead(Output):
    """A customer whom an incident touched."""

    customer_id: UUID
    tier: Annotated[str, line_out(1)] | None
    """Value tier by the current scoring run; null without one."""
    recorded_at: datetime
    """When it became known that the incident touched this customer."""


class TouchedCustomerPage(PageOf):
    """A page of customers whom an incident touched."""

    data: Annotated[list[TouchedCustomerRead], Field(max_length=200)]
