"""What the demo company promised those who complained, and what they promised: kept, late, moved, given up.

A promise goes with every second or so of the complaints that were acknowledged, and is kept when the
complaint was resolved: so those that take long are late, and those that nobody solved are overdue.
"""

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

_KINDS: Final = {
    "late_delivery": "delivery",
    "damaged": "replacement",
    "wrong_item": "replacement",
    "refund_delay": "refund",
    "rude_service": "call_back",
    "price": "call_back",
}
"""What is promised, by the category of the complaint."""
_TEXTS: Final = {
    "delivery": ("Koli iki gün içinde elinizde olacak.", "Bağlama iki gün ərzində əlinizdə olacaq."),
    "replacement": ("Yenisi iki gün içinde yola çıkıyor.", "Təzəsi iki gün ərzində yola düşür."),
    "refund": ("Paranız iki gün içinde hesabınızda.", "Pulunuz iki gün ərzində hesabınızda olacaq."),
    "call_back": ("Yönetici iki gün içinde sizi arayacak.", "Menecer iki gün ərzində sizə zəng edəcək."),
    "return": (
        "Yanlış ürünü bir hafta içinde geri gönderecek.",
        "Səhv malı bir həftə ərzində geri göndərəcək.",
    ),
}
"""In Turkish and Azerbaijani."""
_AZERBAIJAN: Final = {"baku", "gence"}
_TWO_DAYS, _WEEK = timedelta(days=2), timedelta(days=7)


def made_for(
    complaints: Sequence[dict[str, Any]], ids: Sequence[UUID], ends_at: datetime
) -> Iterator[dict[str, Any]]:
    """The promises that go with complaints (their ids: ``ids``), with what became of them by ``ends_at``."""
    for complaint, complaint_id in zip(complaints, ids, strict=True):
        draw = zlib.crc32(str(complaint["external_id"]).encode()) % 100
        if "acknowledged_at" not in complaint or draw >= 60:
            continue
        shared = {
            "complaint_id": str(complaint_id),
            "source": "demo",
            "external_id": str(complaint["external_id"]).replace("CMP", "PRM"),
            "agent": complaint["owner"],
            "owner": complaint["owner"],
            "unit": complaint["unit"],
            "made_at": complaint["acknowledged_at"],
        }
        is_return = complaint["category"] == "wrong_item" and draw < 30
        life = _return if is_return else _promise
        kind = "return" if is_return else _KINDS[complaint["category"]]
        text = _TEXTS[kind][complaint["unit"] in _AZERBAIJAN]
        yield {**shared, "kind": kind, "text": text, **life(complaint, draw, ends_at)}


def _promise(complaint: dict[str, Any], draw: int, ends_at: datetime) -> dict[str, Any]:
    """What the company promised: done when the complaint is resolved."""
    made_at = datetime.fromisoformat(complaint["acknowledged_at"])
    due_at = made_at + _TWO_DAYS
    life: dict[str, Any] = {"due_at": _text(due_at)}
    asked_at = made_at + timedelta(hours=20)
    resolved_at = complaint.get("resolved_at")
    if asked_at >= ends_at or (resolved_at is not None and datetime.fromisoformat(resolved_at) <= asked_at):
        return life | ({} if resolved_at is None else {"kept_at": resolved_at})
    if draw < 4:
        return life | {"cancelled_at": _text(asked_at), "cancelled_by": "customer"}
    if draw < 7:
        return life | {"cancelled_at": _text(asked_at), "cancelled_by": "us"}
    if draw < 14:
        later = _text(due_at + _TWO_DAYS)
        life = {"due_at": later, "moved_from_at": _text(due_at), "moved_at": _text(asked_at)}
    return life | ({} if resolved_at is None else {"kept_at": resolved_at})


def _return(complaint: dict[str, Any], draw: int, ends_at: datetime) -> dict[str, Any]:
    """What the customer promised: most send it back in time, some late, some never."""
    made_at = datetime.fromisoformat(complaint["acknowledged_at"])
    life = {"promised_by": "customer", "due_at": _text(made_at + _WEEK)}
    sent_at = made_at + timedelta(days=2 + draw % 9, hours=3)
    return life if draw % 10 == 0 or sent_at >= ends_at else life | {"kept_at": _text(sent_at)}


def _text(at: datetime) -> str:
    return at.isoformat()
