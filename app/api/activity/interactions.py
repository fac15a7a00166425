"""``/v1/interactions``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import batches, replies
from app.http.call import Call, IdempotencyKey, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, created, paged, read
from app.http.steps import Steps
from app.schemas.activity.interactions import (
    EXAMPLE_ID,
    InteractionBatch,
    InteractionBatchResult,
    InteractionPage,
    InteractionQuery,
    InteractionRead,
)
from app.schemas.common.batches import BatchQuery
from app.schemas.promises.wrap_ups import InteractionAndPromises, InteractionWrapUp
from app.schemas.recovery.transfers import TransferCreate
from app.services.activity import interactions
from app.services.promises import wrap_ups
from app.services.recovery import transfers

router = APIRouter(prefix="/interactions", tags=["Interactions"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.INTERACTIONS_READ, extent=Extent.BY_CUSTOMER)]
Writes = Annotated[Call, requires(Scope.INTERACTIONS_WRITE, extent=Extent.BY_CUSTOMER)]
InteractionId = Annotated[UUID, Path(description="Id of the interaction.", examples=[EXAMPLE_ID])]
ONE = replies.one(InteractionRead)
CREATED = replies.one(InteractionRead, status=201, location="/v1/interactions/{id}")


@router.get("", response_model=InteractionPage, summary="List interactions", responses=paged())
async def list_interactions(call: Reads, query: Annotated[InteractionQuery, Query()]) -> Response:
    """Find interactions by customer, external id, channel, agent, outcome, time or time of change."""
    return await call.page(InteractionPage, interactions.page, query)


@router.post(
    "",
    status_code=201,
    response_model=InteractionRead,
    summary="Record an interaction",
    responses=created(),
)
async def create_interaction(
    call: Writes, body: InteractionAndPromises, idempotency_key: IdempotencyKey = None
) -> Response:
    """Record a contact with a customer, or with an unknown caller: neither `customer_id` nor `customer`.

    What is known only afterwards can be added later with PATCH. An interaction the source has recorded
    before is refused with `interaction_exists`.
    """
    return await call.write(CREATED, wrap_ups.create_interaction, body)


@router.post(
    "/batch",
    status_code=201,
    response_model=InteractionBatchResult,
    summary="Record many interactions",
    responses=created(batch=True),
)
async def create_interactions(
    call: Writes,
    query: Annotated[BatchQuery, Query()],
    body: InteractionBatch,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record up to 1,000 interactions: all or none, or with `partial=true` every good one."""
    many, result = interactions.create_many, InteractionBatchResult
    return await batches.store(call, body.items, many, result, "interaction", partial=query.partial)


@router.get(
    "/{interaction_id:uuid}",
    response_model=InteractionRead,
    summary="Get an interaction",
    responses=read(),
)
async def get_interaction(
    call: Reads, interaction_id: InteractionId, if_none_match: IfNoneMatch = None
) -> Response:
    """Read an interaction."""
    return await call.get(ONE, interactions.get, interaction_id)


@router.patch(
    "/{interaction_id:uuid}",
    response_model=InteractionRead,
    summary="Wrap up an interaction",
    responses=changed(),
)
async def update_interaction(
    call: Writes, interaction_id: InteractionId, body: InteractionWrapUp, if_match: IfMatch = None
) -> Response:
    """Merge a patch into the interaction: members left out stay, null clears.

    An unknown caller who has been identified gets a `customer_id`. An interaction that has a customer
    keeps it: another one, or null, is refused with `conflict`.
    """
    return await call.write(ONE, wrap_ups.update_interaction, interaction_id, body, if_match)


STEPS = Steps(router, "interaction", Writes, InteractionRead)

STEPS.add(
    "transfers",
    transfers.move_interaction,
    TransferCreate,
    name="transfer_interaction",
    summary="Move an interaction to another customer",
    about=(
        "It was recorded for the wrong customer. The complaints that came from it and the survey records "
        "about them move with it.\n\n"
        "The next scoring run reads both customers again."
    ),
    example=EXAMPLE_ID,
)
