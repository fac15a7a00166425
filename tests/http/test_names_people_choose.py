"""Units, dispositions and systems called as people call them, and refusals in words; on both databases."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from factories import complaint_body, interaction_body
from support import Api, Contract, made, problem

from app.http.pattern_texts import PATTERNS

NAMES = ["İzmir", "Kadıköy Şubesi", "NO ANSWER", "A&B", "#1", "Gəncə (mərkəz)", "Алматы", "+1", "مركز"]


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_may_be_called_so(api: Api, name: str) -> None:
    row = made(api, unit=f" {name} ")
    assert row["unit"] == name
    call = interaction_body(customer=None, customer_id=row["id"], unit=name)
    assert api.post("/v1/interactions", json=call).json()["unit"] == name
    for path in ("customers", "interactions"):
        assert len(api.get(f"/v1/{path}", params={"unit": name}).json()["data"]) == 1
    assert api.get(f"/v1/customers/{row['id']}/overview").json()["unit"] == name


@pytest.mark.parametrize("name", NAMES)
def test_a_disposition_may_be_called_so(api: Api, name: str) -> None:
    path = f"/v1/dispositions/{quote(name, safe='')}"
    problem(api.post("/v1/interactions", json=interaction_body(disposition=name)), 422, "validation_failed")
    assert api.put(path, json={"names": {"en": name}}).status_code == 201
    assert api.get(path).json()["code"] == name
    made(api, external_ids=[{"system": "crm", "key": "C-1"}])
    body = interaction_body(disposition=name)
    assert api.post("/v1/interactions", json=body).json()["disposition"] == name
    assert len(api.get("/v1/interactions", params={"disposition": name}).json()["data"]) == 1


def test_pages_of_dispositions_have_them_all_in_order(api: Api) -> None:
    for name in NAMES:
        api.put(f"/v1/dispositions/{quote(name, safe='')}", json={"names": {"en": name}})
    found: list[str] = []
    asked: dict[str, Any] = {"limit": 3}
    while True:
        page = api.get("/v1/dispositions", params=asked).json()
        found += [row["code"] for row in page["data"]]
        if not page["has_more"]:
            break
        asked["cursor"] = page["next_cursor"]
    assert found == sorted(set(found))
    assert set(NAMES) <= set(found)


@pytest.mark.parametrize("name", NAMES)
def test_keys_limited_to_such_a_unit_see_it(api: Api, api_with: Callable[..., Api], name: str) -> None:
    ours, theirs = made(api, unit=name), made(api, unit=f"{name}!")
    limited = api_with(units=[f"{name} "])
    assert limited.get(f"/v1/customers/{ours['id']}").status_code == 200
    assert limited.get(f"/v1/customers/{theirs['id']}").status_code == 404
    assert made(limited, unit=name)["unit"] == name


@pytest.mark.parametrize("system", ["SAP R/3", "1С", "Müşteri Kartı", "a.b-c_d"])
def test_a_system_may_be_called_so(api: Api, system: str) -> None:
    row = made(api, external_ids=[{"system": system, "key": "K:1"}])
    [found] = api.get("/v1/customers", params={"external_id": f"{system}:K:1"}).json()["data"]
    assert found["id"] == row["id"]
    assert api.get("/v1/screen-pop", params={"external_id": f"{system}:K:1"}).json()["match"] == "known"
    call = interaction_body(customer={"system": system, "key": "K:1"}, source=system, external_id="1")
    assert api.post("/v1/interactions", json=call).json()["customer_id"] == row["id"]
    assert len(api.get("/v1/interactions", params={"external_id": f"{system}:1"}).json()["data"]) == 1


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"unit": "x" * 65}, "at most 64"),
        ({"unit": "a\tb"}, "control characters"),
        ({"unit": " "}, "not blank"),
        ({"name": "a\nb"}, "line ends"),
        ({"tags": ["a\x00"]}, "control characters"),
        ({"external_ids": [{"system": "a:b", "key": "1"}]}, "no colon"),
        ({"language": "tur"}, "at most 2"),
        ({"language": "TR"}, "ISO 639-1"),
        ({"preferred_hours": {"start": "9:00", "end": "10:00"}}, "09:00"),
        ({"attributes": {"City": "x"}}, "small letters"),
    ],
)
def test_refusals_are_in_words(api: Api, members: dict[str, Any], words: str) -> None:
    details = {}
    for language in ("en", "tr", "az"):
        headers = {"Accept-Language": language}
        answer = api.post("/v1/customers", json={"name": "A", **members}, headers=headers)
        [error] = problem(answer, 422, "validation_failed")["errors"]
        details[language] = error["detail"]
        assert "^" not in json.dumps(answer.json()["errors"])
    assert words in details["en"]
    assert len(set(details.values())) == 3


def inputs(node: Any, parameters: bool = False) -> Iterator[str]:
    """Patterns of parameters, and of the members of schemas that are named as inputs."""
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        for value in node.values():
            yield from inputs(value)
    elif isinstance(node, list):
        for value in node:
            yield from inputs(value)


def test_every_pattern_of_an_input_has_its_words(contract: Contract) -> None:
    document = contract.document
    sent: set[str] = set()
    for operations in document["paths"].values():
        for operation in operations.values():
            sent |= set(inputs(operation.get("parameters", [])))
    needed: set[str] = set()
    left = [
        content["schema"]
        for operations in document["paths"].values()
        for operation in operations.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    ]
    while left:
        schema = left.pop()
        sent |= set(inputs(schema))
        for name in set(re.findall(r"#/components/schemas/(\w+)", json.dumps(schema))) - needed:
            needed.add(name)
            left.append(document["components"]["schemas"][name])
    # Digests, and headers of conditions, whose words say what an entity tag is.
    assert sent - set(PATTERNS) <= {r"^[0-9a-f]{64}$", r"^[^\x00]*$"}


def test_no_message_shows_a_pattern() -> None:
    folder = Path(__file__).parents[2] / "app" / "locales"
    assert all("{pattern}" not in (folder / f"{language}.po").read_text() for language in ("tr", "az"))


def test_complaints_of_such_a_unit(api: Api) -> None:
    made(api, external_ids=[{"system": "crm", "key": "C-1"}])
    answer = api.post("/v1/complaints", json=complaint_body(unit="Kadıköy Şubesi"))
    assert answer.json()["unit"] == "Kadıköy Şubesi"
    assert len(api.get("/v1/complaints", params={"unit": "Kadıköy Şubesi"}).json()["data"]) == 1
