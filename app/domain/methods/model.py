"""Description of a method: its formula, a worked example, its source and its limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Figures = Mapping[str, Any]


class MethodKind(StrEnum):
    """What a method makes."""

    INDEX = "index"
    COMPETITOR_GAP = "competitor_gap"
    VALUE_TIERS = "value_tiers"
    PROFIT = "profit"
    LIFETIME_VALUE = "lifetime_value"
    SHARE_OF_WALLET = "share_of_wallet"
    FAILURES = "failures"
    CHURN_MODEL = "churn_model"
    CHURN_LEVEL = "churn_level"
    CHURN_SIGNAL = "churn_sign"
    SERVICE_STANDARD = "service_standard"
    RECOVERY_EFFECT = "recovery_effect"


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: what ``given`` leads to, by ``compute``, which runs the very code that reports run.

    A test computes every example anew, to four decimals.
    """

    given: Figures
    found: Figures
    compute: Callable[[Figures], Figures]


@dataclass(frozen=True, slots=True)
class Method:
    """A method by which figures are made.

    ``low`` and ``high`` bound the figure (None: unbounded, or no number), which is in ``unit``.
    ``documentation`` is where its formula is served; ``limits`` say what to bear in mind. Title and limits
    are message ids.
    """

    code: str
    kind: MethodKind
    title: str
    formula: str
    source: str
    documentation: str
    low: float | None
    high: float | None
    unit: str
    example: Example
    limits: tuple[str, ...]
