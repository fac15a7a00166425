"""Which customers a run has to read again, because what an earlier run read of them may have changed.

Soundness rests on four rules that hold everywhere: a fact that is stored or changed bears the instant of
it (``recorded_at`` or ``updated_at``); facts are never moved from one customer to another; whoever changes
a customer raises its ``updated_at``; and only the reversal of an import deletes facts.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Select, exists, or_, select, union

from app.domain.imports.states import ImportState
from app.domain.scoring.run_spec import Bounds
from app.store.sql import numpy_io
from app.store.sql.numpy_io import ID, Ids
from app.store.tables import (
    Complaint,
    ComplaintEvent,
    ContractStatement,
    ContractTerms,
    Customer,
    Import,
    Interaction,
    Promise,
    PromiseEvent,
    SurveyResponse,
    Transaction,
)
from app.store.transactions import ReadTx

Span = tuple[datetime, datetime]


def are_deleted(tx: ReadTx, since: datetime) -> bool:
    """Whether facts may have been deleted since: an import was taken back, or is being taken back."""
    going_on = Import.state == ImportState.REVERTING
    ended = (Import.state == ImportState.REVERTED) & (Import.updated_at >= since)
    return bool(tx.execute(select(exists().where(or_(going_on, ended)))).scalar_one())


def changed(tx: ReadTx, since: datetime, before: Bounds, after: Bounds) -> Ids:
    """Customers of whom something was recorded or changed since, or of whom something lies where a bound
    has moved; ascending.

    Args:
        since: the earlier run saw what was recorded before it.
        before: where the earlier run looked.
        after: where the new one looks.
    """
    wanted = [*_recorded(tx, since), *_passed(tx, before, after)]
    return np.sort(numpy_io.read(tx, union(*wanted), [ID])[0])


def _recorded(tx: ReadTx, since: datetime) -> Iterator[Select[Any]]:
    for owner, at in (
        (Transaction.customer_id, Transaction.recorded_at),
        (Interaction.customer_id, Interaction.updated_at),
        (Complaint.customer_id, Complaint.updated_at),
        (Promise.customer_id, Promise.updated_at),
        (SurveyResponse.customer_id, SurveyResponse.recorded_at),
        (Customer.id, Customer.updated_at),
        (ContractTerms.customer_id, ContractTerms.recorded_at),
        (ContractStatement.customer_id, ContractStatement.recorded_at),
    ):
        yield select(numpy_io.raw_id(tx, owner)).where(at >= since, owner.is_not(None))


def _passed(tx: ReadTx, before: Bounds, after: Bounds) -> Iterator[Select[Any]]:
    end = _between(before.end, after.end)
    recent = _between(before.recent, after.recent)
    earlier, cut = _between(before.earlier, after.earlier), _between(before.cut, after.cut)
    contacts = _between(before.contacts, after.contacts)
    windows = [end, recent, earlier, cut]
    if before.start is not None and after.start is not None:
        windows.append(_between(before.start, after.start))
    for owner, at, spans in (
        (Transaction.customer_id, Transaction.occurred_at, windows),
        (Interaction.customer_id, Interaction.started_at, [end, contacts]),
        (Complaint.customer_id, Complaint.received_at, [end]),
        (ComplaintEvent.customer_id, ComplaintEvent.at, [end]),
        (PromiseEvent.customer_id, PromiseEvent.at, [end, contacts]),
        (PromiseEvent.customer_id, PromiseEvent.due_at, [end, contacts]),
        (SurveyResponse.customer_id, SurveyResponse.answered_at, [end]),
    ):
        for low, high in _not_empty(spans):
            yield select(numpy_io.raw_id(tx, owner)).where(at >= low, at < high, owner.is_not(None))
    if before.as_of != after.as_of:
        low_day, high_day = min(before.as_of, after.as_of), max(before.as_of, after.as_of)
        for dated in (ContractTerms, ContractStatement):
            passed = (dated.known_on >= low_day, dated.known_on < high_day)
            yield select(numpy_io.raw_id(tx, dated.customer_id)).where(*passed)


def _between(one: datetime, other: datetime) -> Span:
    return min(one, other), max(one, other)


def _not_empty(spans: Sequence[Span]) -> list[Span]:
    return [(low, high) for low, high in spans if low < high]
