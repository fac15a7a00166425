"""Ask for, follow and read scoring runs."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, insert, select, update

from app.domain.activity.transactions import TransactionKind
from app.domain.common.access import Actor
from app.domain.common.jobs import JobState
from app.domain.scoring.parameters import Parameters, RiskLevels, Terms
from app.domain.value.value_tiers import Cuts
from app.errors import FieldError, InvalidError, NotFoundError
from app.schemas.scoring.runs import ScoringRunCreate, ScoringRunQuery
from app.services.platform import jobs
from app.services.scoring import job_results
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, equal, newest_first, where
from app.store.paging import After, Page
from app.store.tables import Job, ScoringRun
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now

_STATE = case((Job.state == JobState.CANCELLED, "cancelled"), else_=ScoringRun.state)
RUNS = Listing(
    ScoringRunQuery,
    select(
        ScoringRun.id,
        ScoringRun.job_id,
        ScoringRun.as_of,
        ScoringRun.parameters,
        _STATE.label("state"),
        ScoringRun.is_current,
        ScoringRun.error,
        ScoringRun.created_at,
        ScoringRun.ended_at,
    ).join_from(ScoringRun, Job, Job.id == ScoringRun.job_id, isouter=True),
    owner=COMPANY_WIDE,
    missing="There is no such scoring run.",
    sorts=newest_first(ScoringRun.created_at, ScoringRun.id),
    filters=[where("state", lambda state: state == _STATE), equal(ScoringRun.as_of)],
)


def parameters_of(actor: Actor, data: ScoringRunCreate) -> Parameters:
    """The parameters asked for, with the company's currency."""
    try:
        cuts = Cuts(**data.cuts.model_dump()) if data.cuts else Cuts()
    except ValueError:
        wrong = FieldError("/cuts", "cuts_order", "a_percent must be below b_percent.")
        raise InvalidError(fields=[wrong]) from None
    try:
        levels = RiskLevels(**data.churn_levels.model_dump()) if data.churn_levels else RiskLevels()
    except ValueError:
        wrong = FieldError("/churn_levels", "levels_order", "watch must be below at_risk.")
        raise InvalidError(fields=[wrong]) from None
    return Parameters(
        actor.company.reporting_currency,
        data.window_days,
        cuts,
        frozenset(TransactionKind(kind) for kind in data.ignored_kinds),
        data.horizon_days,
        levels,
        data.zero_amount_purchases,
        data.grace_days,
        Terms(**data.lifetime_value.model_dump()) if data.lifetime_value else Terms(),
    )


def start(tx: WriteTx, actor: Actor, data: ScoringRunCreate) -> Row:
    """Take on a run as a durable job; the same one again, while it waits, is that one.

    Returns:
        The run, waiting.

    Raises:
        InvalidError: ``as_of`` lies after tomorrow, or the cuts are out of order.
        RateLimitError: so many jobs of the caller wait already.
    """
    as_of = data.as_of or actor.company.day_of(now()) + timedelta(days=1)
    wanted = {"as_of": as_of, "parameters": parameters_of(actor, data).to_dict()}
    twin = job_results.waiting_twin(tx, actor, ScoringRun, **wanted)
    if twin is not None:
        return twin
    run = create(tx, actor, data)
    arguments, made = {"run_id": str(run["id"])}, {"href": f"/v1/scoring-runs/{run['id']}"}
    job = jobs.create(tx, actor, "scoring", arguments, result=made)
    tx.execute(update(ScoringRun).where(ScoringRun.id == run["id"]).values(job_id=job["id"]))
    return {**run, "job_id": job["id"]}


def create(tx: WriteTx, actor: Actor, data: ScoringRunCreate, *, run_id: UUID | None = None) -> Row:
    """Record a run that somebody is going to compute at once (`start` without the job). ``run_id`` is the id
    it gets, a new one by default."""
    parameters = parameters_of(actor, data)
    tomorrow = actor.company.day_of(now()) + timedelta(days=1)
    as_of = data.as_of or tomorrow
    if as_of > tomorrow:
        wrong = FieldError("/as_of", "in_the_future", "A run cannot be for a day after tomorrow.")
        raise InvalidError(fields=[wrong])
    row: Row = {
        "id": run_id or new_id(),
        "job_id": None,
        "as_of": as_of,
        "currency": parameters.currency,
        "parameters": parameters.to_dict(),
        "parameters_key": parameters.key(),
        "state": "waiting",
        "is_current": False,
        "error": None,
        "created_at": now(),
        "ended_at": None,
    }
    tx.execute(insert(ScoringRun).values(row))
    trail.record(tx, actor, "scoring_run.started", row["id"])
    return row


@one_statement
def get(tx: ReadTx, actor: Actor, run_id: UUID) -> Row:
    """Read one run.

    Raises:
        NotFoundError: there is none with this id.
    """
    return RUNS.one_or_404(tx, actor, ScoringRun.id == run_id)


@one_statement
def page(tx: ReadTx, actor: Actor, query: ScoringRunQuery, after: After | None) -> Page:
    """Read a page of runs, newest first."""
    return RUNS.page(tx, actor, query, after)


def find_finished(
    tx: ReadTx, statement: Select[*tuple[Any, ...]], run_id: UUID | None, as_of: date | None
) -> Any:
    """Read from the named finished run, or the newest one for a day; neither given: from the current one.

    Args:
        tx: a transaction.
        statement: selects columns of `ScoringRun`.
        run_id: which run.
        as_of: for which day.

    Raises:
        NotFoundError: no such run has finished.
    """
    statement = statement.where(ScoringRun.state == "done")
    if run_id is not None:
        statement = statement.where(ScoringRun.id == run_id)
    if as_of is not None:
        statement = statement.where(ScoringRun.as_of == as_of)
    if run_id is None and as_of is None:
        statement = statement.where(ScoringRun.is_current)
    row = tx.execute(statement.order_by(ScoringRun.created_at.desc()).limit(1)).first()
    if row is None:
        raise NotFoundError(
            "There is no finished scoring run like this yet; start one with POST /v1/scoring-runs."
        )
    return row


def previous_of(tx: ReadTx, run_id: UUID, parameters_key: str, as_of: date) -> UUID | None:
    """The run to compare with: the greatest earlier day with the same parameters, its newest run."""
    return tx.execute(
        select(ScoringRun.id)
        .where(
            ScoringRun.parameters_key == parameters_key,
            ScoringRun.as_of < as_of,
            ScoringRun.state == "done",
            ScoringRun.id != run_id,
        )
        .order_by(ScoringRun.as_of.desc(), ScoringRun.created_at.desc())
        .limit(1)
    ).scalar_one_or_none()
