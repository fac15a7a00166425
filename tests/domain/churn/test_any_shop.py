"""Whatever a company has sold to whom: a run ends, and says probabilities or why it has none."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.churn.evaluation.backtest_report import Options, evaluate
from app.domain.churn.evaluation.model_selection import choose, predict
from app.domain.churn.explanations.contributions import contributions, sentences
from app.domain.churn.inputs.customer_facts import from_row
from app.domain.churn.models import BASELINE
from app.texts import render
from benchmarks.purchase_log import Ledger

AMOUNTS = np.array([0, 1, 100, 99_999, 10**12, -100, -(10**12)])
ROWS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 200), st.sampled_from(AMOUNTS.tolist())), max_size=40
)


def check(ledger: Ledger, as_of_day: int, horizon: int) -> None:
    """A run and a backtest on the day."""
    closed = ledger.closed(as_of_day, horizon)
    selected = choose(closed, draws=3)
    _, now = ledger.snapshot(as_of_day)
    forecast = predict(now, horizon, selected)
    assert forecast.q.shape == forecast.rank.shape == (len(now),)
    is_rank = forecast.code == BASELINE or forecast.withheld is not None
    known = np.isnan(forecast.q) if is_rank else (forecast.q >= 0) & (forecast.q <= 1)
    assert known.all()
    if forecast.serving is not None:
        facts = from_row(now.facts.row(0), as_of_day)
        told = contributions(facts, int(now.value_minor[0]), int(now.refunds[0]), forecast.serving)
        assert all(render("tr", *sentences(one)) for one in told)
    tested = evaluate(ledger.window(as_of_day, horizon), closed, options=Options(draws=3))
    assert tested.n == len(now)
    assert sum(cell.silent + cell.returned for cell in tested.confusion) == tested.n
    assert asdict(tested)["contest"]["serves"] == selected.contest.serves


@given(ROWS, st.integers(1, 230), st.integers(1, 120), st.booleans())
def test_small_shops(
    rows: list[tuple[int, int, int]], as_of_day: int, horizon: int, zero_amounts: bool
) -> None:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    check(Ledger(*columns, zero_amounts_count=zero_amounts), as_of_day, horizon)


@pytest.mark.parametrize("seed", range(40))
def test_shops_of_any_shape(seed: int) -> None:
    random = np.random.default_rng(seed)
    customers, span = int(random.integers(5, 900)), int(random.integers(30, 500))
    n = int(customers * random.uniform(1, 6))
    day = (span * random.beta(*random.uniform(0.3, 4, 2), n)).astype(np.int64)
    if seed % 3 == 0:
        day = day // 7 * 7
    amount = random.choice(AMOUNTS, n, p=random.dirichlet(np.ones(AMOUNTS.size)))
    ledger = Ledger(random.integers(0, customers, n), day, amount, zero_amounts_count=seed % 2 == 0)
    check(ledger, int(random.integers(span // 2, span + 40)), int(random.integers(1, 200)))
