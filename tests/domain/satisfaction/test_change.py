"""Changed, or noise: differences between two periods."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_helpers import ITEMS, OPTIONS, filled_in, one_question

from app.domain.satisfaction import INDICES
from app.domain.satisfaction.change import Change, Verdict, mean_change, nps_change, share_change
from app.domain.satisfaction.model import IndexResult

UNTOLD = Change(None, None, None, None)


def test_shares_by_hand() -> None:
    # 41/102 and 61/102, pooled 1/2: z = (20/102) / sqrt(1/4 · 2/102).
    found = share_change(40, 100, 60, 100)
    assert found.difference == pytest.approx(0.2)
    assert found.statistic == pytest.approx((20 / 102) / (0.25 * 2 / 102) ** 0.5)
    assert (found.critical, found.verdict) == (1.96, Verdict.CHANGED)


def test_net_promoter_scores_by_hand() -> None:
    # Adjusted: (462.75 − 362.75)/1003 with variance .812… / 1003, and (520.75 − 320.75)/1003.
    def adjusted(up: float, down: float) -> tuple[float, float]:
        p, d = (up + 0.75) / 1003, (down + 0.75) / 1003
        return p - d, (p + d - (p - d) ** 2) / 1003

    before, after = adjusted(462, 362), adjusted(520, 320)
    found = nps_change((462, 362, 1000), (520, 320, 1000))
    assert found.difference == pytest.approx(10)
    assert found.statistic == pytest.approx((after[0] - before[0]) / (before[1] + after[1]) ** 0.5)
    assert found.verdict == Verdict.CHANGED


def test_means_by_hand() -> None:
    found = mean_change((50.0, 100.0, 200), (52.0, 144.0, 200))
    assert found.statistic == pytest.approx(2 / (100 / 200 + 144 / 200) ** 0.5)
    assert found.critical == pytest.approx(1.966, abs=5e-4)
    assert (found.difference, found.verdict) == (2.0, Verdict.NOISE)


@pytest.mark.parametrize(
    "found",
    [share_change(0, 1, 1, 1), nps_change((0, 1, 1), (1, 0, 1)), mean_change((10.0, 1.0, 2), (13.0, 1.0, 2))],
    ids=["csat", "nps", "mean"],
)
def test_a_handful_of_answers_is_noise(found: Change) -> None:
    assert found.verdict == Verdict.NOISE


@pytest.mark.parametrize(
    "found",
    [
        share_change(0, 0, 1, 1),
        share_change(1, 1, 0, 0),
        nps_change((0, 0, 0), (1, 0, 1)),
        nps_change((1, 0, 1), (0, 0, 0)),
        mean_change((None, None, 0), (5.0, 1.0, 9)),
        mean_change((5.0, 1.0, 9), (None, None, 0)),
    ],
)
def test_nothing_cannot_be_compared(found: Change) -> None:
    assert found == UNTOLD


@pytest.mark.parametrize("side", [(70.0, None, 1), (70.0, 0.0, 9)], ids=["one answer", "equal answers"])
def test_means_without_a_known_spread_have_a_difference_and_no_verdict(
    side: tuple[float, float | None, int],
) -> None:
    assert mean_change((60.0, side[1], side[2]), side) == Change(10.0)


def january_and_february(code: str) -> tuple[IndexResult, IndexResult]:
    """Two months of every index, the second one clearly better."""
    index = INDICES[code]
    if code == "csat":
        worse, better = one_question([2, 5] * 50), one_question([5, 5, 5, 2] * 50)
    elif code == "nps":
        worse, better = one_question([2, 9] * 50, (0, 10)), one_question([9, 9, 9, 2] * 50, (0, 10))
    elif code == "ces":
        worse, better = one_question([2, 6] * 50, (1, 7)), one_question([6, 7, 7, 4] * 50, (1, 7))
    else:
        worse = filled_in([[3, 4, 5, 6, 7, 3, 4], [5, 4, 3, 5, 8, 4, 3]] * 50)
        better = filled_in([[8, 7, 9, 6, 7, 8, 9], [7, 8, 8, 5, 8, 9, 10]] * 50)
    assert ITEMS.weight.size == 9
    return index.overall(worse, OPTIONS), index.overall(better, OPTIONS)


@pytest.mark.parametrize("code", list(INDICES))
def test_every_index_tells_a_change_from_none(code: str) -> None:
    worse, better = january_and_february(code)
    assert worse.score is not None
    assert better.score is not None
    risen, same = INDICES[code].compare(worse, better), INDICES[code].compare(better, better)
    assert risen.difference == pytest.approx(better.score - worse.score)
    assert (risen.verdict, same.verdict, same.difference) == (Verdict.CHANGED, Verdict.NOISE, 0)
    assert risen.statistic is not None
    assert risen.statistic > 0


@pytest.mark.parametrize("code", list(INDICES))
def test_an_empty_period_of_any_index_cannot_be_compared(code: str) -> None:
    empty = INDICES[code].overall(one_question([]), OPTIONS)
    assert INDICES[code].compare(empty, january_and_february(code)[0]) == UNTOLD


counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, counts)
def test_the_other_way_round_is_the_opposite(before: tuple[int, int], after: tuple[int, int]) -> None:
    there, back = share_change(*before, *after), share_change(*after, *before)
    assert there.verdict == back.verdict
    assert there.statistic is not None
    assert back.statistic == pytest.approx(-there.statistic)


@given(st.integers(1, 500), st.integers(0, 3), st.integers(1, 500), st.integers(0, 3))
def test_chance_alone_rarely_looks_like_a_change(n: int, few: int, m: int, more: int) -> None:
    """Two periods that hold nothing but promoters, or all but a few, never jump to certainty."""
    found = nps_change((max(n - few, 0), 0, n), (max(m - more, 0), 0, m))
    assert found.statistic is not None
    assert abs(found.statistic) < 10
