"""``vefa keys``: make, list, revoke and rotate API keys."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from app.cli.context import opened
from app.domain.common.access import Actor, Scope
from app.services.platform import api_keys
from app.store.engine import Store
from app.store.types import now

app = typer.Typer(help="API keys of calling systems.", no_args_is_help=True)

KeyId = Annotated[str, typer.Argument(help="Id of the key: the part after vefa_live_.")]


MAX_DAYS = 36_500


@app.command()
def create(
    label: Annotated[str, typer.Argument(help="Whose key it is.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="What it may do; repeat for more.")] = None,
    all_scopes: Annotated[bool, typer.Option("--all-scopes", help="It may do everything.")] = False,
    unit: Annotated[list[str] | None, typer.Option(help="Limit to customers of these units.")] = None,
    agent: Annotated[
        str | None,
        typer.Option(help="Code of the agent whose key it is; it may do what the agent's role may, at most."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=MAX_DAYS, help="Days until it expires.", show_default="365")
    ] = None,
    never_expires: Annotated[bool, typer.Option("--never-expires", help="It works until revoked.")] = False,
) -> None:
    """Make a key. It is printed once and cannot be read again."""
    if bool(scope) == all_scopes:
        _refuse("say what the key may do: --scope customers:read (repeat for more), or --all-scopes")
    if days is not None and never_expires:
        _refuse("a key with --days expires: leave out --days or --never-expires")
    expires_at = None if never_expires else now() + timedelta(days=days or DAYS)
    with _opened() as (store, actor):
        token = store.write_sync(
            api_keys.create,
            actor,
            label,
            scope or list(Scope),
            units=unit or (),
            agent=agent,
            expires_at=expires_at,
        )
    typer.echo(token)


DAYS = 365
"""A key works for so long unless something else is said."""


def _refuse(sentence: str) -> NoReturn:
    """Say in one line what is missing, with the exit status of a wrong use."""
    typer.echo(f"error: {sentence}", err=True)
    raise typer.Exit(2)


@contextmanager
def _opened() -> Iterator[tuple[Store, Actor]]:
    """The store, and the person at the terminal as the caller: the trail says who made a key."""
    with opened() as (store, actor):
        yield store, replace(actor, id=f"cli:{_login()}")


def _login() -> str:
    """The name of the account that logged in, also behind sudo; without a terminal that of the process."""
    try:
        return os.getlogin()
    except OSError:
        user_id = os.getuid()
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:  # a container may run as an account that has no name
        return str(user_id)


@app.command("list")
def list_keys() -> None:
    """List keys without their secrets."""
    with opened() as (store, actor):
        rows = store.read_sync(api_keys.list_all, actor)
    table = Table(
        Column("id", no_wrap=True),
        "label",
        Column("rights", overflow="fold"),
        "state",
        "expires",
        "last used",
    )
    for row in rows:
        rights = "all" if set(row["scopes"]) >= set(Scope) else "\n".join(row["scopes"])
        units = f"\nunits: {', '.join(row['units'])}" if row["units"] else ""
        units += f"\nagent: {row['agent']}" if row["agent"] else ""
        ends, used = _day(api_keys.ends_at(row)), _day(row["last_used_at"])
        table.add_row(row["id"], Text(row["label"]), Text(rights + units), _state(row), ends, used)
    Console().print(table)


def _state(row: dict[str, Any]) -> str:
    if row["revoked_at"] is not None:
        return "revoked"
    ends = api_keys.ends_at(row)
    return "expired" if ends is not None and ends <= now() else "live"


def _day(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%Y-%m-%d\n%H:%M}Z"


@app.command()
def revoke(key_id: KeyId) -> None:
    """Make a key useless from now on."""
    with _opened() as (store, actor):
        store.write_sync(api_keys.revoke, actor, key_id)


@app.command()
def rotate(
    key_id: KeyId,
    overlap_hours: Annotated[float, typer.Option(min=0, help="How long the old key still works.")] = 24.0,
    days: Annotated[
        int | None,
        typer.Option(
            min=1, max=MAX_DAYS, help="Days until the successor expires.", show_default="as the old key"
        ),
    ] = None,
) -> None:
    """Make a successor with the same rights; print it once."""
    overlap = timedelta(hours=overlap_hours)
    expires_at = None if days is None else now() + timedelta(days=days)
    with _opened() as (store, actor):
        typer.echo(store.write_sync(api_keys.rotate, actor, key_id, overlap, expires_at=expires_at))
