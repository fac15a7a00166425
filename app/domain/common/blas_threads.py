"""Small fits on one thread.

The matrix library under numpy and scipy starts a thread for each core even for four numbers, and on a busy
machine they wait for each other: a fit measured there took seconds instead of a tenth of one.
"""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold the matrix libraries that are loaded to one thread, for the whole process, while inside."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
