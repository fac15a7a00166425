"""``/v1/customers/{id}/overview`` and ``/v1/screen-pop``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import read, responses
from app.schemas.customers.customers import EXAMPLE_ID
from app.schemas.insights.overview import OverviewRead, ScreenPopQuery, ScreenPopRead
from app.services.insights import overview

router = APIRouter(tags=["Customers"], route_class=StrictRoute)

Reads = Annotated[
    Call,
    requires(Scope.CUSTOMERS_READ, Scope.INTERACTIONS_READ, Scope.COMPLAINTS_READ, extent=Extent.BY_CUSTOMER),
]
CustomerId = Annotated[UUID, Path(description="Id of the customer.", examples=[EXAMPLE_ID])]


@router.get("/screen-pop", response_model=ScreenPopRead, summary="Tell who is calling", responses=responses())
async def get_screen_pop(call: Reads, query: Annotated[ScreenPopQuery, Query()]) -> Response:
    """The customer with this phone number, e-mail address or external id at a glance: who it is, value tier,
    churn level with reasons, open complaints, last contacts, channels not to be used.

    A number nobody has, or that cannot be read, is answered with `match: "none"`. Sentences follow
    Accept-Language.
    """
    return await _screen_pop(call, query)


@router.post(
    "/screen-pop",
    response_model=ScreenPopRead,
    summary="Tell who is calling, by a body",
    responses=responses(),
)
async def post_screen_pop(call: Reads, body: ScreenPopQuery) -> Response:
    """The same answer as GET, for a number or an address that shall not stand in addresses and logs.

    It changes nothing and may be repeated.
    """
    return await _screen_pop(call, body)


async def _screen_pop(call: Call, query: ScreenPopQuery) -> Response:
    return await call.get(
        replies.localized(ScreenPopRead, call.language), overview.screen_pop, query, call.language
    )


@router.get(
    "/customers/{customer_id:uuid}/overview",
    response_model=OverviewRead,
    summary="Get a customer at a glance",
    responses=read(etag=False),
)
async def get_customer_overview(call: Reads, customer_id: CustomerId) -> Response:
    """Who the customer is and how we stand with it, in one answer. Sentences follow Accept-Language."""
    return await call.get(
        replies.localized(OverviewRead, call.language), overview.get, customer_id, call.language
    )
