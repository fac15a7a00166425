"""What commands start with: settings, the store, and the service itself as the caller."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.domain.access import Actor, system
from app.settings import Settings
from app.store import schema
from app.store.engine import Store


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[tuple[Store, Actor]]:
    """The store of the settings (default: the environment's), at this program's revision, and the caller.

    Raises:
        NotMigratedError: the database is not at this program's revision.
    """
    settings = settings or Settings()
    store = Store(settings)
    try:
        schema.require_head(store)
        yield store, system(settings.company)
    finally:
        store.close_sync()
