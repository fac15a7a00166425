#!/usr/bin/env python3
"""Send one request of a case: ``import FILE member=value ...`` or ``METHOD PATH [BODY] [member=value ...]``.

Prints the status and the answer. What was sent and what came back is added as a line of JSON to the file that
``CASE_LOG`` names; VEFA is the address of the service and KEY an API key.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

OPEN = ("uploading", "waiting", "running")
PATIENCE_SECONDS = 60


def send(
    method: str, path: str, body: bytes | None = None, media_type: str = "application/json"
) -> tuple[int, Any]:
    """Send a request; the status and the JSON of the answer."""
    headers = {"Authorization": f"Bearer {os.environ['KEY']}"}
    if body is not None:
        headers["Content-Type"] = media_type
    request = urllib.request.Request(os.environ["VEFA"] + path, body, headers, method=method)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read() or b"null")


def import_file(path: str, members: list[tuple[str, str]]) -> tuple[int, Any]:
    """Import a file and wait for its end; the import with its refused rows."""
    media_type = "application/x-ndjson" if path.endswith(".jsonl") else "text/csv"
    media_type = dict(members).get("content_type", media_type)
    query = urllib.parse.urlencode([member for member in members if member[0] != "content_type"])
    status, found = send("POST", f"/v1/imports?{query}", Path(path).read_bytes(), media_type)
    if status != 202:
        return status, found
    end = time.monotonic() + PATIENCE_SECONDS
    address = f"/v1/imports/{found['id']}"
    while found["state"] in OPEN and time.monotonic() < end:
        time.sleep(0.05)
        found = send("GET", address)[1]
    return status, {**found, "refused": send("GET", f"{address}/refused-rows")[1]["data"]}


def main() -> None:
    """Send what the command line says."""
    verb, where, *rest = sys.argv[1:]
    body = rest.pop(0).encode() if rest and rest[0][:1] in ("{", "[") else None
    members = [(name, value) for name, _, value in (member.partition("=") for member in rest)]
    if verb == "import":
        status, answer = import_file(where, members)
    else:
        query = "?" + urllib.parse.urlencode(members) if members else ""
        status, answer = send(verb, where + query, body)
    with Path(os.environ["CASE_LOG"]).open("a", encoding="utf-8") as log:
        log.write(json.dumps({"sent": sys.argv[1:], "status": status, "answer": answer}) + "\n")
    print(status, json.dumps(answer))


if __name__ == "__main__":
    main()
