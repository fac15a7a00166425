"""What a scoring run is asked for, and which instants it looks at."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.domain.activity.transactions import TransactionKind
from app.domain.churn.inputs.purchase_history import NO_DAY
from app.domain.churn.levels import DEFAULT_LEVELS, RiskLevels
from app.domain.common.company import Company
from app.domain.lifetime_value.forecast import Terms
from app.domain.value.value_tiers import DEFAULT_CUTS, Cuts

__all__ = [
    "DEFAULT_LEVELS",
    "FACTS_VERSION",
    "NO_DAY",
    "RECENT_DAYS",
    "Bounds",
    "Parameters",
    "RiskLevels",
    "Terms",
]

DEFAULT_TERMS = Terms()

RECENT_DAYS = 90
"""What is recent: this many days before ``as_of``; it is compared with as many days before them."""

FACTS_VERSION = 3
"""Raised when facts by customer are read or kept in another way: older runs' facts are then not reused."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The instants that decide what a run sees: it sees what occurred before ``end``.

    ``start`` begins the window of value (None: everything counts), ``recent`` and ``earlier`` the last
    `RECENT_DAYS` days and the as many days before them. ``cut`` lies one horizon before ``end``: what a
    forecast made there would have said can be held against what happened. ``as_of`` is the local day that
    begins at ``end``.
    """

    start: datetime | None
    earlier: datetime
    recent: datetime
    cut: datetime
    end: datetime
    as_of: date


@dataclass(frozen=True, slots=True)
class Parameters:
    """Everything but the day that decides a run's result.

    Args:
        currency: reporting currency, ISO 4217.
        window_days: whole local days before ``as_of`` that count as value; None for everything.
        cuts: where tiers A and B end.
        ignored_kinds: transactions treated as if they had never happened.
        horizon_days: days ahead that churn is foretold for.
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
        """What `to_dict` gave; what a run of an earlier version did not have is at its default."""
        later = ("horizon_days", "zero_amount_purchases", "grace_days")
        return cls(
            data["currency"],
            data["window_days"],
            Cuts(**data["cuts"]),
            frozenset(TransactionKind(kind) for kind in data["ignored_kinds"]),
            levels=RiskLevels(**data.get("churn_levels", {})),
            lifetime=Terms(**data.get("lifetime_value", {})),
            **{name: data[name] for name in later if name in data},
        )

    def key(self) -> str:
        """A text that is the same for the same parameters, also for runs of an earlier version."""
        mine, plain = self.to_dict(), Parameters(self.currency).to_dict()
        always = ("currency", "window_days", "cuts", "ignored_kinds")
        kept = {name: value for name, value in mine.items() if name in always or value != plain[name]}
        return json.dumps(kept, sort_keys=True)

    def facts_key(self, company: Company) -> str:
        """A text that is the same for runs whose facts by customer are read in the same way."""
        read = (
            "currency",
            "window_days",
            "ignored_kinds",
            "horizon_days",
            "zero_amount_purchases",
            "grace_days",  # facts do not depend on it, but contests do
        )
        mine = {name: value for name, value in self.to_dict().items() if name in read}
        more = {"version": FACTS_VERSION, "time_zone": company.time_zone}
        return json.dumps({**mine, **more}, sort_keys=True)

    def bounds(self, as_of: date, company: Company) -> Bounds:
        """The instants a run for ``as_of`` looks at."""
        start, end = company.window(as_of, self.window_days)
        recent, earlier, cut = (
            company.start_of(as_of - timedelta(days=days))
            for days in (RECENT_DAYS, 2 * RECENT_DAYS, self.horizon_days)
        )
        return Bounds(start, earlier, recent, cut, end, as_of)
