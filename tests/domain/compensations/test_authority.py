"""Who may give how much, and what compensated customers bought afterwards: worked examples."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.compensations.authority import (
    Above,
    Limit,
    Person,
    Used,
    approver_role,
    limit_of,
    may_decide,
    passed,
)
from app.domain.compensations.kinds import cost_of_percent, cost_of_pieces
from app.domain.compensations.requests import RequestState, is_with_fallback, state_at
from app.domain.compensations.value_kept import Strata, strata_of, value_kept
from app.domain.people.hierarchy import Place

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LIMIT = Limit("clerks", 1, "clerk", None, 200_00, 500_00, 2_000_00, BEGIN)
ROLES = {"clerk": Place("lead", True), "lead": Place("manager", True), "manager": Place(None, True)}
UNITS = {"izmir": Place("turkey", True), "turkey": Place("company", True), "company": Place(None, True)}
CLERK, LEAD = Person("ayse.k", "clerk", "izmir"), Person("lead.i", "lead", "izmir")
MANAGER = Person("nermin.b", "manager", "company")


@pytest.mark.parametrize(
    ("used", "cost", "above"),
    [
        (Used(), 200_00, None),
        (Used(), 200_01, Above.CASE),
        (Used(150_00), 50_01, Above.CASE),
        (Used(0, 400_00, 400_00), 100_01, Above.DAY),
        (Used(0, 0, 1_950_00), 50_01, Above.MONTH),
        (Used(0, 0, 1_950_00), 50_00, None),
    ],
)
def test_which_limit_is_passed(used: Used, cost: int, above: Above | None) -> None:
    assert passed(LIMIT, used, cost) is above


def test_without_a_limit_nothing_can_be_given() -> None:
    assert passed(None, Used(), 1) is Above.NO_LIMIT


def test_a_limit_counts_from_its_instant_until_the_next_one() -> None:
    end = BEGIN + timedelta(days=10)
    known = [replace(LIMIT, valid_until=end), replace(LIMIT, version=2, valid_from=end)]
    found = [limit_of(known, "clerk", "A", at) for at in (BEGIN, end - timedelta(microseconds=1), end)]
    assert [one and one.version for one in found] == [1, 1, 2]
    assert limit_of(known, "clerk", "A", BEGIN - timedelta(microseconds=1)) is None
    assert limit_of(known, None, "A", BEGIN) is None


def test_the_next_role_up_that_somebody_near_has_and_that_may_give_so_much() -> None:
    everybody = [CLERK, LEAD, MANAGER]
    able = {"lead", "manager"}
    assert approver_role(CLERK, ROLES, UNITS, everybody, able) == "lead"
    assert approver_role(CLERK, ROLES, UNITS, everybody, {"manager"}) == "manager"
    assert approver_role(CLERK, ROLES, UNITS, [CLERK, MANAGER], able) == "manager"
    assert approver_role(LEAD, ROLES, UNITS, everybody, able) == "manager"
    assert approver_role(MANAGER, ROLES, UNITS, everybody, able) is None
    far = replace(LEAD, unit="baku")
    assert approver_role(CLERK, ROLES, UNITS, [far], able) is None
    off = ROLES | {"lead": Place("manager", False)}
    assert approver_role(CLERK, off, UNITS, everybody, able) == "manager"


def test_who_may_decide() -> None:
    def may(person: Person, in_line: list[str], fallback: list[str]) -> bool:
        return may_decide(person, CLERK, in_line, fallback, ROLES, UNITS)

    far = replace(LEAD, unit="baku")
    assert may(LEAD, ["lead"], [])
    assert may(MANAGER, ["lead"], [])
    assert not may(far, ["lead"], [])
    assert may(far, [], ["lead"])
    assert not may(LEAD, ["manager"], [])
    assert not may(CLERK, ["clerk"], ["clerk"])
    assert not may(Person("x", None, "izmir"), ["lead"], ["lead"])


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_states_are_exact(before: int, length: int) -> None:
    due = BEGIN + timedelta(seconds=before)
    end = due + timedelta(seconds=length)
    tick = timedelta(microseconds=1)
    assert state_at("open", end, end - tick) is RequestState.OPEN
    assert state_at("open", end, end) is RequestState.EXPIRED
    assert [is_with_fallback(due, end, at) for at in (due - tick, due, end - tick, end)] == [
        False,
        True,
        True,
        False,
    ]


@given(st.integers(1, 100), st.integers(0, 10**12))
def test_percents_of_a_price(percent: int, price: int) -> None:
    cost = cost_of_percent(percent, price)
    assert abs(100 * cost - percent * price) <= 50
    assert cost <= price


@pytest.mark.parametrize(("quantity", "cost"), [(0, 1), (1, 0), (10**6, 10**12)])
def test_impossible_pieces(quantity: int, cost: int) -> None:
    with pytest.raises(ValueError, match="too large"):
        cost_of_pieces(quantity, cost)


def test_value_kept_by_strata() -> None:
    """By hand: A 10, 20 against 6, 8, 10; B 5 against 1, 3: 2/3 x 7 + 1/3 x 3 = 5.67."""
    values = np.array([10, 20, 6, 8, 10, 5, 1, 3, 99], dtype=np.float64)
    mine = np.array([1, 1, 0, 0, 0, 1, 0, 0, 1], dtype=np.bool_)
    strata = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2], dtype=np.int64)
    found = value_kept(strata_of(values, mine, strata, 3))
    assert (found.n, found.like, found.left_out, found.is_small) == (3, 5, 1, True)
    assert found.difference == pytest.approx(17 / 3)
    variance = (4 / 9) * (58 / 3) * (1 / 2 + 1 / 3) + (1 / 9) * 2 * (1 + 1 / 2)
    assert found.high is not None
    assert found.high - 17 / 3 == pytest.approx(2.7764451 * variance**0.5, rel=1e-6)  # t with 4 degrees


def test_value_kept_of_nobody() -> None:
    nothing = np.zeros(1)
    found = value_kept(Strata(np.ones(1), nothing, nothing, nothing, nothing))
    assert (found.n, found.left_out, found.difference, found.low) == (0, 1, None, None)
    same = value_kept(Strata(np.ones(1), np.ones(1), np.ones(1), np.ones(1), np.full(1, 2.0)))
    assert (same.difference, same.low, same.high) == (0.0, None, None)
