"""A complaint that says once more what another one says is linked to it, and can be taken apart again."""

import threading
from typing import Any
from uuid import uuid4

import pytest
from complaint_lives import agent, take
from factories import complaint_body
from support import Api, made, problem

Record = dict[str, Any]


@pytest.fixture
def ayse(api: Api) -> str:
    """A customer."""
    return str(made(api, "Ayşe")["id"])


def complaint(api: Api, customer_id: str, **members: Any) -> str:
    body = complaint_body(customer=None, customer_id=customer_id, **members)
    return str(api.post("/v1/complaints", json=body).json()["id"])


def link(api: Api, duplicate: str, leading: str, **headers: str) -> Any:
    body = {"leading_complaint_id": leading}
    return api.post(f"/v1/complaints/{duplicate}/duplicate-links", json=body, headers=headers)


def unlink(api: Api, duplicate: str) -> Any:
    return api.post(f"/v1/complaints/{duplicate}/duplicate-link-removals")


def leading_of(api: Api, complaint_id: str) -> str | None:
    found: str | None = api.get(f"/v1/complaints/{complaint_id}").json()["leading_complaint_id"]
    return found


def test_a_duplicate_shows_what_leads_it_until_the_link_is_taken_back(api: Api, ayse: str) -> None:
    first, second = complaint(api, ayse), complaint(api, ayse)
    linked = link(api, second, first)
    assert (linked.status_code, linked.json()["leading_complaint_id"]) == (201, first)
    assert linked.headers["etag"] == '"2"'
    listed = api.get("/v1/complaints", params={"leading_complaint_id": first}).json()["data"]
    assert [row["id"] for row in listed] == [second]
    alone = api.get("/v1/complaints", params={"is_duplicate": "false"}).json()["data"]
    assert [row["id"] for row in alone] == [first]
    assert unlink(api, second).json()["leading_complaint_id"] is None
    problem(unlink(api, second), 409, "not_linked")
    kinds = [row["kind"] for row in api.get(f"/v1/complaints/{second}/events").json()["data"]]
    assert kinds == ["received", "linked_as_duplicate", "unlinked_duplicate"]


def test_the_life_of_a_duplicate_stands_still_and_goes_on_when_it_is_taken_apart(api: Api, ayse: str) -> None:
    first, second = complaint(api, ayse), complaint(api, ayse)
    path = f"/v1/complaints/{second}"
    link(api, second, first)
    for step, body in (
        ("acknowledgements", {}),
        ("starts", {}),
        ("resolutions", {"resolution": "Done."}),
        ("closings", {}),
        ("reopenings", {"reason": "No."}),
        ("hand-overs", {"owner": "elvin.m"}),
    ):
        refused = problem(api.post(f"{path}/{step}", json=body), 409, "is_duplicate")
        assert refused["existing"]["href"] == f"/v1/complaints/{first}"
    agent(api, "gul.e")
    problem(take(api, path, "claims", "gul.e"), 409, "is_duplicate")
    assert api.post(f"{path}/notes", json={"note": "She called."}).status_code == 201
    assert api.patch(path, json={"category": "billing"}).status_code == 200
    unlink(api, second)
    assert api.post(f"{path}/acknowledgements").json()["state"] == "acknowledged"


def test_there_are_neither_chains_nor_circles(api: Api, ayse: str) -> None:
    first, second, third = (complaint(api, ayse) for _ in range(3))
    itself = problem(link(api, first, first), 422, "validation_failed")
    assert itself["errors"][0]["code"] == "same_complaint"
    link(api, second, first)
    problem(link(api, second, third), 409, "already_linked")
    circle = problem(link(api, first, second), 409, "is_duplicate")
    assert circle["existing"]["id"] == first
    chain = problem(link(api, third, second), 409, "is_duplicate")
    assert chain["existing"]["id"] == first
    leads = problem(link(api, first, third), 409, "has_duplicates")
    assert leads["existing"]["id"] == second
    assert [leading_of(api, one) for one in (first, second, third)] == [None, first, None]
    assert link(api, third, chain["existing"]["id"]).status_code == 201


def test_what_is_not_there_and_what_is_anothers_leads_nothing(api: Api, ayse: str) -> None:
    mine, theirs = complaint(api, ayse), complaint(api, made(api, "Fatma")["id"])
    for leading, code in ((str(uuid4()), "unknown_complaint"), (theirs, "other_customer")):
        refused = problem(link(api, mine, leading), 422, "validation_failed")
        assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [
            ("/leading_complaint_id", code)
        ]
    problem(link(api, str(uuid4()), mine), 404, "not_found")
    problem(link(api, mine, complaint(api, ayse), **{"If-Match": '"7"'}), 412, "precondition_failed")
    assert leading_of(api, mine) is None


def test_a_complaint_that_goes_to_another_customer_loses_its_links(api: Api, ayse: str) -> None:
    fatma = made(api, "Fatma")["id"]
    first, second, third = (complaint(api, ayse) for _ in range(3))
    link(api, second, first)
    link(api, third, first)
    to_fatma = {"customer_id": fatma, "reason": "Her sister's."}
    moved = api.post(f"/v1/complaints/{second}/transfers", json=to_fatma).json()
    assert (moved["customer_id"], moved["leading_complaint_id"]) == (fatma, None)
    assert api.get(f"/v1/complaints/{second}").json() == moved
    assert leading_of(api, third) == first
    api.post(f"/v1/complaints/{first}/transfers", json=to_fatma)
    assert leading_of(api, third) is None
    last = api.get(f"/v1/complaints/{third}/events").json()["data"][-1]
    assert last["kind"] == "unlinked_duplicate"


def test_complaints_that_move_together_stay_linked(api: Api, ayse: str) -> None:
    body = {
        "customer_id": ayse,
        "channel": "phone",
        "direction": "inbound",
        "started_at": "2026-11-20T10:00:00Z",
    }
    call = api.post("/v1/interactions", json=body).json()["id"]
    first, second = (complaint(api, ayse, interaction_id=call) for _ in range(2))
    link(api, second, first)
    fatma = made(api, "Fatma")["id"]
    moved = api.post(f"/v1/interactions/{call}/transfers", json={"customer_id": fatma, "reason": "Hers."})
    assert moved.status_code == 201
    assert leading_of(api, second) == first


def test_two_that_link_to_each_other_at_once_give_one_link(api: Api, ayse: str) -> None:
    answers: list[int] = []
    ready = threading.Barrier(2)

    def act(duplicate: str, leading: str) -> None:
        ready.wait()
        answers.append(link(api, duplicate, leading).status_code)

    for _ in range(5):
        first, second = complaint(api, ayse), complaint(api, ayse)
        answers.clear()
        threads = [threading.Thread(target=act, args=pair) for pair in ((first, second), (second, first))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [201, 409]
        assert [leading_of(api, one) for one in (first, second)].count(None) == 1
