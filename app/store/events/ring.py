"""Callbacks of those in this process who wait for something."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Callback = Callable[[], None]


class Ring:
    """Calls everybody who is there, from any thread. What is called must be quick and not fail."""

    def __init__(self) -> None:
        self._callbacks: tuple[Callback, ...] = ()

    def add(self, callback: Callback) -> Callback:
        """Call ``callback`` from now on; what is returned ends it."""
        self._callbacks += (callback,)

        def remove() -> None:
            self._callbacks = tuple(one for one in self._callbacks if one is not callback)

        return remove

    @contextmanager
    def calling(self, callback: Callback) -> Iterator[None]:
        """Call ``callback`` within the block."""
        remove = self.add(callback)
        try:
            yield
        finally:
            remove()

    def ring(self) -> None:
        """Call everybody."""
        for callback in self._callbacks:
            callback()
