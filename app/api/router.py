"""The resources under ``/v1``."""

from functools import cache

from fastapi import APIRouter, FastAPI

from app.api import (
    backtests,
    competitor_measurements,
    complaints,
    contract_terms,
    customer_churn,
    customer_lifetime_value,
    customer_profit,
    customers,
    dispositions,
    exchange_rates,
    import_mappings,
    imports,
    insights,
    interactions,
    jobs,
    overview,
    replays,
    scoring_runs,
    survey_invitations,
    survey_responses,
    surveys,
    timeline,
    transactions,
    unit_costs,
)

RESOURCES = (
    overview,
    customers,
    contract_terms,
    timeline,
    transactions,
    interactions,
    dispositions,
    complaints,
    surveys,
    survey_invitations,
    survey_responses,
    competitor_measurements,
    imports,
    import_mappings,
    exchange_rates,
    unit_costs,
    scoring_runs,
    insights,
    customer_churn,
    customer_lifetime_value,
    customer_profit,
    backtests,
    replays,
    jobs,
)


def install(app: FastAPI) -> None:
    """Put every resource under ``/v1``, each by itself: a router in a router is searched twice."""
    app.router.routes.extend(_included().routes)


@cache
def _included() -> APIRouter:
    """The routes, which FastAPI prepares when they are first used: once for all apps of a process."""
    router = APIRouter()
    for resource in RESOURCES:
        router.include_router(resource.router, prefix="/v1")
    return router
