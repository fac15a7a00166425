import numpy as np
import pytest

from app.domain.value.share_of_wallet import UNKNOWN, share_of_wallet


def test_worked_example() -> None:
    found = share_of_wallet(np.array([300, 50, -20]), np.array([1000, 100, 200]))
    assert found.shares.tolist() == [0.3, 0.5, 0.0]
    assert (found.n, found.contradicted, found.median, found.open_minor) == (3, 0, 0.3, 950)
    assert found.overall == pytest.approx(350 / 1300)


def test_nothing_known() -> None:
    found = share_of_wallet(np.array([300, 0, 5]), np.array([UNKNOWN, 0, 0]))
    assert np.isnan(found.shares).all()
    assert (found.n, found.contradicted, found.overall, found.median) == (0, 1, None, None)


def test_columns_are_checked() -> None:
    with pytest.raises(ValueError, match="length"):
        share_of_wallet(np.array([1]), np.array([1, 2]))
