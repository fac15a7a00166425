"""The customers of the demo company as the wire shows them: names, contact points, preferences, lifecycle."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from app.demo import names
from app.demo.model import (
    BRANCHES,
    BoolArray,
    Calendar,
    DateTimeArray,
    DemoModel,
    FloatArray,
    IntArray,
    Latent,
    pick,
    stream,
)
from app.domain.common.names import fold

REASONS: Final = ("price", "moved", "competitor", "service", "other")
# Share of each reason among the satisfied half and among the dissatisfied half of those who leave.
SATISFIED_REASONS: Final = (0.32, 0.28, 0.22, 0.06, 0.12)
DISSATISFIED_REASONS: Final = (0.20, 0.06, 0.26, 0.38, 0.10)

TURKISH_PREFIXES: Final = tuple(
    f"+90{p}" for p in (501, 505, 506, 507, *range(530, 540), *range(541, 550), *range(551, 556), 559)
)
AZERBAIJANI_PREFIXES: Final = tuple(f"+994{p}" for p in (50, 51, 55, 70, 77, 99))
NETWORKS: Final = ("instagram", "facebook", "x", "linkedin")
MAIL_DOMAINS: Final = ("example.com", "example.org")

PREFERRED_CHANNELS: Final = ("phone", "email", "chat", "social", "store", "app", "visit", "letter")
PERSON_CHANNELS: Final = (0.26, 0.14, 0.14, 0.08, 0.14, 0.20, 0.01, 0.03)
ORGANISATION_CHANNELS: Final = (0.36, 0.34, 0.04, 0.01, 0.02, 0.05, 0.14, 0.04)
HOURS: Final = (("09:00", "12:00"), ("12:00", "14:00"), ("14:00", "17:00"), ("17:00", "19:00"))

STUDENT_BELOW, RETIRED_FROM, FAMILY_SHARE = 24, 63, 0.64
ORGANISATION_SEGMENTS: Final = ("small_business", "midsize", "corporate")
ORGANISATION_SEGMENT_SHARES: Final = (0.66, 0.26, 0.08)
EMPLOYEES: Final = ((1, 50), (50, 250), (250, 3000))
PERSON_TAGS: Final = (("newsletter", 0.35), ("loyalty_card", 0.45), ("referred", 0.08), ("event_guest", 0.05))
ORGANISATION_TAGS: Final = (("newsletter", 0.25), ("wholesale", 0.40), ("tender", 0.10))


@dataclass(frozen=True, slots=True)
class Departures:
    """Who left, the local day (NaT while a customer) and a uniform draw that decides the reason."""

    left: BoolArray
    day: DateTimeArray
    reason_draw: FloatArray


@dataclass(frozen=True, slots=True)
class _Name:
    """A customer's name; ``given`` and ``family`` are None for organisations; ``words`` make handles."""

    full: str
    given: str | None
    family: str | None
    words: str


def draw_people(
    model: DemoModel, seed: int, calendar: Calendar, latent: Latent, departures: Departures
) -> list[dict[str, Any]]:
    """Write out the customers, aligned with ``latent``, with the members of ``POST /v1/customers``."""
    n = len(latent.organisation)
    azerbaijan = np.array([b.country == "AZ" for b in BRANCHES])[latent.branch]
    language = _languages(model, azerbaijan, stream(seed, "languages"))
    named = _names(model, latent.organisation, azerbaijan, language, stream(seed, "names"))
    contacts = _contact_points(model, azerbaijan, named, stream(seed, "contacts"))
    joined_day, _ = calendar.locate(latent.joined_clock)
    joined: list[date] = calendar.dates(joined_day).tolist()
    age = np.clip(stream(seed, "ages").normal(41, 14, n), 18.1, 90)
    born = _birthdays(model, latent.organisation, joined, age, stream(seed, "birthdays"))
    profiles = _profiles(model, latent, age, stream(seed, "profiles"))
    lifecycles = _lifecycles(latent, departures)
    return [
        {
            "kind": "organisation" if latent.organisation[i] else "person",
            "name": named[i].full,
            "given_name": named[i].given,
            "family_name": named[i].family,
            "language": language[i],
            "born_on": born[i],
            "customer_since_on": joined[i],
            "contact_points": contacts[i],
            "external_ids": [{"system": "crm", "key": f"C-{i + 1:06d}"}],
            **profiles[i],
            **lifecycles[i],
        }
        for i in range(n)
    ]


def _languages(model: DemoModel, azerbaijan: BoolArray, rng: np.random.Generator) -> list[str]:
    """Give each customer the language of the country, or English for a few."""
    english = rng.random(len(azerbaijan)) < model.english_share
    languages: list[str] = np.where(english, "en", np.where(azerbaijan, "az", "tr")).tolist()
    return languages


def _names(
    model: DemoModel,
    organisation: BoolArray,
    azerbaijan: BoolArray,
    language: list[str],
    rng: np.random.Generator,
) -> list[_Name]:
    """Name everybody: persons in their language, organisations in their country's."""
    n = len(organisation)
    female = (rng.random(n) < 0.5).tolist()
    double = (rng.random(n) < model.second_given_name_share).tolist()
    draws = rng.random((n, 3)).tolist()
    turkish_firms = _firms(names.TURKISH_FIRMS, names.TURKISH_TRADES, names.TURKISH_FORMS, n, rng)
    azerbaijani_firms = _firms(
        names.AZERBAIJANI_FIRMS, names.AZERBAIJANI_TRADES, names.AZERBAIJANI_FORMS, n, rng
    )
    people = {
        "tr": (names.TURKISH_MEN, names.TURKISH_WOMEN, names.TURKISH_FAMILIES),
        "az": (names.AZERBAIJANI_MEN, names.AZERBAIJANI_WOMEN, names.AZERBAIJANI_FAMILIES),
        "en": (names.ENGLISH_MEN, names.ENGLISH_WOMEN, names.ENGLISH_FAMILIES),
    }
    result = []
    for i in range(n):
        if organisation[i]:
            firm = (azerbaijani_firms if azerbaijan[i] else turkish_firms)[i]
            result.append(_Name(firm, None, None, " ".join(firm.split()[:2])))
            continue
        men, women, families = people[language[i]]
        given = _at(women if female[i] else men, draws[i][0])
        second = _at(women if female[i] else men, draws[i][1])
        family = _at(families, draws[i][2])
        if language[i] == "az":
            family = names.family_name(family, female=female[i])
        words = f"{given} {family}"
        if double[i] and second != given and language[i] == "tr":
            given = f"{given} {second}"
        result.append(_Name(f"{given} {family}", given, family, words))
    return result


def _firms(
    stems: Sequence[str], trades: Sequence[str], forms: Sequence[str], n: int, rng: np.random.Generator
) -> list[str]:
    """Name ``n`` firms; a stem and trade come again only when all combinations are used up."""
    order = rng.permutation(len(stems) * len(trades))
    form = pick(rng, (0.7, 0.3), n).tolist()
    result = []
    for i in range(n):
        stem, trade = divmod(int(order[i % len(order)]), len(trades))
        result.append(f"{stems[stem]} {trades[trade]} {forms[form[i]]}")
    return result


def _at(items: Sequence[str], draw: float) -> str:
    """Choose an item by a uniform draw."""
    return items[int(draw * len(items))]


def _contact_points(
    model: DemoModel, azerbaijan: BoolArray, named: list[_Name], rng: np.random.Generator
) -> list[list[dict[str, Any]]]:
    """Give out phones, e-mail addresses and social handles: nobody has none, no value comes twice."""
    n = len(named)
    has = rng.random((n, 4)) < (
        model.phone_share,
        model.second_phone_share,
        model.email_share,
        model.social_share,
    )
    has[:, 1] &= has[:, 0]
    has[:, 2] |= ~has[:, 0]
    verified = (rng.random((n, 4)) < (0.85, 0.5, 0.6, 0.2)).tolist()
    phones = _phones(np.repeat(azerbaijan, 2), rng)
    domain = rng.integers(0, len(MAIL_DOMAINS), n).tolist()
    network = pick(rng, (0.55, 0.2, 0.15, 0.1), n).tolist()
    taken: dict[str, int] = {}
    result = []
    for i, present in enumerate(has.tolist()):
        handle = ".".join(fold(named[i].words).split())
        taken[handle] = again = taken.get(handle, 0) + 1
        handle = handle if again == 1 else f"{handle}{again}"
        values = (
            ("phone", phones[2 * i], True, None),
            ("phone", phones[2 * i + 1], False, None),
            ("email", f"{handle}@{MAIL_DOMAINS[domain[i]]}", True, None),
            ("social", handle, True, NETWORKS[network[i]]),
        )
        result.append(
            [
                {"kind": kind, "value": value, "primary": primary, "verified": verified[i][k], "network": net}
                for k, (kind, value, primary, net) in enumerate(values)
                if present[k]
            ]
        )
    return result


def _phones(azerbaijan: BoolArray, rng: np.random.Generator) -> list[str]:
    """Give distinct E.164 mobile numbers of Türkiye or Azerbaijan.

    Their form is valid, so somebody real may own one: nothing may ever be sent to demo customers.
    """
    result = [""] * len(azerbaijan)
    for where, prefixes in ((~azerbaijan, TURKISH_PREFIXES), (azerbaijan, AZERBAIJANI_PREFIXES)):
        places = np.flatnonzero(where).tolist()
        # Seven more digits, from 2000000: none begins with 0 or 1, which dialling uses for other things.
        numbers = rng.choice(len(prefixes) * 8_000_000, size=len(places), replace=False).tolist()
        for place, number in zip(places, numbers, strict=True):
            prefix, line = divmod(number, 8_000_000)
            result[place] = f"{prefixes[prefix]}{line + 2_000_000}"
    return result


def _birthdays(
    model: DemoModel,
    organisation: BoolArray,
    joined: list[date],
    age: FloatArray,
    rng: np.random.Generator,
) -> list[date | None]:
    """Give the birthdays of persons of this age (years) when they joined; some are not known."""
    n = len(joined)
    known = ~organisation & (rng.random(n) < model.birthday_share)
    days = (age * 365.25).astype(np.int64).tolist()
    return [joined[i] - timedelta(days=days[i]) if known[i] else None for i in range(n)]


def _profiles(
    model: DemoModel, latent: Latent, age: FloatArray, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Draw tags, attributes, preferences and the unit."""
    n = len(latent.organisation)
    organisation = latent.organisation.tolist()
    draws = rng.random((n, 4)).tolist()
    favourite = np.where(
        latent.organisation, pick(rng, ORGANISATION_CHANNELS, n), pick(rng, PERSON_CHANNELS, n)
    )
    channel = np.where(rng.random(n) < model.preference_share, favourite, -1).tolist()
    hours = np.where(rng.random(n) < model.hours_share, pick(rng, (0.35, 0.2, 0.2, 0.25), n), -1).tolist()
    size = pick(rng, ORGANISATION_SEGMENT_SHARES, n).tolist()
    years = age.tolist()
    tags = rng.random((n, max(len(PERSON_TAGS), len(ORGANISATION_TAGS)))).tolist()
    return [
        {
            "tags": _tags(ORGANISATION_TAGS if organisation[i] else PERSON_TAGS, tags[i]),
            "attributes": {
                "city": _at(BRANCHES[latent.branch[i]].cities, draws[i][0]),
                **(_firm(size[i], draws[i]) if organisation[i] else _household(years[i], draws[i])),
            },
            "preferred_channel": PREFERRED_CHANNELS[channel[i]] if channel[i] >= 0 else None,
            "preferred_hours": _hours(hours[i]),
            "unit": BRANCHES[latent.branch[i]].code,
        }
        for i in range(n)
    ]


def _tags(shares: Sequence[tuple[str, float]], draws: list[float]) -> list[str]:
    """Give the tags whose draw falls below their share."""
    return [tag for (tag, share), draw in zip(shares, draws, strict=False) if draw < share]


def _hours(number: int) -> dict[str, str] | None:
    """Give the preferred hours with this number, None for -1."""
    return {"start": HOURS[number][0], "end": HOURS[number][1]} if number >= 0 else None


def _firm(size: int, draws: list[float]) -> dict[str, str | int | bool]:
    """Write out the segment and the number of employees of an organisation."""
    low, high = EMPLOYEES[size]
    return {"segment": ORGANISATION_SEGMENTS[size], "employees": int(low * (high / low) ** draws[1])}


def _household(age: float, draws: list[float]) -> dict[str, str | int | bool]:
    """Write out the segment and the home of a person of this age."""
    if age < STUDENT_BELOW:
        segment = "student"
    elif age >= RETIRED_FROM:
        segment = "retired"
    else:
        segment = "family" if draws[1] < FAMILY_SHARE else "single"
    people = 2 + int(draws[2] * 4) if segment == "family" else 1 + int(draws[2] * 2)
    return {"segment": segment, "household_size": people, "home_owner": draws[3] < 0.55}


def _lifecycles(latent: Latent, departures: Departures) -> list[dict[str, Any]]:
    """Tell prospects, active customers and those who left; dissatisfied ones blame service more often."""
    days: list[date | None] = departures.day.tolist()
    bounds = np.cumsum([SATISFIED_REASONS, DISSATISFIED_REASONS], axis=1)
    dissatisfied: IntArray = (latent.satisfaction < 0).astype(np.int64)
    reason = (departures.reason_draw[:, None] >= bounds[dissatisfied, :-1]).sum(axis=1).tolist()
    result = []
    for i, left in enumerate(departures.left.tolist()):
        lifecycle = "left" if left else "prospect" if latent.prospect[i] else "active"
        result.append(
            {"lifecycle": lifecycle, "left_on": days[i], "left_reason": REASONS[reason[i]] if left else None}
        )
    return result
