"""The demo works at any hour. ``python -m tests.demo_hours`` tries all combinations; these are some."""

from datetime import datetime
from pathlib import Path

import pytest
from demo_hours import check


@pytest.mark.parametrize(
    ("clock", "zone", "customers"),
    [
        ("2026-12-31 00:00", "Europe/Istanbul", 300),
        ("2028-02-29 00:01", "Europe/Istanbul", 300),
        ("2024-02-29 03:17", "Pacific/Kiritimati", 300),
        ("2027-03-14 12:00", "America/New_York", 300),
        ("2027-11-07 23:59", "America/New_York", 300),
        ("2026-11-23 08:59", "Europe/Istanbul", 4000),
    ],
)
def test_the_demo_ends_now_and_answers_what_the_readme_asks(
    clock: str, zone: str, customers: int, tmp_path: Path
) -> None:
    check(datetime.fromisoformat(clock), zone, customers, tmp_path)
