"""Which columns and constants the targets of a file's rows may come from, judged for a whole mapping."""

from app.domain.activity.transactions import TransactionKind
from app.domain.common.money import minor_digits
from app.domain.customers.customers import Channel
from app.domain.imports.kind_rules import CONTROL
from app.domain.imports.sources import (
    BAD_CONSTANT,
    LINE_ID,
    NO_CONSTANT,
    NUMBER,
    PRODUCT,
    UNKNOWN,
    Mapped,
    MappingProblem,
    column_fault,
    is_instant,
    missing,
    record_problems,
)
from app.domain.imports.targets import RecordKind, Target

MONEY = (Target.AMOUNT.value, Target.COST.value)
"""Targets that are amounts of money: they may be the product of two columns."""

REQUIRED = (Target.EXTERNAL_ID, Target.CUSTOMER_KEY, Target.AMOUNT, Target.CURRENCY, Target.OCCURRED_AT)


def column_problems(mapping: Mapped) -> list[MappingProblem]:
    """What is wrong with the columns of a mapping, and with its rules."""
    if mapping.kind is not RecordKind.TRANSACTIONS:
        return record_problems(mapping)
    if mapping.columns.keys() - set(Target):
        return [MappingProblem("/columns", "unknown_target", UNKNOWN, {"known": ", ".join(Target)})]
    problems = [missing(target) for target in REQUIRED if target not in mapping.columns]
    for name, source in mapping.columns.items():
        detail = _source_fault(mapping, Target(name), source)
        if detail:
            problems.append(MappingProblem(f"/columns/{name}", "bad_source", detail))
    for index, rule in enumerate(mapping.values):
        if rule.target in list(Target) and rule.value and (detail := value_fault(rule.target, rule.value)):
            problems.append(MappingProblem(f"/values/{index}", "bad_value", detail))
    for index, kind_rule in enumerate(mapping.kind_rules):
        faults = (column_fault(mapping.format, source) for source in mapping.rule_sources(kind_rule))
        if detail := next(filter(None, faults), None):
            problems.append(MappingProblem(f"/kind_rules/{index}", "bad_source", detail))
    if mapping.kind_rules and not mapping.columns.get(Target.KIND, "=").startswith("="):
        detail = "Take the kind from a column or from rules, not both."
        problems.append(MappingProblem("/kind_rules", "two_kinds", detail))
    return problems


def _source_fault(mapping: Mapped, target: Target, source: str) -> str | None:
    """Say what is wrong with the source of a target, None when nothing is."""
    if not source.startswith("="):
        return _columns_fault(mapping, target)
    constant = source[1:]
    if target is Target.EXTERNAL_ID:
        return None if source == LINE_ID else NO_CONSTANT
    if not constant.strip() or len(constant) > 100 or CONTROL.search(constant):
        return BAD_CONSTANT
    if target is Target.OCCURRED_AT:
        return None if is_instant(mapping.date_format, constant) else NO_CONSTANT
    if target in MONEY:
        return None if NUMBER.fullmatch(constant.strip()) else NO_CONSTANT
    return value_fault(target, constant)


def _columns_fault(mapping: Mapped, target: str) -> str | None:
    parts = mapping.parts(target)
    if len(parts) > 2:
        return "An instant comes from one column, or from two: date,time."
    if target in MONEY and not mapping.is_product(target) and mapping.columns[target].count(PRODUCT) > 1:
        return "An amount is one column, or the product of two: Quantity*UnitPrice."
    return next(filter(None, (column_fault(mapping.format, part) for part in parts)), None)


def value_fault(target: str, value: str) -> str | None:
    """Say why a target of transactions that has fixed values cannot be ``value``; None when it can."""
    allowed = {
        Target.KIND: value in list(TransactionKind),
        Target.CHANNEL: value in list(Channel),
        Target.CURRENCY: _is_currency(value),
    }
    return None if allowed.get(Target(target), True) else NO_CONSTANT


def _is_currency(code: str) -> bool:
    try:
        minor_digits(code)
    except ValueError:
        return False
    return True
