"""What a scoring run is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.transactions import TransactionKind
from app.domain.value_tiers import DEFAULT_CUTS, Cuts


@dataclass(frozen=True, slots=True)
class Parameters:
    """Everything but the day that decides a run's result.

    Args:
        currency: reporting currency, ISO 4217.
        window_days: whole local days before ``as_of`` that count; None for everything.
        cuts: where tiers A and B end.
        ignored_kinds: transactions treated as if they had never happened.
    """

    currency: str
    window_days: int | None = None
    cuts: Cuts = DEFAULT_CUTS
    ignored_kinds: frozenset[TransactionKind] = frozenset()

    def to_dict(self) -> dict[str, Any]:
        """As stored with the run and shown to callers."""
        return {
            "currency": self.currency,
            "window_days": self.window_days,
            "cuts": {"a_percent": self.cuts.a_percent, "b_percent": self.cuts.b_percent},
            "ignored_kinds": sorted(self.ignored_kinds),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Parameters":
        """What `to_dict` gave."""
        return cls(
            data["currency"],
            data["window_days"],
            Cuts(**data["cuts"]),
            frozenset(TransactionKind(kind) for kind in data["ignored_kinds"]),
        )
