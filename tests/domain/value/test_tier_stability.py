import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.value.tier_stability import OTHER_CUTS, second_view, sensitivity, stability, top_twenty
from app.domain.value.value_tiers import DEFAULT_CUTS, Cuts, assign, top_share, transitions

VALUES = st.lists(st.integers(-1000, 100_000), max_size=60)


@given(VALUES)
def test_sensitivity_is_assigning_again(values: list[int]) -> None:
    found = sensitivity(values)
    assert [one.cuts for one in found] == [DEFAULT_CUTS, *OTHER_CUTS]
    assert found[0].moved == 0
    now = assign(values)
    for one in found:
        again = assign(values, one.cuts)
        assert sum(one.customers) == len(values)
        assert one.moved == sum(a != b for a, b in zip(now, again, strict=True))


def test_the_cuts_in_force_come_once() -> None:
    found = sensitivity([5, 4, 3], Cuts(80, 90))
    assert [one.cuts for one in found].count(Cuts(80, 90)) == 1


def test_how_many_of_last_year_are_still_there() -> None:
    before, now = np.arange(6), np.array([0, 1, 2, 3, 9])
    moves = transitions(before, np.array(list("AAABBC")), now, np.array(list("AABBC")))
    a, b, c = stability(moves)
    assert (a.n, a.now, a.share) == (3, {"A": 2, "B": 1, "C": 0, "none": 0}, pytest.approx(2 / 3))
    assert a.interval is not None
    assert a.interval.low < 2 / 3 < a.interval.high
    assert (b.n, b.share, b.now["none"]) == (2, 0.5, 1)
    assert (c.n, c.share, c.now["none"]) == (1, 0, 1)
    nobody = stability(np.zeros((4, 4), dtype=np.int64))[0]
    assert (nobody.n, nobody.share, nobody.interval) == (0, None, None)


def test_second_view() -> None:
    found = second_view(np.array(list("AABBCC")), np.array(list("ABABCA")))
    assert found.counts == ((1, 1, 0), (1, 1, 0), (1, 0, 1))
    assert (found.same_share, found.rising, found.fading) == (0.5, 2, 1)
    with pytest.raises(ValueError, match="tier"):
        second_view(np.array(["A"]), np.array(["A", "B"]))
    assert second_view(np.array([], dtype="U1"), np.array([], dtype="U1")).same_share is None


@given(VALUES)
def test_top_twenty(values: list[int]) -> None:
    found = top_twenty(values, assign(values))
    assert found.share == top_share(values)
    assert found.n == -(-len(values) // 5)
    if values:
        assert found.least == sorted(values)[-found.n]
