"""What had happened to a complaint when it was recorded."""

from datetime import datetime

from app.domain.common.days import clock_text, is_future
from app.domain.recovery.complaints import (
    END_TIMES,
    ENDED_STATES,
    OPEN_STATES,
    PAST_STEPS,
    ComplaintState,
    EventKind,
    Lifecycle,
    end_times,
    out_of_order,
)
from app.errors import AppError, FieldError, InvalidError
from app.schemas.recovery.complaints import ComplaintCreate

_CONTRADICTED = "The complaint is open, but the row has a time of resolution or closing."
_IN_FUTURE = "Expected an instant that is not in the future; our clock reads {now}."
Past = list[tuple[EventKind, datetime, Lifecycle]]
"""What had happened to a complaint when it was recorded, in order: what, when, and how far it was then. The
first is that it was received."""


def past_of(item: ComplaintCreate, at: datetime) -> Past | AppError:
    """The past of an item, or why it cannot be."""
    received_at = item.received_at or at
    times = {member: getattr(item, member) for member in PAST_STEPS}
    state, changed_at = getattr(item, "state", None), getattr(item, "changed_at", None)
    ends: set[str] = set()
    if state in ENDED_STATES:
        ends = set(END_TIMES[state])
        whole = end_times(state, {"received_at": received_at, **times}, changed_at)
        times = {member: whole[member] for member in PAST_STEPS}
    wrong = [
        FieldError(
            f"/{member}", "out_of_order", "Expected not before {earlier}.", params={"earlier": earlier}
        )
        for member, earlier in out_of_order({"received_at": received_at, **times})
    ]
    wrong += [
        FieldError(f"/{member}", "in_future", _IN_FUTURE, params={"now": clock_text(at)})
        for member, happened_at in times.items()
        if happened_at is not None and is_future(happened_at, at)
    ]
    if state in OPEN_STATES and any(times[member] for member in END_TIMES[ComplaintState.CLOSED]):
        wrong.append(FieldError("/state", "state_contradicted", _CONTRADICTED))
    if times["resolved_at"] is None and not ends:
        wrong += [
            FieldError(f"/{member}", "not_resolved", "This goes with resolved_at.")
            for member in ("confirmed_at", "closed_at", "resolution")
            if getattr(item, member) is not None
        ]
    if wrong:
        return InvalidError(fields=wrong)
    past = [(EventKind.RECEIVED, received_at, Lifecycle())]
    for member, happened_at in times.items():
        if happened_at is not None or member in ends:
            life = past[-1][2].after(PAST_STEPS[member], happened_at, item.resolution)
            past.append((PAST_STEPS[member], happened_at or past[-1][1], life))
    return past
