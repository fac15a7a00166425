"""The service culture profile: moral and material dimensions."""

import pytest
from index_helpers import filled_in

from app.domain.satisfaction import INDICES
from app.domain.satisfaction.intervals import t_interval
from app.domain.satisfaction.model import Answers, Dimension, DimensionResult, IndexResult, Items, Options

CULTURE = INDICES["culture"]
ALL = Items.of(7, dimension=list(Dimension))


def culture(answers: Answers, items: Items = ALL, **options: bool) -> IndexResult:
    return CULTURE.overall(answers, Options(items=items, **options))


def named(found: IndexResult) -> dict[str, DimensionResult]:
    return {one.name: one for one in found.dimensions}


def test_profile_by_hand() -> None:
    found = culture(filled_in([[5, 4, 3, 2, 1, 1, 1], [5, 5, 5, 5, 5, 3, 1]], (1, 5)))
    profile = named(found)
    assert list(profile) == [*map(str, Dimension), "moral", "material"]
    assert [one.score for one in found.dimensions[:7]] == [100, 87.5, 75, 62.5, 50, 25, 0]
    assert profile["moral"].score == pytest.approx((62.5 + 100) / 2)
    assert profile["material"].score == pytest.approx((0 + 50) / 2)
    assert found.score == pytest.approx((250 / 7 + 550 / 7) / 2)
    assert found.n == profile["moral"].n == 2


def test_each_mean_has_its_interval() -> None:
    answers = [[5, 4, 3, 2, 1, 1, 1], [5, 5, 5, 5, 5, 3, 1], [4, 3, 5, 5, 2, 3, 1]]
    profile = named(culture(filled_in(answers, (1, 5))))
    mean, variance = (75 + 100 + 50) / 3, 625.0
    expected = t_interval(mean, variance, 3)
    assert expected is not None
    assert profile["sincerity"].score == pytest.approx(mean)
    assert profile["sincerity"].low == pytest.approx(max(expected.low, 0))
    assert profile["sincerity"].high == 100
    assert (profile["technology_adequacy"].low, profile["technology_adequacy"].high) == (None, None)
    assert profile["sincerity"].low_sample


def test_a_dimension_weighs_the_same_however_many_questions_it_has() -> None:
    items = Items.of(3, dimension=[Dimension.RESPECT, Dimension.RESPECT, Dimension.INTEREST])
    found = culture(filled_in([[1, 5, 5]], (1, 5)), items)
    assert named(found)["respect"].score == 50
    assert found.score == 75


def test_a_dimension_nobody_was_asked_about_is_none() -> None:
    items = Items.of(2, dimension=[Dimension.RESPECT, None])
    profile = named(culture(filled_in([[5, 1]], (1, 5)), items))
    assert (profile["respect"].score, profile["respect"].n) == (100, 1)
    assert (profile["interest"].score, profile["interest"].n) == (None, 0)
    assert (profile["material"].score, profile["material"].low) == (None, None)


def test_less_than_half_of_the_dimensions_do_not_count() -> None:
    found = culture(filled_in([[5, 5, 5, None, None, None, None], [5, 5, 5, 5, None, None, None]], (1, 5)))
    assert (found.n, found.excluded["incomplete"], found.parts["reweighed"]) == (1, 1, 1)
    assert named(found)["interest"].n == 1
    assert named(found)["material"].n == 0


def test_the_latest_response_of_a_customer_counts_if_asked() -> None:
    found = culture(filled_in([[1] * 7, [5] * 7], (1, 5), customers=[3, 3]), one_per_customer=True)
    assert (found.score, found.excluded["replaced"]) == (100.0, 1)
    assert named(found)["moral"].score == 100.0


def test_nothing_is_none_and_never_zero() -> None:
    found = culture(Answers.empty())
    assert (found.score, found.n) == (None, 0)
    assert {one.score for one in found.dimensions} == {None}
