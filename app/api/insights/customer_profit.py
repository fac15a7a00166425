"""``/v1/customers/{id}/profit``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import read
from app.schemas.customers.customers import EXAMPLE_ID
from app.schemas.insights.profit import CustomerProfitRead
from app.services.insights import profit_report

router = APIRouter(tags=["Customers"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.CUSTOMERS_READ, Scope.INSIGHTS_READ, extent=Extent.BY_CUSTOMER)]
CustomerId = Annotated[UUID, Path(description="Id of the customer.", examples=[EXAMPLE_ID])]


@router.get(
    "/customers/{customer_id:uuid}/profit",
    response_model=CustomerProfitRead,
    summary="Get a customer's profit",
    responses=read(409, etag=False),
)
async def get_customer_profit(call: Reads, customer_id: CustomerId) -> Response:
    """What the customer left after costs over the window of the current run, line by line: revenue, goods,
    contacts by channel, returns.

    Costs and contacts are those that are known now, at the unit costs of now.
    """
    return await call.get(replies.unversioned(CustomerProfitRead), profit_report.of_customer, customer_id)
