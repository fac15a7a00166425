"""What happens to the clocks of a complaint when something happens to the complaint."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.domain.recovery.complaints import ENDED_STATES, ComplaintState, EventKind, Severity
from app.domain.standards import clocks
from app.domain.standards.clocks import Clock, ClockState, Rules
from app.domain.standards.standards import PAUSABLE, RESTARTED, Metric

_WAITING = ComplaintState.WAITING_CUSTOMER

HEARD_OF = frozenset({EventKind.ACKNOWLEDGED, EventKind.WAITED, EventKind.APOLOGISED})
"""Events by which the customer hears from us, beside a resolution."""
PREVENTED = frozenset({EventKind.PREVENTION_PLANNED, EventKind.PREVENTION_DONE})
"""Events that record a measure against its happening again."""

_SEVERITIES = [severity.value for severity in Severity]

Complaint = Mapping[str, Any]
"""A complaint's row: ``state``, ``severity``, ``received_at``, ``acknowledged_at``, ``resolved_at``,
``closed_at`` and ``leading_complaint_id`` are read."""


def is_reopened(before: Complaint, after: Complaint) -> bool:
    """Tell whether the customer waits for a resolution again."""
    return before["state"] in ENDED_STATES and after["state"] not in ENDED_STATES


def is_raised(before: Complaint, after: Complaint) -> bool:
    """Tell whether a complaint became more severe.

    >>> is_raised({"severity": "normal"}, {"severity": "high"})
    True
    """
    return _SEVERITIES.index(after["severity"]) > _SEVERITIES.index(before["severity"])


def is_linked(before: Complaint, after: Complaint) -> bool:
    """Tell whether a complaint became a duplicate: from then on only the leading one is counted."""
    return before["leading_complaint_id"] is None and after["leading_complaint_id"] is not None


def is_unlinked(before: Complaint, after: Complaint) -> bool:
    """Tell whether a complaint is a case of its own again."""
    return is_linked(after, before)


def to_start_over(last: Mapping[str, Clock]) -> list[Metric]:
    """Give the metrics that begin again when a complaint is a case of its own again: those that ran when it
    was linked.

    Args:
        last: the newest clock of each metric.
    """
    return [Metric(metric) for metric, clock in last.items() if clock.state is ClockState.SUPERSEDED]


def to_restart(before: Complaint, running: frozenset[str]) -> list[Metric]:
    """Give the metrics that begin again when a complaint is reopened, without those whose clock runs."""
    return [
        metric
        for metric in RESTARTED
        if metric not in running and (metric is Metric.RESOLVE or before["state"] == "closed")
    ]


def of_past(metric: str, clock: Clock, complaint: Complaint, recorded_at: datetime, rules: Rules) -> Clock:
    """Give the clock of a complaint with a past, which started when that was received, as it stood when the
    complaint was recorded."""
    state = complaint["state"]
    is_solved, is_closed = state in ENDED_STATES, state == "closed"
    resolved_at, closed_at = complaint["resolved_at"], complaint["closed_at"]
    if metric in (Metric.ACKNOWLEDGE, Metric.FIRST_RESPONSE):
        is_done, at = is_solved or complaint["acknowledged_at"] is not None, _earliest(complaint)
    elif metric == Metric.RESOLVE:
        is_done, at = is_solved, resolved_at
    elif metric == Metric.CLOSE:
        is_done, at = is_closed, closed_at
    else:
        return clocks.end(clock, closed_at or recorded_at, rules) if is_closed else clock
    if not is_done:
        return clock
    return clocks.end_at_unknown_time(clock, recorded_at) if at is None else clocks.finish(clock, at, rules)


def follow(
    metric: str,
    clock: Clock,
    before: Complaint,
    after: Complaint,
    kind: str,
    at: datetime,
    rules: Rules,
) -> Clock:
    """Give the clock after something happened to its complaint.

    Args:
        metric: what it measures.
        clock: how it stood.
        before: the complaint before.
        after: the complaint after.
        kind: of the event.
        at: when it happened.
        rules: by what the clock goes.
    """
    if clock.ended_at is not None:
        return _corrected(metric, clock, before, after, rules)
    if is_linked(before, after):
        return clocks.end(clock, at, rules, ClockState.SUPERSEDED)
    if _is_done_by(metric, before, after, kind):
        if _is_time_unknown(metric, after):
            return clocks.end_at_unknown_time(clock, at)
        return clocks.finish(clock, at, rules)
    if after["state"] == "closed":
        return clocks.end(clock, at, rules)
    if metric in PAUSABLE:
        if after["state"] == _WAITING and before["state"] != _WAITING:
            return clocks.pause(clock, at, rules)
        if after["state"] != _WAITING:
            return clocks.resume(clock, at, rules)
    return clock


def _is_done_by(metric: str, before: Complaint, after: Complaint, kind: str) -> bool:
    is_resolved = before["state"] not in ENDED_STATES and after["state"] in ENDED_STATES
    if metric == Metric.ACKNOWLEDGE:
        return kind == "acknowledged" or is_resolved
    if metric == Metric.FIRST_RESPONSE:
        return kind in HEARD_OF or is_resolved
    if metric == Metric.RESOLVE:
        return is_resolved
    if metric == Metric.CLOSE:
        return "closed" in {after["state"]} - {before["state"]}
    return kind in PREVENTED


def _is_time_unknown(metric: str, after: Complaint) -> bool:
    if metric == Metric.CLOSE:
        return after["closed_at"] is None
    return after["state"] in ENDED_STATES and after["resolved_at"] is None


def _corrected(metric: str, clock: Clock, before: Complaint, after: Complaint, rules: Rules) -> Clock:
    """The clock that ended without a time, once somebody says when that was."""
    member = {Metric.RESOLVE: "resolved_at", Metric.CLOSE: "closed_at"}.get(Metric(metric))
    if member is None or clock.state is not ClockState.ENDED or clock.done_at is not None:
        return clock
    if before[member] is not None or after[member] is None:
        return clock
    return clocks.finish(clock, max(after[member], clock.started_at), rules)


def _earliest(complaint: Complaint) -> datetime | None:
    times = [complaint[member] for member in ("acknowledged_at", "resolved_at") if complaint[member]]
    return min(times, default=None)
