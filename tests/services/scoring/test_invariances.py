"""What must not change a run's figures, and how they must change together: seeded companies, whole runs."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import factories
import numpy as np
import pytest
from churn_shops import simulated
from sqlalchemy import Connection, delete, insert

from app.domain.churn import NO_DAY
from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.common.days import day_number, day_of
from app.domain.scoring.score_columns import NONE
from app.jobs.scoring.score import score
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.insights import churn_report, lifetime_value_report
from app.services.scoring import runs
from app.store.engine import Store
from app.store.scoring import run_results
from app.store.sql.column_codec import Columns
from app.store.tables import ChurnContest, CustomerScore, RunColumns, ScoringRun, Transaction

AS_OF, HORIZON = date(2026, 7, 1), 60
SIZE = 150
LINES = {"transactions", "counted", "customer_id"}
"""What is of records and not of days, or says who a customer is."""

Sale = tuple[int, int, int]
"""Whose, on which day, for how much; below 0 for a refund."""

SEEDS = [3, 4]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a run said: columns by customer, and the reports as somebody reads them."""

    columns: Columns
    lifetime_value: Any
    churn: Any

    @property
    def total(self) -> float:
        return float(self.lifetime_value["total"]["amount"])

    @property
    def interval(self) -> tuple[float, float]:
        low, high = (float(self.lifetime_value["interval"][end]["amount"]) for end in ("low", "high"))
        return low, high


Company = Callable[..., Said]


@pytest.fixture
def company(store: Store, actor: Actor) -> Company:
    """Run on given sales of the same customers, as if there never had been others."""
    ids: list[UUID] = []

    def known(tx: Connection, n: int) -> None:
        ids.extend(factories.customer(tx, actor, f"Customer {len(ids)}") for _ in range(n - len(ids)))

    def replaced(tx: Connection, sales: Iterable[Sale]) -> None:
        for table in (CustomerScore, RunColumns, ScoringRun, ChurnContest, Transaction):
            tx.execute(delete(table))
        rows = [sale(ids[who], day, amount) for who, day, amount in sales]
        tx.execute(insert(Transaction), rows)

    def said(sales: list[Sale], as_of: date = AS_OF) -> Said:
        store.write_sync(known, 1 + max(who for who, _, _ in sales))
        store.write_sync(replaced, sales)
        asked = ScoringRunCreate.model_validate(
            {"as_of": as_of.isoformat(), "horizon_days": HORIZON, "lifetime_value": {"horizon_days": 91}}
        )
        run_id = store.write_sync(runs.create, actor, asked)["id"]
        score(store, actor, run_id)
        columns = store.read_sync(run_results.load_columns, run_id)
        reports = (
            store.read_sync(module.report, actor, run_id, None, "en")
            for module in (lifetime_value_report, churn_report)
        )
        return Said(columns, *(shown(one, (run_id,)) for one in reports))

    return said


def sale(who: UUID, day: int, amount: int) -> dict[str, Any]:
    at = datetime.combine(day_of(day), datetime.min.time(), UTC) + timedelta(hours=9)
    kind = "purchase" if amount >= 0 else "refund"
    return factories.transaction_row(who, amount, at, kind=kind)


def shown(report: Any, names: Iterable[UUID]) -> Any:
    """A report without what names the run and the instant at which it ended."""
    left_out = {str(name) for name in names}

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            rest = {key: plain(one) for key, one in value.items() if str(one) not in left_out}
            return {key: one for key, one in rest.items() if key not in ("computed_at", "ended_at")}
        return [plain(one) for one in value] if isinstance(value, list) else value

    return plain(json.loads(json.dumps(report, default=str)))


def sales_of(seed: int, size: int = SIZE) -> list[Sale]:
    """Two years of a company that gives back one purchase in eight, in part or whole."""
    ledger, random = simulated(seed, size, 720), np.random.default_rng(seed)
    opens = day_number(AS_OF) - 700
    found = []
    for who, day, amount in zip(ledger.owner, ledger.day, ledger.amount, strict=True):
        if day < 700:
            found.append((int(who), opens + int(day), int(amount)))
            if day < 680 and random.random() < 1 / 8:
                back = -int(amount * random.choice([0.3, 1.0]))
                found.append((int(who), opens + int(day) + int(random.integers(0, 9)), back))
    return found


def in_parts(sales: list[Sale], seed: int) -> list[Sale]:
    """The same days, most of whose purchases and refunds have several lines."""
    random, found = np.random.default_rng(seed), []
    for who, day, amount in sales:
        size, sign = abs(amount), 1 if amount >= 0 else -1
        cuts = sorted(random.integers(1, size, int(random.integers(0, 4))).tolist()) if size > 1 else []
        parts = np.diff([0, *cuts, size])
        found += [(who, day, sign * int(part)) for part in parts if part > 0]
    return found


def same_columns(one: Columns, other: Columns, *, later: int = 0) -> None:
    """Every column of both is the same, days being so much later in the other."""
    assert one.keys() == other.keys()
    for name in one.keys() - LINES:
        column = one[name]
        if name.endswith("_day"):
            column = np.where(column == NO_DAY, column, column + later)
        np.testing.assert_array_equal(column, other[name], err_msg=name)
    np.testing.assert_array_equal(one["customer_id"], other["customer_id"])


@pytest.mark.parametrize("seed", SEEDS)
def test_values_of_customers_add_up_to_a_total_that_lies_in_its_interval(company: Company, seed: int) -> None:
    said = company(sales_of(seed))
    worth = said.columns["lifetime_value_minor"]
    assert money.to_wire(int(worth[worth != NONE].sum()), "TRY") == said.lifetime_value["total"]
    assert said.interval[0] < said.total < said.interval[1]
    assert said.lifetime_value["basis"] != "none"


@pytest.mark.parametrize("seed", SEEDS)
def test_lines_of_purchases_and_parts_of_refunds_change_nothing(company: Company, seed: int) -> None:
    sales = sales_of(seed)
    lines = in_parts(sales, seed)
    assert len(lines) > 1.5 * len(sales)
    whole, split = company(sales), company(lines)
    same_columns(whole.columns, split.columns)
    assert whole.lifetime_value == split.lifetime_value
    assert whole.churn == split.churn


@pytest.mark.parametrize("seed", SEEDS)
def test_under_other_ids_the_same_is_said(company: Company, seed: int) -> None:
    sales = sales_of(seed)
    n = 1 + max(who for who, _, _ in sales)
    order = np.random.default_rng(seed).permutation(n)
    now, mixed = company(sales), company([(int(order[who]), day, amount) for who, day, amount in sales])
    assert alike(now.lifetime_value) == alike(mixed.lifetime_value)
    assert alike(now.churn) == alike(mixed.churn)


def alike(report: Any) -> Any:
    """A report without who customers are, its numbers to nine digits: in another order they add up to a
    little more or less."""
    if isinstance(report, dict):
        return {name: alike(value) for name, value in report.items() if name not in ("id", "name")}
    if isinstance(report, list):
        return [alike(one) for one in report]
    return float(f"{report:.9g}") if isinstance(report, float) else report


@pytest.mark.parametrize("seed", SEEDS)
def test_a_week_later_the_same_is_said(company: Company, seed: int) -> None:
    sales = sales_of(seed)
    now = company(sales)
    later = company([(who, day + 7, amount) for who, day, amount in sales], AS_OF + timedelta(days=7))
    same_columns(now.columns, later.columns, later=7)
    assert a_week_on(now.lifetime_value) == later.lifetime_value
    assert a_week_on(now.churn) == later.churn


def a_week_on(report: Any) -> Any:
    def moved(found: re.Match[str]) -> str:
        return (date.fromisoformat(found[0]) + timedelta(days=7)).isoformat()

    return json.loads(re.sub(r"\d{4}-\d\d-\d\d", moved, json.dumps(report)))


def test_a_company_of_twice_the_customers_is_worth_twice_as_much_and_surer(company: Company) -> None:
    size = 600  # of very few, the level itself is believed more when they are twice as many
    sales = sales_of(SEEDS[0], size)
    once = company(sales)
    twice = company([*sales, *((who + size, day, amount) for who, day, amount in sales)])
    assert twice.total == pytest.approx(2 * once.total, rel=0.03)
    wide, narrow = (np.log(said.interval[1] / said.interval[0]) for said in (once, twice))
    assert narrow < 0.95 * wide
