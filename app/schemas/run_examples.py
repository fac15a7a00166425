"""What the parameters of a run look like: those of the demo's."""

from typing import Any

PARAMETERS: dict[str, Any] = {
    "currency": "TRY",
    "window_days": 365,
    "cuts": {"a_percent": 80, "b_percent": 95},
    "ignored_kinds": [],
    "horizon_days": 90,
    "churn_levels": {"watch": 0.5, "at_risk": 0.8},
    "zero_amount_purchases": False,
    "grace_days": 30,
    "lifetime_value": {"horizon_days": 365, "margin": 1.0, "yearly_discount": 0.0},
}
