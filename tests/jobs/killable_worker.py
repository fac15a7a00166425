"""A worker as a process of its own, for tests that kill it: ``python killable_worker.py URL ID SILENCE``.

Its jobs of kind ``test-slow`` have as many units as their arguments say, each with one effect.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from jobs.helpers import have_effect  # noqa: E402

from app.jobs import registry  # noqa: E402
from app.jobs.registry import Context, Row  # noqa: E402
from app.jobs.worker import Timing, Worker  # noqa: E402
from app.services.platform import jobs  # noqa: E402
from app.settings import Settings  # noqa: E402


@registry.register("test-slow")
def slow(context: Context, job: Row, n: int) -> bool:
    """One unit, and a pause after its commit, so that many kills fall between effect and record."""
    have_effect(context.store, job["id"], n, f"{context.settings.worker_id}:{os.getpid()}")
    context.store.write_sync(jobs.progress, job["id"], "units", n + 1, job["arguments"]["units"])
    time.sleep(0.02)
    return n + 1 == job["arguments"]["units"]


def main(url: str, worker_id: str, silence: str) -> None:
    """Work until SIGTERM."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    settings = Settings(
        database_url=url, worker_id=worker_id, secret="a-secret-of-the-tests-with-40-CHARACTERS"
    )
    worker = Worker(settings, timing=Timing(poll=0.1, heartbeat=0.5, silence=float(silence)))
    worker.start()
    asked.wait()
    sys.exit(0 if worker.stop() else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
