"""Rows of a transaction file: raw texts in, typed columns and refusals out.

polars, because a shop's history is millions of rows and each is checked some twenty times: a column
expression costs tens of nanoseconds a row where Python costs a microsecond. The rules themselves are
those of `app.domain.common.money` and `app.domain.activity.transactions`; tests hold the two against each
other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import polars as pl

from app.domain.activity.transactions import TransactionKind
from app.domain.common.days import AHEAD, CLOCKS_DIFFER, EARLIEST
from app.domain.customers.customers import Channel
from app.domain.imports.cells import columns, kinds
from app.domain.imports.cells.columns import RawBatch
from app.domain.imports.mapping import Mapping
from app.domain.imports.refusals import Refusal, Refused
from app.domain.imports.targets import Target

MAX_LENGTHS = {Target.CUSTOMER_KEY: 200, Target.EXTERNAL_ID: 200, Target.CATEGORY: 100}
"""Longest texts, in characters."""

_CONTROL = r"[\x00-\x1f\x7f-\x{9f}]"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rows:
    """Typed columns of the accepted rows, aligned, in the order of the file.

    ``rows_in == len(line) + len(refused)``. ``amount_minor`` is signed by its kind (refunds and
    cancellations <= 0), and so is ``cost_minor``; ``occurred_at`` is microseconds since 1970 UTC.
    ``rounded`` counts accepted rows whose amount or cost was finer than the currency's minor unit. External
    ids may come twice: which of the rows is stored, and whether others repeat it, the store tells.
    """

    line: list[int]
    external_id: list[str]
    customer_key: list[str]
    kind: list[str]
    amount_minor: list[int]
    currency: list[str]
    occurred_at: list[int]
    category: list[str | None]
    channel: list[str | None]
    cost_minor: list[int | None]
    refused: list[Refused]
    rows_in: int
    rounded: int


class _Check(NamedTuple):
    """A refusal, the target it is about and when it applies (null counts as not)."""

    code: Refusal
    column: Target
    applies: pl.Expr


def validate(raw: RawBatch, mapping: Mapping, *, now: datetime, file_digest: str = "") -> Rows:
    """Turn raw rows into typed columns; every row is accepted or refused exactly once.

    Amounts are read as `money.parse_rounded` reads them (any precision, rounded half to even) and signed as
    `transactions.signed` does. Local times that happened twice are the first; skipped ones are refused.

    Args:
        raw: rows as `app.jobs.imports.file_layout.batches` yields them for the same mapping.
        now: aware instant of the import; what did not happen by then, as far as clocks differ, is refused.
        file_digest: hexadecimal digest of the file's bytes, for external ids ``=row``.

    Raises:
        ValueError: the mapping makes ids of lines and ``file_digest`` is missing.

    Cost: about 1 microsecond a row on one core when all are good.
    """
    frame = columns.typed(columns.texts(raw, mapping, file_digest), mapping, pointed=raw.pointed)
    checks = [*_text_checks(frame, mapping, clean=raw.clean), *_value_checks(frame, mapping, now)]
    code = pl.lit(0, pl.UInt8)
    for number, check in reversed(list(enumerate(checks, 1))):
        code = pl.when(check.applies).then(pl.lit(number, pl.UInt8)).otherwise(code)
    frame = frame.with_columns(code=code)
    bad = frame.filter(pl.col("code") > 0).select("line", "code")
    reasons = [(line, checks[number - 1]) for line, number in bad.iter_rows()]
    refused = [Refused(line, check.code, check.column.value) for line, check in reasons]
    good = frame.filter(pl.col("code") == 0) if refused else frame
    money = [name for name in ("amount", "cost") if name in mapping.columns]
    return Rows(
        line=good["line"].to_list(),
        external_id=_values(good, Target.EXTERNAL_ID, mapping),
        customer_key=_values(good, Target.CUSTOMER_KEY, mapping),
        kind=_values(good, Target.KIND, mapping),
        amount_minor=good["amount_minor"].to_list(),
        currency=_values(good, Target.CURRENCY, mapping),
        occurred_at=good["micros"].to_list(),
        category=_values(good, Target.CATEGORY, mapping),
        channel=_values(good, Target.CHANNEL, mapping),
        cost_minor=good["cost_minor"].to_list() if "cost" in money else [None] * len(good),
        refused=sorted([*raw.refused, *refused]),
        rows_in=len(raw.lines) + len(raw.refused),
        rounded=int(good.select(pl.any_horizontal(f"{name}_rounded" for name in money)).to_series().sum()),
    )


def _text_checks(frame: pl.DataFrame, mapping: Mapping, *, clean: bool) -> Iterator[_Check]:
    """Yield the checks of texts, in the order of `Refusal`."""
    yield _Check(Refusal.CUSTOMER_MISSING, Target.CUSTOMER_KEY, pl.col(Target.CUSTOMER_KEY).is_null())
    read = [target for target in MAX_LENGTHS if mapping.from_column(target)]
    if Target.EXTERNAL_ID in read:
        yield _Check(Refusal.EXTERNAL_ID_MISSING, Target.EXTERNAL_ID, pl.col(Target.EXTERNAL_ID).is_null())
    yield from _faults(frame, Target, (Refusal.KEY_OF_SPREADSHEET, Refusal.SPREADSHEET_ERROR))
    for target in [] if clean else read:
        yield _Check(Refusal.CONTROL_CHARACTER, target, pl.col(target).str.contains(_CONTROL))
    for target in read:
        yield _Check(Refusal.TEXT_TOO_LONG, target, pl.col(target).str.len_chars() > MAX_LENGTHS[target])


def _faults(frame: pl.DataFrame, targets: Iterable[Target], codes: Iterable[Refusal]) -> Iterator[_Check]:
    """Yield the checks of what cannot be read and says why, where there is any."""
    for code in codes:
        for target in targets:
            column = frame.get_column(f"{target}_fault", default=None)
            if column is not None and (column == code.value).any():
                yield _Check(code, target, pl.col(column.name) == code.value)


def _value_checks(frame: pl.DataFrame, mapping: Mapping, now: datetime) -> Iterator[_Check]:
    """Yield the checks of values, in the order of `Refusal`."""
    if (odd := kinds.unnamed(mapping)) is not None:
        yield _Check(Refusal.UNKNOWN_WORD, Target.KIND, odd)
    if mapping.from_column(Target.KIND):
        known = pl.col(Target.KIND).is_in([kind.value for kind in TransactionKind])
        yield _Check(Refusal.UNKNOWN_KIND, Target.KIND, known.fill_null(False).not_())
    if mapping.from_column(Target.CURRENCY):
        yield _Check(Refusal.CURRENCY_MISSING, Target.CURRENCY, pl.col(Target.CURRENCY).is_null())
        yield _Check(Refusal.UNKNOWN_CURRENCY, Target.CURRENCY, pl.col("digits").is_null())
    yield _Check(Refusal.AMOUNT_MISSING, Target.AMOUNT, pl.col(Target.AMOUNT).is_null())
    yield from _money_checks(
        frame,
        Target.AMOUNT,
        Refusal.AMOUNT_UNREADABLE,
        Refusal.AMOUNT_OUT_OF_RANGE,
        Refusal.NEGATIVE_PURCHASE,
    )
    at = Target.OCCURRED_AT
    yield _Check(Refusal.DATE_MISSING, at, pl.col(at).is_null())
    yield _Check(Refusal.TIME_SKIPPED, at, pl.col("skipped"))
    yield _Check(Refusal.DATE_UNREADABLE, at, pl.col("micros").is_null())
    inside = pl.col("micros").is_between(_micros(EARLIEST), _micros(now + AHEAD))
    yield _Check(Refusal.DATE_OUT_OF_RANGE, at, inside.not_())
    yield _Check(Refusal.IN_FUTURE, at, pl.col("micros") > _micros(now + CLOCKS_DIFFER))
    if mapping.from_column(Target.CHANNEL):
        yield _Check(
            Refusal.UNKNOWN_CHANNEL,
            Target.CHANNEL,
            pl.col(Target.CHANNEL).is_in([channel.value for channel in Channel]).not_(),
        )
    if Target.COST in mapping.columns:
        yield from _money_checks(
            frame, Target.COST, Refusal.COST_UNREADABLE, Refusal.COST_OUT_OF_RANGE, Refusal.NEGATIVE_COST
        )


def _money_checks(
    frame: pl.DataFrame, target: Target, unreadable: Refusal, large: Refusal, negative: Refusal
) -> Iterator[_Check]:
    minor, fault = pl.col(f"{target}_minor"), pl.col(f"{target}_fault")
    yield _Check(unreadable, target, fault == Refusal.AMOUNT_UNREADABLE.value)
    yield from _faults(frame, [target], (Refusal.AMBIGUOUS_NUMBER, Refusal.CURRENCY_CONTRADICTED))
    yield _Check(large, target, pl.col(target).is_not_null() & minor.is_null())
    yield _Check(negative, target, (minor < 0) & pl.col("lowers").not_())


def _micros(at: datetime) -> int:
    span = at - _EPOCH
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


def _values(good: pl.DataFrame, target: Target, mapping: Mapping) -> list[Any]:
    """Give a column of texts as a list."""
    values = good[target]
    if not (mapping.from_column(target) or target is Target.EXTERNAL_ID or mapping.kind_rules):
        return values.head(1).to_list() * len(values)
    if not len(values) or values.null_count():
        return values.to_list()
    # Half the time of to_list; no accepted text holds a line end.
    joined: str = values.str.join("\n").item()
    return joined.split("\n")
