"""Complaints found by words of their number, subject and text, over HTTP on both databases."""

from typing import Any

import pytest
from factories import complaint_body as body
from support import Api, made, problem

from app.domain.common.access import Scope
from app.services.recovery import complaints

PATH = "/v1/complaints"


@pytest.fixture(params=[3_000, 1])
def recorded(api: Api, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Complaints by external id; found as a set, or looked at one by one."""
    few = complaints._WORDS.finds_many
    monkeypatch.setattr(
        type(complaints._WORDS), "finds_many", lambda _self, tx, words: few(tx, words, request.param)
    )
    made(api, external_ids=[{"system": "crm", "key": "C-1"}])
    items = [
        body(external_id="K", subject="Gecikmiş KARGO, kırık kapı", text=None),
        body(external_id="I", subject="IŞIK yanmıyor", text="Müştəri İzmir'dən yazır.\nKargo gecikti."),
        body(external_id="E", subject="Engine won't start", text="o'clock " + "word " * 300 + "behind"),
        body(external_id="N", subject="-- !! --", text=None),
    ]
    answer = api.post(f"{PATH}/batch", json={"items": items})
    assert answer.status_code == 201, answer.text
    return {row["complaint"]["external_id"]: row["complaint"] for row in answer.json()["data"]}


def test_words_of_number_subject_and_text(api: Api, recorded: dict[str, Any]) -> None:
    def found(q: str, **query: Any) -> str:
        answer = api.get(PATH, params={"q": q, "sort": "received_at", **query})
        assert answer.status_code == 200, answer.text
        return "".join(sorted(row["external_id"] for row in answer.json()["data"]))

    for q, wanted in {
        "kargo": "IK",
        "KARGO gecik": "IK",
        "gecikmis kirik": "K",
        "ISIK": "I",
        "ışık kargo": "I",
        "izmir": "I",
        "musteri": "I",
        "wont": "E",
        "behind": "E",
        "kargo behind": "",
        "argo": "",  # words are found by their beginnings
        "!!": "",  # a search without a letter finds nothing
    }.items():
        assert found(q) == wanted, q
    number = recorded["K"]["number"]
    for spelling in (number, number.lower(), number.replace("-", ""), number[:4], number.replace("-", " ")):
        assert "K" in found(spelling), spelling
    assert found("kargo", state="closed") == ""
    assert found("kargo", customer_external_id="crm:C-1") == "IK"
    assert api.get(PATH, params={"q": ""}).status_code == 422
    first = api.get(PATH, params={"q": "kargo", "limit": 1}).json()
    second = api.get(PATH, params={"q": "kargo", "limit": 1, "cursor": first["next_cursor"]}).json()
    assert {first["data"][0]["external_id"], second["data"][0]["external_id"]} == {"I", "K"}


def test_what_is_corrected_is_found_by_its_new_words(api: Api, recorded: dict[str, Any]) -> None:
    def found(q: str) -> list[str]:
        return [row["external_id"] for row in api.get(PATH, params={"q": q}).json()["data"]]

    path = f"{PATH}/{recorded['E']['id']}"
    assert api.patch(path, json={"subject": "Motor çalışmıyor"}).status_code == 200
    assert (found("engine"), found("calismiyor"), found("behind")) == ([], ["E"], ["E"])
    assert api.patch(path, json={"text": None}).status_code == 200
    assert (found("behind"), found("motor")) == ([], ["E"])


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"q": "KARGO gecik"},
        {"q": "kargo", "state": ["open"], "open": True, "sort": "received_at"},
        {"customer_external_id": "crm:C-1", "time_unknown": False, "limit": 2},
        {"q": "!!"},
    ],
)
def test_a_search_by_body_finds_what_the_list_finds(api: Api, asked: dict[str, Any]) -> None:
    listed = api.get(PATH, params={k: str(v).lower() if isinstance(v, bool) else v for k, v in asked.items()})
    searched = api.post(f"{PATH}/searches", json=asked)
    assert (listed.status_code, searched.status_code) == (200, 200), searched.text
    for member in ("data", "has_more"):
        assert searched.json()[member] == listed.json()[member]


@pytest.mark.usefixtures("recorded")
def test_pages_of_a_search_come_by_the_cursor_in_the_body(api: Api) -> None:
    first = api.post(f"{PATH}/searches", json={"q": "kargo", "limit": 1})
    assert "link" not in first.headers, "an address cannot carry the body"
    cursor = first.json()["next_cursor"]
    second = api.post(f"{PATH}/searches", json={"q": "kargo", "limit": 1, "cursor": cursor}).json()
    keys = [answer["data"][0]["external_id"] for answer in (first.json(), second)]
    assert (sorted(keys), second["next_cursor"]) == (["I", "K"], None)
    refused = problem(
        api.post(f"{PATH}/searches", json={"q": "isik", "cursor": cursor}), 422, "invalid_cursor"
    )
    assert [(error["pointer"], error["location"]) for error in refused["errors"]] == [("/cursor", "body")]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"q": ""}, "/q"),
        ({"state": "open"}, "/state"),
        ({"number": "0"}, "/number"),
        ({"words": "x"}, "/words"),
    ],
)
def test_a_search_names_the_wrong_member_of_the_body(api: Api, body: dict[str, Any], wrong: str) -> None:
    answer = problem(api.post(f"{PATH}/searches", json=body), 422, "validation_failed")
    assert [(error["pointer"], error["location"]) for error in answer["errors"]] == [(wrong, "body")]


def test_a_search_takes_the_right_to_read_complaints(api_with: Any) -> None:
    stranger = api_with(Scope.CUSTOMERS_READ)
    problem(stranger.post(f"{PATH}/searches", json={"q": "kargo"}), 403, "insufficient_scope")
