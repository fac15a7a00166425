"""Who sends a request: its Authorization header, read once, and the check of the key that it names."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Protocol
from urllib.parse import unquote_to_bytes

from app.domain.common.company import Company
from app.domain.common.text import composed
from app.errors import AppError
from app.services.platform import api_keys
from app.services.platform.api_keys import Authenticated, Credential
from app.store.engine import Store

AGENT_HEADER = b"vefa-agent"
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


def named_agent(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the code of the person in the header Vefa-Agent; None without the header.

    It is written as in the address of the person: percent-encoded UTF-8, which plain ASCII is as it stands.
    What cannot be read is nobody's code.

    >>> named_agent([(b"vefa-agent", b" Ay%C5%9Fe ")]), named_agent([])
    ('Ayşe', None)
    """
    given = next((value for name, value in headers if name == AGENT_HEADER), None)
    if given is None:
        return None
    text: str = unquote_to_bytes(given.strip(_SPACES)).decode("utf-8", "replace")
    named: str = composed(text).strip().replace("\x00", "\ufffd")
    return named


async def authenticate(
    services: Composed, credential: Credential, request_id: str | None, named: str | None = None
) -> Authenticated:
    """Check a key, and the person who is ``named`` with it, in the database.

    Raises:
        UnauthenticatedError: there is no such key, or it is not valid any more.
        UnavailableError: the database does not answer.
    """
    known = await services.store.read(api_keys.authenticate, credential, services.company, request_id, named)
    if known.is_unnoted:
        _note_use(services, credential.id)
    return known


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
