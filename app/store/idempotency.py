"""One Idempotency-Key, one effect, one answer: the key's row commits with the effect itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import bindparam, delete, exc, select, update

from app.errors import AppError, ConflictError, InvalidError
from app.store import database_errors, dialects, gathered
from app.store.sql.prepared_select import PreparedSelect
from app.store.tables import IdempotencyKey
from app.store.transactions import ReadTx, Row, WriteTx
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

    On PostgreSQL the key is claimed before anything that ``act`` sends, and with it where that is one
    statement (`app.store.gathered`). A duplicate in flight waits there for the first one's outcome, up to
    the lock timeout of 5 s; then its transaction is undone and run again, and finds the answer. On SQLite
    it waits in the writer's queue.

    Raises:
        InvalidError: the key was used with another body (``idempotency_key_reused``).
        ConflictError: the first request is still at work after that time (``idempotency_in_flight``).
    """
    if (kept := _kept(tx, claim)) is not None:
        return _replayed(kept, claim)
    row: Row = {"key": claim.key, "fingerprint": claim.fingerprint, "created_at": now()}
    if not dialects.is_postgres(tx):
        answer = act(tx)
        gathered.insert(tx, IdempotencyKey, [row | _stored(answer)])
        return answer
    gathered.insert(tx, IdempotencyKey, [row | dict.fromkeys(_ANSWER)])
    try:
        answer = act(tx)
        if gathered.waits(tx, IdempotencyKey):
            gathered.replace(tx, IdempotencyKey, row | _stored(answer))
        else:
            mine = IdempotencyKey.key == claim.key
            tx.execute(update(IdempotencyKey).where(mine).values(_stored(answer)))
        gathered.send(tx, is_last=True)
    except AppError:
        if not gathered.waits(tx, IdempotencyKey):
            raise
        gathered.drop(tx)
        if (kept := _kept(tx, claim)) is None:
            raise
        return _replayed(kept, claim)  # refused for what the first one did in this moment
    except exc.DBAPIError as error:
        if database_errors.is_locked(error) and IdempotencyKey.__tablename__ in (error.statement or ""):
            raise _in_flight() from None
        raise
    return answer


_ANSWER = ("status", "headers", "body")
_KEPT = PreparedSelect(
    select(*(IdempotencyKey.__table__.c[name] for name in ("fingerprint", *_ANSWER))).where(
        IdempotencyKey.key == bindparam("key")
    )
)


def _stored(answer: Answer) -> Row:
    return {name: getattr(answer, name) for name in _ANSWER}


def _kept(tx: ReadTx, claim: Claim) -> Row | None:
    """What is kept under the key."""
    return next(iter(_KEPT.rows(tx, {"key": claim.key})), None)


def _in_flight() -> ConflictError:
    detail = "A request with this key is being processed."
    return ConflictError(detail, code="idempotency_in_flight", headers={"Retry-After": "1"})


def _replayed(kept: Row, claim: Claim) -> Answer:
    if kept["status"] is None:
        raise _in_flight()
    if kept["fingerprint"] != claim.fingerprint:
        raise InvalidError("This key was used with another request.", code="idempotency_key_reused")
    headers = {**(kept["headers"] or {}), "Idempotency-Replayed": "true"}
    return Answer(kept["status"], kept["body"] or b"", headers)


def forget_old(tx: WriteTx) -> int:
    """Delete keys older than `KEEP`; returns how many."""
    return tx.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now() - KEEP)).rowcount
