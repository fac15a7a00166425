"""Exchange rates on the wire."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.schemas.common.base import ChangesQuery, Currency, DateIn, Input, Output, PageOf
from app.schemas.common.batches import COUNTED, UNTIL_ENOUGH

SMALLEST, GREATEST = Decimal("1E-9"), Decimal("1E9")


def _canonical(text: str) -> str:
    """The rate without superfluous zeros: ``"041.500"`` is ``"41.5"``."""
    rate = Decimal(text)
    if not SMALLEST <= rate <= GREATEST:
        raise PydanticCustomError("rate_range", "Expected a rate from 0.000000001 to 1000000000.")
    plain = f"{rate:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


RateIn = Annotated[
    str,
    StringConstraints(max_length=23, pattern=r"^[0-9]{1,10}(\.[0-9]{1,12})?$"),
    AfterValidator(_canonical),
    Field(examples=["41.2345"]),
]
"""A decimal as text, from 1e-9 to 1e9 with at most 12 decimals; kept without superfluous zeros."""


_EXAMPLE: dict[str, Any] = {"currency": "USD", "on": "2026-11-23", "rate": "41.2345"}


class ExchangeRatePut(Input):
    """The rate of one currency on one day."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rate": "41.2345"}]})

    rate: RateIn
    """Units of the reporting currency for one unit of the currency."""


class ExchangeRateItem(ExchangeRatePut):
    """One rate of a batch."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    currency: Currency = Field(examples=["USD"])
    """ISO 4217 code; not the reporting currency."""
    on: DateIn
    """The company's local day the rate is for."""


class ExchangeRateRead(Output):
    """Units of the reporting currency for one unit of ``currency`` on one local day."""

    currency: Currency
    on: date
    rate: Annotated[str, Field(max_length=23, pattern=r"^[0-9]{1,10}(\.[0-9]{1,12})?$")]
    updated_at: datetime


class ExchangeRatePage(PageOf):
    """A page of exchange rates."""

    data: Annotated[list[ExchangeRateRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class ExchangeRateSort(StrEnum):
    """Order of the list; by currency is also by day."""

    CURRENCY = "currency"
    UPDATED_AT = "updated_at"


class ExchangeRateQuery(ChangesQuery):
    """Filters add up: a rate must match all of them."""

    sort: ExchangeRateSort = ExchangeRateSort.CURRENCY
    """By currency and day, or in the order of their last change."""
    currency: Currency | None = Field(default=None, examples=["USD"])
    """Of this currency."""
    on_from: DateIn | None = None
    """Only rates of this day or later."""
    on_before: DateIn | None = Field(default=None, examples=["2026-11-24"])
    """Only rates of days before this one."""


class ExchangeRateBatch(Input):
    """Rates to set together, all or none; each currency and day once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE]}]})

    items: Annotated[
        list[Annotated[ExchangeRateItem, UNTIL_ENOUGH]], Field(min_length=1, max_length=1000), COUNTED
    ]


class ExchangeRateBatchResult(Output):
    """The rates as they are now, in the order of the request."""

    data: Annotated[list[ExchangeRateRead], Field(max_length=1000)]
