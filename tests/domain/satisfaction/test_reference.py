"""Indices against real answers: ECSI mobile phones, NPS test data, a call centre."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from index_helpers import filled_in, one_question

from app.domain.satisfaction import INDICES
from app.domain.satisfaction.model import Answers, IndexResult, Items, Options
from app.domain.satisfaction.reliability import cronbach_alpha
from app.domain.satisfaction.shrinkage import shrink_results

SHARE = 1e-4
POINTS = 1e-3


@pytest.fixture(scope="module")
def truths(reference_data: Path) -> Any:
    return json.loads((reference_data / "truths.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def mobi(reference_data: Path) -> dict[str, list[int]]:
    """Columns of the ECSI survey, 250 customers, every item 1-10."""
    with (reference_data / "ecsi_mobi.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [int(row[name]) for row in rows] for name in rows[0] if name}


def block(mobi: dict[str, list[int]], *names: str) -> list[tuple[int, ...]]:
    """The items whose names are one of ``names`` and a number, one row a customer."""
    columns = [column for name, column in mobi.items() if name.rstrip("0123456789") in names]
    return list(zip(*columns, strict=True))


@pytest.fixture(scope="module")
def satisfaction(mobi: dict[str, list[int]]) -> Answers:
    return filled_in(block(mobi, "CUSA"))


def composite(answers: Answers, weight: list[float] | None = None) -> IndexResult:
    return INDICES["composite"].overall(answers, Options(items=Items.of(3, weight=weight)))


def test_mobi_composite(satisfaction: Answers, truths: Any) -> None:
    truth = truths["survey"]["mobi_csi"]
    found = composite(satisfaction)
    assert found.n == 250
    assert found.score == pytest.approx(truth["equal_weight_index"], abs=SHARE)
    assert found.parts["sd"] == pytest.approx(truth["equal_sd"], abs=SHARE)
    assert (found.low, found.high) == pytest.approx(truth["ci95_t"], abs=SHARE)
    # As the definitions round it.
    assert found.score == pytest.approx(71.970, abs=5e-4)
    assert (found.low, found.high) == pytest.approx((70.136, 73.805), abs=1e-3)


def test_mobi_composite_with_weights_of_a_model(satisfaction: Answers, truths: Any) -> None:
    truth = truths["survey"]["mobi_csi"]
    weighted = composite(satisfaction, truth["unstd_norm_weights"])
    assert weighted.score == pytest.approx(truth["pls_weight_index"], abs=POINTS)


@pytest.mark.parametrize(
    ("items", "name"),
    [
        ("IMAG", "image"),
        ("CUEX", "expectation"),
        ("PERQ", "quality"),
        ("PERV", "value"),
        ("CUSA", "satisfaction"),
        ("CUSL", "loyalty"),
    ],
)
def test_mobi_alpha(mobi: dict[str, list[int]], truths: Any, items: str, name: str) -> None:
    [published] = [value for key, value in truths["published"].items() if key.startswith("tenenhaus_alpha")]
    rows = block(mobi, items)
    found = INDICES["composite"].overall(filled_in(rows), Options(items=Items.of(len(rows[0]))))
    alone = cronbach_alpha(np.array(rows, dtype=np.float64))
    assert found.parts["alpha_raw"] == pytest.approx(truths["survey"]["mobi_alpha"][name], abs=SHARE)
    assert found.parts["alpha_standardised"] == pytest.approx(published[name], abs=2e-4)
    assert (found.parts["alpha_raw"], found.parts["alpha_standardised"]) == pytest.approx(
        (alone.raw, alone.standardised)
    )
    assert found.parts["is_alpha_low"] is (name in ("expectation", "loyalty"))


@pytest.fixture(scope="module")
def adjusted(mobi: dict[str, list[int]]) -> IndexResult:
    items = Items.of(6, weight=[0, 0, 0, 1, 1, 1], expectation_weight=[1, 1, 1, 0, 0, 0])
    return INDICES["expectation"].overall(filled_in(block(mobi, "CUEX", "CUSA")), Options(items=items))


def test_mobi_adjusted(adjusted: IndexResult, truths: Any) -> None:
    survey = truths["survey"]
    assert adjusted.parts["beta"] == pytest.approx(survey["mobi_adjusted"]["beta"], abs=SHARE)
    assert adjusted.score == pytest.approx(survey["mobi_adjusted"]["mean_adj"], abs=SHARE)
    assert adjusted.parts["expectation_mean"] == pytest.approx(
        survey["mobi_disconf"]["mean_expectation"], abs=SHARE
    )
    assert adjusted.parts["reference_n"] == 250
    assert adjusted.parts["is_unadjusted"] is False
    # Adjusting leaves the variance that expectation does not explain.
    plain, r2 = survey["mobi_csi"]["equal_sd"], survey["mobi_ols_sat_on_expect"]["r2"]
    assert adjusted.parts["sd"] == pytest.approx(plain * (1 - r2) ** 0.5, abs=POINTS)


def test_mobi_quadrants(adjusted: IndexResult, truths: Any) -> None:
    truth = truths["survey"]["mobi_segments"]
    assert {name: adjusted.parts[name] for name in adjusted.parts if name.endswith("satisfied")} == {
        "demanding_satisfied": truth["demanding|satisfied"]["n"],
        "demanding_dissatisfied": truth["demanding|not"]["n"],
        "undemanding_satisfied": truth["undemanding|satisfied"]["n"],
        "undemanding_dissatisfied": truth["undemanding|not"]["n"],
    }


def test_mobi_csat(mobi: dict[str, list[int]], truths: Any) -> None:
    truth = truths["survey"]["mobi_csat_top2of10"]
    column = next(
        values
        for name, values in mobi.items()
        if name.startswith("CUSA") and sum(value >= 9 for value in values) == truth["k"]
    )
    found = INDICES["csat"].overall(one_question(column, (1, 10)))
    assert (found.n, found.parts["satisfied"]) == (truth["n"], truth["k"])
    assert found.score == pytest.approx(truth["p"])
    assert (found.low, found.high) == pytest.approx(truth["wilson95"], abs=1e-6)


def test_mobi_recommendation_on_1_to_10_is_no_net_promoter_score(mobi: dict[str, list[int]]) -> None:
    found = INDICES["nps"].overall(one_question(mobi["CUSL3"], (1, 10)))
    assert (found.n, found.score, found.excluded["wrong_scale"]) == (0, None, 250)


def agrees_with_nps(found: IndexResult, truth: dict[str, Any]) -> None:
    assert found.n == truth["n"]
    assert found.parts == {name: truth[name] for name in ("promoters", "passives", "detractors")}
    assert found.score == pytest.approx(truth["nps"])
    assert (found.low, found.high) == pytest.approx(truth["adj_wald_T3"], abs=POINTS)
    assert found.variance == pytest.approx(truth["var"] * 10_000 * truth["n"] / (truth["n"] - 1), abs=1)


def test_nps_test_data_as_a_whole_and_by_business_unit(reference_data: Path, truths: Any) -> None:
    with (reference_data / "nps_testdata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    answers = one_question([int(row["REC"]) for row in rows], (0, 10))
    agrees_with_nps(INDICES["nps"].overall(answers), truths["survey"]["nps_testdata"])
    by_unit = truths["survey"]["nps_testdata_by_BU"]
    units = list(by_unit)
    groups = np.array([units.index(row["BU"]) for row in rows])
    found = INDICES["nps"].compute(answers, groups, len(units))
    for unit, result in zip(units, found, strict=True):
        agrees_with_nps(result, by_unit[unit])


def test_call_centre_csat_as_a_whole_and_by_agent(reference_data: Path, truths: Any) -> None:
    with (reference_data / "pwc_call_center.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    answers = one_question([int(float(row["sat"])) if row["sat"] else None for row in rows])
    truth = truths["call_centre"]
    whole = INDICES["csat"].overall(answers)
    assert (whole.parts["satisfied"], whole.n, whole.excluded["skipped"]) == (2023, 4054, 946)
    assert (whole.low, whole.high) == pytest.approx(truth["pwc"]["csat_wilson"], abs=1e-6)
    agents = list(truth["pwc_by_agent"])
    groups = np.array([agents.index(row["agent"]) for row in rows])
    found = INDICES["csat"].compute(answers, groups, len(agents))
    for agent, result in zip(agents, found, strict=True):
        expected = truth["pwc_by_agent"][agent]
        assert (result.parts["satisfied"], result.n) == (expected["csat_top2"], expected["csat_n"])
        assert (result.low, result.high) == pytest.approx(expected["csat_wilson"], abs=1e-6)
    # Eight agents with some 500 answers each differ by chance only: a ranking would be a lottery.
    assert shrink_results(found) == pytest.approx([2023 / 4054] * 8)
