"""Ask for, compute, follow and read backtests."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select

from app.domain.churn import notes
from app.domain.churn.evaluation.backtest_report import Evaluation, Options, evaluate
from app.domain.churn.inputs.sales_feed import Feed
from app.domain.churn.inputs.snapshots import Closed, Window
from app.domain.churn.models import REGISTRY
from app.domain.churn.models.contract import CONTRACT_MODELS
from app.domain.common.access import Actor
from app.domain.common.days import day_of
from app.domain.scoring import silence as silent
from app.domain.scoring.parameters import Parameters, RiskLevels, Terms
from app.domain.scoring.run_spec import RunSpec
from app.domain.scoring.score_columns import NONE
from app.errors import FieldError, InvalidError
from app.schemas.scoring.backtests import BacktestCreate, BacktestQuery
from app.services.scoring import contract_backtests, job_results, run_facts, training_windows
from app.services.scoring.churn_reports import evaluation_row, metrics_row, season_row
from app.services.scoring.contract_backtests import UnderContract
from app.services.scoring.lifetime import backtests as lifetime_backtests
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, equal, newest_first, one_or_404, where
from app.store.paging import After, Page
from app.store.scoring import run_results, sale_days
from app.store.sql.numpy_io import Ids
from app.store.tables import Backtest, Job, ScoringRun
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now

JOB = "backtests"

_ENDS = ("season", "silence_limit", "data_end", "outcome_end")
_BEFORE_SEASONS: Row = {"ranked_only": False, "limits": [], "stopped_sources": [], **dict.fromkeys(_ENDS)}
"""What results of earlier versions do not hold."""

_STATE = job_results.state_of(Backtest)
_MISSING = "There is no such backtest."
_SUMMARY = select(
    Backtest.id,
    Backtest.job_id,
    Backtest.cut_on,
    Backtest.parameters,
    Backtest.models,
    _STATE.label("state"),
    Backtest.error,
    Backtest.created_at,
    Backtest.ended_at,
).join_from(Backtest, Job, Job.id == Backtest.job_id, isouter=True)
BACKTESTS = Listing(
    BacktestQuery,
    _SUMMARY,
    owner=COMPANY_WIDE,
    missing=_MISSING,
    sorts=newest_first(Backtest.created_at, Backtest.id),
    filters=[where("state", lambda state: state == _STATE), equal(Backtest.cut_on)],
)


# --- asking and reading


def start(tx: WriteTx, actor: Actor, data: BacktestCreate) -> Row:
    """Take on a backtest as a durable job; the same one again, while it waits, is that one.

    Raises:
        InvalidError: the horizon after the cut is not over, or the levels are out of order.
        RateLimitError: so many jobs of the caller wait already.
    """
    wanted = {"parameters": _parameters_of(actor, data).to_dict(), "models": list(dict.fromkeys(data.models))}
    twin = job_results.waiting_twin(tx, actor, Backtest, cut_on=data.cut_on, **wanted)
    if twin is not None:
        return _shape(twin)
    row = create(tx, actor, data)
    href = f"/v1/backtests/{row['id']}"
    job_id = job_results.enqueue(tx, actor, Backtest, row["id"], kind=JOB, argument="backtest_id", href=href)
    return _shape({**row, "job_id": job_id})


def create(tx: WriteTx, actor: Actor, data: BacktestCreate, *, backtest_id: UUID | None = None) -> Row:
    """Record a backtest that somebody is going to compute at once (`start` without the job).

    ``backtest_id`` is the id it gets, a new one by default.
    """
    parameters = _parameters_of(actor, data)
    if data.cut_on + timedelta(days=data.horizon_days) >= actor.company.day_of(now()):
        detail = "The horizon after the cut must be over."
        raise InvalidError(fields=[FieldError("/cut_on", "horizon_not_over", detail)])
    row: Row = {
        "id": backtest_id or new_id(),
        "job_id": None,
        "cut_on": data.cut_on,
        "parameters": parameters.to_dict(),
        "models": list(dict.fromkeys(data.models)),
        "state": "waiting",
        "result": None,
        "error": None,
        "created_at": now(),
        "ended_at": None,
    }
    tx.execute(insert(Backtest).values(row))
    trail.record(tx, actor, "backtest.started", row["id"])
    return row


@one_statement
def get(tx: ReadTx, _actor: Actor, backtest_id: UUID) -> Row:
    """Read one backtest with its result.

    Raises:
        NotFoundError: there is none with this id.
    """
    statement = _SUMMARY.add_columns(Backtest.result).where(Backtest.id == backtest_id)
    found = _shape(one_or_404(tx, statement, _MISSING))
    result = found["result"]
    return {**found, "result": None if result is None else {**_BEFORE_SEASONS, **result}}


@one_statement
def page(tx: ReadTx, actor: Actor, query: BacktestQuery, after: After | None) -> Page:
    """Read a page of backtests, newest first."""
    return BACKTESTS.page(tx, actor, query, after, _shape)


def _parameters_of(actor: Actor, data: BacktestCreate) -> Parameters:
    try:
        levels = RiskLevels(**data.churn_levels.model_dump()) if data.churn_levels else RiskLevels()
    except ValueError:
        wrong = FieldError("/churn_levels", "levels_order", "watch must be below at_risk.")
        raise InvalidError(fields=[wrong]) from None
    return Parameters(
        actor.company.reporting_currency,
        data.window_days,
        horizon_days=data.horizon_days,
        levels=levels,
        lifetime=Terms(data.horizon_days),
        zero_amount_purchases=data.zero_amount_purchases,
    )


def _shape(row: Row) -> Row:
    shown = ("horizon_days", "window_days", "churn_levels", "zero_amount_purchases")
    return {**row, "parameters": {name: row["parameters"][name] for name in shown}}


# --- computing


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """A backtest and all that its result follows from; ``flags`` as a run gave them, positions of levels.

    ``contracts`` are the customers under contract, None when there were none; the rest is of all others.
    ``feed`` says what had stopped by the cut; ``outcome_end`` is the day of the newest sale where sales had
    stopped by the end of the horizon.
    """

    backtest_id: UUID
    feed: Feed
    outcome_end: date | None
    options: Options
    outcome: Window
    closed: Closed
    flags: NDArray[np.int8] | None
    flags_run_id: UUID | None
    contracts: UnderContract | None
    lifetime: lifetime_backtests.Outcome


def read(tx: ReadTx, actor: Actor, backtest_id: UUID) -> Input:
    """Read the customers as they stood on the cut and in the windows before it, and what they did after."""
    row = tx.execute(select(Backtest.__table__).where(Backtest.id == backtest_id)).mappings().one()
    parameters = Parameters.from_dict(row["parameters"])
    spec = RunSpec(row["cut_on"] + timedelta(days=1), parameters, actor.company)
    spec = spec.on(spec.as_of, sale_days.feed(tx, spec))
    population, closes_day = run_facts.population(tx, spec), spec.as_of_day + parameters.horizon_days
    outcome_feed = sale_days.feed(tx, spec.on(day_of(closes_day)))
    ids, outcome = training_windows.purchase_window(tx, population, closes_day)
    closed = training_windows.purchase_windows(tx, spec, ids, outcome.then.facts.first_day)
    run_id, flags = _given(tx, spec, ids)
    contracts = contract_backtests.read(tx, population)
    models = tuple(row["models"]) or (*REGISTRY, *CONTRACT_MODELS)
    options = Options(levels=parameters.levels, cuts=parameters.cuts, models=models)
    lifetime = lifetime_backtests.read(tx, population, parameters.cuts)
    end = outcome_feed.newest_sale
    return Input(backtest_id, spec.feed, end, options, outcome, closed, flags, run_id, contracts, lifetime)


def compute(given: Input) -> Row:
    """Apply the rules. Pure: the same customers give the same result."""
    found = evaluate(
        given.outcome,
        given.closed,
        flags=given.flags,
        options=given.options,
        sales_stopped=given.feed.has_stopped,
    )
    return {
        **_result(found, given),
        "contract": contract_backtests.compute(given.contracts, given.options),
        "lifetime_value": lifetime_backtests.compute(given.lifetime),
    }


def save(tx: WriteTx, actor: Actor, backtest_id: UUID, result: Row) -> None:
    """Store the result, once."""
    if job_results.finish(tx, Backtest, backtest_id, result):
        trail.record(tx, actor, "backtest.finished", backtest_id, data={"customers": result["n"]})


def fail(tx: WriteTx, backtest_id: UUID, error: str) -> None:
    """Note that it could not be computed."""
    job_results.fail(tx, Backtest, backtest_id, error)


def _given(tx: ReadTx, spec: RunSpec, ids: Ids) -> tuple[UUID | None, NDArray[np.int8] | None]:
    """The levels that a run for the day gave with the same horizon, by the newest such run before its
    outcome was known; none for customers whom it did not know of."""
    runs = tx.execute(
        select(ScoringRun.id, ScoringRun.parameters)
        .where(ScoringRun.as_of == spec.as_of, ScoringRun.state == "done")
        .order_by(ScoringRun.created_at.desc())
    )
    for run_id, parameters in runs:
        if Parameters.from_dict(parameters).horizon_days == spec.parameters.horizon_days:
            columns = run_results.load_columns(tx, run_id, {"customer_id", "churn_level"})
            flags = np.full(ids.size, NONE, dtype=np.int8)
            places, known = run_results.matched(columns["customer_id"], ids)
            flags[known] = columns["churn_level"][places[known]]
            return run_id, flags
    return None, None


# --- the result as it is stored and shown


def _limits(found: Evaluation, given: Input) -> list[str]:
    """Codes of what a run of the day would have been limited by, and the outcome is."""
    limits = [] if found.withheld is None else [found.withheld.value]
    if found.season.found is None and found.n:
        limits.append(notes.SEASON_UNKNOWN)
    if found.is_unproved and found.n:
        limits.append(notes.LEFT_UNPROVED)
    if given.feed.has_stopped or given.outcome_end is not None:
        limits.append(notes.SALES_STOPPED)
    return limits


def _result(found: Evaluation, given: Input) -> Row:
    return {
        **evaluation_row(found),
        "season": season_row(found.season),
        "ranked_only": found.withheld is not None,
        "silence_limit": found.limit,
        **silent.feed_rows(given.feed),
        "outcome_end": None if given.outcome_end is None else given.outcome_end.isoformat(),
        "limits": _limits(found, given),
        "groups": [
            {
                "name": group.name,
                "published": None if group.published is None else metrics_row(group.published),
                "recency": metrics_row(group.baseline),
            }
            for group in found.groups
        ],
        "confusion": [asdict(cell) for cell in found.confusion],
        "flags_run_id": None if given.flags_run_id is None else str(given.flags_run_id),
    }
