"""``/v1/insights``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import read, responses
from app.schemas.common.base import Code
from app.schemas.insights.competitors import CompetitorsQuery, CompetitorsRead
from app.schemas.insights.demanding_customers import DemandingCustomersRead
from app.schemas.insights.failures import FailuresQuery, FailuresRead
from app.schemas.insights.lifetime_value import LifetimeValueRead
from app.schemas.insights.methods import MethodRead, MethodsRead
from app.schemas.insights.profit import ProfitRead
from app.schemas.insights.satisfaction import SatisfactionQuery, SatisfactionRead
from app.schemas.insights.share_of_wallet import WalletQuery, WalletRead
from app.schemas.insights.tier_stability import FirmnessQuery, TierFirmnessRead
from app.schemas.insights.value_tiers import InsightQuery, ValueTiersRead
from app.schemas.scoring.churn import ChurnRead
from app.services.insights import (
    churn_report,
    competitors_report,
    demanding_customers,
    failures_report,
    lifetime_value_report,
    methods,
    profit_report,
    satisfaction_report,
    share_of_wallet,
    tier_stability,
)
from app.services.scoring import value_tiers

router = APIRouter(prefix="/insights", tags=["Insights"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.INSIGHTS_READ, extent=Extent.COMPANY_FIGURES)]
ReadsMethods = Annotated[Call, requires(Scope.INSIGHTS_READ, extent=Extent.COMPANY_SETTINGS)]
MethodCode = Annotated[Code, Path(description="Code of the method.", examples=["csat"])]


@router.get(
    "/value-tiers", response_model=ValueTiersRead, summary="Report value tiers", responses=read(etag=False)
)
async def get_value_tiers(call: Reads, query: Annotated[InsightQuery, Query()]) -> Response:
    """How value is spread: tiers, measured top shares, Gini, Pareto and Lorenz curves, cuts and moves.

    Formula: a customer is A while customers of strictly greater value hold less than 80 % of the positive
    total, B below 95 %, else C; cuts are parameters of the run.
    """
    reply = replies.unversioned(ValueTiersRead)
    return await call.get(reply, value_tiers.report, query.run_id, query.as_of)


@router.get(
    "/tier-firmness",
    response_model=TierFirmnessRead,
    summary="Report how firm the tiers are",
    responses=read(etag=False),
)
async def get_tier_firmness(call: Reads, query: Annotated[FirmnessQuery, Query()]) -> Response:
    """Who would be in another tier under other cuts, how many of each tier are still in it, and the best 20 %
    by number.

    Formula: tiers assigned again under each pair of cuts; stayed share = customers in the tier in both runs /
    customers in it in the earlier, with Wilson's interval.
    """
    reply = replies.unversioned(TierFirmnessRead)
    asked = (query.run_id, query.as_of, query.against)
    return await call.get(reply, tier_stability.report, *asked)


@router.get(
    "/lifetime-value",
    response_model=LifetimeValueRead,
    summary="Report lifetime value",
    responses=read(etag=False),
)
async def get_lifetime_value(call: Reads, query: Annotated[InsightQuery, Query()]) -> Response:
    """What customers will still be worth: in all, with how far such totals were off in windows that have
    closed; by tier, the tiers again by the future, and the best. Sentences follow Accept-Language.

    Formula: expected purchase days (MBG/NBD) x expected net spend (Gamma-Gamma) x margin, discounted, x the
    level of earlier totals; under contract monthly spend x margin x the sum of
    (retention / (1 + discount)) ^ month.
    """
    reply = replies.localized(LifetimeValueRead, call.language)
    asked = (query.run_id, query.as_of, call.language)
    return await call.get(reply, lifetime_value_report.report, *asked)


@router.get("/profit", response_model=ProfitRead, summary="Report profit", responses=read(409, etag=False))
async def get_profit(call: Reads, query: Annotated[InsightQuery, Query()]) -> Response:
    """What customers leave after costs, what serving them costs, by channel and tier, and who costs more than
    they bring.

    Formula: profit = revenue - cost of goods - contacts x unit costs of their channel - returns x handling.
    The revenue is that of the run; costs and contacts are those that are known now, at the unit costs of now.
    Whoever depends on a cost that is not known has no profit.
    """
    return await call.get(replies.unversioned(ProfitRead), profit_report.report, query.run_id, query.as_of)


@router.get(
    "/share-of-wallet",
    response_model=WalletRead,
    summary="Report share of wallet",
    responses=read(409, etag=False),
)
async def get_share_of_wallet(call: Reads, query: Annotated[WalletQuery, Query()]) -> Response:
    """How much of what customers spend in the category they spend here, where an attribute says what they
    spend in all.

    Formula: value over the run's window / total; overall sum over sum. Totals are those that are known now;
    who is said to spend less in all than here is counted and left out.
    """
    return await call.get(replies.unversioned(WalletRead), share_of_wallet.report, query)


@router.get("/churn", response_model=ChurnRead, summary="Report churn", responses=read(etag=False))
async def get_churn(call: Reads, query: Annotated[InsightQuery, Query()]) -> Response:
    """Customers by level and tier, value at risk, the model with its fit and limits, and a backtest against
    recency on the last closed window.

    Formula: q = 1 - P(active within the horizon) by MBG/NBD, or by the state of the contract; at risk from
    0.8, watch from 0.5 (parameters of the run). Sentences follow Accept-Language.
    """
    reply = replies.localized(ChurnRead, call.language)
    return await call.get(reply, churn_report.report, query.run_id, query.as_of, call.language)


@router.get(
    "/satisfaction", response_model=SatisfactionRead, summary="Report satisfaction", responses=responses()
)
async def get_satisfaction(call: Reads, query: Annotated[SatisfactionQuery, Query()]) -> Response:
    """One index over the answers of a window: as a whole, in groups, and month by month, each with its
    number of answers, interval, exclusions, and whether it changed or is noise. Its name follows
    Accept-Language."""
    return await call.get(
        replies.localized(SatisfactionRead, call.language), satisfaction_report.report, query, call.language
    )


@router.get(
    "/demanding-customers",
    response_model=DemandingCustomersRead,
    summary="Report demanding customers",
    responses=read(etag=False),
)
async def get_demanding_customers(call: Reads, query: Annotated[InsightQuery, Query()]) -> Response:
    """Where demanding and satisfied customers stand: the four quadrants with their value, tiers and churn
    levels, and units, channels and competitors compared as if all customers expected the same.

    Formula: demanding from the median expectation of the year's answers on, satisfied from 70 points on;
    adjusted = s - beta x (e - mean e), as `/v1/insights/satisfaction?index=expectation` tells it.
    """
    return await call.get(
        replies.unversioned(DemandingCustomersRead), demanding_customers.report, query.run_id, query.as_of
    )


@router.get(
    "/competitors", response_model=CompetitorsRead, summary="Compare with competitors", responses=responses()
)
async def get_competitors(call: Reads, query: Annotated[CompetitorsQuery, Query()]) -> Response:
    """Our own figure over a window beside each competitor's latest measurement: the gap, its interval,
    whether it is more than chance makes, and the same corrected for how much the competitor's customers
    expect. The name follows Accept-Language.

    Formula: gap = own - theirs, standard error sqrt(own^2 + theirs^2), real beyond 1.96 of them; corrected:
    theirs - beta x (their mean expectation - ours).
    """
    return await call.get(
        replies.localized(CompetitorsRead, call.language), competitors_report.report, query, call.language
    )


@router.get("/failures", response_model=FailuresRead, summary="Report failures", responses=responses())
async def get_failures(call: Reads, query: Annotated[FailuresQuery, Query()]) -> Response:
    """Where what goes wrong: complaints by place and kind with the customers they hit, the few kinds that
    make most of them, whether they became more or fewer, and what each prevention did. Limits follow
    Accept-Language.

    Formula: ratio of rates = (later / its days) / (earlier / its days), exact conditional binomial interval;
    kinds are A while more frequent ones make less than 80 % of the complaints.
    """
    reply = replies.localized(FailuresRead, call.language)
    return await call.get(reply, failures_report.report, query, call.language)


@router.get(
    "/failures.csv",
    summary="Download the failure map",
    response_class=Response,
    responses=replies.csv_responses("The cells of the report"),
)
async def download_failures(call: Reads, query: Annotated[FailuresQuery, Query()]) -> Response:
    """Download the cells of the failure map as CSV, the fullest first; the line of all has the place `*`."""
    found = await call.read(failures_report.report, query, call.language)
    return replies.csv_file("failures", failures_report.CSV_COLUMNS, failures_report.csv_rows(found))


@router.get("/methods", response_model=MethodsRead, summary="List methods", responses=responses())
async def list_methods(call: ReadsMethods) -> Response:
    """Every index, the comparison with competitors, the value tiers, profit, churn models, levels and
    warning signs: formula, source and range. Names follow Accept-Language."""
    return await call.get(replies.localized(MethodsRead, call.language), methods.list_methods, call.language)


@router.get("/methods/{code}", response_model=MethodRead, summary="Get a method", responses=read(etag=False))
async def get_method(call: ReadsMethods, code: MethodCode) -> Response:
    """How one kind of figure is made: formula, source, range, a worked example, and what to bear in mind.
    Name and limits follow Accept-Language."""
    return await call.get(replies.localized(MethodRead, call.language), methods.get, code, call.language)
