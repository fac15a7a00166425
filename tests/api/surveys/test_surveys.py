"""Surveys and the versions of their questions over HTTP, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import factories
import pytest
from factories import question
from factories import survey_body as body
from sqlalchemy import select
from support import Api, problem

from app.domain.common.access import Actor, Scope
from app.schemas.surveys.surveys import SurveyCreate, SurveyVersionCreate
from app.services.surveys import surveys
from app.store.engine import Store
from app.store.tables import AuditEntry, Event

PATH = "/v1/surveys"
NOBODY = str(uuid4())


def made(api: Api, **members: Any) -> dict[str, Any]:
    answer = api.post(PATH, json=body(**members))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def wrong(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


# --- setting up and reading


def test_a_survey_reads_back_as_it_was_set_up(api: Api) -> None:
    asked = [
        question(required=True),
        question("delivery", "csat", scale={"min": 1, "max": 5}),
        question("respect", "rating", scale={"min": -3, "max": 3}, weight=0.4, dimension="respect"),
        question("hoped", "expectation", scale={"min": 1, "max": 10}, weight=0),
        question("effort", "ces", scale={"min": 1, "max": 5}, reversed=True),
        question(
            "why",
            "choice",
            choices=[
                {"code": "price", "texts": {"tr": "Fiyat", "az": "Qiymət"}},
                {"code": "x", "texts": {"en": "X"}},
            ],
        ),
        question("remark", "text"),
    ]
    answer = api.post(PATH, json=body(names={"en": "Delivery", "tr": "Teslimat"}, questions=asked))
    assert answer.status_code == 201
    row = answer.json()
    assert answer.headers["Location"] == f"{PATH}/{row['id']}"
    assert answer.headers["ETag"] == '"1"'
    again = api.get(answer.headers["Location"])
    assert (again.json(), again.headers["ETag"]) == (row, '"1"')
    assert api.get(answer.headers["Location"], headers={"If-None-Match": '"1"'}).status_code == 304
    assert api.get(PATH, params={"code": "delivery"}).json()["data"] == [row]
    assert row.pop("created_at") == row.pop("updated_at") > "2026"
    untold = {
        "scale": None,
        "reversed": False,
        "required": False,
        "weight": None,
        "dimension": None,
        "choices": [],
    }
    expected = [{**untold, **one} for one in asked]
    expected[0]["scale"] = {"min": 0, "max": 10}
    expected[1]["weight"] = 1.0
    assert row == {
        "id": row["id"],
        "version": 1,
        "code": "delivery",
        "names": {"en": "Delivery", "tr": "Teslimat"},
        "is_active": True,
        "questions_version": 1,
        "questions": expected,
    }


def test_a_code_is_used_once(api: Api) -> None:
    row = made(api)
    problem(api.post(PATH, json=body(names={"en": "Other"})), 409, "survey_exists")
    assert api.get("/problems/survey_exists").status_code == 200
    assert api.get(PATH).json()["data"] == [row]
    assert made(api, code="Delivery")["code"] == "Delivery"  # letter case counts, on both databases


def test_an_idempotency_key_sets_up_one(api: Api) -> None:
    first, again = (api.post(PATH, json=body(), headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"code": "a b"}, "/code"),
        ({"code": ""}, "/code"),
        ({"names": {}}, "/names"),
        ({"names": {"english": "x"}}, "/names/english/[key]"),
        ({"names": {"en": " "}}, "/names/en"),
        ({"names": {"en": "x" * 501}}, "/names/en"),
        ({"is_active": 1}, "/is_active"),
        ({"questions": []}, "/questions"),
        ({"questions": [question(f"q{number}") for number in range(101)]}, "/questions"),
        ({"questions": [question(kind="gift")]}, "/questions/0/kind"),
        ({"questions": [question(texts={})]}, "/questions/0/texts"),
        ({"questions": [question(scale={"min": 0})]}, "/questions/0/scale/max"),
        ({"questions": [question(scale={"min": 0, "max": "10"})]}, "/questions/0/scale/max"),
        ({"questions": [question(scale={"min": 0, "max": 10.5})]}, "/questions/0/scale/max"),
        ({"questions": [question(kind="rating", scale={"min": -101, "max": 0})]}, "/questions/0/scale/min"),
        ({"questions": [question(kind="rating", scale={"min": 0, "max": 101})]}, "/questions/0/scale/max"),
        ({"questions": [question(weight=-1)]}, "/questions/0/weight"),
        ({"questions": [question(dimension="kindness")]}, "/questions/0/dimension"),
        ({"questions": [question(scale={"min": 1, "max": 10})]}, "/questions/0/scale"),
        ({"questions": [question(kind="csat")]}, "/questions/0/scale"),
        ({"questions": [question(), question()]}, "/questions/1/code"),
        ({"questions": [question(kind="choice")]}, "/questions/0/choices"),
        ({"questions": [question(mandatory=True)]}, "/questions/0/mandatory"),
        ({"owner": "x"}, "/owner"),
    ],
)
def test_surveys_nobody_can_answer_are_refused(api: Api, members: dict[str, Any], pointer: str) -> None:
    assert [where for where, _ in wrong(api.post(PATH, json=body(**members)))] == [pointer]
    assert api.get(PATH).json()["data"] == []


def test_refusals_are_told_in_the_callers_language(api: Api) -> None:
    answer = api.post(PATH, json=body(questions=[question(kind="csat")]), headers={"Accept-Language": "tr"})
    [error] = answer.json()["errors"]
    assert error["detail"] == "Şu ölçeklerden biri bekleniyor: 1-5, 1-7, 1-10."


def test_unknown_surveys_are_not_found(api: Api) -> None:
    for path in (NOBODY, "1", f"{NOBODY}/versions", f"{NOBODY}/versions/1"):
        assert api.get(f"{PATH}/{path}").status_code == 404
    problem(api.patch(f"{PATH}/{NOBODY}", json={}), 404, "not_found")
    problem(api.post(f"{PATH}/{NOBODY}/versions", json={"questions": [question()]}), 404, "not_found")


# --- changing


def test_a_patch_merges_names_and_takes_out_of_use(api: Api) -> None:
    row = made(api, names={"en": "Delivery", "tr": "Teslimat"})
    changed = api.patch(f"{PATH}/{row['id']}", json={"names": {"az": "Çatdırılma", "en": None}})
    assert changed.json()["names"] == {"tr": "Teslimat", "az": "Çatdırılma"}
    assert (changed.json()["version"], changed.headers["ETag"]) == (2, '"2"')
    assert changed.json()["updated_at"] > row["updated_at"]
    off = api.patch(f"{PATH}/{row['id']}", json={"is_active": False}).json()
    assert (off["is_active"], off["version"], off["questions"]) == (False, 3, row["questions"])
    for nothing in ({}, {"is_active": False}, {"names": {"en": None}}, {"names": {"tr": "Teslimat"}}):
        assert api.patch(f"{PATH}/{row['id']}", json=nothing).json() == off
    assert api.get(f"{PATH}/{row['id']}").json() == off


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        ({"names": {"en": None}}, "/names"),
        ({"names": None}, "/names"),
        ({"names": {f"{one}{two}": "x" for one in "abcde" for two in "abcd"}}, "/names"),
        ({"is_active": None}, "/is_active"),
        ({"code": "other"}, "/code"),
        ({"questions": []}, "/questions"),
    ],
    ids=["last-name", "null-names", "21-names", "null-active", "code", "questions"],
)
def test_patches_that_cannot_be_meant_are_refused(api: Api, patch: dict[str, Any], pointer: str) -> None:
    row = made(api)
    assert [where for where, _ in wrong(api.patch(f"{PATH}/{row['id']}", json=patch))] == [pointer]
    assert api.get(f"{PATH}/{row['id']}").json() == row


def test_a_change_meant_for_another_version_is_refused(api: Api) -> None:
    path = f"{PATH}/{made(api)['id']}"
    stale = {"If-Match": '"2"'}
    problem(api.patch(path, json={"is_active": False}, headers=stale), 412, "precondition_failed")
    questions = {"questions": [question()]}
    problem(api.post(f"{path}/versions", json=questions, headers=stale), 412, "precondition_failed")
    current = {"If-Match": '"1"'}
    assert api.post(f"{path}/versions", json=questions, headers=current).status_code == 201
    assert api.patch(path, json={"is_active": False}, headers=current).status_code == 412


# --- versions


def test_new_questions_are_a_new_version_and_old_ones_stay(api: Api) -> None:
    row = made(api)
    path = f"{PATH}/{row['id']}"
    answer = api.post(f"{path}/versions", json={"questions": [question("again")]})
    assert answer.status_code == 201
    second = answer.json()
    assert "ETag" not in answer.headers
    assert answer.headers["Location"] == f"{path}/versions/2"
    assert api.get(answer.headers["Location"]).json() == second
    assert (second["survey_id"], second["number"]) == (row["id"], 2)
    first = api.get(f"{path}/versions/1").json()
    assert first["questions"] == row["questions"]
    now = api.get(path).json()
    assert (now["questions_version"], now["questions"]) == (2, second["questions"])
    assert (now["version"], now["updated_at"]) == (2, second["created_at"])
    assert api.get(f"{path}/versions").json()["data"] == [second, first]
    assert api.get(f"{path}/versions/3").status_code == 404
    for number in ("0", "-1", "1.0", "+1", "1_0", "x", "99999999999999999999"):
        assert api.get(f"{path}/versions/{number}").status_code in (404, 422)


def test_versions_come_in_pages(api: Api) -> None:
    path = f"{PATH}/{made(api)['id']}/versions"
    for number in range(2, 6):
        assert api.post(path, json={"questions": [question(f"q{number}")]}).status_code == 201
    seen, target = [], f"{path}?limit=2"
    while target:
        answer = api.get(target)
        seen += [row["number"] for row in answer.json()["data"]]
        target = answer.headers.get("Link", "").removeprefix("<").partition(">")[0]
    assert seen == [5, 4, 3, 2, 1]


def test_refused_questions_make_no_version(api: Api) -> None:
    row = made(api)
    asked = {"questions": [question(), question(kind="ces", scale={"min": 1, "max": 5})]}
    assert wrong(api.post(f"{PATH}/{row['id']}/versions", json=asked)) == [
        ("/questions/1/code", "repeated"),
        ("/questions/1/reversed", "reversed"),
    ]
    assert api.get(f"{PATH}/{row['id']}").json() == row


def test_versions_made_at_the_same_time_get_numbers_of_their_own(store: Store, actor: Actor) -> None:
    survey_id = store.write_sync(factories.survey, actor)

    def add(number: int) -> int:
        asked = SurveyVersionCreate.model_validate({"questions": [question(f"q{number}")]})
        return int(store.write_sync(surveys.add_version, actor, survey_id, asked, None)["number"])

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(add, range(12)))
    assert sorted(numbers) == list(range(2, 14))
    row = store.read_sync(surveys.get, actor, survey_id)
    assert (row["questions_version"], row["version"]) == (13, 13)


# --- lists


def test_lists_are_filtered_and_sorted(api: Api) -> None:
    ids = {code: made(api, code=code, is_active=code != "b")["id"] for code in ("a", "b", "c")}
    changed = api.patch(f"{PATH}/{ids['a']}", json={"names": {"tr": "A"}})
    since = api.get(f"{PATH}/{ids['c']}").json()["updated_at"]

    def found(**filters: Any) -> str:
        return "".join(row["code"] for row in api.get(PATH, params=filters).json()["data"])

    assert found() == "cba"
    assert found(sort="created_at") == "abc"
    assert found(sort="updated_at") == "bca"
    assert found(is_active="true") == "ca"
    assert found(is_active="false") == "b"
    assert (found(code="b"), found(code="B"), found(code="nothing")) == ("b", "", "")
    assert found(updated_after=since) == "a"
    assert found(updated_after=changed.json()["updated_at"]) == ""
    page = api.get(PATH, params={"limit": 2}).json()
    rest = api.get(PATH, params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [row["code"] for row in page["data"] + rest["data"]] == ["c", "b", "a"]
    assert page["complete_until"] < since


@pytest.mark.parametrize("query", ["is_active=1", "active=true", "sort=code", "limit=0", "cursor=x"])
def test_a_filter_that_cannot_be_meant_is_refused(api: Api, query: str) -> None:
    assert api.get(f"{PATH}?{query}").status_code == 422


# --- who may, and what is left behind


def test_reading_and_writing_need_their_scopes(api_with: Callable[..., Api]) -> None:
    reader, writer = api_with(Scope.SURVEYS_READ), api_with(Scope.SURVEYS_WRITE)
    row = made(writer)
    problem(reader.post(PATH, json=body()), 403, "insufficient_scope")
    problem(reader.patch(f"{PATH}/{row['id']}", json={}), 403, "insufficient_scope")
    problem(writer.get(f"{PATH}/{row['id']}"), 403, "insufficient_scope")
    assert reader.get(f"{PATH}/{row['id']}").json() == row


def test_every_effect_leaves_an_audit_row_and_an_event(store: Store, actor: Actor) -> None:
    survey_id = store.write_sync(factories.survey, actor)
    asked = SurveyVersionCreate.model_validate({"questions": [question()]})
    store.write_sync(surveys.add_version, actor, survey_id, asked, None)
    for column in (AuditEntry.action, Event.type):
        found = store.read_sync(lambda tx, column=column: sorted(tx.execute(select(column)).scalars()))
        assert found == ["survey.created", "survey.version_added"]


def test_what_a_service_returns_fits_the_schema(store: Store, actor: Actor) -> None:
    row = store.write_sync(surveys.create, actor, SurveyCreate.model_validate(body()))
    assert isinstance(row["id"], UUID)
    assert store.read_sync(surveys.get, actor, row["id"]) == row
