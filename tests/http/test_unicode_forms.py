"""What reads the same is the same key, tag and group, in whichever Unicode form it came."""

import json
import unicodedata
from typing import Any
from urllib.parse import quote

import pytest
from factories import interaction_body, question, response_body, survey_body, transaction_body
from import_helpers import work_off
from support import Api, made, problem

from app.settings import Settings
from app.store.engine import Store

WORD = "Ağrı Şikâyeti"
FORMS = ["NFC", "NFD", "NFKC", "NFKD"]


def form(name: str, text: str = WORD) -> str:
    return unicodedata.normalize(name, text)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [*FORMS, "invisible"])
def test_a_key_is_one_key(api: Api, name: str) -> None:
    known = made(api, external_ids=[{"system": "crm", "key": WORD}])
    other = f"\ufeff{WORD[:3]}\u200b{WORD[3:]}\u2060" if name == "invisible" else form(name)
    path = f"/v1/customers/by-external-id/crm/{quote(other)}"
    assert api.get(path).json()["id"] == known["id"]
    assert api.request("PUT", path, json={"tags": ["seen"]}).status_code == 200
    [found] = api.get("/v1/customers", params={"external_id": f"crm:{other}"}).json()["data"]
    assert found["id"] == known["id"]
    taken = api.post("/v1/customers", json={"name": "B", "external_ids": [{"system": "crm", "key": other}]})
    problem(taken, 409, "external_id_taken")
    assert api.get("/v1/screen-pop", params={"external_id": f"crm:{other}"}).json()["match"] == "known"


@pytest.mark.parametrize("name", FORMS)
def test_a_tag_and_an_attribute_are_found(api: Api, name: str) -> None:
    made(api, tags=[form(name)], attributes={"city": form(name)})
    for other in FORMS:
        asked = {"tag": form(other), "attribute": f"city={form(other)}", "q": form(other, "Ayşe")}
        assert len(api.get("/v1/customers", params=asked).json()["data"]) == 1


def test_an_escape_in_json_is_read_like_the_letter(api: Api) -> None:
    body = json.dumps({"name": form("NFD", "Çağrı"), "tags": [form("NFD"), WORD]})
    assert body.isascii()
    answer = api.post("/v1/customers", content=body.encode(), headers={"Content-Type": "application/json"})
    assert (answer.json()["name"], answer.json()["tags"]) == ("Çağrı", [WORD])


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/v1/transactions", transaction_body(create_missing=True), "transaction_exists"),
        ("/v1/interactions", interaction_body(create_missing=True), "interaction_exists"),
    ],
)
def test_a_record_sent_again_in_another_form_is_repeated(
    api: Api, path: str, body: dict[str, Any], code: str
) -> None:
    named = {**body, "customer": {"system": "crm", "key": "C-1"}}
    assert api.post(path, json={**named, "external_id": form("NFC")}).status_code == 201
    problem(api.post(path, json={**named, "external_id": form("NFD")}), 409, code)


@pytest.mark.parametrize("by", ["category", "agent", "unit"])
def test_reports_have_one_group_for_a_word(api: Api, by: str) -> None:
    made(api, external_ids=[{"system": "crm", "key": "C-1"}])
    asked = survey_body(code="s", questions=[question("q", "csat", scale={"min": 1, "max": 5})])
    assert api.post("/v1/surveys", json=asked).status_code == 201
    word = "agri" if by == "unit" else WORD
    for name in FORMS:
        answers = [{"question": "q", "number": 5}]
        body = response_body(survey_code="s", answers=answers, external_id=None, **{by: form(name, word)})
        assert api.post("/v1/survey-responses", json=body).status_code == 201
    report = api.get("/v1/insights/satisfaction", params={"index": "csat", "by": by, "survey": "s"}).json()
    assert [group["n"] for group in report["groups"]] == [len(FORMS)]


def test_lengths_are_those_of_the_composed_text(api: Api) -> None:
    assert made(api, tags=[form("NFD", "ş" * 50)])["tags"] == ["ş" * 50]
    assert api.post("/v1/customers", json={"name": "A", "tags": ["ş" * 51]}).status_code == 422


def test_a_text_of_invisible_characters_only_is_empty(api: Api) -> None:
    assert api.post("/v1/customers", json={"name": "\u200b\ufeff"}).status_code == 422


def test_files_are_read_like_requests(api: Api, store: Store, settings: Settings) -> None:
    rows = [f"n{index},{form(name)},2026-01-0{index + 1} 10:00,5" for index, name in enumerate(FORMS)]
    text = "\n".join(
        [f"id,{form('NFD', 'Müşteri')},t,sum", *rows, f"{form('NFD', 'şu')},{WORD},2026-01-05,5"]
    )
    asked = [
        ("source", "file"), ("create_missing", "true"), ("column", "external_id=id"),
        ("column", f"customer_key={form('NFC', 'Müşteri')}"), ("column", "occurred_at=t"),
        ("column", "amount=sum"), ("column", "currency==TRY"),
    ]  # fmt: skip
    sent = api.post("/v1/imports", params=asked, content=text.encode(), headers={"Content-Type": "text/csv"})
    work_off(store, settings)
    done = api.get(f"/v1/imports/{sent.json()['id']}").json()
    assert (done["rows_stored"], done["customers_created"]) == (len(FORMS) + 1, 1)
    found = api.get("/v1/transactions", params={"external_id": f"file:{form('NFC', 'şu')}"}).json()["data"]
    assert len(found) == 1
