"""What follow-up rules do: open complaints, promise calls."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog

from app.domain.common.access import Actor
from app.domain.follow_ups.rules import CALL_BACK, FOUND_BY, SOURCE, CauseKind, FollowUpAction
from app.errors import AppError
from app.schemas.promises.promises import PromiseCreate
from app.schemas.recovery.complaints import MAX_TEXT, ComplaintOfRule
from app.services.follow_ups.causes import Cause
from app.services.promises import promises
from app.services.recovery import complaints
from app.store.audit import trail
from app.store.transactions import Row, WriteTx

Made = list[Row | None]
_Make = Callable[[Sequence[Cause], bool], list[Row | AppError]]
_log = structlog.get_logger("vefa.follow_ups")


def take(tx: WriteTx, actor: Actor, rule: Row, found: Sequence[Cause], at: datetime) -> list[Row]:
    """Do what a rule asks for, once for each cause, and tell that it did.

    Returns:
        For each cause ``complaint_id`` or ``promise_id`` of what was made; empty where it was refused.
    """
    is_complaint = rule["action"] == FollowUpAction.OPEN_COMPLAINT
    member, event = (
        ("complaint_id", "complaint.opened_by_rule")
        if is_complaint
        else ("promise_id", "promise.made_by_rule")
    )

    def make(some: Sequence[Cause], whole: bool) -> list[Row | AppError]:
        if is_complaint:
            return complaints.create_many(tx, actor, [_complaint(rule, cause, at, whole) for cause in some])
        return promises.create_many(tx, actor, [_promise(rule, cause, whole) for cause in some])

    made = _made(rule, found, make)
    for cause, row in zip(found, made, strict=True):
        if row is not None:
            said = {"rule": rule["code"], "cause_kind": cause.kind.value, "cause_id": str(cause.id)}
            trail.record(tx, actor, event, row["id"], customer_id=cause.customer_id, data=said)
    return [{} if row is None else {member: row["id"]} for row in made]


# --- inside


def _made(rule: Row, found: Sequence[Cause], make: _Make) -> Made:
    """Make something for each cause. What is refused as the rule says, because its owner has left or its
    category or calendar is not used any more, is made without these: it goes to the queue or the desk."""
    made: Made = [None if isinstance(row, AppError) else row for row in make(found, True)]
    refused = [place for place, row in enumerate(made) if row is None]
    if refused:
        for place, row in zip(refused, make([found[place] for place in refused], False), strict=True):
            if isinstance(row, AppError):
                _log.warning("follow_up_refused", rule=rule["code"], code=row.code)
            else:
                made[place] = row
    return made


def _complaint(rule: Row, cause: Cause, at: datetime, whole: bool) -> ComplaintOfRule:
    said = {
        **_common(cause),
        "subject": rule["subject"],
        "text": None if cause.text is None else cause.text[:MAX_TEXT],
        "found_by": FOUND_BY[cause.kind],
        "opened_by_rule": rule["code"],
        "received_at": at.isoformat(),
    }
    if rule["severity"] is not None:
        said["severity"] = rule["severity"]
    if whole:
        said |= {"category": rule["category"], "owner": rule["owner"]}
    return ComplaintOfRule.model_validate(said)


def _promise(rule: Row, cause: Cause, whole: bool) -> PromiseCreate:
    key = ":".join(filter(None, (rule["code"], cause.kind, str(cause.id), cause.detail)))
    said = {
        **_common(cause),
        "external_id": key,
        "kind": CALL_BACK,
        "text": rule["subject"],
        "due_in_seconds": rule["due_in_seconds"],
    }
    if cause.kind in (CauseKind.COMPLAINT, CauseKind.STANDARD):
        said["complaint_id"] = cause.id
    if whole:
        said |= {"calendar": rule["calendar"], "owner": rule["owner"]}
    return PromiseCreate.model_validate(said)


def _common(cause: Cause) -> dict[str, Any]:
    return {
        "customer_id": cause.customer_id,
        "source": SOURCE,
        "channel": cause.channel,
        "unit": cause.unit,
        "interaction_id": cause.id if cause.kind is CauseKind.INTERACTION else None,
    }
