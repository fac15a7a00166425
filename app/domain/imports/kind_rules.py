"""Rules that tell a transaction's kind from the values of its row."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from app.domain.activity.transactions import TransactionKind

MAX_NAME = 200
"""Longest column name, prefix or compared value, in characters."""

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Characters that no name or value may hold: control characters and halves of surrogate pairs."""

_RULE = re.compile(r"(?P<column>[^=^<>]+)(?P<test>[=^<>])(?P<value>.*):(?P<kind>[a-z_]+)")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")


class RuleTest(StrEnum):
    """How a kind rule looks at its column."""

    EQUALS = "="
    PREFIX = "^"
    LESS = "<"
    GREATER = ">"


@dataclass(frozen=True, slots=True)
class KindRule:
    """Gives ``kind`` to rows whose ``column`` passes ``test`` against ``value``.

    ``column`` is a source as in `app.domain.imports.mapping.Mapping.columns`; the name of a mapped target
    (``amount``) means that target's source. Text is compared exactly, without outer blanks; ``<`` and ``>``
    read numbers the way amounts are read, and a text that is no number passes neither.
    """

    column: str
    test: RuleTest
    value: str
    kind: TransactionKind

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``COLUMN=VALUE:kind``, or with ``^PREFIX``, ``<NUMBER``, ``>NUMBER`` for ``=VALUE``.

        An empty value or prefix is allowed after ``=`` only: it asks for a row without that value.

        Raises:
            ValueError: another form, an unknown kind, or a number that is none.

        >>> str(KindRule.parse("InvoiceNo^C:cancellation"))
        'InvoiceNo^C:cancellation'
        """
        match = _RULE.fullmatch(text) if len(text) <= 3 * MAX_NAME and not CONTROL.search(text) else None
        if match is None:
            raise ValueError("not a kind rule")
        column, test, value = match["column"].strip(), RuleTest(match["test"]), match["value"].strip()
        if not column or max(len(column), len(value)) > MAX_NAME or (test is RuleTest.PREFIX and not value):
            raise ValueError("not a kind rule")
        if test in (RuleTest.LESS, RuleTest.GREATER) and not _NUMBER.fullmatch(value):
            raise ValueError("not a number")
        return cls(column, test, value, TransactionKind(match["kind"]))

    def __str__(self) -> str:
        return f"{self.column}{self.test}{self.value}:{self.kind}"
