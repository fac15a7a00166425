import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.activity.transactions import TransactionKind, signed


@pytest.mark.parametrize(
    ("kind", "amount", "effect"),
    [
        ("purchase", 1230, 1230),
        ("purchase", 0, 0),
        ("subscription_charge", 999, 999),
        ("refund", 500, -500),
        ("refund", -500, -500),
        ("cancellation", 500, -500),
        ("cancellation", -500, -500),
        ("refund", 0, 0),
    ],
)
def test_effect_on_the_customers_value(kind: str, amount: int, effect: int) -> None:
    assert signed(TransactionKind(kind), amount) == effect


@pytest.mark.parametrize("kind", ["purchase", "subscription_charge"])
def test_a_negative_purchase_is_not_guessed_at(kind: str) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        signed(TransactionKind(kind), -1)


@given(st.sampled_from(TransactionKind), st.integers(0, 9 * 10**15))
def test_the_magnitude_is_kept(kind: TransactionKind, amount: int) -> None:
    assert abs(signed(kind, amount)) == amount
