"""``/v1/customers/{id}/lifetime-value``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import read
from app.schemas.customers.customers import EXAMPLE_ID
from app.schemas.insights.lifetime_value import CustomerLifetimeValueRead
from app.services.insights import lifetime_value_report

router = APIRouter(tags=["Customers"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.CUSTOMERS_READ, extent=Extent.BY_CUSTOMER)]
CustomerId = Annotated[UUID, Path(description="Id of the customer.", examples=[EXAMPLE_ID])]


@router.get(
    "/customers/{customer_id:uuid}/lifetime-value",
    response_model=CustomerLifetimeValueRead,
    summary="Get a customer's lifetime value",
    responses=read(etag=False),
)
async def get_customer_lifetime_value(call: Reads, customer_id: CustomerId) -> Response:
    """What the customer will still be worth by the current run, what that is made of, and between which
    amounts it may turn out. Sentences follow Accept-Language."""
    reply = replies.localized(CustomerLifetimeValueRead, call.language)
    return await call.get(reply, lifetime_value_report.of_customer, customer_id, call.language)
