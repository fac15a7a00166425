"""Scores of agents and units are drawn toward the overall mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_helpers import one_question

from app.domain.satisfaction import INDICES
from app.domain.satisfaction.shrinkage import shrink, shrink_results

CSAT = INDICES["csat"]


def moments(groups: list[list[float]]) -> tuple[list[int], list[float], list[float]]:
    return (
        [len(group) for group in groups],
        [float(np.mean(group)) if group else np.nan for group in groups],
        [float(np.var(group, ddof=1)) if len(group) > 1 else np.nan for group in groups],
    )


def test_by_hand() -> None:
    # within = (2 + 2)/2 = 2, overall 5, mean square between = 2·(16 + 16)/1 = 64, n0 = (4 − 8/4)/1 = 2,
    # between = (64 − 2)/2 = 31, k = 2/31, weight = 2/(2 + 2/31) = 31/32.
    found = shrink(*moments([[0, 2], [8, 10]]))
    assert (found.overall, found.within, found.between) == pytest.approx((5, 2, 31))
    assert found.k == pytest.approx(2 / 31)
    assert found.scores == pytest.approx([5 - 4 * 31 / 32, 5 + 4 * 31 / 32])


def test_groups_of_different_size_by_hand() -> None:
    # within = (2 + 6)/(2 + 4 − 2) ... = 2; overall 17/3; between-square 2·(14/3)² + 4·(7/3)² = 196/3;
    # n0 = 6 − 20/6 = 8/3; between = (196/3 − 2)·3/8 = 23.75.
    found = shrink(*moments([[0, 2], [6, 8, 8, 10 - 2]]))
    within = (2 + 3) / 4
    overall = 32 / 6
    square = 2 * (1 - overall) ** 2 + 4 * (7.5 - overall) ** 2
    between = (square - within) / (6 - 20 / 6)
    assert (found.overall, found.within, found.between) == pytest.approx((overall, within, between))
    k = within / between
    assert found.scores == pytest.approx(
        [overall + 2 / (2 + k) * (1 - overall), overall + 4 / (4 + k) * (7.5 - overall)]
    )


def test_three_lucky_answers_do_not_win() -> None:
    agents = [
        [5] * 3,
        [5] * 180 + [2] * 20,
        [5] * 120 + [2] * 80,
        [5] * 140 + [2] * 60,
        [5] * 100 + [2] * 100,
    ]
    answers = one_question([value for agent in agents for value in agent])
    groups = np.repeat(np.arange(len(agents)), [len(agent) for agent in agents])
    results = CSAT.compute(answers, groups, len(agents))
    shrunk = shrink_results(results)
    assert results[0].score == 1.0
    assert max(range(5), key=lambda place: shrunk[place] or 0) == 1
    assert shrunk[1] == pytest.approx(0.9, abs=0.01)  # 200 answers speak for themselves


def test_groups_that_differ_by_chance_only_get_the_overall_mean() -> None:
    found = shrink(*moments([[0, 10], [1, 9], [2, 8, 5]]))
    assert found.between is not None
    assert found.between <= 0
    assert found.k is None
    assert found.scores == pytest.approx([5, 5, 5])


@pytest.mark.parametrize(
    ("groups", "scores"),
    [
        ([[0], [10]], [5, 5]),
        ([[2, 4]], [3]),
        ([[2, 2], [4, 4]], [2, 4]),
        ([[2, 2], [2, 2]], [2, 2]),
    ],
    ids=["one answer each", "one group", "no variance within", "no variance at all"],
)
def test_edges(groups: list[list[float]], scores: list[float]) -> None:
    assert shrink(*moments(groups)).scores == pytest.approx(scores)


def test_a_group_without_answers_has_no_score() -> None:
    scores = shrink(*moments([[0, 2], [], [8, 10]])).scores
    assert np.isnan(scores[1])
    assert scores[[0, 2]] == pytest.approx(shrink(*moments([[0, 2], [8, 10]])).scores)
    assert shrink_results(CSAT.compute(one_question([]), np.empty(0, dtype=np.int64), 2)) == [None, None]


def test_columns_that_are_not_aligned_are_refused() -> None:
    with pytest.raises(ValueError, match="a group"):
        shrink([1, 2], [1.0], [1.0])


@given(st.lists(st.lists(st.integers(0, 100).map(float), max_size=8), max_size=6), st.integers(-50, 50))
def test_between_own_and_overall_mean(groups: list[list[float]], by: int) -> None:
    n, means, variances = moments(groups)
    found = shrink(n, means, variances)
    moved = shrink(n, [mean + by for mean in means], variances)
    assert moved.scores == pytest.approx(found.scores + by, nan_ok=True, abs=1e-6)
    for score, mean, count in zip(found.scores, means, n, strict=True):
        if count:
            assert found.overall is not None
            assert min(mean, found.overall) - 1e-9 <= score <= max(mean, found.overall) + 1e-9
        else:
            assert np.isnan(score)
