"""One Idempotency-Key, one effect, one answer: the key's row commits with the effect itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from sqlalchemy import delete, exc, select, update

from app.errors import ConflictError, InvalidError
from app.store import database_errors, dialects
from app.store.tables import IdempotencyKey
from app.store.transactions import ReadTx, WriteTx
from app.store.types import now

KEEP = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished HTTP answer: what is stored and replayed."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """What identifies a repeated request: ``key`` = hash of credential, route and Idempotency-Key;
    ``fingerprint`` = hash of the request body. Both 32 bytes."""

    key: bytes
    fingerprint: bytes


def run_once(tx: WriteTx, claim: Claim, act: Callable[[WriteTx], Answer]) -> Answer:
    """Run ``act`` unless this key has an answer already, and keep its answer.

    A duplicate in flight waits for the first one's outcome: on PostgreSQL at the unique index, up to the
    lock timeout of 5 s; on SQLite in the writer's queue.

    Raises:
        InvalidError: the key was used with another body (``idempotency_key_reused``).
        ConflictError: the first request is still at work after that time (``idempotency_in_flight``).
    """
    if not _claim(tx, claim):
        return _replay(tx, claim)
    answer = act(tx)
    tx.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.key == claim.key)
        .values(status=answer.status, headers=answer.headers, body=answer.body)
    )
    return answer


def _claim(tx: WriteTx, claim: Claim) -> bool:
    """Whether the key is ours: nobody has used it before."""
    statement = (
        dialects.insert(tx, IdempotencyKey)
        .values(key=claim.key, fingerprint=claim.fingerprint, created_at=now())
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )
    try:
        return tx.execute(statement).first() is not None
    except exc.DBAPIError as error:
        if database_errors.is_locked(error):
            raise _in_flight() from None
        raise


def _in_flight() -> ConflictError:
    detail = "A request with this key is being processed."
    return ConflictError(detail, code="idempotency_in_flight", headers={"Retry-After": "1"})


def _replay(tx: ReadTx, claim: Claim) -> Answer:
    stored = tx.execute(
        select(
            IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.headers, IdempotencyKey.body
        ).where(IdempotencyKey.key == claim.key)
    ).first()
    if stored is None or stored.status is None:
        raise _in_flight()  # its row went away between the two statements
    if stored.fingerprint != claim.fingerprint:
        raise InvalidError("This key was used with another request.", code="idempotency_key_reused")
    headers = cast("dict[str, str]", stored.headers or {})
    return Answer(stored.status, stored.body or b"", {**headers, "Idempotency-Replayed": "true"})


def forget_old(tx: WriteTx) -> int:
    """Delete keys older than `KEEP`; returns how many."""
    return tx.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now() - KEEP)).rowcount
