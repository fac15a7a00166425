"""The resources under ``/v1``."""

from functools import cache

from fastapi import APIRouter, FastAPI

from app.api.activity import dispositions, exchange_rates, interactions, transactions
from app.api.compensations import budgets as compensation_budgets
from app.api.compensations import compensations
from app.api.compensations import kinds as compensation_kinds
from app.api.compensations import limits as authority_limits
from app.api.compensations import requests as compensation_requests
from app.api.customers import contract_terms, customers
from app.api.events import events, webhook_endpoints
from app.api.follow_ups import follow_ups
from app.api.follow_ups import rules as follow_up_rules
from app.api.imports import imports, mappings
from app.api.insights import (
    compensations as compensations_report,
)
from app.api.insights import (
    competitor_measurements,
    customer_churn,
    customer_lifetime_value,
    customer_profit,
    overview,
    recovery,
    reports,
    timeline,
    unit_costs,
)
from app.api.insights import (
    promises as promises_report,
)
from app.api.insights import (
    standards as standards_report,
)
from app.api.people import agents, roles, units
from app.api.platform import jobs
from app.api.promises import promises
from app.api.recovery import categories, complaints, incidents, owners, recovery_steps
from app.api.scoring import backtests, replays, runs
from app.api.standards import calendars, due, escalation_rules, standards
from app.api.surveys import invitations, responses, surveys

RESOURCES = (
    overview,
    customers,
    contract_terms,
    timeline,
    transactions,
    interactions,
    dispositions,
    complaints,
    recovery_steps,
    owners,
    categories,
    promises,
    due,
    standards,
    calendars,
    escalation_rules,
    follow_up_rules,
    follow_ups,
    incidents,
    compensations,
    compensation_requests,
    compensation_kinds,
    authority_limits,
    compensation_budgets,
    surveys,
    invitations,
    responses,
    competitor_measurements,
    units,
    agents,
    roles,
    imports,
    mappings,
    exchange_rates,
    unit_costs,
    runs,
    reports,
    recovery,
    standards_report,
    promises_report,
    compensations_report,
    customer_churn,
    customer_lifetime_value,
    customer_profit,
    backtests,
    replays,
    events,
    webhook_endpoints,
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
