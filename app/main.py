"""The web composition root: ``uvicorn --factory app.main:create_app``."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

import structlog
from fastapi import FastAPI

from app.api import router
from app.domain.common.secret_strength import refusal
from app.domain.imports.mapping import Mapping
from app.errors import AppError, StartError
from app.http import event_stream, fast_path, health, middleware, problems
from app.http.access.read_audit import ReadTrail
from app.http.call import Services
from app.http.cursors import Cursors
from app.http.openapi import operations, pages
from app.services.events.streams import EventStreams
from app.settings import Settings
from app.store import event_sequence, schema
from app.store.audit.alarm_log import AlarmLog
from app.store.engine import Store
from app.store.events import bell as event_bell
from app.store.events.bell import EventBell

if TYPE_CHECKING:
    from app.jobs.worker import Worker

LOOK_SECONDS = 2.0
"""Between looks for entries of the audit trail that are gone, where no worker does it."""

_log = structlog.get_logger("vefa.http")


class NoSecretError(StartError):
    """The service must not start without a secret, or with a weak one."""


def _inspect(beginning: bytes, mapping: Mapping, complete: bool) -> None:
    """`app.jobs.imports.file_layout.inspect`, which is imported late because it loads polars."""
    from app.jobs.imports.file_layout import inspect

    inspect(beginning, mapping, complete=complete)


async def _check_url(settings: Settings, url: str) -> None:
    """`app.integrations.webhook_sender.check_url`, which is imported late because it loads aiohttp."""
    from app.integrations.webhook_sender import check_url

    await check_url(url, settings.webhook_rules)


def require_secret(settings: Settings) -> None:
    """Check that the settings have a secret worth its name.

    Raises:
        NoSecretError: they have none, or a weak one.
    """
    if refused := refusal(settings.secret_text):
        raise NoSecretError(refused)


def create_app(settings: Settings | None = None, *, with_worker: bool = False) -> FastAPI:
    """Compose the application.

    ``with_worker``: work off jobs in this process, over the same store (`vefa serve` on SQLite).

    Raises (when it starts):
        NoSecretError: ``VEFA_SECRET`` is missing or weak.
        NotMigratedError: the database is not at this program's revision.
    """
    settings = settings or Settings()
    secret = settings.secret.get_secret_value() if settings.secret else ""
    store = Store(settings)
    witnesses = "audit_witness" not in settings.duties_off

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        require_secret(settings)
        try:
            schema.check(await store.read(schema.current))
            late = asyncio.create_task(_worker_meanwhile(settings, store)) if with_worker else None
            beside = []
            if witnesses and not with_worker:
                beside.append(asyncio.create_task(_look_for_entries(store)))
            if not settings.is_sqlite:
                tell = partial(store.write, event_bell.notify, event_bell.WRITTEN)
                beside.append(asyncio.create_task(event_bell.tell_of_writes(store.written, tell)))
            try:
                yield
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)
                worker = await late if late is not None else None
                if worker is not None:
                    await asyncio.to_thread(worker.stop)
        finally:
            await asyncio.gather(*app.state.services.background, return_exceptions=True)
            await app.state.services.reads.close()
            app.state.services.stop_waiting()
            await app.state.services.streams.finish()
            if witnesses:
                await asyncio.to_thread(event_sequence.finish, store, settings)
            await store.close()

    app = FastAPI(
        title="Vefa",
        summary="Customer retention: who the customers are, who carries the business, and who is leaving.",
        version=version("vefa"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    reads = ReadTrail(store, settings.audit_reads)
    bell = EventBell(store.numbered, settings)
    streams = EventStreams(store, bell, settings.streams_most, event_stream.frame)
    check_url = partial(_check_url, settings)
    app.state.services = Services(
        store, settings.company, Cursors(secret), _inspect, reads, bell, streams, check_url
    )
    app.state.head = schema.head()
    router.install(app)
    app.include_router(health.router)
    reference = "docs" not in settings.pages_off
    operations.install_openapi(app, served=reference)
    pages.install(app, reference=reference)
    fast_path.install(app)
    problems.install(app)
    middleware.install(app, settings)
    return app


async def _look_for_entries(store: Store) -> None:
    """Look again and again whether the entries that this process wrote come to be sealed."""
    log = AlarmLog()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if not store.witness.is_idle:
            with suppress(AppError):  # the database is busy or gone
                log.tell(await store.write(store.witness.look))


async def _worker_meanwhile(settings: Settings, store: Store) -> "Worker | None":
    """Start a worker while requests are served already.

    If it cannot start, the service stops: it would take on jobs that nobody works off.
    """
    try:
        return await asyncio.to_thread(_started_worker, settings, store)
    except Exception as error:
        _log.critical("worker_not_started", reason=str(error), exception=type(error).__qualname__)
        signal.raise_signal(signal.SIGTERM)
        return None


def _started_worker(settings: Settings, store: Store) -> "Worker":
    from app.jobs.worker import Worker  # the job engine takes half a second to import

    worker = Worker(settings, store)
    worker.start()
    return worker
