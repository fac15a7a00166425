"""Words of a file: how two spellings are compared, and rules that put a value in the place of a word."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from app.domain.common.text import nfc
from app.domain.imports.kind_rules import CONTROL, MAX_NAME

MAX_VALUES = 200
"""Most value rules of one mapping."""

_LETTERS_I = str.maketrans({"İ": "i", "ı": "i"})
_DOT = "i\u0307"

_NO = "false no hayır xeyr yok yox - --"
_LETTERS = {"f": "t true", "n": "y yes j ja o oui", "h": "e evet", "x": "b beli"}
"""A letter that says no where the other word of its pair is named; elsewhere it may mean anything."""

# Words of ledgers are not among them: a payment settles an invoice, and who buys (alış) is not who sells.
_SALE = (
    "sale sales sold purchase purchased order invoice paid"
    " satış satıs satis alışveriş fatura sipariş sifariş faktura qaimə"
)


def fold(text: str) -> str:
    """One spelling for a word in capital or small letters, composed or not; every i of Turkish is the same.

    >>> fold("İADE") == fold("iade") == fold("IADE") == fold("I\u0307ade")
    True
    """
    small = nfc(text).translate(_LETTERS_I).lower()
    return nfc(small.replace(_DOT, "i")).strip()


_ORDINARY = frozenset(fold(word) for word in f"{_NO} {_SALE}".split())


def ordinary(named: Iterable[str]) -> set[str]:
    """Words of an ordinary sale, folded, that need no kind rule in a column of which rules name some words:
    usual names, and a flag's no.

    A single letter, or 0 among other numbers, is a no only where its yes is named: ``X`` may be a mark.

    >>> "h" in ordinary(["E"]), "h" in ordinary(["S"]), "0" in ordinary(["1"]), "0" in ordinary(["2"])
    (True, False, True, False)
    """
    known = {fold(word).replace("ə", "e") for word in named}
    letters = {letter for letter, yes in _LETTERS.items() if known & set(yes.split())}
    codes = any(word.isdecimal() and word != "1" for word in known)
    return {*_ORDINARY, *letters, *([] if codes else ["0"])}


@dataclass(frozen=True, slots=True)
class ValueRule:
    """Gives a target ``value`` where the file says ``word``; both as texts.

    An empty ``value`` means that the record has none, an empty ``word`` an empty cell. Words are compared as
    `fold` writes them.
    """

    target: str
    word: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``TARGET:WORD=VALUE``; what follows the first ``=`` is the value.

        Raises:
            ValueError: another form.

        >>> ValueRule.parse("channel:Web=app")
        ValueRule(target='channel', word='Web', value='app')
        """
        if len(text) > 3 * MAX_NAME or CONTROL.search(text):
            raise ValueError("not a value rule")
        target, colon, rest = text.partition(":")
        word, equals, value = (part.strip() for part in rest.partition("="))
        if not (target.strip() and colon and equals) or max(len(word), len(value)) > MAX_NAME:
            raise ValueError("not a value rule")
        return cls(target.strip(), word, value)

    def __str__(self) -> str:
        return f"{self.target}:{self.word}={self.value}"


_CONDITION = re.compile(r"(?P<source>[^\[\]]+)\[(?P<column>[^\[\]=]+)=(?P<words>[^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class WordCondition:
    """Which rows of a key tell a time, in files of one row an event: those that say one of some words.

    Args:
        source: the column of the time, or two, ``Date,Time``.
        column: the column of the word.
        words: as `fold` writes them; an empty one is an empty cell.
    """

    source: str
    column: str
    words: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read ``SOURCE[COLUMN=WORD|WORD]``; None where the text has another form.

        >>> WordCondition.parse("When[What=Resolved|Solved]").source
        'When'
        >>> WordCondition.parse("Received [UTC]") is None
        True
        """
        match = _CONDITION.fullmatch(text)
        if match is None:
            return None
        words = frozenset(fold(word) for word in match["words"].split("|"))
        return cls(match["source"].strip(), match["column"].strip(), words)
