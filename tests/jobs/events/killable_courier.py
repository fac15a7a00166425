"""A courier in a process of its own, which tests kill: ``killable_courier.py DATABASE_URL SECRET NAME``."""

import sys
import threading
from datetime import timedelta

from app.jobs.events.courier import Courier
from app.jobs.registry import Context
from app.settings import Settings
from app.store.engine import Store


def main(database_url: str, secret: str, name: str) -> None:
    settings = Settings(database_url=database_url, secret=secret, webhook_networks=("127.0.0.0/8",))
    context = Context(Store(settings), settings.company, settings)
    Courier(context, name, lease=timedelta(seconds=3)).start()
    print("started", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
