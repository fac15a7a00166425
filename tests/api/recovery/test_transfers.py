"""A call, complaint or sale recorded for the wrong customer is moved, with what is about it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from support import Api, made, problem

from app.domain.common.access import Actor, Scope
from app.jobs.scoring.score import score
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.scoring import runs
from app.store.engine import Store

AT = "2026-11-20T10:00:00Z"
WHY = {"reason": "Her daughter called."}
Record = dict[str, Any]


@pytest.fixture
def wrong(api: Api) -> str:
    """The customer for whom things were recorded."""
    return str(made(api, "Ayşe", external_ids=[{"system": "crm", "key": "W-1"}])["id"])


@pytest.fixture
def right(api: Api) -> str:
    """The customer whose they are."""
    return str(made(api, "Fatma", external_ids=[{"system": "crm", "key": "W-2"}])["id"])


def call(api: Api, customer_id: str, **members: Any) -> Record:
    body = {"customer_id": customer_id, "channel": "phone", "direction": "inbound", "started_at": AT}
    return dict(api.post("/v1/interactions", json={**body, **members}).json())


def complaint(api: Api, customer_id: str, **members: Any) -> Record:
    body = {"customer_id": customer_id, "subject": "The cup is broken", **members}
    return dict(api.post("/v1/complaints", json=body).json())


def sale(api: Api, customer_id: str, **members: Any) -> Record:
    body = {
        "customer_id": customer_id,
        "external_id": "R-1",
        "kind": "purchase",
        "amount": {"amount": "50.00", "currency": "TRY"},
        "occurred_at": AT,
    }
    return dict(api.post("/v1/transactions", json={**body, **members}).json())


RECORDS: dict[str, Callable[..., Record]] = {
    "interactions": call,
    "complaints": complaint,
    "transactions": sale,
}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_record_is_moved_to_whose_it_is(api: Api, wrong: str, right: str, kind: str) -> None:
    record = RECORDS[kind](api, wrong)
    path = f"/v1/{kind}/{record['id']}"
    moved = api.post(f"{path}/transfers", json={"customer": {"system": "crm", "key": "W-2"}, **WHY})
    assert moved.status_code == 201, moved.text
    assert (moved.json()["customer_id"], moved.json()["version"]) == (right, record["version"] + 1)
    assert api.get(path).json() == moved.json()
    listed = [
        len(api.get(f"/v1/{kind}", params={"customer_id": owner}).json()["data"]) for owner in (wrong, right)
    ]
    assert listed == [0, 1]


@pytest.mark.parametrize("kind", RECORDS)
def test_a_refused_transfer_changes_nothing(api: Api, wrong: str, right: str, kind: str) -> None:
    record = RECORDS[kind](api, wrong)
    path = f"/v1/{kind}/{record['id']}"
    same = api.post(f"{path}/transfers", json={"customer_id": wrong, **WHY})
    problem(same, 409, "same_customer")
    unknown = api.post(f"{path}/transfers", json={"customer": {"system": "crm", "key": "none"}, **WHY})
    problem(unknown, 422, "unknown_customer")
    stale = api.post(f"{path}/transfers", {"If-Match": '"7"'}, json={"customer_id": right, **WHY})
    problem(stale, 412, "precondition_failed")
    without = api.post(f"{path}/transfers", json={"customer_id": right})
    problem(without, 422, "validation_failed")
    assert api.get(path).json() == record


@pytest.mark.parametrize("kind", RECORDS)
def test_a_key_of_other_units_neither_moves_nor_receives(
    api: Api, api_with: Callable[..., Api], kind: str
) -> None:
    mine, hidden = (made(api, "X", unit=unit)["id"] for unit in ("izmir", "baku"))
    limited = api_with(*Scope, units=("izmir",))
    record, foreign = (RECORDS[kind](api, mine), RECORDS[kind](api, hidden, external_id="R-2"))
    moved = limited.post(f"/v1/{kind}/{record['id']}/transfers", json={"customer_id": hidden, **WHY})
    problem(moved, 422, "unknown_customer")
    taken = limited.post(f"/v1/{kind}/{foreign['id']}/transfers", json={"customer_id": mine, **WHY})
    problem(taken, 404, "not_found")


def test_complaints_and_answers_move_with_their_interaction(api: Api, wrong: str, right: str) -> None:
    talked = call(api, wrong)
    complained = complaint(api, wrong, interaction_id=talked["id"])
    question = {"code": "recommend", "kind": "nps", "texts": {"en": "Would you?"}}
    survey = {"code": "call", "names": {"en": "Call"}, "questions": [question]}
    assert api.post("/v1/surveys", json=survey).status_code == 201
    answer = {"survey_code": "call", "interaction_id": talked["id"], "customer_id": wrong}
    answered = api.post(
        "/v1/survey-responses", json={**answer, "answers": [{"question": "recommend", "number": 9}]}
    ).json()
    alone = api.post(f"/v1/complaints/{complained['id']}/transfers", json={"customer_id": right, **WHY})
    assert talked["id"] in problem(alone, 409, "moves_with_interaction")["detail"]
    moved = api.post(f"/v1/interactions/{talked['id']}/transfers", json={"customer_id": right, **WHY})
    assert moved.status_code == 201
    after = api.get(f"/v1/complaints/{complained['id']}").json()
    assert (after["customer_id"], after["state"]) == (right, "open")
    events = api.get(f"/v1/complaints/{complained['id']}/events").json()["data"]
    assert [(event["kind"], event["note"]) for event in events][-1] == ("transferred", WHY["reason"])
    assert api.get(f"/v1/survey-responses/{answered['id']}").json()["customer_id"] == right


def test_a_call_that_asked_not_to_be_called_again_counts_for_whom_it_is(
    api: Api, wrong: str, right: str
) -> None:
    talked = call(api, wrong, direction="outbound", disposition="do_not_call")
    api.post(f"/v1/interactions/{talked['id']}/transfers", json={"customer_id": right, **WHY})
    assert api.get(f"/v1/customers/{right}").json()["do_not_contact"] == ["phone"]


def values(api: Api, store: Store, actor: Actor, *ids: str) -> list[str]:
    run = store.write_sync(runs.create, actor, ScoringRunCreate.model_validate({"as_of": "2026-11-21"}))
    score(store, actor, UUID(str(run["id"])))
    return [api.get(f"/v1/customers/{one}").json()["value"] for one in ids]


def test_the_next_run_reads_both_customers_again(
    api: Api, store: Store, actor: Actor, wrong: str, right: str
) -> None:
    moved, stays = sale(api, wrong), sale(api, wrong, external_id="R-2")
    sale(api, right, external_id="R-3")
    assert [row["amount"] for row in values(api, store, actor, wrong, right)] == ["100.00", "50.00"]
    api.post(f"/v1/transactions/{moved['id']}/transfers", json={"customer_id": right, **WHY})
    assert [row["amount"] for row in values(api, store, actor, wrong, right)] == ["50.00", "100.00"]
    corrected = {"amount": {"amount": "20.00", "currency": "TRY"}}
    api.patch(f"/v1/transactions/{stays['id']}", json=corrected)
    assert [row["amount"] for row in values(api, store, actor, wrong, right)] == ["20.00", "100.00"]
