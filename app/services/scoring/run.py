"""One scoring run: read the facts, compute tiers, satisfaction and churn, store it all at once."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, update

from app.domain.churn import NO_DAY
from app.domain.churn.inputs.snapshots import NO_WINDOWS, Closed
from app.domain.churn.notes import REASONS, Reason
from app.domain.common.access import Actor
from app.domain.satisfaction.model import Adjustment
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.population import Population
from app.domain.scoring.run_spec import RunSpec
from app.domain.scoring.score_columns import (
    BY_NAME,
    CHURN_FACTS,
    ROW_FACTS,
    SATISFACTION,
    SATISFACTION_INDICES,
    SCORE_COLUMNS,
    SHOWN,
    ScoreColumn,
)
from app.domain.surveys.surveys import SCALED
from app.services.scoring import (
    answer_columns,
    churn,
    contract_model_selection,
    cross_sections,
    model_selection,
    run_facts,
    runs,
    satisfaction,
    training_windows,
    value_tiers,
)
from app.services.scoring.answer_columns import Answered
from app.services.scoring.lifetime import reports as lifetime_reports
from app.services.scoring.lifetime import values as lifetime_values
from app.services.scoring.lifetime import windows as lifetime_windows
from app.services.scoring.lifetime.windows import Seen
from app.services.scoring.model_selection import SelectedModel
from app.services.scoring.recorded_attributes import Recorded
from app.services.scoring.run_facts import Base, Facts
from app.services.scoring.training_windows import Past
from app.store import dialects
from app.store.audit import trail
from app.store.scoring import changed_customers, run_results, sale_days, survey_answers
from app.store.scoring.contract_statements import Said
from app.store.sql.column_codec import Columns
from app.store.tables import ScoringRun
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now, to_micros

STAGES = ("facts", "value_tiers", "satisfaction", "contest", "churn", "lifetime_value", "save")

SATISFACTION_DAYS = 365
"""The company's figures are over the answers of so many days before the run's."""


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """A run and all that its result follows from."""

    run_id: UUID
    spec: RunSpec
    facts: Facts
    answered: Answered
    answered_since: datetime
    chosen: SelectedModel | None
    """The contest that says which churn model serves; None: one is held on these windows."""
    windows: Closed
    contracts: Past | None
    """The windows of customers under contract."""
    recorded: Recorded
    """The attributes of active contracts."""
    snapshots: Said | None
    """Snapshots of contracts; None when nobody is in one."""
    learns_snapshots: bool
    """Whether the contest has not learned from these."""
    lifetime: tuple[Seen, ...]
    """The windows that lifetime value is held against."""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What a run found: columns by customer, aligned, and the reports."""

    columns: Columns
    value_tiers: value_tiers.Result
    satisfaction: Row
    answer_spreads: Row
    expectation_reference: Adjustment
    churn: churn.Result
    lifetime_value: Row
    chosen: SelectedModel


def read(tx: ReadTx, actor: Actor, run_id: UUID) -> Input:
    """Read what the run needs; it sees only what occurred before its day."""
    spec = _spec(tx, actor, run_id)
    facts = run_facts.read(tx, spec)
    chosen = model_selection.find(tx, spec)
    population = Population(spec, facts.columns)
    if chosen and not _is_outdated(tx, chosen, spec):
        is_other = cross_sections.is_outdated(chosen.cross_section, population)
        return _input(tx, run_id, population, facts, chosen, learns_snapshots=is_other)
    bought = facts.columns["purchase_days"] > 0
    buyers = (facts.columns[name][bought] for name in ("customer_id", "first_day"))
    windows = training_windows.purchase_windows(tx, spec, *buyers)
    contracts = training_windows.contract_windows(tx, population)
    lifetime = lifetime_windows.read(tx, population)
    return _input(tx, run_id, population, facts, None, windows, contracts, lifetime, learns_snapshots=True)


def _is_outdated(tx: ReadTx, chosen: SelectedModel, spec: RunSpec) -> bool:
    if not chosen.knows_season:  # held by an earlier version
        return True
    opened = chosen.as_of - timedelta(days=2 * spec.parameters.horizon_days)
    return contract_model_selection.is_outdated(tx, chosen.id, chosen.contract, opened)


def read_without_cache(tx: ReadTx, actor: Actor, run_id: UUID, chosen: SelectedModel) -> Input:
    """Read what a run needs once more: all facts, whatever runs have stored, and the contest it is given."""
    spec = _spec(tx, actor, run_id)
    facts = run_facts.read(tx, spec, without_cache=True)
    return _input(tx, run_id, Population(spec, facts.columns), facts, chosen)


def _spec(tx: ReadTx, actor: Actor, run_id: UUID) -> RunSpec:
    run = runs.get(tx, actor, run_id)
    spec = RunSpec(run["as_of"], Parameters.from_dict(run["parameters"]), actor.company)
    return spec.on(spec.as_of, sale_days.feed(tx, spec))


def _input(
    tx: ReadTx,
    run_id: UUID,
    population: Population,
    facts: Facts,
    chosen: SelectedModel | None,
    windows: Closed = NO_WINDOWS,
    contracts: Past | None = None,
    lifetime: tuple[Seen, ...] = (),
    *,
    learns_snapshots: bool = False,
) -> Input:
    spec = population.spec
    since = spec.company.start_of(spec.as_of - timedelta(days=SATISFACTION_DAYS))
    asked = survey_answers.Asked(sorted(SCALED), since, spec.bounds.end)
    versions = answer_columns.versions_of(survey_answers.surveys(tx))
    answered = answer_columns.answered(survey_answers.answers(tx, asked), versions)
    recorded = contract_model_selection.recorded(tx, population)
    snapshots = cross_sections.read(tx, population)
    return Input(
        run_id,
        spec,
        facts,
        answered,
        since,
        chosen,
        windows,
        contracts,
        recorded,
        snapshots,
        learns_snapshots,
        lifetime,
    )


def compute(given: Input, on_stage: Callable[[str], None]) -> Result:
    """Apply the rules. Pure: the same facts give the same result.

    Args:
        given: what was read.
        on_stage: called with the name of each stage before it begins.

    Raises:
        ValueError: the values add up to more than 64 bits hold.
    """
    facts = given.facts.columns
    population = Population(given.spec, facts)
    snapshot = population.snapshot  # before there are threads: each would make its own
    with ThreadPoolExecutor(2) as beside:  # all of it is within libraries most of the time
        fitting = beside.submit(lambda: snapshot.fitted)
        looks = given.chosen is not None and given.chosen.is_regular
        testing = beside.submit(churn.backtest, population, looks)
        spending = beside.submit(lifetime_values.bought, population)
        measuring = beside.submit(lifetime_windows.measure, given.lifetime)
        on_stage("value_tiers")
        tiers = value_tiers.compute(given.facts, given.spec)
        on_stage("satisfaction")
        company = satisfaction.of_company(given.answered)
        spreads = satisfaction.spreads(facts)
        reference = satisfaction.reference(given.answered)
        placed = satisfaction.quadrants(facts, reference, to_micros(given.answered_since))
        on_stage("contest")
        chosen = _chosen(given, population, measuring.result)
        on_stage("churn")
        if chosen.is_regular and not looks:  # a contest that was held just now
            testing = beside.submit(churn.backtest, population, chosen.is_regular)
        by_terms = contract_model_selection.served(chosen.contract, population, given.recorded)
        by_snapshot = cross_sections.served(chosen.cross_section, population, given.snapshots)
        fitting.result()  # both of these need it
        record = lifetime_windows.from_row(chosen.lifetime_value)
        valuing = beside.submit(lifetime_values.compute, population, by_terms, record, spending.result)
        found = churn.compute(population, tiers.columns, chosen, by_terms, by_snapshot, testing.result)
        on_stage("lifetime_value")
        worth = valuing.result()
    columns = {**facts, **tiers.columns, **placed, **found.columns, **worth.columns}
    report = lifetime_reports.report(population, tiers.columns, found.columns, worth)
    window = {"days": SATISFACTION_DAYS, "indices": company}
    return Result(columns, tiers, window, spreads, reference, found, report, chosen)


def _chosen(given: Input, population: Population, measured: Callable[[], Row]) -> SelectedModel:
    """The contest that chooses the models of a run: one that is held now, or the one that was kept."""
    if given.chosen is not None and not given.learns_snapshots:
        return given.chosen
    learned = cross_sections.select_model(population, given.snapshots)
    if given.chosen is not None:
        return model_selection.renewed(given.chosen, learned)
    horizon_days = given.spec.parameters.horizon_days
    return model_selection.select_model(
        given.windows, given.spec.as_of, horizon_days, given.contracts, learned, measured()
    )


def save(tx: WriteTx, actor: Actor, given: Input, result: Result, packed: run_results.Packed) -> Row | None:
    """Store a run's result, and make it current if no run for a later day is.

    Returns:
        What happened: rows written, and whether the run is current now. None when facts were deleted since
        they were read: read again.
    """
    dialects.advisory_lock(tx, "scoring")
    run = tx.execute(
        select(ScoringRun.as_of, ScoringRun.parameters_key, ScoringRun.state).where(
            ScoringRun.id == given.run_id
        )
    ).one()
    if run.state == "done":
        return {"rows_written": 0, "is_current": None}
    if changed_customers.are_deleted(tx, given.facts.until):
        return None
    current = tx.execute(select(ScoringRun.id, ScoringRun.as_of).where(ScoringRun.is_current)).first()
    is_current = current is None or run.as_of >= current.as_of
    previous = runs.previous_of(tx, given.run_id, run.parameters_key, run.as_of)
    report = {
        **result.value_tiers.report,
        "previous_run_id": str(previous) if previous else None,
        "transitions": None,
    }
    if previous is not None:
        before = run_results.load_columns(tx, previous, {"customer_id", "tier"})
        report["transitions"] = value_tiers.transitions(before, result.columns)
    written = 0
    if is_current:
        stored = {} if current is None else _stored(tx, current.id, given.facts.base)
        written = run_results.replace(tx, scored_only(stored), scored_only(result.columns), rows)
        tx.execute(update(ScoringRun).where(ScoringRun.is_current).values(is_current=False))
    model_selection.save(tx, result.chosen, given.spec.facts_key)
    run_results.save_columns(tx, given.run_id, packed)
    finished = {
        "state": "done",
        "is_current": is_current,
        "data_end": given.spec.feed.newest_sale,
        "value_tiers": report,
        "next_tier_steps": result.value_tiers.next_tier_steps,
        "satisfaction": result.satisfaction,
        "answer_spreads": result.answer_spreads,
        "expectation_reference": asdict(result.expectation_reference),
        "churn": result.churn.report,
        "return_shares": {name: result.churn.report[name]["return_share"] for name in ("dormant", "left")},
        "churn_baselines": result.churn.baselines,
        "churn_serving": result.churn.serving,
        "contract_serving": result.churn.contract_serving,
        "cross_section": result.churn.cross_section,
        "lifetime_value": result.lifetime_value,
        "facts_until": given.facts.until,
        "facts_key": given.spec.facts_key,
        "contest_id": result.chosen.id,
        "rates_used": given.facts.rates_used,
        "ended_at": now(),
    }
    tx.execute(update(ScoringRun).where(ScoringRun.id == given.run_id).values(finished))
    trail.record(
        tx,
        actor,
        "scoring_run.finished",
        given.run_id,
        data={"customers": int(result.columns["customer_id"].size)},
    )
    return {"rows_written": written, "is_current": is_current}


def fail(tx: WriteTx, _actor: Actor, run_id: UUID, error: str) -> None:
    """Note that a run could not be computed; the scores stay as they were."""
    tx.execute(
        update(ScoringRun)
        .where(ScoringRun.id == run_id, ScoringRun.state == "waiting")
        .values(state="failed", error=error, ended_at=now())
    )


# --- rows


def rows(part: Columns) -> dict[str, list[Any]]:
    """The rows of ``customer_scores`` for some customers: `app.store.scoring.run_results.Rows`."""
    own = [column for column in SCORE_COLUMNS if column.row == column.name]
    return {
        **{column.name: _row_values(column, part) for column in own},
        CHURN_FACTS: _facts(part),
        SATISFACTION: [
            None if document is None else json.dumps(document, separators=(",", ":"))
            for document in satisfaction.documents(part)
        ],
    }


def _row_values(column: ScoreColumn, part: Columns) -> list[Any]:
    values = part[column.name]
    decisive = BY_NAME[column.shown_with or column.name]
    shown = np.array([*column.labels, ""])[values] if column.labels else values
    return _or_null(shown, decisive.is_given(part[decisive.name]))


def _stored(tx: ReadTx, run_id: UUID, base: Base | None) -> Columns:
    """The columns of the current run; mostly facts were gone on from it, and it has been read."""
    if base is not None and base.run_id == run_id:
        return base.columns
    return run_results.load_columns(tx, run_id, {"customer_id", *SHOWN})


def scored_only(columns: Columns) -> Columns:
    """Those customers who have a row: with a tier, a level, a reason why there is none, or an answer."""
    if not columns:
        return {}
    is_scored = [BY_NAME[name].is_given(columns[name]) for name in _SCORED]
    known = np.logical_or.reduce(is_scored)
    shown = {name: columns[name] for name in ("customer_id", *SHOWN) if name in columns}
    return shown if known.all() else {name: column[known] for name, column in shown.items()}


_SCORED = ("tier", "churn_level", "churn_reason", *(f"{code}_n" for code in SATISFACTION_INDICES))
_ONLY_RANKED = [REASONS.index(reason) for reason in (Reason.WORSE_THAN_BASE_RATE, Reason.SEASON_UNPROVED)]
_FACTS = f"[{','.join(['%s'] * len(ROW_FACTS))}]"


def _facts(part: Columns) -> list[str | None]:
    """Facts that reasons are made from, as `customer_facts.Facts.row` gives them, in JSON."""
    columns = []
    for name in ROW_FACTS:
        column = part[name]
        is_there = ~np.isnan(column) if column.dtype.kind == "f" else column != NO_DAY
        columns.append(_or_null(column, is_there, "null"))
    has_facts = (part["churn_level"] >= 0) | np.isin(part["churn_reason"], _ONLY_RANKED)
    as_text = zip(zip(*columns, strict=True), has_facts, strict=True)
    return [_FACTS % row if tell else None for row, tell in as_text]


def _or_null(column: NDArray[Any], is_given: NDArray[np.bool_], absent: Any = None) -> list[Any]:
    """The values of a column, ``absent`` where there is none."""
    if not is_given.any():
        return [absent] * column.size
    values: list[Any] = column.tolist()
    if is_given.all():
        return values
    return [value if given else absent for value, given in zip(values, is_given.tolist(), strict=True)]
