"""What tests of service standards start from."""

from typing import Any

from support import Api

OFFICE = [{"start": "09:00", "end": "12:00"}, {"start": "13:00", "end": "18:00"}]
WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), OFFICE)
CALENDAR: dict[str, Any] = {
    "names": {"en": "Office hours"},
    "zone": "Europe/Istanbul",
    "weekly": WEEK,
    "holidays": "TR",
    "exceptions": [
        {"on": "2026-04-23", "intervals": [{"start": "10:00", "end": "14:00"}], "note": "Open day"}
    ],
}
RULE: dict[str, Any] = {
    "names": {"en": "Usual"},
    "rungs": [
        {"after_share": 0.9, "tell": "owner"},
        {"past_due_seconds": 0, "tell": "agent", "code": "manager"},
        {"past_due_seconds": 3600, "tell": "unit", "code": "desk", "changes_owner": True},
    ],
}
LONG_AGO = "2000-01-01T00:00:00Z"
STANDARD: dict[str, Any] = {"names": {"en": "Quick"}, "metric": "resolve", "target_seconds": 3600}


def set_standard(api: Api, code: str = "quick", **members: Any) -> dict[str, Any]:
    """Set a standard that has always been valid: an hour of clock time to resolve unless told otherwise."""
    answer = api.put(f"/v1/standards/{code}", json={**STANDARD, "valid_from": LONG_AGO, **members})
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def clocks_of(api: Api, complaint_id: str) -> list[dict[str, Any]]:
    """The clocks of a complaint in order."""
    answer = api.get(f"/v1/complaints/{complaint_id}/clocks", params={"limit": 200})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])
