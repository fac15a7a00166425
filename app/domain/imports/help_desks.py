"""Complaints as help desks export them, in the form that a complaint has here."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.domain.common.names import fold
from app.domain.recovery.complaints import ComplaintState

_WORDS: Mapping[ComplaintState, str] = {
    ComplaintState.OPEN: """new, opened, unresolved, unsolved, pending, waiting, on hold, açık, yeni,
        beklemede, bekliyor, çözülmedi, çözümsüz, açıq, açıqdır, gözləyir, gözləmədə,
        həll edilməyib, həll olunmayıb""",
    ComplaintState.ACKNOWLEDGED: """received, assigned, alındı, atandı, kayda alındı, qəbul edildi,
        qeydə alındı""",
    ComplaintState.IN_PROGRESS: """in progress, working, work in progress, işlemde, işleniyor, inceleniyor,
        devam ediyor, icrada, icra olunur, araşdırılır, baxılır, reopened, re-opened, reopen, yeniden açıldı,
        tekrar açıldı, yenidən açıldı, təkrar açıldı""",
    ComplaintState.WAITING_CUSTOMER: """waiting for customer, waiting on customer, awaiting customer,
        müşteri bekleniyor, müşteriden yanıt bekleniyor, müştəri gözlənilir, müştəridən cavab gözlənilir""",
    ComplaintState.RESOLVED: """solved, fixed, done, completed, answered, çözüldü, çözümlendi, çözümlenmiş,
        çözülmüş, giderildi, sonuçlandı, sonuçlandırıldı, tamamlandı, həll edildi, həll edilib, həll olundu,
        həll olunub, tamamlanıb, aradan qaldırıldı""",
    ComplaintState.CLOSED: """kapalı, kapandı, kapatıldı, kapanmış, bağlı, bağlıdır, bağlandı, bağlanıb,
        qapandı, qapalı""",
    ComplaintState.CONFIRMED: """confirmed by customer, onaylandı, müşteri onayladı, təsdiqləndi,
        müştəri təsdiqlədi""",
}
"""What help desks call the states of complaints, in English, Turkish and Azerbaijani."""

_STATES = {fold(word): state for state, words in _WORDS.items() for word in words.split(",")}
_STATES |= {fold(state.value): state for state in ComplaintState}

FEW = timedelta(minutes=1)
"""A complaint that was closed so little before it was resolved was closed when it was resolved."""


def state_of(word: str) -> str:
    """The state that a help desk's word is, whatever its case or keyboard; another word as it is.

    >>> state_of("ÇÖZÜMLENDİ"), state_of("in-progress"), state_of("escalated")
    (<ComplaintState.RESOLVED: 'resolved'>, <ComplaintState.IN_PROGRESS: 'in_progress'>, 'escalated')
    """
    return _STATES.get(fold(word), word)


def settled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give a row by target, its state in our words and its times in order: what was closed without being
    resolved was resolved then.

    >>> day = datetime(2026, 5, 2)
    >>> settled({"resolved_at": None, "closed_at": day})["resolved_at"] == day
    True
    """
    row = dict(values)
    if isinstance(row.get("state"), str):
        row["state"] = state_of(row["state"])
    closed_at, resolved_at = row.get("closed_at"), row.get("resolved_at")
    if not isinstance(closed_at, datetime):
        return row
    if resolved_at is None:
        row["resolved_at"] = closed_at
    elif isinstance(resolved_at, datetime) and resolved_at - FEW <= closed_at < resolved_at:
        row["closed_at"] = resolved_at
    return row
