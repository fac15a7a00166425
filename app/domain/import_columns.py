"""Columns of texts into columns of values: kinds, minor units, instants (polars, exact arithmetic)."""

import re
from collections import abc
from dataclasses import dataclass, field

import polars as pl

from app.domain.date_formats import Shape, shapes
from app.domain.import_mapping import Mapping
from app.domain.import_refusals import Refused
from app.domain.import_rules import KindRule, RuleTest
from app.domain.import_targets import Target
from app.domain.import_words import ORDINARY, fold
from app.domain.money import MAX_TEXT, minor_digits, parse_rounded
from app.domain.transactions import LOWERING, TransactionKind

# Whole digits that fit 64 bits in any currency; the few longer amounts are read one by one.
_SHORT = "-?[0-9]{1,12}"
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")


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
        unmatched: target -> how many of its texts no value rule of the mapping names.
        rows_of: of rows that were grouped, first line -> the lines of all rows that became this one.
    """

    index: int
    lines: pl.Series
    columns: abc.Mapping[str, pl.Series]
    refused: list[Refused] = field(default_factory=list)
    last_line: int = 0
    bytes_read: int = 0
    clean: bool = False
    unmatched: abc.Mapping[str, int] = field(default_factory=dict)
    rows_of: abc.Mapping[int, abc.Sequence[int]] = field(default_factory=dict)


def tidy(texts: pl.Series) -> pl.Series:
    """Drop white space around texts, as the API does; what is then empty is null (missing).

    >>> tidy(pl.Series(["a b ", " ", None])).to_list()
    ['a b', None, None]
    """
    trimmed = texts.str.strip_chars()
    return trimmed.set(trimmed == "", None)


def texts(raw: RawBatch, mapping: Mapping, file_digest: str) -> pl.DataFrame:
    """Name the columns by target, rules' by ``rule0`` and so on.

    Raises:
        ValueError: the mapping makes ids of lines and ``file_digest`` is empty.
    """
    read = {t.value: raw.columns[mapping.columns[t]] for t in Target if mapping.from_column(t)}
    for index, rule in enumerate(mapping.kind_rules):
        read[f"rule{index}"] = raw.columns[mapping.rule_source(rule)]
    constants = {t.value: pl.lit(mapping.constant(t), pl.String) for t in Target if t not in read}
    if Target.EXTERNAL_ID in constants:
        if not file_digest:
            raise ValueError("external ids made of lines need the file's digest")
        constants[Target.EXTERNAL_ID.value] = pl.format(file_digest[:12] + ":{}", "line")
    return pl.DataFrame({"line": raw.lines, **read}).with_columns(**constants)


def typed(frame: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Add the values that the texts spell, null where they spell none.

    Added: ``kind``; ``digits`` (decimals of the currency); ``lowers`` (refunds and cancellations); for
    ``amount`` and ``cost`` ``_readable``, ``_minor`` (negative for what lowers) and ``_rounded``;
    ``micros`` since 1970 UTC; ``skipped`` (a local time that does not exist).
    """
    lowering = [kind.value for kind in LOWERING]
    frame = frame.with_columns(kind=_kind(mapping), digits=_digits(frame, mapping))
    micros, skipped = instants(frame[Target.OCCURRED_AT], mapping)
    named = (micros.alias("micros"), skipped.alias("skipped"))
    frame = frame.with_columns(pl.col("kind").is_in(lowering).alias("lowers"), *named)
    for name in (Target.AMOUNT.value, Target.COST.value):
        if name in mapping.columns:
            frame = frame.with_columns(_minor_units(frame, name, decimal_comma=mapping.decimal_comma))
    minors = [f"{name}_minor" for name in ("amount", "cost") if name in mapping.columns]
    lowered = pl.when(pl.col("lowers")).then(-pl.col(minors).abs()).otherwise(pl.col(minors))
    return frame.with_columns(lowered.name.keep())


def _kind(mapping: Mapping) -> pl.Expr:
    kind = pl.lit(TransactionKind.PURCHASE.value)
    if Target.KIND in mapping.columns:
        kind = pl.col(Target.KIND)
        if mapping.from_column(Target.KIND):
            kind = folded(kind)
    for index, rule in reversed(list(enumerate(mapping.kind_rules))):
        kind = (
            pl.when(passes(rule, pl.col(f"rule{index}"), mapping))
            .then(pl.lit(rule.kind.value))
            .otherwise(kind)
        )
    return kind


def folded(text: pl.Expr) -> pl.Expr:
    """`app.domain.import_words.fold` for a column of texts."""
    small = text.str.normalize("NFC").str.replace_many(["İ", "ı"], ["i", "i"]).str.to_lowercase()
    return small.str.replace_all("i\u0307", "i", literal=True).str.normalize("NFC").str.strip_chars()


def passes(rule: KindRule, text: pl.Expr, mapping: Mapping) -> pl.Expr:
    """Tell of each text whether it passes the test of a rule; null is no."""
    if rule.test is RuleTest.EQUALS:
        # An empty value asks for a missing one.
        return text.is_null() if rule.value == "" else folded(text) == fold(rule.value)
    if rule.test is RuleTest.PREFIX:
        return folded(text).str.starts_with(fold(rule.value))
    readable = pl.when(text.str.contains(_decimal(mapping))).then(text)
    number = readable.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    return number < float(rule.value) if rule.test is RuleTest.LESS else number > float(rule.value)


def unnamed(mapping: Mapping, indexes: abc.Collection[int] | None = None) -> pl.Expr | None:
    """Tell of each row whether it says its kind by a word that no rule names: it passes no rule, and holds
    another word than an ordinary sale's in a column whose words rules name. None where there is no such
    column, or the mapping says which kind all others are.

    ``indexes`` are those of the rules that are looked at, all by default."""
    rules = [
        (index, rule) for index, rule in enumerate(mapping.kind_rules) if indexes is None or index in indexes
    ]
    named = [
        index
        for index, rule in rules
        if rule.test is RuleTest.EQUALS and rule.value and rule.column not in mapping.columns
    ]
    if not named or Target.KIND in mapping.columns:
        return None
    some = pl.any_horizontal(
        *(passes(rule, pl.col(f"rule{index}"), mapping).fill_null(value=False) for index, rule in rules)
    )
    odd = (folded(pl.col(f"rule{index}")).is_in(ORDINARY).fill_null(value=True).not_() for index in named)
    return pl.any_horizontal(*odd) & some.not_()


def _decimal(mapping: Mapping) -> str:
    return r"^-?[0-9]+(?:" + ("," if mapping.decimal_comma else r"\.") + "[0-9]+)?$"


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


def _minor_units(frame: pl.DataFrame, name: str, *, decimal_comma: bool) -> list[pl.Series]:
    """Read amounts exactly: ordinary ones by the column, the others by `app.domain.money` one by one."""
    texts, digits = frame[name], frame["digits"]
    if decimal_comma:
        # A point must not pass for a comma.
        texts = texts.str.replace_many([",", "."], [".", ","])
    minor = pl.repeat(None, len(texts), dtype=pl.Int64, eager=True)
    for decimals in digits.unique().drop_nulls():
        fraction = rf"(?:\.[0-9]{{1,{decimals}}})?" if decimals else ""
        fits = texts.str.contains(f"^{_SHORT}{fraction}$") & (digits == decimals)
        whole = bool(fits.all(ignore_nulls=False))
        chosen = texts if whole else texts.set(~fits | fits.is_null(), None)
        # Nothing is rounded here: a decimal with all the digits there are, then its integer.
        exact = chosen.cast(pl.Decimal(18, decimals)).to_physical().cast(pl.Int64)
        minor = exact if whole else minor.fill_null(exact)
    odd = (minor.is_null() & texts.is_not_null() & digits.is_not_null()).arg_true()
    readable, rounded = (pl.repeat(value, len(texts), eager=True) for value in (True, False))
    if len(odd):
        read = [
            _read_one(*pair) for pair in zip(texts.gather(odd), frame["currency"].gather(odd), strict=True)
        ]
        minor, readable, rounded = (
            column.scatter(odd, pl.Series(values, dtype=column.dtype))
            for column, values in zip((minor, readable, rounded), zip(*read, strict=True), strict=True)
        )
    return [
        minor.alias(f"{name}_minor"),
        readable.alias(f"{name}_readable"),
        rounded.alias(f"{name}_rounded"),
    ]


def _read_one(text: str, currency: str) -> tuple[int | None, bool, bool]:
    """Give minor units (None if too large), whether it is a decimal at all, and whether it was rounded."""
    try:
        minor, rounded = parse_rounded(text, currency)
    except ValueError:
        return None, len(text) <= MAX_TEXT and bool(_DECIMAL.fullmatch(text)), False
    return minor, True, rounded


def instants(texts: pl.Series, mapping: Mapping) -> tuple[pl.Series, pl.Series]:
    """Parse times, each by the one spelling it matches, so that no row's reading depends on another's.

    Returns:
        Microseconds since 1970 UTC, null where there is none, and whether it is a local time that the
        clocks skipped.
    """
    micros = pl.repeat(None, len(texts), dtype=pl.Int64, eager=True)
    skipped = pl.repeat(False, len(texts), dtype=pl.Boolean, eager=True)
    likely = str(texts.drop_nulls().first())
    for shape in sorted(shapes(mapping.date_format), key=lambda shape: not re.search(shape.pattern, likely)):
        fits = texts.str.contains(shape.pattern)
        whole = bool(fits.all(ignore_nulls=False))
        chosen = texts if whole else texts.set(~fits | fits.is_null(), None)
        at = _instant(chosen, shape, mapping.time_zone)
        if at.null_count() > chosen.null_count() and not shape.zoned:
            skipped |= at.is_null() & _instant(chosen, shape, "UTC").is_not_null()
        micros = at if whole else micros.fill_null(at)
        if micros.null_count() == texts.null_count():
            break
    return micros, skipped


def _instant(texts: pl.Series, shape: Shape, time_zone: str) -> pl.Series:
    """Parse one spelling to microseconds; null for days and local times that do not exist."""
    if not shape.timed:
        local = texts.str.to_date(shape.format, strict=False, cache=False).cast(pl.Datetime("us"))
    elif shape.zoned:
        at = texts.str.to_datetime(shape.format, time_unit="us", time_zone="UTC", strict=False, cache=False)
        return at.to_physical()
    else:
        local = texts.str.to_datetime(shape.format, time_unit="us", strict=False, cache=False)
    if time_zone != "UTC":
        local = local.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
    return local.to_physical()
