"""``vefa import``: take files in, list imports, take them back."""

import inspect
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from app.cli import staff_imports
from app.cli.context import opened, refuse
from app.cli.flag_texts import as_flags
from app.cli.import_options import (
    AgeColumn,
    AgeUnits,
    Columns,
    CreateMissing,
    Currency,
    CustomerSystem,
    DateFormat,
    DecimalComma,
    Delimiter,
    DryRun,
    Encoding,
    File,
    Format,
    GroupBy,
    Grouping,
    Header,
    KeepHistory,
    KindRules,
    LeftColumn,
    MappingName,
    RefusedTo,
    SkipLines,
    SnapshotOn,
    Source,
    TimeZone,
    Update,
    Values,
)
from app.cli.import_outcome import show
from app.domain.common import csv_lines
from app.domain.common.access import Actor
from app.domain.imports.mapping import Mapping
from app.domain.imports.sources import FileFormat
from app.domain.imports.states import ImportState
from app.domain.imports.targets import RecordKind
from app.schemas.imports.imports import ImportQuery
from app.services.imports import imports, mappings
from app.store.engine import Store
from app.store.transactions import Row

app = typer.Typer(no_args_is_help=True, help="Take files in, and take imports back.")

ProgressLines = Callable[[Row, int], None]

MOSTLY_REFUSED, NOTHING_STORED = 3, 4
"""Exit codes of files of which more than half of the rows were refused, or all."""

REASONS_FROM, REASONS_SHOWN = 1_000, 8
"""Refused rows whose reasons are looked at, and most reasons that are shown."""

COUNTED = ("in", "stored", "updated", "repeated", "refused")
"""The counts of rows that lists show."""

_JSON_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


@app.command()
def transactions(
    file: File,
    mapping: MappingName = None,
    column: Columns = None,
    kind_rule: KindRules = None,
    value: Values = None,
    group_by: GroupBy = None,
    source: Source = None,
    customer_system: CustomerSystem = None,
    file_format: Format = None,
    delimiter: Delimiter = None,
    header: Header = None,
    encoding: Encoding = None,
    date_format: DateFormat = None,
    time_zone: TimeZone = None,
    currency: Currency = None,
    decimal_comma: DecimalComma = None,
    grouping: Grouping = None,
    skip_lines: SkipLines = None,
    create_missing: CreateMissing = None,
    update: Update = None,
    dry_run: DryRun = False,
    refused_to: RefusedTo = None,
) -> None:
    """Take in a file of transactions.

    The same file again changes nothing; a command that was killed goes on when it is run again.
    """
    _run(RecordKind.TRANSACTIONS, **locals())


def _add(kind: RecordKind, example: str, more: str = "") -> None:
    """Make the command that takes in files of a kind; ``more`` stands in its help."""

    def take_in(
        file: File,
        mapping: MappingName = None,
        column: Annotated[list[str] | None, typer.Option(help=f"target=source: {example} (repeat).")] = None,
        snapshot_on: SnapshotOn = None,
        age_column: AgeColumn = None,
        unit: AgeUnits = None,
        left_column: LeftColumn = None,
        value: Values = None,
        group_by: GroupBy = None,
        source: Source = None,
        customer_system: CustomerSystem = None,
        file_format: Format = None,
        delimiter: Delimiter = None,
        header: Header = None,
        encoding: Encoding = None,
        date_format: DateFormat = None,
        time_zone: TimeZone = None,
        decimal_comma: DecimalComma = None,
        grouping: Grouping = None,
        skip_lines: SkipLines = None,
        create_missing: CreateMissing = None,
        keep_history: KeepHistory = None,
        dry_run: DryRun = False,
        refused_to: RefusedTo = None,
    ) -> None:
        _run(kind, **locals())

    take_in.__doc__ = f"""Take in a file of {_NAMES[kind]}.

    {more}
    The same file again changes nothing; a command that was killed goes on when it is run again.
    """
    known = inspect.signature(take_in)
    shown = [option for name, option in known.parameters.items() if _ONLY_FOR.get(name, kind) is kind]
    take_in.__signature__ = known.replace(parameters=shown)  # type: ignore[attr-defined]
    app.command(kind.value)(take_in)


_ONLY_FOR = {
    **dict.fromkeys(("snapshot_on", "age_column", "unit", "left_column"), RecordKind.CONTRACT_TERMS),
    "keep_history": RecordKind.COMPLAINTS,
}
"""Options that only one kind of file has."""


_NAMES = {
    RecordKind.INTERACTIONS: "interactions",
    RecordKind.COMPLAINTS: "complaints",
    RecordKind.RESPONSES: "past survey responses",
    RecordKind.CUSTOMERS: "customers (an address book)",
    RecordKind.CONTRACT_TERMS: "past and present contract terms of known customers, "
    "or a snapshot of contracts",
    RecordKind.DEPARTURES: "known customers who left",
}
_add(RecordKind.INTERACTIONS, "external_id=call_id, started_at=date,time, channel==phone")
_add(RecordKind.COMPLAINTS, "external_id=Ticket, received_at=Opened, subject=Title, resolved_at=Closed")
_add(RecordKind.RESPONSES, "survey==delivery, answer.recommend=Q1, answered_at=Date, external_id==row")
_add(RecordKind.CUSTOMERS, "external_id=No, name=First,Last, phone=Mobile, phone=Home, email=Mail")
_add(
    RecordKind.CONTRACT_TERMS,
    "customer_key=No, known_on=Since, started_on=From, ends_on=Until, attribute.plan=Plan",
    "A snapshot shows, on one day, how old each contract is and whether its customer had left, without days.",
)
_add(RecordKind.DEPARTURES, "customer_key=No, left_on=Left, reason=Why")


staff_imports.add(app)


@app.command("list")
def list_imports(
    limit: Annotated[int, typer.Option(min=1, max=200, help="Most imports to show.")] = 20,
) -> None:
    """Show imports, newest first."""
    with opened() as (store, actor):
        rows = store.read_sync(imports.page, actor, ImportQuery(limit=limit), None).rows
    table = Table(
        Column("id", no_wrap=True), Column("import", overflow="fold"), Column("rows", justify="right")
    )
    for row in rows:
        state = f"{row['state']} (dry run)" if row["dry_run"] else row["state"]
        what = [f"{row['kind']}, {state}", row["file_name"] or ""]
        counts = [f"{row[f'rows_{name}']:,} {name}" for name in COUNTED if row[f"rows_{name}"]]
        table.add_row(str(row["id"]), Text("\n".join(filter(None, what))), "\n".join(counts))
    Console().print(table)


@app.command()
def revert(import_id: Annotated[UUID, typer.Argument(help="Id of the import.")]) -> None:
    """Take an import back: its records, and the customers it created that have nothing else."""
    from app.jobs.imports import run as work  # loads polars

    with opened() as (store, actor):
        row = store.read_sync(imports.get, actor, import_id)
        if row["state"] != ImportState.REVERTING:  # else a killed command is gone on with
            store.write_sync(imports.revert, actor, import_id)
        work.run_reversal(store, actor, import_id)
    typer.echo(f"import {import_id} reverted")


# --- inside


def _run(
    kind: RecordKind,
    /,
    *,
    file: Path,
    mapping: str | None,
    file_format: FileFormat | None,
    dry_run: bool,
    refused_to: Path | None,
    **flags: Any,
) -> None:
    """Take a file in; ``flags`` are the other options of the command, members of a mapping."""
    if file_format is None and mapping is None and file.name.lower().endswith(_JSON_LINES):
        file_format = FileFormat.JSONL
    flags |= {"kind": kind, "format": file_format}
    if flags["delimiter"] in ("tab", "\\t"):
        flags["delimiter"] = "\t"
    name, base = _saved(mapping)
    with opened() as (store, actor):
        read = store.read_sync(mappings.resolve, actor, name, flags, base)
        row = _take_in(store, actor, file, read, dry_run)
        if refused_to is not None:
            _write_refused(store, actor, row["id"], refused_to)
        reasons = _reasons(store.read_sync(imports.refused_after, actor, row["id"], 0, REASONS_FROM))
    show(row, reasons, refused_to)
    if row["state"] == ImportState.DONE_WITH_REFUSALS:
        refused = row["rows_refused"] == row["rows_in"]
        raise typer.Exit(NOTHING_STORED if refused else MOSTLY_REFUSED)


def _saved(mapping: str | None) -> tuple[str | None, Row | None]:
    """A mapping's saved name, or what its file says."""
    if mapping is None or not mapping.endswith(".json"):
        return mapping, None
    try:
        members = json.loads(Path(mapping).read_text("utf-8"))
    except (OSError, ValueError) as error:
        refuse("--mapping", f"{mapping}: {error}")
    if not isinstance(members, dict):
        refuse("--mapping", f"{mapping}: not a JSON object")
    return None, members


def _take_in(store: Store, actor: Actor, file: Path, mapping: Mapping, dry_run: bool) -> Row:
    # Loads polars, which the other commands, all made from this package, need not wait for.
    from app.jobs.imports import run as work
    from app.jobs.imports.file_layout import INSPECT_BYTES, digest, inspect

    size = file.stat().st_size
    with file.open("rb") as source:
        beginning = source.read(INSPECT_BYTES)
        inspect(beginning, mapping, complete=len(beginning) == size)
        source.seek(0)
        sha256 = digest(source)
        source.seek(0)
        import_id = store.read_sync(imports.find_unfinished, sha256, mapping, dry_run)
        if import_id is None:
            begun = store.write_sync(
                imports.begin,
                actor,
                mapping,
                file_name=file.name[:255],
                dry_run=dry_run,
                state=ImportState.RUNNING,
                sha256=sha256,
                size=size,
            )
            import_id = begun["id"]
        else:
            typer.echo(f"going on with import {import_id}", err=True)
        with _bar(size) as progress:
            return work.run(store, actor, import_id, source, progress)


@contextmanager
def _bar(size: int) -> Iterator[ProgressLines]:
    """A progress bar on a terminal, a line now and then otherwise."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _line_by_line(size)
        return
    counts = TextColumn("{task.fields[rows]:,} rows, {task.fields[refused]:,} refused")
    columns = (BarColumn(), DownloadColumn(), counts, TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("import", total=size, rows=0, refused=0)

        def progress(row: Row, bytes_read: int) -> None:
            bar.update(task, completed=bytes_read, rows=row["rows_in"], refused=row["rows_refused"])

        yield progress


def _line_by_line(size: int) -> ProgressLines:
    """Tell of every tenth of the file."""
    reported = 0

    def progress(row: Row, bytes_read: int) -> None:
        nonlocal reported
        tenths = 10 * bytes_read // max(size, 1)
        if tenths > reported:
            reported = tenths
            print(f"{10 * tenths} %: {row['rows_in']:,} rows", file=sys.stderr)

    return progress


def _write_refused(store: Store, actor: Actor, import_id: UUID, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as target:
        target.write(csv_lines.line(("line", "code", "column", "detail")))
        line = 0
        while rows := store.read_sync(imports.refused_after, actor, import_id, line, 5_000):
            for row in rows:
                detail = _detail(row)
                target.write(csv_lines.line((row["line"], row["code"], row["column"], detail)))
            line = rows[-1]["line"]


def _detail(row: Row) -> str:
    """The reason of a refused row, filled in."""
    return str(row["detail"].format(column=row["column"], **row["values"]))


def _reasons(refused: Sequence[Row]) -> list[str]:
    """A line for each reason of rows that were refused, said of the first one."""
    first: dict[tuple[str, str], Row] = {}
    for row in refused:
        first.setdefault((row["code"], row["column"]), row)
    return [f"line {row['line']}: {as_flags(_detail(row))}" for row in first.values()][:REASONS_SHOWN]
