"""What customers leave after costs, what serving them costs, and who costs more than they bring.

    profit = revenue − cost of goods − cost to serve
    cost to serve = contacts × unit costs of their channel + compensation + returns × handling

Amounts are whole minor units of one currency; unit costs are decimals of the minor unit, per contact and per
minute, so that half a kuruş a minute is no rounding error times a million. A cost that is not known is not 0:
whoever depends on it has no profit (`UNKNOWN`), and the coverage says how much of the business is known.

Source: docs/formulas.md#profit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from app.domain.value.concentration import CURVE_POINTS, Curve, IntArray

UNKNOWN = -(2**62)
"""Stands for an amount that is not known."""

GREATEST = 2**53
"""Amounts in minor units stay below this, so that a sum of a thousand of them is exact."""

STEPS = 10_000
"""Unit costs are kept in ten-thousandths of the minor unit."""

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class UnitCost:
    """What a contact costs over a channel, in the minor unit; decimals of four places at most.

    Raises:
        ValueError: a cost is negative, not finite, or finer than four places.
    """

    per_contact: Decimal = Decimal(0)
    per_minute: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        for cost in (self.per_contact, self.per_minute):
            if not cost.is_finite() or cost < 0 or cost * STEPS != int(cost * STEPS):
                raise ValueError("a unit cost must be 0 or more, with at most four decimals")


@dataclass(frozen=True, slots=True)
class Costs:
    """Unit costs.

    Args:
        channels: by channel; a channel that is not here has unknown costs.
        return_handling: of one return; None when it is not known.
    """

    channels: Mapping[str, UnitCost]
    return_handling: Decimal | None = None

    def __post_init__(self) -> None:
        if self.return_handling is not None:
            UnitCost(self.return_handling)


@dataclass(frozen=True, slots=True, eq=False)
class Accounts:
    """What happened with n customers over a window, as aligned int64 columns of shape (n,).

    Args:
        revenue_minor: paid less refunds and cancellations.
        goods_minor: cost of the goods; `UNKNOWN` where it is not known.
        compensation_minor: given to make up for failures.
        returns: how many.
        contacts: how many, by channel.
        seconds: how long they took together, by channel; a channel may be absent.

    Raises:
        ValueError: lengths differ, an amount is too large, or a count is negative.
    """

    revenue_minor: IntArray
    goods_minor: IntArray
    compensation_minor: IntArray
    returns: IntArray
    contacts: Mapping[str, IntArray] = field(default_factory=dict)
    seconds: Mapping[str, IntArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counts = [self.returns, *self.contacts.values(), *self.seconds.values()]
        amounts = [self.revenue_minor, self.goods_minor, self.compensation_minor]
        if len({column.shape for column in (*counts, *amounts)}) != 1:
            raise ValueError("columns must be of one length")
        if any(np.any(column < 0) for column in counts):
            raise ValueError("counts must be 0 or more")
        if any(np.any((np.abs(column) > GREATEST) & (column != UNKNOWN)) for column in amounts):
            raise ValueError("an amount is too large")

    @property
    def n(self) -> int:
        """Number of customers."""
        return self.returns.size


@dataclass(frozen=True, slots=True, eq=False)
class Profit:
    """By customer, minor units, shape (n,); `UNKNOWN` where something it needs is not known.

    ``by_channel`` holds the cost of the contacts; whole channels without a unit cost are not in it.
    """

    profit_minor: IntArray
    serve_minor: IntArray
    by_channel: Mapping[str, IntArray]


def compute(accounts: Accounts, costs: Costs) -> Profit:
    """Compute profits and costs to serve; each channel of each customer is rounded half to even.

    >>> channels = {"phone": UnitCost(per_minute=Decimal(50)), "email": UnitCost(Decimal(200))}
    >>> costs = Costs(channels, return_handling=Decimal(1500))
    >>> one = Accounts(*(np.array([v]) for v in (100_000, 60_000, 5_000, 2)),
    ...     contacts={"phone": np.array([12]), "email": np.array([4])}, seconds={"phone": np.array([4320])})
    >>> found = compute(one, costs)
    >>> found.profit_minor.tolist(), found.serve_minor.tolist()
    ([27600], [12400])
    """
    known = np.ones(accounts.n, dtype=np.bool_)
    serve = accounts.compensation_minor.copy()
    by_channel = {}
    for channel in sorted({*accounts.contacts, *accounts.seconds}):
        none = np.zeros(accounts.n, dtype=np.int64)
        contacts, seconds = accounts.contacts.get(channel, none), accounts.seconds.get(channel, none)
        if channel not in costs.channels:
            known &= (contacts == 0) & (seconds == 0)
            continue
        by_channel[channel] = _cost(contacts, seconds, costs.channels[channel])
        serve = serve + by_channel[channel]
    handling = returns_cost(accounts, costs)
    if handling is None:
        known &= accounts.returns == 0
    else:
        serve = serve + handling
    profit = accounts.revenue_minor - accounts.goods_minor - serve
    has_profit = known & (accounts.goods_minor != UNKNOWN)
    return Profit(np.where(has_profit, profit, UNKNOWN), np.where(known, serve, UNKNOWN), by_channel)


def returns_cost(accounts: Accounts, costs: Costs) -> IntArray | None:
    """Compute what handling the returns of each customer cost; None when it is not known of one return."""
    if costs.return_handling is None:
        return None
    return _cost(accounts.returns, np.zeros_like(accounts.returns), UnitCost(costs.return_handling))


def _cost(contacts: IntArray, seconds: IntArray, unit: UnitCost) -> IntArray:
    """Contacts and seconds at a unit cost, exact, then rounded half to even."""
    each, minute = int(unit.per_contact * STEPS), int(unit.per_minute * STEPS)
    above = int(contacts.max(initial=0)) * 60 * each + int(seconds.max(initial=0)) * minute
    if above > 2**62:
        raise ValueError("an amount is too large")
    below = 60 * STEPS
    quotient, rest = np.divmod(contacts * (60 * each) + seconds * minute, below)
    rounded: IntArray = quotient + ((2 * rest > below) | ((2 * rest == below) & (quotient % 2 == 1)))
    return rounded


@dataclass(frozen=True, slots=True)
class Summary:
    """What was found over all customers. Shares are 0..1, None where there is nothing to share.

    Args:
        n: customers.
        known: those with a profit.
        coverage_customers: their share of the customers.
        coverage_revenue: their share of the revenue above 0.
        revenue_minor, serve_minor, profit_minor: sums over the known.
        serve_share: cost to serve of their revenue.
        unprofitable: how many have a profit below 0.
        loss_minor: what these lose together, 0 or less.
        whale: the whale curve.
        peak_share: its highest point: 1.67 means that the profitable customers earn 167 % of the profit and
            the others lose 67 %; None unless the profit is above 0.
    """

    n: int
    known: int
    coverage_customers: float | None
    coverage_revenue: float | None
    revenue_minor: int
    serve_minor: int
    profit_minor: int
    serve_share: float | None
    unprofitable: int
    loss_minor: int
    whale: Curve
    peak_share: float | None


def summary(accounts: Accounts, found: Profit) -> Summary:
    """Sum up."""
    known = found.profit_minor != UNKNOWN
    profits = found.profit_minor[known]
    revenue, serve = int(accounts.revenue_minor[known].sum()), int(found.serve_minor[known].sum())
    sales = np.maximum(accounts.revenue_minor, 0)
    n, all_sales = accounts.n, int(sales.sum())
    lost = profits[profits < 0]
    return Summary(
        n=n,
        known=profits.size,
        coverage_customers=profits.size / n if n else None,
        coverage_revenue=int(sales[known].sum()) / all_sales if all_sales else None,
        revenue_minor=revenue,
        serve_minor=serve,
        profit_minor=int(profits.sum()),
        serve_share=serve / revenue if revenue > 0 else None,
        unprofitable=lost.size,
        loss_minor=int(lost.sum()),
        whale=whale_curve(profits),
        peak_share=peak_share(profits),
    )


def whale_curve(profits: IntArray, points: int = CURVE_POINTS) -> Curve:
    """Draw the share of all profit (second) that a share of customers (first) earns, best first.

    It rises above 1 where unprofitable customers eat up what others earn. At most ``points`` points, (0, 0)
    and (1, 1) among them; empty unless the profit is above 0.

    >>> whale_curve(np.array([500, 300, 200, -150, -250]), points=6)[3]
    (0.6, 1.6666666666666667)
    """
    total = int(profits.sum())
    if total <= 0:
        return ()
    running = np.append(0, np.cumsum(np.sort(profits)[::-1]))
    n = profits.size
    places = sorted({n * step // (points - 1) for step in range(points)})
    return tuple((k / n, int(running[k]) / total) for k in places)


def peak_share(profits: IntArray) -> float | None:
    """The highest point of the whale curve: profits above 0 over all profit; None unless that is above 0.

    >>> round(peak_share(np.array([500, 300, 200, -150, -250])), 4)
    1.6667
    """
    total = int(profits.sum())
    return int(profits[profits > 0].sum()) / total if total > 0 else None


def worst(found: Profit, limit: int = 50) -> IntArray:
    """Positions of the unprofitable customers, greatest loss first, at most so many.

    >>> worst(Profit(np.array([5, -9, UNKNOWN, -20]), np.zeros(4, int), {})).tolist()
    [3, 1]
    """
    rows = np.flatnonzero((found.profit_minor < 0) & (found.profit_minor != UNKNOWN))
    return rows[np.argsort(found.profit_minor[rows], kind="stable")][:limit]
