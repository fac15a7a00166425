"""What units, agents and roles are judged by when they are registered: each other."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from app.domain.people.hierarchy import Place, makes_circle
from app.errors import FieldError
from app.services.platform import by_code
from app.store import dialects
from app.store.tables import Role, Unit
from app.store.transactions import ReadTx, WriteTx


def lock(tx: WriteTx) -> None:
    """Let nobody else change units, agents and roles until the transaction ends: they are judged together."""
    dialects.advisory_lock(tx, "people")


def places(tx: ReadTx, table: type[Unit] | type[Role]) -> dict[str, Place]:
    """Where all units, or all roles, stand."""
    above = Unit.parent if table is Unit else Role.reports_to
    found = tx.execute(select(table.code, above, table.is_active))
    return {code: Place(upper, is_active) for code, upper, is_active in found}


def place_problems(
    known: Mapping[str, Place], code: str, above: str | None, member: str, thing: str
) -> list[FieldError]:
    """Say why ``code`` cannot stand below ``above``: unknown, inactive, or a circle."""
    if above is None:
        return []
    if above == code or makes_circle(known, code, above):
        return [FieldError(f"/{member}", "circle", "It would stand above itself. Name another one.")]
    return known_problems(known.get(above), member, thing)


def known_problems(place: Place | None, member: str, thing: str) -> list[FieldError]:
    """Say that what ``member`` names is not registered (``unknown_<thing>``) or not active
    (``inactive_<thing>``)."""
    if place is None:
        return [FieldError(f"/{member}", f"unknown_{thing}", _UNKNOWN[thing])]
    return [] if place.is_active else [FieldError(f"/{member}", f"inactive_{thing}", _INACTIVE[thing])]


_UNKNOWN = {
    "unit": "No unit with this code is registered. Register it with a PUT to /v1/units/ and the code.",
    "agent": "No agent with this code is registered. Register one with a PUT to /v1/agents/ and the code.",
    "role": "No role with this code is registered. Register it with a PUT to /v1/roles/ and the code.",
}
_INACTIVE = {
    "unit": "This unit is not active. Name another one.",
    "agent": "This agent is not active. Name somebody who is.",
    "role": "This role is not active. Name another one.",
}


def taken_problems(tx: ReadTx, others: Sequence[by_code.Table], code: str) -> list[FieldError]:
    """Say that a code is another kind's: an owner's code must name one agent or one queue."""
    if all(by_code.stored(tx, table, code) is None for table in others):
        return []
    detail = "An agent or a unit has this code already; owners are named by it, so it can be of one only."
    return [FieldError("code", "code_taken", detail, "path")]
