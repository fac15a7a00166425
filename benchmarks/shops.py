"""Does choosing between models pay? Simulated shops, with seeds that nothing was designed on.

    .venv/bin/python -m benchmarks.shops [--seeds 5]

For every kind of shop, over seeds and days: how often the learned model was chosen, and by how much the
published probabilities were better (below 0) or worse than the parametric ones: Brier score times 1000, its
mean and its worst, and the AUC. *always* is what the learned model would have done without the contest.
"""

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np

from app.domain.churn.evaluation.metrics import measure
from app.domain.churn.evaluation.model_selection import choose, predict
from app.domain.churn.models import LEARNED, REGISTRY
from app.domain.churn.models.model import Why
from benchmarks.purchase_log import Ledger

KINDS: Mapping[str, Mapping[str, Any]] = {
    "as the parametric model": {},
    "season +-40 %": {"season": 0.4},
    "season +-80 %": {"season": 0.8},
    "buys like a clock": {"regular": 6},
    "few customers": {"customers": 300},
}
AS_OF_DAYS, HORIZON = (240, 300, 360, 420, 450), 90


def simulated(
    seed: int, customers: int = 1500, days: int = 540, *, season: float = 0.0, regular: int = 1
) -> Ledger:
    """Customers who join evenly, buy at their own rates and may drop out after a purchase.

    ``season`` is how far the rate swings over a year (0 none, towards 1 all); ``regular`` how even the
    intervals are: 1 at random, more like a clock the higher (Erlang).
    """
    random = np.random.default_rng(seed)
    joined = random.integers(0, int(days * 0.8), customers)
    rate, dropout = random.gamma(0.6, 1 / 20, customers), random.beta(0.8, 2.5, customers)
    owners, at, spend = [], [], random.lognormal(3, 0.7, customers)
    for one in range(customers):
        day, is_purchase = float(joined[one]), True
        while day < days:
            if is_purchase:
                owners.append(one)
                at.append(int(day))
                if random.random() < dropout[one]:
                    break
            day += max(random.gamma(regular, 1 / (regular * rate[one] * (1 + season))), 1.0)
            swing = 1 + season * np.cos(2 * np.pi * (day - 340) / 365)
            is_purchase = random.random() < swing / (1 + season)
    owner = np.array(owners)
    amounts = (100 * spend[owner] * random.lognormal(0, 0.4, owner.size)).astype(np.int64)
    return Ledger(owner, np.array(at), amounts)


def gains(ledger: Ledger, as_of_day: int) -> tuple[bool, float, float, float] | None:
    """Whether the learned model was chosen; gains of the published Brier score and AUC, and of *always*."""
    closed = ledger.closed(as_of_day, HORIZON)
    selected = choose(closed, draws=0)
    owners, now = ledger.snapshot(as_of_day)
    silent = ledger.silent(owners, as_of_day, HORIZON)
    parametric = now.parametric_q(HORIZON)
    model = REGISTRY[LEARNED].train(closed.earlier, closed.last)
    if parametric is None or isinstance(model, Why):
        return None
    always = model.scores(now, HORIZON)
    assert always is not None
    published = predict(now, HORIZON, selected).rank
    base, mine, other = (measure(silent, q, draws=0) for q in (parametric, published, always))
    figures = [one for m in (base, mine, other) for one in (m.brier, m.auc)]
    known = np.array(figures, dtype=np.float64)  # NaN where there is none
    return selected.contest.serves == LEARNED, known[2] - known[0], known[3] - known[1], known[4] - known[0]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(101, 101 + parser.parse_args().seeds)
    print(f"{'shop':26}{'runs':>5}{'chosen':>8}{'Brier e3':>10}{'worst':>8}{'AUC':>9}{'always':>8}")
    for kind, options in KINDS.items():
        shops = [simulated(seed, **options) for seed in seeds]
        rows = np.array([row for shop in shops for day in AS_OF_DAYS if (row := gains(shop, day))])
        if not rows.size:
            print(f"{kind:26}{0:5}")
            continue
        chosen, brier, auc, always = rows.T
        print(
            f"{kind:26}{len(rows):5}{chosen.mean():8.2f}{1e3 * brier.mean():10.2f}{1e3 * brier.max():8.2f}"
            f"{auc.mean():9.4f}{1e3 * always.mean():8.2f}"
        )


if __name__ == "__main__":
    main()
