import numpy as np
import pytest

from app.domain.churn.inputs.purchase_history import Rhythm
from app.domain.churn.levels import LEVELS, UNKNOWN, RiskLevels, assign, silence_ratio


def test_limits_belong_to_the_worse_level() -> None:
    q = [0, 0.4999, 0.5, 0.7999, 0.8, 1]
    named = [LEVELS[level].value for level in assign(q, [False] * 6)]
    assert named == ["healthy", "healthy", "watch", "watch", "at_risk", "at_risk"]
    named = [LEVELS[level].value for level in assign(q, [False] * 6, RiskLevels(0.1, 0.5))]
    assert named == ["healthy", "watch", "at_risk", "at_risk", "at_risk", "at_risk"]


def test_left_goes_before_everything_and_nothing_known_is_no_level() -> None:
    found = assign([0.1, np.nan, np.nan], [True, True, False])
    assert found.tolist() == [LEVELS.index("left"), LEVELS.index("left"), UNKNOWN]
    assert assign([], []).tolist() == []


@pytest.mark.parametrize("q", [-0.01, 1.01, np.inf])
def test_a_probability_is_a_probability(q: float) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        assign([q], [False])


def test_silence_must_be_long_for_the_customer_and_for_the_population() -> None:
    # A weekly buyer, interval (70 + 50)/11 = 10.9: three of them are 33, but the population's p95 is 60.
    population = Rhythm(100, 50.0, 60.0)
    assert silence_ratio([10, 10], [70, 70], [60, 90], population).tolist() == [1.0, 1.5]
    # A yearly one, interval (730 + 50)/3 = 260: three of them are 780.
    assert silence_ratio([2, 2], [730, 730], [780, 1560], population).tolist() == [1.0, 2.0]


def test_where_nobody_came_back_no_silence_is_long() -> None:
    assert silence_ratio([0], [0], [9999], Rhythm(0, None, None)).tolist() == [0.0]
