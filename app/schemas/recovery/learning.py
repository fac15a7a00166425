"""What is learned from an incident, on the wire: its causes, and measures against its happening again."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.recovery.recovery_steps import Fault
from app.schemas.common.base import (
    DateIn,
    HappenedIn,
    Input,
    Label,
    Output,
    PageOf,
    Version,
    line_out,
    paragraph,
    paragraph_out,
)
from app.schemas.recovery.complaints import Owner

EXAMPLE_PREVENTION_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7e30"
"""A prevention of the incident that is shown."""
EXAMPLE_TO_COMPLETE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7e31"
MAX_TEXT = 2000

Said = Annotated[str, paragraph(MAX_TEXT)]


class IncidentCauseCreate(Input):
    """Why it happened."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "cause": "retry-without-lock",
                    "fault": "us",
                    "text": "Nothing kept the run from starting twice.",
                }
            ]
        }
    )

    cause: Label = Field(examples=["retry-without-lock"])
    """Code of a registered cause that is active."""
    fault: Fault = Field(examples=["us"])
    """Whose fault it is."""
    text: Said | None = Field(default=None, examples=["Nothing kept the run from starting twice."])
    at: HappenedIn | None = None
    """When it was found out; now by default."""


class IncidentCauseRead(Output):
    """A recorded cause; never edited. The latest counts."""

    id: UUID
    incident_id: UUID
    cause: Label
    fault: Fault
    text: Annotated[str, paragraph_out(MAX_TEXT)] | None
    actor_id: Annotated[str, line_out(100)]
    """Who recorded it: id of an API key, or `system`."""
    at: datetime
    """When it was found out."""
    recorded_at: datetime


class IncidentCausePage(PageOf):
    """A page of causes."""

    data: Annotated[list[IncidentCauseRead], Field(max_length=200)]


class IncidentPreventionCreate(Input):
    """What is done so that it does not happen again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "The invoice run takes a lock.", "responsible": "elvin.m", "due_on": "2026-12-15"}
            ]
        }
    )

    text: Said = Field(examples=["The invoice run takes a lock."])
    """What is to be done."""
    responsible: Owner = Field(examples=["elvin.m"])
    """Who sees to it."""
    due_on: DateIn | None = Field(default=None, examples=["2026-12-15"])
    """The day by which it is to be done."""


class IncidentPreventionCompletion(Input):
    """That a prevention is done; `{}` for now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Live since this morning."}]})

    at: HappenedIn | None = Field(default=None, examples=[None])
    """When it was done; now by default. Not before the incident began."""
    text: Said | None = Field(default=None, examples=["Live since this morning."])


class IncidentPreventionRead(Output):
    """A measure so that an incident does not happen again. Once done, `/v1/insights/failures` compares how
    often its failure happened before and after."""

    id: UUID
    version: Version
    incident_id: UUID
    text: Annotated[str, paragraph_out(MAX_TEXT)]
    """The measure."""
    responsible: Annotated[str, line_out(100)]
    due_on: date | None
    done_at: datetime | None
    """Null while it is not done."""
    done_text: Annotated[str, paragraph_out(MAX_TEXT)] | None
    """What was said when it was done."""
    actor_id: Annotated[str, line_out(100)]
    """Who recorded it: id of an API key, or `system`."""
    recorded_at: datetime
    updated_at: datetime


class IncidentPreventionPage(PageOf):
    """A page of preventions."""

    data: Annotated[list[IncidentPreventionRead], Field(max_length=200)]
