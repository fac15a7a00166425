import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.churn.attributes import MOST_WORDS, encoding
from app.domain.churn.learner import (
    Learned,
    is_enough,
    learn,
    log_odds,
    probability,
    shift_to_mean,
)


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


def test_it_is_scikit_learn_without_a_simpler_model() -> None:
    from sklearn.linear_model import LogisticRegression

    columns, happened = drawn(2000)
    standard = (columns - columns.mean(axis=0)) / [*columns[:, :2].std(axis=0), 1]
    theirs = LogisticRegression(C=1.0, tol=1e-8).fit(standard, happened)
    mine = learn(columns, happened, ("a", "b", "c"))
    assert mine.weights == pytest.approx(theirs.coef_[0], abs=1e-3)


def test_it_leans_on_the_simpler_model() -> None:
    columns, happened = drawn(2000)
    alone = learn(columns, happened, ("a", "b", "c")).weights
    contrary = learn(columns, happened, ("a", "b", "c"), probability(-columns[:, 0])).weights
    agreeing = learn(columns, happened, ("a", "b", "c"), probability(columns[:, 0])).weights
    assert contrary[0] < alone[0] < agreeing[0]


def test_what_is_separable_stays_bounded() -> None:
    column = np.linspace(-1, 1, 400)[:, None]
    found = learn(column, column[:, 0] > 0, ("a",))
    assert 0 < found.weights[0] < 50
    assert np.all(np.abs(found.log_odds(np.array([[1e12], [-1e12]]))) < 300)


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
    other = {"age": np.array([np.nan]), "plan": np.array(["never seen"])}
    assert code.columns(other).tolist() == [[2, 0, 0]]


def test_rare_words_get_no_column() -> None:
    words = np.array([str(one) for one in range(100)] * 2 + ["often"] * 5)
    code = encoding({"word": words})
    assert len(code.names) == MOST_WORDS
    assert code.names[0] == "word=often"
