"""Options that the commands taking files in have."""

from pathlib import Path
from typing import Annotated

import typer

from app.domain.customers.contract_statements import AgeUnit
from app.domain.imports.sources import FileFormat

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
KeepHistory = Annotated[
    bool | None,
    typer.Option(
        "--keep-history/--refuse-history",
        help="Of complaints: keep times out of order as they are read, and mark their events.",
    ),
]
SnapshotOn = Annotated[
    str | None, typer.Option(help="Of contract-terms: the file shows contracts on this day (2026-01-31).")
]
AgeColumn = Annotated[str | None, typer.Option(help="Column with the age of the contract in a snapshot.")]
AgeUnits = Annotated[AgeUnit | None, typer.Option("--unit", help="What the age counts.")]
LeftColumn = Annotated[
    str | None, typer.Option(help="Column that says whether the customer had left: yes or no.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and count everything, store nothing.")]
RefusedTo = Annotated[Path | None, typer.Option(dir_okay=False, help="Write refused rows to this CSV file.")]
