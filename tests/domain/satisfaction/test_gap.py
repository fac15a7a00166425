"""Gaps to competitors: how sure they are, and what of them demandingness explains."""

from dataclasses import replace
from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from index_helpers import filled_in, one_question

from app.domain.satisfaction import INDICES
from app.domain.satisfaction.change import share_change
from app.domain.satisfaction.competitor_measurements import Measurement
from app.domain.satisfaction.expectation import adjust, fit, latest, quadrants, reference
from app.domain.satisfaction.gap import (
    Basis,
    GapVerdict,
    NotCorrected,
    NoVerdict,
    Precision,
    corrected,
    gap,
    not_corrected,
    own_precision,
    reported_precision,
)
from app.domain.satisfaction.intervals import welch
from app.domain.satisfaction.model import Adjustment, Items, Options

OURS = Precision(14 / sqrt(250), 249, Basis.SD_AND_N)
TOLD = Measurement(66.2, n=412, sd=17.5, expectation_mean=64.8)
LEARNED = Adjustment(250, 0.7, 70.0, 70.0, 72.0, is_unadjusted=False, beta_error=0.05)


def test_worked_example() -> None:
    found = gap(72.0, OURS, TOLD.value, reported_precision("composite", TOLD))
    assert (found.difference, found.statistic) == pytest.approx((5.8, 4.693126))
    assert (found.low, found.high) == pytest.approx((3.372977, 8.227023))
    assert (found.verdict, found.reason) == (GapVerdict.DIFFERS, None)
    value, sure = corrected(TOLD, reported_precision("composite", TOLD), LEARNED)
    fair = gap(72.0, OURS, value, sure)
    assert (value, fair.difference, fair.statistic) == pytest.approx((69.84, 2.16, 1.710344))
    assert fair.verdict is GapVerdict.NOISE


def test_a_gap_of_means_is_that_of_welch() -> None:
    found = gap(72.0, OURS, 66.2, reported_precision("composite", TOLD))
    expected = welch((66.2, 17.5**2, 412), (72.0, 14.0**2, 250))
    assert expected is not None
    assert (found.standard_error, found.critical) == pytest.approx(
        (expected.standard_error, expected.critical)
    )
    assert (found.low, found.high) == pytest.approx(expected.interval)


def test_a_gap_of_shares_is_near_that_of_two_periods() -> None:
    answers = one_question([5] * 140 + [1] * 60)
    ours = INDICES["csat"].overall(answers)
    found = gap(ours.score, own_precision(ours), 0.78, reported_precision("csat", Measurement(0.78, n=400)))
    assert (found.difference, found.critical) == pytest.approx((-0.08, 1.96))
    assert (found.low, found.high) == pytest.approx((-0.155206, -0.004794), abs=1e-6)
    known = share_change(312, 400, 140, 200)
    assert found.statistic == pytest.approx(known.statistic, abs=0.15)


@pytest.mark.parametrize(
    ("index", "told", "error", "basis"),
    [
        ("csat", Measurement(0.78, n=400), 0.0207075, Basis.SHARE_AND_N),
        ("csat", Measurement(1.0, n=10), sqrt(11 / 12 * 1 / 12 / 12), Basis.SHARE_AND_N),
        ("csat", Measurement(0.78, n=400, sd=0.4), 0.02, Basis.SD_AND_N),
        ("csat", Measurement(0.78, n=400, sd=0.4, low=0.74, high=0.82), 0.08 / 3.919928, Basis.INTERVAL),
        ("nps", Measurement(30.0, n=400), 4.745673, Basis.N_AT_MOST),
        ("nps", Measurement(100.0, n=400), 0.525074, Basis.N_AT_MOST),
        ("nps", Measurement(30.0, low=24.0, high=38.0), 14 / 3.919928, Basis.INTERVAL),
        ("composite", TOLD, 0.862163, Basis.SD_AND_N),
    ],
)
def test_errors_of_what_is_told(index: str, told: Measurement, error: float, basis: Basis) -> None:
    found = reported_precision(index, told)
    assert found.error == pytest.approx(error, rel=1e-4)
    assert (found.basis, found.unknown) == (basis, None)


@pytest.mark.parametrize(
    ("index", "told", "reason"),
    [
        ("csat", Measurement(0.78), NoVerdict.SAMPLE_UNKNOWN),
        ("nps", Measurement(30.0, sd=60.0), NoVerdict.SAMPLE_UNKNOWN),
        ("ces", Measurement(70.0, n=400), NoVerdict.SPREAD_UNKNOWN),
        ("expectation", Measurement(70.0, n=400), NoVerdict.SPREAD_UNKNOWN),
        ("csat", Measurement(0.75, n=4), NoVerdict.FEW_ANSWERS),
        ("composite", Measurement(70.0, n=4, low=60, high=80), NoVerdict.FEW_ANSWERS),
        ("composite", Measurement(70.0, low=70, high=70), NoVerdict.SAMPLE_UNKNOWN),
    ],
)
def test_what_tells_no_error(index: str, told: Measurement, reason: NoVerdict) -> None:
    sure = reported_precision(index, told)
    assert (sure.error, sure.unknown) == (None, reason)
    found = gap(0.5, OURS, told.value, sure)
    assert (found.difference, found.verdict, found.reason) == (0.5 - told.value, None, reason)


def test_what_our_own_answers_do_not_tell() -> None:
    csat, composite = INDICES["csat"], INDICES["composite"]
    options = Options(items=Items.of(1))
    for result, reason in (
        (csat.overall(one_question([])), NoVerdict.NO_OWN_ANSWERS),
        (csat.overall(one_question([5, 5, 5, 5])), NoVerdict.FEW_OWN_ANSWERS),
        (composite.overall(filled_in([[5]] * 8), options), NoVerdict.OWN_SPREAD_UNKNOWN),
    ):
        sure = own_precision(result)
        assert (sure.error, sure.unknown) == (None, reason)
        found = gap(result.score, sure, 0.5, Precision(0.02))
        assert (found.verdict, found.reason) == (None, reason)
        assert (found.difference is None) == (result.score is None)
    assert own_precision(csat.overall(one_question([5] * 5))).error is not None


def test_the_greatest_error_of_a_score_is_no_less_than_the_true_one() -> None:
    nps = INDICES["nps"]
    for up, down in ((5, 2), (60, 40), (10, 0), (0, 10), (1, 1)):
        answers = one_question([10] * up + [0] * down + [8] * 7, (0, 10))
        ours = nps.overall(answers)
        assert ours.score is not None
        true = own_precision(ours).error
        told = reported_precision("nps", Measurement(ours.score, n=ours.n))
        assert told.error is not None
        assert true is not None
        assert told.error >= true


FIGURES = st.floats(0, 100)
ERRORS = st.floats(1e-3, 50)


@given(FIGURES, FIGURES, ERRORS, ERRORS, st.sampled_from([4.0, 30.0, inf]))
def test_a_gap_is_real_when_its_interval_is_off_zero(
    own: float, theirs: float, one: float, other: float, degrees: float
) -> None:
    found = gap(own, Precision(one, degrees), theirs, Precision(other))
    back = gap(theirs, Precision(other), own, Precision(one, degrees))
    assert found.low is not None
    assert found.high is not None
    assert found.critical is not None
    assert found.low <= own - theirs <= found.high
    assert back.statistic == pytest.approx(-(found.statistic or 0.0))
    assert 1.95 < found.critical < 2.8
    assume(min(abs(found.low), abs(found.high)) > 1e-9)
    assert (found.verdict is GapVerdict.DIFFERS) == (found.low > 0 or found.high < 0)


def test_numbers_too_small_to_square_are_no_certainty() -> None:
    found = gap(1e-300, Precision(1e-300), 0.0, Precision(1e-300))
    assert found.reason is NoVerdict.SPREAD_UNKNOWN


def test_why_a_figure_is_not_corrected() -> None:
    assert not_corrected(TOLD, LEARNED) is None
    unknown = replace(TOLD, expectation_mean=None)
    assert not_corrected(unknown, LEARNED) is NotCorrected.EXPECTATION_UNKNOWN
    assert not_corrected(TOLD, replace(LEARNED, is_unadjusted=True)) is NotCorrected.BETA_UNKNOWN
    nobody = Adjustment(0, 0.0, None, None, None, is_unadjusted=True)
    assert not_corrected(TOLD, nobody) is NotCorrected.BETA_UNKNOWN


def test_customers_who_expect_as_much_as_ours_need_no_correction() -> None:
    sure = reported_precision("composite", TOLD)
    same = replace(TOLD, expectation_mean=70.0)
    assert corrected(same, sure, LEARNED) == (66.2, Precision(sure.error, sure.degrees, sure.basis))
    unsure = Precision(unknown=NoVerdict.SAMPLE_UNKNOWN)
    assert corrected(TOLD, unsure, LEARNED)[1] == unsure


def test_the_error_of_beta_is_that_of_least_squares() -> None:
    satisfaction, expected = np.array([50.0, 60, 70, 80, 90]), np.array([40.0, 80, 60, 90, 80])
    found = fit(satisfaction, expected, min_n=5)
    left = adjust(satisfaction, expected, found) - satisfaction.mean()
    squares = float(((expected - expected.mean()) ** 2).sum())
    assert found.beta_error == pytest.approx(sqrt(float(left @ left) / 3 / squares))
    assert fit(satisfaction, expected).beta_error is None
    assert fit(satisfaction[:2], expected[:2], min_n=2).beta_error is None


BOTH = Items.of(2, weight=[1, 0], expectation_weight=[0, 1])
OPTIONS = Options(items=BOTH, min_n=3)


def test_the_reference_is_what_the_index_adjusts_by() -> None:
    answers = filled_in([[6, 5], [10, 9], [3, 9], [None, 5], [8, 2]])
    learned, whole = reference(answers, OPTIONS), INDICES["expectation"].overall(answers, OPTIONS)
    assert (learned.n, learned.beta) == (whole.parts["reference_n"], whole.parts["beta"])
    assert learned.expectation_mean == pytest.approx(whole.parts["expectation_mean"])


def test_the_latest_response_with_both_speaks_for_a_customer() -> None:
    responses = [[10, 10], [1, 1], [4, None], [10, 1], [5, 5]]
    answers = filled_in(responses, customers=[0, 0, 0, 2, -1])
    found = latest(answers, OPTIONS, 3)
    assert found.satisfaction.tolist() == pytest.approx([0.0, np.nan, 100.0], nan_ok=True)
    assert found.expectation.tolist() == pytest.approx([0.0, np.nan, 0.0], nan_ok=True)
    assert found.answered_micros.tolist() == [1, 0, 3]


def test_quadrants_have_their_edges() -> None:
    learned = replace(LEARNED, expectation_median=70.0)
    satisfaction, expected = np.array([69.99, 70.0, 69.99, 70.0]), np.array([69.99, 69.99, 70.0, 70.0])
    assert quadrants(satisfaction, expected, learned).tolist() == [0, 1, 2, 3]
    nobody = replace(LEARNED, expectation_median=None)
    assert quadrants(satisfaction, expected, nobody).tolist() == [0, 1, 0, 1]
