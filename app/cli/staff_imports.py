"""``vefa import units`` and ``vefa import agents``: files of who works in the company."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.context import opened, refuse
from app.domain.people import staff_rows
from app.domain.people.staff_rows import MAX_ROWS, FileError, StaffKind
from app.services.imports import staff
from app.services.imports.staff import NotStoredError, Outcome

NOTHING_STORED = 4
"""Exit code of a file of which nothing was stored because lines were refused."""

MAX_BYTES = 50_000_000
REFUSED_SHOWN = 20

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV with a header.")]
Columns = Annotated[
    list[str] | None, typer.Option(help="member=column, where the file has other names: code=No (repeat).")
]
Encoding = Annotated[str, typer.Option(help="utf-8, windows-1254, ...")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and count everything, store nothing.")]


def add(app: typer.Typer) -> None:
    """Add the commands to ``vefa import``."""
    app.command(StaffKind.UNITS.value)(units)
    app.command(StaffKind.AGENTS.value)(agents)


def units(file: File, column: Columns = None, encoding: Encoding = "utf-8", dry_run: DryRun = False) -> None:
    """Register or change units: code, kind, parent, head, calendar, is_active, name.tr, name.en, ...

    All lines are stored, or none. A column that is not there leaves things as they are, so that the same
    file again changes nothing. Heads must be registered: take in units, agents, and then units with heads.
    """
    _take_in(StaffKind.UNITS, file, column, encoding, dry_run)


def agents(file: File, column: Columns = None, encoding: Encoding = "utf-8", dry_run: DryRun = False) -> None:
    """Register or change agents: code, name, email, unit, role, languages, skills, active_from_on,
    active_until_on, is_active.

    All lines are stored, or none. A column that is not there leaves things as they are, so that the same
    file again changes nothing. Complaints of an agent who becomes inactive go to a queue.
    """
    _take_in(StaffKind.AGENTS, file, column, encoding, dry_run)


# --- inside


def _take_in(kind: StaffKind, file: Path, column: list[str] | None, encoding: str, dry_run: bool) -> None:
    renamed = {}
    for pair in column or ():
        member, equals, own = pair.partition("=")
        if not equals or not own:
            refuse("--column", f"{pair} is not member=column")
        renamed[member] = own
    if file.stat().st_size > MAX_BYTES:
        refuse("FILE", f"{file.name} has more than {MAX_BYTES:,} bytes")
    try:
        text = file.read_bytes().decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
        rows = list(staff_rows.read(kind, text, renamed))
    except LookupError:
        refuse("--encoding", f"{encoding} is no encoding")
    except UnicodeDecodeError as error:
        refuse("--encoding", f"byte {error.start:,} of {file.name} is not {encoding}")
    except FileError as error:
        refuse("FILE", f"{file.name}: {error}")
    if len(rows) > MAX_ROWS:
        refuse("FILE", f"{file.name} has more than {MAX_ROWS:,} lines")
    with opened() as (store, actor):
        try:
            outcome = store.write_sync(staff.put_all, actor, kind, rows, dry_run=dry_run)
        except NotStoredError as stopped:
            outcome = stopped.outcome
    _show(kind, outcome, dry_run)
    if outcome.refused:
        raise typer.Exit(NOTHING_STORED)


def _show(kind: StaffKind, outcome: Outcome, dry_run: bool) -> None:
    for one in outcome.refused[:REFUSED_SHOWN]:
        typer.echo(f"line {one.line}: {one.pointer}: {one.detail} ({one.code})", err=True)
    if more := outcome.refused[REFUSED_SHOWN:]:
        typer.echo(f"and {len(more):,} more", err=True)
    if outcome.refused:
        typer.echo("nothing stored: correct these lines, and take the whole file in again", err=True)
        return
    stored = "would be added" if dry_run else "added"
    typer.echo(
        f"{kind.value}: {outcome.added:,} {stored}, {outcome.kept:,} known before; "
        f"records of theirs: {outcome.adopted_records:,}; "
        f"complaints handed over: {outcome.handed_over_complaints:,}"
    )
