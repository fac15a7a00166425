"""Categories and causes of the demo company's complaints, and complaints in whose lives each step can be
taken that the documentation shows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.demo.contacts import FAILURES
from app.domain.common.access import Actor
from app.errors import AppError
from app.schemas.recovery import complaints as schemas
from app.schemas.recovery.categories import CategoryPut, CausePut
from app.schemas.recovery.complaints import ComplaintCreate
from app.schemas.recovery.recovery_steps import (
    EXAMPLE_PREVENTION_ID,
    ComplaintApology,
    ComplaintCauseFound,
    ComplaintFix,
    ComplaintPrevention,
)
from app.services.recovery import categories, causes, complaints, recovery_steps
from app.store.transactions import WriteTx

_OWNER: Final = "ayse.k"
_LANGUAGES: Final = ("tr", "az", "en")
CATEGORIES: Final[dict[str, dict[str, Any]]] = {
    "late_delivery": {"demanded_steps": ["apology"], "auto_close_days": 14},
    "damaged": {"demanded_steps": ["apology", "fix", "cause"], "severity": "high"},
    "wrong_item": {"demanded_steps": ["apology", "fix"]},
    "refund_delay": {"demanded_steps": ["answer"]},
    "rude_service": {"demanded_steps": ["apology", "cause", "prevention"], "owner_unit": "company"},
    "price": {"auto_close_days": 7},
}
"""What complaints of each category of the demo begin with and must show."""
CAUSES: Final = {
    "logistics": (("Logistics", "Lojistik", "Logistika"), None),
    "carrier": (("Carrier was late", "Kargo gecikti", "Daşıyıcı gecikdi"), "logistics"),
    "packaging": (("Packaging", "Ambalaj", "Qablaşdırma"), "logistics"),
    "people": (("Conduct", "Davranış", "Davranış"), None),
    "price_list": (("Wrong price list", "Yanlış fiyat listesi", "Səhv qiymət siyahısı"), None),
}
"""Names in English, Turkish and Azerbaijani, and the cause above."""

_LIVES: Final[tuple[tuple[str, str | None, int], ...]] = (
    (schemas.EXAMPLE_TO_WAIT_ID, _OWNER, 0),
    (schemas.EXAMPLE_TO_ANSWER_ID, _OWNER, 1),
    (schemas.EXAMPLE_QUEUED_ID, None, 0),
    (schemas.EXAMPLE_OFFERED_ID, _OWNER, 0),
    (schemas.EXAMPLE_TO_RETURN_ID, _OWNER, 0),
    (schemas.EXAMPLE_OWNED_ID, _OWNER, 0),
    (schemas.EXAMPLE_PREVENTED_ID, _OWNER, 0),
)
"""Id, owner, and whether it is resolved."""


def load(tx: WriteTx, actor: Actor, customer_ids: Sequence[UUID], ends_at: datetime) -> None:
    """Register categories and causes, and record the complaints, received the day before ``ends_at``."""
    for code, names, *_ in ((row[0], row[3]) for row in FAILURES):
        put = {"names": dict(zip(_LANGUAGES, names, strict=True)), **CATEGORIES[code]}
        categories.put(tx, actor, code, CategoryPut.model_validate(put), None)
    for code, (names, parent) in CAUSES.items():
        put = {"names": dict(zip(("en", "tr", "az"), names, strict=True)), "parent": parent}
        causes.put(tx, actor, code, CausePut.model_validate(put), None)
    _record(tx, actor, customer_ids, ends_at - timedelta(days=1))


# --- inside


def _record(tx: WriteTx, actor: Actor, customer_ids: Sequence[UUID], received_at: datetime) -> None:
    items = []
    for place, (_, owner, is_resolved) in enumerate(_LIVES):
        body = {
            "customer_id": str(customer_ids[(place + 1) % len(customer_ids)]),
            "subject": "The kettle leaks",
            "category": "damaged",
            "owner": owner,
            "received_at": received_at.isoformat(),
        }
        if is_resolved:
            end = received_at + timedelta(hours=5)
            body |= {"resolved_at": end.isoformat(), "resolution": "A new kettle was sent."}
        items.append(ComplaintCreate.model_validate(body))
    ids = [UUID(known) for known, *_ in _LIVES]
    for result in complaints.create_many(tx, actor, items, ids=ids):
        if isinstance(result, AppError):
            raise result
    at = (received_at + timedelta(hours=6)).isoformat()
    answered, prevented = UUID(schemas.EXAMPLE_TO_ANSWER_ID), UUID(schemas.EXAMPLE_PREVENTED_ID)
    apology = ComplaintApology.model_validate({"at": at, "text": "Called her and said that we are sorry."})
    recovery_steps.apologise(tx, actor, answered, apology)
    cost = {"amount": "450.00", "currency": "TRY"}
    fix = ComplaintFix.model_validate(
        {"at": at, "text": "A new kettle was sent.", "done_by": _OWNER, "cost": cost}
    )
    recovery_steps.fix(tx, actor, answered, fix)
    found = ComplaintCauseFound.model_validate({"at": at, "cause": "packaging", "fault": "us"})
    recovery_steps.find_cause(tx, actor, prevented, found)
    due_on = (received_at + timedelta(days=30)).date().isoformat()
    measure = {"at": at, "text": "Pad every box of the K series.", "responsible": "elvin.m", "due_on": due_on}
    plan = ComplaintPrevention.model_validate(measure)
    recovery_steps.prevent(tx, actor, prevented, plan, prevention_id=UUID(EXAMPLE_PREVENTION_ID))
