"""``/v1/customers/{id}/contract-terms``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.api import replies
from app.api.deps import Call, StrictRoute, may
from app.api.openapi import paged, read, replaced
from app.domain.access import Scope
from app.schemas._base import DayIn, Paging
from app.schemas.contract_terms import (
    EXAMPLE_ID,
    EXAMPLE_KNOWN_ON,
    ContractTermsPage,
    ContractTermsPut,
    ContractTermsRead,
)
from app.services import contract_terms

router = APIRouter(prefix="/customers", tags=["Customers"], route_class=StrictRoute)

Reads = Annotated[Call, may(Scope.CUSTOMERS_READ)]
Writes = Annotated[Call, may(Scope.CUSTOMERS_WRITE)]
CustomerId = Annotated[UUID, Path(description="Id of the customer.", examples=[EXAMPLE_ID])]
KnownOn = Annotated[DayIn, Path(description="The company's local day.", examples=[EXAMPLE_KNOWN_ON])]
ONE = replies.one(ContractTermsRead)
PUT = replies.upserted(ContractTermsRead, "/v1/customers/{customer_id}/contract-terms/{known_on}")


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


@router.get(
    "/{customer_id:uuid}/contract-terms/{known_on}",
    response_model=ContractTermsRead,
    summary="Get a customer's contract terms",
    responses=read(etag=False),
)
async def get_contract_terms(call: Reads, customer_id: CustomerId, known_on: KnownOn) -> Response:
    """Read the version of the contract's terms that was known from a day on."""
    return await call.get(ONE, contract_terms.get, customer_id, known_on)


@router.put(
    "/{customer_id:uuid}/contract-terms/{known_on}",
    response_model=ContractTermsRead,
    summary="Record a customer's past contract terms",
    responses=replaced(404),
)
async def put_contract_terms(
    call: Writes, customer_id: CustomerId, known_on: KnownOn, body: ContractTermsPut
) -> Response:
    """Record what was known of the contract from a past day on, until the next version.

    Scoring learns who leaves only from terms that were known in time. The terms that hold now are changed
    at the customer.
    """
    return await call.write(PUT, contract_terms.put, customer_id, known_on, body)
