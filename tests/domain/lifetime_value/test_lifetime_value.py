"""Lifetime value: published values, the closed forms against what is drawn, and limits."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.churn import Histories, Parameters
from app.domain.churn.distributions.btyd import Model
from app.domain.lifetime_value import Buyers, Terms, contractual, gamma_gamma, interval, worth
from app.domain.lifetime_value.forecast import drawn
from app.domain.lifetime_value.gamma_gamma import Fit, NoFit, NoFitReason
from app.domain.lifetime_value.gamma_gamma import Parameters as SpendParameters

BG = Parameters(0.243, 4.414, 0.793, 2.426)
MBG = Parameters(0.52483801, 6.18299203, 0.89135607, 1.61399902)
SPEND = SpendParameters(6.25, 3.74, 15.44)


@pytest.fixture(scope="module")
def truths(reference_data: Path) -> Any:
    return json.loads((reference_data / "truths.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def summary(reference_data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Repeat purchases and their mean amount, CDNOW, as its authors published them."""
    with (reference_data / "cdnow_hardie_summary.csv").open(encoding="utf-8", newline="") as file:
        rows = [list(row.values()) for row in csv.DictReader(file)]
    return np.array([float(row[1]) for row in rows]), np.array([float(row[4]) for row in rows])


def test_contractual() -> None:
    assert contractual.worth(100, 0.9, 0.1, 3) == pytest.approx(203.53118, abs=5e-6)
    assert contractual.worth(100, 0.9, 0.1) == pytest.approx(450)
    assert contractual.worth(100, 0.9, 0.1, 400) == pytest.approx(450)
    assert contractual.worth(100, 0, 0.1, 9) == contractual.worth(100, 0.9, 0.1, 0) == 0
    each = contractual.worth(100, (1 - np.array([0.19, 1, 0])) ** (30 / 60), 0, 3)
    assert each.tolist() == pytest.approx([243.9, 0, 300])
    assert contractual.worth(100, np.empty(0), 0, 3).size == 0
    with pytest.raises(ValueError, match="must"):
        contractual.worth(100, np.array([0.5, 1.5]), 0, 3)


@pytest.mark.parametrize("arguments", [(1, 1.1, 0.1), (1, 0.9, -1), (1, 0.9, 0.1, -1), (1, 1, 0)], ids=str)
def test_contracts_that_make_no_sense(arguments: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"must|end"):
        contractual.worth(*arguments)


def test_gamma_gamma_of_cdnow(summary: tuple[np.ndarray, np.ndarray], truths: Any) -> None:
    found, truth = gamma_gamma.fit(*summary), truths["worked_examples"]["gg_fit"]
    assert isinstance(found, Fit)
    assert (found.n, found.excluded, found.warnings) == (truth["n"], 0, ())
    assert found.log_likelihood == pytest.approx(truth["LL"], abs=0.01)
    for name in ("p", "q", "gamma"):
        assert getattr(found, name) == pytest.approx(truth[name], rel=0.02)
    assert gamma_gamma.log_likelihood(found, *summary) == pytest.approx(found.log_likelihood, abs=1e-6)
    # In another unit the spread is the same and the scale another.
    cents = gamma_gamma.fit(summary[0], 100 * summary[1])
    assert isinstance(cents, Fit)
    assert (cents.p, cents.q, cents.gamma / 100) == pytest.approx((found.p, found.q, found.gamma), rel=1e-3)
    for row, expected in enumerate(truths["published"]["gg_first10_expected_spend"]):
        spend = gamma_gamma.expected_spend(found, summary[0][[row]], summary[1][[row]])
        assert spend[0] == pytest.approx(expected, rel=0.01)


def test_expected_spend() -> None:
    found = gamma_gamma.expected_spend(SPEND, [2, 0], [22.35, np.pi])
    assert found == pytest.approx([24.6637, 35.219], abs=0.01)
    assert SPEND.mean == pytest.approx(found[1])
    assert np.isnan(gamma_gamma.expected_spend(SpendParameters(1, 0.5, 1), [0], [0.0])[0])


def test_spend_is_drawn_toward_what_all_spend() -> None:
    few, many = gamma_gamma.expected_spend(SPEND, [1, 50], [100.0, 100.0])
    assert SPEND.mean < few < many < 100


def test_frequency_and_spend_must_be_independent() -> None:
    random = np.random.default_rng(1)
    x = random.integers(1, 20, 500)
    alone = gamma_gamma.fit(x, random.gamma(6, 5, 500))
    tied = gamma_gamma.fit(x, random.gamma(6, 5, 500) * x)
    assert isinstance(alone, Fit)
    assert isinstance(tied, Fit)
    assert "spend_depends_on_frequency" not in alone.warnings
    assert "spend_depends_on_frequency" in tied.warnings


def test_too_little_is_said() -> None:
    assert gamma_gamma.fit([1] * 9 + [0] * 90, [5.0] * 99) == NoFit(NoFitReason.TOO_FEW_CUSTOMERS, 9)
    assert gamma_gamma.fit([1] * 50, [5.0] * 50) == NoFit(NoFitReason.NO_SPREAD, 50)
    refunded = gamma_gamma.fit([1] * 50 + [2] * 3, [*np.linspace(1, 9, 50), 0, -5, 0])
    assert isinstance(refunded, Fit)
    assert (refunded.n, refunded.excluded) == (50, 3)
    with pytest.raises(ValueError, match="finite"):
        gamma_gamma.fit([1], [np.inf])
    with pytest.raises(ValueError, match="length"):
        gamma_gamma.fit([1], [1.0, 2.0])


def buyers() -> Buyers:
    histories = Histories([2, 0, 10, 1], [213, 0, 245, 40], [272, 272, 273, 272])
    return Buyers(histories, np.array([2.0, 0, 10, 1]), np.array([22.35, 0, 80, 11.77]))


@pytest.mark.parametrize(("model", "rate"), [(Model.BG_NBD, BG), (Model.MBG_NBD, MBG)], ids=["bg", "mbg"])
def test_what_is_drawn_has_the_mean_of_the_closed_form(model: Model, rate: Parameters) -> None:
    terms = Terms(horizon_days=273, margin=0.4, yearly_discount=0.15)
    mean = drawn(buyers(), rate, SPEND, terms, model, 200_000, 0).mean(axis=0)
    assert mean == pytest.approx(worth(buyers(), rate, SPEND, terms, model).value, rel=0.03)


def test_worth_of_cdnow_customers() -> None:
    found = worth(buyers(), BG, SPEND, Terms(horizon_days=273), Model.BG_NBD)
    assert found.purchases[:2] == pytest.approx([1.226028, 0.195098], abs=2e-4)
    assert found.value[0] == pytest.approx(1.226028 * 24.6637, rel=1e-3)


@given(st.integers(1, 2000), st.floats(0.01, 1), st.floats(0, 2))
def test_discount_and_margin_lower_it(days: int, margin: float, discount: float) -> None:
    plain = worth(buyers(), MBG, SPEND, Terms(days)).value
    found = worth(buyers(), MBG, SPEND, Terms(days, margin, discount)).value
    assert np.all(found <= margin * plain * (1 + 1e-9))
    assert np.all(found >= margin * plain * (1 + discount) ** (-days / 365) * (1 - 1e-9))


def test_intervals() -> None:
    terms = Terms(horizon_days=365)
    expected = worth(buyers(), MBG, SPEND, terms).value
    found = interval(buyers(), MBG, SPEND, terms)
    assert all(one.low <= value <= one.high for one, value in zip(found, expected, strict=True))
    assert found == interval(buyers(), MBG, SPEND, terms)
    # Most one-time buyers never come back: their value may well be nothing.
    assert found[1].low == 0
    nobody = Buyers(Histories([], [], []), np.empty(0), np.empty(0))
    assert worth(nobody, MBG, SPEND, terms).value.size == 0


@pytest.mark.parametrize("bad", [{"horizon_days": 0}, {"margin": 1.1}, {"yearly_discount": -1}], ids=str)
def test_terms_are_checked(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Terms(**bad)
