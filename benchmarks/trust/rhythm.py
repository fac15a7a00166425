"""Customers who buy in a rhythm, and those who do not: what is published, against what it would be without
a look at rhythm."""

import os
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from app.domain.churn.evaluation.metrics import auc, brier, rank
from app.domain.churn.evaluation.model_selection import choose, predict
from app.domain.churn.inputs.snapshots import Closed
from app.domain.common.arrays import BoolArray, FloatArray, IntArray
from app.domain.common.days import day_number
from benchmarks.purchase_log import Ledger
from benchmarks.real_shops import cdnow, online_retail
from benchmarks.shops import simulated
from benchmarks.trust.goals import Random, Row, worst

HORIZON, CUT_DAY = 90, 730
STOP, LATEST = 0.04, 31
"""Share of customers of a monthly shop who stop after a purchase, and the longest interval between two."""
SHOPS, DAYS = 8, (300, 450)
OPEN_HORIZONS = (30, 60, 91, 182, 273)
CDNOW_CUTS = [date(1997, month, 1) for month in range(5, 12)] + [date(1998, month, 1) for month in (1, 2, 4)]
RETAIL_CUTS = [date(2011, month, 10) for month in range(3, 12)]


def monthly(seed: int, customers: int = 600) -> Ledger:
    """Customers who join evenly over the first of two years, buy every 30 days, a day sooner or later, and
    may stop after a purchase."""
    random = np.random.default_rng(seed)
    owners, days = [], []
    for one, joined in enumerate(random.integers(0, CUT_DAY // 2, customers).tolist()):
        day = joined
        while day < CUT_DAY + HORIZON:
            owners.append(one)
            days.append(day)
            if random.random() < STOP:
                break
            day += 30 + int(random.integers(-1, 2))
    return Ledger(np.array(owners), np.array(days), np.full(len(days), 5000))


class Told(NamedTuple):
    """What was said of customers on a day, and what they did.

    Args:
        silence: days since the last purchase.
        silent: whether they then bought nothing.
        random: the probability of that by MBG/NBD.
        before: the one that would be published if rhythm were not looked at.
        published: the one that is published.
        k: stages of an interval behind it; None where rhythm was not looked at.
    """

    silence: IntArray
    silent: BoolArray
    random: FloatArray
    before: FloatArray
    published: FloatArray
    k: int | None

    def gain(self, figure: str, over: str = "before") -> float:
        """By how much the published probabilities have more AUC, or more Brier score, than others."""
        by = {"auc": auc, "brier": brier}[figure]
        old, new = (by(rank(self.silent, q)) for q in (getattr(self, over), self.published))
        if old is None or new is None:
            raise ValueError("there was one outcome only")
        return new - old


def told(ledger: Ledger, as_of_day: int, horizon_days: int) -> Told:
    """Score the customers of a day by what was known then, and look at what they did."""
    owners, now = ledger.snapshot(as_of_day)
    windows = ledger.windows(as_of_day, horizon_days)  # the season is not asked: a part of its own
    selected = choose(Closed(*windows), draws=0)
    found, published = selected.contest, predict(now, horizon_days, selected).rank
    if found.is_regular:
        for window in windows:
            if window is not None:
                window.then.__dict__["regular_fit"] = None  # as if all bought at random
        before = predict(now, horizon_days, choose(Closed(*windows), draws=0)).rank
    else:
        before = published
    silent, random = ledger.silent(owners, as_of_day, horizon_days), now.parametric_q(horizon_days)
    if random is None:
        raise ValueError("there are too few customers")
    known = now.regular_fit if found.is_regular else None
    k = None if known is None else known.k
    return Told(now.histories.silence_days, silent, random, before, published, k)


def rows(random: Random) -> Iterator[Row]:
    """Goals of who buys once a month, evenly, and at random."""
    yield from _monthly(random)
    even = [told(simulated(seed, regular=6), day, HORIZON) for seed in _seeds(random) for day in DAYS]
    auc_gained, brier_gained = ([one.gain(name, "random") for one in even] for name in ("auc", "brier"))
    yield _mean("Erlang 6, against MBG/NBD: AUC gained, mean", auc_gained, 0.015, at_least=True)
    yield _mean("... Brier score gained, mean", brier_gained, -0.008)
    yield from _unharmed("Erlang 6, against what was published without a look at rhythm", even)
    shops = [told(simulated(seed), day, HORIZON) for seed in _seeds(random) for day in DAYS]
    yield from _unharmed("bought at random", shops)
    folder = os.environ.get("VEFA_REFERENCE_DATA")
    if folder is not None:
        yield from _unharmed("CDNOW", _open(cdnow(Path(folder)), CDNOW_CUTS))
        yield from _unharmed("Online Retail", _open(online_retail(Path(folder)), RETAIL_CUTS))


def _monthly(random: Random) -> Iterator[Row]:
    shops = [told(monthly(seed), CUT_DAY, HORIZON) for seed in _seeds(random)]
    overdue = [(shop.silence >= 33) & (shop.silence <= 89) for shop in shops]
    n = sum(int(mine.sum()) for mine in overdue)
    returned = sum(int((~shop.silent[mine]).sum()) for shop, mine in zip(shops, overdue, strict=True))
    yield Row("monthly shops: of those silent for 33 to 89 days, bought again", returned / n, n)
    q = [float(shop.random[mine].mean()) for shop, mine in zip(shops, overdue, strict=True)]
    yield Row("... their mean probability by MBG/NBD, lowest", min(q), SHOPS)
    q = [float(shop.published[mine].mean()) for shop, mine in zip(shops, overdue, strict=True)]
    yield worst("... as published, lowest", q, SHOPS, 0.75, at_least=True)
    random_scores = [_brier(shop, shop.random) for shop in shops]
    yield Row("... Brier score of all by MBG/NBD, mean", float(np.mean(random_scores)), SHOPS)
    yield _mean("... as published, mean", [_brier(shop, shop.published) for shop in shops], 0.03)
    truths = [_brier(shop, np.where(shop.silence > LATEST, 1, STOP)) for shop in shops]
    yield Row("... of who knew all but who stops next, mean", float(np.mean(truths)), SHOPS)


def _brier(shop: Told, q: FloatArray) -> float:
    return float(np.mean((q - shop.silent) ** 2))


def _unharmed(name: str, shops: Sequence[Told]) -> Iterator[Row]:
    gained = [shop.gain("auc") for shop in shops]
    yield Row(f"{name}: AUC gained, lowest", min(gained), len(shops), -0.002, at_least=True)
    yield worst("... Brier score gained, highest", [shop.gain("brier") for shop in shops], len(shops), 0.001)
    chosen = sum(shop.k is not None for shop in shops) / len(shops)
    yield Row("... rhythm is looked at", chosen, len(shops))


def _mean(goal: str, found: Sequence[float], limit: float, at_least: bool = False) -> Row:
    return Row(goal, float(np.mean(found)), len(found), limit, at_least)


def _open(ledger: Ledger, cuts: Sequence[date]) -> list[Told]:
    """Every cut and horizon whose end is known."""
    end = int(ledger.day.max()) + 1
    asked = [(day_number(cut), horizon) for cut in cuts for horizon in OPEN_HORIZONS]
    return [told(ledger, day, horizon) for day, horizon in asked if day + horizon <= end]


def _seeds(random: Random) -> list[int]:
    return [int(seed) for seed in random.integers(0, 2**31, SHOPS)]
