"""``/v1/dispositions``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, paged, read
from app.schemas.activity.dispositions import DispositionPage, DispositionPut, DispositionRead
from app.schemas.common.base import ChangesQuery, Label
from app.services.activity import dispositions

router = APIRouter(prefix="/dispositions", tags=["Interactions"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.INTERACTIONS_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.INTERACTIONS_WRITE, extent=Extent.COMPANY_SETTINGS)]
DispositionCode = Annotated[Label, Path(description="Code of the disposition.", examples=["invoice_sent"])]
ONE = replies.one(DispositionRead)
PUT = replies.upserted(DispositionRead, "/v1/dispositions/{code}")


@router.get("", response_model=DispositionPage, summary="List dispositions", responses=paged())
async def list_dispositions(call: Reads, query: Annotated[ChangesQuery, Query()]) -> Response:
    """List how an interaction can end: the built-in ways and the company's own, by code."""
    return await call.page(DispositionPage, dispositions.page, query)


@router.get("/{code}", response_model=DispositionRead, summary="Get a disposition", responses=read())
async def get_disposition(call: Reads, code: DispositionCode, if_none_match: IfNoneMatch = None) -> Response:
    """Read one way in which an interaction can end."""
    return await call.get(ONE, dispositions.get, code)


@router.put(
    "/{code}",
    response_model=DispositionRead,
    summary="Add or change a disposition",
    responses=changed(upsert=True),
)
async def put_disposition(
    call: Writes,
    code: DispositionCode,
    body: DispositionPut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Add a way in which an interaction can end, or change the one that has this code, built-in or not.

    None is ever deleted, because interactions name it: make it inactive, and new ones cannot.
    """
    return await call.write(PUT, dispositions.put, code, body, if_match, if_none_match)
