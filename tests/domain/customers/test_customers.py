"""Contracts and matches, case by case."""

from datetime import date

import pytest

from app.domain.customers.customers import Match, contract_fault, match_of

START, BEFORE, AFTER = date(2026, 3, 1), date(2026, 2, 28), date(2026, 3, 2)


@pytest.mark.parametrize(
    ("ends_on", "notice_given_on", "fault"),
    [
        (None, None, None),
        (START, START, None),
        (AFTER, None, None),
        (None, AFTER, None),
        (START, AFTER, None),
        (BEFORE, None, "ends_on"),
        (None, BEFORE, "notice_given_on"),
        (AFTER, BEFORE, "notice_given_on"),
        (BEFORE, BEFORE, "ends_on"),
        (BEFORE, AFTER, "ends_on"),
    ],
)
def test_no_day_of_a_contract_lies_before_its_start(
    ends_on: date | None, notice_given_on: date | None, fault: str | None
) -> None:
    assert contract_fault(START, ends_on, notice_given_on) == fault


@pytest.mark.parametrize(
    ("found", "match"), [(0, Match.NONE), (1, Match.KNOWN), (2, Match.MAYBE), (9, Match.MAYBE)]
)
def test_only_one_customer_is_known(found: int, match: Match) -> None:
    assert match_of(found) is match
