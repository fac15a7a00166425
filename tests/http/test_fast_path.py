"""The short way to an endpoint answers as FastAPI's own way does."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient
from support import Api, made

from app.domain.common.access import Scope
from app.http.fast_path import Direct, Route
from app.http.openapi.components import API_PREFIX
from app.main import create_app
from app.settings import Settings

JSON = {"Content-Type": "application/json"}
ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10"
CUSTOMER = b'{"name": "Ay\xc5\x9fe"}'

# method, path, headers, body; {made} is a customer that exists.
ASKED: list[tuple[str, str, dict[str, str], bytes | None]] = [
    ("GET", "/v1/customers/{made}", {}, None),
    ("HEAD", "/v1/customers/{made}", {}, None),
    ("GET", "/v1/customers/{made}?x=1", {}, None),
    ("GET", "/v1/customers/{made}", {"If-None-Match": '"1"'}, None),
    ("GET", "/v1/customers/{made}", {"If-None-Match": "x" * 300}, None),
    ("GET", "/v1/customers/{made}/", {}, None),
    ("GET", f"/v1/customers/{ID}", {}, None),
    ("GET", "/v1/customers/1", {}, None),
    ("GET", "/v1/customers/%00", {}, None),
    ("GET", "/v1//customers", {}, None),
    ("GET", "/v1/", {}, None),
    ("DELETE", "/v1/customers/{made}", {}, None),
    ("GET", "/v1/customers", {}, None),
    ("GET", "/v1/customers?", {}, None),
    ("GET", "/v1/customers?limit=1&tag=a&tag=b&q=Ay%C5%9Fe", {}, None),
    ("GET", "/v1/customers?limit=1&limit=2", {}, None),
    ("GET", "/v1/customers?limit=0", {}, None),
    ("GET", "/v1/customers?limit=", {}, None),
    ("GET", "/v1/customers?q=", {}, None),
    ("GET", "/v1/customers?q=%ff", {}, None),
    ("GET", "/v1/customers?tag=&tag=", {}, None),
    ("GET", "/v1/customers?lmit=1", {}, None),
    ("GET", "/v1/customers?cursor=AAAA", {}, None),
    ("GET", "/v1/customers/by-external-id/crm/a%20b", {}, None),
    ("GET", "/v1/customers/by-external-id/crm/a%2Fb", {}, None),
    ("GET", f"/v1/customers/by-external-id/crm/{'x' * 300}", {}, None),
    ("GET", "/v1/exchange-rates/USD/2026-11-23", {}, None),
    ("GET", "/v1/exchange-rates/USD/yesterday", {}, None),
    ("GET", "/v1/screen-pop", {}, None),
    ("GET", "/v1/screen-pop?phone=05321234567", {}, None),
    ("GET", "/v1/nothing", {}, None),
    ("GET", "/v1/customers%2F{made}", {}, None),
    ("POST", "/v1/screen-pop", JSON, b'{"phone": "05321234567"}'),
    ("POST", "/v1/screen-pop", JSON, b"{}"),
    ("POST", "/v1/customers/searches", JSON, b'{"q": "Ay", "limit": 1}'),
    ("POST", "/v1/customers/searches", JSON, b'{"cursor": "AAAA"}'),
    ("POST", "/v1/complaints/searches", JSON, b'{"q": "ka", "open": true}'),
    ("POST", "/v1/customers", JSON, CUSTOMER),
    ("POST", "/v1/customers", {"Content-Type": "application/json; charset=utf-8"}, CUSTOMER),
    ("POST", "/v1/customers", {"Content-Type": "application/merge-patch+json"}, CUSTOMER),
    ("POST", "/v1/customers", {"Content-Type": "text/plain"}, CUSTOMER),
    ("POST", "/v1/customers", {}, CUSTOMER),
    ("POST", "/v1/customers", {**JSON, "Idempotency-Key": " "}, CUSTOMER),
    ("POST", "/v1/customers", {**JSON, "Idempotency-Key": "k" * 300}, b'{"nmae": 1}'),
    ("POST", "/v1/customers", JSON, b""),
    ("POST", "/v1/customers", JSON, None),
    ("POST", "/v1/customers", JSON, b"{"),
    ("POST", "/v1/customers", JSON, b"null"),
    ("POST", "/v1/customers", JSON, b"[]"),
    ("POST", "/v1/customers", JSON, b'{"name": NaN}'),
    ("POST", "/v1/customers", JSON, b'{"name": "\\ud800"}'),
    ("POST", "/v1/customers", JSON, b'{"name": ""}'),
    ("POST", "/v1/customers", JSON, b'{"nmae": "x", "contact_points": [{"kind": "fax"}]}'),
    ("POST", "/v1/customers/batch?partial=yes", JSON, b'{"items": [{"name": "x"}]}'),
    ("POST", "/v1/customers/batch?partial=true", JSON, b'{"items": [{"name": "x"}, {"name": ""}]}'),
    ("PATCH", "/v1/customers/{made}", {"Content-Type": "application/merge-patch+json"}, b'{"kind": null}'),
    ("PATCH", "/v1/customers/{made}", {**JSON, "If-Match": '"9"'}, CUSTOMER),
    ("PUT", "/v1/customers/by-external-id/crm/1", {**JSON, "If-Match": '"9"'}, CUSTOMER),
    ("POST", "/v1/customers/{made}/returns", {}, None),
    ("POST", "/v1/customers/{made}/returns", {"Idempotency-Key": "k" * 300}, b""),
    ("PUT", "/v1/customers/{made}", JSON, CUSTOMER),
    ("POST", f"/v1/complaints/{ID}/starts", {}, None),
    ("POST", f"/v1/complaints/{ID}/starts", {}, b""),
    ("POST", f"/v1/complaints/{ID}/starts", {}, b"{}"),
    ("POST", f"/v1/complaints/{ID}/starts", JSON, None),
    ("POST", f"/v1/complaints/{ID}/starts", JSON, b"{}"),
    ("POST", f"/v1/complaints/{ID}/starts", JSON, b"null"),
    ("POST", f"/v1/complaints/{ID}/starts", JSON, b" "),
    ("POST", f"/v1/complaints/{ID}/starts", JSON, b'{"at": "x"}'),
    ("POST", f"/v1/complaints/{ID}/resolutions", {}, None),
    ("POST", f"/v1/complaints/{ID}/resolutions", JSON, b""),
]

# Ids and instants the service makes up: no two answers have the same.
MADE_UP = {"x-request-id", "request_id", "ratelimit", "content-length", "location", "complete_until"}


@pytest.fixture
def ways(settings: Settings) -> Iterator[list[TestClient]]:
    """The application with the short way and without it, over one database."""
    apps = [create_app(settings), create_app(settings)]
    apps[1].user_middleware = [one for one in apps[1].user_middleware if one.cls is not Direct]
    with TestClient(apps[0]) as direct, TestClient(apps[1]) as detour:
        yield [direct, detour]


def told(answer: Any) -> Any:
    """What must be alike in two answers."""
    headers = {name: value for name, value in answer.headers.items() if name not in MADE_UP}
    if not answer.content:
        return answer.status_code, headers
    members = {name: part for name, part in answer.json().items() if name not in MADE_UP}
    return answer.status_code, headers, members


@pytest.mark.parametrize("credentials", ["all", "none", "too_few"])
def test_both_ways_give_the_same_answers(
    ways: list[TestClient], api: Api, api_with: Any, credentials: str
) -> None:
    customer_id = made(api)["id"]
    few = api_with(Scope.JOBS_READ)
    sent = {"all": api.headers, "none": {"Authorization": "Bearer x"}, "too_few": few.headers}[credentials]
    for method, path, headers, body in ASKED:
        answers = []
        for client in ways:
            target = path.replace("{made}", customer_id)
            answer = client.request(method, target, headers={**sent, **headers}, content=body)
            answers.append(told(answer))
        first, second = answers
        if first[0] in (200, 201, 207) and method not in ("GET", "HEAD"):
            assert first[:2] == second[:2], (method, path)  # each made something of its own
        else:
            assert first == second, (method, path, headers, body)


def test_nearly_every_route_can_be_taken_directly() -> None:
    """Else the short way would have been lost, with nothing but time to tell."""
    app = create_app(Settings())
    contexts = [one for one in iter_route_contexts(app.routes) if str(one.path).startswith(API_PREFIX)]
    assert len(contexts) > 30
    assert [one.path for one in contexts if not Route(one).is_understood] == []


def test_a_parameter_that_spans_steps_is_refused() -> None:
    app = create_app(Settings())

    @app.get("/v1/things/{rest:path}")
    async def things(rest: str) -> str:
        return rest

    [context] = [one for one in iter_route_contexts(app.routes) if one.path == "/v1/things/{rest:path}"]
    with pytest.raises(ValueError, match="must not span"):
        Route(context)
