"""Steps of ``/v1/complaints/{complaint_id}`` that give it another owner."""

from fastapi import APIRouter

from app.api.recovery.complaints import Writes
from app.http.call import StrictRoute
from app.http.steps import Steps
from app.schemas.recovery.complaints import (
    EXAMPLE_ID,
    EXAMPLE_OFFERED_ID,
    EXAMPLE_OWNED_ID,
    EXAMPLE_QUEUED_ID,
    EXAMPLE_TO_RETURN_ID,
    ComplaintRead,
)
from app.schemas.recovery.events import ComplaintHandOver, ComplaintNoted, ComplaintStep
from app.services.recovery import owners

router = APIRouter(prefix="/complaints", tags=["Complaints"], route_class=StrictRoute)

STEPS = Steps(router, "complaint", Writes, ComplaintRead)

STEPS.add(
    "hand-overs",
    owners.hand_over,
    ComplaintHandOver,
    name="hand_over_complaint",
    summary="Hand a complaint over",
    about=(
        "Another owner answers for it from now on, in whatever state it is: a person, who accepts it or "
        "returns it, or a unit, in whose queue it waits. Once the company has registered people, the owner "
        "must be a registered person who is active, an active unit, or the company's desk."
    ),
    example=EXAMPLE_ID,
)

STEPS.add(
    "acceptances",
    owners.accept,
    ComplaintStep,
    name="accept_complaint",
    summary="Accept a complaint",
    about="The acting person takes a complaint that was handed to them: `accepted_at` is set.",
    example=EXAMPLE_OFFERED_ID,
    optional=True,
    by_agent=True,
)

STEPS.add(
    "returns",
    owners.give_back,
    ComplaintNoted,
    name="return_complaint",
    summary="Return a complaint",
    about=(
        "The acting person does not take a complaint that was handed to them: it goes back to who had it "
        "before, or where they may not have it any more to the queue of its unit or of the company's desk."
    ),
    example=EXAMPLE_TO_RETURN_ID,
    optional=True,
    by_agent=True,
)

STEPS.add(
    "claims",
    owners.claim,
    ComplaintStep,
    name="claim_complaint",
    summary="Claim a complaint from a queue",
    about=(
        "The acting person takes the complaint out of its queue. Of many who claim it at once exactly one "
        "gets it; the others are refused with `already_owned`."
    ),
    example=EXAMPLE_QUEUED_ID,
    optional=True,
    by_agent=True,
)

STEPS.add(
    "releases",
    owners.release,
    ComplaintNoted,
    name="release_complaint",
    summary="Release a complaint to a queue",
    about=(
        "The acting person gives up a complaint that is theirs: it waits in the queue of its unit, else of "
        "the person's unit, else at the company's desk."
    ),
    example=EXAMPLE_OWNED_ID,
    optional=True,
    by_agent=True,
)
