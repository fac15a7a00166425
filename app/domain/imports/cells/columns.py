"""Columns of texts into columns of values: keys, kinds, minor units, instants (polars, exact arithmetic)."""

import re
from collections import abc
from dataclasses import dataclass, field

import polars as pl

from app.domain.activity.transactions import LOWERING
from app.domain.common.money import minor_digits
from app.domain.common.text import INVISIBLE
from app.domain.customers.customers import Channel
from app.domain.imports.cells import amounts, spreadsheets, times
from app.domain.imports.cells.date_formats import MILLISECONDS, Reader, Shape, shapes
from app.domain.imports.cells.kinds import KEYS, NUMBERS_AND_TIMES, kind_of
from app.domain.imports.cells.nobody import is_nobody
from app.domain.imports.cells.times import repeated
from app.domain.imports.mapping import Mapping
from app.domain.imports.refusals import Refusal, Refused
from app.domain.imports.targets import Target
from app.domain.imports.word_rules import fold

# Whole digits that fit 64 bits in any currency; the few longer amounts are read one by one.
_SHORT = "-?[0-9]{1,12}"
_FRACTIONS = {0: "", 4: r"(?:\.(?:[0-9]{1,2}|[0-9]{4}))?"}  # three digits may be thousands


_PERHAPS_NOBODY = "^[^0-9]+$"
"""Keys that may name nobody."""

_TOO_FEW_MILLISECONDS = 10**10
"""Seconds since 1970 have ten digits today."""

_CHANGING = r"[\x{ad}\x{300}-\x{10ffff}]"
"""Characters that may be part of other ones or cannot be seen; all others are composed as they are."""


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Consecutive rows of a file as texts.

    Attributes:
        index: 0-based number of the batch; the same rows for the same bytes and mapping, always.
        lines: first physical line of each readable row, ascending.
        columns: source, as `Mapping.sources` names it -> texts aligned with ``lines``, as `tidy` leaves them.
        refused: rows that could not be read at all, in order of lines.
        last_line: last physical line that the batch covers.
        bytes_read: about how many bytes of the source, as stored (compressed), the rows so far took; for
            progress only.
        clean: whether it is known that no text holds a control character.
        pointed: whether the first amounts of the file show that decimals follow a point.
        unmatched: target -> how many of its texts no value rule of the mapping names.
        headers: how many lines said the header again; they are no rows.
        rows_of: of rows that were grouped, first line -> the lines of all rows that became this one.
    """

    index: int
    lines: pl.Series
    columns: abc.Mapping[str, pl.Series]
    refused: list[Refused] = field(default_factory=list)
    last_line: int = 0
    bytes_read: int = 0
    clean: bool = False
    pointed: bool = False
    headers: int = 0
    unmatched: abc.Mapping[str, int] = field(default_factory=dict)
    rows_of: abc.Mapping[int, abc.Sequence[int]] = field(default_factory=dict)


def tidy(texts: pl.Series, *, is_composed: bool = False) -> pl.Series:
    """Give texts as the API takes them: in one Unicode form, which they may have already, and without white
    space around them; what is then empty is null (missing).

    >>> tidy(pl.Series(["a b ", " ", None])).to_list()
    ['a b', None, None]
    """
    trimmed = (texts if is_composed else composed_series(texts)).str.strip_chars()
    return trimmed.set(trimmed == "", None)


def composed_series(texts: pl.Series) -> pl.Series:
    """Give a column of texts as `app.domain.common.text.composed` gives each.

    >>> composed_series(pl.Series(["Cag\\u0306", "a\\ufeff", None])).to_list()
    ['Cağ', 'a', None]
    """
    if not texts.str.contains(_CHANGING).any():
        return texts
    return texts.str.replace_all(f"[{INVISIBLE}]", "").str.normalize("NFC")


def texts(raw: RawBatch, mapping: Mapping, file_digest: str) -> pl.DataFrame:
    """Name the columns by target, rules' by ``rule0`` and so on.

    Keys and other texts are read (`app.domain.imports.cells.spreadsheets`); why one cannot be is in
    ``<target>_fault``.

    Raises:
        ValueError: the mapping makes ids of lines and ``file_digest`` is empty.
    """
    read = {t.value: raw.columns[mapping.columns[t]] for t in Target if mapping.from_column(t)}
    for name in [name for name in read if name not in NUMBERS_AND_TIMES]:
        read |= looked_at(read[name], name, key=name in KEYS)
    if (keys := read.get(Target.CUSTOMER_KEY.value)) is not None:
        read[Target.CUSTOMER_KEY.value] = _somebody(keys)
    for index, rule in enumerate(mapping.kind_rules):
        read[f"rule{index}"] = raw.columns[mapping.rule_source(rule)]
    constants = {t.value: pl.lit(mapping.constant(t), pl.String) for t in Target if t not in read}
    if Target.EXTERNAL_ID in constants:
        if not file_digest:
            raise ValueError("external ids made of lines need the file's digest")
        constants[Target.EXTERNAL_ID.value] = pl.format(file_digest[:12] + ":{}", "line")
    return pl.DataFrame({"line": raw.lines, **read}).with_columns(**constants)


def typed(frame: pl.DataFrame, mapping: Mapping, *, pointed: bool = False) -> pl.DataFrame:
    """Add the values that the texts spell, null where they spell none.

    Added: ``kind``; ``digits`` (decimals of the currency); ``lowers`` (refunds and cancellations); for
    ``amount`` and ``cost`` ``_fault``, ``_minor`` (negative for what lowers) and ``_rounded``;
    ``micros`` since 1970 UTC; ``skipped`` (a local time that does not exist). Where cells say that there is
    nothing, their texts become null.
    """
    lowering = [kind.value for kind in LOWERING]
    frame = _spelled(frame, mapping)
    frame = frame.with_columns(kind=kind_of(mapping), digits=_digits(frame, mapping))
    micros, skipped = instants(frame[Target.OCCURRED_AT], mapping)
    named = (micros.alias("micros"), skipped.alias("skipped"), *unread(frame[Target.OCCURRED_AT], micros))
    frame = frame.with_columns(pl.col("kind").is_in(lowering).alias("lowers"), *named)
    for name in (Target.AMOUNT.value, Target.COST.value):
        if name in mapping.columns:
            frame = frame.with_columns(_minor_units(frame, name, mapping, pointed))
    minors = [f"{name}_minor" for name in ("amount", "cost") if name in mapping.columns]
    lowered = pl.when(pl.col("lowers")).then(-pl.col(minors).abs()).otherwise(pl.col(minors))
    return frame.with_columns(lowered.name.keep())


def _spelled(frame: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Spell currencies (``try``, ``₺``) and channels (``Web``) as they are known by, where they have one
    meaning."""
    spelled: dict[str, dict[str, str]] = {}
    if mapping.from_column(Target.CURRENCY):
        named = {word: amounts.currency_named(word) for word in frame[Target.CURRENCY].unique() if word}
        spelled[Target.CURRENCY.value] = {
            word: code for word, code in named.items() if code not in (None, word)
        }
    if mapping.from_column(Target.CHANNEL):
        known = [channel.value for channel in Channel]
        words = {word: fold(word) for word in frame[Target.CHANNEL].unique() if word and word not in known}
        spelled[Target.CHANNEL.value] = {word: channel for word, channel in words.items() if channel in known}
    return frame.with_columns(pl.col(name).replace(pairs) for name, pairs in spelled.items() if pairs)


def _digits(frame: pl.DataFrame, mapping: Mapping) -> pl.Expr:
    """Decimals of each row's currency, null for an unknown one."""
    constant = mapping.constant(Target.CURRENCY)
    if constant is not None:
        return pl.lit(minor_digits(constant), pl.Int64)
    known = {}
    for code in frame[Target.CURRENCY].unique().drop_nulls():
        try:
            known[code] = minor_digits(code)
        except ValueError:
            continue
    return pl.col(Target.CURRENCY).replace_strict(known, default=None, return_dtype=pl.Int64)


def _minor_units(frame: pl.DataFrame, name: str, mapping: Mapping, pointed: bool) -> list[pl.Series]:
    """Read amounts exactly: ordinary ones by the column, the others by `import_amounts` one by one."""
    given, digits = frame[name], frame["digits"]
    minor = _usual(given, digits, mapping)
    if minor is not None:
        fault, rounded = repeated(None, pl.String, len(given)), repeated(False, pl.Boolean, len(given))
        return _named(name, given, minor, fault, rounded)
    texts = _pointed(given, mapping)
    minor = repeated(None, pl.Int64, len(texts))
    for decimals in digits.unique().drop_nulls():
        fits = texts.str.contains(_usual_form(decimals)) & (digits == decimals)
        whole = bool(fits.all(ignore_nulls=False))
        chosen = texts if whole else texts.set(~fits | fits.is_null(), None)
        # Nothing is rounded here: a decimal with all the digits there are, then its integer.
        exact = chosen.cast(pl.Decimal(18, decimals)).to_physical().cast(pl.Int64)
        minor = exact if whole else minor.fill_null(exact)
    odd = (minor.is_null() & given.is_not_null() & digits.is_not_null()).arg_true()
    fault, rounded = repeated(None, pl.String, len(texts)), repeated(False, pl.Boolean, len(texts))
    if len(odd):
        pairs = zip(given.gather(odd), frame["currency"].gather(odd), strict=True)
        read = [_read_one(*pair, mapping, pointed) for pair in pairs]
        given, minor, fault, rounded = (
            column.scatter(odd, pl.Series(values, dtype=column.dtype))
            for column, values in zip((given, minor, fault, rounded), zip(*read, strict=True), strict=True)
        )
    return _named(name, given, minor, fault, rounded)


def _named(
    name: str, given: pl.Series, minor: pl.Series, fault: pl.Series, rounded: pl.Series
) -> list[pl.Series]:
    return [
        given,
        minor.alias(f"{name}_minor"),
        fault.alias(f"{name}_fault"),
        rounded.alias(f"{name}_rounded"),
    ]


def _usual_form(decimals: int) -> str:
    fraction = _FRACTIONS.get(decimals, rf"(?:\.[0-9]{{1,{decimals}}})?")
    return f"^{_SHORT}{fraction}$"


def _usual(texts: pl.Series, digits: pl.Series, mapping: Mapping) -> pl.Series | None:
    """Minor units where all amounts are in the usual form of one currency, as in most files; else None."""
    if mapping.decimal_comma or not len(texts) or digits.null_count() or digits.min() != digits.max():
        return None
    decimals = digits[0]
    if not texts.str.contains(_usual_form(decimals)).all(ignore_nulls=False):
        return None
    return texts.cast(pl.Decimal(18, decimals)).to_physical().cast(pl.Int64)


def _pointed(texts: pl.Series, mapping: Mapping) -> pl.Series:
    """Spell amounts with a decimal point and nothing between thousands, where they can be read only so.

    What is none of these spellings is left so that it does not look like one.
    """
    if mapping.decimal_comma is None:
        return _unsaid(texts, mapping) if texts.str.contains(",", literal=True).any() else texts
    mark, between = (",", r"\.") if mapping.decimal_comma else (r"\.", ",")
    if mapping.grouping and texts.str.contains(between).any():
        grouped = texts.str.contains(f"^-?[1-9][0-9]{{0,2}}(?:{between}[0-9]{{3}})+(?:{mark}[0-9]+)?$")
        joined = texts.str.replace_all(between, "")
        texts = texts.set(grouped, None).fill_null(joined) if grouped.any() else texts
    # A point must not pass for a comma.
    return texts.str.replace_many([",", "."], [".", ","]) if mapping.decimal_comma else texts


def _unsaid(texts: pl.Series, mapping: Mapping) -> pl.Series:
    """The same where nothing was said: with two digits behind the last mark there is no doubt about it."""
    for mark, between in ((",", r"\."), (r"\.", ",")):
        groups = rf"|[1-9][0-9]{{0,2}}(?:{between}[0-9]{{3}})+" if mapping.grouping else ""
        grouped = texts.str.contains(rf"^-?(?:[0-9]{{1,12}}{groups}){mark}[0-9]{{1,2}}$")
        joined = texts.str.replace_all(between, "").str.replace(",", ".", literal=True)
        texts = texts.set(grouped, None).fill_null(joined) if grouped.any() else texts
    return texts


def _read_one(
    text: str, currency: str, mapping: Mapping, pointed: bool
) -> tuple[str | None, int | None, str | None, bool]:
    """Give the text (None if it says nothing), minor units (None if there are none), why, whether rounded."""
    if spreadsheets.is_nothing(text):
        return None, None, None, False
    comma, grouping = mapping.decimal_comma, mapping.grouping
    found = amounts.read(text, currency, decimal_comma=comma, grouping=grouping, pointed=pointed)
    return (
        (text, None, found.value, False) if isinstance(found, Refusal) else (text, found[0], None, found[1])
    )


def looked_at(texts: pl.Series, name: str, *, key: bool, number: bool = True) -> dict[str, pl.Series]:
    """Read a column of keys or other texts, and give under ``<name>_fault`` why some cannot be, if any."""
    odd = texts.str.contains(spreadsheets.KEY_TO_LOOK_AT if key else spreadsheets.TEXT_TO_LOOK_AT).arg_true()
    if not len(odd):
        return {name: texts}
    cells = texts.gather(odd)
    read = {
        cell: spreadsheets.key(cell, number=number) if key else spreadsheets.text(cell)
        for cell in cells.unique()
    }
    found = [read[cell] for cell in cells]
    faults = [cell.value if isinstance(cell, Refusal) else None for cell in found]
    values = [cell if fault is None else text for cell, fault, text in zip(found, faults, cells, strict=True)]
    columns = {name: texts.scatter(odd, pl.Series(values, dtype=pl.String))}
    if any(faults):
        none = repeated(None, pl.String, len(texts))
        columns[f"{name}_fault"] = none.scatter(odd, pl.Series(faults, dtype=pl.String))
    return columns


def _somebody(keys: pl.Series) -> pl.Series:
    """Keys of customers, null where they name nobody."""
    odd = keys.str.contains(_PERHAPS_NOBODY).fill_null(value=False).arg_true()
    if not len(odd):
        return keys
    cells = keys.gather(odd).to_list()
    named = [None if is_nobody(cell) else cell for cell in cells]
    return keys.scatter(odd, pl.Series(named, dtype=pl.String))


def unread(texts: pl.Series, micros: pl.Series) -> list[pl.Series]:
    """Look at the times that no format fits: the texts, null where they say nothing, ``_fault`` if any."""
    odd = (micros.is_null() & texts.is_not_null()).arg_true()
    if not len(odd):
        return []
    cells = texts.gather(odd).to_list()
    nothing = [None if spreadsheets.is_no_time(cell) else cell for cell in cells]
    faults = [Refusal.SPREADSHEET_ERROR.value if spreadsheets.is_error(cell) else None for cell in cells]
    none = repeated(None, pl.String, len(texts)).alias(f"{texts.name}_fault")
    return [
        texts.scatter(odd, pl.Series(nothing, dtype=pl.String)),
        *([none.scatter(odd, pl.Series(faults, dtype=pl.String))] if any(faults) else []),
    ]


def instants(
    texts: pl.Series, mapping: Mapping, *, second: bool = False, days: bool = False
) -> tuple[pl.Series, pl.Series]:
    """Parse times, each by the one spelling it matches, so that no row's reading depends on another's.

    A whole day is its first instant, also where the clocks skip midnight. Milliseconds that would lie in the
    first weeks of 1970 are seconds by mistake, and not read.

    Args:
        second: whether a local time that happened twice is the second; else it is the first.
        days: whether the days are wanted that times fall on; somebody may be born in 1970.

    Returns:
        Microseconds since 1970 UTC, null where there is none, and whether it is a local time that the
        clocks skipped.
    """
    zone = times.Zone(mapping.time_zone, second=second)
    micros, skipped = _instants(texts, mapping, zone)
    odd = (micros.is_null() & texts.is_not_null() & ~skipped).arg_true()
    if len(odd):
        at, gone = _instants(times.plain(texts.gather(odd)), mapping, zone)
        micros, skipped = micros.scatter(odd, at), skipped.scatter(odd, gone)
    if mapping.date_format == MILLISECONDS and not days:
        micros = micros.set(micros.abs() < _TOO_FEW_MILLISECONDS * 1000, None)
    return micros, skipped


def _instants(texts: pl.Series, mapping: Mapping, zone: times.Zone) -> tuple[pl.Series, pl.Series]:
    micros, skipped = repeated(None, pl.Int64, len(texts)), repeated(False, pl.Boolean, len(texts))
    likely = str(texts.drop_nulls().first())

    def unlikely(shape: Shape) -> tuple[bool, bool]:
        return shape.reader is Reader.WORDS, not re.search(shape.pattern, likely)

    for shape in sorted(shapes(mapping.date_format), key=unlikely):
        fits = texts.str.contains(shape.pattern)
        if fits.all(ignore_nulls=False) and micros.null_count() == len(micros):
            return times.parsed(texts, shape, zone)
        fits = (fits & micros.is_null()).fill_null(False)
        if not fits.any():
            continue
        at, gone = times.parsed(texts.filter(fits), shape, zone)
        places = fits.arg_true()
        micros, skipped = micros.scatter(places, at), skipped.scatter(places, gone)
        if micros.null_count() == texts.null_count():
            break
    return micros, skipped
