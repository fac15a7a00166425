"""Many items in one request."""

import threading
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

from app.schemas.common.base import Input, Output, QueryFlag

ENOUGH_FAULTS = 100
"""Faults of a batch that are listed in full; of each later wrong item only the first one is."""


class _Seen(threading.local):
    """Faults found so far in the batch that this thread validates."""

    faults = 0


_seen = _Seen()


@dataclass(frozen=True, slots=True)
class WrongItem:
    """An item of a batch that does not fit its schema, kept so that the others can be judged.

    ``count`` says how many faults it has; ``errors`` are those that are listed.
    """

    errors: list[Any]
    count: int


def _from_none(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    _seen.faults = 0
    return handler(value)


def _keep_error(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(value)
    except ValidationError as error:
        listed = max(1, ENOUGH_FAULTS - _seen.faults)
        _seen.faults += error.error_count()
        errors = error.errors(include_url=False, include_input=False)
        return WrongItem(errors[:listed], error.error_count())


def _until_enough(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    if _seen.faults >= ENOUGH_FAULTS:
        raise PydanticCustomError("not_examined", "Not examined, because there are so many errors before it.")
    try:
        return handler(value)
    except ValidationError as error:
        _seen.faults += error.error_count()
        raise


KEPT = WrapValidator(_keep_error)
"""Put on a batch's item type: a wrong item becomes a `WrongItem` instead of failing the whole body."""

UNTIL_ENOUGH = WrapValidator(_until_enough)
"""Put on an item type of a list that is stored whole or not at all: after enough faults none is examined."""

COUNTED = WrapValidator(_from_none)
"""Put last on the list of such items: the faults are counted from there."""


class BatchQuery(Input):
    """How a batch treats items that are refused."""

    partial: QueryFlag = False
    """False: all items or none. True: every good item is stored, and the answer is 207 with a problem
    for each refused one."""


class BatchItem(Output):
    """What became of one item."""

    index: Annotated[int, Field(ge=0, le=999)]
    """Position of the item in the request, from 0."""
    status: Annotated[int, Field(ge=200, le=599)]
    """The status a single request with this item would have had."""
    problem: Annotated[dict[str, Any], Field(max_length=20)] | None
    """Problem details (RFC 9457) of a refused item."""
