"""Rows of any file but one of transactions: texts in, values by target and refusals out.

Only what a text spells is told here: instants, whole numbers, yes and no. Which values are right is said by
the resource's own model, so that a file can bring nothing that a request could not.
"""

import re
from collections import abc
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from app.domain.days import AHEAD, EARLIEST
from app.domain.import_columns import RawBatch, instants
from app.domain.import_mapping import Mapping
from app.domain.import_refusals import Refusal, Refused
from app.domain.import_targets import FIELDS, Field, Reading, find, question_of, unnumbered
from app.domain.surveys import SCALED

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE = {point: re.compile(rf"-?[0-9]{{1,15}}(?:{re.escape(point)}0*)?") for point in ".,"}
_FLAGS = dict.fromkeys(("true", "yes", "y", "1"), True) | dict.fromkeys(("false", "no", "n", "0"), False)
_MISSING = {"external_id": Refusal.EXTERNAL_ID_MISSING, "customer_key": Refusal.CUSTOMER_MISSING}

Questions = abc.Mapping[str, str]
"""Code of each question of a survey -> its kind."""

Cells = list[Any]
"""One value for each row; None where the cell is empty, a `Refusal` where it cannot be read."""


@dataclass(frozen=True, slots=True)
class ValueRows:
    """Readable rows, in the order of the file; ``rows_in == len(line) + len(refused)``.

    ``values`` are by target: text, aware instant, whole number or bool, None where the cell is empty.
    Targets that the mapping does not name are left out.
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

    A response that answers nothing is refused. Cells of instants made of two columns are put together with
    a blank between them.

    Args:
        raw: rows as `app.jobs.import_files.batches` yields them for the same mapping.
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
    kept: list[int] = []
    values: list[dict[str, Any]] = []
    refused = list(raw.refused)
    for index, line in enumerate(raw.lines.to_list()):
        row = {target: cells[index] for target, cells in columns.items()}
        bad = next((target for target, value in row.items() if isinstance(value, Refusal)), None)
        if bad is not None:
            refused.append(Refused(line, row[bad], unnumbered(bad)))
        elif answers and all(row[target] is None for target in answers):
            refused.append(Refused(line, Refusal.NO_ANSWERS))
        else:
            kept.append(line)
            values.append(row)
    return ValueRows(kept, values, sorted(refused), len(raw.lines) + len(raw.refused))


def whole(text: str, *, decimal_comma: bool = False) -> int | Refusal:
    """Read a whole number, which spreadsheets write with a decimal of zero.

    >>> whole("3.0"), whole("-12"), whole("3.5")
    (3, -12, <Refusal.NOT_A_NUMBER: 'not_a_number'>)
    """
    if not _WHOLE["," if decimal_comma else "."].fullmatch(text):
        return Refusal.NOT_A_NUMBER
    return int(re.split("[.,]", text)[0])


def flag(text: str) -> bool | Refusal:
    """Read yes or no, whatever the case of its letters.

    >>> flag("Y"), flag("false"), flag("maybe")
    (True, False, <Refusal.NOT_A_FLAG: 'not_a_flag'>)
    """
    return _FLAGS.get(text.lower(), Refusal.NOT_A_FLAG)


# --- inside


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
    parts = [raw.columns[source] for source in mapping.parts(target)]
    if len(parts) > 1:
        together = pl.concat_str(parts, separator=" ", ignore_nulls=True)
        joined = pl.select(together).to_series()
        texts = joined.set(joined == "", None)
    else:
        texts = parts[0]
    return _read(texts, target, field, mapping, now, questions)


def _read(
    texts: pl.Series, target: str, field: Field, mapping: Mapping, now: datetime, questions: Questions
) -> Cells:
    reading = field.reading
    if reading is Reading.INSTANT:
        cells = _instants(texts, mapping, now)
        missing = Refusal.DATE_MISSING
    elif reading is Reading.DAY:
        cells = _days(texts, mapping)
        missing = Refusal.DATE_MISSING
    else:
        missing = _MISSING.get(target, Refusal.VALUE_MISSING)
        cells = texts.to_list()
        if reading is Reading.ANSWER and questions.get(question_of(target) or "") in SCALED:
            reading = Reading.WHOLE
        if reading is Reading.WHOLE:
            comma = mapping.decimal_comma
            cells = [None if text is None else whole(text, decimal_comma=comma) for text in cells]
        elif reading is Reading.FLAG:
            cells = [None if text is None else flag(text) for text in cells]
    return [missing if cell is None else cell for cell in cells] if field.required else cells


def _instants(texts: pl.Series, mapping: Mapping, now: datetime) -> Cells:
    micros, skipped = instants(texts, mapping)
    latest = now + AHEAD
    cells: Cells = []
    for text, at, is_skipped in zip(texts, micros, skipped, strict=True):
        if text is None:
            cells.append(None)
        elif at is None:
            cells.append(Refusal.TIME_SKIPPED if is_skipped else Refusal.DATE_UNREADABLE)
        else:
            try:
                instant = _EPOCH + timedelta(microseconds=at)
            except OverflowError:
                instant = latest + timedelta(days=1)
            cells.append(instant if EARLIEST <= instant <= latest else Refusal.DATE_OUT_OF_RANGE)
    return cells


def _days(texts: pl.Series, mapping: Mapping) -> Cells:
    """The days that times fall on: as they are written, and those with an offset in the mapping's zone."""
    there, _ = instants(texts, mapping)
    written, _ = instants(texts, replace(mapping, time_zone="UTC"))
    zone = ZoneInfo(mapping.time_zone)
    cells: Cells = []
    for text, at, local in zip(texts, there, written, strict=True):
        if text is None:
            cells.append(None)
            continue
        if local is None:
            cells.append(Refusal.DATE_UNREADABLE)
            continue
        try:
            day = _EPOCH + timedelta(microseconds=local)
            cells.append((day.astimezone(zone) if at == local else day).date())
        except OverflowError:
            cells.append(Refusal.DATE_OUT_OF_RANGE)
    return cells
