"""Public holidays of the countries the company works in, from the package `holidays`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

HALF_DAY_ENDS_MINUTE = 13 * 60
"""Until when people work on the eve of a feast in Turkey: minutes after midnight."""


class Country(StrEnum):
    """Countries whose public holidays are known."""

    TR = "TR"
    AZ = "AZ"


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day on which a country rests: wholly, or from `HALF_DAY_ENDS_MINUTE` on.

    Args:
        name: what it is called in the country.
        is_half: people work in the morning.
    """

    name: str
    is_half: bool


@lru_cache(maxsize=256)
def public_holidays(country: Country, year: int) -> Mapping[date, Holiday]:
    """Give the public holidays of a country in a year, by local day, in order.

    Religious feasts of years to come follow the calculated calendar and can be off by a day from what the
    country announces: a calendar overrides single days. 256 years are kept, 30 days each.

    >>> public_holidays(Country.TR, 2026)[date(2026, 10, 28)]
    Holiday(name="Cumhuriyet Bayramı (saat 13.00'ten)", is_half=True)
    >>> date(2026, 3, 20) in public_holidays(Country.AZ, 2026)
    True
    """
    import holidays  # takes a quarter of a second, and most companies set no calendar

    language = country.value.lower()
    halves = (
        holidays.country_holidays(
            country.value, years=year, categories=(holidays.HALF_DAY,), language=language
        )
        if country is Country.TR
        else {}
    )
    wholes = holidays.country_holidays(
        country.value, years=year, categories=(holidays.PUBLIC,), language=language
    )
    found = {day: Holiday(name, True) for day, name in halves.items()}
    found |= {day: Holiday(name, False) for day, name in wholes.items()}
    return {day: found[day] for day in sorted(found) if day.year == year}
