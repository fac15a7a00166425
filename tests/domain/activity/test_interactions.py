"""How contacts can end, and the times of a contact."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.activity.interactions import DISPOSITIONS, MAX_SECONDS, handle_seconds, in_order, is_usable
from app.texts import LANGUAGES, translate

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_the_built_in_dispositions_have_a_name_of_their_own_in_every_language() -> None:
    for language in LANGUAGES:
        spoken = [translate(name, language) for name in DISPOSITIONS.values()]
        assert len(set(spoken)) == len(spoken)


@pytest.mark.parametrize(
    ("disposition", "own", "usable"),
    [
        ("sale", {}, True),
        ("sale", {"sale": True}, True),
        ("sale", {"sale": False}, False),
        ("sale", {"busy": False}, True),
        ("invoice_sent", {}, None),
        ("invoice_sent", {"invoice_sent": True}, True),
        ("invoice_sent", {"invoice_sent": False}, False),
        ("Sale", {}, None),
    ],
)
def test_a_disposition_is_usable_unless_the_company_says_otherwise(
    disposition: str, own: dict[str, bool], usable: bool | None
) -> None:
    assert is_usable(disposition, own) is usable


def test_a_contact_does_not_end_before_it_starts() -> None:
    assert in_order(NOON, None)
    assert in_order(NOON, NOON)
    assert in_order(NOON, NOON + timedelta(microseconds=1))
    assert not in_order(NOON, NOON - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("talk", "hold", "wrap", "handled"),
    [
        (180, 20, 45, 245),
        (180, None, 45, 225),
        (180, None, None, 180),
        (0, 0, 0, 0),
        (None, None, None, None),
        (None, 20, 45, None),
        (MAX_SECONDS, MAX_SECONDS, MAX_SECONDS, 3 * MAX_SECONDS),
    ],
)
def test_the_handle_time_is_null_without_a_talk(
    talk: int | None, hold: int | None, wrap: int | None, handled: int | None
) -> None:
    assert handle_seconds(talk, hold, wrap) == handled
