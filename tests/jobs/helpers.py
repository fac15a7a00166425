"""What tests of jobs share."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.domain.common.access import system
from app.domain.common.company import Company
from app.domain.common.jobs import ENDED
from app.services.platform import jobs
from app.store.engine import Store

ACTOR = system(Company())


def until(true: Callable[[], Any], seconds: float = 120.0) -> Any:
    """Wait until ``true()`` is, and return it."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return found


def ended(store: Store, job_id: UUID, seconds: float = 120.0) -> dict[str, Any]:
    """Wait for a job's end and return it."""

    def look() -> dict[str, Any] | None:
        job = store.read_sync(jobs.get, ACTOR, job_id)
        return job if job["state"] in ENDED else None

    found: dict[str, Any] = until(look, seconds)
    return found


def effects(store: Store, job_id: UUID) -> Counter[int]:
    """How often each unit of a job had its effect."""
    found = store.read_sync(
        lambda tx: (
            tx.execute(text("SELECT unit FROM effects WHERE job = :job"), {"job": str(job_id)})
            .scalars()
            .all()
        )
    )
    return Counter(found)


def have_effect(store: Store, job_id: UUID, unit: int, worker: str = "") -> None:
    """The work of one unit: an effect that happens once, however often it is asked for."""
    values = {"job": str(job_id), "unit": unit, "worker": worker}
    store.write_sync(
        lambda tx: tx.execute(
            text(
                "INSERT INTO effects SELECT :job, :unit, :worker"
                " WHERE NOT EXISTS (SELECT 1 FROM effects WHERE job = :job AND unit = :unit)"
            ),
            values,
        )
    )
