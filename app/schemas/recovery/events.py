"""What can happen to a complaint, on the wire: the steps that come in, the events that were kept."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from app.domain.people.agents import OwnerKind
from app.domain.recovery.complaints import ComplaintState, EventKind
from app.schemas.common.base import (
    Code,
    Input,
    InstantIn,
    Label,
    Output,
    PageOf,
    Version,
    line_out,
    paragraph,
    paragraph_out,
)
from app.schemas.recovery.complaints import MAX_TEXT, Owner, Text

MAX_NOTE = 2000

Note = Annotated[str, paragraph(MAX_NOTE)]


class ComplaintStep(Input):
    """A step in a complaint's life; `{}` for one that happens now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    at: InstantIn | None = Field(default=None, examples=["2026-11-23T09:34:00Z"])
    """When it happened; now by default. Not before the complaint's last step, and not in the future."""


class ComplaintWait(ComplaintStep):
    """What the customer was asked; `{}` where that need not be said."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Asked for a photo of the box."}]})

    note: Note | None = Field(default=None, examples=["Asked for a photo of the box."])


class ComplaintResolution(ComplaintStep):
    """What was done about a complaint."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"resolution": "Apologised; a new kettle was sent the same day."}]}
    )

    resolution: Text = Field(examples=["Apologised; a new kettle was sent the same day."])


class ComplaintNoted(ComplaintStep):
    """A step that may be explained; `{}` where it need not be."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "This belongs to the warehouse."}]})

    note: Note | None = Field(default=None, examples=["This belongs to the warehouse."])


class ComplaintReopening(ComplaintStep):
    """Why a resolved complaint is not resolved."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The new kettle leaks as well."}]})

    reason: Note = Field(examples=["The new kettle leaks as well."])


class ComplaintHandOver(ComplaintStep):
    """Who answers for a complaint from now on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"owner": "elvin.m", "unit": "baki", "note": "The customer lives there now."}]
        }
    )

    owner: Owner
    unit: Label | None = Field(default=None, examples=["baki"])
    """Branch or team that works on it; as before if left out."""
    note: Note | None = Field(default=None, examples=["The customer lives there now."])


class ComplaintNote(ComplaintStep):
    """Something worth keeping about a complaint."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Called back, nobody answered."}]})

    note: Note = Field(examples=["Called back, nobody answered."])


class ComplaintEventRead(Output):
    """One thing that happened to a complaint; never edited."""

    number: Version = Field(description="Counts from 1 within the complaint: its version after the event.")
    kind: EventKind
    state: ComplaintState
    """The complaint's state after it."""
    owner: Annotated[str, line_out(100)]
    """Whose the complaint was after it."""
    owner_kind: OwnerKind
    """Whether ``owner`` is a person or a queue."""
    actor_id: Annotated[str, line_out(100)]
    """Who did it: id of an API key, or `system`."""
    agent: Annotated[str, line_out(100)] | None
    """The person for whom the key acted; null: nobody was named."""
    at: datetime
    """When it happened."""
    time_unknown: bool
    """True: nobody knows when it happened; ``at`` is the step before, or when Vefa heard of it."""
    recorded_at: datetime
    """When Vefa heard of it."""
    note: Annotated[str, paragraph_out(MAX_TEXT)] | None
    """What was resolved and how, why it was reopened, or what else was said with it."""
    members: Annotated[list[Code], Field(max_length=20)]
    """Names of the members that `changed` and `handed_over` changed, never their values."""
    silent_days: Annotated[int, Field(ge=1, le=3650)] | None
    """It closed by itself because for so many days nothing was heard; null otherwise."""


class ComplaintEventPage(PageOf):
    """A page of a complaint's events."""

    data: Annotated[list[ComplaintEventRead], Field(max_length=200)]
