"""A small app with one route of every shape, for the tests of the contract layer."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.http import middleware, problems
from app.http.openapi.operations import (
    accepted,
    changed,
    created,
    deleted,
    install_openapi,
    needs,
    paged,
    read,
)
from app.settings import Settings

EXAMPLE = {"id": "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10", "name": "Ayşe"}
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$", examples=["Ayşe"])]
ThingId = Annotated[UUID, Path(description="Id of the thing.", examples=[EXAMPLE["id"]])]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="ETag.", max_length=80, pattern=r"^[\x20-\x7e]*$", examples=['"1"']),
]
IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", description="ETag.", max_length=80, pattern=r"^[\x20-\x7e]*$"),
]


class ThingCreate(BaseModel):
    """A thing to make."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Ayşe"}]})
    name: Name
    count: Annotated[int, Field(ge=0, le=1000)] = 0


class ThingUpdate(BaseModel):
    """What to change."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Ayşe"}]})
    name: Name | None = None


class Thing(BaseModel):
    """A thing."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    id: UUID
    name: Name


class ThingPage(BaseModel):
    """One page of things."""

    data: Annotated[list[Thing], Field(max_length=200)]
    next_cursor: Annotated[str, Field(max_length=512, pattern=r"^[A-Za-z0-9_-]+$")] | None
    has_more: bool


class Job(BaseModel):
    """Work that goes on."""

    id: UUID


class ThingQuery(BaseModel):
    """Which things."""

    model_config = ConfigDict(extra="forbid")
    limit: Annotated[int, Field(ge=1, le=200, description="Page size.")] = 50


router = APIRouter(prefix="/customers", tags=["Customers"])


@router.get("", response_model=ThingPage, summary="List", responses=paged(), **needs("customers:read"))
async def list_things(query: Annotated[ThingQuery, Query()]) -> Any:
    """All of them."""
    return {"data": [EXAMPLE][: query.limit], "next_cursor": None, "has_more": False}


@router.post(
    "", status_code=201, response_model=Thing, summary="Make", responses=created(), **needs("customers:write")
)
async def create_thing(body: ThingCreate) -> Any:
    """Make one."""
    return {"id": EXAMPLE["id"], "name": body.name}


@router.get("/{thing_id}", response_model=Thing, summary="Get", responses=read(), **needs("customers:read"))
async def get_thing(thing_id: ThingId, if_none_match: IfNoneMatch = None) -> Any:
    """Read one."""
    return {"id": thing_id, "name": "Ayşe"}


@router.patch(
    "/{thing_id}", response_model=Thing, summary="Change", responses=changed(428), **needs("customers:write")
)
async def update_thing(thing_id: ThingId, body: ThingUpdate, if_match: IfMatch = None) -> Any:
    """Change one."""
    return {"id": thing_id, "name": body.name}


@router.delete(
    "/{thing_id}", status_code=204, summary="Delete", responses=deleted(), **needs("customers:write")
)
async def delete_thing(thing_id: ThingId, if_match: IfMatch = None) -> Response:
    """Delete one."""
    return Response(status_code=204)


@router.post(
    "/{thing_id}/exports",
    status_code=202,
    response_model=Job,
    summary="Export",
    responses=accepted(404),
    **needs("customers:read", "jobs:read"),
)
async def export_thing(thing_id: ThingId) -> Any:
    """Start an export."""
    return {"id": thing_id}


def sample_app(*routers: APIRouter, **settings: Any) -> FastAPI:
    """Compose the sample with the contract layer around it, plus ``routers`` under /v1."""
    app = FastAPI(
        title="Sample",
        version="1.0.0",
        description="A sample.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    v1 = APIRouter(prefix="/v1")
    for one in (router, *routers):
        v1.include_router(one)
    app.include_router(v1)
    install_openapi(app)
    problems.install(app)
    middleware.install(app, Settings(**settings))
    return app
