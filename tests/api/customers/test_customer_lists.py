"""Finding customers over HTTP, on both databases: filters, order, pages and cursors."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import factories
import pytest
import record_rows as rows
from support import Api, made, phone, pointers, problem

from app.domain.common.access import Actor
from app.jobs.scoring.score import score
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.scoring import runs
from app.store.engine import Store

URL = "/v1/customers"


def found(api: Api, **params: Any) -> list[Any]:
    """Names of the customers on the first page."""
    answer = api.get(URL, params=params)
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json()["data"]]


def walk(api: Api, **params: Any) -> list[Any]:
    """Names on all pages, by following the cursor."""
    names, cursor = [], None
    while True:
        page = api.get(URL, params={**params, **({"cursor": cursor} if cursor else {})}).json()
        names += [row["name"] for row in page["data"]]
        cursor = page["next_cursor"]
        assert page["has_more"] == (cursor is not None)
        if cursor is None:
            return names


@pytest.fixture
def valued(store: Store, actor: Actor) -> None:
    """Customers 0 to 7 with the values of the worked example, and one without any."""
    store.write_sync(factories.customers_worth, actor, [60000, 20000, 10000, 5000, 3000, 2000, 0, -4000])
    store.write_sync(factories.customer, actor, "Nobody yet")
    run = store.write_sync(runs.create, actor, ScoringRunCreate())
    score(store, actor, run["id"])


# --- filters


def test_a_customer_is_found_by_any_spelling_of_its_name(api: Api) -> None:
    for name in ("IŞIK Yılmaz", "Ayşe Kaya", "Isıl Yılmazer"):
        made(api, name)
    for query in ("isik", "IŞIK", "ışık", "yilmaz isik", "I\u0307SIK", "ısık  YIL"):
        assert found(api, q=query) == ["IŞIK Yılmaz"]
    assert found(api, q="isı", sort="name") == ["IŞIK Yılmaz", "Isıl Yılmazer"]


@pytest.mark.parametrize(
    ("query", "name"), [("eliyev", "Əliyev Rəşad"), ("RESAD", "Əliyev Rəşad"), ("gunes", "Güneş")]
)
def test_azerbaijani_letters_are_found_without_them(api: Api, query: str, name: str) -> None:
    for other in ("Əliyev Rəşad", "Güneş", "Veli"):
        made(api, other)
    assert found(api, q=query) == [name]


@pytest.mark.parametrize("query", ["ayse", "yse", "...", "%", "_", "a%l"])
def test_a_search_matches_beginnings_of_words_only(api: Api, query: str) -> None:
    made(api, "Ayşegül Kaya")
    assert found(api, q=query) == (["Ayşegül Kaya"] if query == "ayse" else [])


def test_email_letter_case_does_not_matter(api: Api) -> None:
    made(api, contact_points=[{"kind": "email", "value": "Ayse.Isik@Example.com"}])
    made(api, "Other", contact_points=[{"kind": "email", "value": "x@example.com"}])
    assert found(api, email="AYSE.ISIK@EXAMPLE.COM") == ["Ayşe Yılmaz"]
    assert pointers(api.get(URL, params={"email": "not an address"})) == ["email"]


def test_filters_add_up(api: Api) -> None:
    members: dict[str, Any] = {
        "tags": ["vip", "Club"],
        "attributes": {"city": "İzmir", "n": 2, "new": True, "share": 0.5},
    }
    made(api, "Both", **members, unit="izmir", kind="organisation", lifecycle="prospect")
    made(api, "One", tags=["vip"], attributes={"city": "Bakı"})
    made(api, "None")
    assert found(api, tag="vip", sort="name") == ["Both", "One"]
    assert found(api, tag=["vip", "Club"]) == ["Both"]
    assert found(api, tag="club") == []
    for pair in ("city=İzmir", "n=2", "new=true", "share=0.5"):
        assert found(api, attribute=pair) == ["Both"]
    assert found(api, attribute=["city=İzmir", "n=3"]) == []
    assert (
        found(api, unit="izmir")
        == found(api, kind="organisation")
        == found(api, lifecycle="prospect")
        == ["Both"]
    )
    assert found(api, tag="vip", kind="person", q="one") == ["One"]


def test_what_is_taken_away_is_not_found_any_more(api: Api) -> None:
    row = made(
        api, "Ayşe Kaya", tags=["vip"], attributes={"a": 1}, external_ids=[{"system": "crm", "key": "1"}]
    )
    for params in ({"q": "kaya"}, {"tag": "vip"}, {"attribute": "a=1"}, {"external_id": "crm:1"}):
        assert found(api, **params) == ["Ayşe Kaya"]
    cleared = {"name": "Ayşe Demir", "tags": [], "attributes": {"a": None}, "external_ids": []}
    api.patch(f"{URL}/{row['id']}", json=cleared)
    for params in ({"q": "kaya"}, {"tag": "vip"}, {"attribute": "a=1"}, {"external_id": "crm:1"}):
        assert found(api, **params) == []
    assert found(api, q="demir ayse") == ["Ayşe Demir"]


@pytest.mark.usefixtures("valued")
def test_tiers_of_the_current_run(api: Api) -> None:
    names = {tier: sorted(found(api, tier=tier)) for tier in ("A", "B", "C", "none")}
    assert names == {
        "A": ["Customer 0", "Customer 1"],
        "B": ["Customer 2", "Customer 3"],
        "C": ["Customer 4", "Customer 5", "Customer 6", "Customer 7"],
        "none": ["Nobody yet"],
    }
    assert sorted(found(api, tier=["A", "none"])) == ["Customer 0", "Customer 1", "Nobody yet"]
    assert found(api, near_threshold="A") == ["Customer 1"]
    assert found(api, near_threshold="B") == ["Customer 3"]


@pytest.mark.usefixtures("valued")
@pytest.mark.parametrize("limit", [1, 4, 200])
def test_customers_without_a_value_come_last_in_either_order(api: Api, limit: int) -> None:
    highest_first = [f"Customer {number}" for number in range(8)]
    assert walk(api, sort="-value", limit=limit) == [*highest_first, "Nobody yet"]
    assert walk(api, sort="value", limit=limit) == [*reversed(highest_first), "Nobody yet"]


@pytest.fixture
def flagged(store: Store, actor: Actor) -> None:
    """Customers with churn levels and values at risk, and one without either."""
    flags: list[tuple[str, str | None, int | None]] = [
        ("Safe", "healthy", 10),
        ("Rich", "at_risk", 900),
        ("Poor", "at_risk", 0),
        ("Gone", "left", None),
        ("Doubtful", "watch", 500),
        ("Unknown", None, None),
    ]
    store.write_sync(rows.run, actor, as_of=date(2026, 3, 11), currency="TRY")
    for name, level, at_risk in flags:
        customer_id = store.write_sync(factories.customer, actor, name)
        if level is not None:
            members = {"churn_level": level, "churn_percent": 61, "churn_model": "mbg_nbd"}
            store.write_sync(rows.score, actor, customer_id, value_at_risk_minor=at_risk, **members)


@pytest.mark.usefixtures("flagged")
def test_customers_of_some_churn_levels(api: Api) -> None:
    assert found(api, churn_level="watch") == ["Doubtful"]
    assert sorted(found(api, churn_level=["at_risk", "left"])) == ["Gone", "Poor", "Rich"]
    assert found(api, churn_level="at_risk", q="poor") == ["Poor"]
    flags = {row["name"]: row["churn"] for row in api.get(URL).json()["data"]}
    told = {"level": "at_risk", "probability": 0.61, "reason": None, "model": "mbg_nbd"}
    told |= {"dormant": False, "left_by": None, "return_share": None}
    assert flags["Rich"] == {**told, "value_at_risk": {"amount": "9.00", "currency": "TRY"}}
    assert flags["Unknown"] is None
    assert flags["Gone"]["value_at_risk"] is None


@pytest.mark.usefixtures("flagged")
@pytest.mark.parametrize("limit", [1, 4, 200])
def test_the_greatest_value_at_risk_comes_first(api: Api, limit: int) -> None:
    assert walk(api, sort="-value_at_risk", limit=limit) == [
        "Rich",
        "Doubtful",
        "Safe",
        "Poor",
        "Unknown",
        "Gone",
    ]


def test_before_the_first_run_nobody_has_a_tier(api: Api) -> None:
    made(api)
    assert found(api, tier="none") == found(api, sort="-value") == ["Ayşe Yılmaz"]
    assert found(api, tier="A") == []


def test_changes_are_pulled_with_updated_after(api: Api) -> None:
    first, second = made(api, "First"), made(api, "Second")
    assert found(api, updated_after=first["updated_at"], sort="updated_at") == ["Second"]
    changed = api.patch(f"{URL}/{first['id']}", json={"tags": ["x"]}).json()
    assert found(api, updated_after=first["updated_at"], sort="updated_at") == ["Second", "First"]
    assert found(api, updated_after=changed["updated_at"]) == []
    assert found(api, updated_after=second["updated_at"].replace("Z", "+00:00")) == ["First"]
    page = api.get(URL).json()
    complete = datetime.fromisoformat(page["complete_until"])
    # A write that began before this may not be visible yet, so the next pull starts here.
    assert timedelta(0) < datetime.fromisoformat(changed["updated_at"]) - complete <= timedelta(seconds=61)


# --- order, pages, cursors


def test_pages_follow_each_other_in_every_order(api: Api) -> None:
    names = ["b", "Ç", "a", "İ", "ı", "Ə", "c", None]
    for number, name in enumerate(names):
        api.put(f"{URL}/by-external-id/x/{number}", json={} if name is None else {"name": name})
    assert walk(api, sort="created_at", limit=3) == names
    assert walk(api, limit=3) == walk(api, sort="-created_at", limit=1) == names[::-1]
    assert walk(api, sort="updated_at", limit=2) == names
    assert walk(api, sort="name", limit=2) == [None, "a", "b", "Ç", "c", "Ə", "İ", "ı"]


def test_long_names_in_any_script_make_cursors_that_can_be_followed(api: Api) -> None:
    names = [f"{'ﷺ' * 199}{number}" for number in range(3)] + ["Ж" * 200, "😀" * 99 + "字" * 101]
    for name in names:
        made(api, name)
    assert sorted(walk(api, sort="name", limit=1)) == sorted(names)


def test_the_link_header_leads_to_the_next_page(api: Api) -> None:
    for number in range(3):
        made(api, f"Işık {number}", tags=["a b", "ş"])
    params = {"q": "ışık", "tag": ["a b", "ş"], "limit": 2, "include": "total"}
    first = api.get(URL, params=params)
    link, _, rel = first.headers["Link"].partition("; ")
    assert rel == 'rel="next"'
    asked = parse_qs(urlsplit(link.strip("<>")).query)
    assert asked == {
        "q": ["ışık"],
        "tag": ["a b", "ş"],
        "limit": ["2"],
        "include": ["total"],
        "cursor": [first.json()["next_cursor"]],
    }
    second = api.get(link.strip("<>"))
    assert [row["name"] for row in second.json()["data"]] == ["Işık 0"]
    assert "Link" not in second.headers


def test_the_total_only_when_asked_for(api: Api) -> None:
    for number in range(3):
        made(api, f"Customer {number}", tags=["x"] if number else [])
    assert api.get(URL).json()["total"] is None
    page = api.get(URL, params={"include": "total", "tag": "x", "limit": 1}).json()
    assert (page["total"], len(page["data"]), page["has_more"]) == (2, 1, True)


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "-1"},
        {"limit": "1_0"},
        {"limit": "+1"},
        {"limit": "1.0"},
        {"limit": "x"},
        {"sort": "unit"},
        {"tagg": "vip"},
        {"Q": "x"},
        {"tier": "D"},
        {"near_threshold": "none"},
        {"churn_level": "none"},
        {"sort": "value_at_risk"},
        {"phone": "12"},
        {"updated_after": "2026-01-01"},
        {"updated_after": "0001-01-01T00:00:00+14:00"},
        {"updated_after": "2026-01-01T00:00:00"},
        {"attribute": "city"},
        {"include": "everything"},
        {"external_id": "C-1"},
        {"q": ""},
        {"q": "x" * 101},
    ],
)
def test_a_query_member_that_is_unknown_or_wrong_is_422_and_never_everything(
    api: Api, params: dict[str, str]
) -> None:
    made(api)
    assert pointers(api.get(URL, params=params)) == [next(iter(params))]


def test_a_cursor_belongs_to_its_list_its_filters_and_its_order(api: Api) -> None:
    for number in range(3):
        made(api, f"Customer {number}", tags=["x"])
    cursor = api.get(URL, params={"limit": 1, "tag": "x"}).json()["next_cursor"]
    assert found(api, cursor=cursor, tag="x", limit=2) == ["Customer 1", "Customer 0"]
    assert found(api, cursor=cursor, tag="x", sort="-created_at", include="total") == [
        "Customer 1",
        "Customer 0",
    ]
    for params in (
        {},
        {"tag": "y"},
        {"tag": ["x", "x"]},
        {"tag": "x", "sort": "name"},
        {"tag": "x", "q": "c"},
    ):
        problem(api.get(URL, params={**params, "cursor": cursor}), 422, "invalid_cursor")
    problem(api.get("/v1/transactions", params={"cursor": cursor}), 422, "invalid_cursor")


def test_a_forged_cursor_is_refused(api: Api) -> None:
    for number in range(2):
        made(api, f"Customer {number}")
    cursor = api.get(URL, params={"limit": 1}).json()["next_cursor"]
    swapped = cursor[:30] + ("A" if cursor[30] != "A" else "B") + cursor[31:]
    for forged in (swapped, cursor[:-4], cursor + "AAAA", "A", "AAAA", cursor[:22], "_" * 1024):
        problem(api.get(URL, params={"cursor": forged}), 422, "invalid_cursor")
    for unreadable in ("", "a.b", "é", "A" * 1025):
        assert pointers(api.get(URL, params={"cursor": unreadable})) == ["cursor"]


def test_a_phone_is_found_in_both_countries_it_may_belong_to(api: Api) -> None:
    made(api, "Baku", contact_points=[phone("+994 50 123 45 67")])
    assert found(api, phone="050 123 45 67") == ["Baku"]


# --- filters in a body

SEARCHES = f"{URL}/searches"


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"q": "isik"},
        {"phone": "0532 123 45 67"},
        {"email": "Ayse@Example.com"},
        {"external_id": "crm:C 1"},
        {"tag": ["x", "y"]},
        {"tier": ["none"], "kind": "person", "sort": "name"},
        {"limit": 1, "include": ["total"]},
        {"attribute": ["city=İzmir"]},
    ],
)
def test_a_search_by_body_finds_what_the_list_finds(api: Api, asked: dict[str, Any]) -> None:
    points = [phone("0532 123 45 67"), {"kind": "email", "value": "ayse@example.com"}]
    made(
        api,
        "Ayşe IŞIK",
        contact_points=points,
        tags=["x", "y"],
        attributes={"city": "İzmir"},
        external_ids=[{"system": "crm", "key": "C 1"}],
    )
    made(api, "Somebody Else", tags=["x"])
    listed, searched = api.get(URL, params=asked), api.post(SEARCHES, json=asked)
    assert (listed.status_code, searched.status_code) == (200, 200), searched.text
    for member in ("data", "total", "has_more"):
        assert searched.json()[member] == listed.json()[member]


def test_pages_of_a_search_come_by_the_cursor_in_the_body(api: Api) -> None:
    for number in range(5):
        made(api, f"Customer {number}", tags=["x"])
    names, cursor = [], None
    while True:
        answer = api.post(SEARCHES, json={"tag": ["x"], "sort": "name", "limit": 2, "cursor": cursor})
        assert "link" not in answer.headers, "an address cannot carry the body"
        names += [row["name"] for row in answer.json()["data"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
    assert names == [f"Customer {number}" for number in range(5)]
    first = api.get(URL, params={"tag": "x", "sort": "name", "limit": 2}).json()["next_cursor"]
    refused = problem(api.post(SEARCHES, json={"tag": ["y"], "cursor": first}), 422, "invalid_cursor")
    assert [(error["pointer"], error["location"]) for error in refused["errors"]] == [("/cursor", "body")]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"phone": "12"}, "/phone"),
        ({"email": "ayse"}, "/email"),
        ({"tag": "x"}, "/tag"),
        ({"limit": 0}, "/limit"),
        ({"nmae": "x"}, "/nmae"),
        ({"tier": ["D"]}, "/tier/0"),
    ],
)
def test_a_search_names_the_wrong_member_of_the_body(api: Api, body: dict[str, Any], wrong: str) -> None:
    answer = api.post(SEARCHES, json=body)
    assert pointers(answer) == [wrong]
    assert {error["location"] for error in answer.json()["errors"]} == {"body"}
