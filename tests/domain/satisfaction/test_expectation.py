"""Expectation-adjusted satisfaction: the demanding customer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_helpers import filled_in

from app.domain.satisfaction import INDICES
from app.domain.satisfaction.expectation import adjust, fit
from app.domain.satisfaction.model import Answers, Items, Options

EXPECTATION = INDICES["expectation"]
S, E = np.array([50.0, 60, 70, 80, 90]), np.array([40.0, 80, 60, 90, 80])
ITEMS = Items.of(2, weight=[1, 0], expectation_weight=[0, 1])
SCALE = (0, 100)


def pairs() -> Answers:
    """The worked example: satisfaction and expectation on 0-100."""
    return filled_in([[int(s), int(e)] for s, e in zip(S, E, strict=True)], SCALE)


def test_worked_example() -> None:
    found = fit(S, E, min_n=5)
    assert (found.beta, found.n, found.is_unadjusted) == (0.5625, 5, False)
    assert adjust(S, E, found) == pytest.approx([66.875, 54.375, 75.625, 68.75, 84.375])


def test_worked_example_from_answers() -> None:
    found = EXPECTATION.overall(pairs(), Options(items=ITEMS, min_n=5))
    assert (found.n, found.parts["reference_n"], found.parts["beta"]) == (5, 5, pytest.approx(0.5625))
    assert found.score == pytest.approx(70)
    assert found.parts["sd"] == pytest.approx(np.std([66.875, 54.375, 75.625, 68.75, 84.375], ddof=1))
    assert (found.parts["satisfaction_mean"], found.parts["expectation_mean"]) == (70, 70)


def test_too_few_responses_are_not_adjusted_and_say_so() -> None:
    found = EXPECTATION.overall(pairs(), Options(items=ITEMS))  # 30 are needed unless told otherwise
    assert (found.parts["beta"], found.parts["is_unadjusted"]) == (0.0, True)
    assert found.parts["sd"] == pytest.approx(np.std(S, ddof=1))


def test_expectation_that_does_not_vary_is_not_adjusted_for() -> None:
    found = fit(S, np.full(5, 80.0), min_n=2)
    assert (found.beta, found.is_unadjusted) == (0.0, True)
    assert adjust(S, np.full(5, 80.0), found).tolist() == S.tolist()


def test_nobody_gives_nothing() -> None:
    none = np.empty(0)
    found = fit(none, none)
    assert (found.n, found.beta, found.expectation_mean, found.is_unadjusted) == (0, 0.0, None, True)
    assert adjust(none, none, found).size == 0
    assert EXPECTATION.overall(Answers.empty(), Options(items=ITEMS)).score is None


def test_groups_are_adjusted_by_the_same_reference_population() -> None:
    groups = np.repeat([0, 0, 1, 1, -1], 2)
    first, second = EXPECTATION.compute(pairs(), groups, 2, Options(items=ITEMS, min_n=5))
    assert first.parts["beta"] == second.parts["beta"] == pytest.approx(0.5625)
    assert first.parts["reference_n"] == 5  # the response in no group counts for it
    assert (first.score, second.score) == pytest.approx(((66.875 + 54.375) / 2, (75.625 + 68.75) / 2))


def test_a_response_in_two_groups_counts_once_for_the_reference() -> None:
    answers, rows = pairs(), np.array([*range(10), 0, 1])
    doubled = answers.take(rows)
    found = EXPECTATION.compute(doubled, (np.arange(12) >= 10).astype(int), 2, Options(items=ITEMS, min_n=5))
    assert [result.n for result in found] == [5, 1]
    assert found[1].parts["reference_n"] == 5
    assert found[1].score == pytest.approx(66.875)


def test_an_adjustment_may_be_given() -> None:
    given_one = fit(S, E, min_n=5)
    found = EXPECTATION.overall(filled_in([[50, 40]], SCALE), Options(items=ITEMS, adjustment=given_one))
    assert found.score == pytest.approx(66.875)
    assert found.parts["reference_n"] == 5


def test_quadrants() -> None:
    # Median expectation 80; satisfied from 70.
    found = EXPECTATION.overall(pairs(), Options(items=ITEMS, min_n=5))
    assert {name: found.parts[name] for name in found.parts if "satisfied" in name} == {
        "demanding_satisfied": 2,
        "demanding_dissatisfied": 1,
        "undemanding_satisfied": 1,
        "undemanding_dissatisfied": 1,
    }
    strict = EXPECTATION.overall(pairs(), Options(items=ITEMS, min_n=5, satisfied_from=90))
    assert (strict.parts["demanding_satisfied"], strict.parts["undemanding_satisfied"]) == (1, 0)


def test_without_an_expectation_a_response_is_incomplete() -> None:
    found = EXPECTATION.overall(filled_in([[50, None], [None, 40], [50, 40]], SCALE), Options(items=ITEMS))
    assert (found.n, found.excluded) == (1, {"incomplete": 2, "replaced": 0})


def test_surveys_that_do_not_ask_for_both_are_no_part() -> None:
    only_satisfaction = Items.of(2, weight=[1, 1])
    found = EXPECTATION.overall(filled_in([[5, 7]]), Options(items=only_satisfaction))
    assert (found.n, found.excluded["incomplete"]) == (0, 0)


def test_pairs_that_are_not_aligned_are_refused() -> None:
    with pytest.raises(ValueError, match="aligned"):
        fit(S, E[:3])


points = st.integers(0, 100).map(float)


@given(st.lists(st.tuples(points, points), min_size=1, max_size=40), st.integers(-30, 30))
def test_the_adjustment_keeps_the_mean_and_takes_expectation_out(
    drawn: list[tuple[float, float]], by: int
) -> None:
    s, e = np.array(drawn).T
    found = fit(s, e, min_n=2)
    adjusted = adjust(s, e, found)
    assert adjusted.mean() == pytest.approx(s.mean())
    if not found.is_unadjusted:
        assert float((adjusted - s.mean()) @ (e - e.mean())) == pytest.approx(0, abs=1e-6)
    assert adjust(s, e + by, fit(s, e + by, min_n=2)) == pytest.approx(adjusted)
    assert adjust(s + by, e, fit(s + by, e, min_n=2)) == pytest.approx(adjusted + by)
