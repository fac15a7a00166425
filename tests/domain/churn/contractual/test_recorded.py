"""Recorded attributes as columns: what is a number, what is missing, what too few have."""

import numpy as np
import pytest

from app.domain.churn.inputs.attributes import NAMED, as_numbers, encoding, named
from app.domain.churn.models.contract import ContractModel, train
from app.domain.churn.models.logistic_regression import LEAST_ROWS


@pytest.mark.parametrize(
    ("texts", "is_number"),
    [
        (["1", "2.5", "-3"], True),
        (["1", "", ""], True),
        (["1", "many"], False),  # as many words as numbers
        (["a", "b"], False),
        (["", ""], False),
        (["1,5", "2,5"], False),
        (["1e5", "2e5"], False),
    ],
)
def test_text_that_spells_numbers_is_numbers(texts: list[str], is_number: bool) -> None:
    found = encoding({"x": np.array(texts, dtype=object)}, LEAST_ROWS)
    assert (found.numbers == ("x",)) == is_number


def test_some_words_among_numbers_are_missing_and_many_make_it_words() -> None:
    numbers = [str(n) for n in range(100)]
    few = np.array([*numbers, *["?"] * (LEAST_ROWS - 1)], dtype=object)
    assert encoding({"x": few}, LEAST_ROWS).numbers == ("x",)
    many = np.array([*numbers, *["?"] * LEAST_ROWS], dtype=object)
    found = encoding({"x": many}, LEAST_ROWS)
    assert (found.numbers, found.words) == ((), (("x", ("?",)),))


def test_what_is_missing_is_taken_at_the_median_or_at_the_shares() -> None:
    columns = {
        "fee": np.array(["1", "2", "9", ""], dtype=object),
        "plan": np.array(["a", "a", "b", ""], dtype=object),
    }
    found = encoding(columns, 2)  # so few have b that it is no column, and fewer than 2 have nothing
    assert found.names == ("fee", "plan=a")
    assert found.columns(columns)[:, 0].tolist() == [1, 2, 9, 2]
    assert found.owners == ("fee", "plan")
    nobody = found.columns({"other": np.array(["x"], dtype=object)})
    assert nobody[0, 0] == 2  # an attribute that is not there at all is missing for all


def test_values_of_any_kind_are_texts_of_one_spelling() -> None:
    found = named([{"a": True, "b": 2.0}, None, {"a": "true"}])
    assert found["attribute.a"].tolist() == ["true", "", "true"]
    assert as_numbers(found["attribute.b"]).tolist()[0] == 2.0


def test_too_many_columns_for_those_who_left_leave_the_features() -> None:
    random = np.random.default_rng(1)
    n = 400
    left = np.arange(n) % 20 == 0  # 20 left: enough for two columns
    feature = random.normal(size=n) + left
    wide = {f"{NAMED}a{place}": random.normal(size=n) for place in range(5)}
    found = train({"contract_age": feature, **wide}, left)
    assert isinstance(found, ContractModel)
    assert (found.attribute_names, found.recorded_names) == (("contract_age",), ())
    narrow = train({"contract_age": feature, f"{NAMED}a0": wide[f"{NAMED}a0"]}, left)
    assert isinstance(narrow, ContractModel)
    assert narrow.recorded_names == (f"{NAMED}a0",)
