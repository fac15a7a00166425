"""The effect of recovery: how often its intervals hold the truth, and how long its report takes.

    .venv/bin/python -m benchmarks.recovery_effect coverage [--seeds 400]
    .venv/bin/python -m benchmarks.recovery_effect time [--customers 1000000] [--purchases 4] [--rounds 5]

``coverage`` simulates companies in which more of the better customers complain and are recovered, and counts
for each comparison how many intervals hold the planted effect. ``time`` writes customers, purchases and one
complaint for every twentieth customer into a new SQLite database, and asks for the report.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert

from app.cli.demo import SECRET
from app.domain.common.access import system
from app.domain.common.company import Company
from app.domain.recovery.complaints import make_number
from app.domain.recovery.effect import COMPARED, CustomerGroup, RecoveryComparison, RecoveryOutcome, compare
from app.domain.recovery.matching import CELLS
from app.schemas.insights.recovery import RecoveryBy, RecoveryQuery
from app.services.insights import recovery_report
from app.settings import Settings
from app.store import schema
from app.store.engine import Store
from app.store.tables import Complaint, Customer, Transaction
from app.store.types import new_id, now

AT_ONCE = 5_000
SIZES = ((100, 200), (300, 3_000), (1_000, 10_000), (3_000, 3_000))
"""Customers with a failure, and without."""
WORLDS = ((0.2, 0.6, 0.08), (0.2, 0.6, 0.0), (0.03, 0.1, 0.0), (0.85, 0.97, 0.0))
"""Share that returns in the worst and in the best cell, and what a failure costs of it."""


def coverage(seeds: int) -> None:
    """Print for each size and world how often the truth was held."""
    for failed, others in SIZES:
        for low, high, effect in WORLDS:
            held = sum((_held(seed, failed, others, low, high, effect) for seed in range(seeds)), Counter())
            shares = "  ".join(f"{name} {count / seeds:.4f}" for name, count in sorted(held.items()))
            print(f"{failed:>6,} {others:>6,}  {low}-{high}  effect {effect}  {shares}")


def _held(seed: int, failed: int, others: int, low: float, high: float, effect: float) -> Counter[str]:
    rng = np.random.default_rng(seed)
    rank = np.linspace(1, 4, CELLS)
    cell = np.concatenate(
        [
            rng.choice(CELLS, others, p=rank / rank.sum()),
            rng.choice(CELLS, failed, p=rank[::-1] / rank.sum()),
        ]
    )
    recovered = rng.random(failed) < np.linspace(0.8, 0.4, CELLS)[cell[others:]]
    group = np.concatenate([np.zeros(others, dtype=np.int64), np.where(recovered, 1, 2)])
    base = np.linspace(high, low, CELLS)
    came_back = (rng.random(cell.size) < base[cell] - effect * (group == 2)).astype(np.float64)
    spread = 15 * (base[cell] - base.mean()) / (0.1 + base.std())
    points = np.clip(70 + spread + rng.normal(0, 18, cell.size), 0, 100)
    place = {name: number for number, name in enumerate(CustomerGroup)}
    truths = {
        RecoveryComparison.PARADOX: 0.0,
        RecoveryComparison.FAILURE_COST: -effect,
        RecoveryComparison.RECOVERY_GAIN: effect,
    }
    outcomes = {RecoveryOutcome.RETURNED: came_back, RecoveryOutcome.SATISFACTION: points}
    found: Counter[str] = Counter()
    for comparison, (first, second) in COMPARED.items():
        sides = [group == place[one] for one in (first, second)]
        both = second is not CustomerGroup.NO_FAILURE
        for outcome, values in outcomes.items():
            one, other = ((cell[rows], values[rows]) for rows in sides)
            said = compare(outcome, one, other, weigh_both=both).found
            truth = truths[comparison] if outcome is RecoveryOutcome.RETURNED else 0.0
            if said is not None and said.low is not None and said.high is not None:
                found[f"{comparison}/{outcome}"] += said.low <= truth <= said.high
    return found


def _rows(first: int, count: int, purchases: int) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    at, rng = now(), np.random.default_rng(first)
    ids = [new_id() for _ in range(count)]
    empty: dict[str, Any] = {"contact_points": [], "external_ids": [], "tags": [], "attributes": {}}
    same = {
        "version": 1,
        "created_at": at,
        "updated_at": at,
        "kind": "person",
        "lifecycle": "active",
        **empty,
    }
    yield Customer, [{**same, "id": one, "name": "x", "name_key": "x"} for one in ids]
    days = rng.integers(0, 730, (count, purchases)).tolist()
    yield (
        Transaction,
        [
            {
                "id": new_id(), "customer_id": one, "source": "till", "external_id": str(new_id()),
                "kind": "purchase", "amount_minor": 1_000 + 10 * day, "currency": "TRY",
                "occurred_at": at - timedelta(days=day), "recorded_at": at,
            }
            for one, own in zip(ids, days, strict=True)
            for day in own
        ],
    )  # fmt: skip
    yield (
        Complaint,
        [
            {
                "id": new_id(), "version": 1, "number": make_number(first + n), "customer_id": ids[n],
                "source": "benchmark", "external_id": str(first + n), "subject": "Late", "severity": "normal",
                "our_fault": "yes", "state": "closed", "owner": "desk", "owner_kind": "queue",
                "found_by": "customer", "received_at": at - timedelta(days=200 + n % 200),
                "resolved_at": at - timedelta(days=198 + n % 200) if n % 3 else None,
                "reopened_count": 0, "recorded_at": at, "updated_at": at,
            }
            for n in range(0, count, 20)
        ],
    )  # fmt: skip


def _store(tx: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    tx.execute(insert(table), rows)


def times(customers: int, purchases: int, rounds: int) -> None:
    """Print how long the report takes, as a whole and divided."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=f"sqlite:///{Path(folder) / 'effect.db'}", secret=SECRET)
        schema.upgrade(settings)
        store = Store(settings)
        for first in range(0, customers, AT_ONCE):
            for table, rows in _rows(first, min(AT_ONCE, customers - first), purchases):
                store.write_sync(_store, table, rows)
        actor = system(Company())
        for by in (None, *RecoveryBy):
            taken = []
            for _ in range(rounds):
                begun = time.perf_counter()
                found = store.read_sync(recovery_report.report, actor, RecoveryQuery(by=by), "en")
                taken.append(time.perf_counter() - begun)
            groups = {group["group"].value: group["n"] for group in found["outcomes"][1]["groups"]}
            print(f"{by or 'whole':<13} {median(taken):.2f} s  {groups}  looked at {found['looked_at']:.3f}")
        store.close_sync()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("coverage", "time"))
    parser.add_argument("--seeds", type=int, default=400)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--purchases", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    if asked.what == "coverage":
        coverage(asked.seeds)
    else:
        times(asked.customers, asked.purchases, asked.rounds)
