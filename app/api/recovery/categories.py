"""``/v1/complaint-categories`` and ``/v1/complaint-causes``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, paged, read
from app.schemas.recovery.categories import (
    EXAMPLE_CATEGORY,
    EXAMPLE_CAUSE,
    CategoryCode,
    CategoryPage,
    CategoryPut,
    CategoryQuery,
    CategoryRead,
    CauseCode,
    CausePage,
    CausePut,
    CauseQuery,
    CauseRead,
)
from app.services.recovery import categories, causes

router = APIRouter(tags=["Complaints"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.SETTINGS_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.SETTINGS_WRITE, extent=Extent.COMPANY_SETTINGS)]
Category = Annotated[CategoryCode, Path(description="Code of the category.", examples=[EXAMPLE_CATEGORY])]
Cause = Annotated[CauseCode, Path(description="Code of the cause.", examples=[EXAMPLE_CAUSE])]
ONE_CATEGORY = replies.one(CategoryRead)
PUT_CATEGORY = replies.upserted(CategoryRead, "/v1/complaint-categories/{code}")
ONE_CAUSE = replies.one(CauseRead)
PUT_CAUSE = replies.upserted(CauseRead, "/v1/complaint-causes/{code}")


@router.get(
    "/complaint-categories", response_model=CategoryPage, summary="List categories", responses=paged()
)
async def list_complaint_categories(call: Reads, query: Annotated[CategoryQuery, Query()]) -> Response:
    """Registered categories of complaints by code; with `registered=false` those that complaints name and
    nobody registered, with how often and when they were seen last."""
    return await call.page(CategoryPage, categories.reader_of(query), query)


@router.get(
    "/complaint-categories/{code}", response_model=CategoryRead, summary="Get a category", responses=read()
)
async def get_complaint_category(call: Reads, code: Category, if_none_match: IfNoneMatch = None) -> Response:
    """Read one category of complaints."""
    return await call.get(ONE_CATEGORY, categories.get, code)


@router.put(
    "/complaint-categories/{code}",
    response_model=CategoryRead,
    summary="Register or change a category",
    responses=changed(upsert=True),
)
async def put_complaint_category(
    call: Writes,
    code: Category,
    body: CategoryPut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Register a category, or change the one that has this code. None is ever deleted, because complaints
    name it: make it inactive, and new ones cannot.

    New complaints that name it get its severity and its unit's queue where they name none. One that lacks a
    demanded step cannot be closed (`steps_missing`).
    """
    return await call.write(PUT_CATEGORY, categories.put, code, body, if_match, if_none_match)


@router.get("/complaint-causes", response_model=CausePage, summary="List causes", responses=paged())
async def list_complaint_causes(call: Reads, query: Annotated[CauseQuery, Query()]) -> Response:
    """Why things fail, as the company tells it apart: a tree, by code."""
    return await call.page(CausePage, causes.page, query)


@router.get("/complaint-causes/{code}", response_model=CauseRead, summary="Get a cause", responses=read())
async def get_complaint_cause(call: Reads, code: Cause, if_none_match: IfNoneMatch = None) -> Response:
    """Read one cause of failures."""
    return await call.get(ONE_CAUSE, causes.get, code)


@router.put(
    "/complaint-causes/{code}",
    response_model=CauseRead,
    summary="Register or change a cause",
    responses=changed(upsert=True),
)
async def put_complaint_cause(
    call: Writes, code: Cause, body: CausePut, if_match: IfMatch = None, if_none_match: IfAbsent = None
) -> Response:
    """Register a cause, or change the one that has this code. None is ever deleted, because complaints name
    it: make it inactive, and it is found no more."""
    return await call.write(PUT_CAUSE, causes.put, code, body, if_match, if_none_match)
