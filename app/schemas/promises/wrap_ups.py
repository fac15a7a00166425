"""Contacts that come in together with what was promised in them."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from app.schemas.activity.interactions import InteractionCreate, InteractionUpdate
from app.schemas.promises.promises import GIVEN, MAX_TOGETHER, PromiseGiven

_GIVEN: dict[str, Any] = {**GIVEN, "calendar": None}

Promises = Annotated[list[PromiseGiven], Field(max_length=MAX_TOGETHER, examples=[[_GIVEN]])]


class InteractionAndPromises(InteractionCreate):
    """An interaction to record, and what was promised in it. Name its customer by ``customer_id`` or by
    ``customer``, or give the ``phone`` alone; none of these where the caller is unknown."""

    promises: Promises = Field(default=[])
    """Promises made in it, each to or by its customer; all are recorded with it, or nothing is. Needs the
    scope ``promises:write`` as well."""


class InteractionWrapUp(InteractionUpdate):
    """A merge patch (RFC 7396), for the wrap-up: absent members stay, null clears. An unknown caller gets
    a customer by ``customer_id`` or by the ``phone`` that one customer has; who has one keeps it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"disposition": "follow_up", "topic": "delivery", "wrap_seconds": 45, "notes": None}]
        }
    )

    promises: Promises = Field(default=[])
    """Promises made in it, recorded beside those it has; give them an ``external_id`` where the request may
    be sent again. Needs the scope ``promises:write`` as well."""
