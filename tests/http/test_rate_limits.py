"""Who is counted: a valid key by its id, everything else by the peer; and what no flood may displace."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from limits import parse
from limits.aio.storage import MemoryStorage
from starlette.testclient import TestClient
from structlog.testing import capture_logs
from support import Api, problem

from app.domain.common.access import Scope
from app.http.access.rate_limits import MemoryLimiter, SharedLimiter, limiter, peer_address, peer_key
from app.main import create_app
from app.settings import Settings

CUSTOMERS = "/v1/customers"
Bytes = dict[str, bytes]


@contextmanager
def served(settings: Settings, peer: str = "10.0.0.1", **changed: Any) -> Iterator[TestClient]:
    usual = {"login_rate_limit": Settings().login_rate_limit}
    app = create_app(settings.model_copy(update={**usual, **changed}))
    with TestClient(app, raise_server_exceptions=False, client=(peer, 5)) as client:
        yield client


@contextmanager
def other_peer(client: TestClient, peer: str) -> Iterator[TestClient]:
    """The same running application, called from another address."""
    yield TestClient(client.app, raise_server_exceptions=False, client=(peer, 5))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def made_up(number: int) -> dict[str, str]:
    """A well-formed key that there is not."""
    return bearer(f"vefa_live_{number:012d}_{'x' * 40}")


@pytest.fixture
def token(api_with: Callable[..., Api]) -> str:
    return api_with().headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def other_token(api_with: Callable[..., Api]) -> str:
    return api_with(Scope.CUSTOMERS_READ).headers["Authorization"].removeprefix("Bearer ")


class TestKeys:
    def test_the_quota_is_said_and_enforced(self, settings: Settings, token: str) -> None:
        with served(settings, rate_limit="2/minute") as client:
            first = client.get(CUSTOMERS, headers=bearer(token)).headers
            assert first["ratelimit-policy"] == '"default";q=2;w=60'
            assert first["ratelimit"] == '"default";r=1;t=60'
            client.get(CUSTOMERS, headers=bearer(token))
            refused = client.get(CUSTOMERS, headers=bearer(token))
            problem(refused, 429, "rate_limited")
            assert refused.headers["content-type"] == "application/problem+json"
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            assert refused.headers["ratelimit"].startswith('"default";r=0;t=')

    @pytest.mark.parametrize(
        "spelling",
        [
            b"Bearer %s\xa0",
            b"Bearer %s\x85",
            b"Bearer \xa0%s",
            b"Bearer \x85%s",
            b"Bearer  %s",
            b"Bearer\t%s",
            b"Bearer %s\x1f",
            b"Bearer %s x",
            b"Bearer x %s",
            b"Bearer %s,",
            b"Bearer\xa0%s",
            b'Bearer "%s"',
            b"Basic %s",
            b"%s",
        ],
    )
    def test_a_key_in_another_spelling_is_no_key(
        self, settings: Settings, token: str, spelling: bytes
    ) -> None:
        header = {"Authorization": spelling % token.encode()}
        with served(settings) as client:
            problem(client.get(CUSTOMERS, headers=header), 401, "unauthenticated")  # type: ignore[arg-type]

    @pytest.mark.parametrize("spelling", [b"bearer %s", b"BEARER %s", b" Bearer %s", b"Bearer %s \t "])
    def test_what_http_says_is_the_same_is_counted_as_the_same(
        self, settings: Settings, token: str, spelling: bytes
    ) -> None:
        header: Any = {"Authorization": spelling % token.encode()}
        with served(settings, rate_limit="2/minute") as client:
            assert client.get(CUSTOMERS, headers=bearer(token)).status_code == 200
            assert client.get(CUSTOMERS, headers=header).status_code == 200
            problem(client.get(CUSTOMERS, headers=header), 429, "rate_limited")
            problem(client.get(CUSTOMERS, headers=bearer(token)), 429, "rate_limited")

    def test_two_headers_are_refused_whatever_their_order(self, settings: Settings, token: str) -> None:
        with served(settings) as client:
            for first, second in ((token, "x"), ("x", token), (token, token)):
                answer = client.get(
                    CUSTOMERS,
                    headers=[
                        ("Authorization", f"Bearer {first}"),
                        ("Authorization", f"Bearer {second}"),
                    ],
                )
                problem(answer, 400, "malformed_request")

    def test_every_request_of_a_key_is_counted_whatever_it_asks(self, settings: Settings, token: str) -> None:
        with served(settings, rate_limit="5/minute") as client:
            headers = bearer(token)
            assert client.get("/v1/nothing", headers=headers).status_code == 404
            assert client.put(CUSTOMERS, headers=headers).status_code == 405
            assert client.get(CUSTOMERS, headers={**headers, "Accept": "text/html"}).status_code == 406
            assert client.get(f"{CUSTOMERS}?nmae=x", headers=headers).status_code == 422
            assert client.get(CUSTOMERS, headers=headers).status_code == 200
            problem(client.get(CUSTOMERS, headers=headers), 429, "rate_limited")
            problem(client.get("/v1/nothing", headers=headers), 429, "rate_limited")

    def test_keys_have_windows_of_their_own(self, settings: Settings, token: str, other_token: str) -> None:
        with served(settings, rate_limit="1/minute") as client:
            assert client.get(CUSTOMERS, headers=bearer(token)).status_code == 200
            with other_peer(client, "10.0.0.2") as other:
                assert other.get(CUSTOMERS, headers=bearer(other_token)).status_code == 200
                problem(other.get(CUSTOMERS, headers=bearer(token)), 429, "rate_limited")

    def test_a_wrong_secret_takes_nothing_from_the_key(self, settings: Settings, token: str) -> None:
        with served(settings, rate_limit="2/minute") as client:
            forged = bearer(token[:-40] + "x" * 40)
            assert client.get(CUSTOMERS, headers=bearer(token)).status_code == 200
            for _ in range(5):
                assert client.get(CUSTOMERS, headers=forged).status_code in {401, 429}
            assert client.get(CUSTOMERS, headers=bearer(token)).status_code == 200

    def test_an_exhausted_key_is_refused_without_the_database(self, settings: Settings, token: str) -> None:
        with served(settings, rate_limit="1/minute") as client:
            client.get(CUSTOMERS, headers=bearer(token))
            found: list[str] = []
            client.app.state.services.store.on_statement(found.append)  # type: ignore[attr-defined]
            problem(client.get(CUSTOMERS, headers=bearer(token)), 429, "rate_limited")
            assert found == []

    def test_no_flood_displaces_the_window_of_an_exhausted_key(
        self, settings: Settings, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.http.access.rate_limits._MAX_KEYS", 3)
        with served(settings, rate_limit="1/minute") as client:
            assert client.get(CUSTOMERS, headers=bearer(token)).status_code == 200
            for number in range(30):
                client.get(CUSTOMERS, headers=made_up(number))
                with other_peer(client, f"10.1.0.{number}") as other:
                    other.get(CUSTOMERS, headers=made_up(100 + number))
                    other.get(CUSTOMERS)
            problem(client.get(CUSTOMERS, headers=bearer(token)), 429, "rate_limited")

    def test_a_revoked_key_is_a_stranger(
        self, settings: Settings, token: str, store: Any, actor: Any
    ) -> None:
        from app.services.platform import api_keys

        with served(settings) as client:
            assert client.get(CUSTOMERS, headers=bearer(token)).status_code == 200
            store.write_sync(api_keys.revoke, actor, token.split("_")[2])
            for _ in range(20):
                problem(client.get(CUSTOMERS, headers=bearer(token)), 401, "unauthenticated")
            problem(client.get(CUSTOMERS, headers=bearer(token)), 429, "rate_limited")


class TestFailedLogins:
    def test_after_twenty_a_minute_they_are_429_and_valid_keys_pass(
        self, settings: Settings, token: str
    ) -> None:
        with served(settings) as client:
            for number in range(20):
                problem(client.get(CUSTOMERS, headers=made_up(number)), 401, "unauthenticated")
            refused = client.get(CUSTOMERS, headers=made_up(99))
            detail = "Too many failed logins from this address. A valid key is still let in."
            assert problem(refused, 429, "rate_limited")["detail"] == detail
            assert refused.headers["content-type"] == "application/problem+json"
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            assert refused.headers["ratelimit-policy"] == '"logins";q=20;w=60'
            assert client.get(CUSTOMERS, headers=bearer(token)).status_code == 200
            problem(client.get(CUSTOMERS), 401, "unauthenticated")
            with other_peer(client, "10.0.0.2") as other:
                problem(other.get(CUSTOMERS, headers=made_up(1)), 401, "unauthenticated")

    @pytest.mark.parametrize("header", ["Bearer x", "Basic dXNlcjpwYXNz", "", "vefa_live_"])
    def test_what_is_no_key_at_all_is_a_failed_login_too(self, settings: Settings, header: str) -> None:
        with served(settings) as client:
            for _ in range(20):
                answer = client.post(CUSTOMERS, json={}, headers={"Authorization": header})
                problem(answer, 401, "unauthenticated")
            answer = client.post(CUSTOMERS, json={}, headers={"Authorization": header})
            problem(answer, 429, "rate_limited")

    def test_unknown_addresses_do_not_hide_them(self, settings: Settings) -> None:
        with served(settings) as client:
            statuses = {
                client.get("/v1/nothing", headers=made_up(number)).status_code for number in range(20)
            }
            assert statuses == {404}
            problem(client.get("/v1/nothing", headers=made_up(99)), 429, "rate_limited")

    def test_the_sentence_is_in_the_callers_language(self, settings: Settings) -> None:
        with served(settings) as client:
            for number in range(20):
                client.get(CUSTOMERS, headers=made_up(number))
            said = {
                client.get(CUSTOMERS, headers={**made_up(1), "Accept-Language": language}).json()["detail"]
                for language in ("en", "tr", "az")
            }
            assert len(said) == 3


class TestPeers:
    def test_without_a_key_the_peer_is_counted(self, settings: Settings) -> None:
        with served(settings, rate_limit="1/minute") as client:
            problem(client.get(CUSTOMERS), 401, "unauthenticated")
            problem(client.get(CUSTOMERS), 429, "rate_limited")
            with other_peer(client, "10.0.0.2") as other:
                problem(other.get(CUSTOMERS), 401, "unauthenticated")

    def test_a_known_key_passes_where_its_peer_is_exhausted(self, settings: Settings, token: str) -> None:
        with served(settings, rate_limit="3/minute") as client:
            assert client.get(CUSTOMERS, headers=bearer(token)).status_code == 200
            for _ in range(5):
                client.get(CUSTOMERS)
            problem(client.get(CUSTOMERS), 429, "rate_limited")
            assert client.get(CUSTOMERS, headers=bearer(token)).status_code == 200

    def test_a_forwarded_address_is_not_believed(self, settings: Settings) -> None:
        with served(settings, rate_limit="1/minute") as client:
            client.get(CUSTOMERS)
            for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
                problem(client.get(CUSTOMERS, headers={name: "10.0.0.9"}), 429, "rate_limited")

    def test_behind_a_trusted_proxy_the_caller_is_the_peer(self, settings: Settings) -> None:
        def asked(client: TestClient, forwarded: str) -> int:
            return client.get(CUSTOMERS, headers={"X-Forwarded-For": forwarded}).status_code

        proxies = ("10.0.0.0/24", "192.0.2.7")
        with served(settings, rate_limit="1/minute", trusted_proxies=proxies) as client:
            assert [asked(client, "203.0.113.1") for _ in range(2)] == [401, 429]
            assert asked(client, "203.0.113.2") == 401
            assert asked(client, "1.1.1.1, 203.0.113.1") == 429, "the caller wrote the first"
            assert asked(client, "203.0.113.2, 192.0.2.7") == 429, "two proxies"
            with other_peer(client, "10.9.9.9") as direct:
                assert [asked(direct, "203.0.113.3"), asked(direct, "203.0.113.4")] == [401, 429]
            with other_peer(client, "::ffff:10.0.0.8") as mapped:
                assert asked(mapped, "203.0.113.2") == 429

    def test_a_peer_is_an_ipv4_address_or_an_ipv6_network(self) -> None:
        assert peer_key(("10.0.0.1", 5)) != peer_key(("10.0.0.2", 5))
        assert peer_key(("2001:db8::1", 5)) == peer_key(("2001:db8::ffff", 9))
        assert peer_key(("2001:db8:0:1::1", 5)) != peer_key(("2001:db8::1", 9))
        assert peer_key(("::ffff:10.0.0.1", 5)) == peer_key(("10.0.0.1", 5))
        assert peer_key(("::ffff:10.0.0.2", 5)) != peer_key(("10.0.0.1", 5))
        assert peer_key(None) == peer_key(("", 0))
        assert peer_address(("::FFFF:10.0.0.1", 5)) == "10.0.0.1"
        assert peer_address(("2001:DB8:0::1", 5)) == "2001:db8::1"
        assert peer_address(("x" * 500, 5)) == "x" * 64


class TestPages:
    @pytest.mark.parametrize("path", ["/readyz", "/metrics", "/docs"])
    def test_they_have_a_limit_of_their_own(self, settings: Settings, path: str) -> None:
        with served(settings, page_rate_limit="2/minute", rate_limit="1/minute") as client:
            assert [client.get(path).status_code for _ in range(2)] == [200, 200]
            refused = client.get(path)
            problem(refused, 429, "rate_limited")
            assert int(refused.headers["retry-after"]) >= 1
            with other_peer(client, "10.0.0.2") as other:
                assert other.get(path).status_code == 200
            problem(client.get(CUSTOMERS), 401, "unauthenticated")

    def test_they_are_counted_apart(self, settings: Settings) -> None:
        with served(settings, page_rate_limit="1/minute") as client:
            pages = ["/readyz", "/metrics", "/openapi.json"]
            assert [client.get(path).status_code for path in pages] == [200, 200, 200]
            assert client.get("/").status_code == 429, "the pages of documentation are one kind"

    def test_healthz_is_never_refused(self, settings: Settings) -> None:
        with served(settings, page_rate_limit="1/minute", rate_limit="1/minute") as client:
            assert {client.get("/healthz").status_code for _ in range(5)} == {200}


class TestClosedPages:
    """What is open to everybody can be closed."""

    DOCS = ("/", "/docs", "/redoc", "/openapi.json")

    def test_the_reference(self, settings: Settings, token: str) -> None:
        with served(settings, pages_off=("docs",)) as client:
            for path in self.DOCS:
                problem(client.get(path), 404, "not_found")
            assert client.get("/problems/not_found").status_code == 200
            assert client.get("/metrics").status_code == 200
            assert client.get(CUSTOMERS, headers=bearer(token)).status_code == 200

    def test_the_metrics(self, settings: Settings) -> None:
        with served(settings, pages_off=("metrics",)) as client:
            problem(client.get("/metrics"), 404, "not_found")
            assert {client.get(path).status_code for path in (*self.DOCS, "/healthz", "/readyz")} == {200}


class TestStorages:
    @pytest.mark.anyio
    async def test_memory_forgets_the_oldest_callers(self) -> None:
        limiter = MemoryLimiter(1, 60, max_keys=2)
        for key in ("a", "b", "c"):
            assert (await limiter.hit(key)).allowed
        assert not (await limiter.hit("c")).allowed
        assert (await limiter.hit("a")).allowed
        assert len(limiter._windows) == 2

    @pytest.mark.anyio
    async def test_a_window_ends(self) -> None:
        limiter = MemoryLimiter(1, 0, max_keys=2)
        assert (await limiter.hit("a")).allowed
        assert (await limiter.hit("a")).allowed

    @pytest.mark.anyio
    async def test_shared_counters_count_each_kind_apart(self) -> None:
        storage = MemoryStorage()
        shared = SharedLimiter(parse("2/minute"), storage, "key")
        assert [(await shared.hit("a"))[:2] for _ in range(3)] == [(True, 1), (True, 0), (False, 0)]
        assert (await SharedLimiter(parse("2/minute"), storage, "login").hit("a"))[:2] == (True, 1)

    @pytest.mark.anyio
    async def test_a_storage_that_fails_lets_everybody_pass(self) -> None:
        class Broken(MemoryStorage):
            calls = 0

            async def incr(self, *args: Any, **kwargs: Any) -> int:
                self.calls += 1
                raise ConnectionError

        storage = Broken()
        shared = SharedLimiter(parse("1/minute"), storage)
        with capture_logs() as logs:
            assert all([(await shared.hit("a")).allowed for _ in range(3)])
        assert storage.calls == 1
        assert [entry["event"] for entry in logs] == ["rate_limit_storage_failed"]

    def test_the_setting_decides(self) -> None:
        assert isinstance(limiter("10/second", "memory://", "key"), MemoryLimiter)
        with pytest.raises(ValueError, match="couldn't parse"):
            limiter("many", "memory://", "key")
        assert Settings().login_rate_limit == "20/minute"
