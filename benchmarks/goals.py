"""One line of the table of goals: what is wanted, and what was found."""

from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One goal: its words, the share that was found, at most or at least how much it should be, the cases.

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


def worst(goal: str, shares: Sequence[float], n: int, limit: float, at_least: bool = False) -> Row:
    """The row of the worst of several kinds, each of ``n`` cases."""
    return Row(goal, min(shares) if at_least else max(shares), n, limit, at_least)
