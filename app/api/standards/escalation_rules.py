"""``/v1/escalation-rules``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, paged, read
from app.schemas.common.base import ChangesQuery, Label
from app.schemas.standards.escalation_rules import (
    EscalationRulePage,
    EscalationRulePut,
    EscalationRuleRead,
)
from app.services.standards import escalation_rules

router = APIRouter(prefix="/escalation-rules", tags=["Standards"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.SETTINGS_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.SETTINGS_WRITE, extent=Extent.COMPANY_SETTINGS)]
RuleCode = Annotated[Label, Path(description="Code of the rule.", examples=["usual"])]
ONE = replies.one(EscalationRuleRead)
PUT = replies.upserted(EscalationRuleRead, "/v1/escalation-rules/{code}")


@router.get("", response_model=EscalationRulePage, summary="List escalation rules", responses=paged())
async def list_escalation_rules(call: Reads, query: Annotated[ChangesQuery, Query()]) -> Response:
    """List the escalation rules, active or not, by code."""
    return await call.page(EscalationRulePage, escalation_rules.page, query)


@router.get("/{code}", response_model=EscalationRuleRead, summary="Get an escalation rule", responses=read())
async def get_escalation_rule(call: Reads, code: RuleCode, if_none_match: IfNoneMatch = None) -> Response:
    """Read one escalation rule."""
    return await call.get(ONE, escalation_rules.get, code)


@router.put(
    "/{code}",
    response_model=EscalationRuleRead,
    summary="Add or change an escalation rule",
    responses=changed(upsert=True),
)
async def put_escalation_rule(
    call: Writes,
    code: RuleCode,
    body: EscalationRulePut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Add an escalation rule, or replace the one that has this code.

    Each change is a new version: clocks that run keep the one they started under. None is ever deleted: make
    it inactive, and no standard can be set by it any more.
    """
    return await call.write(PUT, escalation_rules.put, code, body, if_match, if_none_match)
