"""The demo company: customers, two years of transactions and exchange rates, from a seed and a last day.

The model is stated in docs/demo.md. Each part draws from a stream of its own.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from app.demo.contacts import Sales, draw_contacts
from app.demo.contracts import draw_contracts
from app.demo.end import Demo, Transactions, cut
from app.demo.model import (
    CURRENCIES,
    ZONE,
    BoolArray,
    Calendar,
    DateTimeArray,
    DemoModel,
    FloatArray,
    IntArray,
    Latent,
    draw_latent,
    exchange_rates,
    pick,
    stream,
)
from app.demo.people import Departures, draw_people
from app.demo.surveys import draw_answers
from app.domain.activity.transactions import TransactionKind

KINDS: Final = (
    TransactionKind.PURCHASE,
    TransactionKind.SUBSCRIPTION_CHARGE,
    TransactionKind.REFUND,
    TransactionKind.CANCELLATION,
)
PURCHASE, CHARGE, REFUND, CANCELLATION = range(4)

# Category, share of purchases by persons, by organisations, margin on the price.
CATEGORIES: Final = (
    ("electronics", 0.18, 0.24, 0.14),
    ("kitchen", 0.22, 0.08, 0.34),
    ("textile", 0.26, 0.18, 0.44),
    ("furniture", 0.14, 0.30, 0.36),
    ("garden", 0.12, 0.06, 0.30),
    ("services", 0.08, 0.14, 0.58),
    ("subscription", 0.0, 0.0, 0.70),
)
CHANNELS: Final = (
    ("store", 0.50, 0.20),
    ("app", 0.38, 0.20),
    ("phone", 0.07, 0.30),
    ("social", 0.04, 0.02),
    ("visit", 0.01, 0.28),
)
# Monthly fee of the small, middle and large plan in minor units; organisations pay five times as much.
PLANS: Final = {
    "TRY": (19_990, 34_990, 69_990),
    "AZN": (790, 1_390, 2_790),
    "USD": (490, 890, 1_690),
    "EUR": (450, 790, 1_490),
}
PLAN_SHARES: Final = (0.55, 0.32, 0.13)
ORGANISATION_PLAN_FACTOR: Final = 5
COST_SPREAD: Final = 0.06


def generate(
    seed: int,
    until: date,
    customers: int = 4000,
    days: int = 730,
    *,
    ends_at: datetime | None = None,
    zone: ZoneInfo = ZONE,
    model: DemoModel | None = None,
) -> Demo:
    """Make the demo company.

    Args:
        seed: 0 or more; the same arguments give the same company, byte for byte, with the same numpy.
        until: the last local day with business; nothing happens after it.
        customers: how many customers, prospects included, 0 or more.
        days: length of the window in days, 1 or more; the first day is ``until - days + 1``.
        ends_at: nothing happens after this instant of the last day; when that day is over by default. What
            happened before it is the same, whenever on that day the company ends.
        zone: where days and opening hours are local.
        model: parameters; the documented ones by default.

    Returns:
        Customers, transactions in order of time, exchange rates and the latent customers.

    Raises:
        ValueError: a negative seed or count, an empty window, or an end before the last day.

    Source: docs/demo.md. Cost: O(customers + transactions), about 0.1 ms a customer.

    >>> demo = generate(1, date(2026, 10, 31), customers=50)
    >>> len(demo.customers), demo.first_day, demo.customers[0]["external_ids"]
    (50, datetime.date(2024, 11, 1), [{'system': 'crm', 'key': 'C-000001'}])
    """
    if customers < 0 or days < 1:
        raise ValueError("customers must be at least 0 and days at least 1")
    model = model or DemoModel()
    calendar = Calendar.make(model, until, days, zone)
    over = calendar.over
    ends_at = over if ends_at is None else min(ends_at, over)
    if ends_at < calendar.start:
        raise ValueError("ends_at must not be before the last day")
    rates = exchange_rates(calendar)
    latent = draw_latent(model, seed, calendar, customers)
    owner, clock, dropped_out = _purchases(latent, calendar, stream(seed, "purchases"))
    gone = np.flatnonzero(~np.isnan(dropped_out))
    dropped_out_at = latent.dropped_out_at.copy()
    dropped_out_at[gone] = calendar.instants(*calendar.locate(dropped_out[gone]))
    latent = replace(latent, dropped_out_at=dropped_out_at)

    sales = _sales(model, seed, calendar, latent, rates, owner, clock)
    returns = _returns(model, calendar, sales, stream(seed, "returns"))
    transactions = _columns(sales, returns)
    departures = _departures(model, calendar, latent, (sales, returns), stream(seed, "departures"))
    people = draw_people(model, seed, calendar, latent, departures)
    agreed = draw_contracts(model, seed, calendar, latent)
    for person, mine in zip(people, agreed, strict=True):
        person |= {"contract": mine.contract, "do_not_contact": mine.unwanted}
    terms = [
        {"customer": person["external_ids"][0], **version}
        for person, mine in zip(people, agreed, strict=True)
        for version in mine.past
    ]
    language = [person["language"] for person in people]
    contacts = draw_contacts(model, seed, calendar, latent, language, _bought(sales, latent))
    asked = draw_answers(model, seed, calendar, latent, language, contacts)
    whole = Demo(
        seed,
        calendar.first_day,
        until,
        ends_at,
        model,
        people,
        transactions,
        rates,
        latent,
        contacts,
        asked,
        terms,
    )
    return cut(whole, ends_at) if ends_at < over else whole


def _purchases(
    latent: Latent, calendar: Calendar, rng: np.random.Generator
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Draw purchases by MBG/NBD: owners, clock readings, and each customer's dropout reading (NaN = alive).

    Joining is the first purchase. Repeats are Poisson on the operational clock; after each purchase, the
    first included, the customer drops out with his own probability, so the last one is geometric.
    """
    buyer = ~latent.prospect
    span = calendar.clock[-1] - latent.joined_clock
    repeats = np.where(buyer, rng.poisson(latent.purchase_rate * span), 0)
    last = rng.geometric(latent.dropout_probability)
    owner = np.repeat(np.arange(len(buyer)), repeats)
    clock = latent.joined_clock[owner] + rng.random(len(owner)) * span[owner]
    clock = clock[np.lexsort((clock, owner))]
    number = np.arange(len(owner)) - (np.cumsum(repeats) - repeats)[owner] + 2  # joining was number 1
    kept = number <= last[owner]
    firsts = np.flatnonzero(buyer)
    owner = np.concatenate([firsts, owner[kept]])
    clock = np.concatenate([latent.joined_clock[firsts], clock[kept]])
    number = np.concatenate([np.ones(len(firsts), dtype=np.int64), number[kept]])
    dropped_out = np.full(len(buyer), np.nan)
    final = number == last[owner]
    dropped_out[owner[final]] = clock[final]
    return owner, clock, dropped_out


def _charges(
    latent: Latent, calendar: Calendar, rng: np.random.Generator
) -> tuple[IntArray, IntArray, FloatArray, IntArray]:
    """Draw monthly charges: owners, day numbers, shares of the day, and the plan (0..2) of each.

    The first charge falls a month after joining, the last at the first monthly anniversary at or after
    dropout; a 31st becomes the last day of a shorter month.
    """
    subscribers = np.flatnonzero(latent.subscriber)
    plan = pick(rng, PLAN_SHARES, len(subscribers))
    share = rng.random(len(subscribers)) * 0.05  # in the first hour or so
    joined, _ = calendar.locate(latent.joined_clock[subscribers])
    month = calendar.dates(joined).astype("datetime64[M]")
    months = month[:, None] + np.arange(calendar.days // 28 + 3).astype("timedelta64[M]")
    starts = calendar.numbers(months)
    offset = joined - starts[:, 0]
    due = starts[:, 1:-1] + np.minimum(offset[:, None], np.diff(starts[:, 1:]) - 1)
    previous = np.concatenate([np.full((len(due), 1), -1), due[:, :-1]], axis=1)
    dropped_out = latent.dropped_out_at[subscribers]
    end = np.where(np.isnat(dropped_out), calendar.days, calendar.days_of(dropped_out))
    row, column = np.nonzero((due < calendar.days) & (previous < end[:, None]))
    return subscribers[row], due[row, column], share[row], plan[row]


@dataclass(frozen=True, slots=True)
class _Lines:
    """Transactions of some kinds in codes; ``of`` is the sale that a return belongs to."""

    owner: IntArray
    kind: IntArray
    day: IntArray
    at: DateTimeArray
    amount: IntArray
    currency: IntArray
    category: IntArray
    channel: IntArray
    cost: IntArray
    of: IntArray


def _sales(
    model: DemoModel,
    seed: int,
    calendar: Calendar,
    latent: Latent,
    rates: list[tuple[str, date, str]],
    owner: IntArray,
    clock: FloatArray,
) -> _Lines:
    """Price the purchases, add the subscription charges, and put both in order of time."""
    rng = stream(seed, "prices")
    day, share = calendar.locate(clock)
    # TRY per unit, a row for each of CURRENCIES; ``rates`` holds the other three, currency by currency.
    foreign = np.array([float(rate) for _, _, rate in rates]).reshape(len(CURRENCIES) - 1, calendar.days)
    lira = np.vstack([np.ones(calendar.days), foreign])
    spend = rng.gamma(model.spend_p, latent.mean_spend[owner] / model.spend_p)
    amount = np.maximum(np.rint(spend / lira[latent.currency[owner], day]), 1).astype(np.int64)

    payer, due, due_share, plan = _charges(latent, calendar, stream(seed, "subscriptions"))
    fees = np.array([PLANS[c] for c in CURRENCIES])[latent.currency[payer], plan]
    fees = fees * np.where(latent.organisation[payer], ORGANISATION_PLAN_FACTOR, 1)

    kind = np.repeat(np.array([PURCHASE, CHARGE]), [len(owner), len(payer)])
    owner, day = np.concatenate([owner, payer]), np.concatenate([day, due])
    amount = np.concatenate([amount, fees])
    at = calendar.instants(day, np.concatenate([share, due_share]))
    order = np.lexsort((kind, owner, at))
    owner, kind, day, at, amount = owner[order], kind[order], day[order], at[order], amount[order]
    rng = stream(seed, "goods")
    category, channel, cost = _goods(model, latent.organisation[owner], kind == CHARGE, amount, rng)
    currency, itself = latent.currency[owner], np.arange(len(owner))
    return _Lines(owner, kind, day, at, amount, currency, category, channel, cost, itself)


def _goods(
    model: DemoModel, organisation: BoolArray, charge: BoolArray, amount: IntArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """Draw what was sold, through which channel, and at what cost (-1 = unknown)."""
    n = len(amount)
    category, channel = (
        np.where(
            organisation,
            pick(rng, tuple(row[2] for row in table), n),
            pick(rng, tuple(row[1] for row in table), n),
        )
        for table in (CATEGORIES, CHANNELS)
    )
    category = np.where(charge, [row[0] for row in CATEGORIES].index("subscription"), category)
    channel = np.where(charge, [row[0] for row in CHANNELS].index("app"), channel)
    margin = np.array([row[3] for row in CATEGORIES])[category]
    cost = np.rint(amount * (1 - margin) * rng.uniform(1 - COST_SPREAD, 1 + COST_SPREAD, n)).astype(np.int64)
    return category, channel, np.where(rng.random(n) < model.unknown_cost_share, -1, cost)


def _bought(sales: _Lines, latent: Latent) -> Sales:
    """The purchases among the sales, as contacts are about them."""
    purchase = np.flatnonzero(sales.kind == PURCHASE)
    owner, category = sales.owner[purchase], sales.category[purchase].tolist()
    last = sales.at[purchase] == latent.dropped_out_at[owner]
    return Sales(owner, sales.day[purchase], [CATEGORIES[k][0] for k in category], last)


def _returns(model: DemoModel, calendar: Calendar, sales: _Lines, rng: np.random.Generator) -> _Lines:
    """Draw refunds and cancellations of purchases; what would fall after the last day has not happened."""
    n = len(sales.owner)
    fate = rng.random(n)
    refunded = fate < model.refund_share
    cancelled = ~refunded & (fate < model.refund_share + model.cancellation_share)
    delay = np.where(
        cancelled,
        rng.integers(1, model.cancellation_delay_days + 1, n),
        rng.geometric(1 / model.refund_delay_days, n),
    )
    whole = cancelled | (rng.random(n) < model.refund_whole_share)
    part = np.where(whole, 1.0, rng.uniform(0.2, 0.8, n))
    share = rng.random(n)
    due = sales.day + delay
    of = np.flatnonzero((sales.kind == PURCHASE) & (refunded | cancelled) & (due < calendar.days))
    cost = np.where(sales.cost < 0, -1, np.rint(sales.cost * part)).astype(np.int64)
    return _Lines(
        owner=sales.owner[of],
        kind=np.where(cancelled[of], CANCELLATION, REFUND),
        day=due[of],
        at=calendar.instants(due[of], share[of]),
        amount=np.rint(sales.amount * part).astype(np.int64)[of],
        currency=sales.currency[of],
        category=sales.category[of],
        channel=sales.channel[of],
        cost=cost[of],
        of=of,
    )


def _columns(sales: _Lines, returns: _Lines) -> Transactions:
    """Merge sales and returns in order of time and write the codes out."""

    def both(name: str) -> Any:
        return np.concatenate([getattr(sales, name), getattr(returns, name)])

    order = np.argsort(both("at"), kind="stable")
    kind, of = both("kind")[order].tolist(), both("of")[order].tolist()
    suffix = ("", "", "-R", "-C")
    return Transactions(
        customer_index=both("owner")[order],
        external_id=[f"INV-{number + 1:07d}{suffix[k]}" for number, k in zip(of, kind, strict=True)],
        kind=[KINDS[k].value for k in kind],
        amount_minor=both("amount")[order],
        currency=[CURRENCIES[k] for k in both("currency")[order].tolist()],
        occurred_at=both("at")[order],
        category=[CATEGORIES[k][0] for k in both("category")[order].tolist()],
        channel=[CHANNELS[k][0] for k in both("channel")[order].tolist()],
        cost_minor=both("cost")[order],
    )


def _departures(
    model: DemoModel,
    calendar: Calendar,
    latent: Latent,
    lines: tuple[_Lines, ...],
    rng: np.random.Generator,
) -> Departures:
    """Draw who said good-bye, on which day after the last transaction; later than the last day is not yet."""
    n = len(latent.prospect)
    says = ~np.isnat(latent.dropped_out_at) & (rng.random(n) < model.goodbye_share)
    day = np.full(n, -1, dtype=np.int64)
    for some in lines:
        np.maximum.at(day, some.owner, some.day)
    day = day + rng.geometric(1 / model.goodbye_delay_days, n)
    left = says & (day < calendar.days)
    return Departures(left, np.where(left, calendar.dates(day), np.datetime64("NaT", "D")), rng.random(n))
