"""Sends webhooks: one signed POST to an address that may be called, and the beginning of the answer."""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import perf_counter
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from app.domain.events import deliveries, webhook_urls
from app.domain.events.deliveries import Answer, Failure
from app.domain.events.webhook_urls import RefusedUrlError, Rules, Target

TOTAL_SECONDS = 15.0
MAX_ANSWER_BYTES = 64 * 1024
MAX_TEXT_CHARS = 500
MAX_CONNECTIONS = 1_000
MAX_CONNECTIONS_OF_A_HOST = 100
KEEP_ALIVE_SECONDS = 30.0


async def resolve(host: str, port: int) -> list[str]:
    """The addresses that a host name stands for now; none where it stands for nothing."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def check_url(url: str, rules: Rules) -> None:
    """Check that an address may be called, as it stands now.

    Raises:
        RefusedUrlError: it may not.
    """
    where = webhook_urls.target(url, rules)
    async with asyncio.timeout(TOTAL_SECONDS):
        webhook_urls.check_addresses(where, await resolve(where.host, where.port), rules)


class _Checked(AbstractResolver):
    """Resolves names and gives only addresses that may be called: the connection goes to exactly these."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a host.

        Raises:
            RefusedUrlError: it has none, or one of them may not be called.
        """
        where = Target(is_https=True, host=host, port=port)
        allowed = webhook_urls.check_addresses(where, await resolve(host, port), self._rules)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in allowed
        ]

    async def close(self) -> None:
        """Nothing to let go of."""


class WebhookSender:
    """Sends from one event loop. HTTPS is verified; no redirects, cookies or proxies; 15 s in all.

    Names are looked up and judged again for every connection, and a connection is used again for at most
    half a minute.

    Args:
        rules: where webhooks may go.
        tls: with which authorities receivers are verified; those of the system by default.
    """

    def __init__(self, rules: Rules, tls: ssl.SSLContext | None = None) -> None:
        self._rules = rules
        connector = aiohttp.TCPConnector(
            resolver=_Checked(rules),
            use_dns_cache=False,
            limit=MAX_CONNECTIONS,
            limit_per_host=MAX_CONNECTIONS_OF_A_HOST,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            ssl=tls or True,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post a body. Whatever goes wrong is an answer as well."""
        began = perf_counter()
        try:
            where = webhook_urls.target(url, self._rules)
            if _is_address(where.host):  # which aiohttp asks no resolver about
                webhook_urls.check_addresses(where, [where.host], self._rules)
            elif not where.is_https:  # which the resolver is not told
                found = await resolve(where.host, where.port)
                webhook_urls.check_addresses(where, found, self._rules)
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                text = await _beginning(answer.content)
                return Answer(
                    answer.status,
                    text=_printable(text),
                    retry_after=_asked_for(answer.headers.get("Retry-After")),
                    ms=_since(began),
                )
        except Exception as error:
            return Answer(None, _failure(error), ms=_since(began))

    async def close(self) -> None:
        """Let go of all connections."""
        await self._session.close()


def headers_of(
    secrets: list[bytes], event_id: str, at: datetime, body: bytes, own: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The headers of one attempt, ``own`` ones first."""
    timestamp = int(at.timestamp())
    return {
        **(own or {}),
        "content-type": "application/json",
        "user-agent": "Vefa-Webhooks/1",
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": deliveries.signature(secrets, event_id, timestamp, body),
    }


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """Read to the end, or so far that the connection is worth more closed than read on."""
    kept, size = b"", 0
    async for part in content.iter_any():
        kept = (kept + part)[: 4 * MAX_TEXT_CHARS]
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise _TooLargeError
    return kept


class _TooLargeError(Exception):
    pass


def _failure(error: BaseException) -> Failure:
    cause: Any = error
    while cause is not None:
        if isinstance(cause, RefusedUrlError):
            return Failure.REFUSED_ADDRESS
        if isinstance(cause, ssl.SSLError | ssl.CertificateError | aiohttp.ClientSSLError):
            return Failure.TLS
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, TimeoutError):
        return Failure.TIMEOUT
    if isinstance(error, _TooLargeError):
        return Failure.TOO_LARGE
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return Failure.CONNECTION
    return Failure.PROTOCOL


def _is_address(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except OSError:
        return False
    return True


def _asked_for(text: str | None) -> timedelta | None:
    """What Retry-After asks for, in seconds or as an instant."""
    if text is None:
        return None
    if text.strip().isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**6))
    try:
        return max(timedelta(), parsedate_to_datetime(text) - datetime.now(UTC))
    except (ValueError, TypeError):
        return None


def _printable(text: bytes) -> str:
    shown = text.decode("utf-8", "replace")[:MAX_TEXT_CHARS]
    return "".join(character if character.isprintable() else " " for character in shown)


def _since(began: float) -> int:
    return int((perf_counter() - began) * 1000)
