"""Totals of lifetime value: does what then came in lie in the interval that was given?

Two real shops, and simulated ones of many kinds. A total is computed as a run does: model, level and interval
from what was known on the day, the level from windows that had closed by then.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from app.domain.churn import Histories
from app.domain.common.arrays import IntArray
from app.domain.common.days import day_number
from app.domain.lifetime_value import Buyers, Terms, totals, worth
from app.domain.lifetime_value.level import Basis, Closed, Planned, choose, level, plan
from app.domain.lifetime_value.totals import Total
from app.domain.lifetime_value.uncertainty import Models, Spread, spread
from benchmarks.purchase_log import Ledger
from benchmarks.real_shops import cdnow, online_retail
from benchmarks.trust.companies import KINDS, MANY
from benchmarks.trust.goals import Random, Row, worst
from benchmarks.trust.rhythm import CDNOW_CUTS, OPEN_HORIZONS, RETAIL_CUTS

SHOPS = 3
DAYS, HORIZONS = (200, 300, 400, 560, 700, 850, 1000), (30, 91, 182)
TWO_YEARS = 730
LEAST_TOTALS = 30
"""A kind with fewer totals is not judged by its share."""

Z = 1.959964


@dataclass(frozen=True, slots=True, eq=False)
class Customers:
    """Who had bought by a day, and the models fitted to them; None for too few."""

    owners: IntArray
    histories: Histories
    buyers: Buyers
    models: Models | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A total as a run on a day says it, and what then came in, net.

    ``own`` is what the forecast is unsure of by itself, before any look at the past.
    """

    as_of_day: int
    horizon_days: int
    basis: Basis
    total: Total
    own: Spread
    realised: int

    @property
    def covered(self) -> bool:
        """Whether the interval held it."""
        return self.total.interval.low <= self.realised <= self.total.interval.high

    @property
    def covered_by_behaviour(self) -> bool:
        """Whether an interval of what customers do alone, about the plain forecast, held it."""
        reach = Z * self.own.behaviour**0.5
        return self.realised > 0 and abs(np.log(self.realised / self.total.forecast)) <= reach

    @property
    def half_width(self) -> float:
        """Of the interval, as a logarithm."""
        return float(np.log(self.total.interval.high / self.total.interval.low)) / 2


class Shop:
    """A company whose totals are wanted; what is known of a day is computed once."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.customers, self.tested = cache(self._customers), cache(self._tested)

    def _customers(self, day: int) -> Customers:
        owners, seen = self.ledger.snapshot(day)
        days = seen.facts.purchase_days.astype(np.float64)
        buyers = Buyers(seen.histories, days, np.maximum(seen.value_minor, 0) / days)
        return Customers(owners, seen.histories, buyers, totals.models_of(seen.histories, buyers))

    def realised(self, owners: IntArray, day: int, days: int) -> int:
        """Net spend of some customers on the days of a window."""
        log = self.ledger
        rows = (log.day >= day) & (log.day < day + days) & np.isin(log.owner, owners)
        return int(log.amount[rows].sum())

    def _tested(self, window: Planned) -> Closed | None:
        then = self.customers(window.opens_day)
        realised = self.realised(then.owners, window.opens_day, window.days)
        return totals.measure(window, then.histories, then.buyers, realised)

    def outcome(self, as_of_day: int, horizon_days: int) -> Outcome | None:
        """Compute a total, and what came in; None where there is no model."""
        now, first_day = self.customers(as_of_day), self.ledger.first_day
        if now.models is None or first_day is None:
            return None
        terms = Terms(horizon_days)
        forecast = float(worth(now.buyers, now.models.rate, now.models.spend, terms).value.sum())
        tested = [self.tested(window) for window in plan(first_day, as_of_day, horizon_days)]
        record = choose([one for one in tested if one is not None])
        own = spread(now.buyers, forecast, now.models, terms)
        total = totals.total(forecast, own, level(record))
        realised = self.realised(now.owners, as_of_day, horizon_days)
        return Outcome(as_of_day, horizon_days, record.basis, total, own, realised)


def rows(random: Random) -> Iterator[Row]:
    """Goals of totals."""
    folder = os.environ.get("VEFA_REFERENCE_DATA")
    if folder is not None:
        yield from _covered("CDNOW and Online Retail", open_totals(Path(folder)))
    found = {name: _simulated(name, random) for name in KINDS}
    every = [one for outcomes in found.values() for one in outcomes]
    yield from _covered(f"{len(KINDS)} kinds of simulated shops", every)
    seen = {name: [one for one in outcomes if _knows_season(one)] for name, outcomes in found.items()}
    judged = {name: outcomes for name, outcomes in seen.items() if len(outcomes) >= LEAST_TOTALS}
    shares = {name: _share(outcomes) for name, outcomes in judged.items()}
    least = min(shares, key=lambda name: shares[name])
    goal = f"... the worst of {len(shares)} kinds once the season was seen ({least})"
    yield worst(goal, [shares[least]], len(judged[least]), 0.9, at_least=True)
    unseen = [one for one in found["season of 80 %"] if not _knows_season(one)]
    yield Row("... a season of 80 % that nobody has seen", _share(unseen), len(unseen))
    yield from _widths(every, found[MANY])


def open_totals(folder: Path) -> list[Outcome]:
    """Totals of the two real shops, for every cut and horizon whose end is known."""
    found = []
    for ledger, cuts in ((cdnow(folder), CDNOW_CUTS), (online_retail(folder), RETAIL_CUTS)):
        shop, end = Shop(ledger), int(ledger.day.max()) + 1
        asked = [(day_number(cut), horizon) for cut in cuts for horizon in OPEN_HORIZONS]
        found += [shop.outcome(day, horizon) for day, horizon in asked if day + horizon <= end]
    return [one for one in found if one is not None]


def _simulated(name: str, random: Random) -> list[Outcome]:
    shops = [Shop(KINDS[name].company(random)) for _ in range(SHOPS)]
    found = [shop.outcome(day, horizon) for shop in shops for day in DAYS for horizon in HORIZONS]
    return [one for one in found if one is not None]


def _knows_season(one: Outcome) -> bool:
    return one.basis not in (Basis.SEASON_UNKNOWN, Basis.NONE)


def _share(outcomes: Sequence[Outcome]) -> float:
    return float(np.mean([one.covered for one in outcomes]))


def _covered(name: str, outcomes: Sequence[Outcome]) -> Iterator[Row]:
    yield Row(f"{name}: totals in their interval", _share(outcomes), len(outcomes), 0.95, at_least=True)
    alone = float(np.mean([one.covered_by_behaviour for one in outcomes]))
    yield Row("... by what customers do alone", alone, len(outcomes))
    off = [abs(np.log(max(one.realised, 1) / one.total.value)) for one in outcomes]
    yield Row(
        "... total against realised, median of the distance of logarithms", float(np.median(off)), len(off)
    )
    off = [abs(np.log(max(one.realised, 1) / one.total.forecast)) for one in outcomes]
    yield Row("... the same without a level", float(np.median(off)), len(off))


def _widths(outcomes: Sequence[Outcome], many: Sequence[Outcome]) -> Iterator[Row]:
    for name, some, limit in (
        ("the season unknown", [one for one in outcomes if one.basis is Basis.SEASON_UNKNOWN], 0.75),
        ("the season seen", [one for one in outcomes if _knows_season(one)], 0.45),
        ("4,000 customers, two years", [one for one in many if one.as_of_day >= TWO_YEARS], 0.35),
    ):
        width = float(np.median([one.half_width for one in some]))
        yield Row(f"half width of intervals, {name}, median", width, len(some), limit)
