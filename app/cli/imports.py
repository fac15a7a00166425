"""``vefa import``: take files in, list imports, take them back."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from app.cli.context import opened, refuse
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

COUNTED = ("in", "stored", "updated", "repeated", "refused")
"""The counts of rows that lists show."""

_JSON_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or JSON Lines; also gzip.")
]
MappingName = Annotated[str | None, typer.Option(help="Name of a saved mapping, or a JSON file with one.")]
Columns = Annotated[
    list[str] | None,
    typer.Option(help="target=source: external_id=InvoiceNo, amount=#5, currency==GBP (repeat)."),
]
KindRules = Annotated[
    list[str] | None,
    typer.Option(help="COLUMN=VALUE:kind, COLUMN^PREFIX:kind or COLUMN<NUMBER:kind (repeat)."),
]
Values = Annotated[
    list[str] | None,
    typer.Option(help="TARGET:WORD=VALUE: channel:Web=app; nothing behind = is no value (repeat)."),
]
GroupBy = Annotated[str | None, typer.Option(help="Column whose equal keys make one record of several rows.")]
Source = Annotated[str | None, typer.Option(help="System the records come from.")]
CustomerSystem = Annotated[str | None, typer.Option(help="System whose keys name the customers.")]
Format = Annotated[FileFormat | None, typer.Option("--format", help="Default: by the file's name.")]
Delimiter = Annotated[str | None, typer.Option(help="One character, tab, whitespace or auto.")]
Header = Annotated[
    bool | None, typer.Option("--header/--no-header", help="Whether the first row names the columns.")
]
Encoding = Annotated[str | None, typer.Option(help="utf-8, windows-1254, iso-8859-9, latin-1, utf-16, ...")]
DateFormat = Annotated[str | None, typer.Option(help="iso, auto, excel, %s or '%d/%m/%Y %H:%M'.")]
TimeZone = Annotated[str | None, typer.Option(help="IANA zone of times without an offset.")]
Currency = Annotated[str | None, typer.Option(help="Currency of every row.")]
DecimalComma = Annotated[
    bool | None,
    typer.Option("--decimal-comma/--decimal-point", help="1.234,50 or 1,234.50; 1.000 is refused without."),
]
Grouping = Annotated[
    bool | None,
    typer.Option("--grouping/--no-grouping", help="Whether marks may stand between thousands."),
]
SkipLines = Annotated[int | None, typer.Option(help="Lines above the header that are passed over.")]
CreateMissing = Annotated[
    bool | None,
    typer.Option("--create-missing/--refuse-missing", help="Create customers with unknown keys."),
]
Update = Annotated[
    bool | None,
    typer.Option(
        "--update/--no-update", help="Correct stored transactions whose rows say something else now."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and count everything, store nothing.")]
RefusedTo = Annotated[Path | None, typer.Option(dir_okay=False, help="Write refused rows to this CSV file.")]


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


def _add(kind: RecordKind, example: str) -> None:
    """Make the command that takes in files of a kind."""

    def take_in(
        file: File,
        mapping: MappingName = None,
        column: Annotated[list[str] | None, typer.Option(help=f"target=source: {example} (repeat).")] = None,
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
        dry_run: DryRun = False,
        refused_to: RefusedTo = None,
    ) -> None:
        _run(kind, **locals())

    take_in.__doc__ = f"""Take in a file of {_NAMES[kind]}.

    The same file again changes nothing; a command that was killed goes on when it is run again.
    """
    app.command(kind.value)(take_in)


_NAMES = {
    RecordKind.INTERACTIONS: "interactions",
    RecordKind.COMPLAINTS: "complaints",
    RecordKind.RESPONSES: "past survey responses",
    RecordKind.CUSTOMERS: "customers (an address book)",
    RecordKind.CONTRACT_TERMS: "past and present contract terms of known customers",
    RecordKind.DEPARTURES: "known customers who left",
}
_add(RecordKind.INTERACTIONS, "external_id=call_id, started_at=date,time, channel==phone")
_add(RecordKind.COMPLAINTS, "external_id=Ticket, received_at=Opened, subject=Title, resolved_at=Closed")
_add(RecordKind.RESPONSES, "survey==delivery, answer.recommend=Q1, answered_at=Date, external_id==row")
_add(RecordKind.CUSTOMERS, "external_id=No, name=First,Last, phone=Mobile, phone=Home, email=Mail")
_add(RecordKind.CONTRACT_TERMS, "customer_key=No, known_on=Since, started_on=From, ends_on=Until")
_add(RecordKind.DEPARTURES, "customer_key=No, left_on=Left, reason=Why")


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
    _print_outcome(row, refused_to)
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
                detail = row["detail"].format(column=row["column"], **row["values"])
                target.write(csv_lines.line((row["line"], row["code"], row["column"], detail)))
            line = rows[-1]["line"]


def _may_be_lines(row: Row, key: str) -> bool:
    """Whether rows of one key may be lines of one sale: they are not added up yet."""
    return (
        row["kind"] == RecordKind.TRANSACTIONS and not row["mapping"]["group_by"] and not key.startswith("=")
    )


def _print_outcome(row: Row, refused_to: Path | None) -> None:
    reasons = ", ".join(f"{code} {count:,}" for code, count in row["refused_by_reason"].items())
    ended = "checked, nothing stored" if row["dry_run"] else "done"
    lines = [
        f"import {row['id']} {ended}: {row['rows_in']:,} rows in = {row['rows_stored']:,} stored"
        + (f" + {row['rows_updated']:,} updated" if row["rows_updated"] else "")
        + f" + {row['rows_repeated']:,} repeated + {row['rows_refused']:,} refused"
        + (f" ({reasons})" if reasons else ""),
        f"customers created: {row['customers_created']:,}"
        + (f"; amounts rounded: {row['rows_rounded']:,}" if row["kind"] == RecordKind.TRANSACTIONS else ""),
    ]
    if row["records_stored"] < row["rows_stored"]:
        lines.append(f"records of these rows: {row['records_stored']:,}")
    if row["rows_alike"]:
        lines.append(
            f"{row['rows_alike']:,} of the repeated rows have no key, but say what an earlier file said;"
            " give a file of other records another --source"
        )
    key = row["mapping"]["columns"].get("external_id", "=")
    if "conflicting_duplicate" in row["refused_by_reason"] and _may_be_lines(row, key):
        lines.append(
            "rows with the key of another row and other values: if they are lines of one record, "
            f"--group-by {key} adds their amounts up"
        )
    if row["headers_repeated"]:
        lines.append(f"lines that repeat the header, left out: {row['headers_repeated']:,}")
    if row["words_unmatched"]:
        words = ", ".join(f"{target} {count:,}" for target, count in row["words_unmatched"].items())
        lines.append(f"words that no --value names, left as they are: {words}")
    if row["answers_excluded"]:
        counts = (
            (index, *one) for index, reasons in row["answers_excluded"].items() for one in reasons.items()
        )
        answers = ", ".join(f"{index} {reason} {count:,}" for index, reason, count in counts)
        lines.append(f"answers that do not fit their question, left out of the responses: {answers}")
    if row["rows_refused"] and row["rows_refused"] == row["rows_in"]:
        lines.append("nothing could be stored: every row was refused")
    elif row["state"] == ImportState.DONE_WITH_REFUSALS:
        lines.append("more than half of the rows were refused: is the mapping right?")
    if refused_to is not None and row["rows_refused"]:
        lines.append(f"refused rows: {refused_to}")
    typer.echo("\n".join(lines))
