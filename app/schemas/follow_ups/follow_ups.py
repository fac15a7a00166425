"""What follow-up rules did, on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.follow_ups.rules import CauseKind
from app.schemas.common.base import InstantIn, Label, Output, PageOf, Paging, Version, line_out

EXAMPLE_CAUSE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7fc0"
"""A low answer that a rule has followed."""


class FollowUpRead(Output):
    """That a rule has acted on a cause: once."""

    id: UUID
    rule: Label
    rule_version: Version
    cause_kind: CauseKind
    cause_id: UUID
    """Of the response, complaint, contact or promise; of a broken standard the complaint."""
    cause_detail: Annotated[str, line_out(100)] | None
    """Of a broken standard: its metric."""
    customer_id: UUID
    complaint_id: UUID | None
    """The complaint that it opened."""
    promise_id: UUID | None
    """The promise that it made. Where both are null, what the rule asks for was refused."""
    at: datetime


class FollowUpPage(PageOf):
    """A page of what rules did."""

    data: Annotated[list[FollowUpRead], Field(max_length=200)]
    complete_until: datetime
    """What was done up to here is all on the list."""


class FollowUpSort(StrEnum):
    """Orders of the list."""

    NEWEST = "-at"
    OLDEST = "at"


class FollowUpQuery(Paging):
    """Filters add up: what was done must match all of them."""

    sort: FollowUpSort = FollowUpSort.NEWEST
    """Newest or oldest first, by when it was done."""
    rule: Label | None = None
    """Code of the rule that acted."""
    cause_kind: CauseKind | None = None
    """What it acted on."""
    cause_id: UUID | None = None
    """The very response, complaint, contact or promise it acted on."""
    customer_id: UUID | None = None
    """The customer it was done for."""
    complaint_id: UUID | None = None
    """The complaint it opened."""
    promise_id: UUID | None = None
    """The promise it made."""
    at_from: InstantIn | None = None
    """Done at or after this instant."""
    at_before: InstantIn | None = None
    """Done before this instant."""
