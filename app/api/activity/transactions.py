"""``/v1/transactions``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import batches, replies
from app.http.call import Call, IdempotencyKey, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, created, paged, read
from app.http.steps import Steps
from app.schemas.activity.transactions import (
    EXAMPLE_ID,
    TransactionBatch,
    TransactionBatchResult,
    TransactionCreate,
    TransactionPage,
    TransactionQuery,
    TransactionRead,
    TransactionUpdate,
)
from app.schemas.common.batches import BatchQuery
from app.schemas.recovery.transfers import TransferCreate
from app.services.activity import transactions
from app.services.recovery import transfers

router = APIRouter(prefix="/transactions", tags=["Transactions"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.TRANSACTIONS_READ, extent=Extent.BY_CUSTOMER)]
Writes = Annotated[Call, requires(Scope.TRANSACTIONS_WRITE, extent=Extent.BY_CUSTOMER)]
TransactionId = Annotated[UUID, Path(description="Id of the transaction.", examples=[EXAMPLE_ID])]
ONE = replies.one(TransactionRead)
CREATED = replies.one(TransactionRead, status=201, location="/v1/transactions/{id}")


@router.get("", response_model=TransactionPage, summary="List transactions", responses=paged())
async def list_transactions(call: Reads, query: Annotated[TransactionQuery, Query()]) -> Response:
    """Find transactions by customer, external id, kind, source, channel, time or time of change."""
    return await call.page(TransactionPage, transactions.page, query)


@router.post(
    "",
    status_code=201,
    response_model=TransactionRead,
    summary="Record a transaction",
    responses=created(),
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
    responses=read(),
)
async def get_transaction(
    call: Reads, transaction_id: TransactionId, if_none_match: IfNoneMatch = None
) -> Response:
    """Read a transaction."""
    return await call.get(ONE, transactions.get, transaction_id)


@router.patch(
    "/{transaction_id:uuid}",
    response_model=TransactionRead,
    summary="Correct a transaction",
    responses=changed(),
)
async def update_transaction(
    call: Writes, transaction_id: TransactionId, body: TransactionUpdate, if_match: IfMatch = None
) -> Response:
    """Merge a correction into the transaction, as an edited order or a wrong price.

    The next scoring run reads the customer again.
    """
    return await call.write(ONE, transactions.update_one, transaction_id, body, if_match)


STEPS = Steps(router, "transaction", Writes, TransactionRead)

STEPS.add(
    "transfers",
    transfers.move_transaction,
    TransferCreate,
    name="transfer_transaction",
    summary="Move a transaction to another customer",
    about=(
        "It was recorded for the wrong customer. Survey records about it move with it.\n\n"
        "The next scoring run reads both customers again."
    ),
    example=EXAMPLE_ID,
)
