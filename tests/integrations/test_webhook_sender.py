"""What the sender does with receivers of all kinds, and that it goes nowhere it must not."""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import trustme
from receivers import Receiver, answer

from app.domain.events.deliveries import Answer, Failure
from app.domain.events.webhook_urls import Rules
from app.integrations import webhook_sender
from app.integrations.webhook_sender import WebhookSender

OPEN = Rules(networks=("127.0.0.0/8",))
HEADERS = {"content-type": "application/json"}


def send(url: str, rules: Rules = OPEN, tls: Any = None, times: int = 1) -> Answer:
    async def act() -> Answer:
        sender = WebhookSender(rules, tls)
        try:
            for _ in range(times - 1):
                await sender.send(url, HEADERS, b"{}")
            return await sender.send(url, HEADERS, b"{}")
        finally:
            await sender.close()
            await asyncio.sleep(0.05)

    return asyncio.run(act())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.mark.parametrize("status", [200, 201, 204, 299, 302, 400, 410, 429, 500, 503])
def test_statuses_are_told(receiver: Receiver, status: int) -> None:
    receiver.respond = lambda _delivery: answer(status)
    told = send(receiver.url)
    assert (told.status, told.is_delivered) == (status, status < 300)


def test_the_beginning_of_an_answer_is_told(receiver: Receiver) -> None:
    receiver.respond = lambda _delivery: answer(500, b"wrong\n" + b"x" * 5000, "Retry-After: 120")
    told = send(receiver.url)
    assert told.text == "wrong " + "x" * 494
    assert told.retry_after == timedelta(seconds=120)


def test_connections_are_used_again(receiver: Receiver) -> None:
    send(receiver.url, times=5)
    assert (len(receiver.deliveries), receiver.connections) == (5, 1)


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    other = Receiver()
    receiver.respond = lambda _delivery: answer(307, b"", f"Location: {other.url}")
    assert send(receiver.url).status == 307
    assert other.connections == 0
    other.close()


def test_an_answer_without_end_is_cut_off(receiver: Receiver) -> None:
    receiver.respond = lambda _delivery: answer(200, b"x" * 1_000_000)
    assert send(receiver.url).failure is Failure.TOO_LARGE


def test_what_is_compressed_is_not_unpacked(receiver: Receiver) -> None:
    import gzip

    bomb = gzip.compress(b"0" * 10_000_000)
    receiver.respond = lambda _delivery: answer(200, bomb, "Content-Encoding: gzip")
    assert send(receiver.url).is_delivered


def test_a_receiver_that_says_nothing_is_given_up(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sender, "TOTAL_SECONDS", 0.5)
    receiver.respond = lambda _delivery: None
    assert send(receiver.url).failure is Failure.TIMEOUT


@pytest.mark.parametrize("said", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"])
def test_what_is_no_http_is_a_failure(receiver: Receiver, said: bytes) -> None:
    receiver.respond = lambda _delivery: said
    assert send(receiver.url).failure in (Failure.PROTOCOL, Failure.CONNECTION)


def test_a_closed_port_is_a_failure() -> None:
    receiver = Receiver()
    receiver.close()
    assert send(receiver.url).failure is Failure.CONNECTION


def test_certificates_are_verified() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    receiver = Receiver(tls=context)
    assert send(receiver.url).failure is Failure.TLS
    assert receiver.deliveries == []
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    assert send(receiver.url, tls=trusted).is_delivered
    wrong = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.example.com").configure_cert(wrong)
    other = Receiver(tls=wrong)
    assert send(other.url, tls=trusted).failure is Failure.TLS
    receiver.close()
    other.close()


def test_a_name_that_has_come_to_stand_for_an_internal_address_is_not_called(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: public when the endpoint was made, internal at delivery; one of several is enough."""
    for addresses in (["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], []):

        async def resolve(host: str, port: int, found: list[str] = addresses) -> list[str]:
            return found

        monkeypatch.setattr(webhook_sender, "resolve", resolve)
        assert send("https://hooks.example.com/", Rules()).failure is Failure.REFUSED_ADDRESS
    assert send(receiver.url, Rules()).failure is Failure.REFUSED_ADDRESS
    assert send(receiver.url.replace("http:", "https:"), Rules()).failure is Failure.REFUSED_ADDRESS
    assert receiver.connections == 0


def test_the_environment_sets_no_proxy(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(receiver.url).is_delivered
