"""Recovery steps on the wire: apology, fix, cause, prevention, and the customer's own word."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.recovery.recovery_steps import CustomerAnswer, Fault, RecoveryKind
from app.schemas.common.base import (
    DateIn,
    Input,
    InstantIn,
    Label,
    Money,
    Output,
    PageOf,
    Paging,
    line_out,
    paragraph,
    paragraph_out,
)
from app.schemas.recovery.complaints import Owner

EXAMPLE_PREVENTION_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a41"

Said = Annotated[str, paragraph(2000)]
_HAPPENED = (
    "When it happened; now by default. Not before the complaint was received, and not in the future; "
    "nothing is recorded on a closed complaint."
)
_COST: dict[str, Any] = {"amount": "450.00", "currency": "TRY"}


class _RecoveryStep(Input):
    at: InstantIn | None = Field(default=None, description=_HAPPENED, examples=[None])


class ComplaintApology(_RecoveryStep):
    """An apology to the customer; `{}` where its words are not kept."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "Called her and said that we are sorry."}]}
    )

    text: Said | None = Field(default=None, examples=["Called her and said that we are sorry."])


class ComplaintFix(_RecoveryStep):
    """What was done to put it right."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "A new kettle was sent.", "done_by": "ayse.k", "cost": _COST}]
        }
    )

    text: Said = Field(examples=["A new kettle was sent."])
    """What was done."""
    done_by: Owner | None = Field(default=None, examples=["ayse.k"])
    """By whom, a person or a supplier; the acting person if there is one and nobody is named."""
    cost: Money | None = Field(default=None, examples=[_COST])
    """What it cost the company; not negative."""


class ComplaintCauseFound(_RecoveryStep):
    """Why it failed, by the company's tree of causes, and whose fault that is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"cause": "packaging", "fault": "us", "text": "The box had no padding."}]
        }
    )

    cause: Label = Field(examples=["packaging"])
    """Code of a registered cause that is active."""
    fault: Fault = Field(examples=["us"])
    """Whose fault it is: ``our_fault`` of the complaint becomes `yes` for `us`, and else `no`."""
    text: Said | None = Field(default=None, examples=["The box had no padding."])


class ComplaintPrevention(_RecoveryStep):
    """A measure against the same failure again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "Pad every box of the K series.", "responsible": "elvin.m", "due_on": "2027-01-15"}
            ]
        }
    )

    text: Said = Field(examples=["Pad every box of the K series."])
    """The measure."""
    responsible: Owner = Field(examples=["elvin.m"])
    """Who sees to it: an active agent, once the company has registered people."""
    due_on: DateIn
    """By when; not before the day on which the complaint was received."""


class PreventionCompletion(_RecoveryStep):
    """That a measure was taken; `{}` for now. Also on a closed complaint."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Padding is in use."}]})

    text: Said | None = Field(default=None, examples=["Padding is in use."])


class ComplaintAnswer(Input):
    """The customer's own word on the resolution."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"answer": "confirmed", "text": "The new kettle is fine."}]}
    )

    answer: CustomerAnswer = Field(examples=["confirmed"])
    text: Said | None = Field(default=None, examples=["The new kettle is fine."])
    """What the customer said."""
    at: InstantIn | None = Field(default=None, examples=[None])
    """When; now by default. Not before the complaint's last step, and not in the future."""


class RecoveryStepRead(Output):
    """What was done, found out or said of a complaint; members that its kind does not have are null."""

    id: UUID
    complaint_id: UUID
    kind: RecoveryKind
    at: datetime
    """When it happened."""
    actor_id: Annotated[str, line_out(100)]
    """Who recorded it: id of an API key, or `system`."""
    agent: Annotated[str, line_out(100)] | None
    """The person for whom the key acted."""
    text: Annotated[str, paragraph_out(2000)] | None
    """What was said or done; of a prevention the measure."""
    done_by: Annotated[str, line_out(100)] | None
    """Of a fix: by whom."""
    cost: Money | None
    """Of a fix: what it cost."""
    cause: Annotated[str, line_out(64)] | None
    """Code of a cause."""
    fault: Fault | None
    """Of a cause: whose fault."""
    responsible: Annotated[str, line_out(100)] | None
    """Of a prevention: who sees to it."""
    due_on: date | None
    """Of a prevention: by when."""
    done_at: datetime | None
    """Of a prevention: when it was done; null until then."""
    answer: CustomerAnswer | None
    """What the customer answered."""
    recorded_at: datetime


class RecoveryStepPage(PageOf):
    """A page of a complaint's recovery steps."""

    data: Annotated[list[RecoveryStepRead], Field(max_length=200)]


class RecoveryStepQuery(Paging):
    """Filters of recovery steps."""

    kind: RecoveryKind | None = None
    """Of this kind."""
