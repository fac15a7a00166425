"""Simulated companies of many kinds, three years of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from app.domain.common.arrays import BoolArray, IntArray
from benchmarks.purchase_log import Ledger
from benchmarks.shops import simulated
from benchmarks.trust.goals import Random

DAYS = 1200
YEARLY_RISE = 0.2
"""By how much prices rise in a year, where they do."""

Change = Callable[[Ledger, Random], Ledger]


def _same(ledger: Ledger, _random: Random) -> Ledger:
    return ledger


def _priced(ledger: Ledger, amounts: IntArray) -> Ledger:
    return Ledger(ledger.owner, ledger.day, amounts)


def _one_price(ledger: Ledger, _random: Random) -> Ledger:
    return _priced(ledger, np.full(ledger.day.size, 4990))


def _heavy_tail(ledger: Ledger, random: Random) -> Ledger:
    """Mean amounts without a finite mean."""
    own = 1000 * (1 + random.pareto(0.9, int(ledger.owner.max()) + 1))
    return _priced(ledger, (own[ledger.owner] * random.lognormal(0, 0.4, ledger.day.size)).astype(np.int64))


def _tied(ledger: Ledger, _random: Random) -> Ledger:
    """Who buys often buys more each time, which the model of spend takes not to be so."""
    often = np.bincount(ledger.owner)[ledger.owner]
    return _priced(ledger, (ledger.amount * np.sqrt(often)).astype(np.int64))


def _dearer(ledger: Ledger, _random: Random) -> Ledger:
    return _priced(ledger, (ledger.amount * (1 + YEARLY_RISE) ** (ledger.day / 365)).astype(np.int64))


def _refunding(ledger: Ledger, random: Random) -> Ledger:
    """A tenth of all purchases is given back within three weeks, half of them in part."""
    back = np.flatnonzero(random.random(ledger.day.size) < 0.1)
    share = random.choice([0.5, 1.0], back.size)
    amounts = -(ledger.amount[back] * share).astype(np.int64)
    days = ledger.day[back] + random.integers(1, 22, back.size)
    kept = (days < DAYS) & (amounts < 0)
    columns = ((ledger.owner, ledger.owner[back]), (ledger.day, days), (ledger.amount, amounts))
    return Ledger(*(np.concatenate([old, new[kept]]) for old, new in columns))


def _of(ledger: Ledger, kept: BoolArray) -> Ledger:
    rows = kept[ledger.owner]
    return Ledger(ledger.owner[rows], ledger.day[rows], ledger.amount[rows])


def _joined(ledger: Ledger) -> np.ndarray:
    """When each customer joined, as a share of all days."""
    first = np.full(int(ledger.owner.max()) + 1, DAYS)
    np.minimum.at(first, ledger.owner, ledger.day)
    return first / DAYS


def _growing(ledger: Ledger, random: Random) -> Ledger:
    """Ever more customers join."""
    joined = _joined(ledger)
    return _of(ledger, random.random(joined.size) < 0.15 + joined)


def _declining(ledger: Ledger, random: Random) -> Ledger:
    """Ever fewer customers join."""
    joined = _joined(ledger)
    return _of(ledger, random.random(joined.size) < 1 - joined)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a company is simulated: customers, swing of the rate over a year, evenness of intervals, and what
    is then done to its purchases."""

    customers: int = 1500
    season: float = 0.0
    regular: int = 1
    change: Change = _same

    def company(self, random: Random) -> Ledger:
        """One of them."""
        seed = int(random.integers(0, 2**31))
        plain = simulated(seed, self.customers, DAYS, season=self.season, regular=self.regular)
        return self.change(plain, random)


MANY = "4,000 customers"

KINDS: Mapping[str, Kind] = {
    "as the models": Kind(),
    "season of 40 %": Kind(season=0.4),
    "season of 80 %": Kind(season=0.8),
    "buys like a clock": Kind(regular=6),
    "300 customers": Kind(300),
    MANY: Kind(4000),
    "growth": Kind(change=_growing),
    "decline": Kind(change=_declining),
    "heavy tail": Kind(change=_heavy_tail),
    "one price": Kind(change=_one_price),
    "refunds": Kind(change=_refunding),
    "prices rise": Kind(change=_dearer),
    "who buys often buys more": Kind(change=_tied),
}
