"""``vefa audit``: is the trail what it was?"""

from pathlib import Path
from typing import Annotated

import typer

from app.cli import audit_texts
from app.cli.context import opened
from app.errors import StartError
from app.main import require_secret
from app.settings import Settings
from app.store.audit import alarms, sealing
from app.store.audit import head as audit_head
from app.store.audit import keys as audit_keys
from app.store.audit import report as audit_report
from app.store.audit.head import Head
from app.store.audit.keys import AuditKeys

app = typer.Typer(help="The append-only trail of who did what.", no_args_is_help=True)

Copy = Annotated[
    str | None,
    typer.Option("--head", help="What `vefa audit head` printed earlier: a file, or the text itself."),
]


@app.callback()
def audit() -> None:
    """The append-only trail of who did what."""


@app.command()
def verify(head: Copy = None) -> None:
    """Read every sealed entry again. Exit status 1 if anything is not what was sealed.

    That the end was cut off and an older head put back shows only with a copy of a
    later head: give it with --head.
    """
    settings, keys = _with_keys()
    copy = None if head is None else _read_copy(head, keys)
    with opened(settings) as (store, _actor):
        report = store.read_sync(audit_report.verify, keys, copy)
    typer.echo(audit_texts.of_report(report))
    if report.alarms:
        raise typer.Exit(1)


@app.command()
def head() -> None:
    """Print the signed end of the trail, to be kept elsewhere and given to `verify`."""
    settings, keys = _with_keys()
    with opened(settings) as (store, _actor):
        found = store.read_sync(audit_head.read)
    if found is None:
        raise StartError("Nothing is sealed yet: a worker does that (`vefa serve`, `vefa worker`).")
    if not found.is_signed_by(keys.current):
        raise StartError("VEFA_SECRET has not signed this head: run `vefa audit verify`.")
    typer.echo(str(found))


@app.command()
def rotate() -> None:
    """Go on sealing with another secret: VEFA_SECRET is new, VEFA_SECRET_PREVIOUS the old one.

    Refused if the trail is not what was sealed.
    """
    settings, keys = _with_keys()
    require_secret(settings)
    with opened(settings) as (store, actor):
        report = store.read_sync(audit_report.verify, keys)
        if any(alarm.kind is not alarms.Kind.OTHER_SECRET for alarm in report.alarms):
            typer.echo(audit_texts.of_report(report))
            raise typer.Exit(1)
        done = store.write_sync(sealing.change_secret, keys, actor)
    if done:
        typer.echo("From now on the trail is sealed with the present secret.")
    else:
        typer.echo("The present secret signs the trail already: nothing to do.")


@app.command()
def accept() -> None:
    """Go on from a trail that is broken, once it is known why. The trail itself notes that.

    What `verify` finds stays to be found; workers do not tell of it again.
    """
    settings, keys = _with_keys()
    with opened(settings) as (store, actor):
        report = store.read_sync(audit_report.verify, keys)
        store.write_sync(sealing.accept, keys, actor, report.alarms)
    typer.echo(audit_texts.of_report(report))
    typer.echo("\nThis is known from now on; the trail goes on.")


def _with_keys() -> tuple[Settings, AuditKeys]:
    settings = Settings()
    keys = audit_keys.of_settings(settings)
    if keys is None:
        raise StartError("Set VEFA_SECRET: the seals are keyed by it.")
    return settings, keys


def _read_copy(given: str, keys: AuditKeys) -> Head:
    """The head in a file, or in the text itself."""
    try:
        text = given if "signature" in given else Path(given).read_text("utf-8")
        copy = audit_head.parsed(text)
    except OSError:
        raise StartError(f"--head: there is no file {given}, and it is no head itself.") from None
    except ValueError:
        raise StartError("--head: expected what `vefa audit head` printed.") from None
    if not copy.is_signed_by_any(keys):
        raise StartError("--head: it was not signed with VEFA_SECRET, nor with VEFA_SECRET_PREVIOUS.")
    return copy
