"""The signed end of the audit trail: how far it is sealed, and with what.

It stands in a row of its own and moves in the transaction that seals entries, always forward. What lies at or
below it is sealed already, whatever the table says; numbering goes on above it. A copy kept elsewhere
(`vefa audit head`) shows also that the end of the trail was removed together with an older head put back.
"""

import hmac
import json
import re
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.store import dialects
from app.store.audit.alarms import Alarm, Kind
from app.store.audit.keys import AuditKeys, SecretKeys
from app.store.audit.seals import FIRST
from app.store.tables import AuditEntry, AuditHead
from app.store.transactions import ReadTx, WriteTx
from app.store.types import new_id

_ROW = 1
_LARGEST = 2**62  # SQLite takes a text for larger than any number
_COLUMNS = ("store_id", "position", "seal", "secret_id", "signature")
_READ = select(*(AuditHead.__table__.c[name] for name in _COLUMNS)).where(AuditHead.id == _ROW)
_LINE = re.compile(r"\b(store|position|seal|secret|signature):\s*([0-9a-f]+)\b")


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a trail."""

    store_id: UUID
    position: int
    seal: bytes
    secret_id: str
    signature: bytes

    def is_signed_by(self, keys: SecretKeys) -> bool:
        """Whether a process with this secret signed it."""
        expected = _signature(keys, self.store_id, self.position, self.seal)
        return self.secret_id == keys.id and hmac.compare_digest(self.signature, expected)

    def is_signed_by_any(self, keys: AuditKeys) -> bool:
        """Whether a process with the present secret or an earlier one signed it."""
        return any(self.is_signed_by(one) for one in keys.all)

    def __str__(self) -> str:
        """Lines that `parsed` reads again."""
        return (
            f"store:     {self.store_id.hex}\nposition:  {self.position}\nseal:      {self.seal.hex()}\n"
            f"secret:    {self.secret_id}\nsignature: {self.signature.hex()}"
        )


def signed(keys: SecretKeys, store_id: UUID, position: int, seal: bytes) -> Head:
    """A head under the signature of this secret."""
    return Head(store_id, position, seal, keys.id, _signature(keys, store_id, position, seal))


def new(keys: SecretKeys) -> Head:
    """The head of a trail in which nothing is sealed yet."""
    return signed(keys, new_id(), 0, FIRST)


def parsed(text: str) -> Head:
    """A head as `vefa audit head` printed it, however its lines are broken.

    Raises:
        ValueError: it is none.
    """
    found = dict(_LINE.findall(text))
    if len(found) != len(fields(Head)):
        raise ValueError("not a head")
    seal, signature = bytes.fromhex(found["seal"]), bytes.fromhex(found["signature"])
    return Head(UUID(found["store"]), int(found["position"]), seal, found["secret"], signature)


def untrusted(head: Head, keys: AuditKeys) -> Alarm:
    """Why a head that the present secret did not sign may not be trusted."""
    if any(head.is_signed_by(one) for one in keys.previous):
        return Alarm(Kind.OTHER_SECRET, remark="The present secret was changed, the trail not yet.")
    is_known = head.secret_id in {one.id for one in keys.all}
    return Alarm(Kind.FORGED_HEAD if is_known else Kind.OTHER_SECRET)


def read(tx: ReadTx) -> Head | None:
    """Return the stored head, its signature not checked."""
    row = tx.execute(_READ).one_or_none()
    return None if row is None else Head(*row)


def write(tx: WriteTx, head: Head) -> None:
    """Store a head in place of the one there is."""
    values: dict[str, Any] = {name: getattr(head, name) for name in _COLUMNS}
    tx.execute(dialects.upsert(tx, AuditHead, ["id"], _COLUMNS), {"id": _ROW, **values})


def last_entry(tx: ReadTx) -> tuple[int, bytes]:
    """Position and seal of the last entry that has a position; 0 and the beginning of the chain if none."""
    last = select(AuditEntry.position, AuditEntry.seal).where(AuditEntry.position.between(1, _LARGEST))
    row = tx.execute(last.order_by(AuditEntry.position.desc()).limit(1)).one_or_none()
    return (0, FIRST) if row is None else (row.position, row.seal or FIRST)


def lock(tx: WriteTx) -> None:
    """Wait until nobody else numbers entries or events, until the end of the transaction."""
    dialects.advisory_lock(tx, "vefa-positions")


def waiting(tx: ReadTx) -> int:
    """How many entries wait for their position."""
    count = select(func.count()).select_from(AuditEntry).where(AuditEntry.position.is_(None))
    return int(tx.execute(count).scalar_one())


def _signature(keys: SecretKeys, store_id: UUID, position: int, seal: bytes) -> bytes:
    text = json.dumps([store_id.hex, position, seal.hex(), keys.id], separators=(",", ":"))
    return hmac.digest(keys.head, text.encode(), "sha256")
