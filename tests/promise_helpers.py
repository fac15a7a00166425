"""What tests of promises start from."""

from typing import Any

from factories import promise_body
from support import Api

from app.domain.common.access import system
from app.domain.common.company import Company
from app.services.promises import ladder
from app.store.engine import Store


def promised(api: Api, **members: Any) -> dict[str, Any]:
    """A promise to a customer who is made if missing."""
    is_named = "customer_id" in members
    body = promise_body(**({"customer": None} if is_named else {"create_missing": True}), **members)
    answer = api.post("/v1/promises", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def step(api: Api, promise: dict[str, Any], name: str, **members: Any) -> dict[str, Any]:
    """What became of a promise by a step."""
    answer = api.post(f"/v1/promises/{promise['id']}/{name}", json=members)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def history(api: Api, promise: dict[str, Any]) -> list[dict[str, Any]]:
    """What happened to a promise."""
    answer = api.get(f"/v1/promises/{promise['id']}/events", params={"limit": 200})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def store_of(api: Api) -> Store:
    """The store of the application that a caller calls."""
    app: Any = api.client.app
    store: Store = app.state.services.store
    return store


def work(api: Api) -> int:
    """One turn of a worker's duty; how many promises it dealt with."""
    return store_of(api).write_sync(ladder.run, system(Company()), 200)


def kept_report(api: Api, **query: Any) -> dict[str, Any]:
    """The report of promises."""
    answer = api.get("/v1/insights/promises", params={"from": "2020-01-01", "to": "2060-01-01", **query})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
