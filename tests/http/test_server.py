"""Slow and hostile clients over real sockets: every one is answered or cut off, and others are served."""

import json
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.http.connection_limit import Limits
from app.http.server import make_server

FAST = Limits(
    head_seconds=0.4,
    body_seconds=0.4,
    body_bytes=1000,
    write_seconds=0.5,
    keep_alive_seconds=1,
    linger_seconds=0.4,
    shutdown_seconds=2,
)
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the size of the body; /early without reading it; /big with 50 MB."""
    if scope["type"] != "http":
        return
    size, more = 0, scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    body = b"x" * 50_000_000 if scope["path"] == "/big" else str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def running(limits: Limits = FAST) -> Iterator[Callable[[], socket.socket]]:
    """A server in a thread; gives a function that connects to it."""
    server = make_server(echo, port=0, limits=limits, log_level="critical")
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    address = server.servers[0].sockets[0].getsockname()
    try:
        yield lambda: socket.create_connection(address, timeout=30)
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def connect() -> Iterator[Callable[[], socket.socket]]:
    with running() as function:
        yield function


def rest(client: socket.socket) -> bytes:
    """Everything until the server closes."""
    received = b""
    while chunk := client.recv(65536):
        received += chunk
    return received


def problem(answer: bytes) -> tuple[int, str]:
    """Status and code of a refusal, which is always problem details."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    return int(head.split()[1]), json.loads(body)["code"]


def test_ordinary_requests_share_a_connection(connect: Any) -> None:
    with connect() as client:
        for _ in range(3):
            client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            answer = client.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")
            assert answer.endswith(b"\r\n\r\n3")
            assert b"\r\ndate: " in answer
            assert b"server:" not in answer


def test_pipelined_requests_are_answered_in_order(connect: Any) -> None:
    with connect() as client:
        client.sendall(GET * 20 + b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert rest(client).count(b"HTTP/1.1 200") == 21


def test_a_head_that_does_not_come_is_408(connect: Any) -> None:
    with connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert problem(rest(client)) == (408, "request_timeout")


def test_a_head_that_trickles_is_408(connect: Any) -> None:
    with connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        client.settimeout(0.05)
        answer = b""
        for _ in range(40):
            client.sendall(b"X")
            try:
                answer = client.recv(65536)
            except TimeoutError:
                continue
            break
        assert problem(answer)[0] == 408


def test_a_silent_connection_is_closed(connect: Any) -> None:
    with connect() as client:
        assert rest(client) == b""


def test_blank_lines_do_not_keep_a_connection(connect: Any) -> None:
    with connect() as client:
        client.sendall(b"\r\n" * 10)
        rest(client)


def test_an_idle_connection_is_closed_after_keep_alive(connect: Any) -> None:
    with connect() as client:
        client.sendall(GET)
        assert rest(client).startswith(b"HTTP/1.1 200")


def test_a_half_head_after_an_answer_is_408(connect: Any) -> None:
    with connect() as client:
        client.sendall(GET + b"GET / HT")
        answers = rest(client)
        assert answers.startswith(b"HTTP/1.1 200")
        assert b"HTTP/1.1 408" in answers


def test_a_body_that_stalls_is_408(connect: Any) -> None:
    with connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        assert problem(rest(client)) == (408, "request_timeout")


def test_a_body_that_trickles_is_408(connect: Any) -> None:
    with connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        client.settimeout(0.05)
        answer = b""
        for _ in range(40):
            client.sendall(b"x")
            try:
                answer = client.recv(65536)
            except TimeoutError:
                continue
            break
        assert problem(answer)[0] == 408


def test_a_slow_body_that_progresses_is_served(connect: Any) -> None:
    with connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8000\r\n\r\n")
        for _ in range(8):
            client.sendall(b"x" * 1000)
            time.sleep(0.12)
        assert client.recv(65536).endswith(b"\r\n\r\n8000")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"v" * 100) for n in range(2000)) + b"\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"v" * 300_000,
    ],
    ids=["target", "many headers", "one endless header"],
)
def test_a_head_over_64_kb_is_431(connect: Any, head: bytes) -> None:
    with connect() as client:
        client.sendall(head)
        assert problem(rest(client)) == (431, "headers_too_large")


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ids=["tls", "method", "version", "negative length", "two lengths"],
)
def test_what_is_not_http_is_400(connect: Any, raw: bytes) -> None:
    with connect() as client:
        client.sendall(raw)
        assert problem(rest(client)) == (400, "malformed_request")


def test_the_end_of_a_large_body_is_not_taken_for_a_head(connect: Any) -> None:
    with connect() as client:
        for size in (150_000, 260_000, 900_000) * 5:
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
            client.sendall(b"x" * size)
            answer = b""
            while not answer.endswith(b"\r\n\r\n%d" % size):
                answer += client.recv(65536)
                assert answer.startswith(b"HTTP/1.1 200 OK")


def test_an_early_answer_reaches_a_client_that_is_still_sending(connect: Any) -> None:
    """Closing at once would reset the connection and lose the answer."""
    with connect() as client:
        client.sendall(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n")
        for _ in range(5):
            client.sendall(b"x" * 100_000)
            time.sleep(0.02)
        assert rest(client).startswith(b"HTTP/1.1 200")


def test_a_connection_lives_on_after_an_early_answer(connect: Any) -> None:
    with connect() as client:
        client.sendall(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        client.sendall(b"abc" + GET)
        assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_trailers_do_not_become_headers(connect: Any) -> None:
    with connect() as client:
        client.sendall(
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n0\r\nAuthorization: Bearer x\r\n\r\n" + GET
        )
        assert client.recv(65536).count(b"HTTP/1.1 200") >= 1


def test_a_client_that_does_not_read_is_cut_off(connect: Any) -> None:
    with connect() as client:
        client.sendall(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(1.2)
        received = 0
        try:
            while chunk := client.recv(1 << 20):
                received += len(chunk)
        except ConnectionResetError:
            pass
        assert received < 50_000_000


def test_400_half_open_sockets_do_not_stop_the_service(connect: Any) -> None:
    clients = [connect() for _ in range(400)]
    try:
        for client in clients:
            client.sendall(b"GET / HTTP/1.1\r\n")
        with connect() as other:
            other.sendall(GET)
            assert other.recv(65536).startswith(b"HTTP/1.1 200")
            answered = select.poll()
            for client in clients:
                answered.register(client, select.POLLIN)
            assert len(answered.poll(0)) < len(clients), "while others were waited for"
        assert all(rest(client).startswith(b"HTTP/1.1 408") for client in clients)
    finally:
        for client in clients:
            client.close()


SLOW_APP = """
import asyncio, sys
from app.http.connection_limit import Limits
from app.http.server import serve

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(0.7)
    else:
        await receive()
        await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"done"})

serve(app, port=int(sys.argv[1]), limits=Limits(shutdown_seconds=1), log_level="critical")
"""


def test_sigterm_finishes_requests_in_flight_and_exits_in_spite_of_a_stalled_client() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", SLOW_APP, str(port)], stderr=subprocess.DEVNULL)
    try:
        address = ("127.0.0.1", port)
        deadline = time.monotonic() + 10
        while True:
            try:
                slow = socket.create_connection(address, timeout=5)
                break
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        with slow, socket.create_connection(address, timeout=5) as stalled:
            slow.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            stalled.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
            time.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            assert rest(slow).endswith(b"done")
            process.wait(5)
    finally:
        process.kill()
        process.wait()


# --- offers to change the protocol

OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nUpgrade: h2c\r\n"
SOCKET = (
    b"Connection: keep-alive, Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n"
)
KNOWN = b"POST /x HTTP/1.1\r\nHost: a\r\n%sContent-Length: 6\r\n\r\n"
CHUNKED = b"POST /x HTTP/1.1\r\nHost: a\r\n%sTransfer-Encoding: chunked\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def sizes(answers: bytes) -> list[bytes]:
    """The bodies of answers that say how much of a body has arrived."""
    return [answer.partition(b"\r\n\r\n")[2] for answer in answers.split(b"HTTP/1.1 200 OK\r\n")[1:]]


@pytest.mark.parametrize("offer", [OFFER, SOCKET, OFFER.lower(), OFFER.replace(b"h2c", b"TLS/1.3, h2c")])
@pytest.mark.parametrize(
    ("head", "body"),
    [(KNOWN, b"abcdef"), (CHUNKED, b"2\r\nab\r\n4\r\ncdef\r\n0\r\n\r\n")],
    ids=["length", "chunked"],
)
def test_an_offer_is_ignored_and_its_body_read(
    connect: Callable[[], socket.socket], offer: bytes, head: bytes, body: bytes
) -> None:
    request = head % offer + body
    with connect() as whole, connect() as pieces, connect() as ahead:
        whole.sendall(request + LAST)
        assert sizes(rest(whole)) == [b"6", b"0"]
        for start in range(0, len(request), 41):
            pieces.sendall(request[start : start + 41])
            time.sleep(0.005)
        pieces.sendall(LAST)
        assert sizes(rest(pieces)) == [b"6", b"0"]
        ahead.sendall(request + b"GET / HTTP/1.1\r\nHost: a\r\n%s\r\n" % offer + request + LAST)
        assert sizes(rest(ahead)) == [b"6", b"0", b"6", b"0"]


def test_an_offer_does_not_keep_a_connection_that_is_to_be_closed(
    connect: Callable[[], socket.socket],
) -> None:
    with connect() as client:
        client.sendall(KNOWN % OFFER.replace(b"Upgrade,", b"close, Upgrade,") + b"abcdef")
        assert sizes(rest(client)) == [b"6"]


def test_an_offer_waits_for_its_body_as_any_request(connect: Callable[[], socket.socket]) -> None:
    with connect() as client:
        client.sendall(KNOWN % OFFER + b"abc")
        assert problem(rest(client)) == (408, "request_timeout")
    with connect() as expecting:
        expecting.sendall(KNOWN % (OFFER + b"Expect: 100-continue\r\n"))
        assert expecting.recv(100).startswith(b"HTTP/1.1 100")
        expecting.sendall(b"abcdef" + LAST)
        assert sizes(rest(expecting)) == [b"6", b"0"]


@pytest.mark.parametrize(
    "head", [b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
)
def test_another_protocol_is_refused(connect: Callable[[], socket.socket], head: bytes) -> None:
    with connect() as client:
        client.sendall(head)
        assert problem(rest(client)) == (400, "malformed_request")


@pytest.mark.parametrize("target", [b"/x?q=\xc5\x9f", b"/\xfe", b"/x?q=\xfe"])
def test_an_address_with_raw_bytes_is_refused_with_what_to_do(
    connect: Callable[[], socket.socket], target: bytes
) -> None:
    with connect() as client:
        client.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % target)
        answer = rest(client)
        assert problem(answer) == (400, "malformed_request")
        assert b"percent-encoded as UTF-8" in answer


@pytest.mark.parametrize("target", [b"http://b.example/x", b"http://b.example:80/x?y", b"*"])
def test_other_forms_of_an_address_are_read(connect: Callable[[], socket.socket], target: bytes) -> None:
    with connect() as client:
        method = b"OPTIONS" if target == b"*" else b"GET"
        client.sendall(b"%s %s HTTP/1.1\r\nHost: b.example\r\nConnection: close\r\n\r\n" % (method, target))
        assert sizes(rest(client)) == [b"0"]
