"""How the columns of a foreign file become records: the mapping and its rules."""

import re
from collections import abc
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Self
from zoneinfo import ZoneInfo, available_timezones

from app.domain.customers import Channel
from app.domain.date_formats import shapes
from app.domain.import_rules import CONTROL, KindRule
from app.domain.import_sources import (
    BAD_CONSTANT,
    LINE_ID,
    NO_CONSTANT,
    TOGETHER,
    UNKNOWN,
    FileFormat,
    MappingError,
    MappingProblem,
    column_fault,
    missing,
    record_problems,
)
from app.domain.import_targets import Reading, RecordKind, Target, find, further
from app.domain.money import minor_digits
from app.domain.transactions import TransactionKind

MAX_RULES = 20
"""Most kind rules of one mapping."""

AUTO = "auto"
WHITESPACE = "whitespace"
ENCODINGS = ("auto", "utf-8", "utf-8-sig", "windows-1254", "iso-8859-9", "latin-1", "utf-16")

_CODE = re.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


REQUIRED = (Target.EXTERNAL_ID, Target.CUSTOMER_KEY, Target.AMOUNT, Target.CURRENCY, Target.OCCURRED_AT)


@dataclass(frozen=True, slots=True)
class Mapping:
    """How to read the files of one system. Valid by construction; JSON and back without loss.

    Attributes:
        columns: target -> source: a column's name; ``#3``, its 1-based position (CSV); ``/a/b``, a JSON
            Pointer (JSON Lines); or a constant ``=GBP`` (currency, kind, category, channel; of other
            kinds of records see `app.domain.import_targets`). ``external_id`` may be ``=row``: digest of
            the file and line, so that reading the same file again changes nothing. Instants, but for
            those of transactions, may come from two columns: ``date,time``.
        source: the system the file comes from; records are unique per source and external id.
        customer_system: the external-id system that ``customer_key`` belongs to.
        delimiter: one ASCII character, ``whitespace`` (runs of blanks, no quoting), or ``auto``.
        header: whether the first record names the columns (CSV).
        encoding: one of `ENCODINGS`; ``auto`` takes the byte order mark, else UTF-8.
        kind_rules: of transactions; tried in order; a row that passes none is the constant kind, else a
            purchase.
        date_format: ``iso``, ``auto`` (ISO, ``20111209`` and ``09.12.2011``, never a guess between day and
            month), or strptime directives ``%Y %y %m %d %b %B %H %I %p %M %S %f %z``.
        time_zone: IANA zone of times without an offset.
        decimal_comma: amounts are written ``12,30``; no separator of thousands either way.
        create_missing: an unknown customer key makes a new customer instead of a refused row.
        kind: what each row is.

    Raises:
        MappingError: anything about it cannot be used; lists everything.
    """

    columns: abc.Mapping[str, str]
    source: str = "import"
    customer_system: str = "crm"
    format: FileFormat = FileFormat.CSV
    delimiter: str = AUTO
    header: bool = True
    encoding: str = AUTO
    kind_rules: tuple[KindRule, ...] = ()
    date_format: str = AUTO
    time_zone: str = "Europe/Istanbul"
    decimal_comma: bool = False
    create_missing: bool = False
    kind: RecordKind = RecordKind.TRANSACTIONS

    def __post_init__(self) -> None:
        problems = [*_column_problems(self), *_file_problems(self), *_value_problems(self)]
        if problems:
            raise MappingError(problems)

    @classmethod
    def from_dict(cls, data: abc.Mapping[str, Any]) -> Self:
        """Build a mapping from its JSON form; members left out keep their defaults.

        Raises:
            MappingError: an unknown member, a member of the wrong type, or a mapping that cannot be used.

        >>> from_row = {"customer_key": "#2", "occurred_at": "#3", "amount": "#5",
        ...             "currency": "=USD", "external_id": "=row"}
        >>> Mapping.from_dict({"columns": from_row, "header": False, "delimiter": "whitespace"}).header
        False
        """
        problems = [MappingProblem("", "unknown_member", UNKNOWN, {"known": ", ".join(_TYPES)})] * bool(
            data.keys() - _TYPES.keys()
        )
        problems += [
            MappingProblem(f"/{name}", "wrong_type", "This member has the wrong type.")
            for name, kind in _TYPES.items()
            if name in data and not _is(data[name], kind)
        ]
        if "columns" not in data:
            problems.append(MappingProblem("/columns", "missing", "This member is required."))
        if problems:
            raise MappingError(problems)
        values = dict(data)
        values["columns"] = dict(values["columns"])
        if values.get("format", "csv") not in list(FileFormat):
            raise MappingError([MappingProblem("/format", "unknown_format", "The format is csv or jsonl.")])
        if values.get("kind", "transactions") not in list(RecordKind):
            raise MappingError([MappingProblem("/kind", "unknown_kind", UNKNOWN, {"known": _KINDS})])
        values["format"] = FileFormat(values.get("format", "csv"))
        values["kind"] = RecordKind(values.get("kind", "transactions"))
        values["kind_rules"] = _rules(values.get("kind_rules", ()))
        return cls(**values)

    @classmethod
    def from_flags(
        cls, columns: abc.Iterable[str], kind_rules: abc.Iterable[str] = (), **others: Any
    ) -> Self:
        """Build a mapping from command-line flags: ``TARGET=SOURCE`` each, rules as in `KindRule.parse`.

        ``others`` are members of the mapping; None means the flag was not given.

        Raises:
            MappingError: as `from_dict`.

        >>> flags = "external_id=InvoiceNo customer_key=Customer amount=Total currency==GBP occurred_at=Date"
        >>> Mapping.from_flags(flags.split(), ["Total<0:refund"]).columns["currency"]
        '=GBP'
        """
        sources = column_flags(columns, others.get("kind"))
        given = {name: value for name, value in others.items() if value is not None}
        return cls.from_dict({"columns": sources, "kind_rules": list(kind_rules), **given})

    def to_dict(self) -> dict[str, Any]:
        """Give the JSON form, every member present; `from_dict` reads it back."""
        data: dict[str, Any] = {name: getattr(self, name) for name in _TYPES}
        rules = [str(rule) for rule in self.kind_rules]
        named = {"format": self.format.value, "kind": self.kind.value}
        return data | {"columns": dict(self.columns), "kind_rules": rules, **named}

    def constant(self, target: str) -> str | None:
        """Give the constant a target is set to, without its ``=``; None when it comes from a column."""
        source = self.columns.get(target, "")
        return source[1:] if source.startswith("=") else None

    def from_column(self, target: str) -> bool:
        """Tell whether a target is read from a column of the file."""
        return not self.columns.get(target, "=").startswith("=")

    def parts(self, target: str) -> list[str]:
        """Give the columns that a target is read from: none, one, or two that make an instant together."""
        if not self.from_column(target):
            return []
        source = self.columns[target]
        field = None if self.kind is RecordKind.TRANSACTIONS else find(self.kind, target)
        if field is None or field.reading not in (Reading.INSTANT, Reading.WORDS):
            return [source]
        return [part.strip() for part in source.split(TOGETHER)]

    def rule_source(self, rule: KindRule) -> str:
        """Give the source a kind rule reads: a mapped target's own, else the column it names."""
        source = self.columns.get(rule.column, "=")
        return rule.column if source.startswith("=") else source

    def sources(self) -> dict[str, str]:
        """Give every source that must be read from the file, with the pointer of its first mention."""
        found: dict[str, str] = {}
        for target in self.columns:
            for source in self.parts(target):
                found.setdefault(source, f"/columns/{target}")
        for index, rule in enumerate(self.kind_rules):
            found.setdefault(self.rule_source(rule), f"/kind_rules/{index}")
        return found


def column_flags(flags: abc.Iterable[str], kind: str | None = None) -> dict[str, str]:
    """Read ``TARGET=SOURCE`` flags; further sources of a target that may have several are numbered.

    Raises:
        MappingError: a flag of another form, or a target that is given twice.

    >>> column_flags(["phone=Mobile", "phone=Home"], "customers")
    {'phone': 'Mobile', 'phone.2': 'Home'}
    """
    sources: dict[str, str] = {}
    for flag in flags:
        target, equals, source = flag.partition("=")
        name: str | None = target.strip()
        if name in sources and kind in list(RecordKind):
            name = further(RecordKind(kind), target.strip(), sources)
        if not equals or name is None or name in sources:
            problem = "Write each column once, as target=source."
            raise MappingError([MappingProblem("/columns", "not_a_column_flag", problem)])
        sources[name] = source
    return sources


# Member -> type in JSON.
_TYPES = {f.name: "bool" if isinstance(f.default, bool) else "text" for f in fields(Mapping)}
_TYPES |= {"columns": "columns", "kind_rules": "texts"}
_KINDS = ", ".join(RecordKind)


def _is(value: object, kind: str) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "columns":
        return isinstance(value, abc.Mapping) and _is([*value.keys(), *value.values()], "texts")
    if kind == "texts":
        return isinstance(value, list | tuple) and all(isinstance(text, str) for text in value)
    return isinstance(value, str)


def _rules(texts: abc.Sequence[str]) -> tuple[KindRule, ...]:
    if len(texts) > MAX_RULES:
        detail = "At most {limit} rules."
        raise MappingError([MappingProblem("/kind_rules", "too_many_rules", detail, {"limit": MAX_RULES})])
    rules, problems = [], []
    for index, text in enumerate(texts):
        try:
            rules.append(KindRule.parse(text))
        except ValueError:
            detail = "Write COLUMN=VALUE:kind, COLUMN^PREFIX:kind, COLUMN<NUMBER:kind or COLUMN>NUMBER:kind."
            problems.append(MappingProblem(f"/kind_rules/{index}", "not_a_kind_rule", detail))
    if problems:
        raise MappingError(problems)
    return tuple(rules)


def _column_problems(mapping: Mapping) -> list[MappingProblem]:
    if mapping.kind is not RecordKind.TRANSACTIONS:
        return record_problems(mapping)
    if mapping.columns.keys() - set(Target):
        return [MappingProblem("/columns", "unknown_target", UNKNOWN, {"known": ", ".join(Target)})]
    problems = [missing(target) for target in REQUIRED if target not in mapping.columns]
    for name, source in mapping.columns.items():
        detail = _source_fault(mapping, Target(name), source)
        if detail:
            problems.append(MappingProblem(f"/columns/{name}", "bad_source", detail))
    for index, rule in enumerate(mapping.kind_rules):
        detail = column_fault(mapping.format, mapping.rule_source(rule))
        if detail:
            problems.append(MappingProblem(f"/kind_rules/{index}", "bad_source", detail))
    if mapping.kind_rules and not mapping.columns.get(Target.KIND, "=").startswith("="):
        detail = "Take the kind from a column or from rules, not both."
        problems.append(MappingProblem("/kind_rules", "two_kinds", detail))
    return problems


def _source_fault(mapping: Mapping, target: Target, source: str) -> str | None:
    """Say what is wrong with the source of a target, None when nothing is."""
    if not source.startswith("="):
        return column_fault(mapping.format, source)
    constant = source[1:]
    if not constant.strip() or len(constant) > 100 or CONTROL.search(constant):
        return BAD_CONSTANT
    allowed = {
        Target.EXTERNAL_ID: source == LINE_ID,
        Target.KIND: constant in list(TransactionKind),
        Target.CHANNEL: constant in list(Channel),
        Target.CATEGORY: True,
        Target.CURRENCY: _is_currency(constant),
    }
    return None if allowed.get(target, False) else NO_CONSTANT


def _is_currency(code: str) -> bool:
    try:
        minor_digits(code)
    except ValueError:
        return False
    return True


def _file_problems(mapping: Mapping) -> list[MappingProblem]:
    problems = []
    delimiter = mapping.delimiter
    single = len(delimiter) == 1 and (delimiter == "\t" or " " <= delimiter <= "~")
    if delimiter not in (AUTO, WHITESPACE) and (not single or delimiter.isalnum() or delimiter in "\"'.-+#"):
        detail = "The delimiter is one punctuation character, a tab, whitespace or auto."
        problems.append(MappingProblem("/delimiter", "bad_delimiter", detail))
    if mapping.encoding not in ENCODINGS:
        known = {"known": ", ".join(ENCODINGS)}
        problems.append(MappingProblem("/encoding", "unknown_encoding", UNKNOWN, known))
    if mapping.format is FileFormat.CSV and not mapping.header:
        problems += [
            MappingProblem(pointer, "no_header", "A file without a header has columns #1, #2, and so on.")
            for source, pointer in mapping.sources().items()
            if not source.startswith("#")
        ]
    return problems


def _value_problems(mapping: Mapping) -> list[MappingProblem]:
    problems = []
    for name in ("source", "customer_system"):
        if not _CODE.fullmatch(getattr(mapping, name)):
            detail = "A name of 1 to 64 ASCII letters, digits, _ . and -, the first a letter or digit."
            problems.append(MappingProblem(f"/{name}", "bad_name", detail))
    if not _is_zone(mapping.time_zone):
        problems.append(MappingProblem("/time_zone", "unknown_time_zone", "Not an IANA time zone."))
    if not _is_date_format(mapping.date_format):
        detail = "Use iso, auto or a whole date in %Y %y %m %d %b %B, with %H or %I %p, %M, %S, .%f and %z."
        problems.append(MappingProblem("/date_format", "bad_date_format", detail))
    return problems


@lru_cache(maxsize=100)
def _is_zone(name: str) -> bool:
    # "localtime" and "Factory" depend on the machine.
    if name in ("localtime", "Factory") or name not in available_timezones():
        return False
    return ZoneInfo(name).key == name


def _is_date_format(text: str) -> bool:
    try:
        shapes(text)
    except ValueError:
        return False
    return True
