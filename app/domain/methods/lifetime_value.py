"""Descriptions of lifetime value: from purchases, and under contract."""

import numpy as np

from app.domain.churn.distributions.btyd import Model, Parameters
from app.domain.churn.inputs.purchase_history import Histories
from app.domain.lifetime_value import Buyers, Terms, contractual, gamma_gamma, worth
from app.domain.methods.model import Example, Figures, Method, MethodKind

_PLACE = "/docs/formulas#lifetime-value"


def _from_purchases(given: Figures) -> Figures:
    rate = Parameters(*(given[name] for name in ("r", "alpha", "a", "b")))
    spend = gamma_gamma.Parameters(*(given[name] for name in ("p", "q", "gamma")))
    history = Histories([given["x"]], [given["t_x_days"]], [given["T_days"]])
    buyer = Buyers(history, np.array([float(given["x"])]), np.array([given["mean_spend"]]))
    terms = Terms(given["horizon_days"], given["margin"], given["yearly_discount"])
    found = worth(buyer, rate, spend, terms, Model.BG_NBD)
    columns = {"purchases": found.purchases, "spend": found.spend, "value": found.value}
    return {name: float(column[0]) for name, column in columns.items()}


def _under_contract(given: Figures) -> Figures:
    margin, retention, discount = (float(given[name]) for name in ("margin", "retention", "discount"))
    return {
        "three_periods": contractual.worth(margin, retention, discount, 3),
        "for_ever": contractual.worth(margin, retention, discount),
    }


METHODS = (
    Method(
        code="lifetime_value",
        kind=MethodKind.LIFETIME_VALUE,
        title="Lifetime value",
        formula=(
            "expected purchases in the horizon (MBG/NBD; here BG/NBD with published parameters) x expected "
            "amount of one (Gamma-Gamma) x margin, each purchase discounted to today"
        ),
        source="Fader, Hardie and Lee 2005; Fader and Hardie 2013",
        documentation=_PLACE,
        low=0,
        high=None,
        unit="money",
        example=Example(
            {
                **{"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426, "p": 6.25, "q": 3.74, "gamma": 15.44},
                **{"x": 2, "t_x_days": 213, "T_days": 272, "mean_spend": 22.35},
                **{"horizon_days": 273, "margin": 1.0, "yearly_discount": 0.0},
            },
            {"purchases": 1.2261, "spend": 24.6637, "value": 30.2406},
            _from_purchases,
        ),
        limits=(
            (
                "It takes how often and how much a customer buys for independent; the correlation is "
                "checked and told."
            ),
            "A single customer's value is very uncertain: look at its interval.",
        ),
    ),
    Method(
        code="contract_value",
        kind=MethodKind.LIFETIME_VALUE,
        title="Lifetime value of a contract",
        formula="sum over t = 1..n of m rho^t/(1 + d)^t; for ever: m rho/(1 + d - rho)",
        source="Gupta and Lehmann 2003",
        documentation=_PLACE,
        low=0,
        high=None,
        unit="money",
        example=Example(
            {"margin": 100, "retention": 0.9, "discount": 0.1},
            {"three_periods": 203.53118, "for_ever": 450.0},
            _under_contract,
        ),
        limits=(
            (
                "Retention is taken to be the same in every period, though customers who stayed "
                "long tend to stay."
            ),
        ),
    ),
)
