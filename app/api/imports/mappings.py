"""``/v1/import-mappings``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, deleted, paged, read
from app.schemas.common.base import ChangesQuery, Code
from app.schemas.imports.mappings import ImportMappingIn, ImportMappingPage, ImportMappingRead
from app.services.imports import mappings

router = APIRouter(prefix="/import-mappings", tags=["Imports"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.IMPORTS_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.IMPORTS_WRITE, extent=Extent.COMPANY_SETTINGS)]
Name = Annotated[Code, Path(description="Name of the mapping.", examples=["shop-export"])]
Unused = Annotated[Code, Path(description="Name of the mapping.", examples=["old-shop-export"])]
ONE = replies.one(ImportMappingRead)
SAVED = replies.upserted(ImportMappingRead, "/v1/import-mappings/{name}")


@router.get("", response_model=ImportMappingPage, summary="List import mappings", responses=paged())
async def list_import_mappings(call: Reads, query: Annotated[ChangesQuery, Query()]) -> Response:
    """List saved mappings by name."""
    return await call.page(ImportMappingPage, mappings.page, query)


@router.get("/{name}", response_model=ImportMappingRead, summary="Get an import mapping", responses=read())
async def get_import_mapping(call: Reads, name: Name, if_none_match: IfNoneMatch = None) -> Response:
    """Read a saved mapping."""
    return await call.get(ONE, mappings.get, name)


@router.put(
    "/{name}",
    response_model=ImportMappingRead,
    summary="Save an import mapping",
    responses=changed(upsert=True),
)
async def put_import_mapping(
    call: Writes,
    name: Name,
    body: ImportMappingIn,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Save how the files of a system are read, over the mapping that has this name."""
    members = body.model_dump(mode="json", exclude_none=True)
    return await call.write(SAVED, mappings.put, name, members, if_match, if_none_match)


@router.delete("/{name}", status_code=204, summary="Delete an import mapping", responses=deleted())
async def delete_import_mapping(call: Writes, name: Unused, if_match: IfMatch = None) -> Response:
    """Delete a saved mapping. Imports that used it keep their copy."""
    return await call.write(replies.no_content, mappings.remove, name, if_match)
