"""Replays: compute a past run once more, hold it against what it stored, and say what came late."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select

from app.domain.churn import LEVELS
from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.scoring.replays import MAX_SHOWN, LateKind, Remark
from app.domain.scoring.score_columns import NO_TIER, groups
from app.errors import FieldError, InvalidError
from app.schemas.scoring.replays import ReplayCreate, ReplayQuery
from app.services.scoring import (
    churn,
    job_results,
    model_selection,
    replay_comparison,
    run_facts,
    satisfaction,
)
from app.services.scoring import run as scoring
from app.services.scoring.lifetime import values as lifetime_values
from app.services.scoring.replay_comparison import Aligned
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, equal, newest_first, one_or_404, where
from app.store.paging import After, Page
from app.store.scoring import changed_customers, customer_facts, run_results
from app.store.scoring import late_records as late
from app.store.scoring.late_records import LateRecords
from app.store.sql import numpy_io
from app.store.sql.column_codec import Columns
from app.store.tables import Job, Replay, ScoringRun
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now

JOB = "replays"

_STATE = job_results.state_of(Replay)
_UNKNOWN = "There is no such replay."
_SUMMARY = (
    select(
        Replay.id,
        Replay.job_id,
        Replay.run_id,
        ScoringRun.as_of,
        _STATE.label("state"),
        Replay.error,
        Replay.created_at,
        Replay.ended_at,
    )
    .join_from(Replay, ScoringRun, ScoringRun.id == Replay.run_id)
    .join(Job, Job.id == Replay.job_id, isouter=True)
)
REPLAYS = Listing(
    ReplayQuery,
    _SUMMARY,
    owner=COMPANY_WIDE,
    missing=_UNKNOWN,
    sorts=newest_first(Replay.created_at, Replay.id),
    filters=[where("state", lambda state: state == _STATE), equal(Replay.run_id)],
)


# --- asking and reading


def start(tx: WriteTx, actor: Actor, data: ReplayCreate) -> Row:
    """Take on a replay as a durable job; the same one again, while it waits, is that one.

    Raises:
        RateLimitError: so many jobs of the caller wait already.
        InvalidError: there is no such run (``unknown_scoring_run``), or it has not finished
            (``not_finished``).
    """
    twin = job_results.waiting_twin(tx, actor, Replay, run_id=data.run_id)
    if twin is not None:
        as_of = select(ScoringRun.as_of).where(ScoringRun.id == data.run_id)
        return {**twin, "as_of": tx.execute(as_of).scalar_one()}
    row = create(tx, actor, data)
    href = f"/v1/replays/{row['id']}"
    job_id = job_results.enqueue(tx, actor, Replay, row["id"], kind=JOB, argument="replay_id", href=href)
    return {**row, "job_id": job_id}


def create(tx: WriteTx, actor: Actor, data: ReplayCreate, *, replay_id: UUID | None = None) -> Row:
    """Record a replay that somebody is going to compute at once (`start` without the job).

    ``replay_id`` is the id it gets, a new one by default.
    """
    wanted = select(ScoringRun.as_of, ScoringRun.state).where(ScoringRun.id == data.run_id)
    run = tx.execute(wanted).first()
    if run is None:
        raise _wrong("unknown_scoring_run", "There is no such scoring run.")
    if run.state != "done":
        raise _wrong("not_finished", "Only a finished run can be replayed.")
    row: Row = {
        "id": replay_id or new_id(),
        "job_id": None,
        "run_id": data.run_id,
        "state": "waiting",
        "result": None,
        "error": None,
        "created_at": now(),
        "ended_at": None,
    }
    tx.execute(insert(Replay).values(row))
    trail.record(tx, actor, "replay.started", row["id"])
    return {**row, "as_of": run.as_of}


@one_statement
def get(tx: ReadTx, _actor: Actor, replay_id: UUID) -> Row:
    """Read one replay with its result.

    Raises:
        NotFoundError: there is none with this id.
    """
    statement = _SUMMARY.add_columns(Replay.result).where(Replay.id == replay_id)
    return one_or_404(tx, statement, _UNKNOWN)


@one_statement
def page(tx: ReadTx, actor: Actor, query: ReplayQuery, after: After | None) -> Page:
    """Read a page of replays, newest first."""
    return REPLAYS.page(tx, actor, query, after)


def _wrong(code: str, detail: str) -> InvalidError:
    return InvalidError(fields=[FieldError("/run_id", code, detail)])


# --- computing


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """A replay and all that its result follows from.

    Args:
        replay_id: of the replay.
        run: what its run needs, read once more.
        stored: the columns the run has kept.
        remarks: what is known before computing.
        late: what was recorded after the run had read.
        deleted: whether an import was taken back since.
        other_reference: whether what quadrants are told by is another now: anybody's late answers move it.
        rates: exchange rates that were changed since.
    """

    replay_id: UUID
    run: scoring.Input
    stored: Columns
    remarks: list[Remark]
    late: LateRecords
    deleted: bool
    other_reference: bool
    rates: list[Row]


def read(tx: ReadTx, actor: Actor, replay_id: UUID) -> Input:
    """Read the facts of the run's day once more, what the run has kept, and what came since."""
    wanted = select(ScoringRun.__table__).join(Replay, Replay.run_id == ScoringRun.id)
    run = tx.execute(wanted.where(Replay.id == replay_id)).mappings().one()
    chosen = model_selection.get(tx, run["contest_id"])
    given = scoring.read_without_cache(tx, actor, run["id"], chosen)
    kept = run_results.load_columns(tx, run["id"])
    changed = replay_comparison.changed(kept, given.facts.columns, given.spec.as_of_day)
    until, read_at = run["facts_until"], run["facts_until"] + run_facts.SETTLES
    versions = run["churn"]["version"], run["lifetime_value"]["version"]
    remarks = [] if versions == (churn.VERSION, lifetime_values.VERSION) else [Remark.OTHER_RULES]
    if run["facts_key"] != given.spec.facts_key:
        remarks.append(Remark.OTHER_READING)
    return Input(
        replay_id,
        given,
        kept,
        remarks,
        late.read(tx, late.LateQuery(given.spec.bounds.end, until, read_at, changed)),
        changed_customers.are_deleted(tx, until),
        not satisfaction.is_reference(run["expectation_reference"], satisfaction.reference(given.answered)),
        _rates(run["rates_used"], given.facts.rates_used, customer_facts.rates(tx), late.rates(tx, until)),
    )


def compute(given: Input) -> Row:
    """Apply the rules and compare. Pure: the same facts give the same result."""
    after = scoring.compute(given.run, lambda _stage: None).columns
    aligned = replay_comparison.align(given.stored, after, given.run.spec.as_of_day)
    differs = np.zeros(aligned.customer_id.size, dtype=np.bool_)
    columns, compared = [], set()
    for name, members in aligned.groups():
        mine = aligned.differs(members)
        columns.append({"name": name, "customers": int(np.count_nonzero(mine))})
        differs |= mine
        compared.add(name)
    ids = np.sort(np.concatenate([aligned.customer_id[differs], aligned.gone, aligned.come]))
    explained = run_results.matched(given.late.customer_id, ids)[1]
    same = not ids.size
    return {
        "same": same,
        "n": int(aligned.customer_id.size),
        "differing": int(ids.size),
        "only_before": int(aligned.gone.size),
        "only_after": int(aligned.come.size),
        "explained": int(np.count_nonzero(explained)),
        "columns": columns,
        "not_compared": sorted(groups().keys() - compared),
        "customers": _customers(given, aligned, after, ids, explained),
        "late": _late_row(given.late),
        "deleted": given.deleted,
        "rates_changed": len(given.rates),
        "rates": given.rates[:MAX_SHOWN],
        "remarks": [remark.value for remark in _remarks(given, same, bool(explained.all()))],
    }


def save(tx: WriteTx, actor: Actor, replay_id: UUID, result: Row) -> None:
    """Store the result, once."""
    if job_results.finish(tx, Replay, replay_id, result):
        data = {"customers": result["n"], "differing": result["differing"]}
        trail.record(tx, actor, "replay.finished", replay_id, data=data)


def fail(tx: WriteTx, replay_id: UUID, error: str) -> None:
    """Note that it could not be computed."""
    job_results.fail(tx, Replay, replay_id, error)


def _rates(
    then: Mapping[str, Mapping[str, str]],
    again: Mapping[str, Mapping[str, str]],
    known: Mapping[str, Mapping[date, str]],
    new: Mapping[tuple[str, date], str],
) -> list[Row]:
    """The rates of the run that are others now, and those that only the replay used and that are new."""
    used = {(code, on) for rates in (then, again) for code, days in rates.items() for on in days}
    changed = []
    for code, on in sorted(used):
        day = date.fromisoformat(on)
        before, after = then.get(code, {}).get(on), known.get(code, {}).get(day)
        if before != after and (before is not None or (code, day) in new):
            changed.append({"currency": code, "on": on, "before": before, "after": after})
    return changed


def _remarks(given: Input, same: bool, all_explained: bool) -> list[Remark]:
    remarks = list(given.remarks)
    is_known = bool(given.late.customer_id.size or given.deleted or given.rates or given.other_reference)
    if not same and is_known and not all_explained:
        remarks.append(Remark.FITTED_TO_ALL)
    if (
        not same
        and not is_known
        and Remark.OTHER_RULES not in remarks
        and Remark.OTHER_READING not in remarks
    ):
        remarks.append(Remark.UNEXPLAINED)
    return remarks


# --- the result as it is stored and shown


def _customers(
    given: Input,
    aligned: Aligned,
    after: Columns,
    ids: numpy_io.Ids,
    explained: NDArray[np.bool_],
) -> list[Row]:
    """Some of those who differ: those with late data first, then those who stand elsewhere now."""
    moved = aligned.customer_id[aligned.differs(("tier", "churn_level", "value_minor"))]
    stays = run_results.matched(aligned.customer_id, ids)[1] & ~run_results.matched(moved, ids)[1]
    chosen = np.lexsort((stays, ~explained))[:MAX_SHOWN]
    before, now_is = (
        _standings(columns, ids[chosen], given.run.spec.parameters.currency)
        for columns in (given.stored, after)
    )
    return [
        {"customer_id": str(customer_id), "is_late": bool(is_late), "before": old, "after": new}
        for customer_id, is_late, old, new in zip(
            numpy_io.raw_ids(ids[chosen]), explained[chosen], before, now_is, strict=True
        )
    ]


def _standings(columns: Columns, ids: numpy_io.Ids, currency: str) -> list[Row]:
    """Tier, level and value of some customers."""
    order = np.argsort(ids)
    found: list[Row] = [{"tier": None, "churn_level": None, "value": None} for _ in range(ids.size)]
    places, known = run_results.matched(columns["customer_id"], ids[order])
    for at, place, is_known in zip(order.tolist(), places.tolist(), known.tolist(), strict=True):
        if not is_known:
            continue
        if columns["tier"][place] != NO_TIER:
            found[at]["tier"] = str(columns["tier"][place])
            found[at]["value"] = money.to_wire(int(columns["value_minor"][place]), currency)
        level = int(columns["churn_level"][place])
        found[at]["churn_level"] = LEVELS[level].value if level >= 0 else None
    return found


def _late_row(found: LateRecords) -> Row:
    return {
        "counts": {kind.value: found.counts.get(kind, 0) for kind in LateKind},
        "customers": int(found.customer_id.size),
        "records": [
            {
                "kind": record.kind.value,
                "id": str(record.id),
                "customer_id": str(record.customer_id),
                "occurred_at": _text(record.occurred_at),
                "recorded_at": _text(record.recorded_at),
            }
            for record in found.records
        ],
    }


def _text(at: Any) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
