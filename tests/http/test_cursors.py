"""Cursors tell nothing and are good for one list only."""

import base64
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from app.errors import InvalidError
from app.http.cursors import Cursors
from app.store.paging import After

PLACE: After = (
    "Ayşe Yılmaz",
    None,
    12,
    date(2026, 2, 28),
    datetime(2026, 3, 10, 12, 0, 0, 1, tzinfo=UTC),
    UUID("01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10"),
)
CURSORS = Cursors("a secret of this service")


def _bytes(cursor: str) -> bytes:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def test_a_place_comes_back_as_it_was() -> None:
    assert CURSORS.decode("/v1/customers?{}", CURSORS.encode("/v1/customers?{}", PLACE)) == PLACE


def test_nothing_of_the_row_can_be_read_in_a_cursor() -> None:
    sealed = _bytes(CURSORS.encode("/v1/customers?{}", PLACE))
    for part in (
        "Ayşe".encode(),
        b"Ay\\u015fe",
        b"Ylmaz",
        b"2026-02-28",
        PLACE[5].bytes,
        PLACE[5].hex.encode(),
    ):
        assert part not in sealed


def test_the_same_place_has_the_same_cursor_and_lists_have_their_own() -> None:
    again = Cursors("a secret of this service")
    assert again.encode("/v1/customers?{}", PLACE) == CURSORS.encode("/v1/customers?{}", PLACE)
    assert again.encode("/v1/complaints?{}", PLACE) != CURSORS.encode("/v1/customers?{}", PLACE)


@pytest.mark.parametrize("bit", range(0, 40 * 8, 13))
def test_a_changed_bit_is_noticed(bit: int) -> None:
    sealed = bytearray(_bytes(CURSORS.encode("/v1/customers?{}", PLACE)))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InvalidError):
        CURSORS.decode("/v1/customers?{}", base64.urlsafe_b64encode(sealed).rstrip(b"=").decode())


def test_a_cursor_of_another_secret_or_list_is_refused() -> None:
    cursor = CURSORS.encode("/v1/customers?{}", PLACE)
    for cursors, listing in ((Cursors("another secret"), "/v1/customers?{}"), (CURSORS, "/v1/complaints?{}")):
        with pytest.raises(InvalidError):
            cursors.decode(listing, cursor)
