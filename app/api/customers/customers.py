"""``/v1/customers``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import batches, replies
from app.http.call import Call, IdempotencyKey, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, created, paged, read, responses
from app.http.steps import Steps
from app.schemas.common.base import ExternalKey, SystemName
from app.schemas.common.batches import BatchQuery
from app.schemas.customers.customers import (
    EXAMPLE_ID,
    EXAMPLE_LEFT_ID,
    EXAMPLE_STAYING_ID,
    CustomerBatch,
    CustomerBatchResult,
    CustomerCreate,
    CustomerPage,
    CustomerRead,
    CustomerUpdate,
    CustomerUpsert,
    Departure,
)
from app.schemas.customers.search import CustomerQuery
from app.services.customers import customers

router = APIRouter(prefix="/customers", tags=["Customers"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.CUSTOMERS_READ, extent=Extent.BY_CUSTOMER)]
Writes = Annotated[Call, requires(Scope.CUSTOMERS_WRITE, extent=Extent.BY_CUSTOMER)]
CustomerId = Annotated[UUID, Path(description="Id of the customer.", examples=[EXAMPLE_ID])]
StayingId = Annotated[UUID, Path(description="Id of the customer.", examples=[EXAMPLE_STAYING_ID])]
LeftId = Annotated[UUID, Path(description="Id of the customer.", examples=[EXAMPLE_LEFT_ID])]
System = Annotated[SystemName, Path(description="The other system.", examples=["crm"])]
Key = Annotated[ExternalKey, Path(description="The customer's key there.")]
LOCATION = "/v1/customers/{id}"
ONE = replies.one(CustomerRead)
CREATED = replies.one(CustomerRead, status=201, location=LOCATION)


@router.get(
    "",
    response_model=CustomerPage,
    summary="List customers",
    responses=paged(),
)
async def list_customers(call: Reads, query: Annotated[CustomerQuery, Query()]) -> Response:
    """Find customers by name, phone, e-mail, external id, tag, attribute, tier or time of change."""
    return await call.page(CustomerPage, customers.reader_of(query), query)


@router.post(
    "/searches",
    response_model=CustomerPage,
    summary="Search customers by a body",
    responses=responses(description="One page"),
)
async def search_customers(call: Reads, body: CustomerQuery) -> Response:
    """The same filters, order and pages as GET, for names, numbers and addresses that shall not stand in
    addresses and logs. For the next page send the same body with `cursor`.

    It changes nothing and may be repeated.
    """
    return await call.page(CustomerPage, customers.reader_of(body), body)


@router.post(
    "",
    status_code=201,
    response_model=CustomerRead,
    summary="Record a customer",
    responses=created(),
)
async def create_customer(
    call: Writes, body: CustomerCreate, idempotency_key: IdempotencyKey = None
) -> Response:
    """Record a person or an organisation, with its contact points and its keys in other systems."""
    return await call.write(CREATED, customers.create, body)


@router.post(
    "/batch",
    status_code=201,
    response_model=CustomerBatchResult,
    summary="Record many customers",
    responses=created(batch=True),
)
async def create_customers(
    call: Writes,
    query: Annotated[BatchQuery, Query()],
    body: CustomerBatch,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record up to 1,000 customers: all or none, or with `partial=true` every good one."""
    many = customers.create_many
    return await batches.store(call, body.items, many, CustomerBatchResult, "customer", partial=query.partial)


@router.get(
    "/by-external-id/{system}/{key}",
    response_model=CustomerRead,
    summary="Get a customer by external id",
    responses=read(),
)
async def get_customer_by_external_id(
    call: Reads, system: System, key: Key, if_none_match: IfNoneMatch = None
) -> Response:
    """Read the customer that has this key in another system."""
    return await call.get(ONE, customers.get_by_external_id, system, key)


@router.put(
    "/by-external-id/{system}/{key}",
    response_model=CustomerRead,
    summary="Record or change a customer by external id",
    responses=changed(upsert=True),
)
async def upsert_customer(
    call: Writes,
    system: System,
    key: Key,
    body: CustomerUpsert,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Change the customer that has this key, or record a new one under it. Members left out are kept."""
    reply = replies.upserted(CustomerRead, LOCATION)
    return await call.write(reply, customers.upsert, system, key, body, if_match, if_none_match)


@router.get(
    "/{customer_id:uuid}",
    response_model=CustomerRead,
    summary="Get a customer",
    responses=read(),
)
async def get_customer(call: Reads, customer_id: CustomerId, if_none_match: IfNoneMatch = None) -> Response:
    """Read a customer with its value tier and the distance to the next one."""
    return await call.get(ONE, customers.get, customer_id)


@router.patch(
    "/{customer_id:uuid}",
    response_model=CustomerRead,
    summary="Change a customer",
    responses=changed(),
)
async def update_customer(
    call: Writes, customer_id: CustomerId, body: CustomerUpdate, if_match: IfMatch = None
) -> Response:
    """Merge a patch into the customer: members left out stay, null clears, arrays are replaced whole."""
    return await call.write(ONE, customers.update_one, customer_id, body, if_match)


STEPS = Steps(router, "customer", Writes, CustomerRead)

STEPS.add(
    "departures",
    customers.depart,
    Departure,
    name="record_departure",
    summary="Record that a customer left",
    about="The customer becomes `left`, with the day and the reason.",
    example=EXAMPLE_STAYING_ID,
)


@router.post(
    "/{customer_id:uuid}/returns",
    status_code=201,
    response_model=CustomerRead,
    summary="Record that a customer came back",
    responses=created(404, 412),
)
async def record_return(
    call: Writes,
    customer_id: LeftId,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A customer who had left becomes `active` again."""
    return await call.write(CREATED, customers.come_back, customer_id, if_match)
