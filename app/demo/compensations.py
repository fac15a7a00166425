"""What the demo company gives to make up for failures, and who may give how much.

Agents who took a complaint that was the company's fault help at once where they may. Above their limits some
requests are approved within hours, some denied, and some come too late.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.demo.documented import Examples
from app.demo.staff import NAMES, STOPPED
from app.domain.common.access import Actor
from app.schemas.compensations import compensations as schemas
from app.schemas.compensations.compensations import (
    CompensationCreate,
    CompensationReversal,
    RequestDecision,
)
from app.schemas.compensations.kinds import EXAMPLE_CODE, CompensationKindPut
from app.schemas.compensations.limits import (
    EXAMPLE_MONTH,
    EXAMPLE_UNIT,
    AuthorityLimitPut,
    CompensationBudgetPut,
)
from app.schemas.recovery import complaints as complaint_schemas
from app.services.compensations import budgets, grants, kinds, limits, requests, reversals
from app.store.tables import Complaint
from app.store.transactions import WriteTx

CLERK, LEAD, MANAGER = "ayse.k", "mehmet.t", "nermin.b"
_BEGIN = "2015-01-01T00:00:00+03:00"
REFUND: Final = "refund"
KINDS: Final[dict[str, dict[str, Any]]] = {
    REFUND: {
        "names": ("Refund", "Para iadesi", "Pulun qaytarılması"),
        "unit": "money",
        "reversal_days": 14,
        "decision_minutes": 20_160,
        "fallback_role": "manager",
    },
    "discount": {"names": ("Discount", "İndirim", "Endirim"), "unit": "percent_of_transaction"},
    "points": {"names": ("Points", "Puan", "Bal"), "unit": "points", "unit_cost": "0.05"},
    "gift": {"names": ("Gift", "Hediye", "Hədiyyə"), "unit": "piece", "unit_cost": "120.00"},
}
"""Kinds beside the one that the documentation sets."""
LIMITS: Final = {
    "clerk": ("250.00", "1000.00", "8000.00"),
    "team_lead": ("1000.00", "4000.00", "30000.00"),
    "manager": ("20000.00", None, None),
}
MAX_CASES: Final = 150
"""Complaints of the demo that something is given for."""
_AMOUNTS: Final = (60, 120, 200, 90, 150, 300, 80, 900, 180, 1200)
"""What is given in turn; above 250 the clerk has to ask."""


def load(tx: WriteTx, actor: Actor, documented: Examples, ends_at: datetime) -> None:
    """Set kinds, limits and budgets, and record what was given, asked for, denied and taken back."""
    _load_settings(tx, actor)
    _load_story(tx, actor, ends_at)
    _load_documented(tx, actor, documented)
    requests.advance(tx, actor, ends_at, 10_000)


# --- inside


def _lira(amount: str | int) -> dict[str, str]:
    return {"amount": f"{amount}" if isinstance(amount, str) else f"{amount}.00", "currency": "TRY"}


def _load_settings(tx: WriteTx, actor: Actor) -> None:
    known: Any = CompensationKindPut.model_config.get("json_schema_extra")
    voucher = CompensationKindPut.model_validate(known["examples"][0])
    kinds.put(tx, actor, EXAMPLE_CODE, voucher, None)
    for code, given in KINDS.items():
        names = dict(zip(("en", "tr", "az"), given["names"], strict=True))
        cost = given.get("unit_cost")
        body = {**given, "names": names, "unit_cost": None if cost is None else _lira(cost)}
        kinds.put(tx, actor, code, CompensationKindPut.model_validate(body), None)
    for kind in (EXAMPLE_CODE, *KINDS):
        for role, amounts in LIMITS.items():
            members = zip(("per_case", "per_day", "per_month"), amounts, strict=True)
            given = {name: None if amount is None else _lira(amount) for name, amount in members}
            limit = {"role": role, "kind": kind, **given, "valid_from": _BEGIN}
            limits.put(tx, actor, f"{role}_{kind}", AuthorityLimitPut.model_validate(limit), None)
    budget = CompensationBudgetPut.model_validate({"amount": _lira("20000.00")})
    budgets.put(tx, actor, EXAMPLE_UNIT, EXAMPLE_MONTH, budget, None)


def _load_story(tx: WriteTx, actor: Actor, ends_at: datetime) -> None:
    """Give something for complaints of the last year whose owner may, oldest first."""
    owners = sorted(set(NAMES) - {STOPPED})
    since = ends_at - timedelta(days=360)
    wanted = (
        select(Complaint.id, Complaint.owner, Complaint.received_at)
        .where(Complaint.source == "demo", Complaint.owner.in_(owners), Complaint.our_fault == "yes")
        .where(Complaint.received_at >= since, Complaint.received_at < ends_at - timedelta(days=2))
        .where(Complaint.state != "closed", Complaint.leading_complaint_id.is_(None))
        .order_by(Complaint.received_at, Complaint.external_id)
        .limit(MAX_CASES)
    )
    asked = 0
    for place, (complaint_id, owner, received_at) in enumerate(tx.execute(wanted).all()):
        person, at = replace(actor, agent=owner), received_at + timedelta(hours=2)
        body = {"kind": EXAMPLE_CODE, "amount": _lira(_AMOUNTS[place % len(_AMOUNTS)])}
        data = CompensationCreate.model_validate(body)
        row, is_given = grants.give_for_complaint(tx, person, complaint_id, data, "*", at=at)
        if not is_given:
            _decide(tx, actor, row, asked)
            asked += 1


def _decide(tx: WriteTx, actor: Actor, request: dict[str, Any], place: int) -> None:
    """Approve every other request within hours, deny some, and let the rest come too late."""
    manager = replace(actor, agent=MANAGER)
    step: Callable[..., Any] | None = (requests.approve, None, requests.approve, requests.deny)[place % 4]
    if step is not None:
        reason = RequestDecision(
            reason="The third failure this year." if place % 4 != 3 else "Not our fault."
        )
        at = min(request["requested_at"] + timedelta(minutes=25 + place), request["expires_at"])
        step(tx, manager, request["id"], reason, "*", at=at - timedelta(seconds=1))


def _load_documented(tx: WriteTx, actor: Actor, documented: Examples) -> None:
    """Record what the documentation shows, and what its examples take back, approve and deny."""
    clerk, manager = replace(actor, agent=CLERK), replace(actor, agent=MANAGER)

    def give(case: str, known: str, kind: str, amount: str, reason: str, at: str | None) -> None:
        body = {"kind": kind, "amount": _lira(amount), "reason": reason}
        happened_at = None if at is None else documented.at(at)
        grants.give_for_complaint(
            tx,
            clerk,
            UUID(case),
            CompensationCreate.model_validate(body),
            "*",
            row_id=UUID(known),
            at=happened_at,
        )

    said = "The parcel came two days late."
    first, second = complaint_schemas.EXAMPLE_ACKNOWLEDGED_ID, complaint_schemas.EXAMPLE_TO_RESOLVE_ID
    give(first, schemas.EXAMPLE_ID, EXAMPLE_CODE, "150.00", said, "2026-11-23T09:40:00Z")
    give(second, schemas.EXAMPLE_REVERSED_ID, EXAMPLE_CODE, "200.00", said, "2026-11-23T09:45:00Z")
    mistake = CompensationReversal(reason="Given to the wrong customer.")
    at = documented.at("2026-11-23T10:00:00Z")
    reversals.reverse(tx, clerk, UUID(schemas.EXAMPLE_REVERSED_ID), mistake, "*", at=at)
    give(first, schemas.EXAMPLE_REQUEST_ID, REFUND, "600.00", "A broken set.", "2026-11-23T09:50:00Z")
    reason, at = RequestDecision(reason="Third failure this year."), documented.at("2026-11-23T15:20:00Z")
    requests.approve(
        tx,
        manager,
        UUID(schemas.EXAMPLE_REQUEST_ID),
        reason,
        "*",
        compensation_id=UUID(schemas.EXAMPLE_APPROVED_ID),
        at=at,
    )
    give(second, schemas.EXAMPLE_EXPIRED_ID, EXAMPLE_CODE, "700.00", "Late again.", "2026-11-23T09:52:00Z")
    third, fourth = complaint_schemas.EXAMPLE_OFFERED_ID, complaint_schemas.EXAMPLE_TO_RETURN_ID
    give(third, schemas.EXAMPLE_TO_REVERSE_ID, EXAMPLE_CODE, "60.00", said, None)
    give(third, schemas.EXAMPLE_TO_APPROVE_ID, REFUND, "800.00", "The kettle leaked on the table.", None)
    give(fourth, schemas.EXAMPLE_TO_DENY_ID, REFUND, "950.00", "The kettle leaked on the table.", None)
