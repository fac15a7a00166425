"""Survey responses on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.activity.interactions import Phase
from app.domain.customers.customers import Channel
from app.domain.surveys.surveys import (
    MAX_QUESTIONS,
    MAX_TEXT,
    SCALE_GREATEST,
    SCALE_LEAST,
    AnswerFault,
    QuestionKind,
)
from app.schemas.activity.interactions import Agent
from app.schemas.common.base import (
    Code,
    ExternalKey,
    Flag,
    HappenedIn,
    Input,
    InstantIn,
    Label,
    Language,
    Output,
    PageOf,
    Paging,
    QualifiedKey,
    SystemName,
    Version,
    line_out,
    paragraph,
    paragraph_out,
)
from app.schemas.common.batches import COUNTED, KEPT, BatchItem
from app.schemas.customers.naming import CreateMissing
from app.schemas.surveys.invitations import Subject
from app.schemas.surveys.surveys import ScaleRead

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7b70"

NumberIn = Annotated[int, Field(strict=True, ge=SCALE_LEAST, le=SCALE_GREATEST)]
TextIn = Annotated[str, paragraph(MAX_TEXT)]


class Answer(Input):
    """The answer to one question: exactly one of number, choice, text and skipped."""

    question: Code = Field(examples=["recommend"])
    """Code of the question."""
    number: NumberIn | None = Field(default=None, examples=[9])
    """Of a question on a scale."""
    choice: Code | None = Field(default=None, examples=[None])
    """Code of the choice that was made."""
    text: TextIn | None = Field(default=None, examples=[None])
    """The customer's own words, any number of lines."""
    skipped: Flag = False
    """Left blank, or "do not know"; only where the question is not required."""


_EXAMPLE: dict[str, Any] = {
    "channel": "store",
    "unit": "izmir",
    "phase": "after",
    "language": "tr",
    "answered_at": "2026-11-23T10:05:00Z",
    "source": "survey-tool",
}
_ANSWERED: dict[str, Any] = {
    "survey_code": "delivery",
    "customer": {"system": "crm", "key": "C-000001"},
    "create_missing": True,
    **_EXAMPLE,
    "answers": [{"question": "recommend", "number": 9}, {"question": "delivery", "skipped": True}],
}


class SurveyResponseCreate(Subject):
    """A filled-in survey to record. With an invitation, what it says need not be repeated, and must not be
    contradicted; without one, name the survey."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_ANSWERED, "external_id": "F-2026-000094"}]})

    create_missing: CreateMissing = False
    survey_version: Version | None = Field(default=None, examples=[1])
    """Number of the questions that were asked; the newest if left out."""
    invitation_id: UUID | None = None
    """The invitation it answers; each is answered once."""
    language: Language | None = None
    """Language the survey was answered in."""
    answered_at: HappenedIn | None = Field(default=None, examples=["2026-11-23T10:05:00Z"])
    """Now if left out."""
    source: SystemName = Field(default="api", examples=["survey-tool"])
    """The system the response comes from."""
    external_id: ExternalKey | None = Field(default=None, examples=["F-2026-000093"])
    """The response's key there; unique per source, so that nothing is recorded twice."""
    answers: Annotated[list[Answer], Field(min_length=1, max_length=MAX_QUESTIONS)]
    """At most one to each question; any order."""

    @model_validator(mode="after")
    def _of_a_survey(self) -> "SurveyResponseCreate":
        if self.survey_id is None and self.survey_code is None and self.invitation_id is None:
            raise PydanticCustomError("which_survey", "Send survey_id, survey_code or invitation_id.")
        if self.create_missing and self.customer is None:
            raise PydanticCustomError("create_missing", "create_missing goes with customer.")
        return self


class AnswerOfFile(Answer):
    """The answer in a row of a file: one that does not fit its question is noted and has no value."""

    excluded: AnswerFault | None = None


class SurveyResponseOfFile(SurveyResponseCreate):
    """What a row of a file says was answered."""

    answers: Annotated[list[AnswerOfFile], Field(min_length=1, max_length=MAX_QUESTIONS)]  # type: ignore[assignment]


class AnswerRead(Output):
    """The answer to one question, with the kind and the scale the question had."""

    question: Code
    kind: QuestionKind
    scale: ScaleRead | None
    number: Annotated[int, Field(ge=SCALE_LEAST, le=SCALE_GREATEST)] | None
    choice: Code | None
    text: Annotated[str, paragraph_out(MAX_TEXT)] | None
    skipped: bool
    """Left blank, or "do not know": no part of any index, but counted."""
    excluded: AnswerFault | None
    """Why an answer of a file has no value here and is no part of any index: a number off the scale, or no
    value of the question's scale at all. Null for every other answer."""


class SurveyResponseRead(Output):
    """A filled-in survey. Responses are never edited."""

    id: UUID
    survey_id: UUID
    survey_version: Version
    invitation_id: UUID | None
    customer_id: UUID | None
    """Null when it is anonymous."""
    source: SystemName
    external_id: Annotated[str, line_out(200)] | None
    interaction_id: UUID | None
    complaint_id: UUID | None
    transaction_id: UUID | None
    channel: Channel | None
    agent: Annotated[str, line_out(100)] | None
    unit: Label | None
    phase: Phase | None
    category: Annotated[str, line_out(100)] | None
    language: Language | None
    answered_at: datetime
    recorded_at: datetime
    import_id: UUID | None
    """The import that brought it; null when it came one by one."""
    answers: Annotated[list[AnswerRead], Field(max_length=MAX_QUESTIONS)]
    """By code of the question."""


class SurveyResponsePage(PageOf):
    """A page of responses."""

    data: Annotated[list[SurveyResponseRead], Field(max_length=200)]


class SurveyResponseSort(StrEnum):
    """Order of the list by ``answered_at``; ``-`` is newest first."""

    NEWEST = "-answered_at"
    OLDEST = "answered_at"


class SurveyResponseQuery(Paging):
    """Filters add up: a response must match all of them."""

    sort: SurveyResponseSort = SurveyResponseSort.NEWEST
    """Newest or oldest first."""
    survey_id: UUID | None = None
    """To this survey."""
    survey_code: Code | None = None
    """To the survey with this code."""
    customer_id: UUID | None = None
    """Of this customer."""
    customer_external_id: QualifiedKey | None = None
    """Of the customer with this key in another system: ``system:key``, for example ``crm:C-000001``.
    A key that no customer has, or another one than ``customer_id``, finds nothing."""
    invitation_id: UUID | None = None
    """To this invitation."""
    interaction_id: UUID | None = None
    """About this interaction."""
    complaint_id: UUID | None = None
    """About this complaint."""
    transaction_id: UUID | None = None
    """About this transaction."""
    agent: Agent | None = None
    """Served by this agent."""
    unit: Label | None = None
    """Served by this unit."""
    channel: Channel | None = None
    """About something through this channel."""
    external_id: QualifiedKey | None = None
    """``source:key``, for example ``survey-tool:F-2026-000093``."""
    answered_from: InstantIn | None = None
    """Only responses at this instant or later."""
    answered_before: InstantIn | None = None
    """Only responses before this instant."""


class SurveyResponseBatch(Input):
    """Responses to record together."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{**_ANSWERED, "external_id": "F-2026-000095"}]}]}
    )

    items: Annotated[
        list[Annotated[SurveyResponseCreate, KEPT]], Field(min_length=1, max_length=1000), COUNTED
    ]


class SurveyResponseBatchItem(BatchItem):
    """What became of one response of a batch."""

    response: SurveyResponseRead | None


class SurveyResponseBatchResult(Output):
    """What became of each response, in the order of the request."""

    data: Annotated[list[SurveyResponseBatchItem], Field(max_length=1000)]
