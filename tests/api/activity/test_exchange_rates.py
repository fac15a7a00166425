"""Exchange rates over HTTP, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient
from support import Api

from app.domain.common.access import Scope

PATH = "/v1/exchange-rates"
USD = f"{PATH}/USD/2026-11-23"


def rates(api: Api, **filters: Any) -> list[tuple[str, str, str]]:
    data = api.get(PATH, params=filters).json()["data"]
    return [(row["currency"], row["on"], row["rate"]) for row in data]


def wrong(answer: Any) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def test_a_rate_is_set_changed_read_and_removed(api: Api) -> None:
    first = api.put(USD, json={"rate": "41.2345"})
    assert first.status_code == 201
    assert first.headers["Location"] == USD
    assert first.json().pop("updated_at") > "2026"
    assert api.get(USD).json() == first.json()
    second = api.put(USD, json={"rate": "42"})
    assert (second.status_code, second.json()["rate"]) == (200, "42")
    assert "Location" not in second.headers
    assert api.delete(USD).status_code == 204
    assert api.get(USD).status_code == 404
    assert api.delete(USD).status_code == 404


def test_setting_the_same_rate_again_changes_nothing(api: Api) -> None:
    first = api.put(USD, json={"rate": "41.5"})
    again = api.put(USD, json={"rate": "041.500"})
    assert (again.status_code, again.json()) == (200, first.json())


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("1", "1"),
        ("041.50", "41.5"),
        ("100", "100"),
        ("0.000000001", "0.000000001"),
        ("1000000000", "1000000000"),
        ("1000000000.000", "1000000000"),
        ("0.123456789012", "0.123456789012"),
    ],
)
def test_rates_are_kept_exactly_without_superfluous_zeros(api: Api, given: str, kept: str) -> None:
    assert api.put(USD, json={"rate": given}).json()["rate"] == kept
    assert api.get(USD).json()["rate"] == kept


@pytest.mark.parametrize(
    "rate",
    [
        "0",
        "0.0000000009",
        "1000000000.1",
        "-1",
        "1e2",
        "NaN",
        "Infinity",
        "٥",
        "1_0",
        "1,5",
        "1.",
        ".5",
        "",
        " 1",
        "1\n",
        "0.1234567890123",
        41.5,
        None,
    ],
)
def test_rates_that_are_not_positive_decimals_are_refused(api: Api, rate: object) -> None:
    answer = api.put(USD, json={"rate": rate})
    assert answer.status_code == 422
    assert [pointer for pointer, _ in wrong(answer)] == ["/rate"]
    assert api.get(USD).status_code == 404


@pytest.mark.parametrize(
    ("currency", "code"),
    [
        ("TRY", "reporting_currency"),
        ("ZZZ", "unknown_currency"),
        ("XAU", "unknown_currency"),
        ("usd", "string_pattern_mismatch"),
        ("US", "string_pattern_mismatch"),
    ],
)
def test_only_other_currencies_have_rates(api: Api, currency: str, code: str) -> None:
    assert wrong(api.put(f"{PATH}/{currency}/2026-11-23", json={"rate": "1"})) == [("currency", code)]
    item = {"currency": currency, "on": "2026-11-23", "rate": "1"}
    assert wrong(api.post(f"{PATH}/batch", json={"items": [item]})) == [("/items/0/currency", code)]
    assert rates(api) == []


@pytest.mark.parametrize(
    "on", ["2026-02-30", "0001-01-01", "9999-12-31", "2026-11-23T00:00:00Z", "today", "20261123"]
)
def test_a_day_is_a_real_calendar_day(api: Api, on: str) -> None:
    answer = api.put(f"{PATH}/USD/{on}", json={"rate": "1"})
    assert answer.status_code == 422
    assert wrong(answer)[0][0] == "on"


def test_lists_are_filtered_and_paged_by_currency_and_day(api: Api) -> None:
    items = [
        {"currency": currency, "on": f"2026-01-{day:02}", "rate": str(day)}
        for currency in ("USD", "EUR")
        for day in range(1, 5)
    ]
    assert api.post(f"{PATH}/batch", json={"items": items}).status_code == 200
    everything = sorted((item["currency"], item["on"], item["rate"]) for item in items)
    assert rates(api) == everything
    assert rates(api, currency="USD", on_from="2026-01-02", on_before="2026-01-04") == [
        ("USD", "2026-01-02", "2"),
        ("USD", "2026-01-03", "3"),
    ]
    paged, path = [], f"{PATH}?limit=3"
    while path:
        answer = api.get(path)
        paged += [(row["currency"], row["on"], row["rate"]) for row in answer.json()["data"]]
        path = answer.headers["Link"].removeprefix("<").partition(">")[0] if answer.json()["has_more"] else ""
    assert paged == everything
    for query in ("from=2026-01-01", "on_from=2026", "currency=usd", "limit=-1", "cursor=W10"):
        assert api.get(f"{PATH}?{query}").status_code == 422


def test_a_batch_sets_all_or_none(api: Api) -> None:
    api.put(USD, json={"rate": "40"})
    good = {"currency": "USD", "on": "2026-11-23", "rate": "41"}
    new = {"currency": "AZN", "on": "2026-11-23", "rate": "24.25"}
    bad = [
        {**new, "currency": "TRY"},
        {**new, "rate": "0"},
        {**new, "on": "yesterday"},
        {**new, "note": "x"},
        good,
    ]
    for item in bad:
        answer = api.post(f"{PATH}/batch", json={"items": [good, item]})
        assert answer.status_code == 422
        assert wrong(answer)[0][0].startswith("/items/1")
    assert rates(api) == [("USD", "2026-11-23", "40")]

    data = api.post(f"{PATH}/batch", json={"items": [good, new]}).json()["data"]
    assert [(row["currency"], row["rate"]) for row in data] == [("USD", "41"), ("AZN", "24.25")]
    assert rates(api) == [("AZN", "2026-11-23", "24.25"), ("USD", "2026-11-23", "41")]


def test_reading_and_setting_need_their_scopes(api: Api, api_with: Callable[..., Api]) -> None:
    reader, writer = api_with(Scope.RATES_READ), api_with(Scope.RATES_WRITE)
    item = {"currency": "USD", "on": "2026-11-23", "rate": "1"}
    assert reader.put(USD, json={"rate": "1"}).status_code == 403
    assert reader.post(f"{PATH}/batch", json={"items": [item]}).status_code == 403
    assert reader.delete(USD).status_code == 403
    assert writer.get(USD).status_code == 403
    assert writer.get(PATH).status_code == 403
    assert rates(api) == []


def test_the_number_of_statements_does_not_grow_with_the_batch(api: Api, client: TestClient) -> None:
    statements: list[str] = []
    client.app.state.services.store.on_statement(statements.append)  # type: ignore[attr-defined]

    def count(currency: str, years: int) -> int:
        items = [
            {"currency": currency, "on": f"{2000 + year}-{month:02}-01", "rate": "2"}
            for year in range(years)
            for month in range(1, 13)
        ]
        statements.clear()
        assert api.post(f"{PATH}/batch", json={"items": items}).status_code == 200
        return len(statements)

    count("AZN", 1)  # the first request of a key also notes that it was used
    assert count("USD", 50) == count("EUR", 1)
