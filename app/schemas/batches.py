"""Many items in one request."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from app.schemas._base import Input, Output, QueryFlag


@dataclass(frozen=True, slots=True)
class WrongItem:
    """An item of a batch that does not fit its schema, kept so that the others can be judged."""

    errors: list[Any]


def _keep_error(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(value)
    except ValidationError as error:
        return WrongItem(error.errors(include_url=False, include_input=False))


KEPT = WrapValidator(_keep_error)
"""Put on a batch's item type: a wrong item becomes a `WrongItem` instead of failing the whole body."""


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
