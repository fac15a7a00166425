"""``/v1/authority-limits``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.api.compensations.kinds import Reads, Writes
from app.http import replies
from app.http.call import IfAbsent, IfMatch, IfNoneMatch, StrictRoute
from app.http.openapi.operations import changed, paged, read
from app.schemas.common.base import Label
from app.schemas.compensations.limits import (
    EXAMPLE_LIMIT,
    AuthorityLimitPage,
    AuthorityLimitPut,
    AuthorityLimitQuery,
    AuthorityLimitRead,
)
from app.services.compensations import limits

router = APIRouter(prefix="/authority-limits", tags=["Compensations"], route_class=StrictRoute)

LimitCode = Annotated[Label, Path(description="Code of the limit.", examples=[EXAMPLE_LIMIT])]
ONE = replies.one(AuthorityLimitRead)
PUT = replies.upserted(AuthorityLimitRead, "/v1/authority-limits/{code}")


@router.get("", response_model=AuthorityLimitPage, summary="List authority limits", responses=paged())
async def list_authority_limits(call: Reads, query: Annotated[AuthorityLimitQuery, Query()]) -> Response:
    """List how much roles may give without asking, by code: the current version of each limit."""
    return await call.page(AuthorityLimitPage, limits.page, query)


@router.get("/{code}", response_model=AuthorityLimitRead, summary="Get an authority limit", responses=read())
async def get_authority_limit(call: Reads, code: LimitCode, if_none_match: IfNoneMatch = None) -> Response:
    """Read the current version of one authority limit."""
    return await call.get(ONE, limits.get, code)


@router.put(
    "/{code}",
    response_model=AuthorityLimitRead,
    summary="Add or change an authority limit",
    responses=changed(upsert=True),
)
async def put_authority_limit(
    call: Writes,
    code: LimitCode,
    body: AuthorityLimitPut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Say how much agents of a role may give of a kind without asking, or change it from an instant on.

    Of the limits of a role and kind that of the customer's value tier counts, else the one for any tier.
    Each change is a new version; what was given names the version it was given by.
    """
    return await call.write(PUT, limits.put, code, body, if_match, if_none_match)
