"""What is promised in the course of a complaint: recorded beside its life, each with an event."""

from uuid import UUID

from app.domain.common.access import Actor
from app.domain.recovery.complaints import EventKind
from app.schemas.recovery.promises import ComplaintPromise
from app.services.platform.changes import begin
from app.services.promises import wrap_ups
from app.services.recovery import complaints, steps
from app.store.tables import Complaint
from app.store.transactions import Row, WriteTx


def promise(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintPromise, if_match: str | None = None
) -> Row:
    """Record what was promised to the customer of a complaint or by the customer, in whatever state it is.

    Raises:
        NotFoundError: no such complaint, or the caller may not see its customer.
        PreconditionFailedError: ``if_match`` does not name the present version.
        ForbiddenError: the caller lacks the scope to write promises.
        InvalidError, ConflictError: as `app.services.promises.promises.create`; or ``at`` is before the
            complaint's last step (``before_last_step``) or ahead of our clock (``in_future``).
    """
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    at = steps.happened_at(change, data.at)
    wrap_ups.promise(tx, actor, [data.given()], complaint_id=complaint_id, made_at=at, pointer="")
    return steps.store(change, EventKind.PROMISED, at, {}, note=data.text)
