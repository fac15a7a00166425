"""The states of promises as conditions of SQL: what `app.domain.promises.promises` says of one promise."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, or_

from app.domain.promises.promises import Promise as Life
from app.domain.promises.promises import Promiser, PromiseState
from app.store.tables import Promise
from app.store.transactions import Row


def life_of(row: Row) -> Life:
    """The promise of a row."""
    by = row["cancelled_by"]
    return Life(
        Promiser(row["promised_by"]),
        row["due_at"],
        row["planned_at"],
        row["kept_at"],
        row["cancelled_at"],
        None if by is None else Promiser(by),
    )


def is_in(state: PromiseState, at: datetime) -> Any:
    """The condition that a promise is in a state at an instant."""
    return _conditions(at)[state]


def state_at(at: datetime) -> Any:
    """The state at an instant, as an expression."""
    return case(*((condition, state.value) for state, condition in _conditions(at).items()))


def _conditions(at: datetime) -> dict[PromiseState, Any]:
    unfinished = Promise.ended_at.is_(None)
    by_other = Promise.cancelled_by != Promise.promised_by
    is_abandoned = and_(Promise.cancelled_at > Promise.due_at, by_other)
    in_time = and_(Promise.cancelled_at.is_not(None), or_(Promise.cancelled_at <= Promise.due_at, ~by_other))
    return {
        PromiseState.OPEN: and_(unfinished, Promise.due_at >= at),
        PromiseState.OVERDUE: and_(unfinished, Promise.due_at < at),
        PromiseState.KEPT: Promise.kept_at <= Promise.due_at,
        PromiseState.LATE: Promise.kept_at > Promise.due_at,
        PromiseState.CANCELLED_BY_US: and_(in_time, Promise.cancelled_by == Promiser.US.value),
        PromiseState.CANCELLED_BY_CUSTOMER: and_(in_time, Promise.cancelled_by == Promiser.CUSTOMER.value),
        PromiseState.ABANDONED: is_abandoned,
    }
