"""Named attributes of customers as columns of numbers, decided once, where something is learned.

Source: docs/formulas.md#learned-churn.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.domain.common.arrays import FloatArray

MAX_WORDS = 20
"""Words of an attribute that get a column at most."""


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
        """The attributes as columns, shape (n, names)."""
        found = []
        for name, median in zip(self.numbers, self.medians, strict=True):
            values = attributes[name].astype(np.float64)
            found.append(np.where(np.isfinite(values), values, median))
        for (name, words), shares in zip(self.words, self.shares, strict=True):
            has = [attributes[name] == word for word in words]
            none = ~np.any(has, axis=0) if has else np.empty(0)
            found += [
                np.where(none, share, one) for one, share in zip(has, shares or [0.0] * len(has), strict=True)
            ]
        n = len(next(iter(attributes.values()), ()))
        return np.column_stack([*found, np.empty((n, 0))])


def encoding(attributes: Mapping[str, ArrayLike], least_rows: int = 1) -> Encoding:
    """Decide how attributes become columns: by what is in them.

    A word that few have gets no column, and what it says must not be learned by the back door either: among
    columns for all the other words, to have none of them would be a column for it. So those few are taken at
    what is usual, and the word says nothing about them.

    Args:
        attributes: by name, each of shape (n,); numbers (NaN for what is missing) or text.
        least_rows: how many must have a word, or no word, for something to be learned of it.

    >>> encoding({"tenure": np.array([1.0, 3.0]), "plan": np.array(["a", "b"])}).names
    ('tenure', 'plan=a', 'plan=b')
    """
    arrays = {name: np.asarray(column) for name, column in attributes.items()}
    numbers = tuple(name for name, column in arrays.items() if column.dtype.kind in "biuf")
    medians = []
    for name in numbers:
        values = arrays[name].astype(np.float64)
        known = values[np.isfinite(values)]
        medians.append(float(np.median(known)) if known.size else 0.0)
    words, shares = [], []
    for name, column in arrays.items():
        if name not in numbers:
            found, counts = np.unique(column.astype(np.str_), return_counts=True)
            order = np.argsort(-counts, kind="stable")[:MAX_WORDS]
            kept = order[counts[order] >= least_rows]
            words.append((name, tuple(found[kept].tolist())))
            some = counts[kept].sum()
            shares.append(() if column.size - some >= least_rows else tuple((counts[kept] / some).tolist()))
    return Encoding(numbers, tuple(medians), tuple(words), tuple(shares))
