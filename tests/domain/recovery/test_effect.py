"""The effect of recovery: worked examples, like beside like, and intervals that hold the truth."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.common.arrays import FloatArray, IntArray
from app.domain.recovery.effect import (
    COMPARED,
    Compared,
    CustomerGroup,
    RecoveryComparison,
    RecoveryOutcome,
    RecoveryVerdict,
    compare,
    is_paradox,
)
from app.domain.recovery.matching import CELLS, LEAST_IN_STRATUM, cells, strata

RECOVERED, NO_FAILURE, NOT_RECOVERED = [9, 8, 10, 9, 8], [8, 7, 9, 8, 8, 7], [3, 4, 2, 5]
Columns = tuple[IntArray, FloatArray]


def alike(values: list[int]) -> Columns:
    """Customers who are all of one cell."""
    return np.zeros(len(values), dtype=np.int64), np.array(values, dtype=np.float64)


def returned(hits: int, n: int, cell: int = 0) -> Columns:
    return np.full(n, cell), (np.arange(n) < hits).astype(np.float64)


def joined(*parts: Columns) -> Columns:
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def points(first: list[int], second: list[int]) -> Compared:
    return compare(RecoveryOutcome.SATISFACTION, alike(first), alike(second), weigh_both=False)


def shares(first: Columns, second: Columns, *, weigh_both: bool = False) -> Compared:
    return compare(RecoveryOutcome.RETURNED, first, second, weigh_both=weigh_both)


def ends(compared: Compared, digits: int = 3) -> tuple[float, float, float]:
    assert compared.found is not None
    low, high = compared.found.low, compared.found.high
    assert low is not None
    assert high is not None
    return round(compared.found.difference, digits + 1), round(low, digits), round(high, digits)


def test_a_handful_recovered_is_no_paradox() -> None:
    said = points(RECOVERED, NO_FAILURE)
    assert ends(said) == (0.9667, -0.145, 2.078)
    assert said.verdict is RecoveryVerdict.TOO_FEW
    assert not is_paradox(said)


def test_failure_cost_and_recovery_gain_of_the_worked_example() -> None:
    assert ends(points(NOT_RECOVERED, NO_FAILURE)) == (-4.3333, -6.252, -2.414)
    assert ends(points(RECOVERED, NOT_RECOVERED)) == (5.3, 3.375, 7.225)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ((280, 800), (50, 200), (0.1, 0.0280, 0.1644)),
        ((5, 40), (0, 10), (0.125, -0.1613, 0.2611)),
    ],
)
def test_in_one_stratum_shares_have_newcombes_interval(
    first: tuple[int, int], second: tuple[int, int], said: tuple[float, float, float]
) -> None:
    assert ends(shares(returned(*first), returned(*second)), 4) == pytest.approx(said)


def test_a_paradox_needs_thirty_in_each_group_and_an_interval_above_zero() -> None:
    assert is_paradox(points([9, 10] * 15, [6, 7] * 15))
    assert not is_paradox(points([9, 10] * 15, [6, 7] * 14))
    assert not is_paradox(points([6, 7] * 15, [9, 10] * 15))
    assert points([6, 7] * 15, [9, 10] * 15).verdict is RecoveryVerdict.LOWER
    assert points([6, 7] * 15, [7, 6] * 15).verdict is RecoveryVerdict.NO_EVIDENCE


def test_nothing_is_claimed_where_nothing_varies_or_a_group_is_empty() -> None:
    said = points([5] * 40, [5] * 40)
    assert (said.found and said.found.low, said.verdict) == (None, RecoveryVerdict.NO_EVIDENCE)
    nobody = points([], [5] * 40)
    assert (nobody.found, nobody.strata, nobody.verdict) == (None, 0, RecoveryVerdict.TOO_FEW)


def test_customers_of_another_kind_do_not_pass_for_an_effect() -> None:
    """In each kind as many return; more of the recovered are of the loyal kind."""
    recovered = joined(returned(160, 200, 0), returned(10, 50, 26))
    others = joined(returned(160, 200, 0), returned(160, 800, 26))
    said = shares(recovered, others)
    assert said.strata == 2
    assert said.found is not None
    assert said.found.difference == pytest.approx(0)
    assert said.verdict is RecoveryVerdict.NO_EVIDENCE
    bare = shares((np.zeros(250, dtype=np.int64), recovered[1]), (np.zeros(1000, dtype=np.int64), others[1]))
    assert bare.verdict is RecoveryVerdict.HIGHER


def test_strata_weigh_as_the_customers_with_a_failure() -> None:
    first = joined(returned(60, 100, 0), returned(40, 160, 1))
    second = joined(returned(20, 40, 0), returned(30, 200, 1))
    said = shares(first, second, weigh_both=True)
    assert ends(said, 4) == (0.1, 0.0196, 0.1772)
    of_first = shares(first, second).found
    assert of_first is not None
    assert of_first.second == pytest.approx((100 * 0.5 + 160 * 0.15) / 260)


@given(st.lists(st.lists(st.integers(0, CELLS - 1), max_size=100), min_size=1, max_size=2), st.integers(1, 8))
def test_each_stratum_has_every_group_and_keeps_the_order(groups: list[list[int]], least: int) -> None:
    cells_of = [np.array(group, dtype=np.int64) for group in groups]
    found = strata(cells_of, least)
    assert set(np.diff(found).tolist()) <= {0, 1}
    several = int(found.max()) > 0
    for cell in cells_of:
        counts = Counter(found[cell].tolist())
        assert not several or all(counts[stratum] >= least for stratum in set(found.tolist()))


def test_a_few_who_failed_are_held_against_their_own_like() -> None:
    """Three of them in each cell are too few for a stratum of their own, but not their like without."""
    shares_by_cell = np.linspace(0.9, 0.1, CELLS).round(1)
    without = joined(*(returned(round(100 * share), 100, cell) for cell, share in enumerate(shares_by_cell)))
    failed = joined(*(returned(round(3 * share), 3, cell) for cell, share in enumerate(shares_by_cell)))
    said = shares(failed, without)
    assert said.strata == CELLS
    assert said.found is not None
    assert said.found.second == pytest.approx(shares_by_cell.mean())
    assert said.found.first == pytest.approx(failed[1].mean())


def test_cells_are_tier_then_recency_then_number() -> None:
    tiers = np.repeat(np.array(["A", "B", "C"]), 9)
    days, purchases = np.tile(np.repeat([30, 90, 91], 3), 3), np.tile([4, 2, 1], 9)
    assert cells(tiers, days, purchases).tolist() == list(range(CELLS))
    assert LEAST_IN_STRATUM == 5


# --- simulated companies

SEEDS = 400
HELD = 0.925 * SEEDS


class Company:
    """Customers of many kinds; failures, and being recovered, fall on the better kinds more often.

    ``returns`` is what recovery adds to the probability of a return, ``pleases`` what it adds in points,
    against those not recovered; ``costs`` what a failure that is not put right takes of the probability.
    """

    def __init__(self, seed: int, *, returns: float, costs: float, pleases: float) -> None:
        rng = np.random.default_rng(seed)
        rank = np.linspace(1, 4, CELLS)
        without = rng.choice(CELLS, 3000, p=rank / rank.sum())
        failed = rng.choice(CELLS, 600, p=rank[::-1] / rank.sum())
        recovered = rng.random(600) < np.linspace(0.8, 0.4, CELLS)[failed]
        group = np.concatenate([np.zeros(3000, dtype=np.int64), np.where(recovered, 1, 2)])
        self.cell = np.concatenate([without, failed])
        kind = np.linspace(0.6, 0.2, CELLS)[self.cell]
        chance = kind + np.array([0.0, returns - costs, -costs])[group]
        self.returned = (rng.random(3600) < chance).astype(np.float64)
        mood = 100 * kind + np.array([0.0, pleases, 0.0])[group] + rng.normal(0, 20, 3600)
        self.points = np.clip(mood, 0, 200)
        self.group = group

    def columns(self, group: CustomerGroup, values: FloatArray) -> Columns:
        rows = self.group == list(CustomerGroup).index(group)
        return self.cell[rows], values[rows]

    def compared(self, comparison: RecoveryComparison, outcome: RecoveryOutcome) -> Compared:
        first, second = COMPARED[comparison]
        values = self.returned if outcome is RecoveryOutcome.RETURNED else self.points
        both = second is not CustomerGroup.NO_FAILURE
        return compare(outcome, self.columns(first, values), self.columns(second, values), weigh_both=both)


def held(compared: Compared, truth: float) -> bool:
    found = compared.found
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    return found.low <= truth <= found.high


def companies(**planted: float) -> Iterator[Company]:
    return (Company(seed, **planted) for seed in range(SEEDS))


def test_a_planted_effect_of_recovery_is_held_by_its_interval() -> None:
    """Recovery brings 8 points of return and 5 of satisfaction; a failure costs 8 points of return."""
    counted: Counter[tuple[RecoveryComparison, RecoveryOutcome]] = Counter()
    truths = {
        (RecoveryComparison.RECOVERY_GAIN, RecoveryOutcome.RETURNED): 0.08,
        (RecoveryComparison.FAILURE_COST, RecoveryOutcome.RETURNED): -0.08,
        (RecoveryComparison.PARADOX, RecoveryOutcome.RETURNED): 0.0,
        (RecoveryComparison.RECOVERY_GAIN, RecoveryOutcome.SATISFACTION): 5.0,
    }
    for company in companies(returns=0.08, costs=0.08, pleases=5.0):
        for (comparison, outcome), truth in truths.items():
            counted[comparison, outcome] += held(company.compared(comparison, outcome), truth)
    assert {key: n for key, n in counted.items() if n < HELD} == {}
    assert len(counted) == len(truths)


def test_without_an_effect_there_is_no_evidence() -> None:
    counted: Counter[tuple[RecoveryComparison, RecoveryOutcome]] = Counter()
    for company in companies(returns=0.0, costs=0.0, pleases=0.0):
        for comparison in RecoveryComparison:
            for outcome in RecoveryOutcome:
                verdict = company.compared(comparison, outcome).verdict
                counted[comparison, outcome] += verdict is RecoveryVerdict.NO_EVIDENCE
    assert {key: n for key, n in counted.items() if n < HELD} == {}
    assert len(counted) == len(RecoveryComparison) * len(RecoveryOutcome)


def test_thrown_together_the_same_companies_would_show_effects_that_are_not_there() -> None:
    """What the matching is for: without it most simulated companies seem to have a paradox."""
    wrong = 0
    for company in (Company(seed, returns=0.0, costs=0.0, pleases=0.0) for seed in range(50)):
        company.cell = np.zeros_like(company.cell)
        said = company.compared(RecoveryComparison.PARADOX, RecoveryOutcome.RETURNED)
        wrong += said.verdict is RecoveryVerdict.HIGHER
    assert wrong > 40
