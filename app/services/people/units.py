"""Branches, teams and departments, and their queues. What waits in a queue is moved by
`app.services.recovery.releases`."""

from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.people.agents import is_active_on
from app.domain.people.hierarchy import Place, first_active
from app.errors import FieldError, InvalidError
from app.schemas.common.base import shaper
from app.schemas.people.units import UnitPut, UnitQuery, UnitRead
from app.services.people import records
from app.services.platform import by_code
from app.services.platform.by_code import Draft
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, equal, since, where
from app.store.paging import After, Page, SortKey
from app.store.tables import Agent, Unit
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

UNITS = Listing(
    UnitQuery,
    select(Unit.__table__),
    owner=COMPANY_WIDE,
    missing="There is no such unit.",
    sorts=[SortKey(Unit.code)],
    filters=[
        equal(Unit.kind, Unit.parent, Unit.head),
        where("active", lambda wanted: Unit.is_active == wanted),
        since(Unit.updated_at),
    ],
)
shape = shaper(UnitRead)

_NEW: Row = {"names": None, "kind": None, "parent": None, "head": None, "calendar": None, "is_active": True}


@one_statement
def get(tx: ReadTx, actor: Actor, code: str) -> Row:
    """Read one unit.

    Raises:
        NotFoundError: none with this code is registered.
    """
    return shape(UNITS.one_or_404(tx, actor, Unit.code == code))


@one_statement
def page(tx: ReadTx, actor: Actor, query: UnitQuery, after: After | None) -> Page:
    """Read a page of the units that match every filter, by code."""
    return UNITS.page(tx, actor, query, after, shape)


def put(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: UnitPut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> Draft:
    """Register a unit, or change the one that has this code; its queue is left as it is.

    Returns:
        What was and what is.

    Raises:
        InvalidError: a new one without names or kind; an agent has the code (``code_taken``); its parent or
            its head is unknown or inactive; it would stand above itself (``circle``); or it is the desk,
            which cannot become inactive (``last_resort``).
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    records.lock(tx)
    draft = by_code.draft(tx, Unit, code, data, _NEW, if_match, if_none_match)
    if wrong := _problems(tx, actor, draft):
        raise InvalidError(fields=wrong)
    draft.after = by_code.store(tx, actor, "unit", draft)
    return draft


def queue_of(tx: ReadTx, actor: Actor, unit: str | None) -> str:
    """Return whose queue takes what ``unit`` cannot keep: the nearest active one from it upward, else the
    company's desk."""
    found = first_active(records.places(tx, Unit), unit)
    return actor.company.complaint_owner if found is None else found


# --- inside


def _problems(tx: ReadTx, actor: Actor, draft: Draft) -> list[FieldError]:
    code, wrong = draft.after["code"], draft.missing("names", "kind")
    if draft.is_new:
        wrong += records.taken_problems(tx, [Agent], code)
    if parent := draft.newly("parent"):
        wrong += records.place_problems(records.places(tx, Unit), code, parent, "parent", "unit")
    if head := draft.newly("head"):
        wrong += records.known_problems(_agent(tx, actor, head), "head", "agent")
    if draft.ends and code == actor.company.complaint_owner:
        detail = "This is the company's desk, where whatever nobody owns is taken in: it stays active."
        wrong.append(FieldError("/is_active", "last_resort", detail))
    return wrong


def _agent(tx: ReadTx, actor: Actor, code: str) -> Place | None:
    row = by_code.stored(tx, Agent, code)
    if row is None:
        return None
    days = {"from_on": row["active_from_on"], "until_on": row["active_until_on"]}
    today = actor.company.day_of(now())
    return Place(None, is_active_on(today, switched_on=row["is_active"], **days))
