"""``/v1/exchange-rates``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IdempotencyKey, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, deleted, paged, read, responses
from app.schemas.activity.exchange_rates import (
    ExchangeRateBatch,
    ExchangeRateBatchResult,
    ExchangeRatePage,
    ExchangeRatePut,
    ExchangeRateQuery,
    ExchangeRateRead,
)
from app.schemas.common.base import DateIn
from app.services.activity import exchange_rates

router = APIRouter(prefix="/exchange-rates", tags=["Rates"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.RATES_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.RATES_WRITE, extent=Extent.COMPANY_SETTINGS)]
Currency = Annotated[
    str, Path(description="ISO 4217 code.", max_length=3, pattern=r"^[A-Z]{3}$", examples=["USD"])
]
Unused = Annotated[
    str, Path(description="ISO 4217 code.", max_length=3, pattern=r"^[A-Z]{3}$", examples=["EUR"])
]
On = Annotated[DateIn, Path(description="The company's local day.", examples=["2026-11-23"])]
ONE = replies.one(ExchangeRateRead)
PUT = replies.upserted(ExchangeRateRead, "/v1/exchange-rates/{currency}/{on}")
MANY = replies.unversioned(ExchangeRateBatchResult)


@router.get("", response_model=ExchangeRatePage, summary="List exchange rates", responses=paged())
async def list_exchange_rates(call: Reads, query: Annotated[ExchangeRateQuery, Query()]) -> Response:
    """Find rates by currency, day or time of change."""
    return await call.page(ExchangeRatePage, exchange_rates.page, query)


@router.post(
    "/batch",
    response_model=ExchangeRateBatchResult,
    summary="Set many exchange rates",
    responses=responses(409, description="The rates as they are now", replayed=True),
)
async def put_exchange_rates(
    call: Writes, body: ExchangeRateBatch, idempotency_key: IdempotencyKey = None
) -> Response:
    """Set up to 1,000 rates, all or none; a day that has a rate gets the new one."""
    return await call.write(MANY, exchange_rates.put_many, body.items)


@router.get(
    "/{currency}/{on}",
    response_model=ExchangeRateRead,
    summary="Get an exchange rate",
    responses=read(),
)
async def get_exchange_rate(
    call: Reads, currency: Currency, on: On, if_none_match: IfNoneMatch = None
) -> Response:
    """Read the rate of one currency on one local day."""
    return await call.get(ONE, exchange_rates.get, currency, on)


@router.put(
    "/{currency}/{on}",
    response_model=ExchangeRateRead,
    summary="Set an exchange rate",
    responses=changed(upsert=True),
)
async def put_exchange_rate(
    call: Writes,
    currency: Currency,
    on: On,
    body: ExchangeRatePut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Set how many units of the reporting currency one unit of the currency is worth on a local day.

    Scoring converts each transaction at the rate of its own day; without one it is left out and counted.
    """
    return await call.write(PUT, exchange_rates.put, currency, on, body, if_match, if_none_match)


@router.delete(
    "/{currency}/{on}",
    status_code=204,
    summary="Remove an exchange rate",
    responses=deleted(),
)
async def delete_exchange_rate(call: Writes, currency: Unused, on: On, if_match: IfMatch = None) -> Response:
    """Remove the rate of one currency on one local day."""
    return await call.write(replies.no_content, exchange_rates.remove, currency, on, if_match)
