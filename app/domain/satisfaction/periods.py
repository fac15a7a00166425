"""Whether an index moved within a list of periods, judged as a whole.

Looking at every step of a long list by itself finds a change in a third of lists in which nothing happens.
So the list gets two questions, each with half of 5 %: did it move somewhere for good (a split: all
before against all after), and did it jump between neighbours (a step)? How far the greatest of many
statistics goes by chance is found by drawing lists in which nothing happens.

Source: docs/formulas.md#list-of-periods.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from app.domain.common.messages import Message, percent
from app.domain.satisfaction.change import SHARE_ADDED, ListVerdict
from app.domain.satisfaction.intervals import adjusted_nps, with_ends
from app.domain.satisfaction.model import FloatArray, IndexResult

FALSE_ALARMS = 0.05
DRAWS = 2000
SEED = 11

_SPLIT = "Changed since {period}: {before} before, {after} after."

Draw = Callable[[np.random.Generator], FloatArray]
Statistic = Callable[[FloatArray, FloatArray], FloatArray]
"""Of two sides, each of sums by period (..., k, columns): how many standard errors the later one is above."""


class _Columns(NamedTuple):
    """What a kind of index brings: sums by period (k, columns), how to compare two sides, how to draw a
    list without a change, and the statistic of what is drawn (another one for means)."""

    sums: FloatArray
    statistic: Statistic
    draw: Draw
    of_drawn: Statistic


def judge_shares(results: Sequence[IndexResult], hits: str, lists: int = 1) -> ListVerdict | None:
    """Judge a list of shares; ``hits`` names the part that counts successes.

    Returns:
        None with fewer than three periods that have answers: two are compared as two.
    """
    if not _is_list(results):
        return None
    sums = np.array([(float(result.parts[hits] or 0), float(result.n)) for result in results])
    counts = sums[:, 1]
    share = (sums[:, 0].sum() + 1) / (counts.sum() + 2)

    def draw(random: np.random.Generator) -> FloatArray:
        drawn = random.binomial(counts.astype(np.int64), share, (DRAWS, counts.size))
        return np.stack([drawn, np.broadcast_to(counts, drawn.shape)], axis=-1).astype(np.float64)

    return _judge(results, _Columns(sums, _share_z, draw, _share_z), lists)


def judge_nps(results: Sequence[IndexResult], lists: int = 1) -> ListVerdict | None:
    """Judge a list of net promoter scores; None with fewer than three periods that have answers."""
    if not _is_list(results):
        return None
    sums = np.array(
        [
            (float(result.parts["promoters"] or 0), float(result.parts["detractors"] or 0), float(result.n))
            for result in results
        ]
    )
    counts = sums[:, 2]
    up, down, n = sums.sum(axis=0)
    shares = np.array([up, n - up - down, down]) / n

    def draw(random: np.random.Generator) -> FloatArray:
        drawn = random.multinomial(counts.astype(np.int64), shares, (DRAWS, counts.size))
        whole = np.broadcast_to(counts, drawn.shape[:-1])
        return np.stack([drawn[..., 0], drawn[..., 2], whole], axis=-1).astype(np.float64)

    return _judge(results, _Columns(sums, _nps_z, draw, _nps_z), lists)


def judge_means(
    results: Sequence[IndexResult], low: float | None, high: float | None, lists: int = 1
) -> ListVerdict | None:
    """Judge a list of means: one answer is added at each end of the scale to each side, where it has ends.

    Returns:
        None with fewer than three periods that have answers.
    """
    if not _is_list(results):
        return None
    n = np.array([float(result.n) for result in results])
    mean = np.array([result.score or 0.0 for result in results])
    variance = np.array([result.variance or 0.0 for result in results])
    squares = np.maximum(n - 1, 0) * variance + n * mean**2
    sums = np.stack([n, n * mean, squares], axis=-1)

    def statistic(before: FloatArray, after: FloatArray) -> FloatArray:
        (mean_before, error_before), (mean_after, error_after) = (
            _mean_and_error(side, low, high) for side in (before, after)
        )
        return _ratio(mean_after - mean_before, np.sqrt(error_before + error_after))

    def draw(random: np.random.Generator) -> FloatArray:
        drawn = random.standard_normal((DRAWS, n.size)) * np.sqrt(n)
        return np.stack([np.broadcast_to(n, drawn.shape), drawn], axis=-1)

    return _judge(results, _Columns(sums, statistic, draw, _normal_z), lists)


def split_text(verdict: ListVerdict, since: str, unit: str) -> Message | None:
    """State that an index changed from a period on; None where it has no split.

    Args:
        verdict: of the list.
        since: name of the first period after the split.
        unit: of the index: shares are stated in percent.
    """
    if verdict.before is None or verdict.after is None:
        return None
    before, after = (
        percent(100 * value) if unit == "share" else value for value in (verdict.before, verdict.after)
    )
    return Message(_SPLIT, {"period": since, "before": before, "after": after})


def _is_list(results: Sequence[IndexResult]) -> bool:
    return sum(result.n > 0 for result in results) >= 3


def _judge(results: Sequence[IndexResult], columns: _Columns, lists: int) -> ListVerdict:
    places = [place for place, result in enumerate(results) if result.n > 0]
    sums = columns.sums[places]
    split, step = _splits(sums, columns.statistic), _steps(sums, columns.statistic)
    drawn = columns.draw(np.random.default_rng(SEED))[:, places]
    limit, step_limit = (
        float(np.quantile(np.nanmax(np.abs(found), axis=1), 1 - FALSE_ALARMS / 2 / lists, method="higher"))
        for found in (_splits(drawn, columns.of_drawn), _steps(drawn, columns.of_drawn))
    )
    at = int(np.argmax(np.abs(split)))
    is_split = bool(abs(split[at]) > limit)
    changed = is_split or bool(np.any(np.abs(step) > step_limit))
    before, after = (_score(results, places[: at + 1]), _score(results, places[at + 1 :]))
    return ListVerdict(
        changed,
        places[at + 1] if is_split else None,
        before if is_split else None,
        after if is_split else None,
        float(split[at]),
        limit,
        step_limit,
        len(places),
        lists,
        dict(zip(places[1:], step.tolist(), strict=True)),
    )


def _score(results: Sequence[IndexResult], places: list[int]) -> float:
    """The index over several periods: each is a mean of one number an answer."""
    n = sum(results[place].n for place in places)
    return sum((results[place].score or 0.0) * results[place].n for place in places) / n


def _splits(sums: FloatArray, statistic: Statistic) -> FloatArray:
    """Statistics of all before against all after, one a place between two periods."""
    until = np.cumsum(sums, axis=-2)
    whole = until[..., -1:, :]
    return np.nan_to_num(statistic(until[..., :-1, :], whole - until[..., :-1, :]))


def _steps(sums: FloatArray, statistic: Statistic) -> FloatArray:
    """Statistics of neighbours."""
    return np.nan_to_num(statistic(sums[..., :-1, :], sums[..., 1:, :]))


def _share_z(before: FloatArray, after: FloatArray) -> FloatArray:
    hits = [side[..., 0] + SHARE_ADDED for side in (before, after)]
    counts = [side[..., 1] + 2 * SHARE_ADDED for side in (before, after)]
    pooled = (hits[0] + hits[1]) / (counts[0] + counts[1])
    error = np.sqrt(pooled * (1 - pooled) * (1 / counts[0] + 1 / counts[1]))
    return _ratio(hits[1] / counts[1] - hits[0] / counts[0], error)


def _nps_z(before: FloatArray, after: FloatArray) -> FloatArray:
    (score_before, error_before), (score, error) = (
        adjusted_nps(side[..., 0], side[..., 1], side[..., 2]) for side in (before, after)
    )
    return _ratio(score - score_before, np.sqrt(error_before + error))


def _normal_z(before: FloatArray, after: FloatArray) -> FloatArray:
    n, n_after = before[..., 0], after[..., 0]
    return _ratio(after[..., 1] / n_after - before[..., 1] / n, np.sqrt(1 / n + 1 / n_after))


def _mean_and_error(side: FloatArray, low: float | None, high: float | None) -> tuple[FloatArray, FloatArray]:
    """Mean of the answers of a side, ends added, and the square of its standard error."""
    n, total, squares = side[..., 0], side[..., 1], side[..., 2]
    if low is not None and high is not None:
        adjusted = with_ends(n, total, squares, low, high)
        return adjusted.mean, adjusted.variance / adjusted.n
    mean = total / n
    variance = np.maximum(squares - n * mean**2, 0.0) / np.maximum(n - 1, 1)
    return mean, variance / n


def _ratio(difference: ArrayLike, error: ArrayLike) -> FloatArray:
    """``difference / error``, NaN where the error is 0: sides without a spread tell nothing."""
    some = np.where(np.asarray(error) > 0, error, np.nan)
    found: FloatArray = np.asarray(difference) / some
    return found
