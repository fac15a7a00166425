"""What counts is the day: how many lines a purchase or a refund has changes nothing."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import factories
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from app.domain.churn import baselines, reasons_for_one
from app.domain.churn.inputs.customer_facts import COLUMNS, from_row
from app.domain.common.access import Actor
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.run_spec import RunSpec
from app.services.scoring import run_facts
from app.store.engine import Store
from app.store.scoring import run_results
from benchmarks.purchase_log import Ledger

DAY = datetime(2026, 3, 10, 9, tzinfo=UTC)
LINES = {"transactions", "counted", "customer_id"}
"""Counts of records, which are what is split."""


@given(
    seed=st.integers(0, 1000),
    parts=st.lists(st.integers(1, 5), min_size=40, max_size=40),
    as_of_day=st.integers(200, 400),
)
@settings(max_examples=40)
def test_splitting_purchases_and_refunds_into_lines_changes_nothing(
    seed: int, parts: list[int], as_of_day: int
) -> None:
    random = np.random.default_rng(seed)
    owner, day = random.integers(0, 12, 40), random.integers(0, 400, 40)
    amount = random.choice([600, 1200, -60, -120], 40)
    lines = np.repeat(np.arange(40), parts)
    split = amount[lines] // 60 // np.array(parts)[lines]  # whole parts of what divides evenly
    rest = amount - np.bincount(lines, split, 40).astype(np.int64)
    split[np.cumsum([0, *parts[:-1]])] += rest
    one, other = Ledger(owner, day, amount), Ledger(owner[lines], day[lines], split)
    whole, seen = one.snapshot(as_of_day)[1], other.snapshot(as_of_day)[1]
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(whole.facts, name), getattr(seen.facts, name), err_msg=name)
    np.testing.assert_array_equal(whole.value_minor, seen.value_minor)
    np.testing.assert_array_equal(whole.refunds, seen.refunds)
    usual = baselines(whole.facts)
    assert usual == baselines(seen.facts)
    for place in range(len(whole)):
        reasons = [
            reasons_for_one(from_row(found.facts.row(place), as_of_day), usual) for found in (whole, seen)
        ]
        assert reasons[0] == reasons[1]


@pytest.fixture
def twins(store: Store, actor: Actor) -> list[UUID]:
    """Two customers who did the same, the second in lines."""
    ids = [store.write_sync(factories.customer, actor, name) for name in ("Whole", "Lines")]

    def buy(tx: Connection) -> None:
        for days, amounts in ((0, (1500, -300)), (20, (700,)), (100, (400,)), (110, (900, -900))):
            for amount in amounts:
                at = DAY - timedelta(days=days)
                kind = "purchase" if amount > 0 else "refund"
                factories.purchases(tx, actor, ids[0], [amount], at=at, kind=kind)
                some = [amount - 3 * (amount // 4), *[amount // 4] * 3]
                factories.purchases(tx, actor, ids[1], some, at=at, kind=kind)

    store.write_sync(buy)
    return ids


def test_a_run_counts_days(store: Store, twins: list[UUID], actor: Actor) -> None:
    spec = RunSpec((DAY + timedelta(days=1)).date(), Parameters("TRY", horizon_days=90), actor.company)
    facts = store.read_sync(run_facts.read, spec).columns
    wanted = np.array([who.bytes for who in twins], dtype=facts["customer_id"].dtype)
    places, known = run_results.matched(facts["customer_id"], np.sort(wanted))
    assert known.all()
    for name, column in facts.items():
        if name not in LINES:
            one, other = column[places]
            np.testing.assert_equal(one, other, err_msg=name)
    counted = {name: int(facts[name][places[0]]) for name in ("recent_purchases", "earlier_purchases")}
    assert counted == {"recent_purchases": 2, "earlier_purchases": 2}
    assert int(facts["refunds"][places[0]]) == 2
    assert int(facts["cut_purchase_days"][places[0]]) == 2
