"""``/v1/transactions``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.api import batches, replies
from app.api.deps import Call, IdempotencyKey, StrictRoute, may
from app.api.openapi import created, paged, read
from app.domain.access import Scope
from app.schemas.batches import BatchQuery
from app.schemas.transactions import (
    EXAMPLE_ID,
    TransactionBatch,
    TransactionBatchResult,
    TransactionCreate,
    TransactionPage,
    TransactionQuery,
    TransactionRead,
)
from app.services import transactions

router = APIRouter(prefix="/transactions", tags=["Transactions"], route_class=StrictRoute)

Reads = Annotated[Call, may(Scope.TRANSACTIONS_READ)]
Writes = Annotated[Call, may(Scope.TRANSACTIONS_WRITE)]
TransactionId = Annotated[UUID, Path(description="Id of the transaction.", examples=[EXAMPLE_ID])]
ONE = replies.one(TransactionRead)
CREATED = replies.one(TransactionRead, status=201, location="/v1/transactions/{id}")


@router.get("", response_model=TransactionPage, summary="List transactions", responses=paged())
async def list_transactions(call: Reads, query: Annotated[TransactionQuery, Query()]) -> Response:
    """Find transactions by customer, external id, kind, source, channel or time."""
    return await call.page(TransactionPage, transactions.page, query)


@router.post(
    "",
    status_code=201,
    response_model=TransactionRead,
    summary="Record a transaction",
    responses=created(etag=False),
)
async def create_transaction(
    call: Writes, body: TransactionCreate, idempotency_key: IdempotencyKey = None
) -> Response:
    """Record a purchase, refund, cancellation or subscription charge of a customer.

    A prospect who buys becomes `active`. A transaction the source has recorded before is refused with
    `transaction_exists`.
    """
    return await call.write(CREATED, transactions.create, body)


@router.post(
    "/batch",
    status_code=201,
    response_model=TransactionBatchResult,
    summary="Record many transactions",
    responses=created(batch=True),
)
async def create_transactions(
    call: Writes,
    query: Annotated[BatchQuery, Query()],
    body: TransactionBatch,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record up to 1,000 transactions: all or none, or with `partial=true` every good one."""
    many, result = transactions.create_many, TransactionBatchResult
    return await batches.store(call, body.items, many, result, "transaction", partial=query.partial)


@router.get(
    "/{transaction_id:uuid}",
    response_model=TransactionRead,
    summary="Get a transaction",
    responses=read(etag=False),
)
async def get_transaction(call: Reads, transaction_id: TransactionId) -> Response:
    """Read a transaction."""
    return await call.get(ONE, transactions.get, transaction_id)
