"""What tests of complaints' lives share: people who act, and complaints that are sent over HTTP."""

from typing import Any

from factories import complaint_body
from support import Api

PATH = "/v1/complaints"
CREATED = {"customer": {"system": "crm", "key": "C-1"}, "create_missing": True}


def unit(api: Api, code: str, **members: Any) -> None:
    """Register a unit."""
    answer = api.put(f"/v1/units/{code}", json={"names": {"en": code}, "kind": "team", **members})
    assert answer.status_code in (200, 201), answer.text


def agent(api: Api, code: str, **members: Any) -> None:
    """Register an agent."""
    answer = api.put(f"/v1/agents/{code}", json={"name": code, **members})
    assert answer.status_code in (200, 201), answer.text


def category(api: Api, code: str, **members: Any) -> dict[str, Any]:
    """Register a category."""
    answer = api.put(f"/v1/complaint-categories/{code}", json={"names": {"en": code}, **members})
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def cause(api: Api, code: str, **members: Any) -> None:
    """Register a cause."""
    answer = api.put(f"/v1/complaint-causes/{code}", json={"names": {"en": code}, **members})
    assert answer.status_code in (200, 201), answer.text


def complaint(api: Api, **members: Any) -> str:
    """Record a complaint; its path."""
    made = api.post(PATH, json=complaint_body(**{**CREATED, **members}))
    assert made.status_code == 201, made.text
    return f"{PATH}/{made.json()['id']}"


def take(api: Api, path: str, step: str, by: str | None = None, **body: Any) -> Any:
    """Send a step, as a person where one is named; the answer."""
    headers = {} if by is None else {"Vefa-Agent": by}
    return api.post(f"{path}/{step}", json=body, headers=headers)


def history(api: Api, path: str) -> list[dict[str, Any]]:
    """The events of a complaint."""
    found: list[dict[str, Any]] = api.get(f"{path}/events?limit=200").json()["data"]
    return found


def refusals(answer: Any) -> list[tuple[str, str]]:
    """Pointer and code of each member that was refused."""
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
