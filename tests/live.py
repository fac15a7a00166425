"""The service over real sockets, for tests whose client is another program."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.http.connection_limit import Limits
from app.http.server import make_server
from app.main import create_app
from app.settings import Settings


@contextmanager
def serving(settings: Settings, limits: Limits | None = None, *, with_worker: bool = False) -> Iterator[str]:
    """Serve in a thread, with a worker where asked for; gives the address."""
    app = create_app(settings, with_worker=with_worker)
    on_stop = app.state.services.stop_waiting
    server = make_server(app, port=0, limits=limits or Limits(), log_level="critical", on_stop=on_stop)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
