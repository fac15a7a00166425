"""Kinds of transactions by the values of columns and the rules of a mapping (polars)."""

from collections import abc
from functools import partial

import polars as pl

from app.domain.activity.transactions import TransactionKind
from app.domain.imports.cells import amounts, spreadsheets
from app.domain.imports.kind_rules import KindRule, RuleTest
from app.domain.imports.mapping import Mapping
from app.domain.imports.targets import Target
from app.domain.imports.word_rules import fold, ordinary

KEYS = frozenset((Target.EXTERNAL_ID.value, Target.CUSTOMER_KEY.value))
NUMBERS_AND_TIMES = frozenset((Target.AMOUNT.value, Target.COST.value, Target.OCCURRED_AT.value))
APART = "(not words) "
"""What the names of columns begin with that were made for kind rules about keys, amounts and times."""

NOT_WORDS = KEYS | NUMBERS_AND_TIMES


def kind_of(mapping: Mapping) -> pl.Expr:
    """The kind of each row: by the first rule that it passes, else what the mapping says."""
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
    """`app.domain.imports.word_rules.fold` for a column of texts."""
    small = text.str.normalize("NFC").str.replace_many(["İ", "ı"], ["i", "i"]).str.to_lowercase()
    return small.str.replace_all("i\u0307", "i", literal=True).str.normalize("NFC").str.strip_chars()


def passes(rule: KindRule, text: pl.Expr, mapping: Mapping) -> pl.Expr:
    """Tell of each text whether it passes the test of a rule; null is no."""
    if rule.test is RuleTest.EQUALS:
        # An empty value asks for a missing one.
        nothing = text.is_null() | text.is_in(list(spreadsheets.NOTHING_IN_TEXTS))
        return nothing if rule.value == "" else folded(text) == fold(rule.value)
    if rule.test is RuleTest.PREFIX:
        return folded(text).str.starts_with(fold(rule.value))
    number = text.map_batches(partial(numbers, mapping=mapping), return_dtype=pl.Float64, is_elementwise=True)
    return number < float(rule.value) if rule.test is RuleTest.LESS else number > float(rule.value)


def numbers(texts: pl.Series, mapping: Mapping) -> pl.Series:
    """Read numbers to hold them against others, in every spelling of amounts; null where one is none.

    >>> mapping = Mapping.from_flags(
    ...     "external_id=id customer_key=c amount=a currency==TRY occurred_at=t".split())
    >>> numbers(pl.Series(["-5.5", "(5,50)", "₺ 1.234,00-", "x"]), mapping).to_list()
    [-5.5, -5.5, -1234.0, None]
    """
    usual = texts.str.contains(_decimal(mapping)).fill_null(value=False)
    found = texts.set(~usual, None).str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    odd = (~usual & texts.is_not_null()).arg_true()
    if not len(odd):
        return found
    comma, grouping = mapping.decimal_comma, mapping.grouping
    read = [
        amounts.compared(text, decimal_comma=comma, grouping=grouping) for text in texts.gather(odd).to_list()
    ]
    return found.scatter(odd, pl.Series(read, dtype=pl.Float64))


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
        if rule.test is RuleTest.EQUALS and rule.value and has_words(mapping, rule)
    ]
    if not named or Target.KIND in mapping.columns:
        return None
    some = pl.any_horizontal(
        *(passes(rule, pl.col(f"rule{index}"), mapping).fill_null(value=False) for index, rule in rules)
    )
    words: dict[str, list[str]] = {}
    for index in named:
        rule = mapping.kind_rules[index]
        words.setdefault(rule.column, []).append(rule.value)
    odd = (
        folded(pl.col(f"rule{index}"))
        .is_in([*ordinary(words[mapping.kind_rules[index].column]), *spreadsheets.NOTHING_IN_TEXTS])
        .fill_null(value=True)
        .not_()
        for index in named
    )
    return pl.any_horizontal(*odd) & some.not_()


def has_words(mapping: Mapping, rule: KindRule) -> bool:
    """Tell whether a rule's column is one of words: neither a target's nor one of keys, amounts or times."""
    others = (part for target in NOT_WORDS for part in mapping.parts(target))
    is_apart = rule.column.startswith(APART)
    return not is_apart and rule.column not in mapping.columns and rule.column not in others


def _decimal(mapping: Mapping) -> str:
    return r"^-?[0-9]+(?:" + ("," if mapping.decimal_comma else r"\.") + "[0-9]+)?$"
