"""How many of those asked answered."""

import pytest

from app.domain.satisfaction.response_rate import response_rate


def test_worked_example() -> None:
    found = response_rate(45, 50)
    assert found is not None
    assert (found.share, found.low, found.high) == pytest.approx((0.9, 0.786398, 0.956524), abs=5e-7)


def test_unknown_or_no_invitations_have_no_rate() -> None:
    assert response_rate(3, None) is None
    assert response_rate(0, 0) is None


def test_nobody_answered_is_a_rate_of_zero() -> None:
    found = response_rate(0, 5)
    assert found is not None
    assert (found.share, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(0.434482, abs=5e-7)


@pytest.mark.parametrize("counts", [(6, 5), (-1, 5), (1, 0)])
def test_more_answers_than_invitations_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="0 to n"):
        response_rate(*counts)
