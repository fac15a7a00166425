"""Where the values of a file's rows come from: columns and constants, and what may be wrong about them."""

import re
from collections import abc
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol

from app.domain.common.days import EARLIEST
from app.domain.customers.contract_statements import AgeUnit
from app.domain.imports.cells.date_formats import shapes
from app.domain.imports.kind_rules import CONTROL, MAX_NAME, KindRule
from app.domain.imports.targets import (
    ANSWER,
    FIELDS,
    KEY_TARGET,
    LINKS,
    PEOPLE,
    SOCIAL_TARGET,
    TERMS_FIELDS,
    Field,
    Reading,
    RecordKind,
    fields_of,
    find,
    further,
)
from app.domain.imports.word_rules import ValueRule, WordCondition
from app.domain.surveys.surveys import MAX_QUESTIONS

MAX_COLUMN = 1000
"""Greatest position that ``#n`` may name, and greatest number of columns of a file."""

TOGETHER = ","
"""Between two columns that make an instant together, a day and a time."""

PRODUCT = "*"
"""Between two columns that make an amount when multiplied: a quantity and a price."""

NUMBER = re.compile("-?[0-9]{1,15}([.,][0-9]{1,9})?")
"""A constant that is a decimal."""

LINE_ID = "=row"
"""The external id made of the file's digest and the row's line, for files that carry none."""

_YES = ("true", "t", "yes", "y", "1", "on", "evet", "e", "var", "bəli", "да")
_NO = ("false", "f", "no", "n", "0", "off", "hayır", "hayir", "h", "yok", "xeyr", "yoxdur", "нет")
FLAGS = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
"""How yes and no are written, in small letters."""

BAD_CONSTANT = "A constant is 1 to 100 characters without control characters."
NO_CONSTANT = "This target cannot have this constant."
UNKNOWN = "Only these are known: {known}."


class FileFormat(StrEnum):
    """How the records of a file are written."""

    CSV = "csv"
    JSONL = "jsonl"


class MappingProblem(NamedTuple):
    """One member of a mapping that is wrong: JSON Pointer, stable code, English message id, its values."""

    pointer: str
    code: str
    detail: str
    params: abc.Mapping[str, object] = {}


class MappingError(ValueError):
    """A mapping that cannot be used, with everything that is wrong about it."""

    def __init__(self, problems: abc.Sequence[MappingProblem]) -> None:
        super().__init__("; ".join(f"{p.pointer}: {p.detail.format(**p.params)}" for p in problems))
        self.problems = tuple(problems)


class Mapped(Protocol):
    """A mapping, as far as its columns are judged here."""

    @property
    def columns(self) -> abc.Mapping[str, str]: ...
    @property
    def kind(self) -> RecordKind: ...
    @property
    def format(self) -> FileFormat: ...
    @property
    def date_format(self) -> str: ...
    @property
    def create_missing(self) -> bool: ...
    @property
    def kind_rules(self) -> abc.Sequence[KindRule]: ...
    @property
    def values(self) -> abc.Sequence[ValueRule]: ...
    @property
    def group_by(self) -> str: ...
    @property
    def snapshot_on(self) -> str: ...
    @property
    def unit(self) -> str: ...
    def constant(self, target: str) -> str | None: ...
    def parts(self, target: str) -> list[str]: ...
    def from_column(self, target: str) -> bool: ...
    def condition(self, target: str) -> WordCondition | None: ...
    def is_product(self, target: str) -> bool: ...
    def rule_sources(self, rule: KindRule) -> list[str]: ...


def column_flags(flags: abc.Iterable[str], kind: str | None = None) -> dict[str, str]:
    """Read ``TARGET=SOURCE`` flags; further sources of a target that may have several are numbered.

    Raises:
        MappingError: a flag of another form, or a target that is given twice.

    >>> column_flags(["amount=Total", "currency==TRY"])
    {'amount': 'Total', 'currency': '=TRY'}
    >>> column_flags(["phone=Mobile", "phone=Home"], "customers")
    {'phone': 'Mobile', 'phone.2': 'Home'}
    """
    sources: dict[str, str] = {}
    for flag in flags:
        target, equals, source = (part.strip() for part in flag.partition("="))
        if not (target and equals):
            detail = "Write a column as target=source, for example external_id=InvoiceNo or currency==TRY."
            raise MappingError([MappingProblem("/columns", "not_a_column_flag", detail)])
        name: str | None = target
        if target in sources:
            name = further(RecordKind(kind), target, sources) if kind in list(RecordKind) else None
        if name is None:
            raise MappingError([given_twice(target)])
        sources[name] = source
    return sources


def given_twice(target: str) -> MappingProblem:
    """The problem of a target that is given two sources at once."""
    detail = "This target is given twice: name one column or one constant for it."
    return MappingProblem(f"/columns/{target}", "given_twice", detail)


def missing(target: str) -> MappingProblem:
    """The problem of a target that no column and no constant is named for."""
    detail = "Say which column holds this, or a constant."
    return MappingProblem(f"/columns/{target}", "missing_target", detail)


def record_problems(mapping: Mapped) -> list[MappingProblem]:
    """What is wrong with the columns of a kind that is not transactions."""
    fields = {target: find(mapping.kind, target) for target in mapping.columns}
    if None in fields.values():
        return [_unknown_target(mapping.kind)]
    if mapping.kind is RecordKind.CONTRACT_TERMS and (wrong := _snapshot_problems(mapping)):
        return wrong
    known = fields_of(mapping.kind, is_snapshot=bool(mapping.snapshot_on))
    required = [target for target, field in known.items() if field.required]
    problems = [missing(target) for target in required if target not in mapping.columns]
    for target, field in fields.items():
        detail = field and _record_source_fault(mapping, target, field)
        if detail:
            problems.append(MappingProblem(f"/columns/{target}", "bad_source", detail))
    if mapping.kind_rules:
        problems.append(MappingProblem("/kind_rules", "no_kinds", "Only transactions have kind rules."))
    if mapping.kind in PEOPLE:
        problems += _people_problems(mapping)
    if mapping.kind is RecordKind.RESPONSES:
        answers = sum(target.startswith(ANSWER) for target in mapping.columns)
        if not 1 <= answers <= MAX_QUESTIONS:
            detail = "Say which columns hold the answers: answer.<question>, 1 to {limit} of them."
            problems.append(MappingProblem("/columns", "which_answers", detail, {"limit": MAX_QUESTIONS}))
        if len(linked := LINKS.keys() & mapping.columns.keys()) > 1:
            detail = "A response is about at most one record."
            problems += [MappingProblem(f"/columns/{target}", "one_subject", detail) for target in linked]
    return problems


def _people_problems(mapping: Mapped) -> list[MappingProblem]:
    """What is wrong with the columns of a kind that is about customers."""
    problems = []
    if mapping.kind is RecordKind.CUSTOMERS:
        found_by = ("external_id", "phone", "email", KEY_TARGET, SOCIAL_TARGET)
        if not any(target.startswith(found_by) for target in mapping.columns):
            detail = "Say which column holds the key of the customer (external_id), or a phone or email."
            problems.append(MappingProblem("/columns", "which_customer", detail))
        if mapping.columns.get("external_id") == LINE_ID:
            detail = "Leave external_id out: customers without a key are found by their phone or email."
            problems.append(MappingProblem("/columns/external_id", "bad_source", detail))
    elif mapping.create_missing and not mapping.snapshot_on:
        detail = "These rows are about customers who are known; take the customers in first."
        problems.append(MappingProblem("/create_missing", "not_for_kind", detail))
    if mapping.group_by:
        detail = "Rows about customers are not grouped."
        problems.append(MappingProblem("/group_by", "not_for_kind", detail))
    return problems


def snapshot_problems(mapping: Mapped) -> list[MappingProblem]:
    """What is wrong with the members that only contract terms have, of a mapping of any kind."""
    said = {"snapshot_on": mapping.snapshot_on, "unit": mapping.unit}
    if mapping.kind is not RecordKind.CONTRACT_TERMS:
        detail = "Only contract terms can be a snapshot; leave this out."
        return [MappingProblem(f"/{name}", "not_for_kind", detail) for name, value in said.items() if value]
    problems = []
    if mapping.snapshot_on and not _is_day(mapping.snapshot_on):
        detail = "Write the day of the snapshot as 2026-01-31; it must not be before 1900."
        problems.append(MappingProblem("/snapshot_on", "bad_day", detail))
    if mapping.unit and mapping.unit not in list(AgeUnit):
        problems.append(MappingProblem("/unit", "unknown_unit", UNKNOWN, {"known": ", ".join(AgeUnit)}))
    if mapping.snapshot_on and not mapping.unit:
        detail = "Say what the age of contracts counts: days, months or years."
        problems.append(MappingProblem("/unit", "missing_unit", detail))
    return problems


def _snapshot_problems(mapping: Mapped) -> list[MappingProblem]:
    """Targets of contract terms that a snapshot does not have, or that only a snapshot has."""
    if mapping.snapshot_on:
        detail = (
            "A snapshot has no days: leave this out, or leave snapshot_on out and say from when each row's "
            "terms were known."
        )
        others = [target for target in mapping.columns if target in TERMS_FIELDS and target != "customer_key"]
    else:
        detail = "Only a snapshot has this: say its day with snapshot_on, such as 2026-01-31."
        others = [target for target in ("age", "left") if target in mapping.columns]
        if mapping.unit:
            return [MappingProblem("/unit", "no_snapshot", detail)]
    return [MappingProblem(f"/columns/{target}", "other_shape", detail) for target in others]


def _is_day(text: str) -> bool:
    try:
        return EARLIEST.date() <= date.fromisoformat(text) and len(text) == len("2026-01-31")
    except ValueError:
        return False


def row_problems(mapping: Mapped) -> list[MappingProblem]:
    """What is wrong with the values that replace words, and with the key that groups rows."""
    problems = [
        MappingProblem(f"/values/{index}", "no_column", "No column is named for this target.")
        for index, rule in enumerate(mapping.values)
        if not mapping.from_column(rule.target)
    ]
    if mapping.group_by and mapping.columns.get("external_id") != mapping.group_by:
        detail = "Rows are grouped by the column that is the external_id."
        problems.append(MappingProblem("/group_by", "other_column", detail))
    return problems


def _unknown_target(kind: RecordKind) -> MappingProblem:
    named = {
        RecordKind.RESPONSES: [f"{ANSWER}<question>"],
        RecordKind.CUSTOMERS: ["key.<system>", "attribute.<name>", "social.<network>"],
        RecordKind.CONTRACT_TERMS: ["attribute.<name>"],
    }
    known = [*named.get(kind, []), *FIELDS[kind]]
    half = len(known) // 2  # what fills one placeholder is cut at 200 characters
    detail = "Only these are known: {known}, {more}."
    params = {"known": ", ".join(known[:half]), "more": ", ".join(known[half:])}
    return MappingProblem("/columns", "unknown_target", detail, params)


def _record_source_fault(mapping: Mapped, target: str, field: Field) -> str | None:
    constant = mapping.constant(target)
    if constant is None:
        parts = mapping.parts(target)
        if not field.column:
            return "This target is a constant: write it with =."
        if len(parts) > 2 and field.reading is Reading.INSTANT:
            return "An instant comes from one column, or from two: date,time."
        if condition := mapping.condition(target):
            parts.append(condition.column)
        elif field.reading is Reading.INSTANT and WordCondition.parse(mapping.columns[target]):
            return "Rows are chosen by a word only where group_by makes one record of several."
        return next(filter(None, (column_fault(mapping.format, part) for part in parts)), None)
    if target == "external_id":
        return None if f"={constant}" == LINE_ID else NO_CONSTANT
    if not constant.strip() or len(constant) > 100 or CONTROL.search(constant):
        return BAD_CONSTANT
    if field.reading in (Reading.INSTANT, Reading.DAY):
        allowed = is_instant(mapping.date_format, constant)
    elif field.reading is Reading.WHOLE:
        allowed = bool(re.fullmatch("0|[1-9][0-9]{0,8}", constant)) and (target, constant) != (
            "survey_version",
            "0",
        )
    elif field.reading is Reading.FLAG:
        allowed = constant.strip().lower() in FLAGS
    else:
        allowed = True
    return None if field.constant and allowed else NO_CONSTANT


def is_instant(date_format: str, text: str) -> bool:
    """Tell whether a constant is written as times are."""
    try:
        return any(re.search(shape.pattern, text) for shape in shapes(date_format))
    except ValueError:  # the format itself is wrong, which is said elsewhere
        return True


def column_fault(format: FileFormat, source: str) -> str | None:
    """Say what is wrong with the name of a column, None when nothing is."""
    if not source.strip() or len(source) > MAX_NAME or CONTROL.search(source):
        return "A column's name is 1 to 200 characters without control characters."
    if source.startswith("#"):
        position = source[1:]
        if format is FileFormat.JSONL:
            return "JSON Lines have no column positions."
        if not re.fullmatch("[1-9][0-9]{0,3}", position) or int(position) > MAX_COLUMN:
            return "A position is #1 to #1000."
    return None
