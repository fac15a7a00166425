"""What is refused when more is asked than can be answered, by a clock that the tests move."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from starlette.types import Receive, Scope, Send
from store_helpers import only_sqlite, serving
from support import Api, problem

from app.http.access.overload import A_ROUND, LEAST, WINDOW, Lane, OverloadMiddleware
from app.problem_kinds import PROBLEMS
from app.store.engine import Store
from app.texts import LANGUAGES, translate

TARGET = 0.05
MOST = 1000
_DETAIL = "More is asked than can be answered in time. Nothing was done; try again."


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lane_with(waits: list[float], *, in_flight: int, every: float = WINDOW / 4) -> Lane:
    """A lane that noted these waits, one after the other."""
    lane = Lane(MOST, TARGET)
    lane.in_flight = in_flight
    for place, waited in enumerate(waits):
        lane.note(waited, 100 + place * every)
    return lane


# --- the bound


def test_waits_that_last_lower_the_bound() -> None:
    assert lane_with([0.2] * 4, in_flight=400).bound == MOST
    assert lane_with([0.2] * 5, in_flight=400).bound == 300
    assert lane_with([0.2] * 9, in_flight=400).bound == 225


def test_one_short_wait_in_a_window_says_that_nobody_need_wait() -> None:
    assert lane_with([0.2, 0.2, TARGET, 0.2] * 20, in_flight=400).bound == MOST


def test_some_are_let_in_however_long_they_wait() -> None:
    lane = lane_with([9.0] * 400, in_flight=400)
    assert lane.bound == LEAST
    lane.in_flight = LEAST - 1
    assert not lane.is_full


@pytest.mark.parametrize("every", [WINDOW / 4, 4.9])
def test_the_bound_is_back_within_five_seconds(every: float) -> None:
    """Also when nobody asks for anything meanwhile."""
    lane = lane_with([9.0] * 400, in_flight=400)
    begun = 100 + 400 * WINDOW / 4
    for step in range(int(5 / every) + 1):
        lane.note(0.0, begun + step * every)
    assert lane.bound == MOST


@pytest.mark.parametrize(("times", "goodput"), [(1, 0.95), (2, 0.8), (5, 0.6)])
def test_most_of_what_can_be_answered_is(times: int, goodput: float) -> None:
    """Rounds of an event loop that needs 1 ms for an answer and 0.05 ms for a refusal, at a fixed rate."""
    lane, at, answered, waits, due = Lane(MOST, TARGET), 0.0, 0, [], 0.0
    while at < 20:
        come = int((at - due) * 1000 * times)
        due += come / (1000 * times)
        lane.in_flight = min(come, lane.bound)
        took = max(lane.in_flight * 0.001 + (come - lane.in_flight) * 0.00005, 0.001)
        answered, at = answered + lane.in_flight, at + took
        lane.note(took, at)
        waits.append(took)
    assert answered / at >= goodput * 1000
    assert sorted(waits)[int(len(waits) * 0.99)] <= 0.25


# --- the layer


class Inside:
    """An application whose requests take until they are released."""

    def __init__(self) -> None:
        self.released = asyncio.Event()
        self.seen: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(scope["path"])
        await self.released.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})


async def asked(
    layer: OverloadMiddleware,
    path: str,
    method: str,
    waits: tuple[float, float],
    sent: dict[str, str] | None = None,
) -> Any:
    """The messages of an answer. The body of the request must not be read."""
    answer: list[Any] = []
    services = SimpleNamespace(store=SimpleNamespace(waits=lambda: waits))
    app = SimpleNamespace(state=SimpleNamespace(services=services))

    async def send(message: Any) -> None:
        answer.append(message)

    async def receive() -> Any:
        raise AssertionError("a body was read")

    headers = [(name.encode(), value.encode()) for name, value in (sent or {}).items()]
    await layer(
        {"type": "http", "path": path, "method": method, "app": app, "headers": headers}, receive, send
    )
    return answer


def overloaded(
    waits: tuple[float, float], then: Callable[[OverloadMiddleware, Inside], Awaitable[None]]
) -> None:
    """Ask for 100 reads and 100 writes that take long while the database lets wait, and go on from there."""

    async def main() -> None:
        inside, clock = Inside(), Clock()
        layer = OverloadMiddleware(inside, MOST, TARGET, clock)
        calls = []
        for _ in range(100):
            calls += [asyncio.create_task(asked(layer, "/v1/x", method, waits)) for method in ("GET", "POST")]
            clock.now += WINDOW
            for _ in range(3):
                await asyncio.sleep(0)
        await then(layer, inside)
        inside.released.set()
        await asyncio.gather(*calls)
        assert layer.reads.in_flight == layer.writes.in_flight == 0

    asyncio.run(main())


def test_beyond_the_bound_requests_are_refused_at_once() -> None:
    async def then(layer: OverloadMiddleware, inside: Inside) -> None:
        seen = len(inside.seen)
        for method in ("GET", "POST", "HEAD"):
            start, body = await asked(layer, "/v1/y", method, (0.2, 0.2))
            headers = dict(start["headers"])
            assert start["status"] == 503
            assert headers[b"content-type"] == b"application/problem+json"
            assert int(headers[b"retry-after"]) >= 1
            assert int(headers[b"content-length"]) == len(body["body"]) or method == "HEAD"
            assert (b'"code": "unavailable"' in body["body"]) == (method != "HEAD")
        assert len(inside.seen) == seen

    overloaded((0.2, 0.2), then)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("given", ["from-the-till-7", 'a"b\\c', "ş", "x" * 200, None])
def test_a_refusal_has_an_id_and_the_language_of_the_caller(language: str, given: str | None) -> None:
    async def then(layer: OverloadMiddleware, _inside: Inside) -> None:
        sent = {"accept-language": f"de, {language};q=0.7"} | (
            {} if given is None else {"x-request-id": given}
        )
        start, body = await asked(layer, "/v1/y", "GET", (0.2, 0.2), sent)
        headers, members = dict(start["headers"]), json.loads(body["body"])
        assert headers[b"content-language"] == language.encode()
        assert members["request_id"] == headers[b"x-request-id"].decode()
        is_taken = given is not None and given.isascii() and len(given) <= 128
        assert (members["request_id"] == given) == is_taken
        assert is_taken or UUID(members["request_id"]).version == 7
        assert members["title"] == translate(PROBLEMS["unavailable"].title, language)
        assert members["detail"] == translate(_DETAIL, language)

    overloaded((0.2, 0.2), then)


def test_writes_that_wait_do_not_refuse_reads() -> None:
    async def then(layer: OverloadMiddleware, _inside: Inside) -> None:
        assert layer.writes.is_full
        assert layer.reads.in_flight == 100
        assert not layer.reads.is_full

    overloaded((0.0, 0.2), then)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_and_metrics_are_never_refused(path: str) -> None:
    async def then(layer: OverloadMiddleware, inside: Inside) -> None:
        inside.released.set()
        [start] = await asked(layer, path, "GET", (0.2, 0.2))
        assert start["status"] == 200

    overloaded((0.2, 0.2), then)


def test_a_long_answer_is_no_overload() -> None:
    async def then(layer: OverloadMiddleware, _inside: Inside) -> None:
        assert layer.reads.in_flight == layer.writes.in_flight == 100
        assert layer.reads.bound == MOST

    overloaded((0.0, 0.0), then)


def test_requests_begin_a_few_at_a_time_in_the_order_they_came() -> None:
    """Who asks for health waits for a round, and not for all who came before."""

    async def main() -> None:
        inside = Inside()
        layer = OverloadMiddleware(inside, MOST, TARGET, Clock())
        paths = [f"/v1/{number}" for number in range(3 * A_ROUND)]
        calls = [asyncio.create_task(asked(layer, path, "GET", (0.0, 0.0))) for path in paths]
        await asyncio.sleep(0)
        assert inside.seen == paths[:A_ROUND]
        calls.append(asyncio.create_task(asked(layer, "/healthz", "GET", (0.0, 0.0))))
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(inside.seen) == len(calls)
        assert [path for path in inside.seen if path != "/healthz"] == paths
        assert inside.seen.index("/healthz") <= 2 * A_ROUND
        inside.released.set()
        await asyncio.gather(*calls)

    asyncio.run(main())


@pytest.mark.parametrize(("took", "empty"), [(0.0, 0), (0.001, 0), (0.01, 8), (1.0, 100)])
def test_between_rounds_of_heavy_requests_newcomers_are_connected(took: float, empty: int) -> None:
    """The event loop connects one a round, so there are rounds in which no request begins."""

    async def main() -> None:
        clock, begun = Clock(), 0

        async def heavy(_scope: Scope, _receive: Receive, _send: Send) -> None:
            nonlocal begun
            begun += 1
            clock.now += took

        layer = OverloadMiddleware(heavy, MOST, 60, clock)
        calls = [
            asyncio.create_task(asked(layer, "/v1/x", "GET", (0.0, 0.0))) for _ in range(2 * A_ROUND + 1)
        ]
        rounds = []
        for _ in range(2):
            before, count = begun, 0
            while begun == before:
                await asyncio.sleep(0)
                count += 1
            rounds.append(count)
        assert begun == 2 * A_ROUND
        assert rounds[0] == 1
        assert empty <= rounds[1] <= empty + 3
        await asyncio.gather(*calls)

    asyncio.run(main())


def test_an_event_loop_that_ends_leaves_nobody_waiting_in_the_next() -> None:
    """Clients of tests have one for each request."""
    clock, begun = Clock(), 0

    async def heavy(_scope: Scope, _receive: Receive, _send: Send) -> None:
        nonlocal begun
        begun += 1
        clock.now += 1.0

    layer = OverloadMiddleware(heavy, MOST, 60, clock)

    async def ask() -> None:
        await asked(layer, "/v1/x", "GET", (0.0, 0.0))
        await asyncio.sleep(0)  # the round ends, and leaves empty ones behind

    for _ in range(3):
        asyncio.run(asyncio.wait_for(ask(), 60))
    assert begun == 3


async def queued(clock: Clock, count: int) -> tuple[OverloadMiddleware, list[asyncio.Task[Any]]]:
    """A layer in which the first of so many requests have begun, over a database that lets nobody wait."""
    inside = Inside()
    inside.released.set()
    layer = OverloadMiddleware(inside, MOST, TARGET, clock)
    calls = [asyncio.create_task(asked(layer, "/v1/x", "GET", (0.0, 0.0))) for _ in range(count)]
    await asyncio.sleep(0)
    return layer, calls


def test_a_queue_that_stands_lowers_the_bound() -> None:
    async def main() -> None:
        clock = Clock()
        layer, calls = await queued(clock, 200)
        inside: Any = layer.app
        while len(inside.seen) < 200:
            seen = len(inside.seen)
            await asyncio.sleep(0)
            clock.now += 0.03 if len(inside.seen) > seen else 0.0  # rounds in which none begins take no time
        await asyncio.gather(*calls)
        assert layer.reads.bound <= 150

    asyncio.run(main())


def test_those_refused_see_the_queue_as_well() -> None:
    """Else a flood of refusals would look like nobody waiting."""

    async def main() -> None:
        clock = Clock()
        layer, calls = await queued(clock, 200)
        layer.reads.bound = 100
        for _ in range(20):
            clock.now += 0.03
            start, _body = await asked(layer, "/v1/y", "GET", (0.0, 0.0))
            assert start["status"] == 503
        assert layer.reads.bound < 100
        await asyncio.gather(*calls)

    asyncio.run(main())


# --- the service


def test_the_service_refuses_before_it_reads_a_key(api: Api) -> None:
    layer: Any = api.client.app.middleware_stack  # type: ignore[attr-defined]
    while not isinstance(layer, OverloadMiddleware):
        layer = layer.app
    statements: list[str] = []
    api.client.app.state.services.store.on_statement(statements.append)  # type: ignore[attr-defined]
    layer.reads.in_flight = MOST
    try:
        refused = api.get("/v1/customers")
        health = api.client.get("/healthz")
    finally:
        layer.reads.in_flight = 0
    problem(refused, 503, "unavailable")
    assert health.status_code == 200
    assert not statements
    assert api.get("/v1/customers").status_code == 200


@only_sqlite
def test_what_waits_in_the_writer_is_seen(store: Store) -> None:
    begun, released = threading.Event(), threading.Event()

    def hold(_tx: Any) -> None:
        begun.set()
        released.wait(20)

    async def go() -> None:
        first = asyncio.create_task(store.write(hold))
        await asyncio.to_thread(begun.wait, 20)
        assert store.waits() == (0.0, 0.0)
        second = asyncio.create_task(store.write(lambda tx: None))
        await asyncio.sleep(0)
        assert store.waits()[0] == 0.0
        assert store.waits()[1] > 0
        released.set()
        await asyncio.gather(first, second)
        assert store.waits() == (0.0, 0.0)

    serving(store, go)
