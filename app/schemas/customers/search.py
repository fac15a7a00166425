"""What lists of customers can be filtered by, and in which order they come, on the wire."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from app.domain.customers.customers import Channel, ChurnLevel, CustomerKind, Lifecycle, Tier
from app.domain.satisfaction.expectation import Quadrant
from app.schemas.common.base import STRIPPED, InstantIn, Label, Paging, QualifiedKey, QueryFlag, line
from app.schemas.customers.customers import Tag


class CustomerSort(StrEnum):
    """Order of the list; ``-`` is descending. Customers without the figure come last."""

    CREATED_AT = "created_at"
    NEWEST = "-created_at"
    UPDATED_AT = "updated_at"
    NAME = "name"
    VALUE = "value"
    HIGHEST_VALUE = "-value"
    VALUE_AT_RISK = "-value_at_risk"


class TierFilter(StrEnum):
    """A value tier, or ``none`` for customers the current run has not placed."""

    A = "A"
    B = "B"
    C = "C"
    NONE = "none"


class Include(StrEnum):
    """What else to compute."""

    TOTAL = "total"


class CustomerQuery(Paging):
    """Filters add up: a customer must match all of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"q": "yıl", "tier": ["A"], "sort": "-value"}]})

    sort: CustomerSort = CustomerSort.NEWEST
    """Order; customers without a figure come last when sorting by it."""
    q: Annotated[str, line(100)] | None = None
    """Words of the name, or their beginnings, in any order: ``isik`` finds ``IŞIK`` and ``Işık``."""
    phone: Annotated[str, line(254), STRIPPED] | None = None
    """A phone number in any spelling, also as an exchange sends it: ``"Ayse" <sip:+905321234567@pbx>``."""
    email: Annotated[str, line(500), STRIPPED] | None = None
    """An e-mail address; letter case does not matter, nor a name or ``mailto:`` beside it."""
    external_id: QualifiedKey | None = None
    """``system:key``, for example ``crm:C-000001``."""
    tag: Annotated[list[Tag], Field(max_length=10)] = Field(default=[])
    """Has this tag; repeat for more."""
    attribute: Annotated[
        list[
            Annotated[
                str,
                StringConstraints(max_length=270, pattern=r"^[a-z][a-z0-9_]{0,63}=[^\x00-\x1f\x7f-\x9f]*$"),
            ]
        ],
        Field(max_length=10),
    ] = Field(default=[])
    """``name=value``, for example ``city=İzmir``."""
    tier: Annotated[list[TierFilter], Field(max_length=4)] = Field(default=[])
    """In one of these value tiers of the current run; repeat for more."""
    churn_level: Annotated[list[ChurnLevel], Field(max_length=len(ChurnLevel))] = Field(default=[])
    """Of one of these churn levels; repeat for more."""
    dormant: QueryFlag | None = None
    """Silent for long, but not known to have left."""
    quadrant: Annotated[list[Quadrant], Field(max_length=len(Quadrant))] = Field(default=[])
    """In one of these quadrants of demanding and satisfied customers; repeat for more."""
    near_threshold: Tier | None = None
    """Value within 10 % of the smallest value in this tier."""
    kind: CustomerKind | None = None
    """Persons or organisations."""
    lifecycle: Lifecycle | None = None
    """Prospects, active ones, or those who left."""
    unit: Label | None = None
    """Looked after by this unit."""
    do_not_contact: Annotated[list[Channel], Field(max_length=len(Channel))] = Field(default=[])
    """Asked not to be contacted on this channel; repeat for more."""
    updated_after: InstantIn | None = None
    """Only customers changed after this instant."""
    include: Annotated[list[Include], Field(max_length=1)] = Field(default=[])
    """``total``: also count every customer that matches."""
