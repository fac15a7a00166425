"""What complaints must show before they may close, as their category demands it."""

from typing import Any

from sqlalchemy import Text, and_, cast, exists, not_, or_, select

from app.domain.recovery.complaints import ComplaintState
from app.domain.recovery.recovery_steps import SUB_RESOURCES, RecoveryKind, missing_steps
from app.errors import ConflictError, FieldError
from app.store.tables import Complaint, ComplaintCategory, ComplaintRecoveryStep
from app.store.transactions import ReadTx, Row


def missing(tx: ReadTx, complaint: Row, demanded: list[str]) -> list[RecoveryKind]:
    """Give the demanded steps that a complaint does not show; one statement, none where none is demanded."""
    if not demanded:
        return []
    of_it = ComplaintRecoveryStep.complaint_id == complaint["id"]
    kinds = set(tx.execute(select(ComplaintRecoveryStep.kind).where(of_it).distinct()).scalars())
    return missing_steps(demanded, kinds, ComplaintState(complaint["state"]))


def require(tx: ReadTx, complaint: Row) -> None:
    """Check that a complaint shows every step that its category demands.

    Raises:
        ConflictError: it does not (``steps_missing``); each is named.
    """
    code = ComplaintCategory.code == complaint["category"]
    demanded = tx.execute(select(ComplaintCategory.demanded_steps).where(code)).scalar_one_or_none()
    lacking = missing(tx, complaint, demanded or [])
    if lacking:
        detail = "The category {category} demands steps that are not recorded: {steps}."
        raise ConflictError(
            detail,
            code="steps_missing",
            category=complaint["category"],
            steps=", ".join(lacking),
            fields=[_wrong(complaint, kind) for kind in lacking],
        )


def lack_steps(wanted: bool) -> Any:
    """The condition on complaints that are not closed and lack a demanded step, or on all others."""
    lacking = and_(
        Complaint.state != ComplaintState.CLOSED,
        or_(*(and_(_demands(kind), not_(_shows(kind))) for kind in RecoveryKind)),
    )
    return lacking if wanted else not_(lacking)


def _demands(kind: RecoveryKind) -> Any:
    words = cast(ComplaintCategory.demanded_steps, Text)
    return exists().where(ComplaintCategory.code == Complaint.category, words.like(f'%"{kind.value}"%'))


def _shows(kind: RecoveryKind) -> Any:
    if kind == RecoveryKind.ANSWER:
        return Complaint.state == ComplaintState.CONFIRMED
    step = ComplaintRecoveryStep
    return exists().where(step.complaint_id == Complaint.id, step.kind == kind.value)


def _wrong(complaint: Row, kind: RecoveryKind) -> FieldError:
    name = SUB_RESOURCES[kind]
    detail = "Record it with a POST to {path} before the complaint is closed."
    path = f"/v1/complaints/{complaint['id']}/{name}"
    return FieldError(f"/{name}", "step_missing", detail, params={"path": path})
