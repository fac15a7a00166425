"""Customers on the wire."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.domain.customers.customers import (
    MAX_ATTRIBUTES,
    MAX_CONTACT_POINTS,
    MAX_EXTERNAL_IDS,
    MAX_TAGS,
    Channel,
    CustomerKind,
    LeavingReason,
    Lifecycle,
    Tier,
)
from app.schemas.common.base import (
    UNSET,
    Count,
    DateIn,
    ExternalKey,
    Flag,
    Input,
    Label,
    Language,
    Money,
    Output,
    PageOf,
    SystemName,
    Version,
    line,
    line_out,
)
from app.schemas.common.batches import COUNTED, KEPT, BatchItem
from app.schemas.customers.contact_points import ContactPoint, ContactPointIn
from app.schemas.customers.scores import (
    Contract,
    ContractPatch,
    ContractRead,
    CustomerChurn,
    Demandingness,
    Satisfaction,
)

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10"
EXAMPLE_STAYING_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a12"
"""A customer who can leave."""
EXAMPLE_LEFT_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a13"
"""A customer who can come back."""

Name = Annotated[str, line(200), Field(examples=["Ayşe Yılmaz"])]
GivenName = Annotated[str, line(100), Field(examples=["Ayşe"])]
FamilyName = Annotated[str, line(100), Field(examples=["Yılmaz"])]
Tag = Annotated[str, line(50), Field(examples=["vip"])]
AttributeName = Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z][a-z0-9_]{0,63}$")]
AttributeText = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
# Strict: otherwise a text that is refused as such, like "1\n", would be read as a number.
AttributeValue = (
    Flag
    | Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)]
    | Annotated[float, Field(strict=True, ge=-1e15, le=1e15, allow_inf_nan=False)]
    | AttributeText
)
Attributes = Annotated[
    dict[AttributeName, AttributeValue],
    Field(max_length=MAX_ATTRIBUTES, examples=[{"city": "İzmir", "newsletter": True}]),
]
DoNotContact = Annotated[list[Channel], Field(max_length=len(Channel), examples=[["phone"]])]
ClockTime = Annotated[str, StringConstraints(max_length=5, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Hours(Input):
    """Hours of the day, in the company's zone, in which the customer likes to be reached."""

    start: ClockTime = Field(examples=["09:00"])
    end: ClockTime = Field(examples=["12:00"])


class ExternalId(Input):
    """The customer's key in another system; unique per system."""

    system: SystemName = Field(examples=["crm"])
    key: ExternalKey


class _CustomerFields(Input):
    kind: CustomerKind = CustomerKind.PERSON
    given_name: GivenName | None = None
    family_name: FamilyName | None = None
    language: Language | None = Field(default=None, examples=["tr"])
    """ISO 639-1 code of the language to speak and write in."""
    born_on: DateIn | None = Field(default=None, examples=["1990-04-23"])
    customer_since_on: DateIn | None = Field(default=None, examples=["2024-09-01"])
    contact_points: Annotated[list[ContactPointIn], Field(max_length=MAX_CONTACT_POINTS)] = Field(
        default=[], examples=[[{"kind": "phone", "value": "0532 123 45 67", "primary": True}]]
    )
    preferred_channel: Channel | None = Field(default=None, examples=["phone"])
    preferred_hours: Hours | None = None
    do_not_contact: DoNotContact = Field(default=[])
    """Channels the customer does not want to be contacted on."""
    unit: Label | None = Field(default=None, examples=["izmir"])
    """Branch or team that looks after the customer; API keys can be limited to units."""
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = Field(default=[], examples=[["vip"]])

    @model_validator(mode="after")
    def _one_primary_of_a_kind(self) -> "_CustomerFields":
        primaries = [point.kind for point in self.contact_points or [] if point.primary]
        if len(primaries) != len(set(primaries)):
            raise PydanticCustomError("primary", "at most one primary contact point of a kind")
        return self


_EXAMPLE: dict[str, Any] = {
    "kind": "person",
    "name": "Elvin Məmmədov",
    "given_name": "Elvin",
    "family_name": "Məmmədov",
    "language": "az",
    "contact_points": [{"kind": "phone", "value": "+994 50 123 45 67", "primary": True}],
    "external_ids": [{"system": "crm", "key": "C-900001"}],
    "preferred_channel": "phone",
    "preferred_hours": {"start": "09:00", "end": "12:00"},
    "unit": "baku",
    "tags": ["newsletter"],
    "attributes": {"city": "Bakı"},
}


class CustomerCreate(_CustomerFields):
    """A customer to record."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: Name = Field(examples=["Ayşe Yılmaz"])
    """What people call the customer: full name or company name."""
    external_ids: Annotated[list[ExternalId], Field(max_length=MAX_EXTERNAL_IDS)] = Field(
        default=[], examples=[[]]
    )
    attributes: Attributes = Field(default={}, examples=[{"city": "İzmir", "newsletter": True}])
    contract: Contract | None = None
    lifecycle: Lifecycle = Lifecycle.ACTIVE
    left_on: DateIn | None = Field(default=None, examples=[None])
    """Day the customer left; required when, and only when, lifecycle is ``left``."""
    left_reason: LeavingReason | None = Field(default=None, examples=[None])

    @model_validator(mode="after")
    def _left_has_a_day(self) -> "CustomerCreate":
        left = self.lifecycle == Lifecycle.LEFT
        if left != (self.left_on is not None) or (not left and self.left_reason is not None):
            raise PydanticCustomError("left", "left_on goes with lifecycle left, left_reason only with it")
        return self


class CustomerUpdate(_CustomerFields):
    """A merge patch (RFC 7396): absent members stay, null clears, arrays are replaced whole,
    members of ``attributes`` and of ``contract`` are merged one by one (null removes)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "preferred_channel": "email",
                    "tags": ["vip", "club"],
                    "attributes": {"city": "Bakı", "newsletter": None},
                }
            ]
        }
    )

    name: Name = Field(default=UNSET, examples=["Ayşe Demir"])
    kind: CustomerKind = Field(default=UNSET, examples=["person"])
    external_ids: Annotated[list[ExternalId], Field(max_length=MAX_EXTERNAL_IDS)] = Field(
        default=UNSET, examples=[[]]
    )
    contact_points: Annotated[list[ContactPointIn], Field(max_length=MAX_CONTACT_POINTS)] = Field(
        default=UNSET, examples=[[{"kind": "email", "value": "ayse@example.com", "primary": True}]]
    )
    do_not_contact: DoNotContact = Field(default=UNSET, examples=[["phone", "email"]])
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = Field(default=UNSET, examples=[["vip", "club"]])
    attributes: Annotated[
        dict[AttributeName, AttributeValue | None], Field(max_length=2 * MAX_ATTRIBUTES)
    ] = Field(default=UNSET, examples=[{"city": "Bakı", "newsletter": None}])
    contract: ContractPatch | None = Field(default=None, examples=[{"notice_given_on": "2026-11-20"}])


class OpenLifecycle(StrEnum):
    """Where a customer who has not left stands."""

    PROSPECT = "prospect"
    ACTIVE = "active"


class CustomerUpsert(CustomerUpdate):
    """A customer to record under an external id, or what to change of the one that has it:
    absent members are kept. A new customer without a name has none until one is sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Ayşe Yılmaz",
                    "contact_points": [{"kind": "phone", "value": "0532 123 45 67", "primary": True}],
                }
            ]
        }
    )

    do_not_contact: DoNotContact = Field(default=UNSET, examples=[["phone", "email"]])
    """Channels the customer does not want to be contacted on. A wish that a recorded contact told
    (``do_not_call``) stays though it is left out here: only ``PATCH`` takes it off."""
    lifecycle: OpenLifecycle = Field(default=UNSET, examples=["active"])
    """A customer who had left comes back with it. That one leaves is told with a departure."""


class Departure(Input):
    """The customer left."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"left_on": "2026-11-23", "reason": "price"}]})

    left_on: DateIn
    reason: LeavingReason = Field(examples=["price"])


class CustomerRead(Output):
    """A customer, with what the current scoring run says of it: value tier, satisfaction, churn level."""

    id: UUID
    version: Version
    created_at: datetime
    updated_at: datetime
    kind: CustomerKind
    name: Annotated[str, line_out(200)] | None
    given_name: Annotated[str, line_out(100)] | None
    family_name: Annotated[str, line_out(100)] | None
    language: Language | None
    born_on: date | None
    customer_since_on: date | None
    contact_points: Annotated[list[ContactPoint], Field(max_length=MAX_CONTACT_POINTS)]
    external_ids: Annotated[list[ExternalId], Field(max_length=MAX_EXTERNAL_IDS)]
    preferred_channel: Channel | None
    preferred_hours: Hours | None
    do_not_contact: DoNotContact
    """Channels the customer does not want to be contacted on."""
    do_not_contact_shared: DoNotContact
    """Channels (``phone``, ``email``) on which somebody else with the very same number or address asked not
    to be contacted; who that is, is not told."""
    contract: ContractRead | None
    unit: Label | None
    tags: Annotated[list[Annotated[str, line_out(50)]], Field(max_length=MAX_TAGS)]
    attributes: Attributes
    lifecycle: Lifecycle
    left_on: date | None
    left_reason: LeavingReason | None
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
    churn: CustomerChurn | None
    """Null for customers the run has no flag for."""
    scored_as_of: date | None
    """Day of the current scoring run; null before the first."""


class CustomerPage(PageOf):
    """A page of customers."""

    data: Annotated[list[CustomerRead], Field(max_length=200)]
    total: Count | None
    """Number of customers that match; only with ``include=total``."""
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class CustomerBatch(Input):
    """Customers to record together."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "name": "Zeynep Demir",
                            "language": "tr",
                            "external_ids": [{"system": "crm", "key": "C-900002"}],
                        },
                        {
                            "kind": "organisation",
                            "name": "Xəzər MMC",
                            "external_ids": [{"system": "crm", "key": "C-900003"}],
                        },
                    ]
                }
            ]
        }
    )

    items: Annotated[list[Annotated[CustomerCreate, KEPT]], Field(min_length=1, max_length=1000), COUNTED]


class CustomerBatchItem(BatchItem):
    """What became of one customer of a batch."""

    customer: CustomerRead | None


class CustomerBatchResult(Output):
    """What became of each customer, in the order of the request."""

    data: Annotated[list[CustomerBatchItem], Field(max_length=1000)]
