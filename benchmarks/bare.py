"""The least program that answers the same requests: Starlette, the driver, hand-written SQL, no checks.

What Vefa's requests are measured against (`benchmarks/http_requests.py`). It reads and writes Vefa's own
tables with the same durability, but has no keys, scopes, limits, audit, outbox or validation.
Environment: BARE_DATABASE_URL.
"""

import asyncio
import json
import os
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg
import uuid_utils.compat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.domain.scoring.score_columns import CHURN_FACTS, ROW
from app.services.customers.scores import contract_of, scores_of
from app.services.scoring import churn_explanations

URL = os.environ["BARE_DATABASE_URL"]
SQLITE = URL.startswith("sqlite")
MARK = "?" if SQLITE else "%s"
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


# --- customers: the same members as Vefa's, the scores by the same functions

PLAIN = (
    *("id", "version", "created_at", "updated_at", "kind", "name", "given_name", "family_name", "language"),
    *("born_on", "customer_since_on", "contact_points", "external_ids", "preferred_channel"),
    *(
        "preferred_hours",
        "do_not_contact",
        "unit",
        "tags",
        "attributes",
        "lifecycle",
        "left_on",
        "left_reason",
    ),
)
CONTRACT = ("contract_started_on", "contract_ends_on", "contract_notice_on")
SCORES = tuple(name for name in ROW if name != CHURN_FACTS)
OF_RUN = ("next_tier_steps", "answer_spreads", "return_shares", "expectation_reference", "data_end")
DOCUMENTS = (
    *("contact_points", "external_ids", "preferred_hours", "do_not_contact", "tags", "attributes"),
    *("satisfaction", *OF_RUN[:4]),
)
NAMES = (*PLAIN, *CONTRACT, *SCORES, *OF_RUN, "scored_as_of", "score_currency")
CUSTOMERS = f"""
    SELECT {", ".join(f"c.{name}" for name in (*PLAIN, *CONTRACT))},
      {", ".join(f"s.{name}" for name in SCORES)}, {", ".join(f"r.{name}" for name in OF_RUN)},
      r.as_of, r.currency
    FROM customers c LEFT JOIN customer_scores s ON s.customer_id = c.id
      LEFT JOIN scoring_runs r ON r.is_current"""
READ = f"{CUSTOMERS} WHERE c.id = {MARK}"
LIST = f"{CUSTOMERS} ORDER BY c.created_at DESC, c.id DESC LIMIT 50"
STORED = (*PLAIN, "name_key")
INSERT = f"INSERT INTO customers ({', '.join(STORED)}) VALUES ({', '.join([MARK] * len(STORED))})"


def wished(ids: int) -> str:
    """Select whose numbers and addresses are also those of somebody who asked not to be contacted there."""
    return f"""
    SELECT DISTINCT m.customer_id, m.kind FROM customer_lookups m
      JOIN customer_lookups t ON t.kind = m.kind AND t.value = m.value AND t.customer_id <> m.customer_id
      JOIN customers o ON o.id = t.customer_id
    WHERE m.customer_id IN ({", ".join([MARK] * ids)}) AND m.kind || '' IN ('phone', 'email')
      AND CAST(o.do_not_contact AS TEXT) LIKE {MARK} || m.kind || {MARK}"""


async def shared(ids: list[Any]) -> dict[Any, list[str]]:
    """Channels by customer."""
    found: dict[Any, list[str]] = {}
    for customer_id, kind in await fetch(wished(len(ids)), (*ids, '%"', '"%')):
        found.setdefault(customer_id, []).append(kind)
    return found


def shaped(row: Any, channels: list[str]) -> dict[str, Any]:
    """A row as JSON."""
    one = dict(zip(NAMES, row, strict=True))
    for name in DOCUMENTS:
        one[name] = document(one[name])
    for name in ("scored_as_of", "data_end"):
        one[name] = day(one[name])
    standing = scores_of(one)
    plain = {name: text(one[name], name.endswith("_at")) for name in PLAIN if name not in DOCUMENTS}
    documents = {name: one[name] for name in PLAIN if name in DOCUMENTS}
    version = {"version": one["version"], "do_not_contact_shared": channels, "contract": contract_of(one)}
    return {**plain, **documents, **version, **standing, "scored_as_of": text(standing["scored_as_of"])}


async def read_one(request: Request) -> Response:
    """GET one customer."""
    identity = UUID(request.path_params["customer_id"])
    own = identity.bytes if SQLITE else identity
    rows, channels = await fetch(READ, (own,)), await shared([own])
    return Response(
        json.dumps(shaped(rows[0], channels.get(own, [])), default=str), media_type="application/json"
    )


async def list_page(_request: Request) -> Response:
    """GET a page of 50."""
    rows = await fetch(LIST, ())
    channels = await shared([row[0] for row in rows])
    data = [shaped(row, channels.get(row[0], [])) for row in rows]
    return Response(json.dumps({"data": data}, default=str), media_type="application/json")


async def insert(request: Request) -> Response:
    """POST a customer."""
    body = await request.json()
    identity, at = uuid_utils.compat.uuid7(), datetime.now(UTC)
    own, stamp = (identity.bytes, int(at.timestamp() * 1e6)) if SQLITE else (identity, at)
    row = {
        **dict.fromkeys(STORED),
        **{"id": own, "version": 1, "created_at": stamp, "updated_at": stamp, "kind": "person"},
        **{"name": body["name"], "name_key": body["name"].lower(), "lifecycle": "active"},
        "contact_points": json.dumps(body.get("contact_points", [])),
        **{"external_ids": "[]", "do_not_contact": "[]", "tags": "[]", "attributes": "{}"},
    }
    await execute(INSERT, tuple(row.values()))
    return Response(json.dumps({"id": str(identity), **body}), 201, media_type="application/json")


# --- who is calling: the same information as Vefa's answer, told by the same functions

OWNED = (
    *("id", "kind", "name", "language", "unit", "tags", "external_ids", "customer_since_on", "lifecycle"),
    *("left_on", "left_reason", "preferred_channel", "preferred_hours", "do_not_contact", *CONTRACT),
)
OWNER_MEMBERS = (
    *(*OWNED, *SCORES, "churn_facts", *OF_RUN, "churn_baselines", "scored_as_of", "score_currency"),
    *("last_contact_at", "shared_phone", "shared_email"),
)


def asked_by_others(kind: str) -> str:
    """Whether somebody else with the same number or address asked not to be contacted there."""
    return f"""(SELECT 1 FROM customer_lookups m
      JOIN customer_lookups t ON t.kind = m.kind AND t.value = m.value AND t.customer_id <> m.customer_id
      JOIN customers o ON o.id = t.customer_id
      WHERE m.customer_id = c.id AND m.kind || '' = '{kind}'
        AND CAST(o.do_not_contact AS TEXT) LIKE {MARK} LIMIT 1)"""


OWNERS = f"""
    SELECT {", ".join(f"c.{name}" for name in OWNED)},
      {", ".join(f"s.{name}" for name in (*SCORES, "churn_facts"))},
      {", ".join(f"r.{name}" for name in (*OF_RUN, "churn_baselines"))}, r.as_of, r.currency,
      (SELECT max(i.started_at) FROM interactions i WHERE i.customer_id = c.id) AS last_contact_at,
      {asked_by_others("phone")}, {asked_by_others("email")}
    FROM customer_lookups l JOIN customers c ON c.id = l.customer_id
      LEFT JOIN customer_scores s ON s.customer_id = c.id LEFT JOIN scoring_runs r ON r.is_current
    WHERE l.kind = 'phone' AND l.value = {MARK} ORDER BY last_contact_at DESC LIMIT 7"""
COMPLAINTS = f"""
    SELECT id, number, subject, severity, state, owner, received_at, count(*) OVER () FROM complaints
    WHERE customer_id = {MARK} AND resolved_at IS NULL ORDER BY received_at DESC LIMIT 5"""
INTERACTIONS = f"""
    SELECT id, started_at, channel, direction, purpose, topic, disposition, agent, unit, sentiment,
      resolved_on_first_contact
    FROM interactions WHERE customer_id = {MARK} ORDER BY started_at DESC LIMIT 5"""
COMPLAINT = ("id", "number", "subject", "severity", "state", "owner", "received_at")
INTERACTION = (
    *("id", "started_at", "channel", "direction", "purpose", "topic", "disposition", "agent", "unit"),
    *("sentiment", "resolved_on_first_contact"),
)


def document(value: Any) -> Any:
    """A JSON column."""
    return json.loads(value) if isinstance(value, str) else value


def text(value: Any, instant: bool = False) -> Any:
    """An id, a day or an instant as JSON has it."""
    if isinstance(value, bytes):
        return str(UUID(bytes=value))
    if isinstance(value, int) and instant:
        value = datetime.fromtimestamp(value / 1e6, UTC)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value if value is None or isinstance(value, str) else str(value)


def said(name: str, value: Any) -> Any:
    """A member of an interaction."""
    if name == "resolved_on_first_contact":
        return None if value is None else bool(value)
    return text(value, name == "started_at")


def day(value: Any) -> date | None:
    """A day as Python has it."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def glance(row: dict[str, Any], complaints: list[Any], interactions: list[Any]) -> dict[str, Any]:
    """A customer as the screen shows it."""
    for name in DOCUMENTS:
        if name in row:
            row[name] = document(row[name])
    for name in ("scored_as_of", "data_end"):
        row[name] = day(row[name])
    standing = scores_of(row)
    if standing["churn"] is not None:
        usual = document(row["churn_baselines"])
        facts = document(row["churn_facts"]), usual, row["scored_as_of"], row["data_end"]
        standing["churn"]["reasons"] = churn_explanations.reasons_of(*facts, "en", 3)
    return {
        **{name: text(row[name]) for name in OWNED if name not in (*DOCUMENTS, *CONTRACT)},
        **{name: row[name] for name in OWNED if name in DOCUMENTS},
        "contract": contract_of(row),
        "do_not_contact_shared": channels_of(row),
        **standing,
        "scored_as_of": text(standing["scored_as_of"]),
        "open_complaints_count": complaints[0][7] if complaints else 0,
        "open_complaints": [
            {name: text(value, name == "received_at") for name, value in zip(COMPLAINT, one, strict=False)}
            for one in complaints
        ],
        "last_interactions": [
            {name: said(name, value) for name, value in zip(INTERACTION, one, strict=True)}
            for one in interactions
        ],
    }


def channels_of(row: dict[str, Any]) -> list[str]:
    """The channels that somebody else closed."""
    return [kind for kind in ("phone", "email") if row[f"shared_{kind}"]]


async def screen_pop(request: Request) -> Response:
    """GET who has a telephone number."""
    number = "+" + re.sub(r"\D", "", request.query_params["phone"]).removeprefix("00")
    found = [
        dict(zip(OWNER_MEMBERS, row, strict=True))
        for row in await fetch(OWNERS, ('%"phone"%', '%"email"%', number))
    ]
    answer: dict[str, Any] = {"match": "none", "customer": None, "candidates": []}
    if found:
        one = found[0]["id"]
        complaints, interactions = await fetch(COMPLAINTS, (one,)), await fetch(INTERACTIONS, (one,))
        others = [
            {"id": text(row["id"]), **{name: row[name] for name in ("kind", "name", "unit", "tier")}}
            | {
                "last_contact_at": text(row["last_contact_at"], True),
                "do_not_contact_shared": channels_of(row),
            }
            for row in found[1:6]
        ]
        answer = {
            "match": "maybe" if others else "known",
            "customer": glance(found[0], complaints, interactions),
            "candidates": others,
        }
    answer["has_more_candidates"] = len(found) > 6
    return Response(json.dumps(answer, default=str), media_type="application/json")


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/v1/screen-pop", screen_pop),
        Route("/v1/customers/{customer_id}", read_one),
        Route("/v1/customers", list_page, methods=["GET"]),
        Route("/v1/customers", insert, methods=["POST"]),
    ],
)
