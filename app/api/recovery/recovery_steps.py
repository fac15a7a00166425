"""``/v1/complaints/{complaint_id}/recovery-steps``, and the steps that leave them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.api.recovery.complaints import ComplaintId, Reads, Writes
from app.http import replies
from app.http.call import IdempotencyKey, IfMatch, StrictRoute
from app.http.openapi.operations import created, paged
from app.http.steps import Steps
from app.schemas.recovery.complaints import (
    EXAMPLE_OPEN_ID,
    EXAMPLE_PREVENTED_ID,
    EXAMPLE_TO_ANSWER_ID,
    ComplaintRead,
)
from app.schemas.recovery.promises import ComplaintPromise
from app.schemas.recovery.recovery_steps import (
    EXAMPLE_PREVENTION_ID,
    ComplaintAnswer,
    ComplaintApology,
    ComplaintCauseFound,
    ComplaintFix,
    ComplaintPrevention,
    PreventionCompletion,
    RecoveryStepPage,
    RecoveryStepQuery,
)
from app.services.recovery import recovery_steps

router = APIRouter(prefix="/complaints", tags=["Complaints"], route_class=StrictRoute)

DONE_NOW = PreventionCompletion()
DONE = replies.one(ComplaintRead, status=201, location="/v1/complaints/{id}")
PreventionId = Annotated[UUID, Path(description="Id of the prevention.", examples=[EXAMPLE_PREVENTION_ID])]
STEPS = Steps(router, "complaint", Writes, ComplaintRead)


@router.get(
    "/{complaint_id:uuid}/recovery-steps",
    response_model=RecoveryStepPage,
    summary="List what was done for the customer",
    responses=paged(404),
)
async def list_recovery_steps(
    call: Reads, complaint_id: ComplaintId, query: Annotated[RecoveryStepQuery, Query()]
) -> Response:
    """Apologies, fixes, causes, preventions and the customer's answers, in the order they were recorded."""
    return await call.page(RecoveryStepPage, recovery_steps.page, query, complaint_id)


STEPS.add(
    "apologies",
    recovery_steps.apologise,
    ComplaintApology,
    name="apologise_for_complaint",
    summary="Record an apology",
    about="Somebody apologised to the customer. State and owner stay as they are.",
    example=EXAMPLE_OPEN_ID,
    optional=True,
)

STEPS.add(
    "fixes",
    recovery_steps.fix,
    ComplaintFix,
    name="fix_complaint",
    summary="Record a fix",
    about="What was done to put it right, by whom and what it cost. State and owner stay as they are.",
    example=EXAMPLE_OPEN_ID,
)

STEPS.add(
    "causes",
    recovery_steps.find_cause,
    ComplaintCauseFound,
    name="find_complaint_cause",
    summary="Record a cause",
    about="Why it failed, by the company's tree of causes, and whose fault that is; `our_fault` follows.",
    example=EXAMPLE_OPEN_ID,
)

STEPS.add(
    "preventions",
    recovery_steps.prevent,
    ComplaintPrevention,
    name="prevent_complaint",
    summary="Record a prevention",
    about="A measure against the same failure again, with who sees to it and by when.",
    example=EXAMPLE_OPEN_ID,
)

STEPS.add(
    "promises",
    recovery_steps.promise,
    ComplaintPromise,
    name="promise_for_complaint",
    summary="Promise something for a complaint",
    about=(
        "What is promised to the customer, or by the customer, and by when. It becomes a promise of its own, "
        "which `GET /v1/promises?complaint_id=` finds. Needs the scope `promises:write` as well."
    ),
    example=EXAMPLE_OPEN_ID,
)

STEPS.add(
    "answers",
    recovery_steps.answer,
    ComplaintAnswer,
    name="answer_complaint",
    summary="Record the customer's answer",
    about=(
        "The customer's own word on the resolution: with `confirmed` it becomes `confirmed`; with `refused` "
        "it is `in_progress` again, and `reopened_count` one more."
    ),
    example=EXAMPLE_TO_ANSWER_ID,
)


@router.post(
    "/{complaint_id:uuid}/preventions/{prevention_id:uuid}/completions",
    status_code=201,
    response_model=ComplaintRead,
    summary="Complete a prevention",
    responses=created(404, 412),
)
async def complete_prevention(
    call: Writes,
    complaint_id: Annotated[UUID, Path(description="Id of the complaint.", examples=[EXAMPLE_PREVENTED_ID])],
    prevention_id: PreventionId,
    body: PreventionCompletion = DONE_NOW,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """The measure was taken; also on a complaint that is closed. Preventions are among its recovery steps."""
    return await call.write(
        DONE, recovery_steps.complete_prevention, complaint_id, prevention_id, body, if_match
    )
