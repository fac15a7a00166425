"""What wire schemas share: inputs refuse unknown members, outputs have no defaults, all is bounded."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from annotated_types import GroupedMetadata
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError, SchemaSerializer

from app.domain.common.days import AHEAD, EARLIEST, clock_text, is_future

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Input(BaseModel):
    """A request body or query: a misspelt member is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Output(BaseModel):
    """An answer: every member is always there."""

    model_config = ConfigDict(use_attribute_docstrings=True)


M = TypeVar("M", bound=BaseModel)


@lru_cache(maxsize=256)
def serializer(model: type[BaseModel]) -> SchemaSerializer:
    """A serializer that turns plain dicts into the JSON of ``model`` without making or validating one.

    Members the model does not declare are dropped. The contract tests prove that what services return
    fits the model.
    """
    return SchemaSerializer(_as_dicts(model.__pydantic_core_schema__))


def _as_dicts(schema: Any) -> Any:
    """The core schema with every model replaced by a typed dict of the same fields."""
    if isinstance(schema, list):
        return [_as_dicts(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "model":
        inner = _as_dicts(schema["schema"])
        return {**inner, "ref": schema["ref"]} if "ref" in schema else inner
    if schema.get("type") == "model-fields":
        fields = {
            name: {"type": "typed-dict-field", "schema": _as_dicts(field["schema"])}
            for name, field in schema["fields"].items()
        }
        return {"type": "typed-dict", "fields": fields}
    return {
        key: value if key in ("metadata", "serialization") else _as_dicts(value)
        for key, value in schema.items()
    }


def shaper(model: type[BaseModel]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return a function that picks the members of ``model`` out of a row, in the model's order."""
    members = tuple(model.model_fields)
    return lambda row: {member: row[member] for member in members}


def _instant_text(value: Any) -> Any:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise PydanticCustomError(
            "instant_format",
            "Expected an RFC 3339 date and time with an offset, such as 2026-11-30T09:00:00Z.",
        )
    return value


def _instant_bounds(value: datetime) -> datetime:
    if not EARLIEST <= value <= datetime.now(UTC) + AHEAD:
        raise PydanticCustomError("instant_range", "between 1900 and 50 years from now")
    return value.astimezone(UTC)


def _date_text(value: Any) -> Any:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise PydanticCustomError("date_format", "a date YYYY-MM-DD is expected")
    return value


def _date_bounds(value: date) -> date:
    if not EARLIEST.date() <= value <= (datetime.now(UTC) + AHEAD).date():
        raise PydanticCustomError("date_range", "between 1900 and 50 years from now")
    return value


InstantIn = Annotated[
    datetime,
    BeforeValidator(_instant_text),
    AfterValidator(_instant_bounds),
    Field(examples=["2026-11-23T09:30:00Z"]),
]
"""An instant that comes in: RFC 3339 with an offset, from 1900 to 50 years ahead; kept in UTC."""


def _happened(value: datetime) -> datetime:
    now = datetime.now(UTC)
    if is_future(value, now):
        message = "Expected an instant that is not in the future; our clock reads {now}."
        raise PydanticCustomError("in_future", message, {"now": clock_text(now)})
    return value


HappenedIn = Annotated[InstantIn, AfterValidator(_happened)]
"""An instant at which something happened that is told of: at most five minutes ahead of our clock."""

DayIn = Annotated[date, BeforeValidator(_date_text), AfterValidator(_date_bounds)]
"""A local calendar day that comes in, where no day is a good example."""

DateIn = Annotated[DayIn, Field(examples=["2026-11-23"])]
"""A local calendar day that comes in."""

Flag = Annotated[bool, Field(strict=True)]
"""A boolean in a body: ``true`` or ``false``, not 1 or "yes"."""


def _digits(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,19}", value):
        raise PydanticCustomError("int_parsing", "Expected a whole number.")
    return value


def _true_or_false(value: Any) -> Any:
    if isinstance(value, str) and value not in ("true", "false"):
        raise PydanticCustomError("bool_parsing", "Expected true or false.")
    return value


PLAIN_DIGITS = BeforeValidator(_digits)
"""Put last on a whole number in a query: digits only, not ``+1``, ``1_0`` or ``1.0`` as Python has it."""

QueryFlag = Annotated[bool, BeforeValidator(_true_or_false)]
"""A boolean in a query: ``true`` or ``false``, not 1 or "yes"."""

NO_CONTROL = r"^[^\x00-\x1f\x7f-\x9f]*$"
VISIBLE = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"


class _Line(GroupedMetadata):
    def __init__(self, max_length: int) -> None:
        self._most = max_length

    def __iter__(self) -> Iterator[object]:
        yield from StringConstraints(min_length=1, max_length=self._most, pattern=VISIBLE)
        yield AfterValidator(str.strip)  # last: a tab or line end around the text is refused, not lost


def line(max_length: int) -> GroupedMetadata:
    """One line of text of at most ``max_length`` characters, not blank, without control characters; blanks
    around it are trimmed. Goes into ``Annotated[str, line(200)]``."""
    return _Line(max_length)


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


STRIPPED = BeforeValidator(_stripped)
"""Put last on a text that is copied from elsewhere, a number or an address: white space of every kind around
it is left out before anything looks at it."""


def line_out(max_length: int) -> StringConstraints:
    """Text in an answer: at most ``max_length`` characters, none of them control characters."""
    return StringConstraints(max_length=max_length, pattern=NO_CONTROL)


_IN_LINES = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters but tab, line feed and return
VISIBLE_LINES = rf"^[^{_IN_LINES}]*[^\s{_IN_LINES}][^{_IN_LINES}]*$"


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


class _Paragraph(GroupedMetadata):
    def __init__(self, max_length: int) -> None:
        self._most = max_length

    def __iter__(self) -> Iterator[object]:
        yield from StringConstraints(min_length=1, max_length=self._most, pattern=VISIBLE_LINES)
        yield AfterValidator(_one_line_end)


def paragraph(max_length: int) -> GroupedMetadata:
    """Text of one or more lines, at most ``max_length`` characters, not blank, without control characters
    but tabs and line ends. Every line end becomes ``\\n``; blanks and line ends around the text are trimmed.
    Goes into ``Annotated[str, paragraph(4000)]``."""
    return _Paragraph(max_length)


def paragraph_out(max_length: int) -> StringConstraints:
    """Text of one or more lines in an answer: at most ``max_length`` characters, no control characters but
    tabs and line feeds."""
    return StringConstraints(max_length=max_length, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$")


UNSET: Any = None
"""Default of members of a merge patch that may be left out but not null: what counts is which were sent."""

Code = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""A short identifier for programs: ASCII letters, digits and ``_ . -``."""

Label = Annotated[str, line(64)]
"""A short name people choose, in any script: ``İzmir``, ``NO ANSWER``, ``A/B``."""

WITHOUT_COLON = r"^[^:\x00-\x1f\x7f-\x9f]*[^:\s\x00-\x1f\x7f-\x9f][^:\x00-\x1f\x7f-\x9f]*$"

SystemName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=WITHOUT_COLON),
    AfterValidator(str.strip),
]
"""The name of a system that has keys of its own; ``system:key`` is written with it, so no colon is in it."""

ExternalKey = Annotated[str, line(200), Field(examples=["C-000001"])]
Language = Annotated[str, StringConstraints(max_length=2, pattern=r"^[a-z]{2}$"), Field(examples=["tr"])]
Currency = Annotated[str, StringConstraints(max_length=3, pattern=r"^[A-Z]{3}$"), Field(examples=["TRY"])]


def _amount_text(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise PydanticCustomError(
            "amount_number", 'Expected the amount as text, such as "1234.50": numbers of JSON lose digits.'
        )
    return value


class Money(Input):
    """An amount of money: the decimal as text, because JSON numbers lose digits."""

    amount: Annotated[
        str,
        StringConstraints(max_length=24, pattern=r"^-?[0-9]{1,18}(\.[0-9]{1,4})?$"),
        Field(examples=["1234.50"]),
        BeforeValidator(_amount_text),
    ]
    """Decimal number with at most the currency's decimals."""
    currency: Currency
    """ISO 4217 code."""


class PageOf(Output):
    """One page of a list."""

    next_cursor: Annotated[str, StringConstraints(max_length=1024, pattern=r"^[A-Za-z0-9_-]+$")] | None
    """Send as ``cursor`` to get the next page; null on the last page."""
    has_more: bool
    """Whether there is a next page."""


Limit = Annotated[int, Field(ge=1, le=200, description="Rows on a page."), PLAIN_DIGITS]
Cursor = Annotated[
    str,
    StringConstraints(max_length=1024, pattern=r"^[A-Za-z0-9_-]+$"),
    Field(description="`next_cursor` of the page before; belongs to this list, its filters and its order."),
]
QUALIFIED = r"^[^:\s\x00-\x1f\x7f-\x9f][^:\x00-\x1f\x7f-\x9f]{0,63}:[^\x00-\x1f\x7f-\x9f]+$"

QualifiedKey = Annotated[str, StringConstraints(max_length=270, pattern=QUALIFIED)]
"""A key and where it counts: ``source:key`` or ``system:key``."""
Version = Annotated[int, Field(ge=1, le=2**31 - 1, description="Grows by one with every change; the ETag.")]
Count = Annotated[int, Field(ge=0, le=2**53)]


class Paging(Input):
    """Query members of every list."""

    limit: Limit = 50
    cursor: Cursor | None = None


class ChangesQuery(Paging):
    """Query members of lists that are found by their last change alone."""

    updated_after: InstantIn | None = None
    """Only what was changed after this instant."""
