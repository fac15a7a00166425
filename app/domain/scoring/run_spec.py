"""Which run: its day, its parameters, the company, and the instants that follow from them."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zlib import crc32

from app.domain.churn.inputs.customer_facts import RECENT_DAYS
from app.domain.churn.inputs.sales_feed import RUNNING, Feed
from app.domain.common.company import Company
from app.domain.common.days import day_number, day_of
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.score_columns import FACTS

FACTS_VERSION = 6
"""Raised when a fact of customers is read in another way, or contests find more: earlier ones are then not
used."""

_FACTS_PARAMETERS = (
    "currency",
    "window_days",
    "ignored_kinds",
    "horizon_days",
    "zero_amount_purchases",
    "grace_days",  # facts do not depend on it, but contests do
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The instants that decide what a run sees: it sees what occurred before ``end``.

    ``start`` begins the window of value (None: everything counts). ``recent`` and ``earlier`` begin the last
    `RECENT_DAYS` days of sales and the as many days before them, ``cut`` lies one horizon before their end:
    what a forecast made there would have said can be compared with what happened. Sales end at ``end``, or
    where they stopped. ``contacts`` begins the last `RECENT_DAYS` days before ``end``; ``as_of`` is the local
    day that begins at it.
    """

    start: datetime | None
    earlier: datetime
    recent: datetime
    cut: datetime
    contacts: datetime
    end: datetime
    as_of: date


@dataclass(frozen=True, slots=True)
class RunSpec:
    """Everything that decides what is read for a run, or for a day of the past as a run would see it.

    Args:
        as_of: the first day that is not seen.
        parameters: of the run.
        company: whose local days they are.
        feed: whether sales still arrived by then.
        bounds: the instants that follow from these.

    >>> spec = RunSpec(date(2026, 7, 1), Parameters("TRY"), Company())
    >>> spec.bounds.end.isoformat(), spec.on(date(2026, 4, 1)).bounds.end.isoformat()
    ('2026-06-30T21:00:00+00:00', '2026-03-31T21:00:00+00:00')
    """

    as_of: date
    parameters: Parameters
    company: Company
    feed: Feed = RUNNING
    bounds: Bounds = field(init=False)

    def __post_init__(self) -> None:
        start, end = self.company.window(self.as_of, self.parameters.window_days)
        sales_end = day_of(self.sales_end_day)
        recent, earlier, cut = (
            self.company.start_of(sales_end - timedelta(days=days))
            for days in (RECENT_DAYS, 2 * RECENT_DAYS, self.parameters.horizon_days)
        )
        contacts = self.company.start_of(self.as_of - timedelta(days=RECENT_DAYS))
        object.__setattr__(self, "bounds", Bounds(start, earlier, recent, cut, contacts, end, self.as_of))

    @property
    def as_of_day(self) -> int:
        """``as_of`` in days since 1970-01-01."""
        return day_number(self.as_of)

    @property
    def sales_end_day(self) -> int:
        """The first day whose sales are not seen: the run's day, or the one after the newest sale where they
        have stopped."""
        newest = self.feed.newest_sale
        return self.as_of_day if newest is None else day_number(newest) + 1

    @property
    def facts_key(self) -> str:
        """A text that is the same for runs whose facts by customer are read in the same way."""
        read = {name: value for name, value in self.parameters.to_dict().items() if name in _FACTS_PARAMETERS}
        facts = crc32(" ".join(sorted(FACTS)).encode())  # so that a new fact is read of everybody
        more = {"version": FACTS_VERSION, "facts": facts, "time_zone": self.company.time_zone}
        # Facts do not depend on it, but the windows of contests do.
        more["lifetime_days"] = self.parameters.lifetime.horizon_days
        return json.dumps({**read, **more}, sort_keys=True)

    def on(self, as_of: date, feed: Feed = RUNNING) -> "RunSpec":
        """The same for another day."""
        return RunSpec(as_of, self.parameters, self.company, feed)
