"""Shops for tests of churn: two real ones, and simulated ones of which the truth is known."""

from datetime import date

from app.domain.common.days import day_number
from benchmarks.real_shops import cdnow, online_retail
from benchmarks.shops import simulated

__all__ = ["cdnow", "number", "online_retail", "simulated"]


def number(day: date) -> int:
    return day_number(day)
