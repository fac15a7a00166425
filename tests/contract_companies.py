"""Simulated companies whose customers are under contract, put straight into the tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, insert, update

from app.domain.common.access import Actor
from app.schemas.customers.customers import CustomerCreate
from app.services.customers import customers
from app.store.tables import Complaint, ComplaintEvent, ContractTerms, Customer
from app.store.types import new_id, now

AS_OF = date(2026, 7, 1)
HORIZON = 60
STEP = 5
"""Days: who leaves does so at the end of one."""


@dataclass(frozen=True)
class Life:
    """One customer: days of the contract's start, of a complaint that is never solved and of leaving."""

    started_on: date
    ends_on: date | None
    complained_on: date | None
    left_on: date | None


def lives(seed: int, n: int, hazard: float = 0.002) -> list[Life]:
    """Who leaves early on, and whose complaint is open: ``hazard`` is what a new contract risks on a day."""
    random = np.random.default_rng(seed)
    return [_life(random, hazard) for _ in range(n)]


def _life(random: np.random.Generator, hazard: float) -> Life:
    start = AS_OF - timedelta(days=int(random.integers(1, 900)))
    ends_on = start + timedelta(days=3000) if random.random() < 0.5 else None
    complained = start + timedelta(days=int(random.integers(1, 900))) if random.random() < 0.7 else None
    day, until = start + timedelta(days=STEP), AS_OF + timedelta(days=HORIZON)
    while day < until:
        is_open = complained is not None and complained < day
        risk = hazard * np.exp(-(day - start).days / 150) + hazard * 4 * is_open
        if random.random() < 1 - np.exp(-risk * STEP):
            return Life(start, ends_on, complained if is_open else None, day)
        day += timedelta(days=STEP)
    return Life(start, ends_on, complained, None)


def move_in(
    tx: Connection, actor: Actor, company: list[Life], *, until: date, has_past: bool = True
) -> list[UUID]:
    """Record what was known of a company by a day; its ids in order.

    On the day a customer leaves its contract's end is moved there, as companies do: who reads today's terms
    into the past knows who left.
    """
    known = [life for life in company if life.started_on < until]
    items = [CustomerCreate(name=f"Customer {number}") for number in range(len(known))]
    ids = [UUID(str(row["id"])) for row in customers.create_many(tx, actor, items) if isinstance(row, dict)]
    versions: list[dict[str, Any]] = []
    for customer_id, life in zip(ids, known, strict=True):
        versions += _versions(customer_id, life, until, has_past)
        if life.left_on is not None and life.left_on < until:
            left = {"left_on": life.left_on, "left_reason": "price", "lifecycle": "left"}
            tx.execute(update(Customer).where(Customer.id == customer_id).values(left))
        if life.complained_on is not None and life.complained_on < until:
            complain(tx, customer_id, life.complained_on)
    tx.execute(insert(ContractTerms), versions)
    return ids


def _versions(customer_id: UUID, life: Life, until: date, has_past: bool) -> Iterator[dict[str, Any]]:
    common = {"customer_id": customer_id, "started_on": life.started_on, "recorded_at": now()}
    gone = life.left_on is not None and life.left_on < until
    if has_past:
        before = {"ends_on": life.ends_on, "notice_given_on": None}
        yield {**common, "known_on": life.started_on - timedelta(days=1), **before}
    if gone or not has_past:
        day = life.left_on if gone else None
        known_on = life.left_on if gone and has_past else until - timedelta(days=1)
        yield {**common, "known_on": known_on, "ends_on": day or life.ends_on, "notice_given_on": day}


def complain(tx: Connection, customer_id: UUID, day: date) -> None:
    """Record a complaint that nobody solves."""
    complaint_id, at = new_id(), datetime.combine(day, time(9)).astimezone()
    said = {"source": "t", "subject": "x", "severity": "low", "our_fault": "no", "owner": "o"}
    more = {"version": 1, "number": complaint_id.hex, "state": "open", "reopened_count": 0}
    times = {"received_at": at, "recorded_at": now(), "updated_at": now()}
    tx.execute(insert(Complaint).values(id=complaint_id, customer_id=customer_id, **said, **more, **times))
    event = {"complaint_id": complaint_id, "number": 1, "customer_id": customer_id, "kind": "open", "at": at}
    row = {**event, "recorded_at": now(), "state": "open", "owner": "o", "actor_id": "t", "data": {}}
    tx.execute(insert(ComplaintEvent).values(row))
