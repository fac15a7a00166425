"""One customer at a glance, on the wire."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.domain.activity.interactions import Direction, Purpose, Sentiment
from app.domain.customers.customers import (
    MAX_EXTERNAL_IDS,
    MAX_TAGS,
    Channel,
    CustomerKind,
    LeavingReason,
    Lifecycle,
    Match,
    Tier,
)
from app.domain.promises.promises import Promiser, PromiseState
from app.domain.recovery.complaints import ComplaintState, Severity
from app.schemas.activity.interactions import EXAMPLE_ID as EXAMPLE_INTERACTION_ID
from app.schemas.common.base import (
    NO_CONTROL,
    STRIPPED,
    Count,
    Input,
    Label,
    Language,
    Money,
    Output,
    QualifiedKey,
    line_out,
    paragraph_out,
)
from app.schemas.customers.customers import EXAMPLE_ID, DoNotContact, ExternalId, Hours
from app.schemas.customers.scores import (
    DEMANDINGNESS,
    ContractRead,
    CustomerChurn,
    Demandingness,
    Satisfaction,
)
from app.schemas.promises.promises import MAX_TEXT
from app.schemas.recovery.complaints import EXAMPLE_OPEN_ID, EXAMPLE_OPEN_NUMBER, Number
from app.schemas.scoring.churn import ChurnReason

MAX_LISTED = 5
"""Open complaints and interactions shown, and candidates beside the best one."""

MAX_REASONS = 3


class OverviewChurn(CustomerChurn):
    """Whether the customer may be lost, and why."""

    reasons: Annotated[list[ChurnReason], Field(max_length=MAX_REASONS)]
    """The strongest ones, strongest first; none where no warning sign applies."""


class OpenComplaint(Output):
    """A complaint that waits for a resolution."""

    id: UUID
    number: Number
    subject: Annotated[str, line_out(255)]
    severity: Severity
    state: ComplaintState
    owner: Annotated[str, line_out(100)]
    received_at: datetime


class OpenPromise(Output):
    """A promise that is still to be kept, to the customer or by the customer."""

    id: UUID
    promised_by: Promiser
    kind: Label
    text: Annotated[str, paragraph_out(MAX_TEXT)]
    owner: Annotated[str, line_out(100)]
    """Who sees to it."""
    due_at: datetime
    state: PromiseState
    """`open` or `overdue`."""
    sentence: Annotated[str, paragraph_out(MAX_TEXT + 200)]
    """What is promised and for which day, in the caller's language: "Promised for yesterday: ..."."""


class LastInteraction(Output):
    """A contact of late."""

    id: UUID
    started_at: datetime
    channel: Channel
    direction: Direction
    purpose: Purpose | None
    topic: Annotated[str, line_out(100)] | None
    disposition: Label | None
    """How it ended."""
    agent: Annotated[str, line_out(100)] | None
    unit: Label | None
    sentiment: Sentiment | None
    resolved_on_first_contact: bool | None


_EXAMPLE: dict[str, Any] = {
    "id": EXAMPLE_ID,
    "kind": "person",
    "name": "Ayşe Yılmaz",
    "language": "tr",
    "unit": "izmir",
    "tags": ["vip"],
    "external_ids": [{"system": "crm", "key": "C-000001"}],
    "customer_since_on": "2024-09-01",
    "lifecycle": "active",
    "left_on": None,
    "left_reason": None,
    "preferred_channel": "phone",
    "preferred_hours": {"start": "09:00", "end": "12:00"},
    "do_not_contact": ["visit"],
    "do_not_contact_shared": [],
    "contract": {"started_on": "2025-03-01", "ends_on": "2027-02-28", "notice_given_on": None},
    "tier": "A",
    "value": {"amount": "18250.00", "currency": "TRY"},
    "next_tier_distance": None,
    "near_threshold": None,
    "satisfaction": {
        "nps": {
            "latest": 20.0,
            "answered_at": "2026-11-20T09:30:00Z",
            "n": 3,
            "mean": 66.7,
            "trend": "falling",
            "change": -70.0,
            "statistic": -2.7987,
            "limit": 2.201,
        }
    },
    "demandingness": DEMANDINGNESS,
    "churn": {
        "level": "watch",
        "probability": 0.61,
        "model": "mbg_nbd",
        "value_at_risk": {"amount": "11132.50", "currency": "TRY"},
        "reasons": [
            {
                "code": "silence_vs_own_rhythm",
                "value": 78.0,
                "baseline": 30.0,
                "contribution": 0.8,
                "n": None,
                "limit": None,
                "sentence": "No purchase for 78 days; usually 30 days pass between purchases.",
            }
        ],
    },
    "scored_as_of": "2026-11-23",
    "open_complaints_count": 1,
    "open_complaints": [
        {
            "id": EXAMPLE_OPEN_ID,
            "number": EXAMPLE_OPEN_NUMBER,
            "subject": "A cup is missing",
            "severity": "high",
            "state": "open",
            "owner": "ayse.k",
            "received_at": "2026-11-23T09:30:00Z",
        }
    ],
    "open_promises": [],
    "last_interactions": [
        {
            "id": EXAMPLE_INTERACTION_ID,
            "started_at": "2026-11-23T09:30:00Z",
            "channel": "phone",
            "direction": "inbound",
            "purpose": "complaint",
            "topic": "delivery",
            "disposition": "complaint_filed",
            "agent": "ayse.k",
            "unit": "izmir",
            "sentiment": "negative",
            "resolved_on_first_contact": False,
        }
    ],
}


class OverviewRead(Output):
    """Who a customer is and how we stand with it: identity, what the current scoring run says, open
    complaints and last contacts."""

    id: UUID
    kind: CustomerKind
    name: Annotated[str, line_out(200)] | None
    language: Language | None
    """To speak and write in."""
    unit: Label | None
    tags: Annotated[list[Annotated[str, line_out(50)]], Field(max_length=MAX_TAGS)]
    external_ids: Annotated[list[ExternalId], Field(max_length=MAX_EXTERNAL_IDS)]
    customer_since_on: date | None
    lifecycle: Lifecycle
    left_on: date | None
    left_reason: LeavingReason | None
    preferred_channel: Channel | None
    preferred_hours: Hours | None
    do_not_contact: DoNotContact
    """Channels the customer does not want to be contacted on."""
    do_not_contact_shared: DoNotContact
    """Channels (``phone``, ``email``) on which somebody else with the very same number or address asked not
    to be contacted; who that is, is not told."""
    contract: ContractRead | None
    tier: Tier | None
    """Value tier of the current scoring run; null without a transaction in its window."""
    value: Money | None
    """Paid minus refunds and cancellations in the current run's window."""
    next_tier_distance: Money | None
    """Smallest additional value that would put the customer in the next better tier; null in A."""
    near_threshold: Tier | None
    """A or B when the value lies within 10 % of the smallest value in that tier."""
    satisfaction: Satisfaction | None
    """Latest answer and trend by index; null without an answer."""
    demandingness: Demandingness | None
    """Null unless a response of the year before the run tells expectation and satisfaction."""
    churn: OverviewChurn | None
    """Null for customers the run has no flag for."""
    scored_as_of: date | None
    """Day of the current scoring run; null before the first."""
    open_complaints_count: Count
    """Complaints that wait for a resolution."""
    open_complaints: Annotated[list[OpenComplaint], Field(max_length=MAX_LISTED)]
    """The newest of them."""
    open_promises: Annotated[list[OpenPromise], Field(max_length=MAX_LISTED)]
    """Those still to be kept, soonest due first; none without the scope ``promises:read``."""
    last_interactions: Annotated[list[LastInteraction], Field(max_length=MAX_LISTED)]
    """Newest first."""


class Candidate(Output):
    """Another customer it may be."""

    id: UUID
    kind: CustomerKind
    name: Annotated[str, line_out(200)] | None
    unit: Label | None
    tier: Tier | None
    do_not_contact: DoNotContact
    """Channels the customer does not want to be contacted on."""
    do_not_contact_shared: DoNotContact
    """Channels on which somebody else with the same number or address asked not to be contacted."""
    last_contact_at: datetime | None
    """When its last interaction started."""


class ScreenPopRead(Output):
    """Who is calling, as far as that is known."""

    match: Match
    """``known``: one customer has it; ``maybe``: several have; ``none``: nobody, or a withheld number."""
    customer: OverviewRead | None
    """The customer, or the likeliest of several: with the latest contact, then of the greatest value, then
    the longest recorded."""
    candidates: Annotated[list[Candidate], Field(max_length=MAX_LISTED)]
    """The others, likeliest first."""
    has_more_candidates: bool
    """Whether there are more than are listed."""


class ScreenPopQuery(Input):
    """What is known of the caller: exactly one of these."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "0532 123 45 67"}]})

    phone: Annotated[str, StringConstraints(max_length=254, pattern=NO_CONTROL)] | None = Field(
        default=None, examples=["0532 123 45 67"], json_schema_extra={"x-prefilled": True}
    )
    """A phone number in any spelling, also as an exchange sends it (``<sip:+905321234567@pbx>``).
    What is no number, as sent for a withheld one, is nobody's."""
    email: Annotated[str, StringConstraints(max_length=500, pattern=NO_CONTROL), STRIPPED] | None = None
    """An e-mail address; letter case does not matter, nor a name or ``mailto:`` beside it."""
    external_id: QualifiedKey | None = None
    """``system:key``, for example ``crm:C-000001``."""

    @model_validator(mode="after")
    def _exactly_one(self) -> "ScreenPopQuery":
        if sum(given is not None for given in (self.phone, self.email, self.external_id)) != 1:
            raise PydanticCustomError("exactly_one", "Give exactly one of phone, email and external_id.")
        return self
