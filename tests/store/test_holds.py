"""A name held by one living process."""

from app.settings import Settings
from app.store import holds


def test_a_name_has_one_holder(settings: Settings) -> None:
    hold = holds.take(settings, "worker-a")
    assert hold is not None
    assert hold.keep()
    assert holds.take(settings, "worker-a") is None
    other = holds.take(settings, "worker-b")
    assert other is not None
    other.release()
    hold.release()
    again = holds.take(settings, "worker-a")
    assert again is not None
    again.release()
