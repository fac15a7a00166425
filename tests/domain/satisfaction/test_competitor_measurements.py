"""What cannot be of a competitor's measurement."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.domain.satisfaction import INDICES
from app.domain.satisfaction.competitor_measurements import MESSAGES, Measurement, faults

DAY = date(2026, 11, 23)


def wrong(told: Measurement, index: str = "composite", on: date = DAY) -> list[tuple[str, str]]:
    return [(fault.member, fault.code) for fault in faults(told, on, INDICES[index], DAY)]


@pytest.mark.parametrize("code", INDICES)
def test_the_ends_of_the_range_belong_to_it(code: str) -> None:
    index = INDICES[code]
    for end, beyond in ((index.low, -0.001), (index.high, 0.001)):
        if end is not None:
            assert wrong(Measurement(end), code) == []
            assert wrong(Measurement(end + beyond), code) == [("value", "out_of_range")]
    if index.low is None:
        assert wrong(Measurement(-3.0), code) == wrong(Measurement(120.0), code) == []


def test_an_interval_has_two_ends_and_contains_the_value() -> None:
    told = Measurement(66.0, low=64.0, high=68.0)
    assert wrong(told) == wrong(replace(told, low=66.0)) == wrong(replace(told, high=66.0)) == []
    assert wrong(replace(told, high=None)) == [("high", "half_interval")]
    assert wrong(replace(told, low=None)) == [("low", "half_interval")]
    assert wrong(replace(told, low=66.1)) == [("low", "outside_interval")]
    assert wrong(replace(told, high=65.9)) == [("high", "outside_interval")]
    assert wrong(replace(told, low=68.0, high=64.0)) == [("low", "outside_interval")]


def test_today_has_come_and_tomorrow_has_not() -> None:
    assert wrong(Measurement(66.0), on=DAY) == []
    assert wrong(Measurement(66.0), on=DAY + timedelta(days=1)) == [("measured_on", "in_future")]


def test_everything_wrong_is_told_at_once() -> None:
    told = Measurement(101.0, low=60.0)
    found = faults(told, DAY + timedelta(days=1), INDICES["composite"], DAY)
    assert [fault.code for fault in found] == ["out_of_range", "half_interval", "in_future"]
    assert found[0].params == {"low": "0", "high": "100"}
    assert {fault.code for fault in found} < MESSAGES.keys()
