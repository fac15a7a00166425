"""Put the demo company into an empty store."""

from collections.abc import Callable, Sequence, Sized
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import func, insert, select

from app.demo import compensations, complaint_lives, documentation_records, staff, standards
from app.demo.competitors import measurements
from app.demo.contents import Demo
from app.demo.promises import made_for
from app.demo.surveys import SURVEYS
from app.domain.activity.transactions import TransactionKind, signed
from app.domain.common.access import Actor, Scope
from app.domain.events.event_types import DEMO_MADE
from app.errors import AppError
from app.schemas.activity.interactions import InteractionCreate
from app.schemas.common.base import Input
from app.schemas.customers.contract_terms import ContractTermsItem
from app.schemas.customers.customers import CustomerCreate
from app.schemas.insights.competitor_measurements import CompetitorMeasurementCreate
from app.schemas.promises.promises import PastPromise
from app.schemas.recovery.complaints import ComplaintCreate
from app.schemas.scoring.backtests import EXAMPLE_ID as EXAMPLE_BACKTEST_ID
from app.schemas.scoring.backtests import BacktestCreate
from app.schemas.scoring.replays import EXAMPLE_ID as EXAMPLE_REPLAY_ID
from app.schemas.scoring.replays import ReplayCreate
from app.schemas.scoring.runs import EXAMPLE_ID as EXAMPLE_RUN_ID
from app.schemas.scoring.runs import ScoringRunCreate
from app.schemas.surveys.invitations import SurveyInvitationCreate
from app.schemas.surveys.responses import SurveyResponseCreate
from app.schemas.surveys.surveys import SurveyCreate
from app.services.activity import interactions
from app.services.customers import contract_terms, customers
from app.services.insights import competitor_measurements
from app.services.platform import api_keys
from app.services.promises import promises
from app.services.recovery import complaints
from app.services.scoring import backtests, replays, runs
from app.services.surveys import invitations, responses, surveys
from app.store.audit import trail
from app.store.sql import bulk_write
from app.store.tables import Backtest, Customer, Event, ExchangeRate, Replay, ScoringRun, Transaction
from app.store.transactions import ReadTx, WriteTx
from app.store.types import from_micros, new_id, now

_TRANSACTION_COLUMNS = (
    "id",
    "customer_id",
    "source",
    "external_id",
    "kind",
    "amount_minor",
    "currency",
    "occurred_at",
    "recorded_at",
    "category",
    "channel",
    "cost_minor",
)

BACKTEST_DAYS = 90

AT_ONCE = 1000
"""Records stored in one go."""

MADE = DEMO_MADE
"""The audit trail's word for what `load` does."""


class _Stored:
    """How much of a demo is stored."""

    def __init__(self, demo: Demo, progress: Callable[[int, int], None] | None) -> None:
        self._progress, self._done = progress, 0
        parts: tuple[Sized, ...] = (
            demo.customers,
            demo.transactions,
            demo.contacts.interactions,
            demo.contacts.complaints,
            demo.asked.invitations,
            demo.asked.responses,
        )
        self._total = sum(len(part) for part in parts)

    def more(self, records: int) -> None:
        """So many more are."""
        self._done = min(self._done + records, self._total)
        if self._progress is not None:
            self._progress(self._done, self._total)


def is_empty(tx: ReadTx, _actor: Actor) -> bool:
    """Whether the store has no customer yet."""
    return tx.execute(select(func.count()).select_from(Customer)).scalar_one() == 0


def is_scored(tx: ReadTx, _actor: Actor) -> bool:
    """Whether a scoring run is current."""
    return tx.execute(select(ScoringRun.id).where(ScoringRun.is_current)).first() is not None


def made_of(tx: ReadTx, _actor: Actor) -> dict[str, Any] | None:
    """What the store's demo was made of: ``seed``, ``until`` (text), ``customers``; None if it is unknown."""
    found: dict[str, Any] | None = tx.execute(select(Event.data).where(Event.type == MADE)).scalars().first()
    return found


def load(
    tx: WriteTx, actor: Actor, demo: Demo, token: str, progress: Callable[[int, int], None] | None = None
) -> None:
    """Record all there is of the demo, what the examples of the API's documentation name, and its API key
    ``token``, all or nothing. ``progress`` is called now and then with the records stored and all there are.

    Raises:
        AppError: the store has something of the demo already.
    """
    stored = _Stored(demo, progress)
    people = [{**_wire(demo.customers[0]), **documentation_records.PERSON}, *map(_wire, demo.customers[1:])]
    items = [CustomerCreate.model_validate(item) for item in people]
    ids = documentation_records.ids_of(people)
    for result in customers.create_many(tx, actor, items, ids=ids):
        if isinstance(result, AppError):
            raise result
    stored.more(len(items))
    at = now()
    rates = [
        {"currency": currency, "on_date": on, "rate": rate, "updated_at": at}
        for currency, on, rate in demo.rates
    ]
    tx.execute(insert(ExchangeRate), rates)
    api_keys.create_known(tx, actor, token, "demo", list(Scope))
    bulk_write.upsert_many(tx, Transaction, _TRANSACTION_COLUMNS, ("id",), _transactions(demo, ids, at))
    stored.more(len(demo.transactions))
    _record_terms(tx, actor, demo)
    record = partial(_record, tx, actor, stored)
    contact_ids = record(interactions.create_many, InteractionCreate, demo.contacts.interactions)
    standards.load(tx, actor)
    complained = [_linked(item, "interaction", contact_ids) for item in demo.contacts.complaints]
    complaint_ids = record(complaints.create_many, ComplaintCreate, complained)
    made = list(made_for(complained, complaint_ids, demo.ends_at))
    record(promises.create_past, PastPromise, made)
    for survey in SURVEYS:
        surveys.create(tx, actor, SurveyCreate.model_validate(survey))
    invited = [_linked(item, "interaction", contact_ids) for item in demo.asked.invitations]
    invitation_ids = record(invitations.create_many, SurveyInvitationCreate, invited)
    answered = [_linked(item, "invitation", invitation_ids) for item in demo.asked.responses]
    record(responses.create_many, SurveyResponseCreate, answered)
    measured = measurements(demo.until)
    record(competitor_measurements.create_many, CompetitorMeasurementCreate, measured)
    staff.load(tx, actor)
    documentation_records.load(tx, actor, ids, demo.until, demo.ends_at)
    complaint_lives.load(tx, actor, ids, demo.ends_at)
    compensations.load(tx, actor, documentation_records.examples_of(demo.ends_at), demo.ends_at)
    made_of_it = {"seed": demo.seed, "until": demo.until.isoformat(), "customers": len(items)}
    trail.record(tx, actor, MADE, token.split("_")[2], data=made_of_it)


def start_scoring(tx: WriteTx, actor: Actor, as_of: date) -> UUID:
    """Record the demo's scoring run, which somebody is going to compute at once, and give its id; harmless
    when repeated."""
    run_id = UUID(EXAMPLE_RUN_ID)
    if tx.execute(select(ScoringRun.id).where(ScoringRun.id == run_id)).first() is None:
        wanted = ScoringRunCreate.model_validate({"as_of": as_of.isoformat(), "window_days": 365})
        runs.create(tx, actor, wanted, run_id=run_id)
    return run_id


def start_backtest(tx: WriteTx, actor: Actor, as_of: date) -> UUID | None:
    """Record the demo's backtest of the last 90 days, which somebody is going to compute at once, and give
    its id; None when it is there already."""
    backtest_id = UUID(EXAMPLE_BACKTEST_ID)
    if tx.execute(select(Backtest.id).where(Backtest.id == backtest_id)).first() is not None:
        return None
    cut_on = as_of - timedelta(days=BACKTEST_DAYS + 2)  # whose horizon is over, also for a demo of today
    wanted = BacktestCreate.model_validate({"cut_on": cut_on.isoformat(), "horizon_days": BACKTEST_DAYS})
    backtests.create(tx, actor, wanted, backtest_id=backtest_id)
    return backtest_id


def start_replay(tx: WriteTx, actor: Actor) -> UUID | None:
    """Record a replay of the demo's scoring run, which somebody is going to compute at once, and give its id;
    None when it is there already."""
    replay_id = UUID(EXAMPLE_REPLAY_ID)
    if tx.execute(select(Replay.id).where(Replay.id == replay_id)).first() is not None:
        return None
    replays.create(tx, actor, ReplayCreate(run_id=UUID(EXAMPLE_RUN_ID)), replay_id=replay_id)
    return replay_id


def _record(
    tx: ReadTx,
    actor: Actor,
    stored: _Stored,
    create_many: Callable[..., list[Any]],
    model: type[Input],
    items: Sequence[dict[str, Any]],
) -> list[UUID]:
    """Record what requests would carry, some at a time; gives the ids."""
    ids: list[UUID] = []
    for start in range(0, len(items), AT_ONCE):
        for result in create_many(
            tx, actor, [model.model_validate(item) for item in items[start : start + AT_ONCE]]
        ):
            if isinstance(result, AppError):
                raise result
            ids.append(result["id"])
        stored.more(len(items[start : start + AT_ONCE]))
    return ids


def _record_terms(tx: WriteTx, actor: Actor, demo: Demo) -> None:
    """Record what was known of contracts before today; what holds today is said with the customers."""
    today = actor.company.day_of(now()).isoformat()
    items = [item for item in demo.terms if item["known_on"] < today]
    for start in range(0, len(items), AT_ONCE):
        some = [ContractTermsItem.model_validate(item) for item in items[start : start + AT_ONCE]]
        for result in contract_terms.create_many(tx, actor, some):
            if isinstance(result, AppError):
                raise result


def _linked(item: dict[str, Any], member: str, ids: list[UUID]) -> dict[str, Any]:
    """The item with the id of what it names by its position."""
    item = dict(item)
    position = item.pop(member)
    return {**item, f"{member}_id": None if position is None else str(ids[position])}


def _wire(item: dict[str, Any]) -> dict[str, Any]:
    """A customer of the demo as a request would carry it."""
    dates = ("born_on", "customer_since_on", "left_on")
    return {**item, **{name: item[name].isoformat() for name in dates if item[name] is not None}}


def _transactions(demo: Demo, ids: list[UUID], at: Any) -> Any:
    columns = demo.transactions
    micros = columns.occurred_at.astype("datetime64[us]").astype(np.int64)
    for index, external_id, kind, amount, currency, occurred, category, channel, cost in zip(
        columns.customer_index.tolist(),
        columns.external_id,
        columns.kind,
        columns.amount_minor.tolist(),
        columns.currency,
        micros.tolist(),
        columns.category,
        columns.channel,
        columns.cost_minor.tolist(),
        strict=True,
    ):
        yield (
            new_id(),
            ids[index],
            "demo",
            external_id,
            kind,
            signed(TransactionKind(kind), amount),
            currency,
            from_micros(occurred),
            at,
            category,
            channel,
            None if cost < 0 else signed(TransactionKind(kind), cost),
        )
