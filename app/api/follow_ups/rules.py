"""``/v1/follow-up-rules``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, paged, read, responses
from app.schemas.common.base import Label
from app.schemas.follow_ups.rules import (
    FollowUpRulePage,
    FollowUpRulePut,
    FollowUpRuleQuery,
    FollowUpRuleRead,
    FollowUpTrialCreate,
    FollowUpTrialRead,
)
from app.services.follow_ups import rules, trials

router = APIRouter(prefix="/follow-up-rules", tags=["Follow-ups"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.SETTINGS_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.SETTINGS_WRITE, extent=Extent.COMPANY_SETTINGS)]
Tries = Annotated[Call, requires(Scope.SETTINGS_READ, Scope.COMPLAINTS_READ, extent=Extent.COMPANY_FIGURES)]
RuleCode = Annotated[Label, Path(description="Code of the rule.", examples=["low_answer"])]
ONE = replies.one(FollowUpRuleRead)
PUT = replies.upserted(FollowUpRuleRead, "/v1/follow-up-rules/{code}")


@router.get("", response_model=FollowUpRulePage, summary="List follow-up rules", responses=paged())
async def list_follow_up_rules(call: Reads, query: Annotated[FollowUpRuleQuery, Query()]) -> Response:
    """List the follow-up rules, active or not, by code."""
    return await call.page(FollowUpRulePage, rules.page, query)


@router.get("/{code}", response_model=FollowUpRuleRead, summary="Get a follow-up rule", responses=read())
async def get_follow_up_rule(call: Reads, code: RuleCode, if_none_match: IfNoneMatch = None) -> Response:
    """Read one follow-up rule."""
    return await call.get(ONE, rules.get, code)


@router.put(
    "/{code}",
    response_model=FollowUpRuleRead,
    summary="Add or change a follow-up rule",
    responses=changed(upsert=True),
)
async def put_follow_up_rule(
    call: Writes,
    code: RuleCode,
    body: FollowUpRulePut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Add a follow-up rule, or replace the one that has this code. An active one acts on what happens from
    now on, within seconds, once for each cause; imports and complaints that rules opened are no causes.

    None is ever deleted, because complaints name it: make it inactive. Try it on the past before.
    """
    return await call.write(PUT, rules.put, code, body, if_match, if_none_match)


@router.post(
    "/{code}/trials",
    response_model=FollowUpTrialRead,
    summary="Try a follow-up rule on the past",
    responses=responses(404, description="What it would have done"),
)
async def try_follow_up_rule(call: Tries, code: RuleCode, body: FollowUpTrialCreate) -> Response:
    """Count on what a rule would have acted, with the first few causes. It changes nothing and may be
    repeated."""
    return await call.get(replies.unversioned(FollowUpTrialRead), trials.run, code, body)
