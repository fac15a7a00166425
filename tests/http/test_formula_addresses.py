"""Every figure says where its formula is explained, and there it is."""

from collections.abc import Iterator
from typing import Any

from support import Api, Contract

from app.domain.satisfaction import INDICES


def documentation_of(value: Any) -> Iterator[str]:
    """What every member ``documentation`` of an answer, at any depth, says."""
    if isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from documentation_of(item)
    if isinstance(value, dict) and isinstance(value.get("documentation"), str):
        yield value["documentation"]


def test_every_figure_says_where_its_formula_is_explained(api: Api, contract: Contract) -> None:
    methods = api.get("/v1/insights/methods").json()["data"]
    period = {"from": "2025-11-24", "to": "2026-11-24"}
    answers = [methods, contract.document]
    answers += [api.get(f"/v1/insights/methods/{method['code']}").json() for method in methods]
    for path in ("satisfaction", "competitors"):
        for index in INDICES:
            answered = api.get(f"/v1/insights/{path}", params={"index": index, **period}).json()
            answers.append(answered)
            assert "documentation" in answered, (path, index)
    found = set(documentation_of(answers))
    page = api.client.get("/docs/formulas").text
    lost = {address for address in found if f' id="{address.removeprefix("/docs/formulas#")}"' not in page}
    assert lost == set()
    assert len(found) > 10
