"""``/v1/agents``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IdempotencyKey, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, created, paged, read
from app.schemas.people.agents import (
    EXAMPLE_CODE,
    EXAMPLE_LEAVING_CODE,
    AgentDeactivated,
    AgentDeactivation,
    AgentPage,
    AgentPut,
    AgentQuery,
    AgentRead,
    AgentSaved,
)
from app.schemas.people.codes import AgentCode
from app.services.people import agents
from app.services.recovery import releases

router = APIRouter(prefix="/agents", tags=["People"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.PEOPLE_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.PEOPLE_WRITE, extent=Extent.COMPANY_SETTINGS)]
Code = Annotated[AgentCode, Path(description="Code of the agent.", examples=[EXAMPLE_CODE])]
Leaving = Annotated[AgentCode, Path(description="Code of the agent.", examples=[EXAMPLE_LEAVING_CODE])]
ONE = replies.one(AgentRead)
PUT = replies.upserted(AgentSaved, "/v1/agents/{code}")
DEACTIVATED = replies.one(AgentDeactivated, status=201, location="/v1/agents/{code}")


@router.get("", response_model=AgentPage, summary="List agents", responses=paged())
async def list_agents(call: Reads, query: Annotated[AgentQuery, Query()]) -> Response:
    """Find registered agents by unit, role, language or activity; or codes that nobody registered. By code.

    `registered=false` lists codes that stand in interactions, survey invitations and responses, or own
    complaints, and are no agent's, no unit's and not the desk's: how often, where, and when last. It counts
    over the whole company, so a key that is limited to units may not ask for it.
    """
    service = agents.page_of_unregistered if query.registered is False else agents.page
    return await call.page(AgentPage, service, query)


@router.get("/{code}", response_model=AgentRead, summary="Get an agent", responses=read())
async def get_agent(call: Reads, code: Code, if_none_match: IfNoneMatch = None) -> Response:
    """Read one registered agent."""
    return await call.get(ONE, agents.get, code)


@router.put(
    "/{code}",
    response_model=AgentSaved,
    summary="Register or change an agent",
    responses=changed(upsert=True),
)
async def put_agent(
    call: Writes,
    code: Code,
    body: AgentPut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Register an agent, or change the one who has this code. None is ever deleted, because records name
    them: records that named the code before are the agent's from then on.

    When the agent becomes inactive, the complaints they own go to a queue in the same transaction, as with a
    deactivation.
    """
    return await call.write(PUT, releases.put_agent, code, body, if_match, if_none_match)


@router.post(
    "/{code}/deactivations",
    status_code=201,
    response_model=AgentDeactivated,
    summary="Deactivate an agent",
    responses=created(404, 412),
)
async def deactivate_agent(
    call: Writes,
    code: Leaving,
    body: AgentDeactivation = AgentDeactivation(),  # noqa: B008 - never changed
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Make an agent inactive. History stays theirs; every complaint of theirs that is not closed goes to the
    queue of their unit, else of the nearest active unit above it, else to the company's desk, each with an
    event. Units that they lead have no head then. Keys that are bound to them are refused.

    With one who is inactive already, it hands over what they still own.
    """
    return await call.write(DEACTIVATED, releases.deactivate_agent, code, body, if_match)
