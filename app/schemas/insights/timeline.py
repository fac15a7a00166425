"""Everything that happened to a customer, on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.activity.interactions import Direction, Phase, Purpose, Sentiment
from app.domain.activity.transactions import TransactionKind
from app.domain.promises.promises import PromiseEventKind, Promiser, PromiseState
from app.domain.recovery.complaints import ComplaintState, EventKind, Severity
from app.domain.surveys.surveys import MAX_QUESTIONS, SCALE_GREATEST, SCALE_LEAST, QuestionKind
from app.schemas.common.base import (
    Code,
    InstantIn,
    Label,
    Money,
    Output,
    PageOf,
    Paging,
    line_out,
    paragraph_out,
)
from app.schemas.promises.promises import MAX_TEXT
from app.schemas.recovery.complaints import Number
from app.schemas.surveys.surveys import ScaleRead


class TimelineKind(StrEnum):
    """What happened."""

    TRANSACTION = "transaction"
    INTERACTION = "interaction"
    COMPLAINT = "complaint"
    SURVEY_INVITATION = "survey_invitation"
    SURVEY_RESPONSE = "survey_response"
    COMPENSATION = "compensation"
    PROMISE = "promise"


class TransactionEntry(Output):
    """A purchase, refund, cancellation or charge."""

    kind: TransactionKind
    amount: Money
    """Without sign: the kind says which way the money went."""


class InteractionEntry(Output):
    """A contact."""

    direction: Direction
    purpose: Purpose | None
    phase: Phase | None
    disposition: Label | None
    """How it ended."""
    sentiment: Sentiment | None
    resolved_on_first_contact: bool | None
    ended_at: datetime | None


class ComplaintEntry(Output):
    """A step in a complaint's life."""

    number: Number
    """Of the complaint, to be said aloud."""
    event: EventKind
    """What happened to it."""
    state: ComplaintState
    """Its state after that."""
    owner: Annotated[str, line_out(100)]
    """Whose it was after that."""
    severity: Severity
    """As it stands now."""
    time_unknown: bool
    """True: nobody knows when it happened; ``at`` is the step before, or when Vefa heard of it."""


class CompensationEntry(Output):
    """Something that was given to make up for a failure, or its reversal."""

    kind: Label
    amount: Money
    """Negative: it was taken back."""
    complaint_id: UUID | None
    interaction_id: UUID | None


class PromiseEntry(Output):
    """What happened to a promise."""

    promised_by: Promiser
    event: PromiseEventKind
    """What happened to it."""
    state: PromiseState
    """Its state after that."""
    owner: Annotated[str, line_out(100)]
    """Who saw to it after that."""
    text: Annotated[str, paragraph_out(MAX_TEXT)]
    due_at: datetime
    """The date that counted after that."""


class Score(Output):
    """A number given in answer to a question."""

    question: Code
    kind: QuestionKind
    scale: ScaleRead | None
    number: Annotated[int, Field(ge=SCALE_LEAST, le=SCALE_GREATEST)]


class SurveyEntry(Output):
    """A survey sent or answered."""

    survey_id: UUID
    scores: Annotated[list[Score], Field(max_length=MAX_QUESTIONS)]
    """Numbers of the answers; none in an invitation. What was written is in the response itself."""


class TimelineEntry(Output):
    """Something that happened. The member named like its kind (``survey`` for both of a survey) says more;
    the others are null."""

    at: datetime
    """When it happened; not when it was recorded, but for a ``complaint`` with ``time_unknown``."""
    kind: TimelineKind
    id: UUID
    """Of the transaction, interaction, complaint, invitation, response, compensation or promise."""
    href: Annotated[str, line_out(200)]
    """Where all of it can be read."""
    title: Annotated[str, line_out(255)] | None
    """Category of a transaction, topic of an interaction, subject of a complaint, code of a survey or of
    what was given, kind of a promise."""
    channel: Code | None
    agent: Annotated[str, line_out(100)] | None
    unit: Label | None
    transaction: TransactionEntry | None
    interaction: InteractionEntry | None
    complaint: ComplaintEntry | None
    survey: SurveyEntry | None
    compensation: CompensationEntry | None
    promise: PromiseEntry | None


class TimelinePage(PageOf):
    """A page of what happened, newest first."""

    data: Annotated[list[TimelineEntry], Field(max_length=200)]


class TimelineQuery(Paging):
    """What of the timeline to read."""

    kind: Annotated[list[TimelineKind], Field(max_length=len(TimelineKind))] = Field(default=[])
    """Only these kinds; repeat for more."""
    occurred_from: InstantIn | None = None
    """Only what happened at this instant or later."""
    occurred_before: InstantIn | None = None
    """Only what happened before this instant."""
