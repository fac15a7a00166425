"""BG/NBD and MBG/NBD: published values, properties, and what they say of too little data."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.churn import Fit, Histories, NoFit, NoFitReason, Parameters
from app.domain.churn.distributions import bg_nbd, mbg_nbd

PUBLISHED = Parameters(0.243, 4.414, 0.793, 2.426)
MBG = Parameters(0.52483801, 6.18299203, 0.89135607, 1.61399902)


@pytest.fixture(scope="module")
def units(reference_data: Path) -> Any:
    return json.loads((reference_data / "truths.json").read_text(encoding="utf-8"))["worked_examples"]


def test_published_parameters_of_cdnow() -> None:
    x, t_x, t = [2, 0], [30.43, 0.0], [38.86, 38.86]
    assert bg_nbd.p_alive(PUBLISHED, x, t_x, t).round(6).tolist() == [0.726579, 1.0]
    assert bg_nbd.p_active(PUBLISHED, x, t_x, t, 39).round(6).tolist() == [0.554627, 0.144551]
    assert bg_nbd.p_active(PUBLISHED, x, t_x, t, 13).round(6).tolist() == [0.323491, 0.061837]
    assert bg_nbd.expected_purchases(PUBLISHED, x, t_x, t, 39).round(6).tolist() == [1.226028, 0.195098]


def test_reference_tables(units: Any) -> None:
    truth, mbg = units["bgnbd"], units["mbg"]
    of = truth["x"], truth["tx"], truth["T"]
    assert bg_nbd.p_alive(PUBLISHED, *of) == pytest.approx(truth["palive"], abs=1e-6)
    assert bg_nbd.p_active(PUBLISHED, *of, 39) == pytest.approx(truth["pactive39"], abs=1e-6)
    assert bg_nbd.p_active(PUBLISHED, *of, 13) == pytest.approx(truth["pactive13"], abs=1e-6)
    assert bg_nbd.expected_purchases(PUBLISHED, *of, 39) == pytest.approx(truth["cet39"], abs=1e-6)
    assert mbg_nbd.p_alive(MBG, *of) == pytest.approx(mbg["palive"], abs=1e-6)
    assert mbg_nbd.p_active(MBG, *of, 39) == pytest.approx(mbg["pactive39"], abs=1e-6)


@pytest.mark.parametrize(
    ("histories", "reason"),
    [
        (Histories([], [], []), NoFitReason.NO_CUSTOMERS),
        (Histories([1], [3], [9]), NoFitReason.TOO_FEW_CUSTOMERS),
        (Histories([0] * 500, [0] * 500, [9] * 500), NoFitReason.TOO_FEW_REPEAT_BUYERS),
    ],
    ids=["nobody", "one", "nobody_came_back"],
)
def test_too_little_data_is_no_fit(histories: Histories, reason: NoFitReason) -> None:
    assert mbg_nbd.fit(histories) == NoFit(reason, len(histories))


def drawn(seed: int, n: int = 3000) -> Histories:
    random = np.random.default_rng(seed)
    t = random.integers(1, 400, n)
    x = np.minimum(random.poisson(random.gamma(0.5, 2.0, n)), t)
    t_x = np.where(x > 0, np.clip((t * random.random(n)).astype(np.int64), x, t), 0)
    return Histories(x, t_x, t)


def test_the_order_of_customers_does_not_matter() -> None:
    histories = drawn(1)
    order = np.random.default_rng(2).permutation(len(histories))
    assert mbg_nbd.fit(histories) == mbg_nbd.fit(histories.take(order))


def test_the_fit_is_a_maximum() -> None:
    histories = drawn(3)
    fitted = mbg_nbd.fit(histories)
    assert isinstance(fitted, Fit)
    assert mbg_nbd.log_likelihood(fitted, histories) == pytest.approx(fitted.log_likelihood, abs=1e-6)
    for name in ("r", "alpha", "a", "b"):
        for factor in (0.97, 1.03):
            moved = {one: getattr(fitted, one) for one in ("r", "alpha", "a", "b")}
            moved[name] *= factor
            assert mbg_nbd.log_likelihood(Parameters(**moved), histories) <= fitted.log_likelihood + 1e-6


@given(st.integers(0, 50), st.integers(0, 2000), st.integers(0, 2000), st.integers(1, 400))
def test_probabilities_are_probabilities_and_silence_never_helps(
    x: int, since: int, silence: int, horizon: int
) -> None:
    t_x = max(since, x) if x else 0
    sooner = Histories([x], [t_x], [t_x + silence])
    later = Histories([x], [t_x], [t_x + silence + 30])
    q, q_later = (float(mbg_nbd.q(MBG, one, horizon)[0]) for one in (sooner, later))
    assert 0 <= q <= q_later <= 1
