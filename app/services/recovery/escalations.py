"""Escalations of complaints: the ladder's turn, and the hand-overs that its rungs ask for."""

from app.domain.common.access import Actor
from app.errors import ConflictError, InvalidError
from app.schemas.recovery.events import ComplaintHandOver
from app.services.recovery import owners
from app.services.standards import ladder
from app.store.transactions import WriteTx
from app.store.types import now


def run(tx: WriteTx, actor: Actor, limit: int) -> int:
    """Tell of up to ``limit`` clocks whose time has come, and hand complaints over where a rung says so. One
    whose new owner may not own it stays where it is: those whom the rung tells hear of it all the same.

    Returns:
        How many clocks were dealt with.
    """
    count, changes = ladder.advance(tx, actor, now(), limit)
    for change in changes:
        note = f"Escalated: {change.standard} ({change.metric})."
        data = ComplaintHandOver(owner=change.owner, note=note)
        try:
            owners.hand_over(tx, actor, change.complaint_id, data)
        except (ConflictError, InvalidError):
            continue
    return count
