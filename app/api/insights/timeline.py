"""``/v1/customers/{id}/timeline``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import paged
from app.schemas.customers.customers import EXAMPLE_ID
from app.schemas.insights.timeline import TimelinePage, TimelineQuery
from app.services.insights import timeline

router = APIRouter(prefix="/customers", tags=["Customers"], route_class=StrictRoute)

Reads = Annotated[
    Call,
    requires(
        Scope.CUSTOMERS_READ,
        Scope.TRANSACTIONS_READ,
        Scope.INTERACTIONS_READ,
        Scope.COMPLAINTS_READ,
        Scope.SURVEYS_READ,
        extent=Extent.BY_CUSTOMER,
    ),
]
CustomerId = Annotated[UUID, Path(description="Id of the customer.", examples=[EXAMPLE_ID])]


@router.get(
    "/{customer_id:uuid}/timeline",
    response_model=TimelinePage,
    summary="List what happened to a customer",
    responses=paged(404),
)
async def list_customer_timeline(
    call: Reads, customer_id: CustomerId, query: Annotated[TimelineQuery, Query()]
) -> Response:
    """Transactions, interactions, steps of complaints, survey invitations and responses in one list,
    newest first."""
    return await call.page(TimelinePage, timeline.page, query, customer_id)
