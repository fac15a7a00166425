"""Where agents stand, as authority wants to know it."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.compensations.authority import Person
from app.domain.people.agents import is_active_on
from app.store.tables import Agent
from app.store.transactions import ReadTx


def person_of(tx: ReadTx, code: str) -> Person:
    """Where an agent stands, who was active when the request began."""
    row = tx.execute(select(Agent.role, Agent.unit).where(Agent.code == code)).first()
    return Person(code, None, None) if row is None else Person(code, row.role, row.unit)


def active(tx: ReadTx, actor: Actor, at: datetime) -> list[Person]:
    """Agents with a role who are active on the local day of an instant."""
    day = actor.company.day_of(at)
    columns: Any = (Agent.code, Agent.role, Agent.unit, Agent.active_from_on, Agent.active_until_on)
    found = tx.execute(select(*columns).where(Agent.is_active, Agent.role.is_not(None)))
    return [
        Person(code, role, unit)
        for code, role, unit, first, last in found
        if is_active_on(day, switched_on=True, from_on=first, until_on=last)
    ]
