"""The committed OpenAPI document is the one the application gives."""

import asyncio
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import SECRET
from starlette.testclient import TestClient

from app.http.openapi import operations
from app.main import create_app
from app.settings import Settings

ROOT = Path(__file__).parents[1]
SNAPSHOT = ROOT / "app" / "openapi.json"


@cache
def document() -> dict[str, Any]:
    return create_app(Settings(secret=SECRET)).openapi()


def test_the_snapshot_is_up_to_date() -> None:
    committed = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert committed == document(), "the API has changed; refresh with: vefa openapi > app/openapi.json"


def test_the_document_does_not_depend_on_where_or_how_the_service_runs() -> None:
    other = Settings(
        database_url="postgresql://someone@somewhere/else", secret=SECRET, reporting_currency="AZN"
    )
    assert create_app(other).openapi() == document()
    text = SNAPSHOT.read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert SECRET not in text
    hosts = set(re.findall(r"https?://([^/\"\s)]+)", text))
    assert hosts <= {"vefa.example", "app.example", "pbx.example", "hooks.example.com", "www.apache.org"}


def test_the_committed_document_is_served_and_made_neither_of_the_routes_nor_on_the_event_loop(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made_of_routes() -> None:
        raise AssertionError("the document was made of the routes")

    loops: list[asyncio.AbstractEventLoop | None] = []
    read = operations._committed

    def noted() -> Any:
        loops.append(asyncio._get_running_loop())
        return read()

    monkeypatch.setattr(client.app, "openapi", made_of_routes)
    monkeypatch.setattr(operations, "_committed", noted)
    assert client.get("/openapi.json").json() == json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert loops == [None]


@pytest.mark.parametrize(
    ("accepted", "coding"), [("gzip, br", "gzip"), ("identity", None), ("gzip;q=0", None)]
)
def test_the_document_is_compressed_for_whom_accepts_it(
    client: TestClient, accepted: str, coding: str | None
) -> None:
    answer = client.get("/openapi.json", headers={"Accept-Encoding": accepted})
    assert (answer.headers.get("content-encoding"), answer.headers["vary"]) == (coding, "Accept-Encoding")
    assert answer.json()["openapi"]
    assert int(answer.headers["content-length"]) < (300_000 if coding else 3_500_000)
    again = client.get(
        "/openapi.json", headers={"Accept-Encoding": accepted, "If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    head = client.head("/openapi.json", headers={"Accept-Encoding": accepted})
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])


def test_every_reference_leads_somewhere() -> None:
    whole = document()
    references = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(whole)))
    assert references
    for reference in references:
        found: Any = whole
        for step in reference.split("/"):
            found = found[step]


@pytest.mark.parametrize(
    ("path", "required"),
    [
        ("/v1/complaints/{complaint_id}/acknowledgements", False),
        ("/v1/complaints/{complaint_id}/starts", False),
        ("/v1/complaints/{complaint_id}/closings", False),
        ("/v1/scoring-runs", False),
        ("/v1/complaints/{complaint_id}/resolutions", True),
        ("/v1/customers", True),
    ],
)
def test_a_body_is_required_where_something_must_be_said(path: str, required: bool) -> None:
    body = document()["paths"][path]["post"]["requestBody"]
    assert body["required"] is required
    assert body["content"]["application/json"]["schema"].keys() == {"$ref"}
