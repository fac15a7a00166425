"""A name held by one living process."""

from app.settings import Settings
from app.store import process_locks


def test_a_name_has_one_holder(settings: Settings) -> None:
    hold = process_locks.take(settings, "worker-a")
    assert hold is not None
    assert hold.is_still_held()
    assert process_locks.take(settings, "worker-a") is None
    other = process_locks.take(settings, "worker-b")
    assert other is not None
    other.release()
    hold.release()
    again = process_locks.take(settings, "worker-a")
    assert again is not None
    again.release()
