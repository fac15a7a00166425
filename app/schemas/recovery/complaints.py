"""Complaints on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.domain.activity.interactions import Phase
from app.domain.customers.customers import Channel
from app.domain.people.agents import OwnerKind
from app.domain.recovery.complaints import (
    NUMBER_ALPHABET,
    ComplaintState,
    FoundBy,
    OurFault,
    Severity,
    make_number,
)
from app.schemas.common.base import (
    UNSET,
    Count,
    ExternalKey,
    Flag,
    HappenedIn,
    Input,
    InstantIn,
    Label,
    Money,
    Output,
    PageOf,
    Paging,
    QualifiedKey,
    QueryFlag,
    SystemName,
    Version,
    line,
    line_out,
    paragraph,
    paragraph_out,
)
from app.schemas.common.batches import COUNTED, KEPT, BatchItem
from app.schemas.customers.naming import NAMED, NamesOrCreatesCustomer

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a30"
"""A resolved complaint."""
EXAMPLE_OPEN_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a31"
EXAMPLE_ACKNOWLEDGED_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a32"
EXAMPLE_TO_RESOLVE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a33"
EXAMPLE_CLOSED_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a34"
EXAMPLE_TO_WAIT_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a35"
EXAMPLE_TO_ANSWER_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a36"
EXAMPLE_QUEUED_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a37"
EXAMPLE_OFFERED_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a38"
EXAMPLE_TO_RETURN_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a39"
EXAMPLE_OWNED_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a3a"
EXAMPLE_PREVENTED_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a3b"
EXAMPLE_NUMBER = "FA9C-T7KY"
EXAMPLE_OPEN_NUMBER = make_number(20261123094000)
MAX_TEXT = 10_000

MAX_SUBJECT = 255
"""Longest title of a complaint, in characters: that of most help desks."""

Subject = Annotated[str, line(MAX_SUBJECT), Field(examples=["The parcel came open"])]
Text = Annotated[str, paragraph(MAX_TEXT)]
Category = Annotated[str, line(100), Field(examples=["delivery"])]
Product = Annotated[str, line(200), Field(examples=["Kettle K-200"])]
Owner = Annotated[str, line(100), Field(examples=["ayse.k"])]
NumberIn = Annotated[str, line(64), Field(examples=[EXAMPLE_NUMBER])]
_GROUP = f"[{NUMBER_ALPHABET}]{{4}}"
Number = Annotated[str, StringConstraints(max_length=9, pattern=f"^{_GROUP}-{_GROUP}$")]

_EXAMPLE: dict[str, Any] = {
    "source": "helpdesk",
    "channel": "phone",
    "subject": "The parcel came open",
    "text": "The box was torn.\nOne cup was missing.",
    "category": "delivery",
    "product": "Kettle K-200",
    "severity": "high",
    "our_fault": "unknown",
    "unit": "izmir",
    "owner": "ayse.k",
    "received_at": "2026-11-23T09:30:00Z",
}


class _ComplaintFields(Input):
    """What may be corrected at any time."""

    interaction_id: UUID | None = Field(default=None, examples=[None])
    """The contact it was made in; one of the same customer, or of nobody."""
    channel: Channel | None = Field(default=None, examples=["phone"])
    """How the customer complained."""
    text: Text | None = Field(default=None, examples=[_EXAMPLE["text"]])
    """What the customer says, in any number of lines."""
    category: Category | None = None
    """What kind of failure, in the company's own words."""
    product: Product | None = None
    """What it is about."""
    phase: Phase | None = Field(default=None, examples=["during"])
    """Before, during or after the purchase."""
    unit: Label | None = Field(default=None, examples=["izmir"])
    """Branch or team that works on it."""


class ComplaintCreate(NamesOrCreatesCustomer, _ComplaintFields):
    """A complaint to record. Name its customer by ``customer_id`` or by ``customer``, not both.

    One that is recorded late may have a life behind it: ``acknowledged_at``, ``resolved_at``,
    ``confirmed_at`` and ``closed_at``, in this order and not in the future. Its state follows from them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**NAMED, **_EXAMPLE, "external_id": "T-2026-000816"}]}
    )

    source: SystemName = Field(default="api", examples=["helpdesk"])
    """The system the complaint comes from."""
    external_id: ExternalKey | None = Field(default=None, examples=["T-2026-000815"])
    """The complaint's key there; unique per source, so that nothing is recorded twice."""
    subject: Subject
    """The complaint in one line."""
    severity: Severity = Field(default=Severity.NORMAL, examples=["high"])
    """That of its category, if left out and the category is registered with one."""
    our_fault: OurFault = Field(default=OurFault.UNKNOWN, examples=["unknown"])
    found_by: FoundBy = Field(default=FoundBy.CUSTOMER, examples=["customer"])
    """How the company came to know of it."""
    owner: Owner | None = None
    """Who answers for it: once the company has registered people, a registered person who is active, or a
    unit (its queue). If nobody is named, the queue of its category's unit, else the company's complaint
    desk."""
    received_at: HappenedIn | None = None
    """When the customer complained; now by default."""
    acknowledged_at: InstantIn | None = Field(default=None, examples=[None])
    """Of a past complaint: when the customer was told that it was taken up."""
    resolved_at: InstantIn | None = Field(default=None, examples=[None])
    """Of a past complaint: when it was resolved."""
    confirmed_at: InstantIn | None = Field(default=None, examples=[None])
    """Of a past complaint: when the customer confirmed that; goes with ``resolved_at``."""
    closed_at: InstantIn | None = Field(default=None, examples=[None])
    """Of a past complaint: when it was closed; goes with ``resolved_at``."""
    resolution: Text | None = Field(default=None, examples=[None])
    """Of a past complaint: what was done; goes with ``resolved_at``."""


class ComplaintOfFile(ComplaintCreate):
    """What a row of a file says of a complaint: its state too, which may be without its time."""

    state: ComplaintState | None = None
    changed_at: InstantIn | None = None
    """When its source changed it last: the time of a resolution that has none."""
    keep_history: Flag = False
    """Whether times out of order are kept as they are read."""


class ComplaintOfRule(ComplaintCreate):
    """What a follow-up rule says of a complaint that it opens."""

    opened_by_rule: Label


class ComplaintUpdate(_ComplaintFields):
    """A merge patch (RFC 7396): absent members stay, null clears. State, owner and times change by steps."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"category": "delivery", "severity": "critical", "our_fault": "yes"}]}
    )

    subject: Subject = Field(default=UNSET)
    """The complaint in one line."""
    severity: Severity = Field(default=UNSET, examples=["critical"])
    our_fault: OurFault = Field(default=UNSET, examples=["yes"])


class ComplaintRead(Output):
    """A complaint as it stands. It has exactly one owner at every moment, and a number that can be said
    aloud.

    Its life: `open` → `acknowledged` → `in_progress` → `resolved` → `confirmed` → `closed`, and
    `waiting_customer` while the customer has to answer. What is put right on the spot may leave out the
    states between, but only what was resolved can be closed. When the customer refuses the resolution, or it
    is reopened, it is `in_progress` again and ``reopened_count`` counts it."""

    id: UUID
    version: Version
    number: Number
    """What to tell the customer. Its last character checks the others, so that a misheard number is
    refused and never leads to another complaint."""
    customer_id: UUID
    interaction_id: UUID | None
    """The contact it was made in."""
    source: SystemName
    external_id: Annotated[str, line_out(200)] | None
    channel: Channel | None
    subject: Annotated[str, line_out(MAX_SUBJECT)]
    text: Annotated[str, paragraph_out(MAX_TEXT)] | None
    category: Annotated[str, line_out(100)] | None
    product: Annotated[str, line_out(200)] | None
    phase: Phase | None
    severity: Severity
    our_fault: OurFault
    found_by: FoundBy
    """How the company came to know of it."""
    opened_by_rule: Annotated[str, line_out(64)] | None
    """Code of the follow-up rule that opened it; null: somebody recorded it."""
    state: ComplaintState
    owner: Annotated[str, line_out(100)]
    owner_kind: OwnerKind
    """`agent`: the person ``owner`` answers for it. `queue`: it waits for somebody in the queue of the unit
    ``owner``, or of the company's desk."""
    accepted_at: datetime | None
    """When its owner took it, by acceptance or claim; null while a person it was given to has not, and in
    a queue."""
    unit: Label | None
    resolution: Annotated[str, paragraph_out(MAX_TEXT)] | None
    """What was done at the last resolution; null while it is not resolved."""
    received_at: datetime
    acknowledged_at: datetime | None
    """The first acknowledgement."""
    resolved_at: datetime | None
    """The last resolution; null again when it is reopened."""
    confirmed_at: datetime | None
    """When the customer confirmed the resolution; null again when it is reopened."""
    closed_at: datetime | None
    """Null again when it is reopened."""
    time_unknown: bool
    """True: it is resolved, confirmed or closed, and the file that said so did not say when:
    ``resolved_at``, ``confirmed_at`` or ``closed_at`` is null, and it is left out of times."""
    reopened_count: Count
    """How often it went back to work after a resolution: reopened, or refused by the customer."""
    recorded_at: datetime
    updated_at: datetime
    import_id: UUID | None
    """The import that brought it; null when it came one by one."""
    incident_id: UUID | None
    """The incident that it is about; null when it is about nothing that happened to many."""
    leading_complaint_id: UUID | None
    """The complaint that it says once more, under which the case is worked on; null when it is a case of its
    own. While it is set the life of this one stands still, and reports count only the leading one."""
    compensation: Money | None
    """What was given to make up for it, less what was taken back, in the reporting currency; null when
    nothing ever was."""


class ComplaintPage(PageOf):
    """A page of complaints."""

    data: Annotated[list[ComplaintRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class ComplaintSort(StrEnum):
    """Order of the list; ``-`` is newest first."""

    NEWEST = "-received_at"
    OLDEST = "received_at"
    UPDATED_AT = "updated_at"


class ComplaintQuery(Paging):
    """Filters add up: a complaint must match all of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"q": "cup", "open": True}]})

    sort: ComplaintSort = ComplaintSort.NEWEST
    """Newest or oldest first, or in the order of their last change."""
    customer_id: UUID | None = None
    """Of this customer."""
    customer_external_id: QualifiedKey | None = None
    """Of the customer with this key in another system: ``system:key``, for example ``crm:C-000001``.
    A key that no customer has, or another one than ``customer_id``, finds nothing."""
    q: Annotated[str, line(200)] | None = Field(default=None, examples=["parcel open"])
    """Every word of it begins a word of the number, the subject or the text. Letter case, accents and
    keyboards do not matter: ``CURUK`` finds "çürük"."""
    number: NumberIn | None = None
    """With this number, at most one; letter case, blanks and dashes do not matter. One that cannot be is
    refused."""
    external_id: QualifiedKey | None = None
    """``source:key``, for example ``helpdesk:T-2026-000815``."""
    state: Annotated[list[ComplaintState], Field(max_length=len(ComplaintState))] = Field(default=[])
    """In one of these states; repeat for more."""
    open: QueryFlag | None = None
    """True: the customer still waits for a resolution. False: it is resolved, confirmed or closed."""
    reopened: QueryFlag | None = None
    """True: it was reopened, or refused by the customer, at least once. False: never."""
    steps_missing: QueryFlag | None = None
    """True: it does not yet show every step that its category demands before it may close. False: it does,
    or nothing is demanded, or it is closed."""
    time_unknown: QueryFlag | None = None
    """True: resolved, confirmed or closed, and nobody knows when. False: all others."""
    owner: Owner | None = None
    """Whose it is."""
    owner_kind: OwnerKind | None = None
    """`agent`: a person answers for it. `queue`: it waits in a queue."""
    found_by: Annotated[list[FoundBy], Field(max_length=len(FoundBy))] = Field(default=[])
    """Found in one of these ways; repeat for more."""
    opened_by_rule: Label | None = None
    """Opened by this follow-up rule."""
    unit: Label | None = None
    """Worked on by this unit."""
    severity: Annotated[list[Severity], Field(max_length=len(Severity))] = Field(default=[])
    """Of one of these severities; repeat for more."""
    category: Category | None = None
    """Of this category."""
    product: Product | None = None
    """About this product."""
    channel: Channel | None = None
    """Made through this channel."""
    phase: Phase | None = None
    """In this phase."""
    our_fault: OurFault | None = None
    """Whether the company caused it."""
    incident_id: UUID | None = None
    """About this incident."""
    leading_complaint_id: UUID | None = None
    """Duplicates of this complaint."""
    is_duplicate: QueryFlag | None = None
    """True: those that say once more what a leading complaint says. False: all others."""
    received_from: InstantIn | None = None
    """Only complaints received at this instant or later."""
    received_before: InstantIn | None = None
    """Only complaints received before this instant."""
    updated_after: InstantIn | None = None
    """Only complaints recorded or changed after this instant."""


class ComplaintBatch(Input):
    """Complaints to record together."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{**NAMED, **_EXAMPLE, "external_id": "T-2026-000817"}]}]}
    )

    items: Annotated[list[Annotated[ComplaintCreate, KEPT]], Field(min_length=1, max_length=1000), COUNTED]


class ComplaintBatchItem(BatchItem):
    """What became of one complaint of a batch."""

    complaint: ComplaintRead | None


class ComplaintBatchResult(Output):
    """What became of each complaint, in the order of the request."""

    data: Annotated[list[ComplaintBatchItem], Field(max_length=1000)]
