"""Verdicts: lists of periods, customers' trends, intervals of effort scores, and `calibrated`."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from app.domain.churn.evaluation.metrics import is_calibrated, measure
from app.domain.satisfaction.change import ListVerdict
from app.domain.satisfaction.intervals import scale_mean_columns
from app.domain.satisfaction.model import IndexResult, Part
from app.domain.satisfaction.periods import judge_means, judge_nps, judge_shares
from app.domain.satisfaction.trend import Direction, Trend, occasions, spread
from benchmarks.trust.goals import Random, Row, worst

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# --- lists of periods

LISTS, NPS_LISTS = 1000, 250
MONTHS = 12
SIZES: Mapping[str, Sequence[int]] = {
    "10": [10] * MONTHS,
    "100": [100] * MONTHS,
    "uneven": [15, 400, 60, 25, 120, 30, 1000, 80, 20, 45, 200, 10],
}


KINDS = (
    (0.5, "10", 1),
    (0.8, "100", 1),
    (0.8, "uneven", 1),
    (0.95, "10", 1),
    (0.99, "100", 1),
    (0.99, "uneven", 1),
    (0.8, "100", 2),
    (0.95, "uneven", 2),
)
"""Share of satisfied ones, answers a month and years of lists in which nothing happens."""


def _result(
    code: str, n: int, score: float, parts: Mapping[str, Part], variance: float | None
) -> IndexResult:
    return IndexResult(code, n, score, None, None, variance, {}, parts)


def _shares(random: Random, sizes: Sequence[int], chances: Sequence[float]) -> ListVerdict:
    hits = random.binomial(sizes, chances).tolist()
    results = [_result("csat", n, k / n, {"satisfied": k}, None) for k, n in zip(hits, sizes, strict=True)]
    return _known(judge_shares(results, "satisfied"))


def _nps(random: Random, sizes: Sequence[int], shares: Sequence[float]) -> ListVerdict:
    results = []
    for n in sizes:
        up, _, down = random.multinomial(n, shares).tolist()
        results.append(_result("nps", n, 100 * (up - down) / n, {"promoters": up, "detractors": down}, None))
    return _known(judge_nps(results))


def _means(random: Random, sizes: Sequence[int], shares: Sequence[float]) -> ListVerdict:
    results = []
    for n in sizes:
        points = random.choice(np.linspace(0, 100, len(shares)), n, p=shares)
        results.append(_result("ces", n, float(points.mean()), {}, float(points.var(ddof=1))))
    return _known(judge_means(results, 0.0, 100.0))


def _known(verdict: ListVerdict | None) -> ListVerdict:
    if verdict is None:
        raise ValueError("a list needs three periods")
    return verdict


def lists(random: Random) -> Iterator[Row]:
    """False alarms and power of lists of months."""
    found = []
    for chance, size, years in KINDS:
        months = [*SIZES[size]] * years
        alarms = [_shares(random, months, [chance] * len(months)) for _ in range(LISTS)]
        found.append(_share(alarms))
    yield worst("CSAT lists: called changed without cause, worst kind", found, LISTS, 0.07)
    yield Row("CSAT lists: the same on average", float(np.mean(found)), LISTS * len(found), 0.05)
    for name, judge, kinds in (
        ("NPS", _nps, ([0.5, 0.3, 0.2], [0.85, 0.1, 0.05])),
        ("CES", _means, ([0.02, 0.02, 0.03, 0.05, 0.13, 0.25, 0.5], [0.01] * 5 + [0.05, 0.9])),
    ):
        found = [
            _share([judge(random, SIZES[size], kind) for _ in range(NPS_LISTS)])
            for kind in kinds
            for size in ("10", "uneven")
        ]
        yield worst(f"{name} lists: called changed without cause, worst kind", found, NPS_LISTS, 0.07)
        yield Row(f"{name} lists: the same on average", float(np.mean(found)), NPS_LISTS * len(found), 0.05)
    step = [0.8] * 6 + [0.7] * 6
    verdicts = [_shares(random, [100] * MONTHS, step) for _ in range(LISTS)]
    seen = [one.since for one in verdicts if one.since is not None]
    yield Row(".80 to .70 in the middle, n 100: seen", _share(verdicts), LISTS, 0.9, at_least=True)
    near = float(np.mean([abs(since - 6) <= 1 for since in seen]))
    yield Row("... and of those the month is right within 1", near, len(seen), 0.8, at_least=True)
    slide = np.linspace(0.8, 0.7, MONTHS).tolist()
    verdicts = [_shares(random, [100] * MONTHS, slide) for _ in range(LISTS)]
    yield Row("... as a slide over the year: seen", _share(verdicts), LISTS, 0.5, at_least=True)


def _share(verdicts: Sequence[ListVerdict]) -> float:
    return float(np.mean([one.changed for one in verdicts]))


# --- customers' trends

PEOPLE: Mapping[str, tuple[float, Sequence[float]]] = {
    "mean 4.0": (0.35, [0.03, 0.07, 0.15, 0.37, 0.38]),
    "very satisfied": (0.4, [0.01, 0.01, 0.03, 0.15, 0.8]),
    "mixed": (0.12, [0.1, 0.2, 0.3, 0.25, 0.15]),
    "dissatisfied": (0.08, [0.4, 0.3, 0.2, 0.07, 0.03]),
    "swinging": (0.05, [0.45, 0.05, 0.0, 0.05, 0.45]),
}
"""Share in the company, and how such a customer answers on 1 to 5 at random."""
OCCASIONS = range(3, 11)
CUSTOMERS, COMPANIES = 2000, 50


def _company(random: Random, fallen: bool = False) -> tuple[IntArray, IntArray, list[Trend]]:
    """Kind, occasions and trend of each customer; those who have ``fallen`` answer three steps lower at
    last, and what is usual is learned from a company in which nobody has."""
    kind = random.choice(len(PEOPLE), CUSTOMERS, p=[share for share, _ in PEOPLE.values()])
    n = random.choice(OCCASIONS, CUSTOMERS)
    who = np.repeat(np.arange(CUSTOMERS), n)
    points = np.empty(who.size)
    for place, (_, shares) in enumerate(PEOPLE.values()):
        rows = np.flatnonzero(kind[who] == place)
        points[rows] = 25.0 * random.choice(5, rows.size, p=shares)
    at = np.arange(who.size)
    found = occasions(points, at, who, CUSTOMERS)
    usual = spread(found.n, found.latest, found.earlier, found.squares)
    if fallen:
        points[np.cumsum(n) - 1] = np.maximum(found.latest - 75, 0)
        found = occasions(points, at, who, CUSTOMERS)
    return kind, n, [found.of(customer, usual) for customer in range(CUSTOMERS)]


def trends(random: Random) -> Iterator[Row]:
    """Customers called falling without cause, and with one."""
    kind, n, falls = _customers(random, fallen=False)
    yield Row("customers: called falling without cause", float(falls.mean()), falls.size, 0.035)
    for place, name in enumerate(PEOPLE):
        mine = kind == place
        if name == "swinging":
            mine &= n == OCCASIONS[0]
            yield Row("... swinging between extremes, n 3", float(falls[mine].mean()), int(mine.sum()), 0.12)
            continue
        by_n = [float(falls[mine & (n == size)].mean()) for size in OCCASIONS]
        cases = int(mine.sum()) // len(OCCASIONS)
        yield worst(f"... {name}, the worst of n 3 to 10", by_n, cases, 0.06)
    kind, n, falls = _customers(random, fallen=True)
    satisfied = kind == list(PEOPLE).index("very satisfied")
    for size in (3, 5):
        mine = satisfied & (n == size)
        share = float(falls[mine].mean())
        yield Row(f"very satisfied, three steps down, n {size}: seen", share, int(mine.sum()))


def _customers(random: Random, fallen: bool) -> tuple[IntArray, IntArray, NDArray[np.bool_]]:
    """Kind, occasions and whether called falling, of the customers of many companies."""
    companies = [_company(random, fallen) for _ in range(COMPANIES)]
    falls = [trend.direction is Direction.FALLING for _, _, told in companies for trend in told]
    kind, n = (np.concatenate([company[place] for company in companies]) for place in range(2))
    return kind, n, np.array(falls)


# --- intervals of effort scores

SHAPES: Sequence[Sequence[float]] = (
    [1, 1, 1, 1, 1, 1, 1],
    [1, 2, 3, 4, 3, 2, 1],
    [1, 1, 2, 3, 5, 8, 13],
    [13, 8, 5, 3, 2, 1, 1],
    [1, 0, 0, 0, 0, 0, 1],
    [1, 0, 0, 0, 0, 0, 9],
    [1, 1, 1, 1, 1, 5, 90],
    [1, 0, 1, 0, 1, 2, 95],
    [1, 0, 0, 0, 0, 0, 19],
    [0, 0, 0, 0, 0, 1, 9],
    [0, 0, 0, 0, 1, 4, 5],
    [0, 0, 0, 9, 0, 0, 1],
    [20, 1, 1, 1, 1, 1, 0],
)
"""How often each answer of 1 to 7 is given."""
SAMPLES = 5000


def ces(random: Random) -> Iterator[Row]:
    """How often the interval of the effort score holds the mean that answers were drawn with."""
    points = np.linspace(0, 100, 7)
    for n in (10, 30, 100, 1000):
        held = []
        for shape in SHAPES:
            shares = np.array(shape) / sum(shape)
            drawn = random.multinomial(n, shares, SAMPLES)
            mean = drawn @ points / n
            variance = np.maximum((drawn @ points**2) / n - mean**2, 0.0) * n / (n - 1)
            interval = scale_mean_columns(mean, variance, np.full(SAMPLES, n), 0.0, 100.0)
            truth = float(shares @ points)
            held.append(float(np.mean((interval.low <= truth) & (truth <= interval.high))))
        goal = f"CES, n {n}: the interval holds the truth, worst of {len(SHAPES)} shapes"
        yield worst(goal, held, SAMPLES, 0.93, at_least=True)


# --- calibrated

SCORES: Mapping[str, tuple[float, float]] = {
    "even": (1, 1),
    "in the middle": (2, 2),
    "most leave": (3, 1.5),
    "at both ends": (0.7, 0.7),
}
"""Probabilities of customers: parameters of a beta distribution."""
MODELS = 300


def calibrated(random: Random) -> Iterator[Row]:
    """How often right and wrong models are called calibrated."""
    for n in (100, 400, 1000, 5000, 20_000):
        passed, undecided = [], 0
        for a, b in SCORES.values():
            told = [_verdict(random, random.beta(a, b, n), 0.0) for _ in range(MODELS)]
            undecided += told.count(None)
            if decided := [one for one in told if one is not None]:
                passed.append(float(np.mean(decided)))
        if passed:
            goal = f"right models of n {n} called calibrated, worst of {len(passed)} kinds"
            yield worst(goal, passed, MODELS, 0.95, at_least=True)
        cases = MODELS * len(SCORES)
        yield Row(f"right models of n {n}: too few customers to tell", undecided / cases, cases)
    for n in (400, 1000, 5000):
        wrong = [
            float(np.mean([bool(_verdict(random, random.beta(a, b, n), 1.0)) for _ in range(MODELS)]))
            for a, b in SCORES.values()
        ]
        yield worst(f"models off by 1 in log-odds, n {n}: called calibrated, worst kind", wrong, MODELS, 0.02)


def _verdict(random: Random, p: FloatArray, off: float) -> bool | None:
    """What is said of probabilities, ``off`` being how far their log-odds lie above the true ones."""
    true = p / (p + (1 - p) * np.exp(off))
    found = measure(random.random(p.size) < true, p, draws=0)
    return is_calibrated(found.ece, found.ece_limit)
