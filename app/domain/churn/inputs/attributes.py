"""Named attributes of customers as columns of numbers, decided once, where something is learned.

Source: docs/formulas.md#learned-churn.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.domain.common.arrays import FloatArray

MAX_WORDS = 20
"""Words of an attribute that get a column at most."""

NAMED = "attribute."
"""What the names of recorded attributes begin with, so that none is taken for a feature."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.][0-9]{1,15})?")

Documents = Sequence[Mapping[str, Any] | None]
"""Attributes by name for each customer; None where none are recorded."""


def named(documents: Documents, names: Iterable[str] | None = None) -> dict[str, NDArray[Any]]:
    """Recorded attributes as columns of text, each of shape (n,), "" for what is missing.

    Args:
        documents: of the n customers.
        names: of the columns, which begin with `NAMED`; by default those of all attributes, in order.

    >>> {name: column.tolist() for name, column in named([{"plan": "a", "fee": 2.5}, None]).items()}
    {'attribute.fee': ['2.5', ''], 'attribute.plan': ['a', '']}
    """
    if names is None:
        names = [NAMED + name for name in sorted({name for one in documents for name in one or ()})]
    columns = {}
    for column in names:
        name = column.removeprefix(NAMED)
        texts = [spelled(None if one is None else one.get(name)) for one in documents]
        columns[column] = np.array(texts, dtype=object)
    return columns


def spelled(value: Any) -> str:
    """A value as text: as JSON has it, "" for nothing.

    >>> spelled(True), spelled(2), spelled(None)
    ('true', '2', '')
    """
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def as_numbers(column: NDArray[Any]) -> FloatArray:
    """The numbers of a column, NaN for what is none.

    >>> as_numbers(np.array(["2.50", "", "many"])).tolist()
    [2.5, nan, nan]
    """
    if column.dtype.kind in "biuf":
        return column.astype(np.float64)
    texts, places = np.unique(column, return_inverse=True)
    found = [as_number(text) for text in texts.tolist()]
    return np.array([np.nan if one is None else one for one in found], dtype=np.float64)[places]


def as_number(text: str) -> float | None:
    """The number that a text spells; None for none.

    >>> as_number("2.50"), as_number("2,50")
    (2.5, None)
    """
    return float(text) if _NUMBER.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class Encoding:
    """How named attributes become columns: numbers as they are, words as one column for each word.

    Args:
        numbers: names of numeric attributes.
        medians: of the numeric attributes; what is missing is taken at it.
        words: attribute and its words, the most frequent first; rarer ones and unknown ones are no word.
        shares: of the words of each attribute among those who have one of them: who has none is taken at
            them. No shares where so many have none that it is learned what that means.
    """

    numbers: tuple[str, ...]
    medians: tuple[float, ...]
    words: tuple[tuple[str, tuple[str, ...]], ...]
    shares: tuple[tuple[float, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.numbers + tuple(f"{name}={word}" for name, words in self.words for word in words)

    @property
    def owners(self) -> tuple[str, ...]:
        """The attribute that each column is of."""
        return self.numbers + tuple(name for name, words in self.words for _ in words)

    def to_dict(self) -> dict[str, Any]:
        """As stored with what was learned."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Encoding":
        """What `to_dict` gave."""
        words = tuple((name, tuple(listed)) for name, listed in data["words"])
        shares = tuple(tuple(one) for one in data["shares"])
        return cls(tuple(data["numbers"]), tuple(data["medians"]), words, shares)

    def columns(self, attributes: Mapping[str, NDArray[Any]]) -> FloatArray:
        """The attributes as columns, shape (n, names); one that is not among them is missing for all."""
        n = len(next(iter(attributes.values()), ()))
        nothing = np.full(n, "", dtype=object)
        found = []
        for name, median in zip(self.numbers, self.medians, strict=True):
            values = as_numbers(attributes.get(name, nothing))
            found.append(np.where(np.isfinite(values), values, median))
        for (name, words), shares in zip(self.words, self.shares, strict=True):
            column = attributes.get(name, nothing)
            has = [column == word for word in words]
            none = ~np.any(has, axis=0) if has else np.empty(0)
            found += [
                np.where(none, share, one) for one, share in zip(has, shares or [0.0] * len(has), strict=True)
            ]
        return np.column_stack([*found, np.empty((n, 0))])


def encoding(attributes: Mapping[str, ArrayLike], least_rows: int = 1) -> Encoding:
    """Decide how attributes become columns: by what is in them.

    Text that spells numbers is numbers, unless ``least_rows`` of it or more do not; those are then missing.

    A word that few have gets no column, and what it says must not be learned by the back door either: among
    columns for all the other words, to have none of them would be a column for it. So those few are taken at
    what is usual, and the word says nothing about them.

    Args:
        attributes: by name, each of shape (n,); numbers (NaN for what is missing) or text ("" for that).
        least_rows: how many must have a word, or no word, for something to be learned of it.

    >>> encoding({"tenure": np.array(["1", "3"]), "plan": np.array(["a", "b"])}).names
    ('tenure', 'plan=a', 'plan=b')
    """
    arrays = {name: np.asarray(column) for name, column in attributes.items()}
    numbers, medians, words, shares = [], [], [], []
    for name, column in arrays.items():
        values = as_numbers(column)
        known = values[np.isfinite(values)]
        if _are_numbers(column, known.size, least_rows):
            numbers.append(name)
            medians.append(float(np.median(known)) if known.size else 0.0)
            continue
        found, counts = np.unique(column[column != ""], return_counts=True)
        order = np.argsort(-counts, kind="stable")[:MAX_WORDS]
        kept = order[counts[order] >= least_rows]
        words.append((name, tuple(found[kept].tolist())))
        some = counts[kept].sum()
        shares.append(() if column.size - some >= least_rows else tuple((counts[kept] / some).tolist()))
    return Encoding(tuple(numbers), tuple(medians), tuple(words), tuple(shares))


def _are_numbers(column: NDArray[Any], numbers: int, least_rows: int) -> bool:
    if column.dtype.kind in "biuf":
        return True
    others = int(np.count_nonzero(column != "")) - numbers
    return others < least_rows and numbers > others
