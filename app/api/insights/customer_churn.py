"""``/v1/customers/{id}/churn``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import read
from app.schemas.customers.customers import EXAMPLE_ID
from app.schemas.scoring.churn import CustomerChurnQuery, CustomerChurnRead
from app.services.insights import churn_report

router = APIRouter(tags=["Customers"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.CUSTOMERS_READ, extent=Extent.BY_CUSTOMER)]
CustomerId = Annotated[UUID, Path(description="Id of the customer.", examples=[EXAMPLE_ID])]


@router.get(
    "/customers/{customer_id:uuid}/churn",
    response_model=CustomerChurnRead,
    summary="Get a customer's churn flag",
    responses=read(etag=False),
)
async def get_customer_churn(
    call: Reads, customer_id: CustomerId, query: Annotated[CustomerChurnQuery, Query()]
) -> Response:
    """Level, probability and the reasons behind it by the current run, and the flag in the runs before.
    Sentences follow Accept-Language."""
    reply = replies.localized(CustomerChurnRead, call.language)
    return await call.get(reply, churn_report.of_customer, customer_id, query.runs, call.language)
