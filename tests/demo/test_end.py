"""The demo company ends when it is told to: nothing in it lies ahead, and what came before stays the same."""

import random
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from app.demo.company import Demo, generate
from app.demo.competitors import measurements
from app.demo.model import ZONE

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ZONES = [ZONE, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Australia/Lord_Howe")]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def instants(found: Any) -> Iterator[datetime]:
    """Every instant in what requests would carry, but for the end of an invitation."""
    if isinstance(found, dict):
        for name, value in found.items():
            if name != "expires_at":
                yield from instants(value)
    elif isinstance(found, list):
        for value in found:
            yield from instants(value)
    elif isinstance(found, str) and len(found) == 20 and found[10] == "T":
        yield datetime.fromisoformat(found)


def days(found: Any) -> Iterator[date]:
    """Every day in it, but for the end of a contract."""
    if isinstance(found, dict):
        for name, value in found.items():
            if name != "ends_on":
                yield from days(value)
    elif isinstance(found, list):
        for value in found:
            yield from days(value)
    elif isinstance(found, date):
        yield found
    elif isinstance(found, str) and len(found) == 10 and found[4:8:3] == "--":
        yield date.fromisoformat(found)


def check(demo: Demo, ends_at: datetime, zone: ZoneInfo) -> None:
    """What the documentation promises of a company, whenever it ends."""
    today = ends_at.astimezone(zone).date()
    said = [
        demo.contacts.interactions,
        demo.contacts.complaints,
        demo.asked.invitations,
        demo.asked.responses,
    ]
    assert all(found <= ends_at for found in instants(said))
    dated = [demo.customers, demo.terms, measurements(today)]
    assert all(found <= today for found in days(dated))
    assert all(on <= today for _, on, _ in demo.rates)
    sold = demo.transactions.occurred_at
    end = np.datetime64(ends_at.replace(tzinfo=None), "us")
    assert (sold <= end).all()
    assert not (demo.latent.dropped_out_at > end).any()

    bought = set(demo.transactions.customer_index.tolist())
    keys = [customer["external_ids"][0]["key"] for customer in demo.customers]
    assert keys == [f"C-{number + 1:06d}" for number in range(len(keys))]
    for place, customer in enumerate(demo.customers):
        assert (customer["lifecycle"] == "prospect") == (place not in bought)
        assert (customer["contract"] is not None) == demo.latent.subscriber[place]
        assert (customer["lifecycle"] == "left") == (customer["left_on"] is not None)
    assert {item["customer"]["key"] for item in demo.terms} == {
        key for key, customer in zip(keys, demo.customers, strict=True) if customer["contract"]
    }
    for complaint in demo.contacts.complaints:
        steps = [complaint.get(step) for step in ("acknowledged_at", "resolved_at", "closed_at")]
        known = [step for step in steps if step]
        assert steps[: len(known)] == known == sorted(known)
        assert ("resolution" in complaint) == ("resolved_at" in complaint)
    for response in demo.asked.responses:
        assert demo.asked.invitations[response["invitation"]]["invited_at"] <= response["answered_at"]
    purchases = {key for key in demo.transactions.external_id if key.count("-") == 1}
    returns = [key for key in demo.transactions.external_id if key.count("-") == 2]
    assert all(key[:-2] in purchases for key in returns)


def ending(seed: int, ends_at: datetime, zone: ZoneInfo = ZONE, customers: int = 120) -> Demo:
    return generate(seed, ends_at.astimezone(zone).date(), customers, ends_at=ends_at, zone=zone)


def test_every_hour_of_the_day_within_a_week() -> None:
    first = at("2026-12-28 21:00:00")
    for hour in range(0, 7 * 24, 5):  # five and 24 have no divisor in common
        ends_at = first + hour * HOUR
        check(ending(1, ends_at, customers=250), ends_at, ZONE)


@pytest.mark.parametrize("part", range(4))
def test_a_hundred_and_twenty_instants_in_four_zones(part: int) -> None:
    drawn = random.Random(part)  # noqa: S311 - an example of instants, no secret
    for _ in range(30):
        ends_at = at("2024-01-01") + timedelta(seconds=drawn.randrange(6 * 365 * 86_400))
        check(ending(drawn.randrange(50), ends_at, ZONES[part]), ends_at, ZONES[part])


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("hour", [0, 9, 12, 19])
@pytest.mark.parametrize(
    "day",
    [
        "2024-02-29",
        "2028-02-29",
        "2025-12-31",
        "2026-01-01",
        "2026-03-08",
        "2026-11-01",
        "2026-04-05",
        "2026-10-04",
    ],
)
def test_days_that_calendars_treat_differently(day: str, hour: int, zone: ZoneInfo) -> None:
    ends_at = datetime.fromisoformat(day).replace(hour=hour, tzinfo=zone).astimezone(UTC)
    demo = ending(2, ends_at, zone)
    check(demo, ends_at, zone)
    local = [one.replace(tzinfo=UTC).astimezone(zone) for one in demo.transactions.occurred_at.tolist()]
    assert all(9 <= one.hour < 19 for one in local)


def test_a_later_end_adds_and_changes_nothing() -> None:
    day = date(2026, 12, 19)
    whole = generate(1, day, 3000)
    seen = 0
    for hour in (5, 8, 10, 13, 15):
        earlier = generate(1, day, 3000, ends_at=at(f"2026-12-19 {hour:02}:30:00"))
        n = len(earlier.transactions)
        assert n >= seen
        seen = n
        for field in fields(earlier.transactions):
            column = getattr(earlier.transactions, field.name)
            assert list(column) == list(getattr(whole.transactions, field.name)[:n])
        assert earlier.contacts.interactions == whole.contacts.interactions
        assert earlier.asked.invitations == whole.asked.invitations[: len(earlier.asked.invitations)]
        assert all(response in whole.asked.responses for response in earlier.asked.responses)
        others = [(a, b) for a, b in zip(earlier.customers, whole.customers, strict=True) if a != b]
        assert all(a["lifecycle"] == "prospect" for a, b in others)
    assert seen < len(whole.transactions)


def test_a_day_that_is_over_is_whole() -> None:
    day = date(2026, 11, 23)
    whole = generate(1, day, 300)
    assert whole.ends_at == at("2026-11-23 21:00:00")
    for later in (whole.ends_at, at("2026-11-24 03:17:00"), at("2029-01-01")):
        again = generate(1, day, 300, ends_at=later)
        assert again.ends_at == whole.ends_at
        assert again.transactions.external_id == whole.transactions.external_id
        assert again.customers == whole.customers
        assert again.asked == whole.asked


def test_an_end_before_the_last_day_is_refused() -> None:
    with pytest.raises(ValueError, match="before the last day"):
        generate(1, date(2026, 11, 23), 10, ends_at=at("2026-11-22 20:59:59"))


@pytest.mark.parametrize(
    ("until", "latest", "source"),
    [
        (date(2026, 10, 14), date(2025, 10, 15), "Home retail panel, autumn 2025"),
        (date(2026, 10, 15), date(2026, 10, 15), "Home retail panel, autumn 2026"),
        (date(2024, 2, 29), date(2023, 10, 15), "Home retail panel, autumn 2023"),
        (date(2028, 2, 29), date(2027, 10, 15), "Home retail panel, autumn 2027"),
    ],
)
def test_panels_measured_within_the_year_before_the_end(until: date, latest: date, source: str) -> None:
    found = measurements(until)
    newest = max(found, key=lambda one: one["measured_on"])
    assert (date.fromisoformat(newest["measured_on"]), newest["source"]) == (latest, source)
    assert min(one["measured_on"] for one in found) == f"{latest.year}-04-20"
    keys = [(one["source"], one["external_id"]) for one in found]
    assert len(set(keys)) == len(keys)
