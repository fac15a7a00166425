"""Histories and backtests of plain lists of purchases, as published figures are computed."""

from typing import Any

import numpy as np

from app.domain.churn import Histories, from_days
from app.domain.churn.evaluation.last_window import Backtest, from_histories

Purchases = tuple[Any, Any]
"""Owner and day of each purchase."""


def histories_of(purchases: Purchases, as_of_day: int) -> tuple[Any, Histories]:
    """Who had bought before a day, ascending, and the histories of these up to it."""
    owners, days = np.unique(np.array(purchases, dtype=np.int64).reshape(2, -1), axis=1)
    owners, days = owners[days < as_of_day], days[days < as_of_day]
    who, first, count = np.unique(owners, return_index=True, return_counts=True)
    return who, from_days(days[first], days[first + count - 1], count, as_of_day)


def backtest(purchases: Purchases, cut_day: int, horizon_days: int) -> Backtest:
    """What the purchase model would have said after a day, against the days of the horizon after it."""
    buyers, histories = histories_of(purchases, cut_day + 1)
    owner, day = np.array(purchases)
    returned = owner[(day > cut_day) & (day <= cut_day + horizon_days)]
    return from_histories(histories, ~np.isin(buyers, returned), cut_day, horizon_days, draws=0)
