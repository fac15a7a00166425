"""mypy notices what the types of routes and transactions are there for, shown on planted mistakes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLANTED = """
from uuid import UUID

from sqlalchemy import insert

from app.api.recovery.complaints import ONE, Writes
from app.schemas.recovery.complaints import ComplaintUpdate
from app.services.recovery import steps
from app.store.tables import Complaint
from app.store.transactions import ReadTx


async def right(call: Writes, complaint_id: UUID, body: ComplaintUpdate) -> None:
    await call.write(ONE, steps.update_one, complaint_id, body, None)


async def swapped(call: Writes, complaint_id: UUID, body: ComplaintUpdate) -> None:
    await call.write(ONE, steps.update_one, body, complaint_id, None)  # swapped


async def read_that_writes(call: Writes, complaint_id: UUID, body: ComplaintUpdate) -> None:
    await call.get(ONE, steps.update_one, complaint_id, body, None)  # a write


def write_in_a_read(tx: ReadTx) -> None:
    tx.execute(insert(Complaint))  # a write
"""


def test_swapped_arguments_and_writes_within_reads_are_errors(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(PLANTED)
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(planted)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    wrong = {line.split(":")[1] for line in found.splitlines() if ": error:" in line}
    marked = {
        str(number)
        for number, line in enumerate(PLANTED.splitlines(), 1)
        if line.endswith(("# swapped", "# a write"))
    }
    assert wrong == marked, found
