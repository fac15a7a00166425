"""The contracts of the demo company, and what was known of them when.

The model is stated in docs/demo.md, step 12.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from app.demo.model import Calendar, DemoModel, Latent, stream


@dataclass(frozen=True, slots=True)
class Agreed:
    """What is agreed with a customer.

    Args:
        contract: as it is on the last day; None without one.
        unwanted: channels the customer does not want.
        past: ``known_on`` and ``contract`` of every version there was until then, the oldest first; the
            newest says what ``contract`` says.
    """

    contract: dict[str, str] | None
    unwanted: list[str]
    past: list[dict[str, Any]]


def draw_contracts(model: DemoModel, seed: int, calendar: Calendar, latent: Latent) -> list[Agreed]:
    """What is agreed with the customers, aligned with ``latent``.

    Subscribers have yearly contracts that renew themselves until they drop out; most then give notice.
    """
    rng = stream(seed, "contracts")
    n = len(latent.subscriber)
    says, delay = rng.random(n) < model.notice_share, rng.integers(0, 31, n)
    silent = rng.random((n, 2)) < (model.no_phone_share, model.no_email_share)
    joined, _ = calendar.locate(latent.joined_clock)
    starts: list[date] = calendar.dates(joined).tolist()
    until = calendar.first_day + timedelta(days=calendar.days - 1)
    gone_on: list[date] = calendar.dates(calendar.days_of(latent.dropped_out_at)).tolist()
    found: list[Agreed] = []
    for i in range(n):
        unwanted = [c for c, no in zip(("phone", "email"), silent[i].tolist(), strict=True) if no]
        past: list[dict[str, Any]] = []
        if latent.subscriber[i]:
            gone = None if np.isnat(latent.dropped_out_at[i]) else gone_on[i]
            notice = gone + timedelta(days=int(delay[i])) if gone is not None and says[i] else None
            past = list(_versions(starts[i], gone or until, notice, until))
        found.append(Agreed(past[-1]["contract"] if past else None, unwanted, past))
    return found


def _versions(start: date, stays_until: date, notice: date | None, until: date) -> Iterator[dict[str, Any]]:
    """What was known of a contract and since when: from its start, from each renewal, and from notice on."""
    versions: dict[date, dict[str, str]] = {}
    known_on, ends = start, _anniversary(start, start)
    versions[known_on] = terms = {"started_on": start.isoformat(), "ends_on": ends.isoformat()}
    while ends <= stays_until:
        known_on, ends = ends, _anniversary(start, ends)
        versions[known_on] = terms = {**terms, "ends_on": ends.isoformat()}
    if notice is not None and notice <= min(until, ends):
        versions[notice] = {**terms, "notice_given_on": notice.isoformat()}
    for day, contract in versions.items():
        yield {"known_on": day.isoformat(), "contract": contract}


def _anniversary(start: date, after: date) -> date:
    """The first yearly anniversary of ``start`` after a day; 29 February becomes 1 March."""
    year = after.year
    while True:
        try:
            day = start.replace(year=year)
        except ValueError:
            day = date(year, 3, 1)
        if day > after and day > start:
            return day
        year += 1
