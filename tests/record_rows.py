"""Rows of what happened with customers, put into the tables as they are: for tests that only read them."""

from datetime import date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert

from app.domain.common.access import Actor
from app.domain.recovery.complaints import make_number
from app.store.tables import Base, CustomerScore, ScoringRun
from app.store.types import new_id, now

_NUMBERS = count()


def store(tx: Connection, _actor: Actor, table: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert rows of one table, or none."""
    if rows:
        tx.execute(insert(table), rows)


def interaction(customer_id: UUID | None, at: datetime, **members: Any) -> dict[str, Any]:
    """A call of a customer."""
    return {
        "id": new_id(),
        "version": 1,
        "customer_id": customer_id,
        "source": "test",
        "external_id": None,
        "channel": "phone",
        "direction": "inbound",
        "started_at": at,
        "recorded_at": now(),
        "updated_at": now(),
        **members,
    }


def complaint(customer_id: UUID, at: datetime, **members: Any) -> dict[str, Any]:
    """A complaint that is open."""
    id_ = new_id()
    return {
        "id": id_,
        "version": 1,
        "number": make_number(next(_NUMBERS)),
        "customer_id": customer_id,
        "source": "test",
        "external_id": None,
        "channel": "phone",
        "subject": "Late delivery",
        "severity": "normal",
        "our_fault": "unknown",
        "state": "open",
        "owner": "ayse.k",
        "received_at": at,
        "acknowledged_at": None,
        "resolved_at": None,
        "closed_at": None,
        "reopened_count": 0,
        "recorded_at": now(),
        "updated_at": now(),
        **members,
    }


def complaint_event(complaint: dict[str, Any], number: int, at: datetime, **members: Any) -> dict[str, Any]:
    """A step in the life of `complaint`."""
    return {
        "complaint_id": complaint["id"],
        "number": number,
        "customer_id": complaint["customer_id"],
        "kind": "received",
        "state": "open",
        "owner": complaint["owner"],
        "actor_id": "test",
        "at": at,
        "recorded_at": now(),
        "note": None,
        "data": {},
        **members,
    }


def survey(code: str = "after-call") -> dict[str, Any]:
    """A survey."""
    return {
        "id": new_id(),
        "version": 1,
        "code": code,
        "names": {"en": "After the call"},
        "is_active": True,
        "questions_version": 1,
        "created_at": now(),
        "updated_at": now(),
    }


def invitation(survey: dict[str, Any], customer_id: UUID, at: datetime, **members: Any) -> dict[str, Any]:
    """A customer asked to answer `survey`."""
    return {
        "id": new_id(),
        "survey_id": survey["id"],
        "customer_id": customer_id,
        "invited_at": at,
        "recorded_at": now(),
        **members,
    }


def response(survey: dict[str, Any], customer_id: UUID, at: datetime, **members: Any) -> dict[str, Any]:
    """A customer's response to `survey`."""
    return {
        "id": new_id(),
        "survey_id": survey["id"],
        "survey_version": 1,
        "customer_id": customer_id,
        "source": "test",
        "external_id": None,
        "answered_at": at,
        "recorded_at": now(),
        **members,
    }


def answer(response: dict[str, Any], question: str, **members: Any) -> dict[str, Any]:
    """An answer of `response` to an NPS question."""
    return {
        "response_id": response["id"],
        "question": question,
        "kind": "nps",
        "customer_id": response["customer_id"],
        "answered_at": response["answered_at"],
        "scale_min": 0,
        "scale_max": 10,
        "number": None,
        "choice": None,
        "text": None,
        **members,
    }


def run(tx: Connection, _actor: Actor, as_of: date, currency: str, **members: Any) -> None:
    """Record a current scoring run, without figures unless ``members`` have them."""
    row = {
        "id": new_id(),
        "as_of": as_of,
        "currency": currency,
        "parameters": {},
        "parameters_key": "test",
        "state": "done",
        "is_current": True,
        "created_at": now(),
        **members,
    }
    tx.execute(insert(ScoringRun), [row])


def score(tx: Connection, _actor: Actor, customer_id: UUID, **members: Any) -> None:
    """Record what the current run says of a customer."""
    tx.execute(insert(CustomerScore), [{"customer_id": customer_id, **members}])
