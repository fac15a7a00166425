"""Clocks of complaints: they start, follow what happens to their complaint, and end with it."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from app.domain.common.access import Actor
from app.domain.standards import clocks as domain
from app.domain.standards import complaint_clocks
from app.domain.standards.clocks import Clock, ClockState, Rules
from app.domain.standards.standards import COMPLAINT_METRICS, Case, Metric
from app.services.standards import rules
from app.services.standards.rules import Candidate, Candidates
from app.store.tables import ComplaintClock, CustomerScore
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id

_METRICS = [metric for metric in Metric if metric in COMPLAINT_METRICS]
_LIFE = tuple(field.name for field in fields(Clock))
_FOLLOWING = (*_LIFE, "owner", "unit")
_UPDATE = (
    update(ComplaintClock)
    .where(ComplaintClock.id == bindparam("row_id"))
    .values({name: bindparam(f"new_{name}") for name in _FOLLOWING})
)


def start_clocks(tx: WriteTx, _actor: Actor, complaints: Sequence[Row]) -> None:
    """Start the clocks of complaints that were just recorded, with what is behind them already.

    One statement for a company without standards, at most four otherwise. What had passed before an import
    brought the complaint is not told any more.
    """
    if not complaints:
        return
    units = {row["unit"] for row in complaints}
    known = rules.candidates(tx, min(row["received_at"] for row in complaints), units)
    if not known:
        return
    tiers = _tiers(tx, {row["customer_id"] for row in complaints})
    started = []
    for row in complaints:
        tier, number = tiers.get(row["customer_id"]), 0
        for metric in _METRICS:
            found = known.find(metric, _case(row, tier), row["received_at"])
            if found is not None:
                number += 1
                clock = _started(found, row["received_at"])
                clock = complaint_clocks.of_past(metric, clock, row, row["recorded_at"], found.rules)
                if row["import_id"] is not None:
                    clock, _ = domain.fire(clock, row["recorded_at"], found.rules)
                started.append(_new_row(row, number, found, tier, clock))
    if started:
        tx.execute(insert(ComplaintClock), started)


def follow(tx: WriteTx, _actor: Actor, before: Row, after: Row, kind: str, at: datetime) -> None:
    """Let the clocks of a complaint follow what happened to it: be done, pause, go on, start again, end.

    Args:
        before: the complaint before; the caller holds its lock.
        after: the complaint after.
        kind: of the event.
        at: when it happened.

    One indexed read where the complaint has no clocks.
    """
    reasons = complaint_clocks.is_reopened, complaint_clocks.is_raised, complaint_clocks.is_unlinked
    starts = any(reason(before, after) for reason in reasons)
    known = rules.candidates(tx, at, {after["unit"]}) if starts else None
    if (known is not None and not known) or not _is_of_interest(before, after, kind):
        return
    stored = of_complaint(tx, after["id"])
    if not stored and known is None:
        return
    changed: list[tuple[Row, Clock]] = []
    for row, rule in zip(stored, rules.rules_of(tx, _to_compute(stored)), strict=True):
        clock = clock_of(row)
        new = complaint_clocks.follow(row["metric"], clock, before, after, kind, at, rule)
        changed.append((row, new))
    if known is not None:
        _start_more(tx, known, changed, before, after, at)
    updates = [
        (row, new) for row, new in changed if new != clock_of(row) or (_moved(row, after) and _runs(new))
    ]
    store(tx, [({**row, **_place(after)} if _runs(new) else row, new) for row, new in updates])


def of_complaint(tx: ReadTx, complaint_id: UUID) -> list[Row]:
    """Return the clocks of a complaint in the order in which they started."""
    statement = select(ComplaintClock.__table__).where(ComplaintClock.complaint_id == complaint_id)
    return [dict(row) for row in tx.execute(statement.order_by(ComplaintClock.number)).mappings()]


def move(tx: WriteTx, complaint_id: UUID, customer_id: UUID) -> None:
    """Give the clocks of a complaint its new customer."""
    its = ComplaintClock.complaint_id == complaint_id
    tx.execute(update(ComplaintClock).where(its).values(customer_id=customer_id))


def change_owner(tx: WriteTx, complaint_ids: Sequence[UUID], owner: str) -> None:
    """Give the clocks of complaints that go on their new owner."""
    theirs = ComplaintClock.complaint_id.in_(complaint_ids), ComplaintClock.ended_at.is_(None)
    tx.execute(update(ComplaintClock).where(*theirs).values(owner=owner))


def clock_of(row: Row) -> Clock:
    """The clock of a row."""
    return Clock(**{**{name: row[name] for name in _LIFE}, "state": ClockState(row["state"])})


def store(tx: WriteTx, clocks: Iterable[tuple[Row, Clock]]) -> None:
    """Store how clocks stand now, with the owner and unit of their rows; one statement."""
    values = []
    for row, clock in clocks:
        now = {name: getattr(clock, name) for name in _LIFE} | {"owner": row["owner"], "unit": row["unit"]}
        values.append({"row_id": row["id"], **{f"new_{name}": value for name, value in now.items()}})
    if values:
        tx.execute(_UPDATE, values)


# --- inside


def _is_of_interest(before: Row, after: Row, kind: str) -> bool:
    members = ("state", "severity", "owner", "unit", "resolved_at", "closed_at", "leading_complaint_id")
    kinds = complaint_clocks.HEARD_OF | complaint_clocks.PREVENTED
    return kind in kinds or any(before[member] != after[member] for member in members)


def _start_more(
    tx: WriteTx, known: Candidates, changed: list[tuple[Row, Clock]], before: Row, after: Row, at: datetime
) -> None:
    """Start clocks again after a reopening or the end of a duplicate link, and others in place of those of a
    lower severity."""
    tier = _tiers(tx, {after["customer_id"]}).get(after["customer_id"])
    number = max((row["number"] for row, _ in changed), default=0)
    case, new = _case(after, tier), []
    wanted = []
    if complaint_clocks.is_reopened(before, after):
        running = frozenset(row["metric"] for row, clock in changed if _runs(clock))
        wanted = [known.find(metric, case, at) for metric in complaint_clocks.to_restart(before, running)]
    if complaint_clocks.is_unlinked(before, after):
        last = {row["metric"]: clock for row, clock in changed}
        wanted = [known.find(metric, case, at) for metric in complaint_clocks.to_start_over(last)]
    if complaint_clocks.is_raised(before, after):
        for place, (row, clock) in enumerate(changed):
            found = known.find(row["metric"], case, at)
            if _runs(clock) and found is not None and _is_other(row, found):
                ended = domain.end(clock, at, Rules(_scale(tx, row)), ClockState.SUPERSEDED)
                changed[place] = row, ended
                wanted.append(found)
    for found in wanted:
        if found is not None:
            number += 1
            new.append(_new_row(after, number, found, tier, _started(found, at)))
    if new:
        tx.execute(insert(ComplaintClock), new)


def _scale(tx: ReadTx, row: Row) -> domain.TimeScale:
    [found] = rules.rules_of(tx, [row])
    return found.scale


def _to_compute(stored: Sequence[Row]) -> Iterable[Row]:
    """The clocks, of which those that ended need neither calendar nor rungs unless their time is unknown."""
    for row in stored:
        needs = row["ended_at"] is None or (row["state"] == ClockState.ENDED and row["done_at"] is None)
        yield row if needs else {**row, "calendar_version": None, "escalation_version": None}


def _is_other(row: Row, found: Candidate) -> bool:
    return (row["standard"], row["standard_version"]) != (found.standard.code, found.standard.version)


def _runs(clock: Clock) -> bool:
    return clock.ended_at is None


def _moved(row: Row, after: Row) -> bool:
    return (row["owner"], row["unit"]) != (after["owner"], after["unit"])


def _place(complaint: Row) -> Row:
    return {"owner": complaint["owner"], "unit": complaint["unit"]}


def _case(complaint: Row, tier: str | None) -> Case:
    members = ("channel", "severity", "unit", "category")
    return Case(**{member: complaint[member] for member in members}, tier=tier)


def _tiers(tx: ReadTx, customer_ids: set[UUID]) -> dict[Any, str | None]:
    """The tiers of customers by the current scoring run."""
    statement = select(CustomerScore.customer_id, CustomerScore.tier)
    return dict(tx.execute(statement.where(CustomerScore.customer_id.in_(sorted(customer_ids)))).all())


def _started(found: Candidate, at: datetime) -> Clock:
    return domain.start(at, found.row["target_seconds"], found.row["warn_share"], found.rules)


def _new_row(complaint: Row, number: int, found: Candidate, tier: str | None, clock: Clock) -> Row:
    standard = found.row
    return {
        "id": new_id(),
        "complaint_id": complaint["id"],
        "number": number,
        "customer_id": complaint["customer_id"],
        "metric": standard["metric"],
        "standard": standard["code"],
        "standard_version": standard["version"],
        "is_business_time": standard["is_business_time"],
        "calendar": standard["calendar"],
        "calendar_version": standard["calendar_version"],
        "escalation_rule": standard["escalation_rule"],
        "escalation_version": standard["escalation_version"],
        "owner": complaint["owner"],
        "unit": complaint["unit"],
        "channel": complaint["channel"],
        "severity": complaint["severity"],
        "tier": tier,
        "category": complaint["category"],
        **{name: getattr(clock, name) for name in _LIFE},
    }
