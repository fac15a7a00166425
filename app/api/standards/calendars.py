"""``/v1/calendars``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, paged, read
from app.schemas.common.base import ChangesQuery, Label
from app.schemas.standards.calendars import (
    CalendarDays,
    CalendarDaysQuery,
    CalendarPage,
    CalendarPut,
    CalendarRead,
)
from app.services.standards import calendars

router = APIRouter(prefix="/calendars", tags=["Standards"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.SETTINGS_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.SETTINGS_WRITE, extent=Extent.COMPANY_SETTINGS)]
CalendarCode = Annotated[Label, Path(description="Code of the calendar.", examples=["office"])]
ONE = replies.one(CalendarRead)
PUT = replies.upserted(CalendarRead, "/v1/calendars/{code}")


@router.get("", response_model=CalendarPage, summary="List calendars", responses=paged())
async def list_calendars(call: Reads, query: Annotated[ChangesQuery, Query()]) -> Response:
    """List the working calendars, active or not, by code."""
    return await call.page(CalendarPage, calendars.page, query)


@router.get("/{code}", response_model=CalendarRead, summary="Get a calendar", responses=read())
async def get_calendar(call: Reads, code: CalendarCode, if_none_match: IfNoneMatch = None) -> Response:
    """Read one working calendar."""
    return await call.get(ONE, calendars.get, code)


@router.get(
    "/{code}/days",
    response_model=CalendarDays,
    summary="List the days of a calendar",
    responses=read(etag=False),
)
async def list_calendar_days(
    call: Reads, code: CalendarCode, query: Annotated[CalendarDaysQuery, Query()]
) -> Response:
    """Read the working time of each day of a year, and which public holidays it meets.

    Feasts of years to come are calculated and can be announced a day earlier or later: override such a day
    in `exceptions`.
    """
    return await call.get(replies.unversioned(CalendarDays), calendars.days, code, query)


@router.put(
    "/{code}", response_model=CalendarRead, summary="Add or change a calendar", responses=changed(upsert=True)
)
async def put_calendar(
    call: Writes,
    code: CalendarCode,
    body: CalendarPut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Add a working calendar, or replace the one that has this code.

    Each change is a new version: clocks that run keep the one they started under. None is ever deleted: make
    it inactive, and no standard can be set by it any more.
    """
    return await call.write(PUT, calendars.put, code, body, if_match, if_none_match)
