"""Named attributes of customers as columns of numbers, decided once, where something is learned.

Source: docs/formulas.md#learned-churn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.domain.churn.history import FloatArray

MOST_WORDS = 20
"""Words of an attribute that get a column at most."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How named attributes become columns: numbers as they are, words as one column for each word.

    Args:
        numbers: names of numeric attributes.
        words: attribute and its words, the most frequent first; rarer ones and unknown ones are no word.
        medians: of the numeric attributes; what is missing is taken at it.
    """

    numbers: tuple[str, ...]
    medians: tuple[float, ...]
    words: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.numbers + tuple(f"{name}={word}" for name, words in self.words for word in words)

    def columns(self, attributes: Mapping[str, NDArray[Any]]) -> FloatArray:
        """The attributes as columns, shape (n, names)."""
        found = []
        for name, median in zip(self.numbers, self.medians, strict=True):
            values = attributes[name].astype(np.float64)
            found.append(np.where(np.isfinite(values), values, median))
        for name, words in self.words:
            found += [(attributes[name] == word).astype(np.float64) for word in words]
        return np.column_stack(found)


def encoding(attributes: Mapping[str, ArrayLike]) -> Encoding:
    """Decide how attributes become columns: by what is in them.

    Args:
        attributes: by name, each of shape (n,); numbers (NaN for what is missing) or text.

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
    words = []
    for name, column in arrays.items():
        if name not in numbers:
            found, counts = np.unique(column.astype(np.str_), return_counts=True)
            order = np.argsort(-counts, kind="stable")[:MOST_WORDS]
            words.append((name, tuple(found[order].tolist())))
    return Encoding(numbers, tuple(medians), tuple(words))
