"""Left by silence: of those who are said to have left, how many buy again?

Two real shops on every cut and horizon whose end is known, and simulated ones. A case is a shop on a day; it
is *used* where the closed windows prove a limit of silence and somebody is beyond it.
"""

import os
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from app.domain.churn.left_by_silence import MAX_RETURN_SHARE, judge
from app.domain.churn.levels import silence_ratio
from app.domain.common.days import day_number
from benchmarks.purchase_log import Ledger
from benchmarks.real_shops import cdnow, online_retail
from benchmarks.trust.companies import KINDS
from benchmarks.trust.goals import Random, Row, worst
from benchmarks.trust.rhythm import CDNOW_CUTS, OPEN_HORIZONS, RETAIL_CUTS
from benchmarks.trust.totals import DAYS, HORIZONS

BUYING = (
    "as the models",
    "season of 40 %",
    "season of 80 %",
    "buys like a clock",
    "300 customers",
    "4,000 customers",
    "growth",
    "decline",
)
"""Kinds of companies that differ in how their customers buy."""

SHOPS = 5
KNOWN = ((date(1997, 12, 1), 60), (date(1998, 1, 1), 90))
"""Days and horizons on which silence does prove something at CDNOW."""


class Case(NamedTuple):
    """Customers of a day: silent for longer than usual, said to have left, and how many of each then bought
    within the horizon."""

    silent: int
    silent_returned: int
    left: int
    returned: int

    @property
    def share(self) -> float:
        """Of those said to have left, at least one, who returned."""
        return self.returned / self.left


def case(ledger: Ledger, day: int, horizon_days: int) -> Case:
    """Say who has left on a day, and look at what they did."""
    owners, now = ledger.snapshot(day)
    earlier, last = ledger.windows(day, horizon_days)
    limit = judge(horizon_days, last, ledger.same_season(day, horizon_days), earlier).limit
    seen = now.histories
    ratio = silence_ratio(seen.x, seen.t_x_days, seen.silence_days, now.rhythm)
    back = ~ledger.silent(owners, day, horizon_days)
    silent, left = ratio > 1, ratio > (np.inf if limit is None else limit)
    return Case(*(int(np.count_nonzero(some)) for some in (silent, silent & back, left, left & back)))


def rows(random: Random) -> Iterator[Row]:
    """Goals of those who are said to have left by silence."""
    if folder := os.environ.get("VEFA_REFERENCE_DATA"):
        yield from _open(Path(folder))
    found = {name: _simulated(name, random) for name in BUYING}
    every = [one for cases in found.values() for one in cases]
    yield from _returned(f"{len(BUYING)} kinds of simulated shops", every)
    even = [one for name, cases in found.items() if not KINDS[name].season for one in cases if one.left]
    yield worst(
        "... highest, shops without a season", [one.share for one in even], len(even), MAX_RETURN_SHARE
    )


def _simulated(name: str, random: Random) -> list[Case]:
    shops = [KINDS[name].company(random) for _ in range(SHOPS)]
    return [case(shop, day, horizon) for shop in shops for day in DAYS for horizon in HORIZONS]


def _open(folder: Path) -> Iterator[Row]:
    log = cdnow(folder)
    for name, ledger, cuts in (
        ("CDNOW", log, CDNOW_CUTS),
        ("Online Retail", online_retail(folder), RETAIL_CUTS),
    ):
        end = int(ledger.day.max()) + 1
        asked = [(day_number(cut), horizon) for cut in cuts for horizon in OPEN_HORIZONS]
        yield from _returned(name, [case(ledger, *one) for one in asked if sum(one) <= end])
    used = [case(log, day_number(day), horizon).left > 0 for day, horizon in KNOWN]
    goal = "CDNOW, 1 Dec 1997 for 60 days and 1 Jan 1998 for 90: somebody has left"
    yield Row(goal, float(np.mean(used)), len(used), 1.0, at_least=True)


def _returned(name: str, cases: Sequence[Case]) -> Iterator[Row]:
    silent = [one.silent_returned / one.silent for one in cases if one.silent]
    yield Row(f"{name}: of all silent ones returned, mean", float(np.mean(silent)), len(silent))
    used = [one.share for one in cases if one.left]
    yield Row("... cases in which somebody is said to have left", len(used) / len(cases), len(cases))
    if used:
        yield Row("... of those returned, mean of cases", float(np.mean(used)), len(used))
        yield worst("... highest", used, len(used), MAX_RETURN_SHARE)
        above = float(np.mean([share > MAX_RETURN_SHARE for share in used]))
        yield Row("... cases above that", above, len(used))
