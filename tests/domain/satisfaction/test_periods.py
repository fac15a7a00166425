"""A list of periods is judged as a whole: few false alarms, and a real change is found where it is."""

from collections.abc import Sequence

import numpy as np
import pytest

from app.domain.satisfaction import INDICES
from app.domain.satisfaction.change import Change, Verdict
from app.domain.satisfaction.model import IndexResult
from app.domain.satisfaction.periods import judge_means, judge_nps, judge_shares


def csat(hits: int, n: int) -> IndexResult:
    return IndexResult("csat", n, hits / n if n else None, None, None, None, {}, {"satisfied": hits})


def nps(promoters: int, detractors: int, n: int) -> IndexResult:
    score = 100 * (promoters - detractors) / n if n else None
    parts = {"promoters": promoters, "passives": n - promoters - detractors, "detractors": detractors}
    return IndexResult("nps", n, score, None, None, None, {}, parts)


def ces(points: Sequence[float]) -> IndexResult:
    values = np.array(points)
    variance = float(values.var(ddof=1)) if values.size > 1 else None
    return IndexResult("ces", values.size, float(values.mean()), None, None, variance, {}, {})


FALL = [csat(80, 100)] * 6 + [csat(70, 100)] * 6


def test_worked_example_of_a_fall() -> None:
    found = judge_shares(FALL, "satisfied")
    assert found is not None
    assert (found.changed, found.since, found.periods, found.lists) == (True, 6, 12, 1)
    assert (found.before, found.after) == pytest.approx((0.8, 0.7))
    assert found.statistic == pytest.approx(-3.9889, abs=1e-4)
    assert found.limit == pytest.approx(2.93, abs=0.06)
    assert found.steps[6] == pytest.approx(-1.6065, abs=1e-4)
    assert found.step_limit == pytest.approx(3.0, abs=0.1)


def test_worked_example_of_three_small_months() -> None:
    found = judge_shares([csat(8, 10), csat(9, 10), csat(7, 10)], "satisfied")
    assert found is not None
    assert (found.changed, found.since, found.before, found.after) == (False, None, None, None)
    assert found.statistic == pytest.approx(-0.9953, abs=1e-4)
    assert found.limit == pytest.approx(2.24, abs=0.06)


@pytest.mark.parametrize("code", ["csat", "nps", "ces"])
def test_two_periods_are_compared_as_two(code: str) -> None:
    two = {
        "csat": [csat(8, 10), csat(0, 0), csat(9, 10)],
        "nps": [nps(5, 2, 10), nps(5, 2, 10)],
        "ces": [ces([50, 100]), ces([0, 100])],
    }[code]
    assert INDICES[code].judge_list(two) is None
    assert INDICES[code].judge_list([]) is None


def test_a_step_alone_is_a_change_without_a_since() -> None:
    months = [csat(80, 100)] * 12
    months[5] = csat(50, 100)
    found = judge_shares(months, "satisfied")
    assert found is not None
    assert (found.changed, found.since) == (True, None)
    assert found.change_at(5, Change(-0.3)).verdict is Verdict.CHANGED
    assert found.change_at(3, Change(0.0)).verdict is Verdict.NOISE
    assert found.change_at(0, Change(None)) == Change(None)


def test_months_without_answers_are_passed_over() -> None:
    gap = [*FALL[:6], csat(0, 0), *FALL[6:]]
    found, without = judge_shares(gap, "satisfied"), judge_shares(FALL, "satisfied")
    assert found is not None
    assert without is not None
    assert (found.since, found.statistic, found.periods) == (7, without.statistic, 12)
    assert set(found.steps) == {1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12}


def test_several_lists_share_the_false_alarms() -> None:
    one, ten = judge_shares(FALL, "satisfied"), judge_shares(FALL, "satisfied", lists=10)
    assert one is not None
    assert ten is not None
    assert ten.limit > one.limit + 0.3
    assert ten.step_limit > one.step_limit + 0.3


def test_the_same_list_has_the_same_limits_and_order_matters_only_for_the_place() -> None:
    found, again = judge_shares(FALL, "satisfied"), judge_shares(FALL, "satisfied")
    back = judge_shares(FALL[::-1], "satisfied")
    assert found == again
    assert found is not None
    assert back is not None
    assert back.statistic == pytest.approx(-found.statistic)
    assert (back.before, back.after) == pytest.approx((found.after, found.before))


def test_all_the_same_answers_change_nothing() -> None:
    for months in ([csat(10, 10)] * 5, [csat(0, 10)] * 5):
        found = judge_shares(months, "satisfied")
        assert found is not None
        assert not found.changed
    unbounded = judge_means([ces([50.0, 50.0])] * 4, None, None)
    assert unbounded is not None
    assert (unbounded.changed, unbounded.statistic) == (False, 0.0)


LISTS = 150


@pytest.mark.parametrize(
    ("share", "n", "months"), [(0.5, 10, 12), (0.8, 100, 24), (0.95, 30, 12), (0.99, 1000, 12)]
)
def test_few_lists_of_shares_without_a_change_are_called_changed(share: float, n: int, months: int) -> None:
    drawn = np.random.default_rng(months + n).binomial(n, share, (LISTS, months))
    alarms = sum(judge_shares([csat(int(hits), n) for hits in row], "satisfied").changed for row in drawn)  # type: ignore[union-attr]
    assert alarms / LISTS <= 0.09  # 7 %, and what so few lists vary by


@pytest.mark.parametrize("n", [20, 200])
def test_few_lists_of_promoter_scores_without_a_change_are_called_changed(n: int) -> None:
    drawn = np.random.default_rng(n).multinomial(n, [0.45, 0.35, 0.2], (LISTS, 12))
    alarms = sum(
        judge_nps([nps(int(up), int(down), n) for up, _, down in row]).changed  # type: ignore[union-attr]
        for row in drawn
    )
    assert alarms / LISTS <= 0.09


@pytest.mark.parametrize("n", [10, 100])
def test_few_lists_of_means_without_a_change_are_called_changed(n: int) -> None:
    points = np.arange(7) / 6 * 100
    drawn = np.random.default_rng(n).choice(points, (LISTS, 12, n), p=[0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.3])
    alarms = sum(judge_means([ces(month) for month in row], 0, 100).changed for row in drawn)  # type: ignore[union-attr]
    assert alarms / LISTS <= 0.09


def test_a_fall_of_ten_points_is_found_in_its_month() -> None:
    random = np.random.default_rng(5)
    found = [
        judge_shares(
            [csat(int(hits), 100) for hits in random.binomial(100, [0.8] * 6 + [0.7] * 6)], "satisfied"
        )
        for _ in range(LISTS)
    ]
    since = [one.since for one in found if one is not None and one.since is not None]
    assert sum(one is not None and one.changed for one in found) / LISTS >= 0.86
    assert len(since) / LISTS >= 0.86
    assert np.mean([abs(place - 6) <= 1 for place in since]) >= 0.8
