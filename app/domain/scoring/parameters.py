"""What a scoring run is asked for."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.domain.activity.transactions import TransactionKind
from app.domain.churn.inputs.purchase_history import NO_DAY
from app.domain.churn.levels import DEFAULT_LEVELS, RiskLevels
from app.domain.lifetime_value.forecast import Terms
from app.domain.value.value_tiers import DEFAULT_CUTS, Cuts

__all__ = [
    "DEFAULT_LEVELS",
    "NO_DAY",
    "Parameters",
    "RiskLevels",
    "Terms",
]

DEFAULT_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Parameters:
    """Everything but the day that decides a run's result.

    Args:
        currency: reporting currency, ISO 4217.
        window_days: whole local days before ``as_of`` that count as value; None for everything.
        cuts: where tiers A and B end.
        ignored_kinds: transactions treated as if they had never happened.
        horizon_days: days ahead that churn is forecast for.
        levels: from which probability on a customer is watched, and at risk.
        zero_amount_purchases: whether a purchase of nothing makes its day a day of purchase.
        grace_days: days after the end of a contract before it has lapsed.
        lifetime: how lifetime value is counted.
    """

    currency: str
    window_days: int | None = None
    cuts: Cuts = DEFAULT_CUTS
    ignored_kinds: frozenset[TransactionKind] = frozenset()
    horizon_days: int = 90
    levels: RiskLevels = DEFAULT_LEVELS
    zero_amount_purchases: bool = False
    grace_days: int = 30
    lifetime: Terms = DEFAULT_TERMS

    def to_dict(self) -> dict[str, Any]:
        """As stored with the run and shown to callers."""
        return {
            "currency": self.currency,
            "window_days": self.window_days,
            "cuts": {"a_percent": self.cuts.a_percent, "b_percent": self.cuts.b_percent},
            "ignored_kinds": sorted(self.ignored_kinds),
            "horizon_days": self.horizon_days,
            "churn_levels": {"watch": self.levels.watch, "at_risk": self.levels.at_risk},
            "zero_amount_purchases": self.zero_amount_purchases,
            "grace_days": self.grace_days,
            "lifetime_value": asdict(self.lifetime),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Parameters":
        """What `to_dict` gave."""
        return cls(
            data["currency"],
            data["window_days"],
            Cuts(**data["cuts"]),
            frozenset(TransactionKind(kind) for kind in data["ignored_kinds"]),
            data["horizon_days"],
            RiskLevels(**data["churn_levels"]),
            data["zero_amount_purchases"],
            data["grace_days"],
            Terms(**data["lifetime_value"]),
        )

    def key(self) -> str:
        """A text that is the same for the same parameters."""
        return json.dumps(self.to_dict(), sort_keys=True)
