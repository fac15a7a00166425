"""A logistic regression that says what it learned: weights on standardised numbers, and nothing else.

scikit-learn finds the weights; it is imported when something is learned, because the web process never needs
it and it takes a second to load. Predicting is a product of two arrays.

What few customers have teaches little, and must not weigh much. A column is learned from the rows that
differ from its usual value; where they are too few it weighs nothing (`LEAST_ROWS`). Otherwise it is
standardised, but never by less than as if half the customers had it (`EVEN`, as Gelman, Jakulin, Pittau and
Su 2008 scale columns of two values): the penalty then holds the effect of having it, however few do. Dividing
by the deviation of something rare would make that penalty vanish.

The fit is bounded: numbers are cut at ± `FARTHEST` scales, so that an odd value cannot carry a forecast away,
weights are held by the usual penalty (a standard normal prior), and there is a greatest number of steps and
of rows. It is deterministic, and single-threaded: small products are slower, and on a busy machine ten times
slower, when threads wait for each other.

Source: docs/formulas.md#learned-churn.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from app.domain.common.arrays import BoolArray, FloatArray, IntArray
from app.domain.common.blas_threads import one_thread

FARTHEST = 5.0
MAX_STEPS = 200
MAX_ROWS = 100_000
"""Rows a fit uses at most, evenly chosen: more do not change the second decimal of a weight."""

ROWS_A_WEIGHT = 10
"""Cases of the rarer outcome that a weight needs (Peduzzi et al. 1996)."""

LEAST_ROWS = 2 * ROWS_A_WEIGHT
"""Rows a column is learned from at least: as many cases, were both outcomes as frequent among them."""

EVEN = 0.5
"""Deviation of a column of zeros and ones when both are as frequent: the least it is standardised by."""

WIDEST_SHIFT = 40.0
EXACT = 1e-13
"""How near a mean probability has to be to the one wanted."""


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What was learned.

    Args:
        names: of the columns.
        means: of the columns where it was learned.
        scales: what they are divided by, see `_scales`.
        weights: change of the log-odds for each scale; 0 for a column with too few rows to learn from.
        intercept: log-odds where all columns are at their means.
        n: rows it was learned from.
        events: how many of them were 1.
        converged: whether the search ended by itself.
    """

    names: tuple[str, ...]
    means: FloatArray
    scales: FloatArray
    weights: FloatArray
    intercept: float
    n: int
    events: int
    converged: bool

    def parts(self, columns: FloatArray) -> FloatArray:
        """What each column adds to the log-odds of each row, shape (n, columns)."""
        parts: FloatArray = self.weights * _standardised(columns, self.means, self.scales)
        return parts

    def log_odds(self, columns: FloatArray) -> FloatArray:
        """Log-odds of each row, shape (n,): the intercept and the sum of its `parts`."""
        odds: FloatArray = self.intercept + self.parts(columns).sum(axis=1)
        return odds

    def to_dict(self) -> dict[str, Any]:
        """As stored with a run."""
        row = asdict(self)
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in row.items()
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Learned":
        """What `to_dict` gave."""
        arrays = {name: np.array(data[name], dtype=np.float64) for name in ("means", "scales", "weights")}
        return cls(**{**data, **arrays, "names": tuple(data["names"])})


def supported(columns: FloatArray) -> BoolArray:
    """Which columns have enough rows to learn a weight from, shape (k,).

    A column's rows are those that differ from its median: where a value is shared by more than half, that is
    the median, and only the others say what the column does. There must be `LEAST_ROWS` of them, however they
    came out: to choose columns by their outcomes would keep those that chance favoured.

    >>> rare, common = np.arange(100) < 5, np.arange(100) < 30
    >>> supported(np.column_stack([rare, common]).astype(float)).tolist()
    [False, True]
    """
    if not columns.size:
        return np.zeros(columns.shape[1], dtype=np.bool_)
    enough: BoolArray = np.count_nonzero(columns != np.median(columns, axis=0), axis=0) >= LEAST_ROWS
    return enough


def is_enough(columns: FloatArray, happened: BoolArray) -> bool:
    """Whether there are `ROWS_A_WEIGHT` cases of the rarer outcome for each column that can be learned."""
    events, learnable = (int(np.count_nonzero(one)) for one in (happened, supported(columns)))
    return learnable > 0 and min(events, happened.size - events) >= ROWS_A_WEIGHT * learnable


def learn(
    columns: FloatArray, happened: BoolArray, names: Sequence[str], group: IntArray | None = None
) -> Learned:
    """Learn the log-odds of an outcome.

    Args:
        columns: finite numbers, shape (n, k).
        happened: the outcome of each row; both must occur.
        names: of the k columns.
        group: which of several populations a row is from, 0 to g − 1, shape (n,). They share the weights,
            but each has a constant of its own; the intercept is that of the last.

    Raises:
        ValueError: shapes differ, a number is not finite, or only one outcome occurs.

    Cost: about 1 s for 100,000 rows of 14 columns.
    """
    group = np.zeros(happened.size, dtype=np.int64) if group is None else group
    if columns.shape != (group.size, len(names)) or group.shape != happened.shape:
        raise ValueError("there must be one row for each outcome, one column for each name")
    if not np.all(np.isfinite(columns)):
        raise ValueError("numbers must be finite")
    step = max(1, -(-happened.size // MAX_ROWS))
    rows, outcome, group = columns[::step], happened[::step], group[::step]
    events = int(np.count_nonzero(outcome))
    if not 0 < events < outcome.size:
        raise ValueError("both outcomes must occur")
    means, scales, learnable = rows.mean(axis=0), _scales(rows), supported(rows)
    standardised = np.where(learnable, _standardised(rows, means, scales), 0.0)
    earlier = group[:, None] == np.arange(group.max())
    found = _fit(np.hstack([standardised, earlier]), outcome)
    return Learned(
        names=tuple(names),
        means=means,
        scales=scales,
        weights=np.where(learnable, found.coef_[0, : len(names)], 0.0),
        intercept=float(found.intercept_[0]),
        n=outcome.size,
        events=events,
        converged=bool(found.n_iter_[0] < MAX_STEPS),
    )


def _fit(columns: FloatArray, outcome: BoolArray) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # said by `converged`
        return LogisticRegression(C=1.0, tol=1e-6, max_iter=MAX_STEPS).fit(columns, outcome)


def _scales(rows: FloatArray) -> FloatArray:
    """What columns are divided by, shape (k,); 1 for a column of one value.

    Their standard deviation or, where that is more, `EVEN` times how far the rows that differ from the median
    are from it (root mean square).

    >>> rare, constant, even = np.arange(100) < 2, np.full(100, 0.1), np.linspace(-1, 1, 100)
    >>> _scales(np.column_stack([rare, constant, even])).round(3).tolist()
    [0.5, 1.0, 0.583]
    """
    away = rows - np.median(rows, axis=0)
    differ = np.count_nonzero(away, axis=0)
    distance = np.sqrt(np.square(away).sum(axis=0) / np.maximum(differ, 1))
    # A column of one value has a deviation of rounding errors, not always of 0.
    return np.where(differ > 0, np.maximum(rows.std(axis=0), EVEN * distance), 1.0)


def _standardised(columns: FloatArray, means: FloatArray, scales: FloatArray) -> FloatArray:
    return np.clip((columns - means) / scales, -FARTHEST, FARTHEST)


def shift_to_mean(odds: FloatArray, mean: float) -> float:
    """Find the constant that, added to all log-odds, makes the mean probability a given one.

    Args:
        odds: log-odds, finite, shape (n,).
        mean: the mean wanted, 0..1.

    Returns:
        The constant, within ± `WIDEST_SHIFT`, by Newton's steps, halving where they lead astray, until the
        mean is right to `EXACT`; 0.0 for no rows.

    >>> round(shift_to_mean(np.array([0.0, 0.0]), 0.75), 6)
    1.098612
    """
    if not odds.size:
        return 0.0
    low, high, shift = -WIDEST_SHIFT, WIDEST_SHIFT, 0.0
    while low < shift < high:
        p = probability(odds + shift)
        missing = mean - float(p.mean())
        if abs(missing) <= EXACT:
            break
        low, high = (shift, high) if missing > 0 else (low, shift)
        slope = float((p * (1 - p)).mean())
        step = shift + missing / slope if slope > 0 else np.inf
        shift = step if low < step < high else (low + high) / 2
    return shift


NEAR_CERTAIN = 1e-6
"""Probabilities are kept so far from 0 and 1 before their log-odds are taken."""


def log_odds(p: FloatArray) -> FloatArray:
    """ln(p/(1 − p)), p kept within `NEAR_CERTAIN` of 0 and 1.

    >>> log_odds(np.array([0.5, 0.75])).round(6).tolist()
    [0.0, 1.098612]
    """
    kept = np.clip(p, NEAR_CERTAIN, 1 - NEAR_CERTAIN)
    odds: FloatArray = np.log(kept) - np.log1p(-kept)
    return odds


def probability(odds: FloatArray) -> FloatArray:
    """1/(1 + e^−z), without overflow.

    >>> probability(np.array([0.0, -1000.0, 1000.0])).tolist()
    [0.5, 0.0, 1.0]
    """
    small = np.exp(-np.abs(odds))
    p: FloatArray = np.where(odds >= 0, 1.0, small) / (1 + small)
    return p
