"""``/v1/roles``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, paged, read
from app.schemas.people.codes import RoleCode
from app.schemas.people.roles import EXAMPLE_CODE, RolePage, RolePut, RoleQuery, RoleRead
from app.services.people import roles

router = APIRouter(prefix="/roles", tags=["People"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.PEOPLE_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.PEOPLE_WRITE, extent=Extent.COMPANY_SETTINGS)]
Code = Annotated[RoleCode, Path(description="Code of the role.", examples=[EXAMPLE_CODE])]
ONE = replies.one(RoleRead)
PUT = replies.upserted(RoleRead, "/v1/roles/{code}")


@router.get("", response_model=RolePage, summary="List roles", responses=paged())
async def list_roles(call: Reads, query: Annotated[RoleQuery, Query()]) -> Response:
    """List what agents of each kind may do at most, and to whom they report; by code."""
    return await call.page(RolePage, roles.page, query)


@router.get("/{code}", response_model=RoleRead, summary="Get a role", responses=read())
async def get_role(call: Reads, code: Code, if_none_match: IfNoneMatch = None) -> Response:
    """Read one role by its code."""
    return await call.get(ONE, roles.get, code)


@router.put(
    "/{code}", response_model=RoleRead, summary="Register or change a role", responses=changed(upsert=True)
)
async def put_role(
    call: Writes,
    code: Code,
    body: RolePut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Register a role, or change the one that has this code. A key that is bound to an agent has at most the
    scopes of the agent's role, from the next request on. None is ever deleted."""
    return await call.write(PUT, roles.put, code, body, if_match, if_none_match)
