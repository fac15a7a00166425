"""A unit that a key does not have is refused alike wherever a record is labelled with one."""

from collections.abc import Callable
from typing import Any

import pytest
from factories import complaint_body, interaction_body, invitation_body, response_body, survey_body
from support import Api, made

from app.domain.common.access import Actor
from app.services.imports import record_requests
from app.store.engine import Store

REFUSED = [("/unit", "unit_not_allowed")]
BODIES: dict[str, Callable[..., dict[str, Any]]] = {
    "interactions": interaction_body,
    "complaints": complaint_body,
    "survey-invitations": invitation_body,
    "survey-responses": response_body,
}
Caller = Callable[..., Api]


@pytest.fixture(autouse=True)
def _records(api: Api) -> None:
    """A customer in the unit izmir, known to the CRM as C-1, and the survey "delivery"."""
    made(api, unit="izmir", external_ids=[{"system": "crm", "key": "C-1"}])
    assert api.post("/v1/surveys", json=survey_body()).status_code == 201


def wrong(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def everything(api: Api, resource: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/v1/{resource}", params={"limit": 200}).json()["data"]
    return found


@pytest.mark.parametrize("resource", BODIES)
def test_no_record_of_an_own_customer_gets_the_label_of_another_unit(
    api: Api, api_with: Caller, resource: str
) -> None:
    body, path, own = BODIES[resource], f"/v1/{resource}", api_with(units=("izmir", "bursa"))
    assert wrong(own.post(path, json=body(unit="ankara"))) == REFUSED
    batch = {"items": [body(unit="bursa"), body(unit="ankara")]}
    assert wrong(own.post(f"{path}/batch", json=batch)) == [("/items/1/unit", "unit_not_allowed")]
    assert everything(api, resource) == []
    for unit in ("izmir", "bursa", None):
        answer = own.post(path, json=body(unit=unit))
        assert (answer.status_code, answer.json()["unit"]) == (201, unit)
    assert api.post(path, json=body(unit="ankara")).status_code == 201


@pytest.mark.parametrize("resource", ["interactions", "complaints"])
def test_nor_by_a_change(api: Api, api_with: Caller, resource: str) -> None:
    own = api_with(units=("izmir",))
    row = own.post(f"/v1/{resource}", json=BODIES[resource](unit="izmir")).json()
    path = f"/v1/{resource}/{row['id']}"
    assert wrong(own.patch(path, json={"unit": "ankara"})) == REFUSED
    assert api.get(path).json() == row
    # A label that is there already is no reason to refuse what else changes.
    assert api.patch(path, json={"unit": "ankara"}).status_code == 200
    member = "notes" if resource == "interactions" else "product"
    changed = own.patch(path, json={member: "a lamp", "unit": "ankara"})
    assert (changed.status_code, changed.json()["unit"]) == (200, "ankara")
    assert own.patch(path, json={"unit": None}).json()["unit"] is None


def test_nor_by_handing_a_complaint_over(api: Api, api_with: Caller) -> None:
    own = api_with(units=("izmir",))
    row = own.post("/v1/complaints", json=complaint_body()).json()
    path = f"/v1/complaints/{row['id']}"
    handed = {"owner": "elvin.m", "unit": "ankara"}
    assert wrong(own.post(f"{path}/hand-overs", json=handed)) == REFUSED
    assert api.get(path).json() == row
    assert own.post(f"{path}/hand-overs", json={**handed, "unit": "izmir"}).status_code == 201
    assert api.post(f"{path}/hand-overs", json=handed).status_code == 201


def test_a_customer_neither_begins_nor_ends_in_another_unit(api: Api, api_with: Caller) -> None:
    own = api_with(units=("izmir",))
    [row] = everything(own, "customers")
    path = f"/v1/customers/{row['id']}"
    for unit in ("ankara", None):
        assert wrong(own.patch(path, json={"unit": unit})) == REFUSED
        assert wrong(own.post("/v1/customers", json={"name": "A", "unit": unit})) == REFUSED
        batch = own.post("/v1/customers/batch", json={"items": [{"name": "A", "unit": unit}]})
        assert wrong(batch) == [("/items/0/unit", "unit_not_allowed")]
        put = own.put("/v1/customers/by-external-id/crm/C-1", json={"name": "A", "unit": unit})
        assert wrong(put) == REFUSED
    assert everything(api, "customers") == [row]


@pytest.mark.parametrize("resource", ["interactions", "complaints", "survey-responses"])
def test_the_label_of_a_row_of_a_file_is_named_as_such(store: Store, actor: Actor, resource: str) -> None:
    limited = Actor("key:izmir", actor.scopes, frozenset({"izmir"}), company=actor.company)
    kind = next(
        kind
        for kind in record_requests.KINDS.values()
        if kind.table.__tablename__ == resource.replace("-", "_")
    )
    item = kind.model.model_validate(BODIES[resource](unit="ankara"))
    [refused] = store.write_sync(kind.create_many, limited, [item])
    assert record_requests.reason(item, refused) == ("other_unit", "unit")
