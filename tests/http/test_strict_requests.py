"""What could be read in two ways is refused: members and parameters named twice, bytes that are no UTF-8."""

import asyncio
from typing import Any

import pytest
from starlette.testclient import TestClient
from support import Api, made, pointers, problem

CUSTOMERS = "/v1/customers"
JSON = {"Content-Type": "application/json"}
PURCHASE = (
    '{"customer": {"system": "shop", "key": "A-1"}, "create_missing": true, "external_id": "%s",'
    ' "kind": "purchase", "occurred_at": "2026-02-03T10:00:00Z", "amount": %s}'
)


def sent(api: Api, path: str, text: str | bytes, method: str = "POST", **headers: str) -> Any:
    """A request with a body as it is written here."""
    content = text if isinstance(text, bytes) else text.encode()
    return api.request(method, path, headers={**JSON, **headers}, content=content)


def faults(answer: Any) -> list[tuple[str, str, str]]:
    """Location, pointer and code of each error."""
    errors = problem(answer, 422, "validation_failed")["errors"]
    return [(error["location"], error["pointer"], error["code"]) for error in errors]


# --- members


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ('{"name": "A", "name": "B"}', "/name"),
        ('{"name": "A", "name": "A"}', "/name"),
        ('{"name": "A", "n\\u0061me": "B"}', "/name"),
        ('{"name": "A", "tags": [], "attributes": {"plan": 1, "x": 2, "plan": 1}}', "/attributes/plan"),
        ('{"name": "A", "attributes": {"\\u00fc": 1, "u\\u0308": 2}}', "/attributes/u\u0308"),
        (
            '{"name": "A", "external_ids": [{"system": "a", "key": "1"}, {"key": "1", "key": "2"}]}',
            "/external_ids/1/key",
        ),
        ('{"name": "A", "a/b": 1, "a/b": 2}', "/a~1b"),
    ],
)
def test_a_member_that_is_named_twice_is_refused(api: Api, text: str, pointer: str) -> None:
    assert faults(sent(api, CUSTOMERS, text)) == [("body", pointer, "repeated_member")]
    assert api.get(CUSTOMERS).json()["data"] == []


def test_one_member_named_twice_refuses_a_whole_batch_even_a_partial_one(api: Api) -> None:
    good = PURCHASE % ("R-1", '{"amount": "10.00", "currency": "TRY"}')
    bad = PURCHASE % ("R-2", '{"amount": "10.00", "currency": "TRY", "amount": "99.00"}')
    answer = sent(api, "/v1/transactions/batch?partial=true", f'{{"items": [{good}, {bad}]}}')
    assert faults(answer) == [("body", "/items/1/amount/amount", "repeated_member")]
    assert api.get("/v1/transactions").json()["data"] == []


def test_a_member_named_twice_is_refused_in_patches_and_puts(api: Api) -> None:
    row = made(api, external_ids=[{"system": "crm", "key": "K"}])
    patch = sent(api, f"{CUSTOMERS}/{row['id']}", '{"tags": ["a"], "tags": ["b"]}', "PATCH")
    merge = {"Content-Type": "application/merge-patch+json"}
    merged = api.patch(f"{CUSTOMERS}/{row['id']}", headers=merge, content=b'{"tags": [], "tags": ["b"]}')
    put = sent(api, f"{CUSTOMERS}/by-external-id/crm/K", '{"tags": ["a"], "tags": ["b"]}', "PUT")
    for answer in (patch, merged, put):
        assert pointers(answer) == ["/tags"]
    assert api.get(f"{CUSTOMERS}/{row['id']}").json() == row


def test_the_same_name_in_different_objects_is_no_repetition(api: Api) -> None:
    text = '{"name": "A", "attributes": {"name": "x"}, "external_ids": [{"system": "a", "key": "1"}]}'
    assert sent(api, CUSTOMERS, text).status_code == 201


# --- parameters


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/customers?limit=x&limit=1", "limit"),
        ("/v1/customers?limit=5&limit=5", "limit"),
        ("/v1/customers?q=a&li%6Dit=5&limit=6", "limit"),
        ("/v1/screen-pop?phone=%2B905320000001&phone=%2B905320000002", "phone"),
        ("/v1/insights/satisfaction?index=csat&index=nps", "index"),
        (
            "/v1/transactions?occurred_from=2026-01-01T00:00:00Z&occurred_from=2026-02-01T00:00:00Z",
            "occurred_from",
        ),
        ("/v1/complaints?owner=a&owner=b", "owner"),
        ("/v1/jobs?limit=1&limit=2", "limit"),
    ],
)
def test_a_parameter_with_one_value_is_sent_once(api: Api, path: str, name: str) -> None:
    errors = [error for error in faults(api.get(path)) if error[2] == "repeated"]
    assert errors == [("query", name, "repeated")]


def test_an_option_of_a_batch_and_of_an_import_is_sent_once(api: Api) -> None:
    body = {"items": [{"name": "A"}]}
    assert faults(api.post(f"{CUSTOMERS}/batch?partial=true&partial=false", json=body)) == [
        ("query", "partial", "repeated")
    ]
    upload = api.post(
        "/v1/imports?currency=TRY&currency=USD", content=b"a,b\n1,2\n", headers={"Content-Type": "text/csv"}
    )
    assert ("query", "currency", "repeated") in faults(upload)
    assert api.get(CUSTOMERS).json()["data"] == []


def test_a_parameter_that_is_a_list_is_sent_once_for_each_value(api: Api) -> None:
    query = "&".join(
        f"column={column}"
        for column in ("external_id=id", "customer_key=who", "occurred_at=at", "amount=sum")
    )
    file = b"id,who,at,sum\n1,A,2026-02-03,5.00\n"
    path = f"/v1/imports?{query}&source=till&customer_system=shop&currency=TRY&create_missing=true"
    answer = api.post(path, content=file, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 202, answer.text


# --- percent-encoding


@pytest.mark.parametrize(
    "encoded",
    ["Ay%FEe", "%E7ay", "%C0%AF", "%ED%A0%80", "%F8%88%80%80%80", "a%C5", "Ay%u015Fe", "%zz", "5%-10"],
)
def test_what_is_not_utf8_is_refused_by_the_name_of_the_parameter(api: Api, encoded: str) -> None:
    made(api, name="Ay\ufffde", external_ids=[{"system": "crm", "key": "Ay\ufffde"}])
    for path, name in (
        (f"/v1/customers?q={encoded}&limit=1", "q"),
        (f"/v1/interactions?agent={encoded}", "agent"),
        (f"/v1/screen-pop?email={encoded}", "email"),
    ):
        assert ("query", name, "not_utf8") in faults(api.get(path))
    by_key = f"{CUSTOMERS}/by-external-id/crm/{encoded}"
    assert faults(api.get(by_key)) == [("path", "key", "not_utf8")]
    assert faults(api.put(by_key, json={"name": "B"})) == [("path", "key", "not_utf8")]
    assert [row["name"] for row in api.get(CUSTOMERS).json()["data"]] == ["Ay\ufffde"]


@pytest.mark.parametrize("text", ["%", "100%"])
def test_a_per_cent_sign_at_the_end_of_a_value_means_itself(api: Api, text: str) -> None:
    made(api, name="Ayşe")
    answer = api.get(f"/v1/customers?q={text}")
    assert (answer.status_code, answer.json()["data"]) == (200, [])


def test_a_name_of_a_parameter_that_is_not_utf8_is_refused(api: Api) -> None:
    assert faults(api.get("/v1/customers?%FE=1")) == [("query", "\ufffd", "not_utf8")]


def test_what_is_utf8_is_read(api: Api) -> None:
    row = made(api, name="Ay\u015fe", external_ids=[{"system": "crm", "key": "\ufffd %25+\U0001f600"}])
    assert [found["id"] for found in api.get("/v1/customers?q=Ay%C5%9Fe").json()["data"]] == [row["id"]]
    by_key = f"{CUSTOMERS}/by-external-id/crm/%EF%BF%BD%20%2525+%F0%9F%98%80"
    assert api.get(by_key).json() == row


# --- keys with a slash


@pytest.mark.parametrize(
    ("key", "encoded"),
    [
        ("2026/000123", "2026%2F000123"),
        ("BP/2026/1", "BP%2f2026%2F1"),
        ("/x", "%2Fx"),
        ("x/", "x%2F"),
        ("a//b", "a%2F%2Fb"),
        ("../x", "..%2Fx"),
        ("a%2Fb", "a%252Fb"),
        ("\u015f/\u0131", "%C5%9F%2F%C4%B1"),
        ("a/b c?#", "a%2Fb%20c%3F%23"),
    ],
)
def test_a_key_with_a_slash_is_reached_by_its_address(api: Api, key: str, encoded: str) -> None:
    row = made(api, external_ids=[{"system": "erp", "key": key}])
    path = f"{CUSTOMERS}/by-external-id/erp/{encoded}"
    assert api.get(path).json() == row
    assert api.head(path).status_code == 200
    assert api.get(path, headers={"If-None-Match": '"1"'}).status_code == 304
    assert api.put(path, json={"name": "Changed"}).json()["id"] == row["id"]
    listed = api.get(CUSTOMERS, params={"external_id": f"erp:{key}"}).json()["data"]
    assert [found["name"] for found in listed] == ["Changed"]


def test_a_customer_is_recorded_under_a_key_with_a_slash(api: Api) -> None:
    made_now = api.put(f"{CUSTOMERS}/by-external-id/erp/2026%2F7", json={"name": "New"})
    assert made_now.status_code == 201
    assert made_now.json()["external_ids"] == [{"system": "erp", "key": "2026/7"}]
    assert api.get(made_now.headers["Location"]).json()["name"] == "New"


def test_a_slash_that_is_not_encoded_separates_steps(api: Api) -> None:
    made(api, external_ids=[{"system": "erp", "key": "a/b"}])
    assert problem(api.get(f"{CUSTOMERS}/by-external-id/erp/a/b"), 404, "not_found")
    assert problem(api.put(f"{CUSTOMERS}/by-external-id/erp/a/b", json={}), 404, "not_found")
    assert problem(api.get(f"{CUSTOMERS}%2Fby-external-id/erp/a"), 400, "malformed_request")


def test_a_refusal_names_the_methods_of_a_path_with_an_encoded_slash(api: Api) -> None:
    refused = api.request("DELETE", f"{CUSTOMERS}/by-external-id/erp/a%2Fb")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD, PUT")


# --- byte order marks and charsets


def test_a_byte_order_mark_before_json_is_passed_over(api: Api) -> None:
    assert sent(api, CUSTOMERS, b'\xef\xbb\xbf{"name": "Marked"}').json()["name"] == "Marked"
    problem(sent(api, CUSTOMERS, b"\xef\xbb\xbf"), 400, "malformed_request")
    problem(sent(api, CUSTOMERS, b'\xef\xbb\xbf\xef\xbb\xbf{"name": "Marked"}'), 400, "malformed_request")


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "A"}'.encode("utf-16"),
        '{"name": "A"}'.encode("utf-16-be"),
        '{"name": "A"}'.encode("utf-32"),
        '{"name": "Ayşe"}'.encode("cp1254"),
    ],
)
def test_json_in_another_encoding_is_refused_with_the_true_reason(api: Api, body: bytes) -> None:
    assert "UTF-8" in problem(sent(api, CUSTOMERS, body), 400, "malformed_request")["detail"]


@pytest.mark.parametrize(
    "charset", ["utf-8", "UTF-8", '"utf-8"', "utf8", "UTF8", "us-ascii", " Utf-8 ; q=1", '"UTF_8"']
)
def test_utf8_is_a_charset_of_json_by_every_name(api: Api, charset: str) -> None:
    headers = {"Content-Type": f"application/json; charset={charset}"}
    answer = api.post(CUSTOMERS, content='{"name": "Şükrü"}'.encode(), headers=headers)
    assert (answer.status_code, answer.json()["name"]) == (201, "Şükrü")


@pytest.mark.parametrize("charset", ["iso-8859-9", "windows-1254", '"utf-16"', "utf-7", "latin1", "x"])
def test_another_charset_is_refused_and_utf8_is_named(api: Api, charset: str) -> None:
    headers = {"Content-Type": f"application/json;Charset={charset}"}
    answer = api.post(CUSTOMERS, content=b'{"name": "A"}', headers=headers)
    assert "UTF-8" in problem(answer, 415, "unsupported_media_type")["detail"]


# --- no body


MISSING = {
    ("post", "/v1/customers"): ["/name"],
    ("post", "/v1/transactions"): ["/external_id", "/kind", "/amount", "/occurred_at"],
    ("post", "/v1/customers/batch"): ["/items"],
    ("put", "/v1/unit-costs/phone"): ["/per_contact"],
    ("put", "/v1/customers/by-external-id/crm/C-1"): [""],
    ("patch", "/v1/customers/01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10"): [""],
}


@pytest.mark.parametrize(("method", "path"), MISSING)
@pytest.mark.parametrize(
    "headers", [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/json"}]
)
def test_no_body_is_refused_with_what_is_missing(
    api: Api, method: str, path: str, headers: dict[str, str]
) -> None:
    wanted = MISSING[method, path]
    chunks = {"content": iter([b""])}  # of unstated length, and empty
    for sent in ({}, {"content": b""}, chunks):
        answer = getattr(api, method)(path, headers=headers, **sent)
        assert pointers(answer) == wanted
        assert {error["code"] for error in answer.json()["errors"]} == {"missing"}
    assert api.get(CUSTOMERS).json()["data"] == []


@pytest.mark.parametrize("path", [path for method, path in MISSING if method == "post"])
def test_a_body_whose_type_is_not_said_stays_unread(api: Api, path: str) -> None:
    for content in (b"{}", b" ", iter([b"{", b"}"])):
        problem(api.post(path, content=content), 415, "unsupported_media_type")


def test_strangers_learn_nothing_of_what_is_missing(client: TestClient) -> None:
    assert client.post(CUSTOMERS).status_code == 401


# --- headers


@pytest.mark.parametrize("name", ["Idempotency-Key", "Authorization", "Content-Type"])
def test_a_header_with_one_value_is_sent_once(api: Api, name: str) -> None:
    one = {"Idempotency-Key": "a", "Content-Type": "application/json", **api.headers}
    headers = [*one.items(), (name, one[name])]
    answer = api.client.post(CUSTOMERS, content=b'{"name": "A"}', headers=headers)
    assert name.lower() in problem(answer, 400, "malformed_request")["detail"]


@pytest.mark.parametrize("host", ["a b", "a/b", "user@a", "a:b", "a:999999", "[::1", "ş"])
def test_a_host_that_is_none_is_refused(api: Api, host: str) -> None:
    answer = api.client.get("/healthz", headers=[(b"Host", host.encode())])
    problem(answer, 400, "malformed_request")


@pytest.mark.parametrize("host", ["a", "A.example:8080", "my_service", "[::1]:80", "10.0.0.1", "a:"])
def test_a_host_is_any_name_or_address(api: Api, host: str) -> None:
    assert api.client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [
        ("1.1", [], 400),
        ("1.1", ["a", "b"], 400),
        ("1.1", ["a", "a"], 400),
        ("1.0", [], 200),
        ("1.1", ["a"], 200),
        ("2", ["a"], 200),
        ("2.0", ["a"], 400),
        ("0.9", ["a"], 400),
    ],
)
def test_a_request_has_exactly_one_host(api: Api, version: str, hosts: list[str], status: int) -> None:
    seen: list[int] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": version,
        "method": "GET",
        "scheme": "http",
        "path": "/healthz",
        "raw_path": b"/healthz",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", host.encode()) for host in hosts],
        "client": ("test", 1),
        "server": ("test", 80),
        "state": {},
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        seen.append(message.get("status", 0))

    asyncio.run(api.client.app(scope, receive, send))
    assert seen[0] == status


@pytest.mark.parametrize(
    "coding", ["gzip, chunked", "identity", "chunked;x=1", "gzip", "chunked, chunked", "deflate"]
)
def test_a_body_that_is_coded_for_transfer_is_refused(api: Api, coding: str) -> None:
    """Who does not decode it reads another body than a proxy that does."""
    headers = {"Transfer-Encoding": coding, "Content-Type": "application/json"}
    answer = api.post(CUSTOMERS, content=b'{"name": "A"}', headers=headers)
    problem(answer, 400, "malformed_request")
    assert "Transfer-Encoding: chunked" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/customers%2Fbatch",
        "/v1%2fcustomers",
        "/v1/customers/..%2F..%2Fetc%2Fpasswd",
        "/v1/customers/01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10%2Foverview",
        "/%2F",
    ],
)
def test_an_encoded_slash_outside_a_key_is_malformed(api: Api, path: str) -> None:
    answer = problem(api.get(path), 400, "malformed_request")
    assert "%2F" in answer["detail"]
    assert problem(api.get(path, headers={"Accept-Language": "tr"}), 400, "malformed_request") != answer
