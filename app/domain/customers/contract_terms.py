"""Dated contract terms: from which day on a change of a contract counts as known."""

from datetime import date


def known_on(notice_given_on: date | None, newest_on: date, today: date) -> date:
    """Return the day from which terms that are recorded today hold.

    They hold from today. Only notice has a day of its own: told late, it counts from the day it was given,
    as a purchase told late counts from its day; never before the terms that were known until now.

    Args:
        notice_given_on: the day of the notice that the change brings; None when it brings none.
        newest_on: from when the terms that were known until now hold.
        today: the company's local day.

    >>> known_on(None, date(2026, 1, 5), today=date(2026, 3, 9)).isoformat()
    '2026-03-09'
    >>> known_on(date(2026, 3, 2), date(2026, 1, 5), today=date(2026, 3, 9)).isoformat()
    '2026-03-02'
    """
    day = today if notice_given_on is None else min(notice_given_on, today)
    return max(day, newest_on)
