"""From the columns of a file to one text for each target: products, words that have a value, two columns.

What comes out is read by a mapping without any of these (`plain`), so that the rules for values need not
know of them.
"""

from collections import Counter
from collections.abc import Mapping as Texts
from dataclasses import replace
from decimal import Context, Decimal

import polars as pl

from app.domain.imports.cells.amounts import plain_number
from app.domain.imports.cells.columns import RawBatch
from app.domain.imports.cells.kinds import APART, has_words
from app.domain.imports.cells.spreadsheets import is_nothing
from app.domain.imports.kind_rules import KindRule, RuleTest
from app.domain.imports.mapping import Mapping
from app.domain.imports.refusals import Refusal, Refused
from app.domain.imports.sources import FileFormat
from app.domain.imports.target_columns import MONEY
from app.domain.imports.targets import Target
from app.domain.imports.word_rules import fold

_UNREADABLE = {"amount": Refusal.AMOUNT_UNREADABLE, "cost": Refusal.COST_UNREADABLE}
EXACT = Context(prec=300)
"""Two factors of the longest spelling there is, and more sums than a file has rows."""

_MISSING = {"amount": Refusal.AMOUNT_MISSING}


def needs_shaping(mapping: Mapping) -> bool:
    """Tell whether a mapping has what `shaped` takes out of it."""
    several = any(len(mapping.parts(target)) > 1 for target in mapping.columns)
    return bool(mapping.values or mapping.group_by or several)


def plain(mapping: Mapping) -> Mapping:
    """The mapping that reads what `shaped` makes: the source of each target has the target's own name, those
    of kind rules have the names that `rule_name` gives where they are about other columns."""
    columns = {
        target: target if mapping.from_column(target) else source
        for target, source in mapping.columns.items()
    }
    return replace(
        mapping,
        columns=columns,
        kind_rules=tuple(_plain_rule(mapping, *numbered) for numbered in enumerate(mapping.kind_rules)),
        values=(),
        group_by="",
        header=True,
        format=FileFormat.CSV,
        decimal_comma=False if _has_sums(mapping) else mapping.decimal_comma,
        grouping=mapping.grouping and not _has_sums(mapping),
    )


def shaped(raw: RawBatch, mapping: Mapping) -> RawBatch:
    """Give the rows of a file by target, for `plain`; rows with a factor that is no number are refused.

    Amounts that are products are exact. Words are compared as `app.domain.imports.word_rules.fold` writes
    them; ``unmatched`` counts those that no rule of their target names.
    """
    columns = {target: _joined(raw, mapping, target) for target in mapping.columns if mapping.parts(target)}
    unmatched = _unnamed(raw, mapping)
    for target, texts in columns.items():
        if condition := mapping.condition(target):
            columns[target] = texts.set(~_says(raw.columns[condition.column], condition.words), None)
    for target in dict.fromkeys(rule.target for rule in mapping.values):
        columns[target], unmatched[target] = _replaced(columns[target], mapping, target)
    refused: dict[int, Refused] = {}
    for target in MONEY if _has_sums(mapping) else ():
        if target in columns:
            columns[target] = _decimals(raw, mapping, target, columns[target], refused)
    for index, rule in enumerate(mapping.kind_rules):
        if not mapping.from_column(rule.column):
            columns[rule_name(mapping, index)] = _tested(raw.columns[rule.column], rule, mapping)
    batch = replace(raw, columns=columns, unmatched=+unmatched, clean=False)
    return without(batch, refused)


def rule_name(mapping: Mapping, index: int) -> str:
    """The name of the column that a kind rule looks at, where it is about no target."""
    return f"rule{index}" if has_words(mapping, mapping.kind_rules[index]) else f"{APART}{index}"


def without(raw: RawBatch, refused: Texts[int, Refused]) -> RawBatch:
    """Take rows out of a batch and refuse them; ``refused`` is by line."""
    if not refused:
        return raw
    kept = ~raw.lines.is_in(list(refused))
    columns = {name: column.filter(kept) for name, column in raw.columns.items()}
    every = sorted([*raw.refused, *refused.values()])
    return replace(raw, lines=raw.lines.filter(kept), columns=columns, refused=every)


def spelled(value: Decimal) -> str:
    """Spell a decimal for `plain`, without an exponent.

    >>> spelled(Decimal("2.50")), spelled(Decimal("1E+3"))
    ('2.5', '1000')
    """
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# --- inside


def _has_sums(mapping: Mapping) -> bool:
    return bool(mapping.group_by) or any(mapping.is_product(target) for target in MONEY)


def _plain_rule(mapping: Mapping, index: int, rule: KindRule) -> KindRule:
    if mapping.from_column(rule.column):
        return rule
    if mapping.group_by:  # whether a row passes was told for each of the rows that became one
        return KindRule(rule_name(mapping, index), RuleTest.EQUALS, "1", rule.kind)
    return replace(rule, column=rule_name(mapping, index))


def _tested(texts: pl.Series, rule: KindRule, mapping: Mapping) -> pl.Series:
    """The texts a kind rule looks at; numbers as `plain` reads them."""
    if mapping.group_by or not _has_sums(mapping) or rule.test not in (RuleTest.LESS, RuleTest.GREATER):
        return texts
    read = (None if text is None else _number(text, mapping) for text in texts)
    numbers = [spelled(number) if isinstance(number, Decimal) else None for number in read]
    return pl.Series(texts.name, numbers, pl.String)


def _joined(raw: RawBatch, mapping: Mapping, target: str) -> pl.Series:
    """The texts of a target; those of a product are of its first factor."""
    parts = [raw.columns[source] for source in mapping.parts(target)]
    if len(parts) == 1 or mapping.is_product(target):
        return parts[0]
    joined = pl.select(pl.concat_str(parts, separator=" ", ignore_nulls=True)).to_series()
    return joined.set(joined == "", None)


def _says(texts: pl.Series, words: frozenset[str]) -> pl.Series:
    """Which cells say one of some words."""
    named = [word for word in texts.unique() if fold(word or "") in words]
    return texts.is_in(named, nulls_equal=True)


def _unnamed(raw: RawBatch, mapping: Mapping) -> Counter[str]:
    """How many rows say what no time is chosen by, under the target of the first such time."""
    named: dict[str, tuple[str, frozenset[str]]] = {}
    for target in mapping.columns:
        if condition := mapping.condition(target):
            first, words = named.get(condition.column, (target, frozenset()))
            named[condition.column] = first, words | condition.words
    counts = {
        first: int((~_says(raw.columns[column], words)).sum()) for column, (first, words) in named.items()
    }
    return Counter(counts)


def _replaced(texts: pl.Series, mapping: Mapping, target: str) -> tuple[pl.Series, int]:
    rules = {fold(rule.word): rule.value or None for rule in mapping.values if rule.target == target}
    words = texts.unique().to_list()
    named = [word for word in words if fold(word or "") in rules]
    given = pl.Series([rules[fold(word or "")] for word in named], dtype=pl.String)
    found = texts.is_in(named, nulls_equal=True)
    unmatched = int((~found & texts.is_not_null()).sum())
    if not named:
        return texts, unmatched
    return texts.replace(pl.Series(named, dtype=pl.String), given), unmatched


def _decimals(
    raw: RawBatch, mapping: Mapping, target: str, texts: pl.Series, refused: dict[int, Refused]
) -> pl.Series:
    """The exact amounts of rows; those whose factors are missing or no numbers are refused."""
    factors = [texts.to_list()]
    if mapping.is_product(target):
        factors.append(raw.columns[mapping.parts(target)[1]].to_list())
    found: list[str | None] = []
    for line, *cells in zip(raw.lines, *factors, strict=True):
        found.append(None)
        if any(cell is None or is_nothing(cell) for cell in cells):
            if reason := _MISSING.get(target):
                refused.setdefault(line, Refused(line, reason, target))
            continue
        value = Decimal(1)
        for cell in cells:
            read = _number(cell, mapping)
            if isinstance(read, Refusal):
                refused.setdefault(line, Refused(line, _reason(read, target), target))
                break
            value = EXACT.multiply(value, read)
        else:
            found[-1] = spelled(value)
    return pl.Series(target, found, pl.String)


def _number(text: str, mapping: Mapping) -> Decimal | Refusal:
    return plain_number(
        text,
        mapping.constant(Target.CURRENCY),
        decimal_comma=mapping.decimal_comma,
        grouping=mapping.grouping,
    )


def _reason(found: Refusal, target: str) -> Refusal:
    return _UNREADABLE[target] if found is Refusal.AMOUNT_UNREADABLE else found
