"""A company that gives compensation: units, roles, people, kinds and limits, over HTTP."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from factories import complaint_body, interaction_body
from support import Api

CREATED = {"customer": {"system": "crm", "key": "C-1"}, "create_missing": True}
PEOPLE = {
    "ayse.k": ("clerk", "izmir"),
    "can.y": ("clerk", "izmir"),
    "lead.i": ("team_lead", "izmir"),
    "lead.b": ("team_lead", "baku"),
    "nermin.b": ("manager", "company"),
    "omer.m": ("manager", "company"),
    "temp.x": ("trainee", "izmir"),
    "none.y": (None, "izmir"),
}
LIMITS = {
    "clerk": ("200.00", "500.00", "2000.00"),
    "team_lead": ("1000.00", "2000.00", None),
    "manager": ("10000.00", None, None),
}


def lira(amount: str) -> dict[str, str]:
    """An amount in the reporting currency."""
    return {"amount": amount, "currency": "TRY"}


def put(api: Api, path: str, body: Any) -> Any:
    """Set something, which must be possible."""
    answer = api.put(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def set_up(api: Api, **kind: Any) -> None:
    """Set up the company; ``kind`` changes the kind ``voucher``."""
    names = {"en": "Somebody"}
    for role, above in (
        ("manager", None),
        ("team_lead", "manager"),
        ("clerk", "team_lead"),
        ("trainee", "clerk"),
    ):
        scopes = [f"compensations:{right}" for right in ("read", "write", "approve")]
        put(api, f"/v1/roles/{role}", {"names": names, "reports_to": above, "scopes": scopes})
    for unit, above in (("company", None), ("turkey", "company"), ("izmir", "turkey"), ("baku", "company")):
        put(api, f"/v1/units/{unit}", {"names": names, "kind": "branch", "parent": above})
    for code, (role_of, unit_of) in PEOPLE.items():
        put(api, f"/v1/agents/{code}", {"name": code, "role": role_of, "unit": unit_of})
    put(api, "/v1/compensation-kinds/voucher", {"names": {"en": "Voucher"}, "unit": "money", **kind})
    set_limits(api, "voucher")


def set_limits(api: Api, kind: str, **limits: tuple[str, str | None, str | None]) -> None:
    """Set the limits of a kind, `LIMITS` by default."""
    for role, amounts in (limits or LIMITS).items():
        names = ("per_case", "per_day", "per_month")
        given = {name: None if one is None else lira(one) for name, one in zip(names, amounts, strict=True)}
        put(api, f"/v1/authority-limits/{role}_{kind}", {"role": role, "kind": kind, **given})


def complaint(api: Api, **members: Any) -> dict[str, Any]:
    """A complaint that was recorded."""
    answer = api.post("/v1/complaints", json=complaint_body(**{**CREATED, **members}))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def interaction(api: Api, **members: Any) -> dict[str, Any]:
    """An interaction that was recorded."""
    begun = {"started_at": datetime.now(UTC).isoformat()}
    answer = api.post("/v1/interactions", json=interaction_body(**{**CREATED, **begun, **members}))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def by(agent: str | None, if_match: str | None = "*", key: str | None = "") -> dict[str, str]:
    """The headers of a request: who acts, for which version, and which effect; a new one by default."""
    headers = {"Vefa-Agent": agent, "If-Match": if_match, "Idempotency-Key": key or uuid4().hex}
    if key is None:
        del headers["Idempotency-Key"]
    return {name: value for name, value in headers.items() if value is not None}


def give(
    api: Api, case: dict[str, Any], amount: Any = "100.00", agent: str = "ayse.k", **members: Any
) -> Any:
    """Ask to give a voucher for a complaint, or for an interaction; an amount that is a text is in lira."""
    kind = "complaints" if "number" in case else "interactions"
    body = {"kind": "voucher", "amount": lira(amount) if isinstance(amount, str) else amount, **members}
    body = {name: value for name, value in body.items() if value is not None}
    return api.post(f"/v1/{kind}/{case['id']}/compensations", json=body, headers=by(agent))


def decide(api: Api, request: dict[str, Any], step: str, agent: str, if_match: str = "*") -> Any:
    """Approve or deny a request: ``step`` is ``approvals`` or ``denials``."""
    path = f"/v1/compensation-requests/{request['id']}/{step}"
    return api.post(path, json={"reason": "So be it."}, headers=by(agent, if_match))


def reverse(api: Api, compensation: dict[str, Any], agent: str = "ayse.k") -> Any:
    """Take a compensation back."""
    path = f"/v1/compensations/{compensation['id']}/reversals"
    return api.post(path, json={"reason": "A mistake."}, headers=by(agent))
