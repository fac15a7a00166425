"""What every request meets before a route and every answer after it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi import APIRouter, Request, Response
from prometheus_client import REGISTRY
from sample_app import sample_app
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient
from structlog.testing import capture_logs

THING = "/v1/customers/01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10"
router = APIRouter(prefix="/edge")
imports = APIRouter(prefix="/imports")
streamed = []


@router.post("/size")
async def size(request: Request) -> dict[str, int]:
    return {"size": len(await request.body())}


@imports.post("")
async def upload(request: Request) -> dict[str, int]:
    return {"size": len(await request.body())}


@router.get("/stream")
async def stream() -> Response:
    async def parts() -> Any:
        for _ in range(5):
            streamed.append(1)
            yield b"x" * 10

    return StreamingResponse(parts(), media_type="application/json")


@router.get("/own-headers")
async def own_headers() -> Response:
    headers = {
        "Cache-Control": "public, max-age=60",
        "Vary": "Accept",
        "Content-Security-Policy": "default-src 'self'",
    }
    return Response(b"{}", headers=headers)


def client_of(**settings: Any) -> TestClient:
    return TestClient(sample_app(router, imports, **settings))


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with client_of(
        max_body_bytes=2000, max_import_bytes=5000, cors_origins=("https://crm.example",)
    ) as client:
        yield client


def code(response: Any) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


class TestRequestId:
    def test_a_good_one_is_kept(self, client: TestClient) -> None:
        assert client.get(THING, headers={"X-Request-Id": "a-1"}).headers["x-request-id"] == "a-1"

    @pytest.mark.parametrize("given", [None, "", "a b", "x" * 129, "ü"])
    def test_otherwise_one_is_made(self, client: TestClient, given: str | None) -> None:
        headers = {"X-Request-Id": given.encode()} if given is not None else {}
        made = UUID(client.get(THING, headers=headers).headers["x-request-id"])  # type: ignore[arg-type]
        assert made.version == 7

    def test_it_is_in_the_log_of_the_request_only(self, client: TestClient) -> None:
        with capture_logs() as logs:
            client.get(f"{THING}?phone=05551234567", headers={"X-Request-Id": "a-2"})
        (entry,) = [entry for entry in logs if entry["event"] == "request"]
        assert entry["route"] == "/v1/customers/{thing_id}"
        assert (entry["method"], entry["status"]) == ("GET", 200)
        assert "5551234567" not in str(logs)
        assert THING not in str(logs)


class TestHead:
    @pytest.mark.parametrize(
        "path", ["/v1/customers", THING, "/openapi.json", "/metrics", "/v1/edge/own-headers"]
    )
    def test_it_is_get_without_a_body(self, client: TestClient, path: str) -> None:
        head, get = client.head(path), client.get(path)
        assert head.status_code == get.status_code == 200
        assert head.content == b""
        assert head.headers.keys() == get.headers.keys()
        if path != "/metrics":
            assert head.headers["content-length"] == get.headers["content-length"]

    def test_it_is_405_where_get_is(self, client: TestClient) -> None:
        assert client.head("/v1/edge/size").status_code == 405

    def test_a_stream_has_no_body_either(self, client: TestClient) -> None:
        assert client.head("/v1/edge/stream").content == b""


class TestSizes:
    def test_a_body_within_the_limit_passes(self, client: TestClient) -> None:
        assert client.post("/v1/edge/size", content=b"x" * 2000).json() == {"size": 2000}

    def test_a_declared_length_over_the_limit_is_413(self, client: TestClient) -> None:
        response = client.post("/v1/edge/size", content=b"x" * 2001)
        assert code(response) == (413, "body_too_large")
        assert response.headers["connection"] == "close"

    def test_a_chunked_body_over_the_limit_is_413(self, client: TestClient) -> None:
        response = client.post("/v1/edge/size", content=iter([b"x" * 500] * 10))
        assert code(response) == (413, "body_too_large")

    def test_imports_may_be_larger_and_compressed(self, client: TestClient) -> None:
        headers = {"Content-Encoding": "gzip"}
        assert client.post("/v1/imports", content=b"x" * 5000, headers=headers).json() == {"size": 5000}
        assert client.post("/v1/imports", content=b"x" * 5001).status_code == 413
        assert client.post("/v1/imports", content=iter([b"x" * 1000] * 6)).status_code == 413

    @pytest.mark.parametrize("length", ["-1", "abc", "9" * 30])
    def test_a_wrong_length_is_refused(self, client: TestClient, length: str) -> None:
        response = client.post("/v1/edge/size", content=b"", headers={"Content-Length": length})
        assert response.status_code in {400, 413}

    def test_content_encoding_is_415(self, client: TestClient) -> None:
        response = client.post("/v1/edge/size", content=b"x", headers={"Content-Encoding": "gzip"})
        assert code(response) == (415, "unsupported_media_type")
        assert response.headers["accept-encoding"] == "identity"
        assert (
            client.post("/v1/edge/size", content=b"x", headers={"Content-Encoding": "identity"}).status_code
            == 200
        )

    def test_too_many_headers_are_431(self, client: TestClient) -> None:
        many = {f"X-{number}": "a" for number in range(100)}
        assert code(client.get(THING, headers=many)) == (431, "headers_too_large")
        assert code(client.get(THING, headers={"X-Big": "a" * 33_000})) == (431, "headers_too_large")

    def test_a_long_target_is_414(self, client: TestClient) -> None:
        assert code(client.get(f"{THING}?q={'a' * 17_000}")) == (414, "uri_too_long")


class TestAccept:
    @pytest.mark.parametrize(
        "accept",
        [
            "*/*",
            "application/*",
            "application/json; charset=utf-8",
            "text/html, */*;q=0.1",
            "APPLICATION/JSON",
            "application/problem+json",
            "q=;;;,,",
            "",
        ],
    )
    def test_json_is_sent_to_whoever_takes_it(self, client: TestClient, accept: str) -> None:
        assert client.get(THING, headers={"Accept": accept}).status_code == 200

    @pytest.mark.parametrize(
        "accept", ["text/html", "application/xml, image/png", "application/json;q=0, */*", "*/*;q=0.0"]
    )
    def test_others_get_406(self, client: TestClient, accept: str) -> None:
        assert code(client.get(THING, headers={"Accept": accept})) == (406, "not_acceptable")

    def test_only_the_api_negotiates(self, client: TestClient) -> None:
        assert client.get("/openapi.json", headers={"Accept": "text/html"}).status_code == 200


class TestHeaders:
    def test_answers_of_the_api_are_private(self, client: TestClient) -> None:
        headers = client.get(THING).headers
        assert headers["cache-control"] == "private, no-store"
        assert headers["vary"] == "Authorization, Origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"

    def test_what_a_route_sets_stays(self, client: TestClient) -> None:
        headers = client.get("/v1/edge/own-headers").headers
        assert headers["cache-control"] == "public, max-age=60"
        assert headers["vary"] == "Accept, Authorization, Origin"
        assert headers["content-security-policy"] == "default-src 'self'"

    def test_refusals_have_them_too(self, client: TestClient) -> None:
        headers = client.get(THING, headers={"Accept": "text/html"}).headers
        assert headers["vary"] == "Accept-Language, Authorization, Origin"
        assert "ratelimit" in headers


class TestCors:
    def test_a_listed_origin_is_allowed(self, client: TestClient) -> None:
        headers = client.get(THING, headers={"Origin": "https://crm.example"}).headers
        assert headers["access-control-allow-origin"] == "https://crm.example"
        assert "ETag" in headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in headers

    def test_another_is_not(self, client: TestClient) -> None:
        headers = client.get(THING, headers={"Origin": "https://evil.example"}).headers
        assert "access-control-allow-origin" not in headers
        assert "Origin" in headers["vary"]

    def test_a_preflight_is_answered_without_credentials(self, client: TestClient) -> None:
        asked = {"Origin": "https://crm.example", "Access-Control-Request-Method": "PATCH"}
        response = client.options(THING, headers=asked)
        assert response.status_code == 204
        assert "PATCH" in response.headers["access-control-allow-methods"]
        assert "If-Match" in response.headers["access-control-allow-headers"]
        foreign = client.options(THING, headers={**asked, "Origin": "https://evil.example"})
        assert "access-control-allow-methods" not in foreign.headers

    def test_options_is_otherwise_405(self, client: TestClient) -> None:
        assert client.options(THING).status_code == 405

    def test_without_a_list_nothing_is_sent(self) -> None:
        with client_of() as client:
            headers = client.get(THING, headers={"Origin": "https://crm.example"}).headers
            assert "access-control-allow-origin" not in headers
            assert headers["vary"] == "Authorization"


class TestMetrics:
    @staticmethod
    def count(route: str, method: str = "GET", status: int = 200) -> float:
        labels = {"method": method, "route": route, "status": str(status)}
        return REGISTRY.get_sample_value("vefa_http_requests_total", labels) or 0.0

    def test_requests_are_counted_by_template(self, client: TestClient) -> None:
        """FastAPI keeps included routers apart, so that a naive label would lack the prefix."""
        before = self.count("/v1/customers/{thing_id}"), self.count("unmatched", status=404)
        client.get(THING)
        client.get("/nowhere/05551234567")
        after = self.count("/v1/customers/{thing_id}"), self.count("unmatched", status=404)
        assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1]

    def test_made_up_methods_are_one(self, client: TestClient) -> None:
        before = self.count("/v1/customers/{thing_id}", "OTHER", 405)
        client.request("FOO", THING)
        assert self.count("/v1/customers/{thing_id}", "OTHER", 405) == before + 1

    def test_the_page_shows_them(self, client: TestClient) -> None:
        page = client.get("/metrics")
        assert page.headers["content-type"].startswith("text/plain")
        assert (
            'vefa_http_requests_total{method="GET",route="/v1/customers/{thing_id}",status="200"}'
            in page.text
        )
        assert "5551234567" not in page.text
