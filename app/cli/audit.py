"""``vefa audit``: is the trail what it was?"""

import typer
from sqlalchemy import Connection, func, select

from app.cli.context import opened
from app.errors import StartError
from app.settings import Settings
from app.store import positions
from app.store.tables import AuditEntry

app = typer.Typer(help="The append-only trail of who did what.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """The append-only trail of who did what."""


@app.command()
def verify() -> None:
    """Recompute the seals. Exit status 1 and the first broken position if anything was changed.

    Keep the last position somewhere else: an end that was cut off shows in nothing but that.
    """
    settings = Settings()
    if settings.secret is None:
        raise StartError("Set VEFA_SECRET: the seals are keyed by it.")
    key = positions.seal_key(settings.secret.get_secret_value())
    with opened(settings) as (store, _actor):
        broken = store.read_sync(positions.verify, key)
        last, waiting = store.read_sync(_counts)
    if broken is not None:
        typer.echo(f"The entry at position {broken} is not what was sealed.")
        raise typer.Exit(1)
    typer.echo(f"{last:,} sealed entries are what they were; {waiting:,} wait for their seal.")


def _counts(tx: Connection) -> tuple[int, int]:
    last = func.coalesce(func.max(AuditEntry.position), 0)
    found = tx.execute(select(last, func.count() - func.count(AuditEntry.position))).one()
    return found[0] or 0, found[1]
