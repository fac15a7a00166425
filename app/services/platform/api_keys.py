"""API keys: make, check, list, revoke and rotate them."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, func, insert, outerjoin, select, update

from app.domain.common.access import Actor, Scope
from app.domain.common.company import Company
from app.domain.common.text import composed
from app.domain.people.agents import is_active_on
from app.errors import (
    ConflictError,
    FieldError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
)
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.sql.prepared_select import PreparedSelect
from app.store.tables import Agent, ApiKey, Role
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import Key, now

PREFIX = "vefa_live_"
_TOKEN = re.compile(r"vefa_live_([a-z0-9]{12})_([A-Za-z0-9]{40})", re.ASCII)
USE_NOTED_EVERY = timedelta(minutes=5)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_SECRET_ALPHABET = _ALPHABET + _ALPHABET[:26].upper()

_KEY = (
    ApiKey.secret_hash,
    ApiKey.scopes,
    ApiKey.units,
    ApiKey.expires_at,
    ApiKey.retires_at,
    ApiKey.revoked_at,
    ApiKey.last_used_at,
    ApiKey.agent.label("bound_to"),
    Agent.code.label("agent"),
    Agent.is_active,
    Agent.active_from_on,
    Agent.active_until_on,
    Agent.role,
    Role.scopes.label("role_scopes"),
    Role.is_active.label("is_role_active"),
)


def _find(agent: Any) -> PreparedSelect:
    """The read of a key with its agent, whose code is ``agent``, and the agent's role: one statement."""
    people = outerjoin(ApiKey, Agent, Agent.code == agent).outerjoin(Role, Role.code == Agent.role)
    return PreparedSelect(select(*_KEY).select_from(people).where(ApiKey.id == bindparam("key_id")))


_FIND = _find(ApiKey.agent)
_FIND_NAMING = _find(func.coalesce(ApiKey.agent, bindparam("agent", type_=Key)))


@dataclass(frozen=True, slots=True)
class Credential:
    """A well-formed API key as a caller sent it."""

    id: str
    secret: str


def parse(token: str) -> Credential | None:
    """The parts of ``vefa_live_<id>_<secret>``; None for anything else."""
    match = _TOKEN.fullmatch(token)
    return Credential(match.group(1), match.group(2)) if match else None


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A valid key: who calls, and whether its last use should be noted again (`touch`).

    ``refusal`` says why the person whom the request or the key names may not act.
    """

    actor: Actor
    is_unnoted: bool
    refusal: ForbiddenError | None = None


@one_statement
def authenticate(
    tx: ReadTx, credential: Credential, company: Company, request_id: str | None, named: str | None = None
) -> Authenticated:
    """Check a credential, and whether the agent who is ``named`` with it may act. One statement.

    Raises:
        UnauthenticatedError: unknown, wrong, expired or revoked; the answer does not say which.
    """
    wanted = {"key_id": credential.id}
    found = _FIND.rows(tx, wanted) if named is None else _FIND_NAMING.rows(tx, {**wanted, "agent": named})
    # The secret has 238 bits of randomness: a plain hash cannot be searched, and costs 1 µs.
    given = hashlib.sha256(credential.secret.encode()).digest()
    if not found or not hmac.compare_digest(found[0]["secret_hash"], given) or not _is_live(found[0]):
        raise UnauthenticatedError("Send a valid API key as a bearer token.")
    row = found[0]
    scopes, agent = _scopes_of(row), row["agent"]
    actor = Actor(
        id=f"key:{credential.id}",
        scopes=scopes,
        units=frozenset(row["units"]),
        request_id=request_id,
        company=company,
        agent=agent,
    )
    refusal = None
    if row["bound_to"] is not None or named is not None:
        refusal = _refusal(row, named, scopes, company)
    last_used_at = row["last_used_at"]
    is_unnoted = last_used_at is None or now() - last_used_at > USE_NOTED_EVERY
    return Authenticated(actor, is_unnoted, refusal)


Rights = tuple[frozenset[Scope], frozenset[str]]
"""Scopes, and the units that a key is limited to."""


def rights_now(tx: ReadTx, key_ids: Sequence[str], company: Company) -> dict[str, Rights]:
    """Say what keys may do at this moment; those that are not valid, or whose person may not act, are left
    out. One statement."""
    people = outerjoin(ApiKey, Agent, Agent.code == ApiKey.agent).outerjoin(Role, Role.code == Agent.role)
    found = select(ApiKey.id, *_KEY).select_from(people).where(ApiKey.id.in_(key_ids))
    rights: dict[str, Rights] = {}
    for row in map(dict, tx.execute(found).mappings()):
        scopes = _scopes_of(row)
        is_refused = row["bound_to"] is not None and _refusal(row, None, scopes, company) is not None
        if _is_live(row) and not is_refused:
            rights[row["id"]] = scopes, frozenset(row["units"])
    return rights


def _scopes_of(row: Row) -> frozenset[Scope]:
    """The scopes of a key; of one that is bound to a person with a role, only those that the role has."""
    scopes = _scopes(tuple(row["scopes"]))
    if row["bound_to"] is not None and row["role"] is not None:
        return scopes & (_scopes(tuple(row["role_scopes"])) if row["is_role_active"] else frozenset())
    return scopes


def _refusal(
    row: Row, named: str | None, scopes: frozenset[Scope], company: Company
) -> ForbiddenError | None:
    """Why the agent that the key is bound to, or that is named with it, may not act."""
    bound_to = row["bound_to"]
    if bound_to is not None and named not in (None, bound_to):
        detail = "The key is bound to a person, and Vefa-Agent names another one."
        return ForbiddenError(detail, code="other_agent")
    if bound_to is None and Scope.AGENTS_ACT not in scopes:
        detail = "The credentials lack the scope {scope}."
        return ForbiddenError(detail, scope=Scope.AGENTS_ACT.value)
    days = {"from_on": row["active_from_on"], "until_on": row["active_until_on"]}
    today = company.day_of(now())
    if row["agent"] is None or not is_active_on(today, switched_on=row["is_active"], **days):
        detail = "The person for whom the request is made is not registered, or not active today."
        return ForbiddenError(detail, code="unknown_agent")
    return None


def touch(tx: WriteTx, key_id: str) -> None:
    """Note that a key is in use. Not at every request, which would make every read a write."""
    tx.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now()))


_KNOWN_SCOPES = frozenset(Scope)


@lru_cache(maxsize=1024)
def _scopes(names: tuple[str, ...]) -> frozenset[Scope]:
    """Scopes by their names; names this program no longer knows give no right."""
    return frozenset(Scope(name) for name in names if name in _KNOWN_SCOPES)


def create(
    tx: WriteTx,
    actor: Actor,
    label: str,
    scopes: Iterable[Scope],
    *,
    units: Iterable[str] = (),
    agent: str | None = None,
    expires_at: datetime | None = None,
    replaces: str | None = None,
) -> str:
    """Make a key and return its token, the only time it can be seen.

    Raises:
        InvalidError: ``agent``, the person it is bound to, is not registered or not active.
    """
    key_id = _random(12, _ALPHABET)
    return create_known(
        tx,
        actor,
        f"{PREFIX}{key_id}_{_random(40, _SECRET_ALPHABET)}",
        label,
        scopes,
        units=units,
        agent=agent,
        expires_at=expires_at,
        replaces=replaces,
    )


def create_known(
    tx: WriteTx,
    actor: Actor,
    token: str,
    label: str,
    scopes: Iterable[Scope],
    *,
    units: Iterable[str] = (),
    agent: str | None = None,
    expires_at: datetime | None = None,
    replaces: str | None = None,
) -> str:
    """`create` with a token made elsewhere (the demo's is always the same)."""
    credential = parse(token)
    if credential is None:
        raise ValueError("not an API key")
    agent = None if agent is None else composed(agent).strip()
    if agent is not None:
        _check_agent(tx, actor, agent)
    rights = _Rights(sorted(scopes), sorted(composed(unit).strip() for unit in units), expires_at, agent)
    tx.execute(
        insert(ApiKey).values(
            id=credential.id,
            secret_hash=hashlib.sha256(credential.secret.encode()).digest(),
            label=label,
            scopes=rights.scopes,
            units=rights.units,
            agent=agent,
            created_at=now(),
            expires_at=expires_at,
            replaces=replaces,
        )
    )
    _note(tx, actor, "created", credential.id, rights, replaces=replaces)
    return token


def list_all(tx: ReadTx, _actor: Actor) -> list[dict[str, Any]]:
    """Every key without its secret, newest first."""
    columns = [column for column in ApiKey.__table__.columns if column.key != "secret_hash"]
    return [dict(row) for row in tx.execute(select(*columns).order_by(ApiKey.created_at.desc())).mappings()]


def revoke(tx: WriteTx, actor: Actor, key_id: str) -> None:
    """Make a key useless from now on.

    Raises:
        NotFoundError: there is no such key.
        ConflictError: it is revoked already.
    """
    row = _existing(tx, key_id)
    if row["revoked_at"] is not None:
        raise ConflictError("The key is revoked already.")
    tx.execute(update(ApiKey).where(ApiKey.id == key_id).values(revoked_at=now()))
    _note(tx, actor, "revoked", key_id, _Rights.of(row))


def rotate(
    tx: WriteTx, actor: Actor, key_id: str, overlap: timedelta, *, expires_at: datetime | None = None
) -> str:
    """Make a successor with the same rights; the old key works for ``overlap`` longer.

    Rotating a key again makes another successor and never lets the old key work longer.

    Args:
        expires_at: when the successor expires, by default when the old key does.

    Raises:
        NotFoundError: there is no such key.
        ConflictError: it is revoked or expired.
    """
    row = _existing(tx, key_id)
    if not _is_live(row):
        raise ConflictError("The key is revoked or expired.")
    retires_at = min(now() + overlap, row["retires_at"] or datetime.max.replace(tzinfo=UTC))
    tx.execute(update(ApiKey).where(ApiKey.id == key_id).values(retires_at=retires_at))
    _note(tx, actor, "rotated", key_id, _Rights.of(row))
    scopes, expires_at = _scopes(tuple(row["scopes"])), expires_at or row["expires_at"]
    bound_to = {"units": row["units"], "agent": row["agent"]}
    return create(tx, actor, row["label"], scopes, **bound_to, expires_at=expires_at, replaces=key_id)


@dataclass(frozen=True, slots=True)
class _Rights:
    """What a key may do and until when."""

    scopes: list[str]
    units: list[str]
    expires_at: datetime | None
    agent: str | None

    @classmethod
    def of(cls, row: Row) -> "_Rights":
        return cls(row["scopes"], row["units"], row["expires_at"], row["agent"])


def _note(
    tx: WriteTx, actor: Actor, what: str, key_id: str, rights: _Rights, *, replaces: str | None = None
) -> None:
    """Note in the trail what became of a key, and its rights: ``scope=customers:read``, ``unit=izmir``."""
    expires_at = None if rights.expires_at is None else rights.expires_at.isoformat()
    given = [*(f"scope={scope}" for scope in rights.scopes), *(f"unit={unit}" for unit in rights.units)]
    given += [
        f"{name}={value}"
        for name, value in (("agent", rights.agent), ("expires_at", expires_at), ("replaces", replaces))
        if value
    ]
    trail.record(tx, actor, f"api_key.{what}", key_id, members=given)


def _check_agent(tx: ReadTx, actor: Actor, code: str) -> None:
    """Check that a person is registered and active today.

    Raises:
        InvalidError: they are not.
    """
    days = Agent.is_active, Agent.active_from_on, Agent.active_until_on
    row = tx.execute(select(*days).where(Agent.code == code)).first()
    today = actor.company.day_of(now())
    if row is None or not is_active_on(today, switched_on=row[0], from_on=row[1], until_on=row[2]):
        detail = "Expected the code of a registered agent who is active; /v1/agents lists them."
        raise InvalidError(fields=[FieldError("/agent", "unknown_agent", detail)])


def _existing(tx: ReadTx, key_id: str) -> Row:
    statement = select(ApiKey.__table__).where(ApiKey.id == key_id).with_for_update()
    row = tx.execute(statement).mappings().first()
    if row is None:
        raise NotFoundError("There is no such key.")
    return dict(row)


def _is_live(row: Row) -> bool:
    end = ends_at(row)
    return row["revoked_at"] is None and (end is None or end > now())


def ends_at(row: Row) -> datetime | None:
    """When a key stops working unless it is revoked before; None: never."""
    ends = [at for at in (row["expires_at"], row["retires_at"]) if at is not None]
    return min(ends, default=None)


def _random(length: int, alphabet: str) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
