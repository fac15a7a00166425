"""The life of a complaint and its number."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.common.days import is_future
from app.domain.recovery.complaints import (
    LEADS_TO,
    NUMBER_ALPHABET,
    NUMBERS,
    OPEN_STATES,
    STEPS,
    ComplaintState,
    EventKind,
    Lifecycle,
    make_number,
    normalise_number,
    out_of_order,
    step_time,
)

DAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
random_bits = st.integers(min_value=0, max_value=2**64 - 1)


def plain(number: str) -> str:
    return number.replace("-", "")


def is_number(characters: str) -> bool:
    try:
        normalise_number(characters)
    except ValueError:
        return False
    return True


# --- steps


def test_the_straight_way() -> None:
    life = Lifecycle()
    for days, step in enumerate(("acknowledged", "started", "resolved", "closed", "reopened"), start=1):
        life = life.after(EventKind(step), DAY + timedelta(days=days), f"said {days}")
    assert life == Lifecycle(
        ComplaintState.IN_PROGRESS, acknowledged_at=DAY + timedelta(days=1), reopened_count=1
    )


def test_the_last_resolution_and_the_first_acknowledgement_count() -> None:
    life = Lifecycle()
    steps = ("acknowledged", "resolved", "reopened", "waited", "resolved", "closed")
    for days, step in enumerate(steps):
        life = life.after(EventKind(step), DAY + timedelta(days=days), f"said {days}")
    assert life == Lifecycle(
        ComplaintState.CLOSED,
        acknowledged_at=DAY,
        resolved_at=DAY + timedelta(days=4),
        closed_at=DAY + timedelta(days=5),
        reopened_count=1,
        resolution="said 4",
    )


def test_every_state_has_its_steps_and_every_step_is_refused_elsewhere() -> None:
    assert set(STEPS) == set(ComplaintState)
    for state in ComplaintState:
        life = Lifecycle(state)
        for step in EventKind:
            assert life.allows(step) == (step in STEPS[state])
            if life.allows(step):
                assert life.after(step, DAY).state == LEADS_TO[step]
            else:
                with pytest.raises(ValueError, match=f"{step.value} is not possible when {state.value}"):
                    life.after(step, DAY)


def test_the_customers_answer_confirms_or_takes_it_back_to_work() -> None:
    resolved = Lifecycle().after(EventKind.RESOLVED, DAY, "Sent anew.")
    confirmed = resolved.after(EventKind.CONFIRMED, DAY + timedelta(days=1))
    assert (confirmed.state, confirmed.resolution) == (ComplaintState.CONFIRMED, "Sent anew.")
    assert (confirmed.resolved_at, confirmed.confirmed_at) == (DAY, DAY + timedelta(days=1))
    assert resolved.after(EventKind.REFUSED, DAY) == Lifecycle(ComplaintState.IN_PROGRESS, reopened_count=1)
    reopened = confirmed.after(EventKind.CLOSED, DAY + timedelta(days=2)).after(EventKind.REOPENED, DAY)
    assert reopened == Lifecycle(ComplaintState.IN_PROGRESS, reopened_count=1)


def test_nothing_closes_without_a_resolution() -> None:
    for state in ComplaintState:
        may_close = state in (ComplaintState.RESOLVED, ComplaintState.CONFIRMED)
        assert Lifecycle(state).allows(EventKind.CLOSED) == may_close
        assert Lifecycle(state).allows(EventKind.RESOLVED) == (state in OPEN_STATES)


# --- times


def test_a_step_is_never_before_the_one_it_follows() -> None:
    ahead = DAY + timedelta(minutes=3)
    assert step_time(DAY, ahead) == step_time(ahead, DAY) == ahead


def test_clocks_may_differ_by_five_minutes() -> None:
    assert not is_future(DAY + timedelta(minutes=5), DAY)
    assert is_future(DAY + timedelta(minutes=5, microseconds=1), DAY)


@pytest.mark.parametrize(
    ("days", "wrong"),
    [
        ((0, None, None, None), []),
        ((0, 0, 0, 0), []),
        ((0, 1, 2, 3), []),
        ((0, None, 2, 3), []),
        ((0, -1, 2, 3), [("acknowledged_at", "received_at")]),
        ((0, 3, 2, 3), [("resolved_at", "acknowledged_at")]),
        ((0, 1, 3, 2), [("closed_at", "resolved_at")]),
        ((0, None, None, -1), [("closed_at", "received_at")]),
        ((0, -1, -2, 0), [("acknowledged_at", "received_at"), ("resolved_at", "received_at")]),
    ],
)
def test_what_comes_too_early_is_named(days: tuple[int | None, ...], wrong: list[tuple[str, str]]) -> None:
    members = ("received_at", "acknowledged_at", "resolved_at", "closed_at")
    times = {
        member: None if day is None else DAY + timedelta(days=day)
        for member, day in zip(members, days, strict=True)
    }
    assert list(out_of_order(times)) == wrong


# --- the number


def test_characters_that_can_be_mistaken_are_not_used() -> None:
    assert len(set(NUMBER_ALPHABET)) == len(NUMBER_ALPHABET) == 19
    assert not set("01OILUVBSZGDNJQWX") & set(NUMBER_ALPHABET)


@given(random_bits)
def test_a_number_is_found_in_any_spelling(bits: int) -> None:
    number = make_number(bits)
    assert len(number) == 9
    assert set(plain(number)) <= set(NUMBER_ALPHABET)
    for spelling in (
        number,
        number.lower(),
        plain(number),
        f" {number[:2]} {number[2:]}\t",
        " ".join(number),
        number.replace("-", " \u2013 "),
    ):
        assert normalise_number(spelling) == number


@given(random_bits, random_bits)
def test_different_numbers_for_different_bits(one: int, other: int) -> None:
    assert (make_number(one) == make_number(other)) == (one % NUMBERS == other % NUMBERS)


@given(random_bits)
def test_one_wrong_character_is_always_noticed(bits: int) -> None:
    characters = plain(make_number(bits))
    for place, right in enumerate(characters):
        for wrong in NUMBER_ALPHABET.replace(right, ""):
            assert not is_number(characters[:place] + wrong + characters[place + 1 :])


@given(random_bits)
def test_two_swapped_characters_are_always_noticed(bits: int) -> None:
    characters = plain(make_number(bits))
    for one, other in combinations(range(len(characters)), 2):
        if characters[one] != characters[other]:
            swapped = list(characters)
            swapped[one], swapped[other] = swapped[other], swapped[one]
            assert not is_number("".join(swapped))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "FA9C-T7K",
        "FA9C-T7KYY",
        "FA9C_T7KY",
        "FA9C-T7K0",
        "\uff26A9C-T7KY",
        "FA9C-T7\u212aY",
        "FA9C\x00T7KY",
    ],
    ids=ascii,
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a complaint number"):
        normalise_number(text)


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    if is_number(text):
        assert normalise_number(normalise_number(text)) == normalise_number(text)
