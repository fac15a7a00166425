"""One scoring run of a million customers and twenty million transactions, beside Polars.

    .venv/bin/python -m benchmarks.scoring                       # SQLite, and PostgreSQL from PyPI
    .venv/bin/python -m benchmarks.scoring --customers 100000 --transactions 2000000 --rounds 1

The company (`benchmarks/scoring_data.py`) is made once and kept in ``--folder``. Every figure is of a process
of its own, in turns; the best of the rounds counts, with its own CPU and largest memory (RSS), both without
PostgreSQL's processes.

- **facts**: Vefa reads what it computes from. **polars**: `benchmarks/scoring_polars.py` reads the same
  database and makes the same columns by customer; it is what the facts are to be measured by.
- **whole**: the first run: facts, tiers, churn with its backtest, a row for each customer, everything stored.
- **again**: a run for the same day after one more purchase each of ``--changed`` customers who bought lately.
- **later**: once more. The first such run finds pages that are full to the brim, all others do not.
- **fit**: the purchase model alone, on the histories the whole run kept.
- **pages**: the first page of lists of customers sorted by what runs found, one after the other.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
from sqlalchemy import Connection, insert, select, text

from benchmarks.scoring_data import AS_OF, databases

WINDOW_DAYS = 365
GOALS = {
    "facts": "<= 1.5 x polars",
    "whole": "<= 1.5 x polars, <= 2 GB",
    "again": "<= 3 s",
    "later": "<= 3 s",
    "fit": "<= 0.5 s",
}
Figures = dict[str, Any]


# --- parts, each in a process of its own


def forget(url: str, _changed: int) -> Figures:
    """Take away what earlier runs left."""
    store, _ = _opened(url)
    store.write_sync(_forget)
    return {}


def facts(url: str, _changed: int) -> Figures:
    """Read the facts as the first run does."""
    from app.domain.scoring.parameters import Parameters
    from app.domain.scoring.run_spec import RunSpec
    from app.services.scoring import run_facts

    store, actor = _opened(url)
    spec = RunSpec(AS_OF, Parameters("TRY", WINDOW_DAYS), actor.company)
    began, used = time.perf_counter(), time.process_time()
    found = store.read_sync(run_facts.read, spec)
    took, cpu = time.perf_counter() - began, round(time.process_time() - used, 2)
    sums = {name: int(found.columns[name].sum(dtype=np.int64)) for name in CHECKED}
    return {"seconds": took, "cpu": cpu, "customers": found.customers, "sums": sums}


CHECKED = ("value_minor", "transactions", "purchase_days", "cut_purchase_days", "recent_spend_minor")


def polars(url: str, _changed: int) -> Figures:
    """Let Polars do it."""
    from benchmarks.scoring_polars import aggregate

    began, used = time.perf_counter(), time.process_time()
    found = aggregate(url, AS_OF, WINDOW_DAYS)
    took, cpu = time.perf_counter() - began, round(time.process_time() - used, 2)
    return {
        "seconds": took,
        "cpu": cpu,
        "customers": len(found),
        "sums": {name: found[name].sum() for name in CHECKED},
    }


def whole(url: str, _changed: int) -> Figures:
    """The first run, from beginning to end."""
    store, actor = _opened(url)
    return _scored(store, actor)


def again(url: str, changed: int) -> Figures:
    """A run after some customers bought once more."""
    store, actor = _opened(url)
    store.write_sync(_purchases, changed)
    return _scored(store, actor)


def fit(url: str, _changed: int) -> Figures:
    """The model alone, on the histories of the current run."""
    from app.domain.churn import from_days
    from app.domain.churn.distributions import mbg_nbd
    from app.domain.common.days import day_number
    from app.store.scoring import run_results
    from app.store.tables import ScoringRun

    import_module("app.jobs.scoring.score")  # says that small matrices want one thread
    import_module("scipy.optimize")
    store, _ = _opened(url)
    names = {"first_day", "last_day", "purchase_days"}
    load = lambda tx: run_results.load_columns(  # noqa: E731
        tx, tx.execute(select(ScoringRun.id).where(ScoringRun.is_current)).scalar_one(), names
    )
    kept = store.read_sync(load)
    bought = kept["purchase_days"] > 0
    days = [kept[name][bought] for name in ("first_day", "last_day", "purchase_days")]
    histories = from_days(*days, day_number(AS_OF))
    began, used = time.perf_counter(), time.process_time()
    found: Any = mbg_nbd.fit(histories)
    took, cpu = time.perf_counter() - began, round(time.process_time() - used, 2)
    shown = {name: round(getattr(found, name), 4) for name in ("r", "alpha", "a", "b")}
    return {"seconds": took, "cpu": cpu, "customers": len(histories), "groups": found.groups, **shown}


def pages(url: str, _changed: int) -> Figures:
    """The first page of sorted lists, milliseconds each, the best of three."""
    from app.schemas.customers.search import CustomerQuery
    from app.services.customers import customers

    store, actor = _opened(url)
    best: dict[str, float] = {}
    for asked in SORTED:
        given = parse_qs(asked)
        query = CustomerQuery.model_validate({**given, "sort": given["sort"][0]})
        for _ in range(3):
            began = time.perf_counter()
            store.read_sync(customers.page, actor, query, None)
            took = 1000 * (time.perf_counter() - began)
            best[asked] = min(took, best.get(asked, took))
    shown = {asked: round(took, 1) for asked, took in best.items()}
    return {"seconds": sum(best.values()) / 1000, "cpu": 0.0, "milliseconds": shown}


SORTED = (
    "sort=-value",
    "sort=value",
    "sort=-value&tier=A",
    "sort=-value&tier=C",
    "sort=-value_at_risk",
    "sort=-value_at_risk&churn_level=at_risk",
)

PARTS: dict[str, Callable[[str, int], Figures]] = {
    "forget": forget,
    "facts": facts,
    "polars": polars,
    "whole": whole,
    "again": again,
    "later": again,
    "fit": fit,
    "pages": pages,
}


def _opened(url: str) -> tuple[Any, Any]:
    from app.domain.common.access import system
    from app.settings import Settings
    from app.store.engine import Store

    settings = Settings(database_url=url)
    return Store(settings), system(settings.company)


def _scored(store: Any, actor: Any) -> Figures:
    from app.jobs.scoring.score import score
    from app.schemas.scoring.runs import ScoringRunCreate
    from app.services.scoring import runs

    import_module("scipy.stats")  # half a second, once in the life of a worker
    import_module("scipy.optimize")
    asked = ScoringRunCreate.model_validate({"as_of": AS_OF.isoformat(), "window_days": WINDOW_DAYS})
    run_id = store.write_sync(runs.create, actor, asked)["id"]
    stages: list[tuple[str, float]] = []
    began, used = time.perf_counter(), time.process_time()
    score(store, actor, run_id, lambda stage: stages.append((stage, time.perf_counter())))
    ended = time.perf_counter()
    ends = [at for _, at in stages[1:]] + [ended]
    spent = {name: round(end - at, 2) for (name, at), end in zip(stages, ends, strict=True)}
    return {"seconds": ended - began, "cpu": round(time.process_time() - used, 2), "stages": spent}


def _forget(tx: Connection) -> None:
    """Delete what earlier runs and earlier turns left."""
    for statement in (
        "DELETE FROM customer_scores",
        "DELETE FROM scoring_runs",
        "DELETE FROM churn_contests",
        "DELETE FROM transactions WHERE source = 'again'",
    ):
        tx.execute(text(statement))


def _purchases(tx: Connection, count: int) -> None:
    """One purchase each of some who bought in October, on the day before the run's, recorded now."""
    from app.store.tables import Transaction
    from app.store.types import new_id, now

    recent = Transaction.occurred_at >= datetime(2026, 10, 1, tzinfo=UTC)
    buyers = select(Transaction.customer_id).where(recent).distinct().order_by(Transaction.customer_id)
    owners = list(tx.execute(buyers.limit(count)).scalars())
    rows = [
        {
            "id": new_id(),
            "customer_id": owner,
            "source": "again",
            "external_id": new_id().hex,
            "kind": "purchase",
            "amount_minor": 10_000,
            "currency": "TRY",
            "occurred_at": datetime(2026, 10, 31, 9, tzinfo=UTC),
            "recorded_at": now(),
        }
        for owner in owners
    ]
    tx.execute(insert(Transaction), rows)


# --- all of it


def turn(part: str, url: str, changed: int) -> Figures:
    """Run a part in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.scoring", "--part", part, "--url", url]
    told = subprocess.run(
        [*command, "--changed", str(changed)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    figures: Figures = json.loads(told.splitlines()[-1])
    return figures


def compare(name: str, url: str, rounds: int, changed: int) -> None:
    """All parts in turn, and the best of each."""
    best: dict[str, Figures] = {}
    for _ in range(rounds):
        for part in PARTS:
            figures = turn(part, url, changed)
            if part == "forget":
                continue
            print(f"{name:11}{part:7}{json.dumps(figures)}", flush=True)
            if part not in best or figures["seconds"] < best[part]["seconds"]:
                best[part] = figures
    assert best["facts"]["sums"] == best["polars"]["sums"], "Vefa and Polars differ"
    against = best["polars"]["seconds"]
    for part, figures in best.items():
        print(
            f"{name:11}{part:7}{figures['seconds']:8.2f} s  {figures['cpu']:6.2f} s CPU"
            f"  {figures['mb']:5.0f} MB"
            f"  {figures['seconds'] / against:5.2f} x polars  {GOALS.get(part, '')}",
            flush=True,
        )


def main() -> None:
    """Run the benchmark, or one part of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--transactions", type=int, default=20_000_000)
    parser.add_argument("--changed", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "vefa-bench-scoring")
    parser.add_argument("--part", choices=sorted(PARTS), help="run one part here and tell its figures")
    parser.add_argument("--url", help="with --part: the database")
    options = parser.parse_args()
    if options.part is not None:
        figures = PARTS[options.part](options.url, options.changed)
        figures["mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        print(json.dumps(figures))
        return
    load = os.getloadavg()[0]
    print(
        f"{platform.platform()}, {os.cpu_count()} CPUs, load {load:.1f}, Python {platform.python_version()}"
    )
    kinds = [options.only] if options.only else ["sqlite", "postgresql"]
    with databases(options.folder, options.customers, options.transactions, kinds) as urls:
        for name, url in urls.items():
            compare(name, url, options.rounds, options.changed)


if __name__ == "__main__":
    main()
