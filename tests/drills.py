"""What tests do in processes of their own: real races, and processes that are killed.

Importable by name in a spawned process, so nothing here depends on pytest.
"""

import asyncio
import hashlib
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from app.domain.common.access import system
from app.schemas.customers.customers import CustomerCreate
from app.services.customers import customers
from app.settings import Settings
from app.store import idempotency, schema
from app.store.engine import Store
from app.store.idempotency import Answer, Claim

SECRET = "a-secret-of-the-drills-with-40-CHARACTERS"


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


def insert_until_killed(url: str, log: Path, kills: int, seed: int) -> None:
    """Insert customers under keys of their own, in one process after another, each killed at a random moment.

    ``log`` gets the id of each customer whose insertion was answered. All in a process of its own, which has
    no threads when it forks.
    """
    process = multiprocessing.get_context("spawn").Process(target=_kill, args=(url, log, kills, seed))
    process.start()
    process.join()
    assert process.exitcode == 0


def _kill(url: str, log: Path, kills: int, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - no secret
    for number in range(kills):
        child = os.fork()
        if child == 0:
            asyncio.run(_insert(url, log, number))
        before = log.stat().st_size if log.exists() else 0
        while not log.exists() or log.stat().st_size == before:  # until the first answer
            assert os.waitpid(child, os.WNOHANG) == (0, 0), "it ended by itself"
            time.sleep(0.001)
        time.sleep(draw.uniform(0, 0.3))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


async def _insert(url: str, log: Path, number: int) -> None:
    settings = Settings(database_url=url, secret=SECRET)
    store, actor = Store(settings), system(settings.company)
    answered = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def client(name: str) -> None:
        for place in range(100_000):
            phone = {"kind": "phone", "value": f"+90532{place:07d}"}
            data = CustomerCreate.model_validate({"name": f"{name} {place}", "contact_points": [phone]})
            claim = Claim(hashlib.sha256(f"{name} {place}".encode()).digest(), bytes(32))

            def act(tx: Any, data: CustomerCreate = data) -> Answer:
                return Answer(201, str(customers.create(tx, actor, data)["id"]).encode())

            answer = await store.write(idempotency.run_once, claim, act)
            os.write(answered, answer.body + b"\n")

    await asyncio.gather(*(client(f"Drill{number}{'x' * one}") for one in range(1, 5)))
