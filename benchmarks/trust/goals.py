"""One line of the table of goals."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Random = np.random.Generator


class Row(NamedTuple):
    """One goal: its words, what was found, at most or at least how much it should be, the cases.

    ``limit`` is None for what is only told.
    """

    goal: str
    found: float
    n: int
    limit: float | None = None
    at_least: bool = False
    digits: int = 3

    @property
    def is_missed(self) -> bool:
        """Whether the goal was not reached."""
        if self.limit is None:
            return False
        return self.found < self.limit if self.at_least else self.found > self.limit


def worst(goal: str, found: Sequence[float], n: int, limit: float, at_least: bool = False) -> Row:
    """The row of the worst of several kinds, each of ``n`` cases."""
    return Row(goal, min(found) if at_least else max(found), n, limit, at_least)
