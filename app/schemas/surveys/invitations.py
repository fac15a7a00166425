"""Survey invitations on the wire, and what they share with responses: whom and what they are about."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.activity.interactions import Phase
from app.domain.customers.customers import Channel
from app.schemas.activity.interactions import Agent
from app.schemas.activity.transactions import EXAMPLE_ID as EXAMPLE_TRANSACTION_ID
from app.schemas.activity.transactions import Category
from app.schemas.common.base import (
    HappenedIn,
    Input,
    InstantIn,
    Label,
    Output,
    PageOf,
    Paging,
    QualifiedKey,
    QueryFlag,
    line_out,
)
from app.schemas.common.batches import COUNTED, KEPT, BatchItem
from app.schemas.customers.customers import EXAMPLE_ID as EXAMPLE_CUSTOMER_ID
from app.schemas.customers.customers import ExternalId
from app.schemas.surveys.surveys import SurveyNamed

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7b60"


class Subject(SurveyNamed):
    """Whom a survey asks and what about. Name the customer by ``customer_id`` or by ``customer``; by neither
    where it is anonymous. It is about at most one interaction, complaint or transaction, which lends it the
    channel, agent, unit, phase and category that are left out."""

    customer_id: UUID | None = Field(default=None, examples=[EXAMPLE_CUSTOMER_ID])
    customer: ExternalId | None = Field(default=None, examples=[{"system": "crm", "key": "C-000001"}])
    """The customer's key in another system."""
    interaction_id: UUID | None = None
    """The interaction it is about, of the same customer."""
    complaint_id: UUID | None = None
    """The complaint it is about, of the same customer."""
    transaction_id: UUID | None = Field(default=None, examples=[EXAMPLE_TRANSACTION_ID])
    """The transaction it is about, of the same customer."""
    channel: Channel | None = Field(default=None, examples=["phone"])
    """Where what it is about took place."""
    agent: Agent | None = None
    """Who served the customer."""
    unit: Label | None = Field(default=None, examples=["izmir"])
    """Branch or team that served the customer."""
    phase: Phase | None = Field(default=None, examples=["after"])
    """Before, during or after a purchase."""
    category: Category | None = None
    """Category of the goods or of the complaint."""

    @model_validator(mode="after")
    def _at_most_one_each(self) -> "Subject":
        if self.customer_id is not None and self.customer is not None:
            raise PydanticCustomError("one_customer", "Send customer_id or customer, not both.")
        about = (self.interaction_id, self.complaint_id, self.transaction_id)
        if sum(one is not None for one in about) > 1:
            detail = "Send at most one of interaction_id, complaint_id and transaction_id."
            raise PydanticCustomError("one_subject", detail)
        return self


_EXAMPLE: dict[str, Any] = {
    "channel": "store",
    "unit": "izmir",
    "phase": "after",
    "invited_at": "2026-11-23T09:30:00Z",
    "expires_at": "2026-12-07T09:30:00Z",
}
_NAMED: dict[str, Any] = {"survey_code": "delivery", "customer": {"system": "crm", "key": "C-000001"}}


class SurveyInvitationCreate(Subject):
    """A customer, or an unknown person, asked to answer a survey."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_NAMED, **_EXAMPLE}]})

    invited_at: HappenedIn | None = None
    """Now if left out; not in the future."""
    expires_at: InstantIn | None = Field(default=None, examples=["2026-12-07T09:30:00Z"])
    """Answers from this instant on are refused; never if left out."""

    @model_validator(mode="after")
    def _of_a_survey(self) -> "SurveyInvitationCreate":
        if self.survey_id is None and self.survey_code is None:
            raise PydanticCustomError("which_survey", "Send survey_id or survey_code.")
        return self


class SurveyInvitationRead(Output):
    """An invitation to answer a survey; at most one response comes of it."""

    id: UUID
    survey_id: UUID
    customer_id: UUID | None
    """Null when it is anonymous."""
    interaction_id: UUID | None
    complaint_id: UUID | None
    transaction_id: UUID | None
    channel: Channel | None
    agent: Annotated[str, line_out(100)] | None
    unit: Label | None
    phase: Phase | None
    category: Annotated[str, line_out(100)] | None
    invited_at: datetime
    expires_at: datetime | None
    answered_at: datetime | None
    """Null until the response comes."""
    recorded_at: datetime


class SurveyInvitationPage(PageOf):
    """A page of invitations."""

    data: Annotated[list[SurveyInvitationRead], Field(max_length=200)]


class SurveyInvitationSort(StrEnum):
    """Order of the list by ``invited_at``; ``-`` is newest first."""

    NEWEST = "-invited_at"
    OLDEST = "invited_at"


class SurveyInvitationQuery(Paging):
    """Filters add up: an invitation must match all of them."""

    sort: SurveyInvitationSort = SurveyInvitationSort.NEWEST
    """Newest or oldest first."""
    survey_id: UUID | None = None
    """To this survey."""
    customer_id: UUID | None = None
    """Of this customer."""
    customer_external_id: QualifiedKey | None = None
    """Of the customer with this key in another system: ``system:key``, for example ``crm:C-000001``.
    A key that no customer has, or another one than ``customer_id``, finds nothing."""
    answered: QueryFlag | None = None
    """Whether the response has come."""
    invited_from: InstantIn | None = None
    """Only invitations at this instant or later."""
    invited_before: InstantIn | None = None
    """Only invitations before this instant."""


class SurveyInvitationBatch(Input):
    """Invitations to record together."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [{**_NAMED, **_EXAMPLE}]}]})

    items: Annotated[
        list[Annotated[SurveyInvitationCreate, KEPT]], Field(min_length=1, max_length=1000), COUNTED
    ]


class SurveyInvitationBatchItem(BatchItem):
    """What became of one invitation of a batch."""

    invitation: SurveyInvitationRead | None


class SurveyInvitationBatchResult(Output):
    """What became of each invitation, in the order of the request."""

    data: Annotated[list[SurveyInvitationBatchItem], Field(max_length=1000)]
