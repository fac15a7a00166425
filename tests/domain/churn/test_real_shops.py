"""Churn on two real shops: the fits and the backtests give the published and reference values."""

import csv
import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from purchase_lists import Purchases, backtest, histories_of

from app.domain.churn import Fit
from app.domain.churn.distributions import bg_nbd, mbg_nbd
from app.domain.common.days import EPOCH_DAY


def number(day: date) -> int:
    return (day - EPOCH_DAY).days


@pytest.fixture(scope="module")
def truths(reference_data: Path) -> Any:
    return json.loads((reference_data / "truths.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def cdnow(reference_data: Path) -> Purchases:
    """Purchase days of the CDNOW sample; those of amount 0 count."""
    lines = (reference_data / "cdnow_sample.txt").read_text(encoding="ascii").split("\n")
    rows = [line.split() for line in lines if line.strip()]
    owner = [int(row[1]) for row in rows]
    day = [number(date.fromisoformat(row[2])) for row in rows]
    return owner, day


@pytest.fixture(scope="module")
def online_retail(reference_data: Path) -> Purchases:
    """Purchase days of Online Retail: no cancellations, amounts above 0, known customers."""
    path = reference_data / "online_retail_invoices.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    bought = [
        row
        for row in rows
        if row["customer_id"] and not row["InvoiceNo"].startswith("C") and float(row["amount"]) > 0
    ]
    owner = [int(float(row["customer_id"])) for row in bought]
    return owner, [number(date.fromisoformat(row["invoice_datetime"][:10])) for row in bought]


CDNOW_CUT = number(date(1997, 9, 30))


def test_cdnow_fits(cdnow: Purchases, truths: Any) -> None:
    _, histories = histories_of(cdnow, as_of_day=CDNOW_CUT + 1)
    study = truths["cdnow"]["study_39w"]
    for model, name in ((bg_nbd, "bgnbd"), (mbg_nbd, "mbgnbd")):
        fitted, truth = model.fit(histories), study[name]
        assert isinstance(fitted, Fit)
        assert fitted.n == 2357
        assert fitted.log_likelihood == pytest.approx(truth["LL"], abs=0.01)
        for parameter in ("r", "alpha", "a", "b"):
            assert getattr(fitted, parameter) == pytest.approx(truth[parameter], rel=0.02)
        assert fitted.dropout_identified


def test_cdnow_backtest(cdnow: Purchases, truths: Any) -> None:
    found = backtest(cdnow, CDNOW_CUT, 273)
    assert found.model is not None
    assert found.n == 2357
    assert found.model.base_rate == pytest.approx(truths["cdnow"]["study_39w"]["base_inactive"], abs=1e-4)
    assert found.model.auc == pytest.approx(0.760, abs=0.005)
    assert found.model.lift10 == pytest.approx(1.16, abs=0.02)
    assert found.model.brier == pytest.approx(0.161, abs=0.005)
    assert found.recency.auc == pytest.approx(0.771, abs=0.005)


def test_online_retail_fit_does_not_identify_dropout(online_retail: Purchases, truths: Any) -> None:
    _, histories = histories_of(online_retail, as_of_day=number(date(2011, 9, 10)))
    fitted, truth = (
        mbg_nbd.fit(histories),
        truths["online_retail"]["study_2011_09_09_to_12_09"]["mbgnbd"],
    )
    assert isinstance(fitted, Fit)
    assert fitted.n == 3370
    assert fitted.r == pytest.approx(truth["r"], rel=0.02)
    assert fitted.alpha == pytest.approx(truth["alpha"], rel=0.02)
    assert fitted.log_likelihood == pytest.approx(truth["LL"], abs=0.05)
    assert not fitted.dropout_identified


@pytest.mark.parametrize(
    ("cut", "last", "auc", "lift10", "brier", "recency"),
    [
        (date(2011, 9, 9), date(2011, 12, 9), 0.733, 1.57, 0.217, 0.683),
        (date(2011, 6, 9), date(2011, 9, 9), 0.743, 1.46, 0.202, 0.670),
    ],
    ids=["september", "june"],
)
def test_online_retail_backtest(
    online_retail: Purchases, cut: date, last: date, auc: float, lift10: float, brier: float, recency: float
) -> None:
    found = backtest(online_retail, number(cut), (last - cut).days)
    assert found.model is not None
    assert found.model.auc == pytest.approx(auc, abs=0.005)
    assert found.model.lift10 == pytest.approx(lift10, abs=0.02)
    assert found.model.brier == pytest.approx(brier, abs=0.005)
    assert found.recency.auc == pytest.approx(recency, abs=0.005)
