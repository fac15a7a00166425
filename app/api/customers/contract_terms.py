"""``/v1/customers/{id}/contract-terms``, and those of many customers at once"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import batches, replies
from app.http.call import Call, IdempotencyKey, StrictRoute, requires
from app.http.openapi.operations import created, paged
from app.schemas.common.base import Paging
from app.schemas.common.batches import BatchQuery
from app.schemas.customers.contract_terms import (
    EXAMPLE_ID,
    ContractTermsBatch,
    ContractTermsBatchResult,
    ContractTermsCreate,
    ContractTermsPage,
    ContractTermsRead,
)
from app.services.customers import contract_terms

router = APIRouter(prefix="/customers", tags=["Customers"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.CUSTOMERS_READ, extent=Extent.BY_CUSTOMER)]
Writes = Annotated[Call, requires(Scope.CUSTOMERS_WRITE, extent=Extent.BY_CUSTOMER)]
CustomerId = Annotated[UUID, Path(description="Id of the customer.", examples=[EXAMPLE_ID])]
CREATED = replies.one(ContractTermsRead, status=201, location="/v1/customers/{customer_id}/contract-terms")


@router.get(
    "/{customer_id:uuid}/contract-terms",
    response_model=ContractTermsPage,
    summary="List a customer's contract terms",
    responses=paged(404),
)
async def list_contract_terms(
    call: Reads, customer_id: CustomerId, query: Annotated[Paging, Query()]
) -> Response:
    """What was known of the contract, and from which day on, newest first. Every change of a customer's
    contract makes a version of its day."""
    return await call.page(ContractTermsPage, contract_terms.page, query, customer_id)


@router.post(
    "/{customer_id:uuid}/contract-terms",
    status_code=201,
    response_model=ContractTermsRead,
    summary="Record a customer's past contract terms",
    responses=created(404, etag=False),
)
async def record_contract_terms(
    call: Writes, customer_id: CustomerId, body: ContractTermsCreate, idempotency_key: IdempotencyKey = None
) -> Response:
    """Record what was known of the contract from a past day on, until the next version. A repetition changes
    nothing, and other terms for the same day replace what was recorded for it.

    Scoring learns who leaves only from terms that were known in time. The terms that hold now are changed
    at the customer.
    """
    return await call.write(CREATED, contract_terms.record, customer_id, body)


@router.post(
    "/contract-terms/batch",
    status_code=201,
    response_model=ContractTermsBatchResult,
    summary="Record many past contract terms",
    responses=created(batch=True),
)
async def record_contract_terms_of_many(
    call: Writes,
    query: Annotated[BatchQuery, Query()],
    body: ContractTermsBatch,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record up to 1,000 versions of the past, of any customers: all or none, or with `partial=true` every
    good one. A customer and day may be named once only."""
    many, result = contract_terms.create_many, ContractTermsBatchResult
    return await batches.store(call, body.items, many, result, "contract_terms", partial=query.partial)
