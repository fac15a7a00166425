"""The keys of the audit trail, each derived from the service's secret for one use and no other.

A key for the mark that a process puts on an entry as it writes it, one for the chain of seals, and one for
the signature of the chain's head. Who can write the database but does not know the secret has none of them.
"""

import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.store.dialects import StoreSettings


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """What is derived from one secret."""

    id: str
    """Tells which secret it was, without saying anything about it."""
    mark: bytes
    seal: bytes
    head: bytes


@dataclass(frozen=True, slots=True)
class AuditKeys:
    """The keys of the present secret, and those of earlier ones, which only verify."""

    current: SecretKeys
    previous: tuple[SecretKeys, ...] = ()

    @property
    def all(self) -> tuple[SecretKeys, ...]:
        """Every secret's keys, the present one's first."""
        return (self.current, *self.previous)

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Every key that may have sealed an entry."""
        return tuple(keys.seal for keys in self.all)


@lru_cache(maxsize=16)
def derive(secret: str) -> SecretKeys:
    """The keys of one secret."""

    def key(use: bytes) -> bytes:
        return hmac.digest(secret.encode(), b"vefa-audit-" + use, "sha256")

    return SecretKeys(key(b"id").hex()[:12], key(b"mark"), key(b"seal"), key(b"head"))


def of_settings(settings: StoreSettings) -> AuditKeys | None:
    """The keys of the settings; None without ``VEFA_SECRET``."""
    if settings.secret is None:
        return None
    previous = tuple(derive(secret.get_secret_value()) for secret in settings.secret_previous)
    return AuditKeys(derive(settings.secret.get_secret_value()), previous)


def mark_options(settings: StoreSettings) -> dict[str, Any]:
    """What an engine is made with, so that `mark_key` finds the key on its connections."""
    keys = of_settings(settings)
    return {_OPTION: None if keys is None else keys.current.mark}


def mark_key(options: Any) -> bytes | None:
    """The key among a connection's execution options; None where the process has no secret."""
    found: bytes | None = options.get(_OPTION)
    return found


_OPTION = "audit_mark_key"
