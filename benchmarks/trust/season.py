"""Seasons, gaps and sales that stop: shops of which the truth is known (a part of `benchmarks.trust`).

Where VEFA_REFERENCE_DATA names the reference data, the open shops are held against what was published without
a look at the season.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from app.domain.churn.evaluation.metrics import Metrics, measure
from app.domain.churn.evaluation.model_selection import choose, predict
from app.domain.churn.evaluation.season import UNSEEN
from app.domain.churn.inputs.sales_feed import has_stopped
from app.domain.common.arrays import BoolArray, FloatArray
from app.domain.common.days import day_number
from benchmarks.purchase_log import Ledger
from benchmarks.real_shops import cdnow, online_retail
from benchmarks.shops import simulated
from benchmarks.trust.goals import Random, Row, worst

HORIZON = 90
YEARS = range(2021, 2026)
SHOPS = 3


def annual(seed: int, customers: int = 1500) -> Ledger:
    """Customers who come in one of five years and buy once a year, on a day of 10 October to 17 December;
    from the second year on each stays with .75 every year."""
    random = np.random.default_rng(seed)
    owners, days = [], []
    for customer in range(customers):
        year, is_first = int(random.choice(YEARS)), True
        while year <= YEARS[-1] + 1 and (is_first or random.random() < 0.75):
            opens, closes = day_number(date(year, 10, 10)), day_number(date(year, 12, 17))
            owners.append(customer)
            days.append(int(random.integers(opens, closes + 1)))
            year, is_first = year + 1, False
    return Ledger(np.array(owners), np.array(days), np.full(len(owners), 1000))


def thinned(ledger: Ledger, seed: int, grows: bool) -> Ledger:
    """A shop to which more and more, or fewer and fewer, new customers come."""
    random, owners = np.random.default_rng(seed), np.unique(ledger.owner)
    first = ledger.day[np.searchsorted(ledger.owner, owners)]
    place = first / first.max()
    kept = owners[random.random(owners.size) < (place if grows else 1 - place) ** 1.5]
    rows = np.isin(ledger.owner, kept)
    return Ledger(ledger.owner[rows], ledger.day[rows], ledger.amount[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A shop on a day: what is published, what would be without a look at the season, and what came.

    ``published`` is None where customers are only ranked, ``plain`` where there is no model at all.
    """

    published: Metrics | None
    plain: Metrics | None
    base: float
    found: bool | None


def case(ledger: Ledger, day: int, horizon: int = HORIZON) -> Case:
    """What a run on a day says."""
    selected = choose(ledger.closed(day, horizon), draws=0)
    owners, now = ledger.snapshot(day)
    silent = ledger.silent(owners, day, horizon)
    forecast = predict(now, horizon, selected)
    plain = predict(now, horizon, replace(selected, season=UNSEEN))
    share = float(silent.mean())
    return Case(
        _measured(silent, forecast.q), _measured(silent, plain.q), share * (1 - share), selected.season.found
    )


def _measured(silent: BoolArray, q: FloatArray) -> Metrics | None:
    return None if np.isnan(q).any() else measure(silent, q, draws=0)


def brier(metrics: Metrics | None) -> float:
    """The Brier score; NaN for none."""
    return float("nan") if metrics is None or metrics.brier is None else metrics.brier


def rows(random: Random) -> Iterator[Row]:
    """All goals of this kind."""
    seeds = random.integers(0, 2**31, 3 * SHOPS).tolist()
    yield from annual_shop(seeds[:SHOPS])
    yield from seasons(seeds)
    yield from unchanged(seeds[SHOPS : 2 * SHOPS])
    yield from gaps(seeds[: 2 * SHOPS])
    yield from stops(seeds[2 * SHOPS :])
    if named := os.environ.get("VEFA_REFERENCE_DATA"):
        yield from open_shops(Path(named))


# --- seasons


def annual_shop(seeds: Sequence[int]) -> Iterator[Row]:
    """The shop that sells in autumn only."""
    shops = [annual(seed) for seed in seeds]
    before = [date(year, *day) for year in YEARS[2:] for day in ((8, 25), (10, 1))]
    found = [case(shop, day_number(day)) for shop in shops for day in before]
    excess = [brier(one.published) - one.base for one in found if one.published is not None]
    if excess:
        yield worst(
            "annual shop, before the season: published Brier above one figure", excess, len(excess), 0.005
        )
    yield Row("... only ranked", 1 - len(excess) / len(found), len(found))
    plain = [brier(one.plain) - one.base for one in found]
    yield Row("... without a look at the season, mean", float(np.mean(plain)), len(found))
    last = [case(shop, day_number(date(2025, 10, 1))) for shop in shops]
    share = float(np.mean([one.published is not None for one in last]))
    yield Row("annual shop, 1 Oct 2025: published", share, len(last), 1.0, at_least=True)
    known = [brier(one.published) for one in last if one.published is not None]
    yield Row("... its Brier, mean", float(np.mean(known)), len(known), 0.15)
    yield Row("... its Brier, worst", max(known), len(known))
    plain = [brier(one.plain) for one in last]
    yield Row("... without a look at the season, mean", float(np.mean(plain)), len(last))
    amid = [case(shop, day_number(date(year, 11, 15))) for shop in shops for year in YEARS[2:]]
    told = [one for one in amid if one.published is not None]
    if told:
        no_better = float(np.mean([brier(one.published) >= one.base for one in told]))
        yield Row("annual shop, 15 Nov: of what is published no better than one figure", no_better, len(told))


DAYS = range(480, 1150, 67)


def _cases(seeds: Sequence[int], season: float = 0.0, grows: bool | None = None) -> list[Case]:
    shops = [simulated(seed, days=1250, season=season) for seed in seeds]
    if grows is not None:
        shops = [thinned(shop, seed, grows) for shop, seed in zip(shops, seeds, strict=True)]
    return [case(shop, day) for shop in shops for day in DAYS]


def seasons(seeds: Sequence[int]) -> Iterator[Row]:
    """Shops whose rate swings over the year."""
    found = _cases(seeds, season=0.8)
    told = [one for one in found if one.published is not None]
    ece = float(np.mean([one.published.ece for one in told if one.published]))
    yield Row("seasons of 80 %: ECE of what is published, mean", ece, len(told), 0.045)
    plain = float(np.mean([one.plain.ece for one in told if one.plain]))
    yield Row("... without a look at the season", plain, len(told))
    yield Row("... only ranked", 1 - len(told) / len(found), len(found))


def unchanged(seeds: Sequence[int]) -> Iterator[Row]:
    """Shops without a season, growing and declining ones."""
    kinds: Mapping[str, bool | None] = {"no season": None, "growth": True, "decline": False}
    for name, grows in kinds.items():
        found = _cases(seeds, grows=grows)
        moved = [brier(one.published) - brier(one.plain) for one in found if one.published is not None]
        yield Row(
            f"{name}: change of the Brier score, size of the mean",
            abs(float(np.mean(moved))),
            len(moved),
            0.0005,
            digits=4,
        )
        yield Row(
            "... a season found without one", float(np.mean([one.found is True for one in found])), len(found)
        )
        yield Row("... only ranked", 1 - len(moved) / len(found), len(found))


def open_shops(data: Path) -> Iterator[Row]:
    """CDNOW and Online Retail: nothing changes but where the same season of CDNOW has closed."""
    shops = (cdnow(data), online_retail(data))
    days = [(shops[0], date(1997, month, 1)) for month in range(5, 12)]
    days += [(shops[0], date(1998, month, 1)) for month in (1, 2)]
    days += [(shops[1], date(2011, month, 10)) for month in range(3, 10)]
    found = [case(shop, day_number(day), horizon) for shop, day in days for horizon in (60, 91)]
    same = [one.published == one.plain for one in found]
    yield Row(
        "CDNOW, Online Retail before a same season: unchanged", float(np.mean(same)), len(same), 1.0, True
    )
    later = [case(shops[0], day_number(date(1998, 4, 1)), horizon) for horizon in (60, 91)]
    mean = float(np.mean([brier(one.published) for one in later]))
    yield Row("CDNOW, 1 Apr 1998, 60 and 91 days: Brier", mean, len(later), 0.0750, digits=4)
    plain = float(np.mean([brier(one.plain) for one in later]))
    yield Row("... without a look at the season", plain, len(later), digits=4)


# --- sales that stop

GAP = 60


def gaps(seeds: Sequence[int]) -> Iterator[Row]:
    """Shops of two years whose last two months were lost on the way: counted to the newest sale, or to the
    day."""
    mended, plain, seen = [], [], []
    for seed in seeds:
        whole, day = simulated(seed, days=DAYS.stop), 700
        known = whole.day < day - GAP
        shop = Ledger(whole.owner[known], whole.day[known], whole.amount[known])
        sale_days = np.unique(shop.day[shop.bought])
        seen.append(has_stopped(sale_days, day))
        for cut, kept in ((int(sale_days[-1]) + 1, mended), (day, plain)):
            owners, now = shop.snapshot(cut)
            forecast = predict(now, HORIZON, choose(shop.closed(cut, HORIZON), draws=0))
            silent = whole.silent(owners, day, HORIZON)
            kept.append((measure(silent, forecast.rank, draws=0), float(np.mean(forecast.rank >= 0.8))))
    yield Row("gap of 60 days: seen", float(np.mean(seen)), len(seen), 1.0, at_least=True)
    for name, found, wanted in (("", mended, True), (" (counted to the day)", plain, False)):
        auc = float(np.mean([one.auc for one, _ in found if one.auc is not None]))
        score = float(np.mean([brier(one) for one, _ in found]))
        yield Row(f"gap of 60 days: AUC{name}", auc, len(found), 0.84 if wanted else None, at_least=True)
        yield Row(f"gap of 60 days: Brier{name}", score, len(found), 0.125 if wanted else None)
        yield Row(f"gap of 60 days: at risk{name}", float(np.mean([share for _, share in found])), len(found))


def stops(seeds: Sequence[int]) -> Iterator[Row]:
    """Days on which a feed that runs is taken for one that has stopped, and how soon a stop is seen."""
    false = []
    for seed in seeds:
        days = np.unique(simulated(seed, customers=1000, days=900).day)
        false += [has_stopped(days, day) for day in range(60, int(days[-1]) + 2)]
    yield Row("shops of 1,000: days taken for a stop", float(np.mean(false)), len(false), 0.0)
    autumn = np.unique(annual(seeds[0]).day)
    weeks = [day_number(date(2022, 10, 20)) + 7 * week for week in range(131)]
    yield Row(
        "annual shop from its second year: the same",
        float(np.mean([has_stopped(autumn, day) for day in weeks])),
        131,
        0.0,
    )
    for customers in (1000, 300):
        took = [_seen_after(simulated(seed, customers=customers), 420) for seed in seeds]
        yield Row(f"shops of {customers:,}: days until a stop is seen", float(np.mean(took)), len(took))


def _seen_after(shop: Ledger, day: int) -> int:
    days = np.unique(shop.day[shop.day < day])
    newest = int(days[-1])
    return next(silence for silence in range(1, 200) if has_stopped(days, newest + 1 + silence))
