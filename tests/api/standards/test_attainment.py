"""The report on service standards over HTTP, on both databases."""

from typing import Any

from factories import interaction_body
from standards_helpers import set_standard
from support import Api, pointers, problem

from app.domain.common.access import Scope

WINDOW = {"from": "2026-03-01", "to": "2026-03-03"}


def report(api: Api, **query: Any) -> dict[str, Any]:
    answer = api.get("/v1/insights/standards", params={**WINDOW, **query})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def counts(figures: dict[str, Any]) -> tuple[Any, ...]:
    members = ("received", "met", "broken", "running", "ended", "censored", "median_seconds", "is_small")
    return tuple(figures[member] for member in members)


def complain(api: Api, resolved: str | None = None, **members: Any) -> str:
    body = {"customer": {"system": "crm", "key": "C-1"}, "create_missing": True, "subject": "Late"}
    past = {} if resolved is None else {"resolved_at": resolved, "resolution": "Done."}
    body |= {"received_at": "2026-03-02T07:00:00Z", **past, **members}
    answer = api.post("/v1/complaints", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_what_became_of_clocks(api: Api) -> None:
    set_standard(api, position=90)
    set_standard(api, "long", target_seconds=366 * 86_400, severities=["low"], position=5)
    set_standard(api, "urgent", target_seconds=60, severities=["critical"], position=10)
    complain(api, "2026-03-02T07:30:00Z", unit="izmir", owner="ayse")
    complain(api, "2026-03-02T08:30:00Z", unit="izmir", owner="ayse")
    complain(api, unit="baki", owner="elvin")  # due long ago: broken, whether a worker noticed or not
    complain(api, unit="baki", owner="elvin", severity="low")  # its year is not over
    raised = complain(api, "2026-03-02T07:30:00Z")
    assert api.post(f"/v1/complaints/{raised}/closings").status_code == 201
    complain(api, received_at="2026-03-04T07:00:00Z")  # outside the window
    whole = report(api, metric="resolve")
    assert whole["groups"] == []
    assert counts(whole["overall"]) == (5, 3 - 1, 2, 1, 0, 2, 5400.0, True)
    assert whole["overall"]["share_within"] == 0.4
    groups = {group["key"]: group for group in report(api, metric="resolve", by="unit")["groups"]}
    assert list(groups) == ["baki", "izmir", None]
    assert counts(groups["izmir"])[:3] == (2, 1, 1)
    assert counts(groups["baki"])[:4] == (2, 0, 1, 1)
    assert groups["baki"]["median_seconds"] is None
    for by, keys in {
        "agent": ["ayse", "complaints-desk", "elvin"],
        "severity": ["low", "normal"],
        "channel": [None],
        "tier": [None],
        "category": [None],
        "month": ["2026-03"],
    }.items():
        divided = report(api, metric="resolve", by=by)
        assert [group["key"] for group in divided["groups"]] == keys
        assert sum(group["received"] for group in divided["groups"]) == 5
        assert counts(divided["overall"])[:6] == counts(whole["overall"])[:6]


def test_a_raised_severity_counts_once(api: Api) -> None:
    set_standard(api, target_seconds=366 * 86_400, position=90)
    set_standard(api, "urgent", target_seconds=365 * 86_400, severities=["critical"], position=10)
    complaint_id = complain(api)
    api.patch(f"/v1/complaints/{complaint_id}", json={"severity": "critical"})
    query = {"metric": "resolve", "from": "2026-03-01"}
    overall = api.get("/v1/insights/standards", params=query).json()["overall"]
    assert (overall["received"], overall["running"]) == (1, 1)


def test_calls_and_replies_are_read_from_contacts(api: Api) -> None:
    set_standard(api, "calls", metric="answer_call", target_seconds=30)
    set_standard(api, "mail", metric="reply", target_seconds=3600, channels=["email"])
    contacts: list[dict[str, Any]] = [
        {"wait_seconds": 20, "agent": "ayse"},
        {"wait_seconds": 40, "agent": "ayse"},
        {"wait_seconds": 10, "disposition": "abandoned"},
        {"wait_seconds": 90, "disposition": "abandoned"},
        {"wait_seconds": 5, "direction": "outbound"},
        {"agent": "ayse"},
        {"wait_seconds": 1800, "channel": "email"},
        {"wait_seconds": 10, "channel": "chat"},  # no standard is for it
    ]
    for contact in contacts:
        body = interaction_body(started_at="2026-03-02T07:00:00Z", create_missing=True, **contact)
        answer = api.post("/v1/interactions", json=body)
        assert answer.status_code == 201, answer.text
    assert counts(report(api, metric="answer_call")["overall"]) == (4, 1, 2, 0, 1, 2, 40.0, True)
    agents = report(api, metric="answer_call", by="agent")["groups"]
    assert [(group["key"], group["received"]) for group in agents] == [("ayse", 2), (None, 2)]
    assert counts(report(api, metric="reply")["overall"])[:3] == (1, 1, 0)


def test_what_cannot_be_asked(api: Api, api_with: Any) -> None:
    path = "/v1/insights/standards"
    assert pointers(api.get(path)) == ["metric"]
    assert pointers(api.get(path, params={"metric": "resolve", "by": "moon"})) == ["by"]
    wrong = api.get(path, params={"metric": "resolve", "from": "2026-03-02", "to": "2026-03-02"})
    assert pointers(wrong) == ["from"]
    for client in (api_with(Scope.COMPLAINTS_READ), api_with(units=("izmir",))):
        for name in ("", ".csv"):
            assert client.get(f"{path}{name}", params={"metric": "resolve"}).status_code == 403
    problem(api.get(f"{path}.csv"), 422, "validation_failed")


def test_the_report_as_a_file(api: Api) -> None:
    set_standard(api)
    complain(api, "2026-03-02T07:30:00Z", unit="=A1", owner="ayse")
    query = {"metric": "resolve", "by": "unit", **WINDOW}
    answer = api.get("/v1/insights/standards.csv", params=query, headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    header, whole, group = answer.text.splitlines()
    assert header.startswith("key,received,met,broken")
    assert whole.startswith("*,1,1,0")
    assert group.startswith("'=A1,1,1,0")
