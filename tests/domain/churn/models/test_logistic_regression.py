import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.churn.inputs.attributes import MAX_WORDS, Encoding, encoding
from app.domain.churn.models import contract
from app.domain.churn.models.logistic_regression import (
    EVEN,
    LEAST_ROWS,
    Learned,
    is_enough,
    learn,
    log_odds,
    probability,
    shift_to_mean,
    supported,
)
from app.domain.churn.models.model import Why


def drawn(n: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Two columns of known weights, and one that does not vary."""
    random = np.random.default_rng(3)
    columns = np.column_stack([random.normal(5, 2, n), random.normal(0, 1, n), np.full(n, 0.1)])
    odds = -1 + 0.8 * (columns[:, 0] - 5) / 2 - 0.5 * columns[:, 1]
    return columns, random.random(n) < probability(odds)


def test_it_finds_the_weights() -> None:
    columns, happened = drawn()
    found = learn(columns, happened, ("up", "down", "still"))
    assert found.weights == pytest.approx([0.8, -0.5, 0.0], abs=0.05)
    assert found.intercept == pytest.approx(-1, abs=0.05)
    assert (found.weights[2], found.scales[2]) == (0, 1)
    assert (found.n, found.events, found.converged) == (20_000, int(happened.sum()), True)


def test_it_is_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    columns, happened = drawn(2000)
    standard = (columns - columns.mean(axis=0)) / [*columns[:, :2].std(axis=0), 1]
    theirs = LogisticRegression(C=1.0, tol=1e-8).fit(standard, happened)
    mine = learn(columns, happened, ("a", "b", "c"))
    assert mine.weights == pytest.approx(theirs.coef_[0], abs=1e-3)


def test_a_population_s_own_constant_is_not_a_weight() -> None:
    random = np.random.default_rng(5)
    group = np.repeat([0, 1], 10_000)
    season = group + random.normal(0, 0.1, group.size)  # tells the populations apart, nothing else
    columns = np.column_stack([season, random.normal(0, 1, group.size)])
    happened = random.random(group.size) < probability(2.0 * group - 1 + 0.7 * columns[:, 1])
    apart = learn(columns, happened, ("season", "b"), group)
    assert apart.weights == pytest.approx([0, 0.7], abs=0.1)
    at_one = np.array([[1.0, 0.0]])
    assert apart.log_odds(at_one) == pytest.approx(1, abs=0.1)  # the constant of the last
    assert learn(columns, happened, ("season", "b")).weights[0] > 0.8


def test_what_is_separable_stays_bounded() -> None:
    column = np.linspace(-1, 1, 400)[:, None]
    found = learn(column, column[:, 0] > 0, ("a",))
    assert 0 < found.weights[0] < 50
    assert np.all(np.abs(found.log_odds(np.array([[1e12], [-1e12]]))) < 300)


def with_mark(marked: np.ndarray, n: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """What `drawn` gives, and a column that is 1 for the rows ``marked``; half the outcomes are 1."""
    columns, _ = drawn(n)
    happened = np.random.default_rng(4).random(n) < probability(columns[:, 1])
    happened[: n // 50] = np.arange(n // 50) % 2 == 0
    happened[-1] ^= happened.sum() % 2 == 1
    return np.column_stack([columns[:, :2], np.isin(np.arange(n), marked)]), happened


@pytest.mark.parametrize("rows", range(1, 10))
@pytest.mark.parametrize("usual", [0, 1])
def test_what_few_have_weighs_nothing(rows: int, usual: int) -> None:
    columns, happened = with_mark(np.arange(rows))
    columns[:, 2] = columns[:, 2] != usual
    found = learn(columns, happened, ("a", "b", "rare"))
    without = learn(columns[:, :2], happened, ("a", "b"))
    assert found.weights[2] == 0
    assert found.log_odds(columns) == pytest.approx(without.log_odds(columns[:, :2]), abs=1e-6)


def test_a_column_needs_rows_of_its_own() -> None:
    columns, happened = with_mark(np.arange(26))
    for rows, is_supported in ((LEAST_ROWS - 1, False), (LEAST_ROWS, True)):
        columns[:, 2] = np.arange(len(columns)) < rows
        assert supported(columns).tolist() == [True, True, is_supported]
        assert (learn(columns, happened, ("a", "b", "rare")).weights[2] != 0) == is_supported


def test_columns_without_rows_ask_for_no_cases() -> None:
    columns, happened = with_mark(np.arange(5), 60)
    happened[:] = np.arange(60) < 20
    assert is_enough(columns, happened)
    assert not is_enough(np.column_stack([columns, columns[:, 0] ** 2]), happened)


@pytest.mark.parametrize("rows", [50, 200, 1000])
def test_what_some_have_is_held_by_the_prior_of_its_effect(rows: int) -> None:
    """All who have it did it, and few others: however rare it is, its effect stays that of a common one."""
    columns, happened = with_mark(np.arange(rows), 20_000)
    happened[:rows] = True
    found = learn(columns[:, 2:], happened, ("rare",))
    assert found.scales[0] == EVEN
    assert 1 < found.weights[0] / EVEN < 8


@pytest.mark.parametrize(("rows", "effect"), [(19, 0), (30, 3.8), (50, 4.1)])
def test_the_worked_example_of_the_page(rows: int, effect: float) -> None:
    columns, happened = with_mark(np.arange(rows))
    happened[:rows] = True
    found = learn(columns, happened, ("a", "b", "rare"))
    without, having = found.log_odds(np.array([[5.0, 0.0, 0.0], [5.0, 0.0, 1.0]]))
    assert having - without == pytest.approx(effect, abs=0.05)


def test_a_column_that_is_not_rare_is_standardised() -> None:
    columns, happened = drawn(2000)
    found = learn(columns, happened, ("a", "b", "c"))
    assert found.scales[:2].tolist() == columns[:, :2].std(axis=0).tolist()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 60), st.integers(0, 1))
def test_one_rare_case_more_leaves_the_others_alone(rows: int, outcome: int) -> None:
    """Whether or not it is the case that gives the column its weight."""
    columns, happened = with_mark(np.arange(rows))
    happened[rows] = outcome
    more = columns.copy()
    more[rows, 2] = 1
    names = ("a", "b", "rare")
    before, after = learn(columns, happened, names), learn(more, happened, names)
    others = columns[rows + 1 :]
    assert after.log_odds(others) == pytest.approx(before.log_odds(others), abs=0.03)


def test_a_word_that_few_have_weighs_nothing() -> None:
    random = np.random.default_rng(6)
    plan = np.array(["basic", "full"])[random.integers(0, 2, 1000)].astype("<U8")
    left = random.random(1000) < np.where(plan == "full", 0.2, 0.6)
    plan[:5], left[:5] = "founder", True
    model = contract.train({"plan": plan}, left)
    assert isinstance(model, contract.ContractModel)
    assert model.learned.names == ("plan=full", "plan=basic")
    full, founder, basic, unseen = model.q({"plan": np.array(["full", "founder", "basic", "never seen"])})
    assert full < founder < basic
    assert founder == unseen
    assert model.encoding.columns({"plan": np.array(["founder"])})[0] == pytest.approx(model.learned.means)


def test_what_many_have_no_word_for_is_learned() -> None:
    random = np.random.default_rng(6)
    plan = np.array([f"rare {number}" for number in range(200)] + ["basic"] * 400 + ["full"] * 400)
    left = random.random(1000) < np.where(np.char.startswith(plan, "rare"), 0.9, 0.3)
    model = contract.train({"plan": plan}, left)
    assert isinstance(model, contract.ContractModel)
    assert model.encoding.shares == ((),)
    assert model.q({"plan": plan[:1]})[0] == pytest.approx(0.9, abs=0.05)


def test_words_that_all_are_rare_teach_nothing() -> None:
    names = np.array([f"only {number}" for number in range(15)])
    assert contract.train({"plan": names}, np.arange(15) < 7) is Why.TOO_FEW_OUTCOMES


def test_too_little_is_said() -> None:
    columns, happened = drawn(200)
    assert is_enough(columns, happened)
    assert not is_enough(columns[:20], happened[:20])
    assert not is_enough(columns[:, 2:], happened)
    assert not is_enough(np.empty((0, 3)), np.empty(0, dtype=bool))


@pytest.mark.parametrize(
    ("columns", "happened"),
    [([[1.0], [2.0]], [True, True]), ([[np.nan], [2.0]], [True, False]), ([[1.0]], [True, False])],
    ids=["one_outcome", "nan", "shape"],
)
def test_what_cannot_be_learned_is_refused(columns: list[list[float]], happened: list[bool]) -> None:
    with pytest.raises(ValueError, match="must"):
        learn(np.array(columns), np.array(happened), ("a",))


def test_it_can_be_stored() -> None:
    columns, happened = drawn(500)
    found = learn(columns, happened, ("a", "b", "c"))
    again = Learned.from_dict(found.to_dict())
    assert again.log_odds(columns).tolist() == found.log_odds(columns).tolist()
    assert found.log_odds(columns) == pytest.approx(found.intercept + found.parts(columns).sum(axis=1))


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=50), st.floats(0.01, 0.99))
def test_the_mean_is_reached_and_the_order_kept(odds: list[float], mean: float) -> None:
    shifted = np.array(odds) + shift_to_mean(np.array(odds), mean)
    assert probability(shifted).mean() == pytest.approx(mean, abs=1e-9)


@given(st.floats(1e-6, 1 - 1e-6))
def test_log_odds_and_back(p: float) -> None:
    assert probability(log_odds(np.array([p])))[0] == pytest.approx(p, rel=1e-9)


def test_attributes_become_columns() -> None:
    known = {"age": np.array([1.0, np.nan, 3.0]), "plan": np.array(["b", "a", "b"])}
    code = encoding(known)
    assert code.names == ("age", "plan=b", "plan=a")
    assert code.columns(known).tolist() == [[1, 1, 0], [2, 0, 1], [3, 1, 0]]
    assert Encoding.from_dict(json.loads(json.dumps(code.to_dict()))) == code
    other = {"age": np.array([np.nan]), "plan": np.array(["never seen"])}
    assert code.columns(other) == pytest.approx(np.array([[2, 2 / 3, 1 / 3]]))


def test_rare_words_get_no_column() -> None:
    words = np.array([str(one) for one in range(100)] * 2 + ["often"] * 5)
    code = encoding({"word": words})
    assert len(code.names) == MAX_WORDS
    assert code.names[0] == "word=often"
