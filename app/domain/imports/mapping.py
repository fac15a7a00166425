"""How the columns of a foreign file become records: the mapping and its rules."""

import re
from collections import abc
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Self
from zoneinfo import ZoneInfo, available_timezones

from app.domain.common.text import composed
from app.domain.imports.cells.date_formats import shapes
from app.domain.imports.code_pages import AUTO, CODE_PAGES, canonical
from app.domain.imports.code_pages import KNOWN as KNOWN_CODE_PAGES
from app.domain.imports.kind_rules import KindRule
from app.domain.imports.sources import (
    PRODUCT,
    TOGETHER,
    UNKNOWN,
    FileFormat,
    MappingError,
    MappingProblem,
    column_flags,
    row_problems,
    snapshot_problems,
)
from app.domain.imports.target_columns import MONEY, column_problems
from app.domain.imports.targets import Reading, RecordKind, Target, find
from app.domain.imports.word_rules import MAX_VALUES, ValueRule, WordCondition, fold

MAX_RULES = 20
"""Most kind rules of one mapping."""

MAX_SKIPPED = 1000
"""Most lines above the header."""

WHITESPACE = "whitespace"
ENCODINGS = (AUTO, *CODE_PAGES)

_SYSTEM = re.compile(r"(?=\S)[^:\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}(?<=\S)")


@dataclass(frozen=True, slots=True)
class Mapping:
    """How to read the files of one system. Valid by construction; JSON and back without loss.

    Attributes:
        columns: target -> source: a column's name; ``#3``, its 1-based position (CSV); ``/a/b``, a JSON
            Pointer (JSON Lines); or a constant ``=GBP``. ``external_id`` may be ``=row``: digest of
            the file and line, so that reading the same file again changes nothing. Instants may come from
            two columns, ``date,time``, and amounts may be the product of two, ``Quantity*UnitPrice``.
        source: the system the file comes from; records are unique per source and external id.
        customer_system: the external-id system that ``customer_key`` belongs to.
        delimiter: one ASCII character, ``whitespace`` (runs of blanks, no quoting), or ``auto``.
        header: whether the first record names the columns (CSV).
        encoding: one of `ENCODINGS`, in JSON and flags under any usual name of it; ``auto`` takes the byte
            order mark, else UTF-8.
        kind_rules: of transactions; tried in order; a row that passes none is the constant kind, else a
            purchase.
        date_format: ``iso``; ``auto`` (ISO, ``20111209``, ``09.12.2011``, names of months in six languages,
            never a guess between day and month); ``%s`` and ``%Q``, seconds and milliseconds since 1970;
            ``excel``, day numbers; or strptime directives ``%Y %y %m %d %b %B %a %H %I %p %M %S %f %z``.
        time_zone: IANA zone of times without an offset.
        decimal_comma: True when decimals follow a comma (``1.234,50``), False when they follow a point, None
            when neither was said; see `app.domain.imports.cells.amounts`.
        grouping: whether marks may stand between thousands; if not, ``1.000`` is one.
        skip_lines: lines above the header (or the first row) that are passed over.
        create_missing: an unknown customer key makes a new customer instead of a refused row.
        kind: what each row is.
        values: values in the place of the words that the columns of targets hold.
        group_by: the column whose equal keys make one record of several rows; empty when each row is one.
            It is the source of ``external_id``. Amounts are added up, of times that differ the earliest
            counts, anything else must be the same. A time may be that of the rows with a word only,
            ``When[What=Resolved]`` (`app.domain.imports.word_rules.WordCondition`).
        snapshot_on: of contract terms, the day that the file shows contracts on, ``2026-01-31``: its rows
            have no days, but ``age`` and ``left``. Empty where rows have days of their own.
        unit: what ``age`` counts: ``days``, ``months`` or ``years``.
        keep_history: of complaints, whether times out of order are kept as read, and their events marked.
        update: of transactions, whether a row with a known key and other values corrects the stored one;
            if not, it is refused.

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
    decimal_comma: bool | None = None
    grouping: bool = True
    skip_lines: int = 0
    create_missing: bool = False
    kind: RecordKind = RecordKind.TRANSACTIONS
    values: tuple[ValueRule, ...] = ()
    group_by: str = ""
    update: bool = False
    keep_history: bool = False
    snapshot_on: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        problems = [
            *column_problems(self),
            *row_problems(self),
            *snapshot_problems(self),
            *_file_problems(self),
            *_value_problems(self),
        ]
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
        values = composed(dict(data))
        values["columns"] = dict(values["columns"])
        if values.get("format", "csv") not in list(FileFormat):
            raise MappingError([MappingProblem("/format", "unknown_format", "The format is csv or jsonl.")])
        if values.get("kind", "transactions") not in list(RecordKind):
            raise MappingError([MappingProblem("/kind", "unknown_kind", UNKNOWN, {"known": _KINDS})])
        values["format"] = FileFormat(values.get("format", "csv"))
        values["kind"] = RecordKind(values.get("kind", "transactions"))
        if "encoding" in values:
            values["encoding"] = canonical(values["encoding"]) or values["encoding"]
        if values.get("group_by"):
            values["columns"].setdefault("external_id", values["group_by"])
        values["kind_rules"] = _rules(values.get("kind_rules", ()))
        values["values"] = _value_rules(values.get("values", ()))
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
        rules = {"kind_rules": [str(rule) for rule in self.kind_rules]}
        rules["values"] = [str(rule) for rule in self.values]
        named = {"format": self.format.value, "kind": self.kind.value}
        return data | {"columns": dict(self.columns), **rules, **named}

    def constant(self, target: str) -> str | None:
        """Give the constant a target is set to, without its ``=``; None when it comes from a column."""
        source = self.columns.get(target, "")
        return source[1:] if source.startswith("=") else None

    def from_column(self, target: str) -> bool:
        """Tell whether a target is read from a column of the file."""
        return not self.columns.get(target, "=").startswith("=")

    def parts(self, target: str) -> list[str]:
        """Give the columns that a target is read from: none, one, or two that make an instant together or an
        amount when multiplied."""
        if not self.from_column(target):
            return []
        source = self.columns[target]
        if condition := self.condition(target):
            source = condition.source
        if self.is_product(target):
            return [part.strip() for part in source.split(PRODUCT)]
        together = self.is_instant(target) or self.is_words(target)
        return [part.strip() for part in source.split(TOGETHER)] if together else [source]

    def condition(self, target: str) -> WordCondition | None:
        """Give what a row must say so that a time counts, where several rows make one record."""
        if not (self.group_by and self.is_instant(target) and self.from_column(target)):
            return None
        return WordCondition.parse(self.columns[target])

    def is_product(self, target: str) -> bool:
        """Tell whether a target is the product of two columns."""
        source = self.columns.get(target, "")
        if self.kind is not RecordKind.TRANSACTIONS or target not in MONEY or not self.from_column(target):
            return False
        return source.count(PRODUCT) == 1 and all(part.strip() for part in source.split(PRODUCT))

    def is_instant(self, target: str) -> bool:
        """Tell whether a target is a time."""
        if self.kind is RecordKind.TRANSACTIONS:
            return target == Target.OCCURRED_AT
        field = find(self.kind, target)
        return field is not None and field.reading is Reading.INSTANT

    def is_words(self, target: str) -> bool:
        """Tell whether a target is text that several columns may make together."""
        field = None if self.kind is RecordKind.TRANSACTIONS else find(self.kind, target)
        return field is not None and field.reading is Reading.WORDS

    def rule_source(self, rule: KindRule) -> str:
        """Give the source a kind rule reads: a mapped target's own, else the column it names."""
        source = self.columns.get(rule.column, "=")
        return rule.column if source.startswith("=") else source

    def rule_sources(self, rule: KindRule) -> list[str]:
        """Give the columns a kind rule reads: those of a mapped target, else the one it names."""
        return self.parts(rule.column) or [rule.column]

    def sources(self) -> dict[str, str]:
        """Give every source that must be read from the file, with the pointer of its first mention."""
        found: dict[str, str] = {}
        for target in self.columns:
            condition = self.condition(target)
            for source in (*self.parts(target), *([condition.column] if condition else ())):
                found.setdefault(source, f"/columns/{target}")
        for index, rule in enumerate(self.kind_rules):
            for source in self.rule_sources(rule):
                found.setdefault(source, f"/kind_rules/{index}")
        if self.group_by:
            found.setdefault(self.group_by, "/group_by")
        return found


# Member -> type in JSON.
_TYPES = {f.name: "bool" if isinstance(f.default, bool) else "text" for f in fields(Mapping)}
_TYPES |= {"columns": "columns", "kind_rules": "texts", "values": "texts"}
_TYPES |= {"decimal_comma": "choice", "skip_lines": "number"}
_KINDS = ", ".join(RecordKind)


def _is(value: object, kind: str) -> bool:
    if kind in ("bool", "choice"):
        return isinstance(value, bool) or (value is None and kind == "choice")
    if kind == "number":
        return isinstance(value, int) and not isinstance(value, bool)
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


def _value_rules(texts: abc.Sequence[str]) -> tuple[ValueRule, ...]:
    if len(texts) > MAX_VALUES:
        detail = "At most {limit} rules."
        raise MappingError([MappingProblem("/values", "too_many_values", detail, {"limit": MAX_VALUES})])
    rules, problems = [], []
    seen: set[tuple[str, str]] = set()
    for index, text in enumerate(texts):
        pointer = f"/values/{index}"
        try:
            rule = ValueRule.parse(text)
        except ValueError:
            detail = "Write TARGET:WORD=VALUE, for example channel:Web=app; nothing behind = is no value."
            problems.append(MappingProblem(pointer, "not_a_value_rule", detail))
            continue
        if (rule.target, fold(rule.word)) in seen:
            problems.append(MappingProblem(pointer, "given_twice", "This word is given two values."))
        seen.add((rule.target, fold(rule.word)))
        rules.append(rule)
    if problems:
        raise MappingError(problems)
    return tuple(rules)


def _file_problems(mapping: Mapping) -> list[MappingProblem]:
    problems = []
    delimiter = mapping.delimiter
    single = len(delimiter) == 1 and (delimiter == "\t" or " " <= delimiter <= "~")
    if delimiter not in (AUTO, WHITESPACE) and (not single or delimiter.isalnum() or delimiter in "\"'.-+#"):
        detail = "The delimiter is one punctuation character, a tab, whitespace or auto."
        problems.append(MappingProblem("/delimiter", "bad_delimiter", detail))
    if not 0 <= mapping.skip_lines <= MAX_SKIPPED:
        detail = "From 0 to {limit} lines can be passed over."
        problems.append(MappingProblem("/skip_lines", "out_of_range", detail, {"limit": MAX_SKIPPED}))
    if mapping.update and mapping.kind is not RecordKind.TRANSACTIONS:
        detail = "Only transactions are updated on demand; leave update out."
        problems.append(MappingProblem("/update", "not_for_kind", detail))
    if mapping.keep_history and mapping.kind is not RecordKind.COMPLAINTS:
        detail = "Only complaints have a history to keep; leave keep_history out."
        problems.append(MappingProblem("/keep_history", "not_for_kind", detail))
    if mapping.encoding not in ENCODINGS:
        known = {"known": KNOWN_CODE_PAGES}
        problems.append(MappingProblem("/encoding", "unknown_encoding", UNKNOWN, known))
    if mapping.format is FileFormat.CSV and not mapping.header:
        problems += [
            MappingProblem(pointer, "no_header", "A file without a header has columns #1, #2, and so on.")
            for source, pointer in mapping.sources().items()
            if not source.startswith("#")
        ]
    return problems


_NO_ZONE = "Not an IANA time zone, such as Europe/Istanbul, UTC, or Etc/GMT-3 for UTC+3."


def _value_problems(mapping: Mapping) -> list[MappingProblem]:
    problems = []
    for name in ("source", "customer_system"):
        if not _SYSTEM.fullmatch(getattr(mapping, name)):
            detail = (
                "Expected the name of a system, such as crm: at most 64 characters, no colon and no control "
                "characters."
            )
            problems.append(MappingProblem(f"/{name}", "bad_name", detail))
    if not _is_zone(mapping.time_zone):
        problems.append(MappingProblem("/time_zone", "unknown_time_zone", _NO_ZONE))
    if not _is_date_format(mapping.date_format):
        detail = (
            "Use iso, auto, excel, %s (seconds since 1970), %Q (milliseconds), or a whole date in %Y %y %m "
            "%d %b %B %a, with %H or %I %p, %M, %S, .%f and %z, such as %d/%m/%Y %H:%M."
        )
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
