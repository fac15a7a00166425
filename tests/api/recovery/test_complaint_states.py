"""The life of a complaint over HTTP, on both databases: its steps, its owner, and the events that tell it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from factories import complaint_body as body
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st
from support import Api, made, problem

PATH = "/v1/complaints"
BEGIN = datetime(2020, 1, 5, 9, tzinfo=UTC)
BODIES: dict[str, dict[str, str]] = {
    "acknowledgements": {},
    "starts": {},
    "waits": {"note": "Asked for a photo."},
    "resolutions": {"resolution": "Sent anew."},
    "closings": {},
    "reopenings": {"reason": "Came open again."},
}
# The table of states, written out once more: state -> step -> state after it.
ALLOWED = {
    "open": {
        "acknowledgements": "acknowledged",
        "starts": "in_progress",
        "waits": "waiting_customer",
        "resolutions": "resolved",
    },
    "acknowledged": {"starts": "in_progress", "waits": "waiting_customer", "resolutions": "resolved"},
    "in_progress": {"waits": "waiting_customer", "resolutions": "resolved"},
    "waiting_customer": {"starts": "in_progress", "resolutions": "resolved"},
    "resolved": {"closings": "closed", "reopenings": "in_progress"},
    "closed": {"reopenings": "in_progress"},
}
POSSIBLE = {"resolved": ["answers", "closings", "reopenings"]}
"""Steps named where another one is refused, beyond those of `ALLOWED`."""
WAYS = {
    "open": [],
    "acknowledged": ["acknowledgements"],
    "in_progress": ["acknowledgements", "starts"],
    "resolved": ["resolutions"],
    "closed": ["resolutions", "closings"],
    "waiting_customer": ["waits"],
}


@pytest.fixture
def customer_id(api: Api) -> str:
    """The customer C-1 of the CRM."""
    return str(made(api, external_ids=[{"system": "crm", "key": "C-1"}])["id"])


def recorded(api: Api, **members: Any) -> str:
    """The URL of a complaint that was recorded."""
    answer = api.post(PATH, json=body(**{"received_at": instant(0), **members}))
    assert answer.status_code == 201, answer.text
    return f"{PATH}/{answer.json()['id']}"


def instant(days: float) -> str:
    return (BEGIN + timedelta(days=days)).isoformat()


def step(api: Api, url: str, name: str, **members: Any) -> Any:
    return api.post(f"{url}/{name}", json={**BODIES[name], **members})


def led_to(api: Api, state: str) -> str:
    """The URL of a complaint in ``state``."""
    url = recorded(api)
    for name in WAYS[state]:
        assert step(api, url, name).status_code == 201
    assert api.get(url).json()["state"] == state
    return url


def history(api: Api, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"{url}/events?limit=200").json()["data"]
    return found


def refusal(answer: Any) -> tuple[str, str]:
    [error] = problem(answer, 422, "validation_failed")["errors"]
    return error["pointer"], error["code"]


# --- steps


@pytest.mark.parametrize("state", ALLOWED)
def test_a_state_allows_its_steps_and_refuses_the_others(api: Api, customer_id: str, state: str) -> None:
    for name, sent in BODIES.items():
        url = led_to(api, state)
        before, told = api.get(url).json(), history(api, url)
        answer = step(api, url, name)
        if name in ALLOWED[state]:
            row = answer.json()
            assert (answer.status_code, row["state"]) == (201, ALLOWED[state][name])
            assert answer.headers["ETag"] == f'"{before["version"] + 1}"'
            assert answer.headers["Location"] == url
            assert api.get(url).json() == row
            last = history(api, url)[-1]
            assert (last["state"], last["number"]) == (row["state"], row["version"])
            assert last["note"] == next(iter(sent.values()), None)
            assert last["recorded_at"] == row["updated_at"]
        else:
            said = problem(answer, 409, "illegal_step")
            assert said["detail"] == (
                f"The complaint is {state}: this step is not possible now. "
                f"Possible steps: {', '.join(POSSIBLE.get(state, ALLOWED[state]))}."
            )
            assert (api.get(url).json(), history(api, url)) == (before, told)


def test_the_whole_life_of_a_complaint(api: Api, customer_id: str) -> None:
    url = recorded(api, owner="ayse.k")
    for days, name in enumerate(("acknowledgements", "starts", "resolutions", "closings"), start=1):
        row = step(api, url, name, at=instant(days)).json()
    times = {"acknowledged_at": 1, "resolved_at": 3, "closed_at": 4}
    assert [datetime.fromisoformat(row[member]) for member in times] == [
        BEGIN + timedelta(days=days) for days in times.values()
    ]
    assert (row["resolution"], row["reopened_count"], row["version"]) == ("Sent anew.", 0, 5)

    row = step(api, url, "reopenings", at=instant(5)).json()
    assert (row["resolved_at"], row["closed_at"], row["resolution"]) == (None, None, None)
    assert (row["reopened_count"], row["acknowledged_at"]) == (1, "2020-01-06T09:00:00Z")
    assert row["state"] == "in_progress"
    row = step(api, url, "waits", at=instant(6)).json()
    assert row["acknowledged_at"] == "2020-01-06T09:00:00Z"
    row = step(api, url, "resolutions", resolution="Paid back.", at=instant(7)).json()
    assert (row["resolution"], row["resolved_at"]) == ("Paid back.", "2020-01-12T09:00:00Z")
    assert [event["kind"] for event in history(api, url)] == [
        "received",
        "acknowledged",
        "started",
        "resolved",
        "closed",
        "reopened",
        "waited",
        "resolved",
    ]


@pytest.mark.parametrize(
    ("language", "state", "detail"),
    [
        (
            "tr",
            "open",
            "Şikâyetin durumu open: bu adım şimdi atılamaz. "
            "Atılabilecek adımlar: acknowledgements, starts, waits, resolutions.",
        ),
        (
            "az",
            "in_progress",
            "Şikayətin vəziyyəti in_progress: bu addım indi mümkün deyil. "
            "Mümkün addımlar: waits, resolutions.",
        ),
    ],
)
def test_the_refusal_names_state_and_possible_steps_in_the_callers_language(
    api: Api, customer_id: str, language: str, state: str, detail: str
) -> None:
    answer = api.post(f"{led_to(api, state)}/closings", json={}, headers={"Accept-Language": language})
    assert problem(answer, 409, "illegal_step")["detail"] == detail
    assert api.get("/problems/illegal_step").status_code == 200


NO_BODY: list[dict[str, Any]] = [
    {},
    {"content": b""},
    {"headers": {"Content-Type": "application/json"}},
    {"headers": {"Content-Type": "text/plain"}, "content": b""},
    {"headers": {"Transfer-Encoding": "chunked"}, "content": iter([])},
]


@pytest.mark.parametrize("sent", NO_BODY, ids=["nothing", "empty", "json", "text", "chunked"])
@pytest.mark.parametrize("name", ["acknowledgements", "starts", "closings"])
def test_a_step_that_needs_nothing_said_needs_no_body(
    api: Api, customer_id: str, name: str, sent: dict[str, Any]
) -> None:
    url = led_to(api, "resolved" if name == "closings" else "open")
    answer = api.post(f"{url}/{name}", **sent)
    assert (answer.status_code, answer.json()["version"]) == (201, len(history(api, url)))
    assert problem(api.post(f"{url}/{name}", **sent), 409, "illegal_step")


@pytest.mark.parametrize("name", ["acknowledgements", "starts", "closings"])
@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"null", "application/json", 422),
        (b"[]", "application/json", 422),
        (b" ", "application/json", 400),
        (b"{", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b'{"att": 1}', "application/json", 422),
    ],
)
def test_a_body_that_is_sent_must_be_right_all_the_same(
    api: Api, customer_id: str, name: str, content: bytes, media_type: str, status: int
) -> None:
    url = led_to(api, "resolved" if name == "closings" else "open")
    before = api.get(url).json()
    answer = api.post(f"{url}/{name}", content=content, headers={"Content-Type": media_type})
    assert (answer.status_code, api.get(url).json()) == (status, before), answer.text


@pytest.mark.parametrize("name", ["resolutions", "reopenings", "hand-overs", "notes"])
def test_what_must_be_said_cannot_be_left_out_with_the_body(api: Api, customer_id: str, name: str) -> None:
    url = led_to(api, "resolved")
    said = {"resolutions": "resolution", "reopenings": "reason", "hand-overs": "owner", "notes": "note"}
    for headers in ({}, {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}):
        answer = api.post(f"{url}/{name}", headers=headers)
        assert (refusal(answer), answer.status_code) == ((f"/{said[name]}", "missing"), 422)
    answer = api.post(f"{url}/{name}", content=b"{}", headers={"Content-Type": "text/plain"})
    assert problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("name", ["resolutions", "reopenings", "hand-overs", "notes"])
def test_what_must_be_said_must_be_said(api: Api, customer_id: str, name: str) -> None:
    url = led_to(api, "resolved")
    assert refusal(api.post(f"{url}/{name}", json={}))[1] == "missing"
    assert len(history(api, url)) == 2


def test_a_step_may_be_meant_for_a_version(api: Api, customer_id: str) -> None:
    url = recorded(api)
    stale = api.post(f"{url}/starts", json={}, headers={"If-Match": '"2"'})
    problem(stale, 412, "precondition_failed")
    assert stale.headers["ETag"] == '"1"'
    assert api.post(f"{url}/starts", json={}, headers={"If-Match": '"1"'}).status_code == 201
    # That it is too late for the step does not hide that it is another version.
    problem(api.post(f"{url}/starts", json={}, headers={"If-Match": '"1"'}), 412, "precondition_failed")


def test_one_idempotency_key_is_one_step(api: Api, customer_id: str) -> None:
    url = recorded(api)
    first, again = (
        api.post(f"{url}/notes", json={"note": "Called back."}, headers={"Idempotency-Key": "n-1"})
        for _ in range(2)
    )
    assert first.content == again.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(history(api, url)) == 2


def test_of_steps_at_once_each_is_judged_by_the_state_it_finds(api: Api, customer_id: str) -> None:
    url = recorded(api)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda name: step(api, url, name), ["resolutions", "starts"] * 4))
    assert {answer.status_code for answer in answers} == {201, 409}
    told = history(api, url)
    taken = [answer.json() for answer in answers if answer.status_code == 201]
    assert sorted(row["version"] for row in taken) == list(range(2, 2 + len(taken)))
    assert [event["number"] for event in told] == list(range(1, 2 + len(taken)))
    assert told[-1]["state"] == api.get(url).json()["state"] == "resolved"
    assert [event["kind"] for event in told].count("resolved") == 1


# --- when


def test_a_step_is_not_before_the_last_one(api: Api, customer_id: str) -> None:
    url = recorded(api)
    for days, name in ((-0.1, "acknowledgements"), (2, "acknowledgements"), (1.9, "starts")):
        answer = step(api, url, name, at=instant(days))
        if days == 2:
            assert answer.status_code == 201
        else:
            assert refusal(answer) == ("/at", "before_last_step")
    assert api.post(f"{url}/hand-overs", json={"owner": "x", "at": instant(3)}).status_code == 201
    assert refusal(step(api, url, "starts", at=instant(2.5))) == ("/at", "before_last_step")
    # A note that comes late does not hold up the steps.
    assert api.post(f"{url}/notes", json={"note": "x", "at": instant(9)}).status_code == 201
    assert api.patch(url, json={"severity": "low"}).status_code == 200
    assert refusal(api.post(f"{url}/notes", json={"note": "x", "at": instant(2)}))[1] == "before_last_step"
    assert step(api, url, "starts", at=instant(3)).status_code == 201


def test_a_step_is_not_in_the_future_but_clocks_differ(api: Api, customer_id: str) -> None:
    url = recorded(api)
    ahead = {minutes: (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat() for minutes in (3, 60)}
    assert refusal(step(api, url, "starts", at=ahead[60])) == ("/at", "in_future")
    started = step(api, url, "starts", at=ahead[3])
    assert started.status_code == 201
    # What follows at once is not before it, though our clock is behind.
    resolved = step(api, url, "resolutions")
    assert resolved.status_code == 201
    assert datetime.fromisoformat(resolved.json()["resolved_at"]) == datetime.fromisoformat(ahead[3])


def test_a_record_whose_clock_is_ahead_can_be_followed_by_the_true_time(api: Api, customer_id: str) -> None:
    url = recorded(api, received_at=(datetime.now(UTC) + timedelta(minutes=4)).isoformat())
    received_at = datetime.fromisoformat(api.get(url).json()["received_at"])
    early = datetime.now(UTC) - timedelta(hours=1)
    assert refusal(step(api, url, "acknowledgements", at=early.isoformat())) == ("/at", "before_last_step")
    taken = step(api, url, "acknowledgements", at=datetime.now(UTC).isoformat())
    assert taken.status_code == 201
    assert datetime.fromisoformat(taken.json()["acknowledged_at"]) == received_at
    assert step(api, url, "resolutions").status_code == 201


def test_now_is_the_time_of_a_step_that_names_none(api: Api, customer_id: str) -> None:
    earliest = datetime.now(UTC)
    url = recorded(api)
    row = step(api, url, "acknowledgements").json()
    assert earliest <= datetime.fromisoformat(row["acknowledged_at"]) <= datetime.now(UTC)
    last = history(api, url)[-1]
    assert row["acknowledged_at"] == row["updated_at"] == last["at"] == last["recorded_at"]


# --- owners and notes


@pytest.mark.parametrize("state", ALLOWED)
def test_in_every_state_a_complaint_can_be_handed_over_and_noted(
    api: Api, customer_id: str, state: str
) -> None:
    url = led_to(api, state)
    before = api.get(url).json()
    sent = {"owner": "elvin.m", "unit": "baki", "note": "The customer lives there now."}
    row = api.post(f"{url}/hand-overs", json=sent).json()
    changed = {"owner": "elvin.m", "owner_kind": "agent", "unit": "baki", "version": before["version"] + 1}
    assert row == {**before, **changed, "updated_at": row["updated_at"]}
    noted = api.post(f"{url}/notes", json={"note": "Called back.\nNobody answered."}).json()
    assert noted == {**row, "version": row["version"] + 1, "updated_at": noted["updated_at"]}
    shown = [
        tuple(event[member] for member in ("kind", "state", "owner", "note", "members"))
        for event in history(api, url)[-2:]
    ]
    assert shown == [
        ("handed_over", state, "elvin.m", sent["note"], ["owner", "unit"]),
        ("noted", state, "elvin.m", "Called back.\nNobody answered.", []),
    ]


def test_a_unit_that_is_not_named_stays(api: Api, customer_id: str) -> None:
    url = recorded(api, owner="ayse.k", unit="izmir")
    row = api.post(f"{url}/hand-overs", json={"owner": "elvin.m"}).json()
    assert (row["owner"], row["unit"]) == ("elvin.m", "izmir")
    assert history(api, url)[-1]["members"] == ["owner"]
    moved = api.post(f"{url}/hand-overs", json={"owner": "elvin.m", "unit": "baki"})
    assert (moved.status_code, moved.json()["unit"]) == (201, "baki")
    assert history(api, url)[-1]["members"] == ["unit"]


def test_nobody_hands_over_to_who_has_it(api: Api, customer_id: str) -> None:
    url = recorded(api, owner="ayse.k", unit="izmir")
    for sent in ({"owner": "ayse.k"}, {"owner": "ayse.k", "unit": "izmir"}):
        problem(api.post(f"{url}/hand-overs", json=sent), 409, "conflict")
    assert len(history(api, url)) == 1


# --- events


def test_events_name_who_did_it(api: Api, customer_id: str) -> None:
    url = led_to(api, "closed")
    key_id = api.headers["Authorization"].split("_")[2]
    assert {event["actor_id"] for event in history(api, url)} == {f"key:{key_id}"}


def test_events_come_in_pages(api: Api, customer_id: str) -> None:
    url = recorded(api)
    for number in range(4):
        api.post(f"{url}/notes", json={"note": str(number)})
    seen: list[dict[str, Any]] = []
    path = f"{url}/events?limit=2"
    while path:
        answer = api.get(path)
        seen += answer.json()["data"]
        path = answer.headers.get("Link", "").removeprefix("<").partition(">")[0]
    assert seen == history(api, url)
    assert [event["note"] for event in seen] == [None, "0", "1", "2", "3"]
    assert api.get(f"{url}/events?kind=noted").status_code == 422


# --- any sequence

anything = st.one_of(
    st.tuples(st.sampled_from(sorted(BODIES)), st.just("")),
    st.tuples(st.just("hand-overs"), st.sampled_from(["ayse.k", "elvin.m"])),
    st.tuples(st.just("notes"), st.just("x")),
    st.tuples(st.just("patch"), st.sampled_from(["low", "high"])),
)
days = st.one_of(st.none(), st.integers(min_value=-1, max_value=12))


def do(api: Api, url: str, name: str, value: str, at: int | None) -> Any:
    """Send one change."""
    if name == "patch":
        return api.patch(url, json={"severity": value})
    sent = {"hand-overs": {"owner": value}, "notes": {"note": value}, **BODIES}[name]
    return api.post(f"{url}/{name}", json=sent if at is None else {**sent, "at": instant(at)})


def retold(events: list[dict[str, Any]]) -> dict[str, Any]:
    """What a complaint must be according to its events."""
    row: dict[str, Any] = dict.fromkeys(("acknowledged_at", "resolved_at", "closed_at", "resolution"))
    row["reopened_count"] = 0
    for event in events:
        row |= {"state": event["state"], "owner": event["owner"], "updated_at": event["recorded_at"]}
        row["version"] = event["number"]
        match event["kind"]:
            case "received":
                row["received_at"] = event["at"]
            case "acknowledged":
                row["acknowledged_at"] = row["acknowledged_at"] or event["at"]
            case "resolved":
                row |= {"resolved_at": event["at"], "resolution": event["note"]}
            case "closed":
                row["closed_at"] = event["at"]
            case "reopened":
                row |= dict.fromkeys(("resolved_at", "closed_at", "resolution"))
                row["reopened_count"] += 1
    return row


@given(changes=st.lists(st.tuples(anything, days), max_size=10), owner=st.sampled_from([None, "ayse.k"]))
@given_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence_gives_legal_states_an_owner_and_events_that_tell_it(
    api: Api, changes: list[tuple[tuple[str, str], int | None]], owner: str | None
) -> None:
    url = recorded(api, owner=owner, create_missing=True)
    row = api.get(url).json()
    for (name, value), at in changes:
        before, row = row, do(api, url, name, value, at).json()
        if "code" in row:
            assert row["status"] in (409, 422)
            if name in BODIES and row["code"] == "illegal_step":
                assert name not in ALLOWED[before["state"]]
            row = api.get(url).json()
            assert row == before
        elif name in BODIES:
            assert row["state"] == ALLOWED[before["state"]][name]
        else:
            assert row["state"] == before["state"]
        assert row["owner"]
    told = history(api, url)
    assert {member: row[member] for member in retold(told)} == retold(told)
    assert [event["number"] for event in told] == list(range(1, len(told) + 1))
    steps = [datetime.fromisoformat(e["at"]) for e in told if e["kind"] not in ("noted", "changed")]
    assert steps == sorted(steps)
    assert all(event["owner"] for event in told)
