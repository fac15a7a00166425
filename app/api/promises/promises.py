"""``/v1/promises``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IdempotencyKey, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import created, paged, read
from app.http.steps import Steps
from app.schemas.common.base import Paging
from app.schemas.promises.events import (
    PromiseCancellation,
    PromiseEventPage,
    PromiseFulfilment,
    PromiseHandOver,
    PromiseMove,
)
from app.schemas.promises.promises import (
    EXAMPLE_ID,
    EXAMPLE_TO_CANCEL_ID,
    EXAMPLE_TO_HAND_OVER_ID,
    EXAMPLE_TO_KEEP_ID,
    EXAMPLE_TO_MOVE_ID,
    PromiseCreate,
    PromisePage,
    PromiseQuery,
    PromiseRead,
)
from app.services.promises import promises, steps

router = APIRouter(prefix="/promises", tags=["Promises"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.PROMISES_READ, extent=Extent.BY_CUSTOMER)]
Writes = Annotated[Call, requires(Scope.PROMISES_WRITE, extent=Extent.BY_CUSTOMER)]
PromiseId = Annotated[UUID, Path(description="Id of the promise.", examples=[EXAMPLE_ID])]
ONE = replies.one(PromiseRead)
CREATED = replies.one(PromiseRead, status=201, location="/v1/promises/{id}")


@router.get("", response_model=PromisePage, summary="List promises", responses=paged())
async def list_promises(call: Reads, query: Annotated[PromiseQuery, Query()]) -> Response:
    """Find promises by owner, unit, state, due time, customer, complaint, contact, kind or time of change,
    soonest due first. `state=overdue` are those that are broken and still to be kept."""
    return await call.page(PromisePage, promises.page, query)


@router.post("", status_code=201, response_model=PromiseRead, summary="Record a promise", responses=created())
async def create_promise(
    call: Writes, body: PromiseCreate, idempotency_key: IdempotencyKey = None
) -> Response:
    """Record what was promised, to a customer or by one, and by when: an instant, or so much time from now,
    in the working time of a calendar where one is named.

    Promises can also be made with a contact (`promises` of `POST /v1/interactions`) and as a step of a
    complaint (`POST /v1/complaints/{id}/promises`). One that is due already is refused with `due_in_past`.
    """
    return await call.write(CREATED, promises.create, body)


@router.get("/{promise_id:uuid}", response_model=PromiseRead, summary="Get a promise", responses=read())
async def get_promise(call: Reads, promise_id: PromiseId, if_none_match: IfNoneMatch = None) -> Response:
    """Read a promise as it stands at this instant."""
    return await call.get(ONE, promises.get, promise_id)


@router.get(
    "/{promise_id:uuid}/events",
    response_model=PromiseEventPage,
    summary="List what happened to a promise",
    responses=paged(404),
)
async def list_promise_events(
    call: Reads, promise_id: PromiseId, query: Annotated[Paging, Query()]
) -> Response:
    """List what happened to a promise, in the order in which it was recorded: made, moved from which date to
    which, handed over, broken, kept or cancelled."""
    return await call.page(PromiseEventPage, promises.events, query, promise_id)


STEPS = Steps(router, "promise", Writes, PromiseRead)

STEPS.add(
    "fulfilments",
    steps.keep,
    PromiseFulfilment,
    name="keep_promise",
    summary="Keep a promise",
    about="It was kept: on time if `at` is not after `due_at`, else late, and broken.",
    example=EXAMPLE_TO_KEEP_ID,
    optional=True,
)

STEPS.add(
    "cancellations",
    steps.cancel,
    PromiseCancellation,
    name="cancel_promise",
    summary="Cancel a promise",
    about=(
        "It will not be kept. Cancelled by who made it, it is broken. Cancelled by the other side before it "
        "was due, it does not count; after that it stays broken (`abandoned`)."
    ),
    example=EXAMPLE_TO_CANCEL_ID,
)

STEPS.add(
    "moves",
    steps.move,
    PromiseMove,
    name="move_promise",
    summary="Move a promise",
    about=(
        "Another date. If the other side agreed to it, and `at` is not after the date that counts, the new "
        "one takes its place as `due_at`. Otherwise the old one goes on to count, and the new one is "
        "`planned_at`."
    ),
    example=EXAMPLE_TO_MOVE_ID,
)

STEPS.add(
    "hand-overs",
    steps.hand_over,
    PromiseHandOver,
    name="hand_over_promise",
    summary="Hand a promise over",
    about=(
        "Another owner sees to it from now on: a person, or a unit, in whose queue it waits. Once the "
        "company has registered people, the owner must be a registered person who is active, an active unit, "
        "or the company's desk."
    ),
    example=EXAMPLE_TO_HAND_OVER_ID,
)
