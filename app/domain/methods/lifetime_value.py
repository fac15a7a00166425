"""Descriptions of lifetime value: from purchases, at the level of earlier totals, and under contract."""

from math import exp

import numpy as np

from app.domain.churn.distributions.btyd import Model, Parameters
from app.domain.churn.inputs.purchase_history import Histories
from app.domain.lifetime_value import Buyers, Terms, contractual, gamma_gamma, totals, worth
from app.domain.lifetime_value.level import Closed, Name, Planned, choose, level
from app.domain.lifetime_value.uncertainty import Spread
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


def _level(given: Figures) -> Figures:
    windows = (
        Closed(Planned(name, 0, 91), 1.0, exp(float(given[error])), float(given["v_window"]))
        for name, error in ((Name.LAST, "e_last"), (Name.EARLIER, "e_earlier"))
    )
    levelled, unsure = level(choose(list(windows))), Spread(float(given["v"]), 0.0)
    found = totals.total(float(given["total"]), unsure, levelled)
    return {
        "m": levelled.m,
        "H": levelled.reach(unsure.variance),
        "total": found.value,
        "low": found.interval.low,
        "high": found.interval.high,
    }


METHODS = (
    Method(
        code="lifetime_value",
        kind=MethodKind.LIFETIME_VALUE,
        title="Lifetime value",
        formula=(
            "expected purchases in the horizon (MBG/NBD; here BG/NBD with published parameters) x expected "
            "net amount of one (Gamma-Gamma) x margin, each purchase discounted to today, x level"
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
        code="lifetime_value_level",
        kind=MethodKind.LIFETIME_VALUE,
        title="Level of lifetime values",
        formula=(
            "e_k = ln(realised net spend / what the models of that day said) of each closed window; "
            "w_k = s^2/(s^2 + v_k); m = sum of w_k e_k/(kappa + sum of w_k); level e^m, interval "
            "total x e^(m - H) to total x e^(m + H)"
        ),
        source="none: chosen on open data and simulated shops",
        documentation=_PLACE,
        low=0,
        high=None,
        unit="factor",
        example=Example(
            {"e_last": 0.1, "e_earlier": 0.2, "v_window": 0.0025, "v": 0.0016, "total": 1000},
            {"m": 0.076677, "H": 0.50198, "total": 1079.693621, "low": 653.571843, "high": 1783.642192},
            _level,
        ),
        limits=(
            "A season that was never seen is not in it: a strong one takes totals out of their interval.",
            "It moves all customers alike, and says nothing about which of them will spend more.",
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
