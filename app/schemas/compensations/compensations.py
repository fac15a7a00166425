"""Compensations and requests for more, on the wire."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.compensations.authority import Above
from app.domain.compensations.kinds import MAX_QUANTITY
from app.domain.compensations.requests import RequestState
from app.schemas.common.base import (
    Flag,
    Input,
    InstantIn,
    Label,
    Money,
    Output,
    PageOf,
    Paging,
    QueryFlag,
    Version,
    paragraph,
    paragraph_out,
)
from app.schemas.compensations.kinds import EXAMPLE_CODE as EXAMPLE_KIND
from app.schemas.people.codes import AgentCode, AgentCodeOut, RoleCode, RoleCodeOut, UnitCode, UnitCodeOut
from app.schemas.standards.standards import Tier

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7f10"
"""Given at once by the agent who took the complaint."""
EXAMPLE_TO_REVERSE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7f11"
EXAMPLE_REVERSED_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7f12"
EXAMPLE_APPROVED_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7f13"
EXAMPLE_REQUEST_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7f20"
"""Approved, but only after hours."""
EXAMPLE_TO_APPROVE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7f21"
EXAMPLE_TO_DENY_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7f22"
EXAMPLE_EXPIRED_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7f23"

Reason = Annotated[str, paragraph(2000)]
ReasonOut = Annotated[str, paragraph_out(2000)]
Percent = Annotated[int, Field(ge=1, le=100)]
Quantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY)]

_GIVEN: dict[str, Any] = {
    "kind": EXAMPLE_KIND,
    "amount": {"amount": "50.00", "currency": "TRY"},
    "reason": "The parcel came two days late.",
}


class CompensationCreate(Input):
    """What to give. Money says ``amount``, a percentage ``percent`` and ``transaction_id``, points and pieces
    ``quantity``; the others stay out."""

    model_config = ConfigDict(json_schema_extra={"examples": [_GIVEN]})

    kind: Label = Field(examples=[EXAMPLE_KIND])
    """Code of the kind."""
    amount: Money | None = Field(default=None, examples=[_GIVEN["amount"]])
    """Of kinds counted in money; above 0."""
    percent: Percent | None = Field(default=None, examples=[None])
    """Of kinds that are a percentage of a purchase."""
    transaction_id: UUID | None = Field(default=None, examples=[None])
    """The purchase, of the same customer, that ``percent`` is of."""
    quantity: Quantity | None = Field(default=None, examples=[None])
    """How many points or pieces."""
    reason: Reason | None = Field(default=None, examples=[_GIVEN["reason"]])
    """Why; who decides reads it."""


class CompensationReversal(Input):
    """Why a compensation is taken back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Given to the wrong customer."}]})

    reason: Reason = Field(examples=["Given to the wrong customer."])


class RequestDecision(Input):
    """Why a request is approved or denied."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Third failure this year."}]})

    reason: Reason = Field(examples=["Third failure this year."])


class _Given(Output):
    """What was given, or is to be."""

    id: UUID
    version: Version
    customer_id: UUID
    complaint_id: UUID | None
    """The case; null: it is an interaction, or was removed with the import that brought it."""
    interaction_id: UUID | None
    kind: Label
    amount: Money
    """What it costs the company, in the currency in which that arises; negative where it was taken back."""
    cost: Money
    """The same in the reporting currency, at the rate of the day: what limits, budgets and reports count."""
    percent: Percent | None
    transaction_id: UUID | None
    quantity: Quantity | None
    reason: ReasonOut | None
    agent: AgentCodeOut
    """Who gave it, or asked to."""
    unit: UnitCodeOut | None
    """The agent's unit at that time: whose budget it is of."""
    tier: Tier | None
    """The customer's value tier at that time."""


class CompensationRead(_Given):
    """One line of the ledger, whose amounts are never edited: something given, or a reversal that takes
    it back."""

    authority: AgentCodeOut
    """By whose limit it went: the agent's, or of a larger one that of who approved it."""
    limit: Label
    """Code of that limit."""
    limit_version: Version
    request_id: UUID | None
    """The request that was approved; null: it was given at once."""
    reverses_id: UUID | None
    """The compensation that this reversal takes back."""
    reversed_by_id: UUID | None
    """The reversal that took it back."""
    on: date
    """The local day whose limits and budget it counts in; a reversal has that of what it takes back."""
    given_at: datetime
    """When it was given; a reversal has that of what it takes back."""
    reversible_until: datetime
    """Until when it can be taken back."""
    recorded_at: datetime
    updated_at: datetime


class CompensationPage(PageOf):
    """A page of the ledger."""

    data: Annotated[list[CompensationRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class CompensationSort(StrEnum):
    """Order of the list; ``-`` is newest first."""

    NEWEST = "-given_at"
    OLDEST = "given_at"
    UPDATED_AT = "updated_at"


class CompensationQuery(Paging):
    """Which lines of the ledger."""

    sort: CompensationSort = CompensationSort.NEWEST
    """Newest or oldest first, or in the order of their last change."""
    customer_id: UUID | None = None
    """Of this customer."""
    complaint_id: UUID | None = None
    """Of this complaint."""
    interaction_id: UUID | None = None
    """Of this interaction."""
    kind: Label | None = None
    """Of this kind."""
    agent: AgentCode | None = None
    """Given by this agent."""
    unit: UnitCode | None = None
    """Of this unit's budget."""
    reversed: QueryFlag | None = None
    """True: only what was taken back. False: only the rest; reversals are among that."""
    given_from: InstantIn | None = None
    """Given at this instant or later."""
    given_before: InstantIn | None = None
    """Given before this instant."""
    updated_after: InstantIn | None = None
    """Only what was changed after this instant."""


class CompensationRequestRead(_Given):
    """A request for more than its agent may give. It is open until somebody decides or its time is over."""

    state: RequestState
    above: Above
    """Which of the agent's limits it passes."""
    approver_role: RoleCodeOut
    """The role whose agents in the unit's line decide, and those of roles above it."""
    fallback_role: RoleCodeOut | None
    """The role whose agents decide after ``due_at``; null: it expires then."""
    is_with_fallback: Flag
    """Whether the time of the line is over and the fallback decides."""
    requested_at: datetime
    due_at: datetime
    """Until when the line decides."""
    expires_at: datetime
    """From then on nobody can decide it any more."""
    decided_at: datetime | None
    decided_by: AgentCodeOut | None
    decision_reason: ReasonOut | None
    compensation_id: UUID | None
    """What was given when it was approved."""
    updated_at: datetime


class CompensationRequestPage(PageOf):
    """A page of requests."""

    data: Annotated[list[CompensationRequestRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class CompensationRequestSort(StrEnum):
    """Order of the list; ``-`` is newest first."""

    NEWEST = "-requested_at"
    OLDEST = "requested_at"
    UPDATED_AT = "updated_at"


class CompensationRequestQuery(Paging):
    """Which requests."""

    sort: CompensationRequestSort = CompensationRequestSort.NEWEST
    """Newest or oldest first, or in the order of their last change."""
    state: RequestState | None = None
    """In this state now."""
    approver_role: RoleCode | None = None
    """That this role decides first."""
    agent: AgentCode | None = None
    """Of this agent."""
    unit: UnitCode | None = None
    """Of agents of this unit."""
    kind: Label | None = None
    """For this kind."""
    customer_id: UUID | None = None
    """For this customer."""
    complaint_id: UUID | None = None
    """For this complaint."""
    interaction_id: UUID | None = None
    """For this interaction."""
    updated_after: InstantIn | None = None
    """Only what was changed after this instant."""
