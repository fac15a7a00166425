"""A whole churn backtest of a million customers, in memory: contest, forecast, all models, all intervals.

    .venv/bin/python -m benchmarks.churn [--customers 1000000]

Purchases are drawn from a population that buys at random and drops out. Printed: seconds for seeing the
customers at the three days, for the contest, for the forecast, for the backtest (which does both again), and
for the MBG/NBD fit with and without grouping of like histories.
"""

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np

from app.domain.churn.distributions import btyd, mbg_nbd
from app.domain.churn.evaluation.backtest_report import evaluate
from app.domain.churn.evaluation.model_selection import choose, predict
from app.domain.churn.inputs.purchase_history import Groups
from app.domain.churn.inputs.snapshots import Snapshot
from benchmarks.purchase_log import Ledger

DAYS, HORIZON = 720, 90


def shop(customers: int, seed: int = 7) -> Ledger:
    """Customers who join evenly, buy at their own rates and stop at their own time."""
    random = np.random.default_rng(seed)
    first = random.integers(0, DAYS - HORIZON, customers)
    stays = np.minimum(random.exponential(random.gamma(1.0, 250.0, customers) + 1), DAYS - first)
    more = random.poisson(random.gamma(0.7, 1 / 35, customers) * stays)
    owner = np.repeat(np.arange(customers), more)
    day = first[owner] + 1 + (random.random(owner.size) * stays[owner]).astype(np.int64)
    owner, day = np.concatenate([np.arange(customers), owner]), np.concatenate([first, day])
    amount = (random.lognormal(8, 0.7, customers)[owner] * random.lognormal(0, 0.4, owner.size)).astype(int)
    kept = day < DAYS
    return Ledger(owner[kept], day[kept], amount[kept])


def timed(name: str, work: Callable[[], Any]) -> Any:
    """Do it and print how long it took."""
    began = time.perf_counter()
    found = work()
    print(f"{name}: {time.perf_counter() - began:.2f} s", flush=True)
    return found


def ungrouped(then: Snapshot) -> Any:
    """The same search over the customers one by one: neither equal histories nor similar ones are joined."""
    histories = then.histories
    each = Groups(histories.take(np.argsort(histories.x)), np.ones(len(histories), dtype=np.int64))
    with patch.object(btyd, "ROUGH_GROUPS", len(histories)):
        return btyd._best(each, btyd.Model.MBG_NBD)


def main() -> None:
    """Print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    options = parser.parse_args()
    cut = DAYS - HORIZON
    ledger = timed("purchases drawn and sorted", lambda: shop(options.customers))
    print(f"{ledger.owner.size:,} purchases")
    outcome = timed("customers at the cut", lambda: ledger.window(cut, HORIZON))
    closed = timed("customers at the closed windows", lambda: ledger.closed(cut, HORIZON))
    selected = timed("contest", lambda: choose(closed))
    timed("forecast", lambda: predict(outcome.then, HORIZON, selected))
    tested = timed("backtest", lambda: evaluate(outcome, closed))
    print(f"  at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB of memory so far")
    for model in tested.models:
        m = model.metrics
        print(f"  {model.code}: n {m.n:,}, AUC {m.auc:.4f} {m.auc_interval}, Brier {m.brier}")
    timed("fit, like histories grouped", lambda: mbg_nbd.fit(outcome.then.histories))
    timed("fit, ungrouped", lambda: ungrouped(outcome.then))


if __name__ == "__main__":
    main()
