"""Descriptions of the churn signals."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.domain.churn import SIGNALS, Baselines, Rhythm, from_row
from app.domain.churn.inputs.customer_facts import COLUMNS, DAYS
from app.domain.common.days import day_number
from app.domain.methods.model import Example, Figures, Method, MethodKind
from app.domain.satisfaction.trend import Spread

_AS_OF = "2026-11-24"
_RHYTHM: Figures = {"median_days": 30.0, "p95_days": 90.0}
_SILENT: Figures = {"first_day": "2026-06-26", "last_day": "2026-09-24", "purchase_days": 4}

_GIVEN: Mapping[str, tuple[Figures, Figures]] = {
    "silence_vs_own_rhythm": (_SILENT, _RHYTHM),
    "frequency_drop": ({"recent_purchases": 1, "earlier_purchases": 4}, {}),
    "spend_drop": ({"recent_spend_minor": 40_000, "earlier_spend_minor": 100_000}, {}),
    "open_complaint": ({"open_complaints": 2}, {}),
    "unresolved_complaint": ({"open_complaints": 1, "oldest_open_day": "2026-10-13"}, {}),
    "broken_promise": ({"broken_promises": 2}, {}),
    "low_score": ({"last_score": 20.0, "last_score_day": "2026-11-01"}, {"median_score": 80.0}),
    "falling_scores": (
        {
            "last_score": 40.0,
            "last_score_day": "2026-11-01",
            "score_occasions": 3,
            "earlier_score": 85.0,
            "earlier_score_squares": 50.0,
        },
        {"score_spread": {"factor": 0.1, "mean": 80.0}},
    ),
    "contract_end_near": ({"contract_ends_day": "2026-12-23"}, {}),
    "many_contacts": ({"recent_contacts": 8}, {"median_contacts": 2.0}),
    "no_contact_no_complaint": (
        {**_SILENT, "recent_contacts": 0, "complaints": 0},
        {**_RHYTHM, "median_contacts": 2.0},
    ),
}
"""What is known of a customer, and what is usual among all."""

_FOUND: Mapping[str, tuple[float, float, float]] = {
    "silence_vs_own_rhythm": (60, 30, 0.5),
    "frequency_drop": (1, 4, 0.75),
    "spend_drop": (40, 100, 0.6),
    "open_complaint": (2, 0, 0.75),
    "unresolved_complaint": (42, 14, 0.75),
    "broken_promise": (2, 0, 0.75),
    "low_score": (20, 80, 0.6),
    "falling_scores": (40, 85, 0.9),
    "contract_end_near": (30, 90, 0.6703),
    "many_contacts": (8, 2, 0.5),
    "no_contact_no_complaint": (60, 30, 0.25),
}

_NO_SHARE = "The contribution puts reasons in order; it is no share of the probability."


def _measured(code: str, given: Figures) -> Figures:
    as_of = date.fromisoformat(given["as_of"])
    customer: dict[str, Any] = dict(given["customer"])
    for name in DAYS:
        if name in customer:
            customer[name] = day_number(date.fromisoformat(customer[name]))
    facts = from_row([customer.get(name) for name in COLUMNS], day_number(as_of))
    usual = given["usual"]
    rhythm = Rhythm(1, usual.get("median_days"), usual.get("p95_days"))
    measured = SIGNALS[code].measure(
        facts,
        Baselines(
            rhythm,
            usual.get("median_score"),
            usual.get("median_contacts"),
            Spread.from_dict(usual.get("score_spread")),
        ),
    )
    return {} if measured is None else {name: getattr(measured, name) for name in _MEASURED}


_MEASURED = ("value", "baseline", "contribution")


def _example(code: str) -> Example:
    customer, usual = _GIVEN[code]
    given = {"as_of": _AS_OF, "customer": customer, "usual": usual}
    found = dict(zip(_MEASURED, map(float, _FOUND[code]), strict=True))
    return Example(given, found, lambda given: _measured(code, given))


METHODS = tuple(
    Method(
        code=sign.code,
        kind=MethodKind.CHURN_SIGNAL,
        title=sign.title,
        formula=sign.formula,
        source="Vefa",
        documentation="/docs/formulas#warning-signs",
        low=0,
        high=1,
        unit="share",
        example=_example(sign.code),
        limits=(_NO_SHARE,),
    )
    for sign in SIGNALS.values()
)
