"""The contract model on a public file of a telephone company, five folds: each customer judged by the others.

    .venv/bin/python -m benchmarks.telco telco_customer_churn.csv

The file is a snapshot without dates, so there is no past to train on; customers are split instead, as by
scikit-learn's ``StratifiedKFold(5, shuffle=True, random_state=42)``. Every column but the customer's number
and the outcome is an attribute: words as words, numbers as numbers.
"""

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np

from app.domain.churn.evaluation.metrics import Metrics, measure
from app.domain.churn.models import contract
from app.domain.churn.models.model import Why

NUMBERS = ("SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges")


def read(path: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Attributes by name, and who left."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    attributes: dict[str, Any] = {}
    for name in rows[0]:
        if name in ("customerID", "Churn"):
            continue
        texts = [row[name].strip() for row in rows]
        is_number = name in NUMBERS
        attributes[name] = np.array([float(text or "nan") for text in texts] if is_number else texts)
    return attributes, np.array([row["Churn"] == "Yes" for row in rows])


def out_of_fold(attributes: dict[str, np.ndarray], left: np.ndarray, folds: int = 5) -> np.ndarray:
    """The probability of each customer by a model that has not seen it."""
    from sklearn.model_selection import StratifiedKFold

    q = np.full(left.size, np.nan)
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=42).split(left, left):
        model = contract.train({name: column[train] for name, column in attributes.items()}, left[train])
        assert not isinstance(model, Why)
        q[test] = model.q({name: column[test] for name, column in attributes.items()})
    return q


def measured(path: Path, draws: int = 200) -> Metrics:
    """The figures."""
    attributes, left = read(path)
    return measure(left, out_of_fold(attributes, left), draws=draws)


def main() -> None:
    """Print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    found = measured(parser.parse_args().file)
    for name in ("auc", "lift10", "brier"):
        print(f"{name} {getattr(found, name):.4f} {getattr(found, name + '_interval')}")
    print(f"ece {found.ece:.4f}, n {found.n}, left {found.base_rate:.4f}")


if __name__ == "__main__":
    main()
