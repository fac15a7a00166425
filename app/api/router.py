"""The resources under ``/v1``."""

from fastapi import FastAPI

from app.api import (
    complaints,
    customer_churn,
    customers,
    dispositions,
    exchange_rates,
    import_mappings,
    imports,
    insights,
    interactions,
    jobs,
    overview,
    scoring_runs,
    survey_invitations,
    survey_responses,
    surveys,
    timeline,
    transactions,
)

RESOURCES = (
    overview,
    customers,
    timeline,
    transactions,
    interactions,
    dispositions,
    complaints,
    surveys,
    survey_invitations,
    survey_responses,
    imports,
    import_mappings,
    exchange_rates,
    scoring_runs,
    insights,
    customer_churn,
    jobs,
)


def install(app: FastAPI) -> None:
    """Put every resource under ``/v1``, each by itself: a router in a router is searched twice."""
    for resource in RESOURCES:
        app.include_router(resource.router, prefix="/v1")
