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
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg
import uuid_utils.compat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.domain import churn
from app.domain.churn.inputs.customer_facts import COLUMNS as FACTS
from app.domain.satisfaction.expectation import adjust_one
from app.domain.satisfaction.model import Adjustment
from app.domain.value.next_tier import next_tier_distance
from app.texts import render

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


# --- who is calling: the same information as Vefa's answer, told by the same functions

OWNER = (
    *("c.id", "c.kind", "c.name", "c.language", "c.unit", "c.tags", "c.external_ids", "c.customer_since_on"),
    *("c.lifecycle", "c.left_on", "c.left_reason", "c.preferred_channel", "c.preferred_hours"),
    *("c.do_not_contact", "c.contract_started_on", "c.contract_ends_on", "c.contract_notice_on"),
    *("s.tier", "s.value_minor", "s.near_threshold", "s.satisfaction", "s.churn_level", "s.churn_percent"),
    *("s.churn_model", "s.value_at_risk_minor", "s.churn_facts", "s.quadrant"),
    *("r.as_of", "r.currency", "r.next_tier_steps", "r.churn_baselines", "r.expectation_reference"),
)
OWNERS = f"""
    SELECT {", ".join(OWNER)},
      (SELECT max(i.started_at) FROM interactions i WHERE i.customer_id = c.id) AS last_contact_at
    FROM customer_lookups l JOIN customers c ON c.id = l.customer_id
      LEFT JOIN customer_scores s ON s.customer_id = c.id LEFT JOIN scoring_runs r ON r.is_current
    WHERE l.kind = 'phone' AND l.value = {MARK} ORDER BY last_contact_at DESC LIMIT 7"""
OWNER_MEMBERS = (*(name.partition(".")[2] for name in OWNER), "last_contact_at")
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


def money(minor: int | None, currency: str) -> dict[str, str] | None:
    """Minor units as an amount."""
    return None if minor is None else {"amount": f"{minor / 100:.2f}", "currency": currency}


def churn_of(row: dict[str, Any], as_of: date) -> dict[str, Any] | None:
    """Level, and reasons in words."""
    if row["churn_level"] is None:
        return None
    facts = churn.from_row(document(row["churn_facts"])[: len(FACTS)], (as_of - date(1970, 1, 1)).days)
    usual = churn.Baselines.from_dict(document(row["churn_baselines"]))
    return {
        "level": row["churn_level"],
        "probability": None if row["churn_percent"] is None else row["churn_percent"] / 100,
        "model": row["churn_model"],
        "value_at_risk": money(row["value_at_risk_minor"], row["currency"]),
        "reasons": [
            {**asdict(one), "sentence": render("en", churn.sentence(one))}
            for one in churn.reasons_for_one(facts, usual)[:3]
        ],
    }


def demandingness(row: dict[str, Any], judged: dict[str, Any] | None) -> dict[str, Any] | None:
    """The quadrant, and what it follows from."""
    if row["quadrant"] is None or judged is None:
        return None
    reference = Adjustment(**document(row["expectation_reference"]))
    satisfaction, expectation = judged["satisfaction"], judged["expectation"]
    return {
        "quadrant": row["quadrant"],
        "satisfaction": round(satisfaction, 6),
        "expectation": round(expectation, 6),
        "adjusted": round(adjust_one(satisfaction, expectation, reference), 6),
        "reference_median": round(reference.expectation_median or 0, 6),
        "answered_at": judged["answered_at"],
    }


def glance(row: dict[str, Any], complaints: list[Any], interactions: list[Any]) -> dict[str, Any]:
    """A customer as the screen shows it."""
    plain = ("kind", "name", "language", "unit", "lifecycle", "left_reason", "preferred_channel", "tier")
    documents = ("tags", "external_ids", "preferred_hours", "do_not_contact")
    contract = (
        ("started_on", "contract_started_on"),
        ("ends_on", "contract_ends_on"),
        ("notice_given_on", "contract_notice_on"),
    )
    as_of = row["as_of"]
    steps = document(row["next_tier_steps"])
    answered = document(row["satisfaction"])
    judged = answered.pop("judged", None) if answered else None
    missing = None
    if row["tier"] is not None:
        missing = next_tier_distance(row["value_minor"], row["tier"], steps)
    return {
        "id": text(row["id"]),
        **{name: row[name] for name in plain},
        **{name: document(row[name]) for name in documents},
        "customer_since_on": text(row["customer_since_on"]),
        "left_on": text(row["left_on"]),
        "contract": {member: text(row[column]) for member, column in contract}
        if row["contract_started_on"]
        else None,
        "value": money(row["value_minor"], row["currency"]),
        "next_tier_distance": money(missing, row["currency"]),
        "near_threshold": row["near_threshold"],
        "satisfaction": answered,
        "demandingness": demandingness(row, judged),
        "churn": churn_of(row, date.fromisoformat(as_of) if isinstance(as_of, str) else as_of),
        "scored_as_of": text(as_of),
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


async def screen_pop(request: Request) -> Response:
    """GET who has a telephone number."""
    number = "+" + re.sub(r"\D", "", request.query_params["phone"]).removeprefix("00")
    found = [dict(zip(OWNER_MEMBERS, row, strict=True)) for row in await fetch(OWNERS, (number,))]
    answer: dict[str, Any] = {"match": "none", "customer": None, "candidates": []}
    if found:
        one = found[0]["id"]
        complaints, interactions = await fetch(COMPLAINTS, (one,)), await fetch(INTERACTIONS, (one,))
        others = [
            {"id": text(row["id"]), **{name: row[name] for name in ("kind", "name", "unit", "tier")}}
            | {"last_contact_at": text(row["last_contact_at"], True)}
            for row in found[1:6]
        ]
        answer = {
            "match": "maybe" if others else "known",
            "customer": glance(found[0], complaints, interactions),
            "candidates": others,
        }
    answer["has_more_candidates"] = len(found) > 6
    return Response(json.dumps(answer), media_type="application/json")


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/v1/screen-pop", screen_pop),
        Route("/v1/customers/{customer_id}", read_one),
        Route("/v1/customers", list_page, methods=["GET"]),
        Route("/v1/customers", insert, methods=["POST"]),
    ],
)
