"""Words of a file: how two spellings are compared, and rules that put a value in the place of a word."""

from dataclasses import dataclass
from typing import Self

from app.domain.common.text import nfc
from app.domain.imports.kind_rules import CONTROL, MAX_NAME

MAX_VALUES = 200
"""Most value rules of one mapping."""

_LETTERS_I = str.maketrans({"İ": "i", "ı": "i"})
_DOT = "i\u0307"

_NO = "0 false f no n hayır h xeyr x yok yox - --"
_SALE = (
    "sale sales sold purchase purchased order invoice payment paid"
    " satış satıs satis alış alıs alis alışveriş fatura sipariş ödeme alım"
    " alıcılıq sifariş faktura qaimə ödəniş"
)


def fold(text: str) -> str:
    """One spelling for a word in capital or small letters, composed or not; every i of Turkish is the same.

    >>> fold("İADE") == fold("iade") == fold("IADE") == fold("I\u0307ade")
    True
    """
    small = nfc(text).translate(_LETTERS_I).lower()
    return nfc(small.replace(_DOT, "i")).strip()


ORDINARY = frozenset(fold(word) for word in f"{_NO} {_SALE}".split())
"""Words of an ordinary sale, folded, that need no kind rule: a flag's no, and usual names."""


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
