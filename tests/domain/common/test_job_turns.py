"""Whose job is next: nobody waits behind all the jobs of another, or behind all those of another kind."""

import pytest

from app.domain.common.job_turns import Turns, WaitingJob, is_short

LONG, SHORT = False, True


def waiting(*jobs: tuple[str, str, bool]) -> list[WaitingJob]:
    return [WaitingJob(number, *job) for number, job in enumerate(jobs)]


def ids(turns: Turns, jobs: list[WaitingJob], free: int, free_for_long: int) -> list[int]:
    return [job.id for job in turns.next_jobs(jobs, free, free_for_long)]


def test_of_one_caller_and_kind_the_oldest_is_first() -> None:
    jobs = waiting(*[("a", "backtests", LONG)] * 4)
    assert ids(Turns(), jobs, 3, 3) == [0, 1, 2]


def test_a_second_caller_does_not_wait_behind_all_jobs_of_the_first() -> None:
    jobs = waiting(*[("a", "backtests", LONG)] * 5, ("b", "backtests", LONG), ("c", "scoring", LONG))
    assert ids(Turns(), jobs, 4, 4) == [0, 5, 6, 1]


def test_turns_go_on_from_one_look_to_the_next() -> None:
    """With one slot: whoever was served waits until the others have been."""
    jobs = waiting(*[("a", "backtests", LONG)] * 3, *[("b", "backtests", LONG)] * 2)
    turns, order = Turns(), []
    while jobs:
        [chosen] = turns.next_jobs(jobs, 1, 1)
        order.append(chosen.id)
        jobs.remove(chosen)
    assert order == [0, 3, 1, 4, 2]


def test_kinds_of_one_caller_take_turns() -> None:
    jobs = waiting(*[("a", "backtests", LONG)] * 4, ("a", "imports", LONG), ("a", "scoring", LONG))
    assert ids(Turns(), jobs, 4, 4) == [0, 4, 5, 1]


def test_a_caller_with_many_kinds_gets_no_more_turns() -> None:
    jobs = waiting(("a", "backtests", LONG), ("a", "imports", LONG), ("b", "imports", LONG))
    assert ids(Turns(), jobs, 2, 2) == [0, 2]


@pytest.mark.parametrize(
    ("free", "free_for_long", "expected"), [(1, 0, [4]), (2, 1, [0, 4]), (3, 2, [0, 4, 1]), (3, 0, [4])]
)
def test_a_slot_that_long_jobs_may_not_have_is_for_a_short_one(
    free: int, free_for_long: int, expected: list[int]
) -> None:
    jobs = waiting(*[("a", "imports", LONG)] * 4, ("a", "imports", SHORT))
    chosen = ids(Turns(), jobs, free, free_for_long)
    assert sorted(chosen) == sorted(expected)


def test_without_a_short_job_that_slot_stays_free() -> None:
    assert ids(Turns(), waiting(*[("a", "backtests", LONG)] * 4), 3, 2) == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "short"),
    [
        ({"text_bytes": 0}, True),
        ({"text_bytes": 1 << 20}, True),
        ({"text_bytes": (1 << 20) + 1}, False),
        ({"text_bytes": None}, False),
        ({}, False),
    ],
)
def test_small_files_are_short(arguments: dict[str, object], short: bool) -> None:
    assert is_short(arguments) is short
