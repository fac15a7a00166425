"""Description of what is learned from a snapshot of contracts."""

import numpy as np

from app.domain.churn.contractual import cross_section
from app.domain.churn.models.logistic_regression import Learned, probability
from app.domain.customers.contract_statements import DAYS_IN, AgeUnit
from app.domain.methods.model import Example, Figures, Method, MethodKind


def _q(given: Figures) -> Figures:
    means, scales, weights = (np.array(given[name]) for name in ("means", "scales", "weights"))
    names, intercept = tuple(given["columns"]), given["intercept"]
    learned = Learned(names, means, scales, weights, intercept, n=1_000, events=300, converged=True)
    age = float(np.log1p(given["age_months"] * DAYS_IN[AgeUnit.MONTHS]))
    odds = learned.log_odds(np.array([[age, given["is_monthly"]]]))
    return {"contract_age": age, "log_odds": float(odds[0]), "q": float(probability(odds)[0])}


METHODS = (
    Method(
        code=cross_section.CODE,
        kind=MethodKind.CHURN_MODEL,
        title="Snapshot of contracts",
        formula=(
            "log-odds of having left = intercept + sum of weight x (column - mean)/scale; columns: ln(1 + "
            "age in days) and the named attributes; tested by five folds"
        ),
        source="scikit-learn; serves where it won against the share that had left",
        documentation="/docs/formulas#snapshots-of-contracts",
        low=0,
        high=1,
        unit="share",
        example=Example(
            {
                "columns": ["contract_age", "attribute.contract=Month-to-month"],
                "means": [6.0, 0.5],
                "scales": [1.0, 0.5],
                "weights": [-0.8, 0.6],
                "intercept": -1.0,
                "age_months": 12,
                "is_monthly": 1,
            },
            {"contract_age": 5.9033, "log_odds": -0.3227, "q": 0.42},
            _q,
        ),
        limits=(
            "It says how many customers like this one had left by the day of the snapshot, and nothing of a "
            "horizon; it is tested across customers, not on a later time, and is in no backtest.",
            "An attribute that was written because a customer left tells who left, and no fold shows it: "
            "leave such columns out.",
        ),
    ),
)
