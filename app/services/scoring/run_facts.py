"""The facts a scoring run computes from, by customer: read whole, or from where an earlier run left off."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from app.domain.churn.inputs.sales_feed import Feed
from app.domain.common import money
from app.domain.common.company import Company
from app.domain.common.days import day_of, local_days
from app.domain.scoring.parameters import NO_DAY
from app.domain.scoring.population import Population
from app.domain.scoring.run_spec import RunSpec
from app.domain.scoring.score_columns import FACTS, blank
from app.services.scoring import answer_columns, satisfaction
from app.store.scoring import (
    changed_customers,
    contract_statements,
    customer_facts,
    run_results,
    survey_answers,
)
from app.store.sql.column_codec import Columns, unpack
from app.store.sql.numpy_io import Ids
from app.store.tables import ScoringRun
from app.store.transactions import ReadTx
from app.store.types import now, to_micros

SETTLES = timedelta(seconds=60)
"""How long a write may take from noting its instant to being seen: facts this young are read again."""

MAX_CHANGED_SHARE = 0.3
"""When customers with news are more than this share of those of the earlier run, reading everything is
faster."""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What was read.

    Args:
        columns: ``customer_id``, strictly ascending, and aligned with it the columns of `FACTS`.
        customers: how many customers there are, those without facts included.
        no_rate: transactions in the window without an exchange rate of their day, by currency.
        rates_used: rate by currency and day.
        until: what was recorded before this instant has been seen.
        read_again: how many customers were read; None when all were.
        base: what they were gone on from; None when all were read.
    """

    columns: Columns
    customers: int
    no_rate: dict[str, int]
    rates_used: dict[str, dict[str, str]]
    until: datetime
    read_again: int | None
    base: "Base | None"


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """An earlier run, and all the columns it has kept."""

    run_id: UUID
    columns: Columns


def read(tx: ReadTx, spec: RunSpec, *, without_cache: bool = False) -> Facts:
    """Read the facts for a day; the result is the same whether or not an earlier run's facts are used, which
    they never are when they are read ``without_cache``."""
    until = now() - SETTLES  # before the first statement, at which the snapshot is taken
    kept = None if without_cache else _cached(tx, spec)
    reader = _Reader(tx, spec, None if kept is None else kept.again)
    fresh = reader.columns()
    if kept is None:
        return Facts(
            fresh, customer_facts.customers(tx), reader.no_rate, reader.rates_used, until, None, None
        )
    base, again = Base(kept.run_id, kept.columns.result()), int(kept.again.size)
    with ThreadPoolExecutor(1) as beside:
        merging = beside.submit(_merge_changed, base.columns, kept.again, fresh)
        customers = customer_facts.customers(tx)
    return Facts(merging.result(), customers, reader.no_rate, reader.rates_used, until, again, base)


def population(tx: ReadTx, spec: RunSpec, only: Ids | None = None) -> Population:
    """Read all customers, or some, as of any past day, whatever earlier runs have stored."""
    return Population(spec, _Reader(tx, spec, only).columns())


def purchases(tx: ReadTx, spec: RunSpec, only: Ids | None = None) -> Population:
    """Read only what customers, or some, had bought by a day, and their contracts: the columns of `FACTS`,
    those of all else at their defaults."""
    return Population(spec, _Reader(tx, spec, only).purchases())


def contracts(tx: ReadTx, spec: RunSpec, only: Ids) -> Population:
    """Read only what was known of some customers' contracts on a day, and their departures: the columns of
    `FACTS`, those of all else at their defaults."""
    return Population(spec, _Reader(tx, spec, only).contracts())


# --- going on from an earlier run


@dataclass(frozen=True, slots=True, eq=False)
class _Cached:
    """An earlier run's columns, which a thread unpacks, and the customers to read again."""

    run_id: UUID
    columns: Future[Columns]
    again: Ids


def _cached(tx: ReadTx, spec: RunSpec) -> _Cached | None:
    """What may be gone on from; None: read all."""
    base = tx.execute(
        select(ScoringRun.id, ScoringRun.as_of, ScoringRun.data_end, ScoringRun.facts_until)
        .where(
            ScoringRun.facts_key == spec.facts_key,
            ScoringRun.state == "done",
        )
        .order_by(ScoringRun.facts_until.desc())
        .limit(1)
    ).first()
    if base is None or changed_customers.are_deleted(tx, base.facts_until):
        return None
    before = spec.on(base.as_of, Feed(base.data_end)).bounds
    changed = changed_customers.changed(tx, base.facts_until, before, spec.bounds)
    packed = run_results.load_packed(tx, base.id)
    # Rates may have been set or removed since, so what needs one is always read again.
    known = unpack(packed, {"customer_id", "foreign"})
    if changed.size > MAX_CHANGED_SHARE * known["customer_id"].size:
        return None
    pool = ThreadPoolExecutor(1)
    unpacking = pool.submit(unpack, packed)
    pool.shutdown(wait=False)
    return _Cached(base.id, unpacking, np.union1d(changed, known["customer_id"][known["foreign"] > 0]))


def _merge_changed(cached: Columns, only: Ids, fresh: Columns) -> Columns:
    """The facts that hold still and those read again as one, in the order of ids. Columns in which nothing
    has changed are the very same."""
    again = run_results.matched(only, cached["customer_id"])[1]
    places, known = run_results.matched(cached["customer_id"], fresh["customer_id"])
    if known.all() and np.count_nonzero(again) == places.size:  # no customer came, and none has gone
        merged = {name: cached[name] for name in fresh}
        for name, column in fresh.items():
            if not np.array_equal(cached[name][places], column, equal_nan=column.dtype.kind == "f"):
                merged[name] = cached[name].copy()
                merged[name][places] = column
        return merged
    stays = {name: cached[name][~again] for name in fresh}
    order = np.argsort(np.concatenate([stays["customer_id"], fresh["customer_id"]]), kind="stable")
    return {name: np.concatenate([stays[name], fresh[name]])[order] for name in fresh}


# --- reading


class _Reader:
    """Reads the families of facts of some customers, or of all, and puts them side by side."""

    def __init__(self, tx: ReadTx, spec: RunSpec, only: Ids | None) -> None:
        self.tx, self.spec, self.only = tx, spec, only
        self.no_rate: dict[str, int] = {}
        self.rates_used: dict[str, dict[str, str]] = {}

    def columns(self) -> Columns:
        families = [
            self._transactions(),
            self._dated(customer_facts.contacts(self.tx, self.spec.bounds, self.only)),
            self._dated(customer_facts.complaints(self.tx, self.spec.bounds, self.only)),
            customer_facts.promises(self.tx, self.spec.bounds, self.only),
            *self._contracts(),
            self._satisfaction(),
        ]
        return self._aligned(families)

    def purchases(self) -> Columns:
        return self._aligned([self._transactions(), *self._contracts()])

    def contracts(self) -> Columns:
        return self._aligned(self._contracts())

    def _contracts(self) -> list[Columns]:
        return [
            customer_facts.contracts(self.tx, self.spec.bounds, self.only),
            customer_facts.departures(self.tx, self.only),
            *contract_statements.facts(self.tx, self.spec.bounds, self.only),
        ]

    def _aligned(self, families: list[Columns]) -> Columns:
        ids = _united([family["customer_id"] for family in families])
        found = {"customer_id": ids, **blank(ids.size, FACTS.values())}
        for family in families:
            places = np.searchsorted(ids, family["customer_id"])
            for name in family.keys() & FACTS.keys():
                found[name][places] = family[name]
        return found

    def _transactions(self) -> Columns:
        found = customer_facts.transactions(self.tx, self.spec, self.only)
        found["counted"] = found["transactions"].copy()
        if found["foreign"].any():
            self._add_foreign(found)
        return self._dated(found)

    def _satisfaction(self) -> Columns:
        asked = survey_answers.Asked(satisfaction.READ, None, self.spec.bounds.end)
        columns = survey_answers.answers(self.tx, asked, of_customers=True, only=self.only)
        versions = answer_columns.versions_of(survey_answers.surveys(self.tx))
        return satisfaction.of_customers(answer_columns.answered(columns, versions), self.spec.company)

    def _dated(self, family: Columns) -> Columns:
        """Days beside the instants of a family."""
        for name in [name for name in family if name.endswith("_micros")]:
            at = family[name]
            days = np.full(at.size, NO_DAY)
            days[at != customer_facts.NEVER] = local_days(at[at != customer_facts.NEVER], self.spec.company)
            family[name.replace("_micros", "_day")] = days
        return family

    def _add_foreign(self, found: Columns) -> None:
        """Add what was paid in other currencies, each at the rate of its own local day."""
        paid = customer_facts.foreign(self.tx, self.spec, self.only)
        at, bounds = paid.occurred_micros, self.spec.bounds
        recent, earlier = (at >= to_micros(bound) for bound in (bounds.recent, bounds.earlier))
        within = np.full(at.size, True) if bounds.start is None else at >= to_micros(bounds.start)
        converted, has_rate = self._convert(paid)
        owners = np.searchsorted(found["customer_id"], paid.customer_id)
        bought = has_rate & (converted > 0)
        for name, rows, amounts in (
            ("transactions", within, None),
            ("counted", within & has_rate, None),
            ("value_minor", within & has_rate, converted),
            ("spend_minor", bought, converted),
            ("net_spend_minor", has_rate, converted),
            ("recent_spend_minor", bought & recent, converted),
            ("earlier_spend_minor", bought & earlier & ~recent, converted),
        ):
            np.add.at(found[name], owners[rows], 1 if amounts is None else amounts[rows])
        currencies, counts = np.unique(paid.currency[within & ~has_rate], return_counts=True)
        self.no_rate = dict(zip(currencies.tolist(), counts.tolist(), strict=True))

    def _convert(self, paid: customer_facts.Foreign) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Amounts in the reporting currency, and which of them have a rate."""
        spec = self.spec
        amounts, has_rate, used = in_currency(self.tx, paid, spec.company, spec.parameters.currency)
        for code, rates in used.items():
            self.rates_used.setdefault(code, {}).update(rates)
        return amounts, has_rate


def in_currency(
    tx: ReadTx, paid: customer_facts.Foreign, company: Company, currency: str
) -> tuple[NDArray[np.int64], NDArray[np.bool_], dict[str, dict[str, str]]]:
    """Convert amounts, each at the rate of its own local day; also which have one, and the rates by day."""
    days = local_days(paid.occurred_micros, company)
    converted = np.zeros(days.size, dtype=np.int64)
    has_rate = np.zeros(days.size, dtype=np.bool_)
    used: dict[str, dict[str, str]] = {}
    for code, rates in sorted(customer_facts.rates(tx).items()):
        of_currency = np.flatnonzero(paid.currency == code)
        for number in np.unique(days[of_currency]).tolist():
            rate = rates.get(day_of(number))
            if rate is None:
                continue
            rows = of_currency[days[of_currency] == number]
            converted[rows] = money.convert_many(paid.amount_minor[rows], code, Decimal(rate), currency)
            has_rate[rows] = True
            used.setdefault(code, {})[day_of(number).isoformat()] = rate
    return converted, has_rate, used


def _united(lists: list[Ids]) -> Ids:
    """All ids of some ascending lists, ascending."""
    first, *others = sorted(lists, key=len, reverse=True)
    for ids in others:
        _, known = run_results.matched(first, ids)
        if not known.all():
            first = np.sort(np.concatenate([first, ids[~known]]))
    return first
