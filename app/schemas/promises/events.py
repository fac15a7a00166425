"""What can happen to a promise, on the wire: the steps that come in, the events that were kept."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.people.agents import OwnerKind
from app.domain.promises.promises import PromiseEventKind, Promiser, PromiseState
from app.schemas.common.base import (
    Flag,
    Input,
    InstantIn,
    Label,
    Output,
    PageOf,
    Version,
    line_out,
    paragraph_out,
)
from app.schemas.promises.promises import MAX_TEXT, DueTime, Note, Owner


class PromiseStep(Input):
    """A step in a promise's life; `{}` for one that happens now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    at: InstantIn | None = Field(default=None, examples=["2026-11-23T09:34:00Z"])
    """When it happened; now by default. Not before the promise was made, and not in the future."""
    note: Note | None = Field(default=None, examples=["The customer has it."])


class PromiseFulfilment(PromiseStep):
    """A promise was kept; `{}` for one that is kept now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "The customer has it."}]})


class PromiseCancellation(PromiseStep):
    """Who cancels a promise. By who made it, it is broken; by the other side before it is due, it does not
    count; after that it stays broken."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"by": "customer", "note": "She found the cup."}]}
    )

    by: Promiser = Field(examples=["customer"])


class PromiseMove(DueTime):
    """A new date for a promise, and whether the other side agreed to it: only one that was agreed by the old
    date takes its place, otherwise the old one goes on to count."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"due_in_seconds": 86_400, "customer_agreed": True}]}
    )

    customer_agreed: Flag = Field(examples=[True])
    """Whether the customer agreed to the new date; for a promise of the customer, whether the company did."""
    at: InstantIn | None = Field(default=None, examples=[None])
    """When that was; now by default. Not before the promise was made, and not in the future."""
    note: Note | None = Field(default=None, examples=[None])

    @model_validator(mode="after")
    def _a_new_date(self) -> Self:
        if self.due_at is None and self.due_in_seconds is None:
            raise PydanticCustomError("no_new_date", "Send the new date: due_at or due_in_seconds.")
        return self


class PromiseHandOver(PromiseStep):
    """Who sees to a promise from now on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"owner": "elvin.m", "unit": "baki", "note": "He is nearer."}]}
    )

    owner: Owner
    unit: Label | None = Field(default=None, examples=["baki"])
    """Branch or team that sees to it; as before if left out."""


class PromiseEventRead(Output):
    """One thing that happened to a promise; never edited."""

    number: Version = Field(description="The promise's version after it.")
    kind: PromiseEventKind
    state: PromiseState
    """The promise's state after it."""
    owner: Annotated[str, line_out(100)]
    """Who saw to it after it."""
    owner_kind: OwnerKind
    due_at: datetime
    """The date that counted after it."""
    old_due_at: datetime | None
    """Of a move: the date that counted before; null for all others."""
    new_due_at: datetime | None
    """Of a move: the new date, whether it counts or not."""
    customer_agreed: bool | None
    """Of a move: whether the other side agreed to it."""
    actor_id: Annotated[str, line_out(100)]
    """Who did it: id of an API key, or `system`."""
    agent: Annotated[str, line_out(100)] | None
    """The person for whom the key acted; null: nobody was named."""
    at: datetime
    """When it happened."""
    recorded_at: datetime
    """When Vefa heard of it."""
    note: Annotated[str, paragraph_out(MAX_TEXT)] | None


class PromiseEventPage(PageOf):
    """A page of a promise's events."""

    data: Annotated[list[PromiseEventRead], Field(max_length=200)]
