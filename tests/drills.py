"""What tests do in processes of their own: real races, and processes that are killed.

Importable by name in a spawned process, so nothing here depends on pytest.
"""

import asyncio
import hashlib
import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event

from app.domain.common.access import system
from app.schemas.customers.customers import CustomerCreate
from app.services.customers import customers
from app.settings import Settings
from app.store import idempotency, schema
from app.store.engine import Store
from app.store.idempotency import Answer, Claim


def in_processes(number: int, work: Callable[..., None], *args: Any) -> list[Any]:
    """Run ``work(barrier, results, *args)`` in ``number`` processes at once; what they put into ``results``.

    Raises:
        AssertionError: a process failed.
    """
    spawn = multiprocessing.get_context("spawn")
    barrier, results = spawn.Barrier(number), spawn.Queue()
    processes = [spawn.Process(target=work, args=(barrier, results, *args)) for _ in range(number)]
    for process in processes:
        process.start()
    found = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0] * number
    results.close()
    return found


def upgrade(barrier: Any, results: Any, url: str) -> None:
    """Migrate, at the same moment as the others."""
    barrier.wait(60)
    try:
        schema.upgrade(Settings(database_url=url))
        results.put("migrated")
    except Exception as error:
        results.put(repr(error))


def upgrade_and_die(url: str, statements: int) -> int:
    """Migrate in a process that is killed before its ``statements``-th change; its exit code."""
    process = multiprocessing.get_context("spawn").Process(target=_die_during_upgrade, args=(url, statements))
    process.start()
    process.join(timeout=60)
    assert process.exitcode is not None
    return process.exitcode


def _die_during_upgrade(url: str, statements: int) -> None:
    left = statements

    @event.listens_for(Engine, "before_cursor_execute")
    def count(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        nonlocal left
        left -= statement.lstrip().startswith(("CREATE", "INSERT", "ALTER"))
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    schema.upgrade(Settings(database_url=url))


def duplicates(barrier: Any, results: Any, url: str, number: int, name: str) -> None:
    """Send one request ``number`` times at once, at the same moment as the other processes."""
    settings = Settings(database_url=url)
    store = Store(settings)
    actor = system(settings.company)
    claim = Claim(hashlib.sha256(name.encode()).digest(), hashlib.sha256(b"body").digest())

    def act(tx: Any) -> Answer:
        row = customers.create(tx, actor, CustomerCreate(name=name))
        return Answer(201, str(row["id"]).encode(), {"Location": f"/v1/customers/{row['id']}"})

    async def send() -> list[tuple[int, bytes]]:
        try:
            answers = await asyncio.gather(
                *(store.write(idempotency.run_once, claim, act) for _ in range(number))
            )
        finally:
            await store.close()
        return [(answer.status, answer.body) for answer in answers]

    barrier.wait(60)
    results.put(asyncio.run(send()))
