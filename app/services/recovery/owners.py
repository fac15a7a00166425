"""Who answers for a complaint: hand-over with acceptance or return, and queues that agents claim from.

A complaint that is handed to a person is theirs at once, and counts as taken when they accept it or claim
it themselves (``accepted_at``). What all raise beyond what they say: see `app.services.recovery.steps`.
"""

from uuid import UUID

from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.people.agents import OwnerKind
from app.domain.recovery.complaints import EventKind
from app.errors import ConflictError, InvalidError
from app.schemas.recovery.events import ComplaintHandOver, ComplaintNoted, ComplaintStep
from app.services.people import lookups, units
from app.services.platform.changes import Change, begin
from app.services.recovery import complaints, links, steps
from app.store.tables import Complaint, ComplaintEvent
from app.store.transactions import ReadTx, Row, WriteTx


def hand_over(
    tx: WriteTx,
    actor: Actor,
    complaint_id: UUID,
    data: ComplaintHandOver,
    if_match: str | None = None,
    *,
    is_import: bool = False,
) -> Row:
    """Give the complaint, in whatever state it is, to another owner or unit. A file may name anybody.

    Raises:
        ConflictError: it is there already, or it is a duplicate (``is_duplicate``).
        InvalidError: the owner is not registered (``unknown_owner``) or not active (``inactive_owner``).
    """
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    before = change.before
    if not is_import:
        links.refuse_duplicate(before)
    wanted = {"owner": data.owner, "unit": before["unit"] if data.unit is None else data.unit}
    members = change.differing(wanted)
    steps.check_unit(actor, members)
    if not members:
        raise ConflictError("The complaint has this owner and this unit already.")
    changes = dict(members)
    if "owner" in members:
        if not is_import and (wrong := lookups.owner_problems(tx, actor, data.owner)):
            raise InvalidError(fields=wrong)
        changes |= _owner(tx, change, data.owner)
    at = steps.happened_at(change, data.at)
    return steps.store(change, EventKind.HANDED_OVER, at, changes, note=data.note, members=members)


def accept(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintStep, if_match: str | None = None
) -> Row:
    """Accept a complaint that was handed to the acting person.

    Raises:
        ForbiddenError: nobody acts (``agent_needed``).
        ConflictError: it is somebody else's (``not_yours``), or accepted already (``already_accepted``).
    """
    change = _begin_offered(tx, actor, complaint_id, if_match)
    at = steps.happened_at(change, data.at)
    return steps.store(change, EventKind.ACCEPTED, at, {"accepted_at": at}, members=["accepted_at"])


def give_back(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintNoted, if_match: str | None = None
) -> Row:
    """Return a complaint that was handed to the acting person and not accepted: to who had it before, where
    they may still have it, else to the queue of its unit or of the person's, else to the company's desk.

    Raises:
        ForbiddenError: nobody acts (``agent_needed``).
        ConflictError: it is somebody else's (``not_yours``), or accepted already (``already_accepted``).
    """
    change = _begin_offered(tx, actor, complaint_id, if_match)
    at = steps.happened_at(change, data.at)
    owner = _owner_before(tx, change) or _queue(tx, change)
    changes = {"owner": owner, **_owner(tx, change, owner)}
    if changes["owner_kind"] == OwnerKind.AGENT:
        changes["accepted_at"] = at  # it was theirs: to give it back and back again helps nobody
    return steps.store(change, EventKind.RETURNED, at, changes, note=data.note, members=["owner"])


def claim(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintStep, if_match: str | None = None
) -> Row:
    """Take a complaint out of its queue for the acting person; of many at once, one gets it.

    Raises:
        ForbiddenError: nobody acts (``agent_needed``).
        ConflictError: a person owns it already (``already_owned``), or it is a duplicate (``is_duplicate``).
        InvalidError: the person was deactivated in the meantime (``inactive_owner``).
    """
    agent = lookups.require_agent(tx, actor)
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    if change.before["owner_kind"] == OwnerKind.AGENT:
        detail = "The complaint is not in a queue any more: {owner} owns it."
        raise ConflictError(detail, code="already_owned", owner=change.before["owner"])
    links.refuse_duplicate(change.before)
    if wrong := lookups.owner_problems(tx, actor, agent):
        raise InvalidError(fields=wrong)
    at = steps.happened_at(change, data.at)
    changes = {"owner": agent, "owner_kind": OwnerKind.AGENT, "accepted_at": at}
    return steps.store(change, EventKind.CLAIMED, at, changes, members=["owner"])


def release(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintNoted, if_match: str | None = None
) -> Row:
    """Put a complaint of the acting person back into a queue: of its unit, or of the person's, else the desk.

    Raises:
        ForbiddenError: nobody acts (``agent_needed``).
        ConflictError: it is somebody else's (``not_yours``).
    """
    change = _begin_mine(tx, actor, complaint_id, if_match)
    at = steps.happened_at(change, data.at)
    queue = _queue(tx, change)
    changes = {"owner": queue, **_owner(tx, change, queue)}
    return steps.store(change, EventKind.RELEASED, at, changes, note=data.note, members=["owner"])


# --- inside


def _begin_mine(tx: WriteTx, actor: Actor, complaint_id: UUID, if_match: str | None) -> Change:
    agent = lookups.require_agent(tx, actor)
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    if change.before["owner"] != agent or change.before["owner_kind"] != OwnerKind.AGENT:
        detail = "The complaint is owned by {owner}, not by {agent} who acts."
        raise ConflictError(detail, code="not_yours", owner=change.before["owner"], agent=agent)
    return change


def _begin_offered(tx: WriteTx, actor: Actor, complaint_id: UUID, if_match: str | None) -> Change:
    change = _begin_mine(tx, actor, complaint_id, if_match)
    if change.before["accepted_at"] is not None:
        detail = "{owner} has accepted the complaint already."
        raise ConflictError(detail, code="already_accepted", owner=change.before["owner"])
    return change


def _owner(tx: ReadTx, change: Change, owner: str) -> Row:
    """The columns that go with an owner."""
    known = lookups.owner_kinds(tx, [owner], change.actor.company.complaint_owner)
    kind = known[owner].kind if owner in known else OwnerKind.AGENT
    is_own = owner == change.actor.agent
    return {"owner_kind": kind, "accepted_at": change.recorded_at if is_own else None}


def _owner_before(tx: WriteTx, change: Change) -> str | None:
    """Who had the complaint before its present owner, if they may have it again."""
    of_it = ComplaintEvent.complaint_id == change.before["id"]
    others = select(ComplaintEvent.owner).where(of_it, ComplaintEvent.owner != change.before["owner"])
    newest = others.order_by(ComplaintEvent.number.desc()).limit(1)
    owner: str | None = tx.execute(newest).scalar_one_or_none()
    return None if lookups.owner_problems(tx, change.actor, owner) else owner


def _queue(tx: ReadTx, change: Change) -> str:
    """The queue that takes a complaint from its owner."""
    unit = change.before["unit"]
    known = lookups.owner_kinds(tx, [unit], "") if unit is not None else {}
    if unit not in known or known[unit].kind != OwnerKind.QUEUE:
        unit = lookups.unit_of(tx, change.before["owner"])
    return units.queue_of(tx, change.actor, unit)
