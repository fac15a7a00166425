"""The resources under ``/v1``."""

from fastapi import FastAPI

from app.api import (
    customers,
    exchange_rates,
    import_mappings,
    imports,
    insights,
    jobs,
    scoring_runs,
    transactions,
)

RESOURCES = (
    customers,
    transactions,
    imports,
    import_mappings,
    exchange_rates,
    scoring_runs,
    insights,
    jobs,
)


def install(app: FastAPI) -> None:
    """Put every resource under ``/v1``, each by itself: a router in a router is searched twice."""
    for resource in RESOURCES:
        app.include_router(resource.router, prefix="/v1")
