"""``vefa keys``: make, list, revoke and rotate API keys."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from app.cli.context import opened
from app.domain.access import Scope
from app.services import keys
from app.store.types import now

app = typer.Typer(help="API keys of calling systems.", no_args_is_help=True)

KeyId = Annotated[str, typer.Argument(help="Id of the key: the part after vefa_live_.")]


@app.command()
def create(
    label: Annotated[str, typer.Argument(help="Whose key it is.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="Repeat for more; default: every scope.")] = None,
    unit: Annotated[list[str] | None, typer.Option(help="Limit to customers of these units.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires; default: never.")] = None,
) -> None:
    """Make a key. It is printed once and cannot be read again."""
    expires_at = None if days is None else now() + timedelta(days=days)
    with opened() as (store, actor):
        token = store.write_sync(
            keys.create, actor, label, scope or list(Scope), units=unit or (), expires_at=expires_at
        )
    typer.echo(token)


@app.command("list")
def list_keys() -> None:
    """List keys without their secrets."""
    with opened() as (store, actor):
        rows = store.read_sync(keys.list_all, actor)
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
        ends, used = _day(keys.ends_at(row)), _day(row["last_used_at"])
        table.add_row(row["id"], Text(row["label"]), Text(rights + units), _state(row), ends, used)
    Console().print(table)


def _state(row: dict[str, Any]) -> str:
    if row["revoked_at"] is not None:
        return "revoked"
    ends = keys.ends_at(row)
    return "expired" if ends is not None and ends <= now() else "live"


def _day(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%Y-%m-%d\n%H:%M}Z"


@app.command()
def revoke(key_id: KeyId) -> None:
    """Make a key useless from now on."""
    with opened() as (store, actor):
        store.write_sync(keys.revoke, actor, key_id)


@app.command()
def rotate(
    key_id: KeyId,
    overlap_hours: Annotated[float, typer.Option(min=0, help="How long the old key still works.")] = 24.0,
) -> None:
    """Make a successor with the same rights; print it once."""
    with opened() as (store, actor):
        typer.echo(store.write_sync(keys.rotate, actor, key_id, timedelta(hours=overlap_hours)))
