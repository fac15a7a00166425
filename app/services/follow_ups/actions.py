"""What follow-up rules do: open complaints, promise calls."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import structlog
from pydantic import ValidationError

from app.domain.common.access import Actor
from app.domain.follow_ups.rules import CALL_BACK, FOUND_BY, SOURCE, CauseKind, FollowUpAction
from app.errors import AppError
from app.schemas.common.base import Input
from app.schemas.promises.promises import PromiseCreate
from app.schemas.recovery.complaints import MAX_TEXT, ComplaintOfRule
from app.services.follow_ups.causes import Cause
from app.services.promises import promises
from app.services.recovery import complaints
from app.store.audit import trail
from app.store.transactions import Row, WriteTx

Made = list[Row | None]


class _How(Enum):
    """How much of what a rule and a cause say is taken over; tried in this order."""

    WHOLE = "whole"
    TO_THE_DESK = "to_the_desk"
    BARE = "bare"


_Build = Callable[[Row, Cause, datetime, _How], Input]
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

    build: _Build = _complaint if is_complaint else _promise
    create: Any = complaints.create_many if is_complaint else promises.create_many

    def make(some: Sequence[Cause], how: _How) -> Made:
        items = [_built(build, rule, cause, at, how) for cause in some]
        fitting = [item for item in items if item is not None]
        rows = iter(create(tx, actor, fitting) if fitting else [])
        made = [None if item is None else next(rows) for item in items]
        return [None if isinstance(row, AppError) else row for row in made]

    made = _made(rule, found, make)
    for cause, row in zip(found, made, strict=True):
        if row is not None:
            said = {"rule": rule["code"], "cause_kind": cause.kind.value, "cause_id": str(cause.id)}
            trail.record(tx, actor, event, row["id"], customer_id=cause.customer_id, data=said)
    return [{} if row is None else {member: row["id"]} for row in made]


# --- inside


def _made(rule: Row, found: Sequence[Cause], make: Callable[[Sequence[Cause], _How], Made]) -> Made:
    """Make something for each cause, as fully as it is not refused: a rule is stopped neither by an owner who
    has left or a category or calendar that is not used any more, nor by a text that does not fit."""
    made: Made = [None] * len(found)
    for how in _How:
        left = [place for place, row in enumerate(made) if row is None]
        if left:
            for place, row in zip(left, make([found[place] for place in left], how), strict=True):
                made[place] = row
    if refused := made.count(None):
        _log.warning("follow_up_refused", rule=rule["code"], causes=refused)
    return made


def _built(build: _Build, rule: Row, cause: Cause, at: datetime, how: _How) -> Input | None:
    """The item to create; None where what the cause says does not fit into one."""
    try:
        return build(rule, cause, at, how)
    except ValidationError:
        return None


def _complaint(rule: Row, cause: Cause, at: datetime, how: _How) -> ComplaintOfRule:
    said = {
        **_common(cause, how),
        "subject": rule["subject"],
        "found_by": FOUND_BY[cause.kind],
        "opened_by_rule": rule["code"],
        "received_at": at.isoformat(),
    }
    if rule["severity"] is not None:
        said["severity"] = rule["severity"]
    if cause.text is not None and how is not _How.BARE:
        said["text"] = cause.text[:MAX_TEXT]
    if how is _How.WHOLE:
        said |= {"category": rule["category"], "owner": rule["owner"]}
    return ComplaintOfRule.model_validate(said)


def _promise(rule: Row, cause: Cause, _at: datetime, how: _How) -> PromiseCreate:
    key = ":".join(filter(None, (rule["code"], cause.kind, str(cause.id), cause.detail)))
    said = {
        **_common(cause, how),
        "external_id": key,
        "kind": CALL_BACK,
        "text": rule["subject"],
        "due_in_seconds": rule["due_in_seconds"],
    }
    if cause.kind in (CauseKind.COMPLAINT, CauseKind.STANDARD):
        said["complaint_id"] = cause.id
    if how is _How.WHOLE:
        said |= {"calendar": rule["calendar"], "owner": rule["owner"]}
    return PromiseCreate.model_validate(said)


def _common(cause: Cause, how: _How) -> dict[str, Any]:
    said: dict[str, Any] = {"customer_id": cause.customer_id, "source": SOURCE}
    if how is not _How.BARE:
        contact = cause.id if cause.kind is CauseKind.INTERACTION else None
        said |= {"channel": cause.channel, "unit": cause.unit, "interaction_id": contact}
    return said
