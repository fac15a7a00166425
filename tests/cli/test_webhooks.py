"""``vefa webhooks``: a receiver to try webhooks out with, and secrets that are sealed again."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from conftest import SECRET
from jobs.helpers import ACTOR
from sqlalchemy import select
from typer.testing import CliRunner

from app.cli.commands import app
from app.domain.events import deliveries
from app.schemas.events.webhook_endpoints import WebhookEndpointCreate
from app.services.events import webhook_endpoints
from app.settings import Settings
from app.store.engine import Store
from app.store.events import sealed
from app.store.tables import WebhookEndpoint

KEY = b"k" * 32
NEW_SECRET = "another-secret-of-the-tests-with-40-CHARS"
Start = Callable[..., tuple["subprocess.Popen[str]", str]]


@pytest.fixture
def listen() -> Iterator[Start]:
    """Start ``vefa webhooks listen 0 ...``; the process, and the address it says."""
    begun: list[subprocess.Popen[str]] = []

    def start(*more: str) -> tuple["subprocess.Popen[str]", str]:
        command = [sys.executable, "-u", "-c", "from app.cli import main; main()", "webhooks", "listen", "0"]
        process = subprocess.Popen(
            [*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
        )
        begun.append(process)
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/", process.stderr.readline())
        assert found is not None
        return process, found[0]

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def signed(body: bytes, at: int | None = None) -> dict[str, str]:
    at = int(time.time()) if at is None else at
    signature = deliveries.signature([KEY], "evt_1", at, body)
    return {"webhook-id": "evt_1", "webhook-timestamp": str(at), "webhook-signature": signature}


def test_what_arrives_is_printed_and_verified(listen: Start) -> None:
    process, address = listen("--secret", deliveries.secret_text(KEY))
    body = json.dumps({"type": "customer.updated", "data": {"id": "x"}}).encode()
    assert httpx2.post(address, content=body, headers=signed(body)).status_code == 204
    httpx2.post(address, content=body + b" ", headers=signed(body))
    httpx2.post(address, content=body, headers=signed(body, at=1_600_000_000))
    httpx2.post(address, content=b"\x1b[31m", headers=signed(b""))
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    lines = said.splitlines()
    assert lines[:2] == ["evt_1 verified", f"  {body.decode()}"]
    assert lines[2] == "evt_1 REFUSED: the signature does not hold"
    assert lines[4] == "evt_1 REFUSED: the timestamp is missing or more than five minutes off"
    assert "\x1b" not in said


def test_the_answer_may_be_chosen_and_no_secret_is_said(listen: Start) -> None:
    process, address = listen("--status", "503")
    assert httpx2.post(address, content=b"{}").status_code == 503
    process.send_signal(signal.SIGINT)
    assert "(no webhook-id) not verified: no secret given" in process.communicate(timeout=60)[0]


def test_what_is_no_secret_is_refused() -> None:
    result = CliRunner().invoke(app, ["webhooks", "listen", "0", "--secret", "whsec_?"])
    assert result.exit_code == 2
    assert "whsec_" in result.output


def test_secrets_are_sealed_again(settings: Settings, store: Store) -> None:
    data = WebhookEndpointCreate(url="https://hooks.example.com/", types=["customer.updated"])
    made = store.write_sync(webhook_endpoints.create, ACTOR, data)
    changed = {"VEFA_DATABASE_URL": settings.database_url, "VEFA_SECRET": NEW_SECRET, "COLUMNS": "80"}
    without = CliRunner().invoke(app, ["webhooks", "reseal"], env=changed)
    assert without.exit_code != 0
    given = {**changed, "VEFA_SECRET_PREVIOUS": SECRET}
    for count in (1, 0):
        result = CliRunner().invoke(app, ["webhooks", "reseal"], env=given)
        assert (result.exit_code, result.output) == (0, f"{count} endpoints sealed again\n")
    row: Any = store.read_sync(lambda tx: tx.execute(select(WebhookEndpoint.__table__)).mappings().one())
    text = deliveries.secret_text(sealed.Seal([NEW_SECRET]).open(row["secret"], UUID(str(made["id"])).bytes))
    assert text == made["secret"]
