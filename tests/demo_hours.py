"""The demo at any hour: made, scored, served and asked under a moved clock.

Run as a drill over all combinations of days, times and zones (some minutes):

    .venv/bin/python -m tests.demo_hours

The clock is moved within one process (time-machine): the command, the server and its worker run in it.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from pathlib import Path
from unittest import mock
from zoneinfo import ZoneInfo

import time_machine
from sqlalchemy import Connection, Date, func, select
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app import logs
from app.cli.commands import app
from app.cli.demo import SECRET
from app.demo.documentation_records import days_earlier
from app.domain.common.access import Actor, system
from app.main import create_app
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import Base
from app.store.types import Instant
from tests.test_readme import EXAMPLES, request_of

ZONES = ("Europe/Istanbul", "America/New_York", "Pacific/Kiritimati")
DAYS = (
    date(2024, 2, 29),
    date(2028, 2, 29),
    date(2026, 12, 31),
    date(2027, 1, 1),
    date(2027, 3, 14),  # clocks go forward in New York
    date(2027, 11, 7),  # and back
)
TIMES = (time(0, 0), time(0, 1), time(3, 17), time(12, 0), time(23, 59))

AHEAD = {
    *("expires_at", "ends_on", "contract_ends_on", "handed_over_at", "as_of"),
    *("due_at", "due_on", "warn_at", "next_at", "reversible_until", "month"),
}
"""Columns that say what is to come: ends of invitations and contracts, when a job may be taken up, when
something is due, until when it may be taken back, months of budgets, and tomorrow, as of whose beginning the
demo is scored so that today counts."""

_ANSWERED = re.compile(r'"status": (\d+)')


def check(clock: datetime, zone: str, customers: int, folder: Path) -> None:
    """Make the demo at a local time of a zone, and check what the README promises of it.

    Raises:
        AssertionError: something lies ahead of the clock, or a request is answered with another status.
    """
    at = clock.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    file = folder / "demo.db"
    arguments = ["demo", "--no-serve", "--file", str(file), "--customers", str(customers)]
    with mock.patch.dict(os.environ, {"VEFA_TIME_ZONE": zone}), time_machine.travel(at, tick=True):
        made = CliRunner().invoke(app, arguments)
        assert made.exit_code == 0, (made.output, made.exception)
        settings = Settings(database_url=f"sqlite:///{file}", secret=SECRET, log_level="ERROR")
        with _store(settings) as store:
            found = store.read_sync(ahead, system(settings.company))
            assert not found, found
        with TestClient(create_app(settings, with_worker=True), base_url="http://localhost:8000") as client:
            wrong = answers(client, at)
            assert not wrong, wrong


def ahead(tx: Connection, actor: Actor) -> dict[str, str]:
    """Columns of any table that hold an instant or a day after now, and the latest of them."""
    now = datetime.now(UTC)
    limits = {Instant: now, Date: actor.company.day_of(now)}
    found = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            limit = limits.get(type(column.type))
            if limit is None or column.name in AHEAD:
                continue
            latest = tx.execute(select(func.max(column))).scalar_one()
            if latest is not None and latest > limit:
                found[str(column)] = str(latest)
    return found


def answers(client: TestClient, at: datetime) -> list[str]:
    """The README's requests that are answered with another status than it shows.

    A clock before the README's own day meets days that are as much earlier as those of the demo's records.
    """
    moved = date(2026, 11, 23) - timedelta(days=days_earlier(at))
    wrong = []
    for command, shown in EXAMPLES:
        answered = client.request(**request_of(command.replace("2026-11-23", moved.isoformat())))
        status = _ANSWERED.search(shown)
        if answered.status_code // 100 != (int(status[1]) if status else 200) // 100:
            wrong.append(f"{command}: {answered.status_code} {answered.text}")
    return wrong


@contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    store = Store(settings)
    try:
        yield store
    finally:
        store.close_sync()


def main() -> int:
    """Try every combination; the number of those that failed."""
    logs.configure("ERROR")
    failed = 0
    combinations = list(product(ZONES, DAYS, TIMES))
    for number, (zone, day, hour) in enumerate(combinations, start=1):
        clock = datetime.combine(day, hour)
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(clock, zone, 300, Path(folder))
                result = "as promised"
            except Exception as error:
                failed += 1
                result = f"FAILED: {error!r}"
        print(f"{number}/{len(combinations)} {clock:%Y-%m-%d %H:%M} {zone}: {result}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
