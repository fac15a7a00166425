from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.value.profit import (
    GREATEST,
    UNKNOWN,
    Accounts,
    Costs,
    UnitCost,
    compute,
    peak_share,
    summary,
    whale_curve,
    worst,
)

COSTS = Costs(
    {"phone": UnitCost(per_minute=Decimal(50)), "email": UnitCost(per_contact=Decimal(200))}, Decimal(1500)
)


def accounts(**columns: object) -> Accounts:
    """Two customers: one of whom all is known, one who only bought."""
    plain = {
        "revenue_minor": np.array([100_000, 5_000]),
        "goods_minor": np.array([60_000, 3_000]),
        "compensation_minor": np.array([5_000, 0]),
        "returns": np.array([2, 0]),
        "contacts": {"phone": np.array([12, 0]), "email": np.array([4, 0])},
        "seconds": {"phone": np.array([12 * 360, 0])},
    }
    return Accounts(**{**plain, **columns})


def test_worked_example() -> None:
    found = compute(accounts(), COSTS)
    assert found.profit_minor.tolist() == [27_600, 2_000]
    assert found.serve_minor.tolist() == [12_400, 0]
    assert {name: cost.tolist() for name, cost in found.by_channel.items()} == {
        "email": [800, 0],
        "phone": [3_600, 0],
    }
    whole = summary(accounts(), found)
    assert (whole.n, whole.known, whole.coverage_customers, whole.coverage_revenue) == (2, 2, 1.0, 1.0)
    assert whole.serve_minor / 100_000 == pytest.approx(0.124)
    assert whole.profit_minor == 29_600


def test_what_is_not_known_is_not_nothing() -> None:
    goods = accounts(goods_minor=np.array([UNKNOWN, 3_000]))
    found = compute(goods, COSTS)
    assert found.profit_minor.tolist() == [UNKNOWN, 2_000]
    assert found.serve_minor.tolist() == [12_400, 0]
    whole = summary(goods, found)
    assert (whole.known, whole.coverage_customers) == (1, 0.5)
    assert whole.coverage_revenue == pytest.approx(5 / 105)
    no_phone = compute(accounts(), Costs({"email": UnitCost(Decimal(200))}, Decimal(1500)))
    assert no_phone.serve_minor.tolist() == [UNKNOWN, 0]
    assert "phone" not in no_phone.by_channel
    no_handling = compute(accounts(), Costs(COSTS.channels))
    assert no_handling.profit_minor.tolist() == [UNKNOWN, 2_000]


def test_whale_curve() -> None:
    profits = np.array([200, -150, 500, -250, 300])
    assert peak_share(profits) == pytest.approx(1000 / 600)
    curve = whale_curve(profits)
    assert (curve[0], curve[-1]) == ((0.0, 0.0), (1.0, 1.0))
    assert max(share for _, share in curve) == pytest.approx(peak_share(profits))
    assert whale_curve(np.array([5, -5])) == ()
    assert peak_share(np.array([], dtype=np.int64)) is None


def test_unprofitable_customers() -> None:
    losing = accounts(goods_minor=np.array([100_000, 5_001]))
    found = compute(losing, COSTS)
    assert worst(found).tolist() == [0, 1]
    assert worst(found, 1).tolist() == [0]
    whole = summary(losing, found)
    assert (whole.unprofitable, whole.loss_minor) == (2, -12_401)
    assert (whole.whale, whole.peak_share) == ((), None)


def test_nobody() -> None:
    none = np.empty(0, dtype=np.int64)
    empty = Accounts(none, none, none, none)
    whole = summary(empty, compute(empty, COSTS))
    assert (whole.n, whole.coverage_customers, whole.serve_share, whole.whale) == (0, None, None, ())


@given(
    st.integers(0, 1000), st.integers(0, 10**6), st.decimals(0, 1000, places=4), st.decimals(0, 50, places=4)
)
def test_costs_are_exact(contacts: int, seconds: int, each: Decimal, minute: Decimal) -> None:
    one = accounts(
        contacts={"chat": np.array([contacts, 0])},
        seconds={"chat": np.array([seconds, 0])},
    )
    found = compute(one, Costs({"chat": UnitCost(each, minute)}, Decimal(0)))
    exact = Fraction(each) * contacts + Fraction(minute) * seconds / 60
    assert found.by_channel["chat"].tolist() == [round(exact), 0]


@pytest.mark.parametrize("cost", ["-1", "NaN", "0.00001"])
def test_unit_costs_are_checked(cost: str) -> None:
    with pytest.raises(ValueError, match="unit cost"):
        UnitCost(Decimal(cost))
    with pytest.raises(ValueError, match="unit cost"):
        Costs({}, Decimal(cost))


@pytest.mark.parametrize(
    "columns",
    [
        {"returns": np.array([1])},
        {"returns": np.array([-1, 0])},
        {"revenue_minor": np.array([GREATEST + 1, 0])},
    ],
    ids=["length", "negative", "large"],
)
def test_accounts_are_checked(columns: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must|too large"):
        accounts(**columns)


def test_a_cost_that_is_too_large_is_refused() -> None:
    many = accounts(contacts={"phone": np.array([2**40, 0])})
    with pytest.raises(ValueError, match="too large"):
        compute(many, Costs({"phone": UnitCost(Decimal(10**9))}, Decimal(0)))
