"""An audit trail as services write and workers seal it, and people who change it in the database."""

import json
from typing import Any

from conftest import SECRET
from sqlalchemy import Connection, insert, text

from app.domain.common.access import Actor
from app.jobs.audit_trail import AuditTrail
from app.jobs.registry import Context
from app.settings import Settings
from app.store.audit import report as audit_report
from app.store.audit import rows, trail
from app.store.audit.head import Head
from app.store.audit.keys import AuditKeys, derive
from app.store.engine import Store
from app.store.tables import AuditEntry
from app.store.types import new_id, now

OTHER_SECRET = "another-secret,of-the-tests-with-a-COMMA-0123"
KEYS = AuditKeys(derive(SECRET))


class Service:
    """A running service: writes entries, and a worker looks after them, round by round."""

    def __init__(self, settings: Settings, store: Store, actor: Actor) -> None:
        self.store, self._actor = store, actor
        self._context = Context(store, settings.company, settings)
        self.worker = AuditTrail()

    def write(self, *names: str) -> None:
        """Note that things were made."""
        for name in names:
            self.store.write_sync(trail.record, self._actor, "thing.made", name, members=["b", "a"])

    def work(self, rounds: int = 3) -> None:
        """Let the worker do its duties some times."""
        for _ in range(rounds):
            self.worker.seal(self._context)
            self.worker.look(self._context)
            self.worker.check(self._context)
            self.worker._next_pass_at = 0.0

    def restart(self) -> None:
        """Begin with a worker that remembers nothing."""
        self.worker = AuditTrail()

    def execute(self, *statements: Any) -> None:
        """Do what somebody with the database's password does."""

        def act(tx: Connection) -> None:
            for statement in statements:
                tx.execute(text(statement) if isinstance(statement, str) else statement)

        self.store.write_sync(act)

    def found(self, copy: Head | None = None, keys: AuditKeys = KEYS) -> set[tuple[str, int, int]]:
        """What a verification finds: kind, first and last position."""
        report = self.store.read_sync(audit_report.verify, keys, copy)
        return {(alarm.kind.value, alarm.first, alarm.last) for alarm in report.alarms}

    def names(self) -> list[str]:
        """What is sealed, in order."""
        entries = self.store.read_sync(rows.after, 0, 1_000)
        return [json.loads(entry.text)[5] for entry in entries]


def insert_entry(name: str, **columns: Any) -> Any:
    """A statement that inserts an entry; without more columns one that nobody marked."""
    row = {
        "id": new_id(),
        "at": now(),
        "actor_id": "key:boss",
        "action": "thing.made",
        "object_id": name,
        "members": ["a"],
    }
    return insert(AuditEntry).values({**row, **columns})
