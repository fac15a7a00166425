"""Who sends a request: its Authorization header, read once, and the check of the key that it names."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from app.domain.common.access import Actor
from app.domain.common.company import Company
from app.errors import AppError
from app.services.platform import api_keys
from app.services.platform.api_keys import Credential
from app.store.engine import Store

_SPACES = b" \t"  # may stand around the value of any header and are no part of it (RFC 9110, 5.5)


class Composed(Protocol):
    """The services used here; `app.http.call.Services` has them."""

    @property
    def store(self) -> Store:
        """The door to the database."""

    @property
    def company(self) -> Company:
        """The company that is served."""

    @property
    def background(self) -> set[asyncio.Task[None]]:
        """Tasks to finish before the application stops."""


def read_credential(head: Mapping[bytes, bytes]) -> Credential | None:
    """Read the API key: `Bearer` in any case, one space, the key; None for everything else.

    Nothing else reads the header, so that what is counted and what is checked are one.
    """
    scheme, _, token = head.get(b"authorization", b"").strip(_SPACES).partition(b" ")
    return api_keys.parse(token.decode("latin-1")) if scheme.lower() == b"bearer" else None


async def authenticate(services: Composed, credential: Credential, request_id: str | None) -> Actor:
    """Check a key in the database and return the caller it belongs to.

    Raises:
        UnauthenticatedError: there is no such key, or it is not valid any more.
        UnavailableError: the database does not answer.
    """
    actor, unnoted = await services.store.read(
        api_keys.authenticate, credential, services.company, request_id
    )
    if unnoted:
        _note_use(services, credential.id)
    return actor


def _note_use(services: Composed, key_id: str) -> None:
    """Write down, without making the caller wait, that the key is in use."""

    async def note() -> None:
        with suppress(AppError):  # a busy database: the next request tries again
            await services.store.write(api_keys.touch, key_id)

    if any(task.get_name() == key_id for task in services.background):
        return
    task = asyncio.create_task(note(), name=key_id)
    services.background.add(task)
    task.add_done_callback(services.background.discard)
