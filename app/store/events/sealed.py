"""Secrets of webhooks, kept so that only who knows the service's secret can read them.

AES-256-GCM under a key derived from ``VEFA_SECRET``. A sealed value begins with the id of the secret, so that
values sealed with an earlier one (``VEFA_SECRET_PREVIOUS``) are still read.
"""

import hmac
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import StartError, UnavailableError
from app.store.dialects import StoreSettings
from app.store.transactions import WriteTx

_ID_BYTES = 6
_NONCE_BYTES = 12
_OPTION = "webhook_seal"


class UnreadableError(StartError):
    """Sealed with a secret that the settings do not have."""


class Seal:
    """Seals with the first of several secrets, and reads what any of them sealed."""

    def __init__(self, secret_texts: Sequence[str]) -> None:
        self._keys = dict(map(_derived, secret_texts))
        self._current = _derived(secret_texts[0])[0]

    def close(self, value: bytes, about: bytes) -> bytes:
        """Seal a value; it can only be read with the same ``about``."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return self._current + nonce + AESGCM(self._keys[self._current]).encrypt(nonce, value, about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Read a sealed value.

        Raises:
            UnreadableError: it was sealed with another secret, or is not what was sealed.
        """
        key = self._keys.get(sealed[:_ID_BYTES])
        nonce, rest = sealed[_ID_BYTES:][:_NONCE_BYTES], sealed[_ID_BYTES + _NONCE_BYTES :]
        try:
            if key is not None:
                return AESGCM(key).decrypt(nonce, rest, about)
        except InvalidTag:
            pass
        raise UnreadableError("A secret of a webhook was sealed with another VEFA_SECRET: name that one too.")

    def is_current(self, sealed: bytes) -> bool:
        """Whether a value was sealed with the first secret."""
        return sealed.startswith(self._current)


def of_settings(settings: StoreSettings) -> Seal | None:
    """The seal of the settings; None without ``VEFA_SECRET``."""
    if settings.secret is None:
        return None
    return Seal([secret.get_secret_value() for secret in (settings.secret, *settings.secret_previous)])


def options(settings: StoreSettings) -> dict[str, Any]:
    """What an engine is made with, so that `of_transaction` finds the seal on its connections."""
    return {_OPTION: of_settings(settings)}


def of_transaction(tx: WriteTx) -> Seal:
    """The seal of a transaction.

    Raises:
        UnavailableError: the process has no secret.
    """
    found: Seal | None = tx.get_execution_options().get(_OPTION)
    if found is None:
        raise UnavailableError("The service has no secret to keep yours with.")
    return found


@lru_cache(maxsize=16)
def _derived(secret: str) -> tuple[bytes, bytes]:
    """The id of a secret, and the key."""
    key = hmac.digest(secret.encode(), b"vefa-webhook-seal", "sha256")
    return hmac.digest(key, b"id", "sha256")[:_ID_BYTES], key
