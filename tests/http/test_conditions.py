"""If-Match and If-None-Match on everything that has an address of its own, on both databases."""

from typing import Any

import pytest
from support import Api, made, pointers, problem

COLUMNS = ("external_id", "customer_key", "occurred_at", "amount", "currency")
MAPPING = {"customer_system": "shop", "columns": {target: target for target in COLUMNS}}
PUTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("/v1/customers/by-external-id/crm/C-7", {"name": "First"}, {"name": "Second"}),
    ("/v1/exchange-rates/USD/2026-03-02", {"rate": "41.5"}, {"rate": "42.5"}),
    ("/v1/unit-costs/phone", {"per_contact": "5"}, {"per_contact": "6"}),
    ("/v1/dispositions/cancelled_visit", {"names": {"en": "First"}}, {"names": {"en": "Second"}}),
    ("/v1/import-mappings/till", {**MAPPING, "source": "till"}, {**MAPPING, "source": "desk"}),
]
puts = pytest.mark.parametrize(
    ("path", "first", "second"), PUTS, ids=[path.split("/")[2] for path, *_ in PUTS]
)


@puts
def test_a_put_may_ask_that_there_is_none_yet(api: Api, path: str, first: Any, second: Any) -> None:
    for condition in ("*", '"*"'):
        assert api.put(path, json=first, headers={"If-None-Match": condition}).status_code in (201, 412)
    before = api.get(path)
    refused = api.put(path, json=second, headers={"If-None-Match": "*"})
    problem(refused, 412, "precondition_failed")
    assert refused.headers["ETag"] == before.headers["ETag"]
    assert api.get(path).content == before.content


@puts
def test_a_put_may_ask_for_the_version_it_changes(api: Api, path: str, first: Any, second: Any) -> None:
    for condition in ("*", '"1"', '"9", "1"'):
        problem(api.put(path, json=first, headers={"If-Match": condition}), 412, "precondition_failed")
    tag = api.put(path, json=first).headers["ETag"]
    stale = api.put(path, json=second, headers={"If-Match": '"999"'})
    assert stale.headers["ETag"] == tag
    changed = api.put(path, json=second, headers={"If-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] not in ("", tag)
    problem(api.put(path, json=first, headers={"If-Match": tag}), 412, "precondition_failed")
    assert api.put(path, json=first, headers={"If-Match": "*"}).status_code == 200


@puts
def test_a_put_may_ask_that_a_version_is_no_longer_there(
    api: Api, path: str, first: Any, second: Any
) -> None:
    tag = api.put(path, json=first, headers={"If-None-Match": '"77"'}).headers["ETag"]
    problem(api.put(path, json=second, headers={"If-None-Match": f"W/{tag}"}), 412, "precondition_failed")
    assert api.put(path, json=second, headers={"If-None-Match": '"77"'}).status_code == 200


@puts
def test_a_condition_without_a_tag_is_refused(api: Api, path: str, first: Any, second: Any) -> None:
    for name in ("If-Match", "If-None-Match"):
        assert pointers(api.put(path, json=first, headers={name: " , "})) == [name]
    date = {"If-Unmodified-Since": "Mon, 02 Mar 2026 10:00:00 GMT"}
    assert pointers(api.put(path, json=first, headers=date)) == ["If-Unmodified-Since"]
    problem(api.get(path), 404, "not_found")


def test_the_rate_of_a_day_is_read_again_only_when_it_has_changed(api: Api) -> None:
    path = "/v1/exchange-rates/USD/2026-03-02"
    tag = api.put(path, json={"rate": "41.5"}).headers["ETag"]
    assert api.get(path).headers["ETag"] == tag
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert api.put(path, json={"rate": "41.50"}).headers["ETag"] == tag
    problem(api.delete(path, headers={"If-Match": '"1"'}), 412, "precondition_failed")
    assert api.delete(path, headers={"If-Match": tag}).status_code == 204


@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_a_condition_that_would_be_passed_over_is_refused(api: Api, method: str) -> None:
    row = made(api)
    path, body = f"/v1/customers/{row['id']}", {"language": "tr"}
    if method == "POST":
        path, body = "/v1/customers", {"name": "B"}
    for name, value in (("If-None-Match", "*"), ("If-Unmodified-Since", "x")):
        assert pointers(api.request(method, path, json=body, headers={name: value})) == [name]
    if method == "POST":
        assert pointers(api.post(path, json=body, headers={"If-Match": "*"})) == ["If-Match"]
    assert [found["language"] for found in api.get("/v1/customers").json()["data"]] == [row["language"]]


# --- as proxies and old clients change them

SAME = ['"1"', 'W/"1"', 'w/"1"', "1", '"1-gzip"', 'W/"1-gzip"', '"1;gzip"', '"1--gzip"', '"1"-gzip', '"1-br"',
        '"8", "1"', '"8",W/"1"', '\\"1\\"', '"x,y", "1"']  # fmt: skip
OTHER = ['"2"', '"11"', '"01"', '"1.0"', '"1-2"', "W/2", '"-gzip"', '"1-identity"', "x" * 2000, "?", '"']


@pytest.mark.parametrize("tag", SAME)
def test_a_tag_is_known_again_in_any_form(api: Api, tag: str) -> None:
    row = made(api)
    path = f"/v1/customers/{row['id']}"
    unchanged = api.get(path, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.headers["ETag"]) == (304, '"1"')
    assert api.patch(path, json={"language": "tr"}, headers={"If-Match": tag}).status_code == 200


@pytest.mark.parametrize("tag", OTHER)
def test_another_tag_is_none_of_this_version(api: Api, tag: str) -> None:
    row = made(api)
    path = f"/v1/customers/{row['id']}"
    assert api.get(path, headers={"If-None-Match": tag}).json() == row
    refused = api.patch(path, json={"language": "tr"}, headers={"If-Match": tag})
    assert refused.status_code in (412, 422)
    assert api.get(path).json() == row


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": ""},
        {"If-None-Match": "\xfe\xff"},
        {"If-Match": '"9"'},
        {"If-Modified-Since": "yesterday"},
        {"If-Modified-Since": "Mon, 30 Nov 2099 10:00:00 GMT"},
        {"If-Unmodified-Since": "Mon, 01 Jan 1990 10:00:00 GMT"},
        {"If-Range": '"1"', "Range": "bytes=0-3"},
        {"Range": "bytes=9-1"},
    ],
)
def test_a_plain_read_never_fails_of_a_condition(api: Api, headers: dict[str, str]) -> None:
    row = made(api)
    raw = [(name.encode(), value.encode("latin-1")) for name, value in {**api.headers, **headers}.items()]
    answer = api.client.get(f"/v1/customers/{row['id']}", headers=raw)
    assert (answer.status_code, answer.json()) == (200, row)


def test_tags_that_are_spread_over_several_headers_are_one_list(api: Api) -> None:
    row = made(api)
    path = f"/v1/customers/{row['id']}"
    headers = [*api.headers.items(), ("If-Match", '"9"'), ("If-Match", '"1"')]
    assert api.client.patch(path, json={"language": "tr"}, headers=headers).status_code == 200
    headers = [*api.headers.items(), ("If-None-Match", '"9"'), ("If-None-Match", '"2"')]
    assert api.client.get(path, headers=headers).status_code == 304
