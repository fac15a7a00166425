"""The least program that answers the same requests: Starlette, the driver, hand-written SQL, no checks.

What Vefa's requests are measured against (`benchmarks/http_requests.py`). It reads and writes Vefa's own
tables with the same durability, but has no keys, scopes, limits, audit, outbox or validation.
Environment: BARE_DATABASE_URL.
"""

import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import uuid_utils.compat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

URL = os.environ["BARE_DATABASE_URL"]
SQLITE = URL.startswith("sqlite")
COLUMNS = (
    "id, version, created_at, updated_at, kind, name, name_key, lifecycle, "
    "contact_points, external_ids, tags, attributes"
)
MARK = "?" if SQLITE else "%s"
READ = f"SELECT {COLUMNS} FROM customers WHERE id = {MARK}"
LIST = f"SELECT {COLUMNS} FROM customers ORDER BY created_at DESC, id DESC LIMIT 50"
INSERT = f"INSERT INTO customers ({COLUMNS}) VALUES ({', '.join([MARK] * 12)})"
STATE: dict[str, Any] = {}


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    """Open one SQLite connection, or a handful of PostgreSQL ones."""
    if SQLITE:
        connection = sqlite3.connect(URL.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        STATE["sqlite"] = connection
    else:
        STATE["free"] = asyncio.Queue()
        for _ in range(10):
            STATE["free"].put_nowait(await psycopg.AsyncConnection.connect(URL, autocommit=True))
    yield


async def fetch(statement: str, values: tuple[Any, ...]) -> list[Any]:
    """Rows of a statement."""
    if SQLITE:
        return STATE["sqlite"].execute(statement, values).fetchall()
    async with borrowed() as connection:
        return await (await connection.execute(statement, values)).fetchall()


async def execute(statement: str, values: tuple[Any, ...]) -> None:
    """One statement in its own transaction."""
    if SQLITE:
        STATE["sqlite"].execute(statement, values)
    else:
        async with borrowed() as connection:
            await connection.execute(statement, values)


@asynccontextmanager
async def borrowed() -> AsyncIterator[Any]:
    """A connection nobody else uses."""
    connection = await STATE["free"].get()
    try:
        yield connection
    finally:
        STATE["free"].put_nowait(connection)


def shaped(row: Any) -> dict[str, Any]:
    """A row as JSON."""
    identity = UUID(bytes=row[0]) if SQLITE else row[0]
    documents = [json.loads(part) if SQLITE else part for part in row[8:12]]
    names = ("contact_points", "external_ids", "tags", "attributes")
    head = {"id": str(identity), "version": row[1], "created_at": str(row[2]), "kind": row[4], "name": row[5]}
    return {**head, **dict(zip(names, documents, strict=True))}


async def read_one(request: Request) -> Response:
    """GET one customer."""
    identity = UUID(request.path_params["customer_id"])
    rows = await fetch(READ, (identity.bytes if SQLITE else identity,))
    return Response(json.dumps(shaped(rows[0])), media_type="application/json")


async def list_page(_request: Request) -> Response:
    """GET a page of 50."""
    rows = await fetch(LIST, ())
    return Response(json.dumps({"data": [shaped(row) for row in rows]}), media_type="application/json")


async def insert(request: Request) -> Response:
    """POST a customer."""
    body = await request.json()
    identity, at = uuid_utils.compat.uuid7(), datetime.now(UTC)
    stamp = int(at.timestamp() * 1e6) if SQLITE else at
    row = (
        identity.bytes if SQLITE else identity,
        1,
        stamp,
        stamp,
        "person",
        body["name"],
        body["name"].lower(),
        "active",
        json.dumps(body.get("contact_points", [])),
        "[]",
        "[]",
        "{}",
    )
    await execute(INSERT, row)
    return Response(json.dumps({"id": str(identity), **body}), 201, media_type="application/json")


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/v1/customers/{customer_id}", read_one),
        Route("/v1/customers", list_page, methods=["GET"]),
        Route("/v1/customers", insert, methods=["POST"]),
    ],
)
