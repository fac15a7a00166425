"""Rows of one key become one record: amounts are added up, of times the earliest counts, all else must agree.

The rows of a key may stand anywhere in a file, so the whole file is read before the first record comes out.
What is kept of it is bounded by `MAX_ROWS`.
"""

from collections import Counter, abc
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl

from app.domain.imports.cells import spreadsheets
from app.domain.imports.cells.columns import RawBatch, instants
from app.domain.imports.cells.kinds import passes, unnamed
from app.domain.imports.mapping import Mapping
from app.domain.imports.refusals import Refusal, Refused
from app.domain.imports.shaping import EXACT, rule_name, shaped, spelled
from app.domain.imports.target_columns import MONEY
from app.domain.imports.targets import Target

MAX_ROWS = 2_000_000
"""Most rows of a file whose rows are grouped."""


class TooManyRowsError(ValueError):
    """The file has more than `MAX_ROWS` rows."""


_Time = tuple[int | None, str | None]
"""Microseconds since 1970 UTC and how they are written; None where there is no time."""


@dataclass(slots=True)
class _Group:
    """The rows of one key so far. ``sums``, ``times`` and ``rest`` are aligned with the targets of
    `_Reading`.

    ``faulty``: a row of the key is refused. ``differing``: the first target in which its rows differ.
    """

    key: str
    lines: list[int] = field(default_factory=list)
    sums: list[Decimal | None] = field(default_factory=list)
    times: list[_Time] = field(default_factory=list)
    rest: tuple[str | None, ...] = ()
    faulty: bool = False
    differing: str = ""


class _Event(NamedTuple):
    """What becomes of a row, or of the rows whose first it is."""

    line: int
    what: _Group | Refused


def grouped(raws: abc.Iterable[RawBatch], mapping: Mapping, max_rows: int) -> abc.Iterator[RawBatch]:
    """Yield the records of a file by target, for `app.domain.imports.shaping.plain`, in the order of their
    first rows; a batch has at most ``max_rows`` records and refused rows.

    A key is refused whole when one of its rows is (``row_of_key_refused``), and when its rows differ in
    something that is neither an amount nor a time (``rows_differ``). Of a row that cannot be read the key is
    not known: the keys of the rows before and after it are refused.

    Args:
        raws: all batches of the file, from the first.

    Raises:
        TooManyRowsError: the file has more than `MAX_ROWS` rows; nothing was yielded.
    """
    reading, last = _Reading(mapping), None
    for raw in raws:
        reading.add(raw)
        last = raw
    if last is None:
        return
    events = sorted(reading.events(), key=lambda event: event.line)
    batches = [events[start : start + max_rows] for start in range(0, len(events), max_rows)] or [[]]
    for index, some in enumerate(batches):
        ended = index == len(batches) - 1
        yield replace(
            reading.batch(index, some),
            last_line=last.last_line if ended else some[-1].line,
            bytes_read=last.bytes_read * (index + 1) // len(batches),
            unmatched={} if index else +reading.unmatched,
            headers=0 if index else reading.headers,
        )


class _Reading:
    """What is kept of a file while it is read."""

    def __init__(self, mapping: Mapping) -> None:
        self.unmatched: Counter[str] = Counter()
        self.headers = 0
        self._mapping = mapping
        self._groups: dict[str, _Group] = {}
        self._refused: list[Refused] = []
        self._rows = 0
        self._last_key: str | None = None
        self._after_unreadable = False
        read = [target for target in mapping.columns if mapping.from_column(target)]
        self._money = [target for target in MONEY if target in read]
        self._times = [target for target in read if mapping.is_instant(target)]
        apart = {*self._money, *self._times, Target.EXTERNAL_ID.value}
        self._rules = [
            index for index, rule in enumerate(mapping.kind_rules) if not mapping.from_column(rule.column)
        ]
        self._rest = [
            *(target for target in read if target not in apart),
            *(rule_name(mapping, index) for index in self._rules),
        ]

    def add(self, raw: RawBatch) -> None:
        """Take in the rows of a batch.

        Raises:
            TooManyRowsError: they are too many.
        """
        self._rows += len(raw.lines) + len(raw.refused)
        if self._rows > MAX_ROWS:
            raise TooManyRowsError
        batch = shaped(raw, self._mapping)
        self.unmatched.update(batch.unmatched)
        self.headers += raw.headers
        refused = {one.line: one for one in batch.refused}
        times = [self._read_times(batch, target, refused) for target in self._times]
        rules = self._read_rules(batch, refused)
        columns = [rules[name] if name in rules else self._texts(batch, name) for name in self._rest]
        money = [batch.columns[target] for target in self._money]
        keys = dict(zip(raw.lines, _keys(raw.columns[self._mapping.group_by]), strict=True))
        cells = (_rows(some, len(batch.lines)) for some in (money, times, columns))
        for line, amounts, moments, others in zip(batch.lines, *cells, strict=True):
            key = keys[line]
            if key is None:
                refused.setdefault(line, Refused(line, Refusal.EXTERNAL_ID_MISSING, "external_id"))
            elif line not in refused:
                self._add_row(self._group(key), line, amounts, moments, others)
        self._refuse_keys(keys, refused, {one.line for one in raw.refused})
        self._refused += refused.values()

    def events(self) -> abc.Iterator[_Event]:
        """Yield what becomes of all rows."""
        for refused in self._refused:
            yield _Event(refused.line, refused)
        for group in self._groups.values():
            if not group.lines:
                continue
            if not group.faulty and not group.differing:
                yield _Event(group.lines[0], group)
                continue
            code = Refusal.ROW_OF_KEY_REFUSED if group.faulty else Refusal.ROWS_DIFFER
            about = "external_id" if group.faulty else group.differing
            for line in group.lines:
                yield _Event(line, Refused(line, code, about))

    def batch(self, index: int, events: abc.Sequence[_Event]) -> RawBatch:
        """Make a batch of some of what becomes of rows."""
        groups = [event.what for event in events if isinstance(event.what, _Group)]
        columns: dict[str, list[str | None]] = {Target.EXTERNAL_ID.value: [group.key for group in groups]}
        for place, target in enumerate(self._money):
            sums = (group.sums[place] for group in groups)
            columns[target] = [None if value is None else spelled(value) for value in sums]
        for place, target in enumerate(self._times):
            columns[target] = [group.times[place][1] for group in groups]
        for place, target in enumerate(self._rest):
            columns[target] = [group.rest[place] for group in groups]
        return RawBatch(
            index,
            pl.Series("line", [group.lines[0] for group in groups], pl.Int64),
            {name: pl.Series(name, texts, pl.String) for name, texts in columns.items()},
            sorted(event.what for event in events if isinstance(event.what, Refused)),
            rows_of={group.lines[0]: group.lines for group in groups},
        )

    def _texts(self, batch: RawBatch, target: str) -> abc.Sequence[str | None]:
        """The texts of a target, keys in one spelling."""
        texts = batch.columns[target]
        return _keys(texts) if target == Target.CUSTOMER_KEY else texts.to_list()

    def _group(self, key: str) -> _Group:
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(key)
        return group

    def _read_times(self, batch: RawBatch, target: str, refused: dict[int, Refused]) -> list[_Time]:
        """The times of a target, as they are compared and as they are written; unreadable ones are
        refused."""
        texts = batch.columns[target]
        micros, skipped = instants(texts, self._mapping)
        for place in (micros.is_null() & texts.is_not_null()).arg_true():
            code = Refusal.TIME_SKIPPED if skipped[place] else Refusal.DATE_UNREADABLE
            line = batch.lines[place]
            refused.setdefault(line, Refused(line, code, target))
        return list(zip(micros, texts, strict=True))

    def _read_rules(self, batch: RawBatch, refused: dict[int, Refused]) -> dict[str, list[str | None]]:
        """Which kind rules each row passes, up to the first that decides; unknown words are refused."""
        if not self._rules:
            return {}
        mapping, rules = self._mapping, self._mapping.kind_rules
        names = [rule_name(mapping, index) for index in self._rules]
        looked_at = zip(self._rules, names, strict=True)
        frame = pl.DataFrame({f"rule{index}": batch.columns[name] for index, name in looked_at})
        tests = [passes(rules[index], pl.col(f"rule{index}"), mapping) for index in self._rules]
        passed = frame.select(**{str(n): test.fill_null(value=False) for n, test in enumerate(tests)})
        if (odd := unnamed(mapping, self._rules)) is not None:
            for place in frame.select(odd).to_series().arg_true():
                line = batch.lines[place]
                refused.setdefault(line, Refused(line, Refusal.UNKNOWN_WORD, "kind"))
        named: dict[str, list[str | None]] = {name: [] for name in names}
        for row in passed.iter_rows():
            decided = False
            for index, name, has_passed in zip(self._rules, names, row, strict=True):
                named[name].append("1" if has_passed and not decided else None)
                # Rules about amounts are tried on their sums, later.
                decided |= has_passed and not any(before not in self._rules for before in range(index))
        return named

    def _add_row(
        self,
        group: _Group,
        line: int,
        amounts: abc.Sequence[str | None],
        times: abc.Sequence[_Time],
        rest: tuple[str | None, ...],
    ) -> None:
        values = [None if text is None else Decimal(text) for text in amounts]
        if not group.lines:
            group.lines, group.sums, group.times, group.rest = [line], values, list(times), rest
            return
        group.lines.append(line)
        for place, value in enumerate(values):
            before = group.sums[place]
            if (before is None) != (value is None):  # a sum of some of the rows would say nothing
                group.differing = group.differing or self._money[place]
            elif before is not None and value is not None:
                group.sums[place] = EXACT.add(before, value)
        for place, time in enumerate(times):
            before_at, at = group.times[place][0], time[0]
            if at is not None and (before_at is None or at < before_at):
                group.times[place] = time
        if rest != group.rest:
            place = next(place for place, text in enumerate(rest) if text != group.rest[place])
            name = self._rest[place]
            group.differing = group.differing or (
                name if name in self._mapping.columns else Target.KIND.value
            )

    def _refuse_keys(
        self, keys: abc.Mapping[int, str | None], refused: abc.Collection[int], unreadable: set[int]
    ) -> None:
        """Refuse the keys of refused rows, and those beside rows that cannot be read."""
        for line in refused:
            if (key := keys.get(line)) is not None:
                self._group(key).faulty = True
        for line in sorted({*keys, *unreadable}):
            if line in unreadable:
                beside = self._last_key
                self._after_unreadable = True
            else:
                beside = keys[line] if self._after_unreadable else None
                self._last_key, self._after_unreadable = keys[line], False
            if beside is not None:
                self._group(beside).faulty = True


def _rows(columns: abc.Sequence[abc.Iterable[Any]], count: int) -> abc.Iterable[tuple[Any, ...]]:
    """Rows of columns, of which there may be none."""
    return zip(*columns, strict=True) if columns else [()] * count


def _keys(texts: pl.Series) -> list[str | None]:
    """Keys as `app.domain.imports.cells.spreadsheets.key` reads them; others stay."""
    read: dict[str | None, str | None] = {None: None}
    for text in texts.unique().drop_nulls():
        found = spreadsheets.key(text)
        read[text] = text if isinstance(found, Refusal) else found
    return [read[text] for text in texts]
