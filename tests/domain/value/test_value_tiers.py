import itertools
import json
import time
from uuid import UUID

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.value.next_tier import next_tier_distance, next_tier_steps
from app.domain.value.value_tiers import (
    DEFAULT_CUTS,
    STATES,
    Cuts,
    assign,
    cut_values,
    near_threshold,
    rank,
    summary,
    transitions,
)

WORKED = [600, 200, 100, 50, 30, 20, 0, -40]

# Small numbers make ties and exact hits of a cut; large ones make products beyond 64 bits.
SMALL = st.lists(st.integers(-20, 60), max_size=12)
LARGE = st.lists(st.integers(-(2**58), 2**58), max_size=12)
CUTS = st.integers(1, 99).flatmap(lambda a: st.builds(Cuts, st.just(a), st.integers(a + 1, 100)))
VALUES = SMALL | LARGE


def defined_tiers(values: list[int], cuts: Cuts) -> list[str]:
    """The definition, word for word."""
    total = sum(max(value, 0) for value in values)
    tiers = []
    for value in values:
        above = sum(other for other in values if other > max(value, 0))
        if value > 0 and 100 * above < cuts.a_percent * total:
            tiers.append("A")
        elif value > 0 and 100 * above < cuts.b_percent * total:
            tiers.append("B")
        else:
            tiers.append("C")
    return tiers


@pytest.mark.parametrize(
    ("values", "tiers"),
    [
        (WORKED, "AABBCCCC"),
        ([50, 30, 30, 20, 20, 20, 15, 15], "AAAAAABB"),
        ([10, 10, 10, 10, 10], "AAAAA"),
        ([800, 150, 50], "ABC"),
        ([7], "A"),
        ([0, -1], "CC"),
        ([], ""),
    ],
)
def test_worked_examples(values: list[int], tiers: str) -> None:
    assert "".join(assign(values)) == tiers


@given(VALUES, CUTS)
def test_tiers_are_as_defined(values: list[int], cuts: Cuts) -> None:
    assert assign(values, cuts).tolist() == defined_tiers(values, cuts)


@given(VALUES.flatmap(lambda values: st.tuples(st.just(values), st.permutations(range(len(values))))))
def test_input_order_is_irrelevant(case: tuple[list[int], list[int]]) -> None:
    values, order = case
    shuffled = assign([values[place] for place in order]).tolist()
    assert shuffled == [assign(values)[place] for place in order]


@given(VALUES)
def test_ties_share_a_tier_and_more_value_is_never_a_worse_one(values: list[int]) -> None:
    tiers = assign(values)
    for one, other in itertools.permutations(range(len(values)), 2):
        if values[one] == values[other]:
            assert tiers[one] == tiers[other]
        elif values[one] > values[other]:
            assert tiers[one] <= tiers[other]


def test_sums_up_to_the_end_of_64_bits_are_exact() -> None:
    part = (2**63 - 1) // 7  # without a rest
    values = [part] * 5 + [part - 1, part - 2, 3]
    assert assign(values).tolist() == defined_tiers(values, DEFAULT_CUTS) == list("AAAAAABC")
    assert summary(values).positive_total == 2**63 - 1
    for beyond in ([2**62, 2**62], [2**62, -(2**62)], [-(2**63)]):
        with pytest.raises(ValueError, match="64-bit sum"):
            rank(beyond)


@pytest.mark.parametrize("values", [[1.5], [True], ["1"], [2**63], [2**64], [[1, 2]]])
def test_values_must_be_whole_numbers(values: list[int]) -> None:
    with pytest.raises(ValueError, match="64-bit integers"):
        assign(values)


@pytest.mark.parametrize(("a", "b"), [(0, 95), (100, 100), (80, 80), (80, 79), (80, 101), (-1, 5)])
def test_cuts_out_of_order_are_refused(a: int, b: int) -> None:
    with pytest.raises(ValueError, match="percent must be"):
        Cuts(a, b)


def distances(values: list[int], cuts: Cuts = DEFAULT_CUTS) -> list[int | None]:
    steps = json.loads(json.dumps(next_tier_steps(values, cuts)))
    tiers = assign(values, cuts).tolist()
    return [next_tier_distance(value, tier, steps) for value, tier in zip(values, tiers, strict=True)]


def test_distance_worked_example() -> None:
    # 50 needs 100: customers above 99 hold 900 of 1049, customers above 100 hold 800 of 1050.
    assert distances(WORKED) == [None, None, 1, 50, 1, 10, 30, 70]


@given(VALUES, CUTS)
@example([0, 2**63 // 100 + 1], Cuts(1, 2))
def test_the_distance_is_the_least_that_moves_the_customer_up(values: list[int], cuts: Cuts) -> None:
    tiers = assign(values, cuts)
    for place, distance in enumerate(distances(values, cuts)):
        if distance is None:
            assert tiers[place] == "A"
            continue
        assert distance >= 1
        for more, rises in ((distance, True), (distance - 1, False)):
            changed = [*values[:place], values[place] + more, *values[place + 1 :]]
            assert (defined_tiers(changed, cuts)[place] < tiers[place]) is rises


def test_distance_without_any_positive_value() -> None:
    assert distances([0, -5]) == [1, 6]
    assert distances([]) == []


@pytest.mark.parametrize("tiers", [["A"], ["A", "B", "C"], ["A", "D"], ["A", ""], ["A", "AB"]])
def test_tiers_must_belong_to_the_values(tiers: list[str]) -> None:
    with pytest.raises(ValueError, match="tier"):
        cut_values([2, 1], np.array(tiers))


def test_cuts_are_the_smallest_values_of_their_tier() -> None:
    assert cut_values(WORKED, assign(WORKED)) == (200, 50)
    assert cut_values([10, 10], assign([10, 10])) == (10, None)
    assert cut_values([], assign([])) == (None, None)


def test_near_a_cut_means_within_ten_percent_of_it_on_either_side() -> None:
    values = [221, 220, 200, 180, 179, 56, 55, 50, 45, 44, 0, -200]
    assert near_threshold(values, 200, 50).tolist() == ["", "A", "A", "A", "", "", "B", "B", "B", "", "", ""]
    assert near_threshold(values, None, None).tolist() == [""] * 12
    assert near_threshold([97, 96, 95], 100, 92).tolist() == [
        "A",
        "A",
        "B",
    ]  # 96 is between
    assert near_threshold([900], 1000, 810).tolist() == ["A"]  # not within 10 % of 810
    with pytest.raises(ValueError, match="percent"):
        near_threshold(values, 200, 50, percent=101)


@given(VALUES, CUTS)
def test_near_is_as_defined_and_counted_so(values: list[int], cuts: Cuts) -> None:
    cut_a, cut_b = cut_values(values, assign(values, cuts))
    marks = near_threshold(values, cut_a, cut_b).tolist()
    for value, mark in zip(values, marks, strict=True):
        near = [
            (abs(value - cut), name)
            for name, cut in (("A", cut_a), ("B", cut_b))
            if cut is not None and 100 * abs(value - cut) <= 10 * cut
        ]
        assert mark == min(near, default=(0, ""))[1]
    found = summary(values, cuts)
    assert (found.near_a, found.near_b) == (marks.count("A"), marks.count("B"))


def test_transitions_worked_example() -> None:
    before, tiers_before = np.array([10, 20, 30, 40]), np.array(["A", "B", "C", "C"])
    now, tiers_now = np.array([20, 30, 40, 50]), np.array(["A", "C", "B", "C"])
    assert STATES == ("A", "B", "C", "none")
    assert transitions(before, tiers_before, now, tiers_now).tolist() == [
        [0, 0, 0, 1],  # 10 was A and is gone
        [1, 0, 0, 0],  # 20 rose from B
        [0, 1, 1, 0],  # 40 rose from C, 30 stayed
        [0, 0, 1, 0],  # 50 is new
    ]


RUN = st.dictionaries(st.uuids(), st.sampled_from("ABC"), max_size=8)


@given(RUN, RUN, st.dictionaries(st.uuids(), st.tuples(st.sampled_from("ABC"), st.sampled_from("ABC"))))
def test_transitions_count_every_customer_once(
    left: dict[UUID, str], came: dict[UUID, str], stayed: dict[UUID, tuple[str, str]]
) -> None:
    before = left | {id_: pair[0] for id_, pair in stayed.items()}
    now = came | {id_: pair[1] for id_, pair in stayed.items()}

    def columns(run: dict[UUID, str]) -> tuple[np.ndarray, np.ndarray]:
        ids = sorted(run)
        raw = b"".join(id_.bytes for id_ in ids)
        return np.frombuffer(raw, dtype="S16"), np.array([run[id_] for id_ in ids], dtype="<U1")

    expected = [[0] * 4 for _ in STATES]
    for id_ in before.keys() | now.keys():
        expected[STATES.index(before.get(id_, "none"))][STATES.index(now.get(id_, "none"))] += 1
    assert transitions(*columns(before), *columns(now)).tolist() == expected


def test_ids_of_sixteen_bytes_that_end_in_zeros_are_told_apart() -> None:
    ids = np.frombuffer(b"\x01" + bytes(15) + b"\x01" + bytes(14) + b"\x01", dtype="S16")
    tiers = np.array(["A", "B"])
    assert np.trace(transitions(ids, tiers, ids, tiers)) == 2


@pytest.mark.parametrize("ids", [[2, 1], [1, 1]])
def test_ids_must_ascend(ids: list[int]) -> None:
    tiers = np.array(["A", "B"])
    with pytest.raises(ValueError, match="ascending"):
        transitions(np.array(ids), tiers, np.array([1, 2]), tiers)


def test_summary_of_the_worked_example() -> None:
    found = summary(WORKED)
    assert (found.n, found.n_zero, found.n_negative) == (8, 1, 1)
    assert (found.positive_total, found.net_total) == (1000, 960)
    assert [
        (part.tier, part.customers, part.customer_share, part.value, part.value_share) for part in found.tiers
    ] == [
        ("A", 2, 0.25, 800, 0.8),
        ("B", 2, 0.25, 150, 0.15),
        ("C", 4, 0.5, 50, 0.05),
    ]
    assert (found.top1_share, found.top10_share, found.top20_share) == (0.6, 0.6, 0.8)
    assert found.gini == pytest.approx(0.6825)
    assert (found.cut_a, found.cut_b, found.near_a, found.near_b) == (200, 50, 1, 1)


def test_an_empty_store_has_no_shares() -> None:
    found = summary([])
    assert found.n == found.positive_total == found.net_total == 0
    assert all(part.customer_share is None and part.value_share is None for part in found.tiers)
    assert found.top1_share is found.top10_share is found.top20_share is found.gini is None
    assert found.pareto == found.lorenz == ()
    assert found.cut_a is found.cut_b is None


def test_customers_without_positive_value_have_no_value_shares() -> None:
    found = summary([0, -5])
    assert [part.customer_share for part in found.tiers] == [0, 0, 1]
    assert all(part.value_share is None for part in found.tiers)
    assert found.top20_share is found.gini is found.cut_a is None


@given(VALUES, CUTS)
def test_summary_agrees_with_the_tiers_and_shares_add_up(values: list[int], cuts: Cuts) -> None:
    found = summary(values, cuts)
    tiers = assign(values, cuts).tolist()
    assert [part.customers for part in found.tiers] == [tiers.count(name) for name in "ABC"]
    for part in found.tiers:
        mine = [value for value, tier in zip(values, tiers, strict=True) if tier == part.tier]
        assert part.value == sum(max(value, 0) for value in mine)
    assert (found.cut_a, found.cut_b) == cut_values(values, assign(values, cuts))
    assert sum(part.value for part in found.tiers) == found.positive_total
    assert found.net_total == sum(values)
    if values:
        assert sum(part.customer_share or 0 for part in found.tiers) == pytest.approx(1)
    if found.positive_total:
        assert sum(part.value_share or 0 for part in found.tiers) == pytest.approx(1)


def test_a_million_customers_take_less_than_two_seconds() -> None:
    random = np.random.default_rng(1)
    values = (random.lognormal(8, 1.5, 1_000_000) * 100).astype(np.int64) - 2000
    ids = np.arange(values.size)
    start = time.process_time()
    ranked = rank(values)
    tiers = assign(ranked)
    next_tier_steps(ranked)
    summary(ranked)
    near_threshold(ranked, *cut_values(ranked, tiers))
    transitions(ids, tiers, ids, tiers)
    assert time.process_time() - start < 2
