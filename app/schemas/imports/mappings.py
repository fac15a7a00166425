"""Saved ways to read files on the wire, and the types that they share with the parameters of imports."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from app.domain.customers.contract_statements import AgeUnit
from app.domain.imports.mapping import MAX_RULES, MAX_SKIPPED
from app.domain.imports.sources import FileFormat
from app.domain.imports.targets import RecordKind
from app.domain.imports.word_rules import MAX_VALUES
from app.schemas.common.base import Code, DateIn, Flag, Input, Output, PageOf, SystemName, Version

EXAMPLE_COLUMNS: dict[str, Any] = {
    "external_id": "InvoiceNo",
    "customer_key": "Customer ID",
    "kind": None,
    "amount": "Total",
    "currency": "=TRY",
    "occurred_at": "Date",
    "category": None,
    "channel": None,
    "cost": None,
}
EXAMPLE_MAPPING: dict[str, Any] = {
    "kind": "transactions",
    "columns": EXAMPLE_COLUMNS,
    "source": "shop",
    "customer_system": "crm",
    "format": "csv",
    "delimiter": ";",
    "header": True,
    "encoding": "auto",
    "kind_rules": ["InvoiceNo^C:cancellation"],
    "date_format": "auto",
    "time_zone": "Europe/Istanbul",
    "decimal_comma": True,
    "grouping": True,
    "skip_lines": 0,
    "create_missing": True,
    "values": [],
    "group_by": None,
    "update": False,
    "keep_history": False,
    "snapshot_on": None,
    "unit": None,
}
_LINE = r"^[^\x00-\x08\x0a-\x1f\x7f-\x9f]*$"

MAX_TARGETS = 150

TargetName = Annotated[
    str, StringConstraints(max_length=80, pattern=r"^[a-z_]{1,40}(\.[^\x00-\x20\x7f-\x9f=]{1,70})?$")
]
ColumnSource = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_LINE)]
KindRuleText = Annotated[str, StringConstraints(min_length=1, max_length=600, pattern=_LINE)]
ColumnFlag = Annotated[str, StringConstraints(min_length=3, max_length=280, pattern=_LINE)]
Delimiter = Annotated[str, StringConstraints(min_length=1, max_length=10, pattern=_LINE)]
Encoding = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=_LINE)]
DateFormat = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=_LINE)]
TimeZone = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$")]
SkipLines = Annotated[int, Field(ge=0, le=MAX_SKIPPED)]
Rules = Annotated[list[KindRuleText], Field(max_length=MAX_RULES)]
ValueText = Annotated[str, StringConstraints(min_length=3, max_length=600, pattern=_LINE)]
Values = Annotated[list[ValueText], Field(max_length=MAX_VALUES)]


Columns = Annotated[
    dict[TargetName, ColumnSource | None], Field(max_length=MAX_TARGETS, examples=[EXAMPLE_COLUMNS])
]


class _MappingOptions(Input):
    kind: RecordKind = RecordKind.TRANSACTIONS
    """What each row is."""
    source: SystemName = "import"
    """The system the records come from; their external ids are unique in it."""
    customer_system: SystemName = "crm"
    """The system whose keys name the customers."""
    format: FileFormat = FileFormat.CSV
    delimiter: Delimiter = "auto"
    """One character, ``whitespace`` (runs of blanks, no quoting), or ``auto``."""
    header: Flag = True
    """Whether the first record names the columns."""
    encoding: Encoding = "auto"
    """``auto`` (the byte order mark, else UTF-8), ``windows-1254``, ``cp857``, ``iso-8859-9``, ``utf-16`` and
    others, under any usual name."""
    kind_rules: Rules = Field(default=[])
    """Of transactions, tried in order: ``COLUMN=VALUE:kind``, ``COLUMN^PREFIX:kind``,
    ``COLUMN<NUMBER:kind``."""
    date_format: DateFormat = "auto"
    """iso, auto, excel (day numbers), ``%s`` or ``%Q`` (seconds or milliseconds since 1970), or directives
    such as ``%d/%m/%Y %H:%M``."""
    decimal_comma: Flag | None = None
    """True where decimals follow a comma (``1.234,50``), false where they follow a point (``1,234.50``).
    Where neither is said, an amount with two readings (``1.000``) is refused."""
    grouping: Flag = True
    """Whether marks may stand between thousands; false: three digits behind a mark are decimals."""
    skip_lines: SkipLines = 0
    """Lines above the header that are passed over."""
    create_missing: Flag = False
    """Whether an unknown customer key makes a new customer; otherwise its rows are refused."""
    values: Values = Field(default=[], examples=[["channel:Web=app", "category:NO_SERVER="]])
    """``TARGET:WORD=VALUE``: what a target gets where its column holds a word, in capital or small letters;
    nothing behind ``=`` is no value, nothing before it an empty cell. Words that no rule names stay as they
    are."""
    group_by: ColumnSource | None = Field(default=None, examples=[None])
    """The column whose equal keys make one record of several rows; it is the external_id."""
    update: Flag = False
    """Of transactions: whether a row with a known external id and other values corrects the stored one;
    otherwise it is refused."""
    keep_history: Flag = False
    """Of complaints: whether times out of order are kept as they are read and their events are marked
    (``out_of_order``); otherwise such rows are refused."""
    snapshot_on: DateIn | None = Field(default=None, examples=[None])
    """Of contract terms: the day that the file shows contracts on. Its rows have no days, but the age of the
    contract and whether the customer had left."""
    unit: AgeUnit | None = Field(default=None, examples=[None])
    """What ``age`` counts; needed with ``snapshot_on``."""


class ImportMappingIn(_MappingOptions):
    """How to read the files of one system."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_MAPPING]})

    columns: Columns
    """Target: where its values come from: a column's name; ``#3``, its position from 1 (CSV); ``/a/b``, a
    JSON Pointer (JSON Lines); or a constant such as ``=GBP``. Amounts may be the product of two columns,
    ``Quantity*UnitPrice``, instants may come from two, ``date,time``. Which targets there are depends on
    ``kind``; those with * are needed.

    - transactions: external_id*, customer_key*, amount*, currency*, occurred_at*, kind, category, channel,
      cost
    - interactions: external_id*, started_at*, channel*, direction*, customer_key, ended_at, purpose, phase,
      agent, unit, wait_seconds, talk_seconds, hold_seconds, wrap_seconds, disposition, topic,
      resolved_on_first_contact, sentiment, notes, recording_url
    - complaints: external_id*, customer_key*, received_at*, subject*, text, channel, category, product,
      severity, our_fault, owner, unit, acknowledged_at, resolved_at, confirmed_at, closed_at,
      state, changed_at, resolution, interaction_external_id, linked_source
    - responses: external_id*, survey* and survey_version (constants), answered_at*, one ``answer.<question>``
      for each question*, customer_key, channel, agent, unit, phase, category, language, and one of
      interaction_external_id, complaint_external_id and transaction_external_id, with linked_source
    - customers: one of external_id, phone, email, ``key.<system>`` and ``social.<network>``*; name,
      given_name, family_name, kind, ``attribute.<name>``, language, preferred_channel, preferred_hours,
      do_not_contact, unit, tags, born_on, customer_since_on, lifecycle, left_on, left_reason,
      contract.started_on, contract.ends_on, contract.notice_given_on; a further source of phone, email,
      tags or ``social.<network>`` is ``phone.2``
    - contract-terms: customer_key*, known_on*, started_on, ends_on, notice_given_on, ``attribute.<name>``;
      with ``snapshot_on``: customer_key*, age*, left*, ``attribute.<name>``
    - departures: customer_key*, left_on*, reason

    ``external_id`` may be ``=row``, made of the file's digest and the line."""
    time_zone: TimeZone | None = Field(default=None, examples=["Europe/Istanbul"])
    """IANA zone of times without an offset; by default the company's."""
    age_column: ColumnSource | None = Field(default=None, examples=[None])
    """The same as ``age`` among the columns."""
    left_column: ColumnSource | None = Field(default=None, examples=[None])
    """The same as ``left`` among the columns."""


class ImportMappingOut(Output):
    """How a file is read; see the members of a saved mapping."""

    kind: RecordKind
    columns: Columns
    """Null where a target has no source."""
    source: SystemName
    customer_system: SystemName
    format: FileFormat
    delimiter: Delimiter
    header: bool
    encoding: Encoding
    kind_rules: Rules
    date_format: DateFormat
    time_zone: TimeZone
    decimal_comma: bool | None
    grouping: bool
    skip_lines: SkipLines
    create_missing: bool
    values: Values
    group_by: ColumnSource | None
    """Null where each row is a record."""
    update: bool
    keep_history: bool
    snapshot_on: date | None
    """Null where rows have days of their own."""
    unit: AgeUnit | None


class ImportMappingRead(Output):
    """A saved way to read files."""

    name: Code
    version: Version
    mapping: ImportMappingOut
    created_at: datetime
    updated_at: datetime


class ImportMappingPage(PageOf):
    """A page of saved mappings by name."""

    data: Annotated[list[ImportMappingRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""
