"""What commands start with: settings, the store, and the service itself as the caller."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console
from rich.text import Text
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from app.domain.common.access import Actor, system
from app.errors import StartError, UnavailableError
from app.settings import Settings
from app.store import event_sequence, schema
from app.store.engine import Store


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[tuple[Store, Actor]]:
    """The store of the settings (default: the environment's), at this program's revision, and the caller.

    Raises:
        StartError: the database cannot be opened, or is not at this program's revision.
    """
    settings = settings or Settings()
    with reaching(settings):
        store = Store(settings)
    try:
        with reaching(settings):
            schema.require_head(store)
        yield store, system(settings.company)
    finally:
        if "audit_witness" not in settings.duties_off:
            event_sequence.finish(store, settings)
        store.close_sync()


@contextmanager
def reaching(settings: Settings) -> Iterator[None]:
    """Say in one sentence why the database of the settings cannot be opened, and what to do.

    Raises:
        StartError: it cannot, in what is done within.
    """
    try:
        if settings.sqlite_path is not None:
            _check_file(settings.sqlite_path.absolute())
        yield
    except (DBAPIError, UnavailableError) as error:
        raise StartError(_reason(settings, error)) from None


def _check_file(path: Path) -> None:
    change = "choose another file with VEFA_DATABASE_URL=sqlite:///FILE"
    if not path.parent.is_dir():
        raise StartError(f"There is no folder {path.parent}: make it, or {change}.")
    if path.is_dir():
        raise StartError(f"{path} is a folder: {change}.")
    # SQLite's log lies beside the file, so that reading needs the folder too.
    for needed in (path.parent, path) if path.exists() else (path.parent,):
        if not os.access(needed, os.W_OK):
            raise StartError(f"{needed} may not be written by this user: allow it, or {change}.")


def _reason(settings: Settings, error: Exception) -> str:
    cause = error if isinstance(error, DBAPIError) else error.__cause__
    driver = cause.orig if isinstance(cause, DBAPIError) else cause
    if settings.sqlite_path is None:
        url = make_url(settings.database_url)
        lines = str(driver or error).strip().splitlines()
        where = f"{url.host or 'localhost'}:{url.port or 5432}, database {url.database or url.username}"
        reason = lines[0] if lines else "no reason given"
        return f"PostgreSQL does not answer at {where} (VEFA_DATABASE_URL): {reason}"
    path = settings.sqlite_path.absolute()
    if getattr(driver, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
        return f"{path} is not a database of Vefa: choose another file with VEFA_DATABASE_URL=sqlite:///FILE."
    return f"The file {path} cannot be opened: {driver or error}."


def print_error(sentence: str) -> None:
    """Say in one line what was refused."""
    text = Text.assemble(("error:", "red"), " ", sentence)
    Console(stderr=True).print(text, soft_wrap=True)


def refuse(option: str, sentence: str) -> NoReturn:
    """End the command because an option cannot be what it is, said in one line; exit status 2."""
    print_error(f"{option}: {sentence}")
    raise typer.Exit(2)
