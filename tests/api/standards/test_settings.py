"""Calendars, standards and escalation rules over HTTP, on both databases."""

from typing import Any

import pytest
from sqlalchemy import select
from standards_helpers import CALENDAR, OFFICE, RULE, STANDARD
from support import Api, pointers, problem

from app.domain.common.access import Scope
from app.store.engine import Store
from app.store.tables import AuditEntry, ServiceStandard

SETTINGS = [
    ("/v1/calendars/office", CALENDAR, {"zone": "Asia/Baku"}),
    ("/v1/escalation-rules/usual", RULE, {"rungs": [{"after_share": 0.5, "tell": "head"}]}),
    ("/v1/standards/quick", STANDARD, {"target_seconds": 60}),
]


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in problem(answer, 422, "validation_failed")["errors"]]


@pytest.mark.parametrize(("path", "body", "change"), SETTINGS)
def test_each_change_is_a_version(
    api: Api, store: Store, path: str, body: dict[str, Any], change: dict[str, Any]
) -> None:
    collection, _, code = path.rpartition("/")
    problem(api.get(path), 404, "not_found")
    new = api.put(path, json=body)
    assert (new.status_code, new.headers["Location"], new.headers["ETag"]) == (201, path, '"1"'), new.text
    assert api.get(path).json() == new.json()
    again = api.put(path, json=body)
    assert (again.status_code, again.json()) == (200, new.json())  # nothing changed, no version
    changed = api.put(path, json=body | change, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert changed.json() | {"updated_at": None} != new.json() | {"updated_at": None}
    assert changed.json()["created_at"] == new.json()["created_at"]
    problem(api.put(path, json=body, headers={"If-Match": '"1"'}), 412, "precondition_failed")
    problem(api.put(path, json=body, headers={"If-None-Match": "*"}), 412, "precondition_failed")
    assert [row["code"] for row in api.get(collection).json()["data"]] == [code]
    since = {"updated_after": changed.json()["updated_at"]}
    assert api.get(collection, params=since).json()["data"] == []
    entries = store.read_sync(
        lambda tx: tx.execute(select(AuditEntry.action).where(AuditEntry.object_id == code)).scalars().all()
    )
    assert len(entries) == 2


@pytest.mark.parametrize(("path", "body"), [setting[:2] for setting in SETTINGS])
def test_the_scopes(api_with: Any, path: str, body: dict[str, Any]) -> None:
    reader = api_with(Scope.SETTINGS_READ)
    assert reader.get(path).status_code == 404
    problem(reader.put(path, json=body), 403, "insufficient_scope")
    problem(api_with(Scope.COMPLAINTS_READ).get(path), 403, "insufficient_scope")


def test_a_calendar_as_it_was_sent(api: Api) -> None:
    row = api.put("/v1/calendars/office", json=CALENDAR).json()
    monday = [{"start": "09:00", "end": "12:00"}, {"start": "13:00", "end": "18:00"}]
    assert (row["zone"], row["holidays"], row["is_active"]) == ("Europe/Istanbul", "TR", True)
    assert (row["weekly"]["monday"], row["weekly"]["sunday"]) == (monday, [])
    assert row["exceptions"] == [
        {"on": "2026-04-23", "intervals": [{"start": "10:00", "end": "14:00"}], "note": "Open day"}
    ]


def test_the_days_of_a_calendar(api: Api) -> None:
    api.put("/v1/calendars/office", json=CALENDAR)
    answer = api.get("/v1/calendars/office/days", params={"year": 2026})
    assert answer.status_code == 200, answer.text
    days = {day["on"]: day for day in answer.json()["days"]}
    assert len(days) == 365
    assert days["2026-10-28"] == {
        "on": "2026-10-28",
        "intervals": [{"start": "09:00", "end": "12:00"}],
        "holiday": "Cumhuriyet Bayramı (saat 13.00'ten)",
        "is_exception": False,
    }
    assert days["2026-04-23"]["intervals"] == [{"start": "10:00", "end": "14:00"}]
    assert (days["2026-04-23"]["is_exception"], days["2026-05-19"]["intervals"]) == (True, [])
    assert pointers(api.get("/v1/calendars/office/days", params={"year": 1899})) == ["year"]
    problem(api.get("/v1/calendars/other/days", params={"year": 2026}), 404, "not_found")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"zone": "Europe/Ankara"}, ("/zone", "unknown_zone")),
        ({"holidays": "DE"}, ("/holidays", "enum")),
        ({"weekly": {}}, ("/weekly", "no_working_time")),
        ({"weekly": {"monday": [{"start": "09:00", "end": "25:00"}]}}, ("/weekly/monday/0/end", None)),
        (
            {"weekly": {"monday": [{"start": "09:00", "end": "12:00"}, {"start": "11:59", "end": "13:00"}]}},
            ("/weekly/monday", "overlapping"),
        ),
        (
            {
                "weekly": {
                    "sunday": [{"start": "22:00", "end": "06:00"}],
                    "monday": [{"start": "05:00", "end": "9:00"}],
                }
            },
            ("/weekly/monday/0/end", None),
        ),
        (
            {
                "weekly": {
                    "sunday": [{"start": "22:00", "end": "06:00"}],
                    "monday": [{"start": "05:00", "end": "09:00"}],
                }
            },
            ("/weekly/monday", "overlapping"),
        ),
        ({"exceptions": [{"on": "2026-01-05"}, {"on": "2026-01-05"}]}, ("/exceptions/1/on", "repeated_day")),
        (
            {
                "exceptions": [
                    {
                        "on": "2026-01-05",
                        "intervals": [{"start": "09:00", "end": "12:00"}, {"start": "10:00", "end": "11:00"}],
                    }
                ]
            },
            ("/exceptions/0/intervals", "overlapping"),
        ),
        (
            {"exceptions": [{"on": "2026-01-05", "intervals": [{"start": "20:00", "end": "09:30"}]}]},
            ("/exceptions/0/intervals", "overlapping"),  # goes on into the morning of Tuesday
        ),
        ({"weekday": {}}, ("/weekday", None)),
    ],
)
def test_a_calendar_that_cannot_be(api: Api, change: dict[str, Any], wrong: tuple[str, str | None]) -> None:
    found = codes(api.put("/v1/calendars/office", json=CALENDAR | change))
    assert [(pointer, code if wrong[1] else None) for pointer, code in found] == [wrong]
    problem(api.get("/v1/calendars/office"), 404, "not_found")


def test_a_year_of_rest_in_exceptions_is_noticed(api: Api) -> None:
    body = CALENDAR | {"weekly": {"monday": OFFICE}, "holidays": None, "exceptions": []}
    assert api.put("/v1/calendars/mondays", json=body).status_code == 201


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"target_seconds": None}, [("", "one_target")]),
        ({"target_minutes": 5}, [("", "one_target")]),
        ({"target_seconds": 0}, [("/target_seconds", None)]),
        ({"warn_share": 1}, [("/warn_share", None)]),
        ({"metric": "smile"}, [("/metric", None)]),
        ({"severities": ["dire"]}, [("/severities/0", None)]),
        ({"tiers": ["D"]}, [("/tiers/0", None)]),
        ({"time": "business"}, [("/calendar", "calendar_missing")]),
        ({"calendar": "office"}, [("/calendar", "not_with_clock_time")]),
        ({"time": "business", "calendar": "moon"}, [("/calendar", "unknown_calendar")]),
        ({"escalation_rule": "none"}, [("/escalation_rule", "unknown_escalation_rule")]),
        (
            {"time": "business", "calendar": "office", "target_seconds": 366 * 86_400},
            [("/target_seconds", "too_long")],
        ),
        ({"valid_from": "2026-01-01"}, [("/valid_from", None)]),
    ],
)
def test_a_standard_that_cannot_be(api: Api, change: dict[str, Any], wrong: list[Any]) -> None:
    api.put("/v1/calendars/office", json=CALENDAR)
    found = codes(api.put("/v1/standards/quick", json=STANDARD | change))
    assert [(pointer, code if wrong[0][1] else None) for pointer, code in found] == wrong
    problem(api.get("/v1/standards/quick"), 404, "not_found")


def test_what_is_not_in_use_is_not_used_anew(api: Api) -> None:
    api.put("/v1/calendars/office", json=CALENDAR | {"is_active": False})
    api.put("/v1/escalation-rules/usual", json=RULE | {"is_active": False})
    body = STANDARD | {"time": "business", "calendar": "office", "escalation_rule": "usual"}
    assert [pointer for pointer, _ in codes(api.put("/v1/standards/quick", json=body))] == [
        "/escalation_rule",
        "/calendar",
    ]


@pytest.mark.parametrize(
    ("rungs", "wrong"),
    [
        ([], ("/rungs", None)),
        ([{"tell": "owner"}], ("/rungs/0", "one_time")),
        ([{"tell": "owner", "after_share": 0.5, "past_due_seconds": 0}], ("/rungs/0", "one_time")),
        ([{"tell": "agent", "after_share": 0.5}], ("/rungs/0", "agent_missing")),
        ([{"tell": "owner", "after_share": 0.5, "changes_owner": True}], ("/rungs/0", "owner_alone")),
        ([{"tell": "owner", "after_share": 1.5}], ("/rungs/0/after_share", None)),
        (
            [{"tell": "owner", "past_due_seconds": 0}, {"tell": "owner", "after_share": 0.5}],
            ("/rungs", "not_ascending"),
        ),
        ([{"tell": "owner", "after_share": 0.5}] * 2, ("/rungs", "not_ascending")),
    ],
)
def test_an_escalation_that_cannot_be(api: Api, rungs: list[Any], wrong: tuple[str, str | None]) -> None:
    found = codes(api.put("/v1/escalation-rules/usual", json=RULE | {"rungs": rungs}))
    assert [(pointer, code if wrong[1] else None) for pointer, code in found] == [wrong]


def test_an_earlier_version_ends_where_the_next_begins(api: Api, store: Store) -> None:
    path = "/v1/standards/quick"
    begin, later = "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"
    api.put(path, json=STANDARD | {"valid_from": begin})
    api.put(path, json=STANDARD | {"target_seconds": 60, "valid_from": later})
    now = api.put(path, json=STANDARD | {"target_seconds": 90}).json()["valid_from"]
    assert begin < now < later
    rows = store.read_sync(
        lambda tx: tx.execute(
            select(ServiceStandard.version, ServiceStandard.valid_from, ServiceStandard.valid_until).order_by(
                ServiceStandard.version
            )
        ).all()
    )
    assert [row.version for row in rows] == [1, 2, 3]
    assert rows[0].valid_until == rows[1].valid_until == rows[2].valid_from  # the second never counted
    assert rows[2].valid_until is None
