"""``vefa serve | worker | migrate | openapi``"""

import json
import os
import signal
import threading
from collections.abc import Callable
from typing import Annotated

import typer

from app import logs
from app.cli.context import opened, reaching
from app.errors import StartError
from app.http import connection_limit, server
from app.http.connection_limit import Limits
from app.main import create_app, require_secret
from app.settings import Settings
from app.store import schema


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(worker)
    app.command()(migrate)
    app.command()(openapi)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
) -> None:
    """Serve the API. With SQLite the jobs run inside; with PostgreSQL start `vefa worker` beside it."""
    settings = Settings()
    logs.configure(settings.log_level)
    require_secret(settings)
    with opened(settings):  # says in one line what is wrong, where the server would show a traceback
        pass
    run(settings, host, port)


def run(settings: Settings, host: str, port: int, on_ready: Callable[[], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; on SQLite with a worker inside."""
    limits = fitting(settings)
    most = min(settings.streams_most, limits.connections // 2)  # so that others find room as well
    settings = settings.model_copy(update={"streams_most": most})
    app = create_app(settings, with_worker=settings.is_sqlite)
    server.serve(
        app,
        host=host,
        port=port,
        log_level=settings.log_level,
        limits=limits,
        on_ready=on_ready,
        on_stop=app.state.services.stop_waiting,
    )


def fitting(settings: Settings) -> Limits:
    """The limits of a server: no more connections than leave descriptors for the database and files.

    Streams of events need connections beside those that the settings allow for requests.
    """
    descriptors = connection_limit.raise_descriptor_limit()
    for_database = 4 * settings.pool_size  # writes, reads, long reads, and what commands and jobs use
    wanted = settings.max_connections + settings.streams_most
    return Limits(connections=connection_limit.fitting(wanted, descriptors, for_database))


def worker() -> None:
    """Work off jobs until SIGTERM; as many as wished, on as many machines as wished (PostgreSQL)."""
    from app.jobs.worker import Worker  # the job engine takes half a second to import

    settings = Settings()
    logs.configure(settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with opened(settings) as (store, _actor):
        running = Worker(settings, store)
        running.start()
        while not (stop.is_set() or running.wait(0.5)):
            pass
        if not running.stop():
            os._exit(0)  # a unit of work is stuck; nothing is lost, another worker goes on with it
    if not stop.is_set():
        raise StartError("Another worker took this worker's id.")


def migrate(
    to: Annotated[str, typer.Option(help="Revision; `head` is this program's.")] = "head",
    down: Annotated[bool, typer.Option("--down", help="Go back to an earlier revision.")] = False,
) -> None:
    """Bring the database to this program's revision. Safe to start several times at once."""
    from alembic.util import CommandError

    settings = Settings()
    try:
        with reaching(settings):
            (schema.downgrade if down else schema.upgrade)(settings, to)
    except CommandError as error:
        raise StartError(f"--to: {error}.") from None
    typer.echo("The database is at the asked revision.")


def openapi() -> None:
    """Print the OpenAPI document."""
    typer.echo(json.dumps(create_app(Settings()).openapi(), indent=2, ensure_ascii=False))
