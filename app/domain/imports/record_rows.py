"""Rows of any file but one of transactions: texts in, values by target and refusals out.

Only what a text spells is told here: instants, whole numbers, yes and no. Which values are right is said by
the resource's own model, so that a file can bring nothing that a request could not.
"""

import re
from collections import abc
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from app.domain.common.days import AHEAD, EARLIEST
from app.domain.imports.cells import durations
from app.domain.imports.cells.amounts import plain_number
from app.domain.imports.cells.columns import RawBatch, instants, looked_at
from app.domain.imports.cells.kinds import KEYS
from app.domain.imports.cells.nobody import is_nobody
from app.domain.imports.cells.spreadsheets import is_error, is_no_time, is_nothing
from app.domain.imports.mapping import Mapping
from app.domain.imports.refusals import Refusal, Refused
from app.domain.imports.sources import FLAGS
from app.domain.imports.targets import (
    FIELDS,
    LINKS,
    Field,
    Reading,
    RecordKind,
    find,
    question_of,
    unnumbered,
)
from app.domain.imports.word_rules import fold
from app.domain.surveys.surveys import MAX_TEXT, SCALED, Question, answer_problem, member_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 10**15
_DIGITS = re.compile("-?[0-9]{1,15}")
_FRACTION = re.compile("-?[0-9]+[.,][0-9]+")
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_TELLING = (Refusal.AMBIGUOUS_NUMBER, Refusal.SPREADSHEET_ERROR)
_MISSING = {"external_id": Refusal.EXTERNAL_ID_MISSING, "customer_key": Refusal.CUSTOMER_MISSING}

_DOUBTFUL = EARLIEST + timedelta(days=2)
"""Times up to then, and those too far ahead, may be those that programs write for none."""

FIXED = frozenset(
    (
        *("channel", "direction", "purpose", "phase", "sentiment", "severity", "our_fault"),
        *("kind", "preferred_channel", "do_not_contact", "lifecycle", "left_reason", "reason"),
    )
)
"""Targets with fixed values, of whatever kind: capital letters tell no other one."""

IN_ORDER = (
    "started_at",
    "ended_at",
    "received_at",
    "acknowledged_at",
    "resolved_at",
    "confirmed_at",
    "closed_at",
)
"""Targets that lie one after the other, of whatever kind."""

Questions = abc.Mapping[str, Question]
"""The questions of a survey by code."""

Cells = list[Any]
"""One value for each row; None where the cell is empty, a `Refusal` where it cannot be read."""


@dataclass(frozen=True, slots=True)
class ValueRows:
    """Readable rows, in the order of the file; ``rows_in == len(line) + len(refused)``.

    ``values`` are by target: text, aware instant, whole number or bool, None where the cell is empty.
    Targets that the mapping does not name are left out. An answer that does not fit its question is a
    `Refusal`: the response is kept for the others.
    """

    line: list[int]
    values: list[dict[str, Any]]
    refused: list[Refused]
    rows_in: int


def read(
    raw: RawBatch,
    mapping: Mapping,
    *,
    now: datetime,
    file_digest: str = "",
    questions: Questions | None = None,
) -> ValueRows:
    """Read the values of raw rows; every row is readable, or refused once for its first bad value.

    A response without a good answer is refused. Cells of instants made of two columns are put together with
    a blank between them.

    Args:
        raw: rows as `app.jobs.imports.file_layout.batches` yields them for the same mapping.
        now: aware instant of the import; later than 50 years after it is refused.
        file_digest: hexadecimal digest of the file's bytes, for external ids ``=row``.
        questions: of the survey that responses answer.

    Raises:
        ValueError: the mapping makes ids of lines and ``file_digest`` is missing.
    """
    answers = [target for target in mapping.columns if question_of(target)]
    named = [target for target in mapping.columns if target not in FIELDS[mapping.kind]]
    targets = [*(target for target in FIELDS[mapping.kind] if target in mapping.columns), *named]
    columns = {target: _cells(raw, mapping, target, now, file_digest, questions or {}) for target in targets}
    _second_times(columns, raw, mapping, now)
    kept: list[int] = []
    values: list[dict[str, Any]] = []
    refused = list(raw.refused)
    for index, line in enumerate(raw.lines.to_list()):
        row = {target: cells[index] for target, cells in columns.items()}
        bad = [target for target, value in row.items() if isinstance(value, Refusal)]
        other = next((target for target in bad if question_of(target) is None), None)
        if other is not None:
            refused.append(Refused(line, row[other], unnumbered(other)))
        elif answers and all(row[target] is None or target in bad for target in answers):
            refused.append(Refused(line, row[bad[0]], bad[0]) if bad else Refused(line, Refusal.NO_ANSWERS))
        else:
            kept.append(line)
            values.append(row)
    return ValueRows(kept, values, sorted(refused), len(raw.lines) + len(raw.refused))


def whole(text: str, *, decimal_comma: bool | None = None, grouping: bool = True) -> int | Refusal:
    """Read a whole number, which spreadsheets write with a decimal of zero; marks as those of amounts.

    >>> whole("3.0"), whole("-12"), whole("3.5")
    (3, -12, <Refusal.NOT_A_NUMBER: 'not_a_number'>)
    """
    if _DIGITS.fullmatch(text):
        return int(text)
    number = plain_number(text, decimal_comma=decimal_comma, grouping=grouping)
    if isinstance(number, Refusal):
        return number if number in _TELLING else Refusal.NOT_A_NUMBER
    if number != number.to_integral_value() or abs(number) >= _LARGEST:
        return Refusal.NOT_A_NUMBER
    return int(number)


def seconds(text: str, *, decimal_comma: bool | None = None, grouping: bool = True) -> int | Refusal:
    """Read a duration: seconds, rounded half up, or one of the spellings of `durations.seconds`.

    More than three decimals are no seconds: so spreadsheets write parts of a day.

    >>> seconds("90"), seconds("0:01:30"), seconds("90.5"), seconds("0.000961"), seconds("soon")
    (90, 90, 91, <Refusal.NOT_A_DURATION: 'not_a_duration'>, <Refusal.NOT_A_DURATION: 'not_a_duration'>)
    """
    found = durations.seconds(text)
    if found is not None:
        return found
    whole_number = whole(text, decimal_comma=decimal_comma, grouping=grouping)
    if whole_number is not Refusal.NOT_A_NUMBER:
        return whole_number
    number = plain_number(text, decimal_comma=decimal_comma, grouping=grouping)
    if isinstance(number, Refusal):
        return Refusal.NOT_A_NUMBER if _FRACTION.fullmatch(text) else Refusal.NOT_A_DURATION
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -3 or abs(number) >= _LARGEST:
        return Refusal.NOT_A_DURATION
    return int(number.to_integral_value(ROUND_HALF_UP))


def flag(text: str) -> bool | Refusal:
    """Read yes or no, whatever the case of its letters.

    >>> flag("Y"), flag("false"), flag("HAYIR"), flag("maybe")
    (True, False, False, <Refusal.NOT_A_FLAG: 'not_a_flag'>)
    """
    return FLAGS.get(
        text.lower().replace("i\u0307", "i"),
        Refusal.SPREADSHEET_ERROR if is_error(text) else Refusal.NOT_A_FLAG,
    )


# --- inside


def _second_times(columns: dict[str, Cells], raw: RawBatch, mapping: Mapping, now: datetime) -> None:
    """Take local times that happened twice for the second, where the first lies before what came earlier."""
    earlier: Cells = []
    for target in [target for target in IN_ORDER if target in columns]:
        cells = columns[target]
        odd = [
            index
            for index, (one, other) in enumerate(zip(earlier, cells, strict=False))
            if _before(other, one)
        ]
        if odd and mapping.from_column(target):
            second = _instants(_texts_of(raw, mapping, target), mapping, now, second=True)
            for index in odd:
                if not _before(second[index], earlier[index]):
                    cells[index] = second[index]
        filled = zip(cells, earlier or cells, strict=True)
        earlier = [cell if isinstance(cell, datetime) else before for cell, before in filled]


def _before(one: Any, other: Any) -> bool:
    return isinstance(one, datetime) and isinstance(other, datetime) and one < other


def _cells(
    raw: RawBatch, mapping: Mapping, target: str, now: datetime, file_digest: str, questions: Questions
) -> Cells:
    field = find(mapping.kind, target)
    assert field is not None  # noqa: S101 - a mapping knows its targets
    constant = mapping.constant(target)
    if target == "external_id" and constant is not None:
        if not file_digest:
            raise ValueError("external ids made of lines need the file's digest")
        return [f"{file_digest[:12]}:{line}" for line in raw.lines]
    if constant is not None:
        return _read(pl.Series([constant.strip()]), target, field, mapping, now, questions) * len(raw.lines)
    return _read(_texts_of(raw, mapping, target), target, field, mapping, now, questions)


def _texts_of(raw: RawBatch, mapping: Mapping, target: str) -> pl.Series:
    """The texts of a target that comes from one column, or from two put together."""
    parts = [raw.columns[source] for source in mapping.parts(target)]
    if len(parts) == 1:
        return parts[0]
    together = pl.concat_str(parts, separator=" ", ignore_nulls=True)
    joined = pl.select(together).to_series()
    return joined.set(joined == "", None)


def _read(
    texts: pl.Series, target: str, field: Field, mapping: Mapping, now: datetime, questions: Questions
) -> Cells:
    reading, missing = field.reading, _MISSING.get(target, Refusal.VALUE_MISSING)
    question = questions.get(question_of(target) or "")
    if question is not None and question["kind"] in SCALED:
        reading = Reading.WHOLE
    if reading is Reading.INSTANT:
        cells, missing = _instants(texts, mapping, now), Refusal.DATE_MISSING
    elif reading is Reading.DAY:
        cells, missing = _days(texts, mapping), Refusal.DATE_MISSING
    elif reading is Reading.FLAG:
        cells = [_unless_nothing(text, flag) for text in texts]
    elif reading is Reading.WHOLE:
        # Of answers no thousands are expected.
        grouping = mapping.grouping and question_of(target) is None
        read_one = seconds if target.endswith("_seconds") else whole
        read_number = partial(read_one, decimal_comma=mapping.decimal_comma, grouping=grouping)
        cells = [_unless_nothing(text, read_number) for text in texts]
    else:
        cells = _texts(texts, target, mapping.kind)
    if question is not None:
        return [_judged(question, cell) for cell in cells]
    return [missing if cell is None else cell for cell in cells] if field.required else cells


def _judged(question: Question, cell: Any) -> Any:
    """An answer, or why it does not fit its question."""
    if cell is None or isinstance(cell, Refusal):
        return cell
    problem = answer_problem(question, {member_of(question["kind"]): cell})
    if problem is not None:
        outside = problem.code == "outside_scale"
        return Refusal.ANSWER_OUTSIDE_SCALE if outside else Refusal.UNKNOWN_VALUE
    if isinstance(cell, str) and _NO_TEXT.search(cell):
        return Refusal.CONTROL_CHARACTER
    return Refusal.TEXT_TOO_LONG if isinstance(cell, str) and len(cell) > MAX_TEXT else cell


def _unless_nothing(text: str | None, read: Callable[[str], Any]) -> Any:
    return None if text is None or is_nothing(text) else read(text)


def _texts(texts: pl.Series, target: str, kind: RecordKind) -> Cells:
    number = target != "interaction_external_id" and (kind, target) != (
        RecordKind.INTERACTIONS,
        "external_id",
    )
    columns = looked_at(texts, target, key=target in KEYS or target in LINKS, number=number)
    cells, faults = columns[target].to_list(), columns.get(f"{target}_fault")
    if target == "customer_key":  # a log that names callers writes this for one who withheld the number
        cells = [None if cell is not None and is_nobody(cell) else cell for cell in cells]
    if target in FIXED:
        cells = [cell if cell is None or cell.islower() else fold(cell) for cell in cells]
    if faults is None:
        return cells
    return [Refusal(fault) if fault else cell for cell, fault in zip(cells, faults, strict=True)]


def _instants(texts: pl.Series, mapping: Mapping, now: datetime, *, second: bool = False) -> Cells:
    micros, skipped = instants(texts, mapping, second=second)
    latest = now + AHEAD
    cells: Cells = []
    for text, at, is_skipped in zip(texts, micros, skipped, strict=True):
        if text is None:
            cells.append(None)
        elif at is None:
            cells.append(_no_instant(text, is_skipped=is_skipped))
        else:
            try:
                instant = _EPOCH + timedelta(microseconds=at)
            except OverflowError:
                instant = latest + timedelta(days=1)
            usual = _DOUBTFUL < instant <= latest
            if usual or not is_no_time(text):
                cells.append(instant if EARLIEST <= instant <= latest else Refusal.DATE_OUT_OF_RANGE)
            else:
                cells.append(None)
    return cells


def _days(texts: pl.Series, mapping: Mapping) -> Cells:
    """The days that times fall on: as they are written, and those with an offset in the mapping's zone."""
    there, _ = instants(texts, mapping, days=True)
    written, _ = instants(texts, replace(mapping, time_zone="UTC"), days=True)
    zone = ZoneInfo(mapping.time_zone)
    cells: Cells = []
    for text, at, local in zip(texts, there, written, strict=True):
        if text is None or local is None or is_no_time(text):
            cells.append(None if text is None else _no_instant(text, is_skipped=False))
            continue
        try:
            day = _EPOCH + timedelta(microseconds=local)
            cells.append((day.astimezone(zone) if at == local else day).date())
        except OverflowError:
            cells.append(Refusal.DATE_OUT_OF_RANGE)
    return cells


def _no_instant(text: str, *, is_skipped: bool) -> Refusal | None:
    if is_skipped:
        return Refusal.TIME_SKIPPED
    if is_no_time(text):
        return None
    return Refusal.SPREADSHEET_ERROR if is_error(text) else Refusal.DATE_UNREADABLE
