"""Imports and their refused rows on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.customers.contract_statements import AgeUnit
from app.domain.imports.refusals import Refusal
from app.domain.imports.sources import FileFormat
from app.domain.imports.states import ImportState
from app.domain.imports.targets import RecordKind
from app.domain.surveys.surveys import AnswerFault
from app.schemas.common.base import (
    NO_CONTROL,
    Code,
    Count,
    Currency,
    DayIn,
    Input,
    InstantIn,
    Output,
    PageOf,
    Paging,
    QueryFlag,
    SystemName,
    line,
)
from app.schemas.common.jobs import EXAMPLE_IMPORT_ID
from app.schemas.imports.mappings import (
    MAX_TARGETS,
    ColumnFlag,
    ColumnSource,
    DateFormat,
    Delimiter,
    Encoding,
    ImportMappingOut,
    Rules,
    SkipLines,
    TimeZone,
    Values,
)

EXAMPLE_ID = EXAMPLE_IMPORT_ID
EXAMPLE_TO_REVERT_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7c31"
EXAMPLE_FILE = """InvoiceNo;Customer ID;Date;Total
536365;C-000001;23.11.2026 09:30;1234,50
536366;;23.11.2026 10:00;15,30
"""
FileName = Annotated[str, line(255), Field(examples=["invoices.csv"])]
Sha256 = Annotated[str, Field(max_length=64, pattern=r"^[0-9a-f]{64}$")]


class ImportOptions(Input):
    """How to read the file in the body. What is given changes the saved mapping, if one is named."""

    kind: RecordKind | None = None
    """What each row is; default ``transactions``, or what the saved mapping says."""
    mapping: Code | None = Field(
        default=None, examples=["shop-export"], json_schema_extra={"x-prefilled": True}
    )
    """Name of a saved mapping."""
    source: SystemName | None = None
    """The system the records come from; default ``import``."""
    customer_system: SystemName | None = None
    """The system whose keys name the customers; default ``crm``."""
    column: Annotated[list[ColumnFlag], Field(max_length=MAX_TARGETS)] = Field(default=[], examples=[[]])
    """``target=source``, once for each target: ``external_id=InvoiceNo``, ``currency==GBP``,
    ``amount=Quantity*UnitPrice``, ``started_at=date,time``, ``answer.recommend=Q1``. Which targets there
    are: see the saved mapping."""
    kind_rule: Rules = Field(default=[], examples=[[]])
    """``COLUMN=VALUE:kind``, ``COLUMN^PREFIX:kind`` or ``COLUMN<NUMBER:kind``; the first that fits holds."""
    value: Values = Field(default=[], examples=[[]])
    """``TARGET:WORD=VALUE``: what a target gets where its column holds a word: ``channel:Web=app``; an empty
    value is none."""
    group_by: ColumnSource | None = None
    """The column whose equal keys make one record of several rows: amounts are added up, of times that differ
    the earliest counts, a key whose rows differ in anything else is refused."""
    format: FileFormat | None = None
    """Default: by the media type of the body; for ``application/gzip`` csv."""
    delimiter: Delimiter | None = None
    """One character, ``whitespace`` or ``auto``."""
    header: QueryFlag | None = None
    """Whether the first record names the columns."""
    encoding: Encoding | None = None
    """``auto`` (the byte order mark, else UTF-8), ``windows-1254``, ``cp857``, ``iso-8859-9``, ``utf-16`` and
    others, under any usual name. Default: the charset of the media type, else ``auto``."""
    date_format: DateFormat | None = None
    """``iso``, ``auto``, ``excel`` (day numbers), ``%s`` or ``%Q`` (seconds or milliseconds since 1970), or
    directives such as ``%d/%m/%Y %H:%M``."""
    time_zone: TimeZone | None = None
    """IANA zone of times without an offset; default: the company's."""
    currency: Currency | None = None
    """Currency of every transaction; the same as ``column=currency==GBP``."""
    decimal_comma: QueryFlag | None = None
    """True where decimals follow a comma (``1.234,50``), false where they follow a point (``1,234.50``).
    Where neither is said, an amount with two readings (``1.000``) is refused."""
    grouping: QueryFlag | None = None
    """Whether marks may stand between thousands (default); false: three digits behind a mark are decimals."""
    skip_lines: SkipLines | None = None
    """Lines above the header that are passed over."""
    create_missing: QueryFlag | None = None
    """Whether an unknown customer key makes a new customer; needs the scope ``customers:write`` as well."""
    update: QueryFlag | None = None
    """Of transactions: whether a row with a known external id and other values corrects the stored one;
    otherwise it is refused."""
    keep_history: QueryFlag | None = None
    """Of complaints: whether times out of order are kept as they are read and their events are marked
    (``out_of_order``); otherwise such rows are refused."""
    snapshot_on: DayIn | None = None
    """Of contract terms: the day that the file shows contracts on, without days of their own."""
    age_column: ColumnSource | None = None
    """The column with the age of the contract in a snapshot; the same as ``column=age=...``."""
    unit: AgeUnit | None = None
    """What the age counts; needed with ``snapshot_on``."""
    left_column: ColumnSource | None = None
    """The column that says whether the customer had left, yes or no; the same as ``column=left=...``."""
    dry_run: QueryFlag = False
    """Read and check everything, count it, store nothing."""
    file_name: FileName | None = None
    """What to call the file in lists."""


class ImportRead(Output):
    """A file taken in. ``rows_in = rows_stored + rows_updated + rows_repeated + rows_refused`` at any time;
    in a dry run the counts say what would be."""

    id: UUID
    job_id: UUID | None
    """The job that works on it, or did last; null when a command took the file in."""
    kind: RecordKind
    """What the rows are."""
    state: ImportState
    dry_run: bool
    file_name: Annotated[str, Field(max_length=255, pattern=NO_CONTROL)] | None
    file_sha256: Sha256 | None
    """Digest of the file as it was sent; null during the upload."""
    file_bytes: Count
    mapping: ImportMappingOut
    rows_in: Count
    rows_stored: Count
    """Rows that became records."""
    rows_updated: Count
    """Rows that changed what was stored before."""
    rows_repeated: Count
    """Rows that are stored already, or say what their source said before; nothing was changed."""
    rows_refused: Count
    rows_rounded: Count
    """Rows whose amount or cost was finer than the currency's minor unit."""
    rows_alike: Count
    """Those of the repeated rows that have no key of their own (``external_id==row``) and say the same as a
    row of an earlier file of this source. If they are something else, give their file another source."""
    headers_repeated: Count
    """Lines among the rows that say the header again, as programs do on each page; they are no rows."""
    records_stored: Count
    """Records that the stored rows became; fewer than these where rows are grouped."""
    customers_created: Count
    customers_kept: Count
    """Customers whom a reversal left because something else hangs on them; the audit log names them."""
    refused_by_reason: Annotated[dict[str, Count], Field(max_length=50)]
    words_unmatched: Annotated[dict[str, Count], Field(max_length=MAX_TARGETS)]
    """Target with value rules: how many words of its column no rule names; they stayed as they are."""
    answers_excluded: Annotated[dict[Code, dict[AnswerFault, Count]], Field(max_length=20)]
    """Of stored responses the answers that did not fit their question, by index that would have read them
    (``none``: no index does) and reason: ``out_of_range``, a number off the scale; ``wrong_scale``, no value
    of the scale at all. The index counts them in its ``excluded``."""
    error: Annotated[str, Field(max_length=1000, pattern=NO_CONTROL)] | None
    """Why the file could not be read on; what was stored before stays."""
    created_at: datetime
    updated_at: datetime


class ImportPage(PageOf):
    """A page of imports, newest first."""

    data: Annotated[list[ImportRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class ImportSort(StrEnum):
    """Order of the list; ``-`` is newest first."""

    NEWEST = "-created_at"
    UPDATED_AT = "updated_at"


class ImportQuery(Paging):
    """Which imports."""

    sort: ImportSort = ImportSort.NEWEST
    """Newest first, or in the order of their last change."""
    updated_after: InstantIn | None = None
    """Only imports sent or changed after this instant."""
    state: Annotated[list[ImportState], Field(max_length=len(ImportState))] = Field(default=[], examples=[[]])
    """Only imports in one of these states."""


class RefusedRow(Output):
    """A row that was not stored. Its values are not repeated here: look at the line of the file."""

    line: Annotated[int, Field(ge=1, le=2**53, examples=[3])]
    """Line of the file on which the row begins, from 1."""
    code: Refusal
    column: Annotated[str, Field(max_length=80, pattern=NO_CONTROL, examples=["amount"])]
    """The target it is about; empty when it is about the whole row."""
    detail: Annotated[str, Field(max_length=500, pattern=NO_CONTROL)]
    """The reason, in the language of the request."""


class RefusedRowPage(PageOf):
    """A page of refused rows, in the order of the file."""

    data: Annotated[list[RefusedRow], Field(max_length=200)]


class RefusedRowQuery(Paging):
    """Which refused rows."""

    code: Annotated[list[Refusal], Field(max_length=len(Refusal))] = Field(default=[], examples=[[]])
    """Only rows refused for one of these reasons."""
