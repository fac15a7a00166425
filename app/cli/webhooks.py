"""``vefa webhooks``: a receiver that prints and verifies what arrives, and sealing secrets again."""

import json
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated

import typer

from app.cli.context import opened
from app.domain.events import deliveries
from app.services.events import webhook_endpoints
from app.store.types import now

MAX_BODY_BYTES = 1_000_000
TOLERANCE_SECONDS = 300

app = typer.Typer(help="Webhooks: try them out, and keep their secrets.", no_args_is_help=True)


@app.command()
def listen(
    port: Annotated[int, typer.Argument(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")],
    secret: Annotated[
        str | None, typer.Option(envvar="WEBHOOK_SECRET", help="whsec_..., to verify signatures.")
    ] = None,
    status: Annotated[int, typer.Option(min=200, max=599, help="What is answered.")] = 204,
) -> None:
    """Print each webhook that arrives, and whether its signature holds. Ends with Ctrl-C.

    The service sends to this machine only with VEFA_WEBHOOK_NETWORKS=127.0.0.0/8.
    """
    if secret is not None and deliveries.secret_bytes(secret) is None:
        raise typer.BadParameter("expected whsec_ and 44 characters, as the endpoint's creation answered")
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(secret, status))
    typer.echo(f"listening on http://127.0.0.1:{server.server_address[1]}/", err=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


@app.command()
def reseal() -> None:
    """Seal the secrets of all endpoints with the present VEFA_SECRET, so that VEFA_SECRET_PREVIOUS can go."""
    with opened() as (store, _actor):
        count = store.write_sync(webhook_endpoints.seal_again)
    typer.echo(f"{count} endpoints sealed again")


def verdict(secret: str | None, headers: dict[str, str], body: bytes, at: datetime) -> str:
    """Say whether a webhook is signed as it must be: ``verified``, or what is wrong."""
    key = deliveries.secret_bytes(secret) if secret is not None else None
    if key is None:
        return "not verified: no secret given"
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(at.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        return "REFUSED: the timestamp is missing or more than five minutes off"
    if not deliveries.is_signed(key, headers.get("webhook-id", ""), timestamp, body, headers):
        return "REFUSED: the signature does not hold"
    return "verified"


def _handler(secret: str | None, status: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if not length.isdigit() or int(length) > MAX_BODY_BYTES:
                self.send_error(411 if not length else 413)
                return
            body = self.rfile.read(int(length))
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = verdict(secret, headers, body, now())
            typer.echo(f"{headers.get('webhook-id', '(no webhook-id)')} {said}")
            typer.echo(f"  {_shown(body)}")
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # its name there
            """Print nothing else."""

    return Handler


def _shown(body: bytes) -> str:
    """A body on one line, harmless for a terminal."""
    try:
        return json.dumps(json.loads(body))[:2000]
    except ValueError:
        return ascii(body[:500])
