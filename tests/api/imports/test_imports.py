"""Imports over HTTP, on both databases."""

import base64
import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from import_helpers import accounted, lines, many
from promise_helpers import promised
from sqlalchemy import func, select
from starlette.testclient import TestClient
from support import Api, Contract

from app.api.imports.imports import CHUNK_BYTES
from app.domain.common.access import Actor, Scope
from app.jobs import registry
from app.jobs.registry import Context
from app.main import create_app
from app.services.imports import batches
from app.services.platform import api_keys, jobs
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import Import, ImportChunk, Job

PATH = "/v1/imports"
COLUMNS = ["external_id=id", "customer_key=who", "amount=sum", "occurred_at=at"]
OPTIONS: dict[str, Any] = {"column": COLUMNS, "currency": "TRY", "source": "pos", "create_missing": True}
CSV = {"Content-Type": "text/csv"}
MAPPING = {
    "columns": {
        "external_id": "id",
        "customer_key": "who",
        "amount": "sum",
        "currency": "=TRY",
        "occurred_at": "at",
    },
    "source": "pos",
    "create_missing": True,
}


def send(api: Api, file: Any, headers: dict[str, str] | None = None, **options: Any) -> Any:
    return api.post(PATH, params={**OPTIONS, **options}, content=file, headers=CSV | (headers or {}))


def wrong(answer: Any) -> list[tuple[str, str, str]]:
    return [(error["location"], error["pointer"], error["code"]) for error in answer.json().get("errors", [])]


def left(store: Store) -> tuple[int, int, int]:
    """Imports, chunks and jobs in the store."""

    def count(tx: Any) -> tuple[int, int, int]:
        imports, chunks, jobs = (
            tx.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (Import, ImportChunk, Job)
        )
        return imports, chunks, jobs

    return store.read_sync(count)


@pytest.fixture
def work_off(store: Store, settings: Settings) -> Callable[[], None]:
    """Do the waiting jobs, as a worker would."""
    registry.load()
    context = Context(store, settings.company, settings)

    def work() -> None:
        for job_id in store.write_sync(jobs.waiting, 10):
            job = store.write_sync(jobs.start, job_id)
            assert job is not None
            unit = 0
            while not registry.KINDS[job["kind"]].advance(context, job, unit):
                unit += 1
            store.write_sync(jobs.finish, job_id)

    return work


# --- a file in


def test_a_file_is_accepted_as_a_job_and_taken_in(
    api: Api, work_off: Callable[[], None], store: Store
) -> None:
    file = many(30)
    answer = send(api, file, file_name="day.csv")
    assert answer.status_code == 202
    row = answer.json()
    assert answer.headers["Location"] == f"/v1/jobs/{row['job_id']}"
    assert (row["state"], row["file_name"], row["file_bytes"]) == ("waiting", "day.csv", len(file))
    assert row["file_sha256"] == hashlib.sha256(file).hexdigest()
    assert row["mapping"]["columns"] == {
        "external_id": "id",
        "customer_key": "who",
        "kind": None,
        "amount": "sum",
        "currency": "=TRY",
        "occurred_at": "at",
        "category": None,
        "channel": None,
        "cost": None,
    }
    assert api.get(answer.headers["Location"]).json()["href"] == f"{PATH}/{row['id']}"
    work_off()
    job = api.get(answer.headers["Location"]).json()
    assert (job["state"], job["progress_percent"]) == ("done", 100.0)
    row = api.get(job["href"]).json()
    assert (row["state"], row["rows_in"], row["rows_stored"], row["customers_created"]) == ("done", 30, 30, 5)
    assert (
        api.get("/v1/transactions", params={"source": "pos", "limit": 200}).json()["data"][0]["import_id"]
        == row["id"]
    )
    assert api.get(PATH).json()["data"] == [row]
    assert left(store) == (1, 0, 1)


@pytest.mark.parametrize(
    ("headers", "encode"),
    [
        ({}, bytes),
        ({}, gzip.compress),  # known by its first bytes, whatever it is called
        ({"Content-Encoding": "gzip"}, gzip.compress),
        ({"Content-Type": "application/gzip"}, gzip.compress),
        ({"Content-Type": "text/csv; charset=utf-8"}, bytes),
    ],
)
def test_a_file_may_be_compressed(
    api: Api, work_off: Callable[[], None], headers: dict[str, str], encode: Callable[[bytes], bytes]
) -> None:
    answer = send(api, encode(many(3)), headers)
    assert answer.status_code == 202
    work_off()
    assert api.get(f"{PATH}/{answer.json()['id']}").json()["rows_stored"] == 3


def test_json_lines(api: Api, work_off: Callable[[], None]) -> None:
    rows = [{"id": f"J{n}", "buyer": {"key": "C1"}, "sum": 12.5, "at": "2026-03-10"} for n in range(3)]
    file = "\n".join(json.dumps(row) for row in rows)
    columns = ["external_id=id", "customer_key=/buyer/key", "amount=sum", "occurred_at=at"]
    answer = send(api, file, {"Content-Type": "application/x-ndjson"}, column=columns)
    assert answer.status_code == 202
    assert answer.json()["mapping"]["format"] == "jsonl"
    work_off()
    assert api.get(f"{PATH}/{answer.json()['id']}").json()["rows_stored"] == 3


def test_a_large_file_comes_in_chunks(api: Api, store: Store, work_off: Callable[[], None]) -> None:
    file = many(70_000)

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(file), 100_000):
            yield file[start : start + 100_000]

    answer = send(api, pieces())  # without a Content-Length
    assert answer.status_code == 202
    sizes = store.read_sync(
        lambda tx: (
            tx.execute(select(func.length(ImportChunk.data)).order_by(ImportChunk.number)).scalars().all()
        )
    )
    assert list(sizes) == [CHUNK_BYTES, CHUNK_BYTES, len(file) - 2 * CHUNK_BYTES]
    work_off()
    assert api.get(f"{PATH}/{answer.json()['id']}").json()["rows_stored"] == 70_000


def test_a_dry_run_stores_nothing(api: Api, work_off: Callable[[], None]) -> None:
    answer = send(api, many(5), dry_run=True)
    work_off()
    row = api.get(f"{PATH}/{answer.json()['id']}").json()
    assert (row["dry_run"], row["state"], row["rows_stored"], row["customers_created"]) == (
        True,
        "done",
        5,
        5,
    )
    assert api.get("/v1/transactions").json()["data"] == []
    assert api.get("/v1/customers").json()["data"] == []


# --- the charset of the media type


@pytest.mark.parametrize("charset", ["windows-1254", "CP1254", '"iso-8859-9"'])
def test_the_charset_of_the_media_type_is_the_encoding(api: Api, charset: str) -> None:
    file = "id,who,sum,at\n1,Çiğdem,5,2026-01-01\n".encode("windows-1254")
    answer = send(api, file, {"Content-Type": f"text/csv; charset={charset}"})
    assert answer.status_code == 202
    assert answer.json()["mapping"]["encoding"] in ("windows-1254", "iso-8859-9")


def test_the_charset_and_the_encoding_may_say_the_same_in_two_ways(api: Api) -> None:
    headers = {"Content-Type": "text/csv; charset=UTF8"}
    assert send(api, many(1), headers, encoding="utf-8").status_code == 202
    assert send(api, many(1), headers, encoding="auto", dry_run=True).json()["mapping"]["encoding"] == "utf-8"


def test_another_charset_than_the_encoding_is_refused(api: Api, store: Store) -> None:
    answer = send(api, many(1), {"Content-Type": "text/csv; charset=utf-8"}, encoding="windows-1254")
    assert answer.status_code == 422
    assert wrong(answer) == [("query", "encoding", "two_encodings")]
    assert left(store) == (0, 0, 0)


def test_an_unknown_charset_is_refused_with_those_that_are_known(api: Api) -> None:
    answer = send(api, many(1), {"Content-Type": "text/csv; charset=ebcdic"})
    assert answer.status_code == 415
    assert "windows-1250 to -1258" in answer.json()["detail"]


# --- what is refused at once


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"", "empty_file"),
        (b"\n\n", "empty_file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not_text"),
        (b"id,who,sum\n1,C1,5\n", "missing_column"),
        (b"id,id,who,sum,at\n1,1,C1,5,2026-01-01\n", "duplicate_columns"),
        ("id,who,sum,at\n1,Çiğdem,5,2026-01-01\n".encode("windows-1254"), "unknown_encoding"),
        (b"<html><table></table></html>\n", "not_a_table"),
        (b"\x1f\x8bgarbage", "bad_gzip"),
        (b'id,who,"sum,at\n' + b"x" * 10, "quotes_unbalanced"),
    ],
)
def test_an_unusable_file_is_refused_and_leaves_nothing(
    api: Api, store: Store, file: bytes, code: str
) -> None:
    answer = send(api, file)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert api.client.get(answer.json()["type"]).status_code == 200
    assert left(store) == (0, 0, 0)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"column": []}, ("query", "/columns/amount", "missing_target")),
        ({"column": [*COLUMNS, "amount=net"]}, ("query", "/columns/amount", "given_twice")),
        (
            {"column": [*COLUMNS, "currency=cur"], "currency": "TRY"},
            ("query", "/columns/currency", "given_twice"),
        ),
        ({"value": ["channel"]}, ("query", "value", "not_a_value_rule")),
        ({"value": ["channel:Web=app"]}, ("query", "value", "no_column")),
        ({"group_by": "sum"}, ("query", "group_by", "other_column")),
        ({"column": [*COLUMNS, "nonsense"]}, ("query", "column", "not_a_column_flag")),
        ({"column": [*COLUMNS, "colour=red"]}, ("query", "column", "unknown_target")),
        ({"kind_rule": ["id~R:refund"]}, ("query", "kind_rule", "not_a_kind_rule")),
        ({"time_zone": "Europe/Nowhere"}, ("query", "time_zone", "unknown_time_zone")),
        ({"date_format": "%q"}, ("query", "date_format", "bad_date_format")),
        ({"delimiter": "ab"}, ("query", "delimiter", "bad_delimiter")),
        ({"skip_lines": 1001}, ("query", "skip_lines", "less_than_equal")),
        ({"encoding": "ebcdic"}, ("query", "encoding", "unknown_encoding")),
        ({"source": "a:b"}, ("query", "source", "string_pattern_mismatch")),
        ({"colunm": "x"}, ("query", "colunm", "extra_forbidden")),
    ],
)
def test_unusable_options_are_refused(
    api: Api, store: Store, options: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    answer = send(api, many(3), **options)
    assert answer.status_code == 422
    assert expected in wrong(answer)
    assert left(store) == (0, 0, 0)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Encoding": "br"}, 415),
        ({"Content-Encoding": "gzip"}, 400),  # which it is not
    ],
)
def test_bodies_of_other_kinds_are_refused(
    api: Api, store: Store, headers: dict[str, str], status: int
) -> None:
    assert send(api, many(3), headers).status_code == status
    assert left(store) == (0, 0, 0)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_that_is_too_large_is_refused(
    settings: Settings, store: Store, actor: Actor, contract: Contract, chunked: bool
) -> None:
    small = settings.model_copy(update={"max_import_bytes": 3 * CHUNK_BYTES})
    file = many(1000) + b"\n" * 3 * CHUNK_BYTES
    token = store.write_sync(api_keys.create, actor, "test", list(Scope))
    with TestClient(create_app(small)) as client:
        body = (
            iter([file[:CHUNK_BYTES], file[CHUNK_BYTES:-CHUNK_BYTES], file[-CHUNK_BYTES:]])
            if chunked
            else file
        )
        answer = send(Api(client, token, contract), body)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert left(store) == (0, 0, 0)


def test_a_client_that_hangs_up_leaves_nothing(api: Api, store: Store) -> None:
    file = many(100_000)
    head = [
        (b"host", b"test"),
        (b"content-type", b"text/csv"),
        (b"authorization", api.headers["Authorization"].encode()),
    ]
    query = "&".join([*(f"column={column}" for column in COLUMNS), "currency=TRY"])
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": head,
        "client": ("test", 1),
        "server": ("test", 80),
        "state": {},
    }
    messages = iter(
        [{"type": "http.request", "body": file[:2_500_000], "more_body": True}, {"type": "http.disconnect"}]
    )
    seen = []

    async def receive() -> dict[str, Any]:
        seen.append(left(store))
        return next(messages)

    async def ignore(_message: Any) -> None:
        pass

    assert api.client.portal is not None
    api.client.portal.call(api.client.app, scope, receive, ignore)
    assert seen[-1] == (1, 2, 0)  # two chunks were there when it went away
    assert left(store) == (0, 0, 0)


def test_scopes(api_with: Callable[..., Api]) -> None:
    reader, writer = api_with(Scope.IMPORTS_READ), api_with(Scope.IMPORTS_WRITE)
    assert send(reader, many(1)).status_code == 403
    assert send(writer, many(1), create_missing=False).status_code == 403  # it writes no transactions
    buyer = api_with(Scope.IMPORTS_WRITE, Scope.TRANSACTIONS_WRITE)
    assert send(buyer, many(1)).status_code == 403  # create_missing creates customers
    assert send(buyer, many(1), create_missing=False).status_code == 202
    assert writer.get(PATH).status_code == 403
    assert reader.get(PATH).status_code == 200


def test_a_caller_limited_to_units_sees_its_own_imports(api: Api, api_with: Callable[..., Api]) -> None:
    limited, other = api_with(units=("izmir",)), api_with(units=("izmir",))
    row, foreign = send(limited, many(1)).json(), send(api, many(1)).json()
    for caller in (limited, other):
        mine = [row["id"]] if caller is limited else []
        assert [one["id"] for one in caller.get(PATH).json()["data"]] == mine
        for path in ("", "/refused-rows", "/refused-rows.csv"):
            assert caller.get(f"{PATH}/{row['id']}{path}").status_code == (200 if mine else 404)
            assert caller.get(f"{PATH}/{foreign['id']}{path}").status_code == 404
        assert caller.post(f"{PATH}/{foreign['id']}/reversals").status_code == 404
    assert send(api_with(units=("izmir", "ankara")), many(1)).status_code == 422


# --- once, whatever happens


def test_a_repeated_request_is_answered_as_the_first(api: Api, store: Store) -> None:
    key = {"Idempotency-Key": "k1"}
    first = send(api, many(3), key)
    again = send(api, many(3), key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert left(store) == (1, 1, 1)
    other = send(api, many(4), key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert left(store) == (1, 1, 1)


# --- refused rows


def refused_import(api: Api, work_off: Callable[[], None]) -> str:
    rows = [
        "id,who,sum,at",
        *(f"{n},C1,-{n}x,2026-01-01" if n % 2 else f"{n},,1,2026-01-01" for n in range(5)),
    ]
    answer = send(api, "\n".join(rows))
    work_off()
    return f"{PATH}/{answer.json()['id']}"


def test_refused_rows_are_listed_with_reasons(api: Api, work_off: Callable[[], None]) -> None:
    path = refused_import(api, work_off)
    assert api.get(path).json()["refused_by_reason"] == {"amount_unreadable": 2, "customer_missing": 3}
    page = api.get(f"{path}/refused-rows", params={"limit": 2}).json()
    assert [(row["line"], row["code"], row["column"]) for row in page["data"]] == [
        (2, "customer_missing", "customer_key"),
        (3, "amount_unreadable", "amount"),
    ]
    assert page["data"][0]["detail"] == "The row names no customer."
    rest = api.get(f"{path}/refused-rows", params={"limit": 3, "cursor": page["next_cursor"]}).json()
    assert [row["line"] for row in rest["data"]] == [4, 5, 6]
    assert rest["next_cursor"] is None
    some = api.get(f"{path}/refused-rows", params={"code": "amount_unreadable"}).json()
    assert [row["line"] for row in some["data"]] == [3, 5]


def test_so_many_refused_rows_are_kept_and_all_are_counted(
    api: Api, work_off: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MAX_REFUSED_KEPT", 3)
    path = refused_import(api, work_off)
    assert api.get(path).json()["refused_by_reason"] == {"amount_unreadable": 2, "customer_missing": 3}
    assert [row["line"] for row in api.get(f"{path}/refused-rows").json()["data"]] == [2, 3, 4]
    assert len(api.get(f"{path}/refused-rows.csv").text.splitlines()) == 1 + 3


def test_what_has_not_happened_yet_is_refused(api: Api, work_off: Callable[[], None]) -> None:
    sent = send(api, "id,who,sum,at\n1,C1,1,2060-01-01\n2,C1,1,2026-01-01")
    path = f"{PATH}/{sent.json()['id']}"
    work_off()
    assert api.get(path).json()["refused_by_reason"] == {"in_future": 1}
    [row] = api.get(f"{path}/refused-rows", headers={"Accept-Language": "tr"}).json()["data"]
    assert (row["line"], row["column"]) == (2, "occurred_at")
    assert "is in the future" not in row["detail"]
    for language in ("en", "tr", "az"):
        [row] = api.get(f"{path}/refused-rows", headers={"Accept-Language": language}).json()["data"]
        assert sent.json()["created_at"][:19] in row["detail"]


def test_refused_rows_are_downloaded_as_csv(
    api: Api, work_off: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.imports.imports.ROWS_AT_ONCE", 2)
    path = refused_import(api, work_off)
    for accept in ("*/*", "text/csv"):
        answer = api.get(f"{path}/refused-rows.csv", headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        header, *rows = answer.text.split("\r\n")
        assert header == "line,code,column,detail"
        assert rows[0] == "2,customer_missing,customer_key,The row names no customer."
        assert [row.split(",")[0] for row in rows] == ["2", "3", "4", "5", "6", ""]


# --- back again


def test_an_import_is_taken_back(api: Api, work_off: Callable[[], None]) -> None:
    path = f"{PATH}/{send(api, many(5)).json()['id']}"
    assert api.post(f"{path}/reversals").status_code == 409  # it has not ended
    work_off()
    answer = api.post(f"{path}/reversals")
    assert (answer.status_code, answer.json()["state"]) == (202, "reverting")
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json()['job_id']}"
    work_off()
    assert api.get(path).json()["state"] == "reverted"
    assert api.get("/v1/transactions").json()["data"] == []
    assert api.get("/v1/customers").json()["data"] == []
    assert api.post(f"{path}/reversals").status_code == 409


def test_who_was_promised_something_stays(api: Api, work_off: Callable[[], None]) -> None:
    path = f"{PATH}/{send(api, many(5)).json()['id']}"
    work_off()
    whose = api.get("/v1/customers").json()["data"][0]["id"]
    promise = promised(api, customer_id=whose)
    assert api.post(f"{path}/reversals").status_code == 202
    work_off()
    assert api.get(path).json()["state"] == "reverted"
    assert [one["id"] for one in api.get("/v1/customers").json()["data"]] == [whose]
    assert api.get(f"/v1/promises/{promise['id']}").json() == promise


def test_a_cancelled_job_cancels_what_it_was_to_do(
    api: Api, work_off: Callable[[], None], store: Store
) -> None:
    row = send(api, many(5)).json()
    path = f"{PATH}/{row['id']}"
    assert api.post(f"/v1/jobs/{row['job_id']}/cancellations").status_code == 201
    assert api.get(path).json()["state"] == "cancelled"
    assert api.get(PATH, params={"state": "cancelled"}).json()["data"][0]["id"] == row["id"]
    assert api.post(f"{path}/reversals").status_code == 409
    path = f"{PATH}/{send(api, many(5)).json()['id']}"
    work_off()
    assert left(store)[1] == 0  # the chunks of the cancelled one are gone as well
    job = api.post(f"{path}/reversals").json()["job_id"]
    api.post(f"/v1/jobs/{job}/cancellations")
    assert api.get(path).json()["state"] == "done"
    assert api.post(f"{path}/reversals").status_code == 202


# --- saved mappings


def test_a_saved_mapping_is_used_by_its_name(api: Api, work_off: Callable[[], None]) -> None:
    path = "/v1/import-mappings/shop"
    answer = api.put(path, json=MAPPING)
    assert (answer.status_code, answer.headers["Location"], answer.headers["ETag"]) == (201, path, '"1"')
    assert answer.json()["mapping"]["time_zone"] == "Europe/Istanbul"
    assert api.get(path).json() == answer.json()
    assert api.get("/v1/import-mappings").json()["data"] == [answer.json()]
    assert api.put(path, json=MAPPING).status_code == 200
    changed = api.put(path, json=MAPPING | {"delimiter": ";"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert api.put(path, json=MAPPING, headers={"If-Match": '"1"'}).status_code == 412
    params = {"mapping": "shop", "delimiter": ",", "column": ["category=who"]}
    answer = api.post(PATH, params=params, content=many(2), headers=CSV)
    assert answer.status_code == 202
    assert (answer.json()["mapping"]["delimiter"], answer.json()["mapping"]["columns"]["category"]) == (
        ",",
        "who",
    )
    assert api.post(PATH, params={"mapping": "none"}, content=many(2), headers=CSV).status_code == 404
    assert api.delete(path, headers={"If-Match": '"1"'}).status_code == 412
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == api.delete(path).status_code == 404
    work_off()
    assert api.get(f"{PATH}/{answer.json()['id']}").json()["rows_stored"] == 2


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"columns": {"external_id": "id"}}, "/columns/customer_key"),
        ({"date_format": "%q"}, "/date_format"),
        ({"kind_rules": ["nonsense"]}, "/kind_rules/0"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_an_unusable_mapping_is_not_saved(api: Api, members: dict[str, Any], pointer: str) -> None:
    answer = api.put("/v1/import-mappings/shop", json=MAPPING | members)
    assert answer.status_code == 422
    assert pointer in [found[1] for found in wrong(answer)]
    assert api.get("/v1/import-mappings/shop").status_code == 404


# --- hostile files


def hostile() -> list[Any]:
    named = os.environ.get("VEFA_HOSTILE_CHECKS", "")
    path = Path(named) / "hostile.jsonl"
    if not named or not path.is_file():
        return [pytest.param(None, marks=pytest.mark.skip("unproved: VEFA_HOSTILE_CHECKS is not set"))]
    cases = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [pytest.param(case, id=case["id"]) for case in cases if case["area"] == "csv"]


@pytest.mark.parametrize("case", hostile())
def test_a_hostile_file_is_taken_in_or_refused(
    api: Api, work_off: Callable[[], None], case: dict[str, Any]
) -> None:
    if "raw_b64" in case:
        file = base64.b64decode(case["raw_b64"])
    else:
        file = (case["csv_header"] + "".join(f"{n},a,,\n" for n in range(case["csv_rows"]))).encode()
    columns = [
        "external_id=external_id",
        "customer_key=name",
        "amount=phone",
        "occurred_at=email",
        "category=name",
    ]
    for options in (OPTIONS | {"column": columns}, {}, OPTIONS | {"column": columns, "encoding": "utf-16"}):
        answer = api.post(PATH, params=options, content=file, headers={"Content-Type": case["content_type"]})
        allowed = {"4xx": range(400, 500), "2xx": range(200, 300), "413": [413]}
        assert any(answer.status_code in allowed[expected] for expected in case["expect"]), answer.text
        work_off()
        for row in api.get(PATH).json()["data"]:
            assert row["state"] in ("done", "done_with_refusals", "failed")
            assert row["rows_in"] == accounted(row)
            assert api.get(f"{PATH}/{row['id']}/refused-rows.csv").status_code == 200


@pytest.mark.parametrize("way", ["member", "saved"])
def test_other_values_correct_a_sale_where_update_says_so(
    api: Api, work_off: Callable[[], None], way: str
) -> None:
    send(api, lines(["1,A,10,2026-03-10", "2,A,20,2026-03-10"]))
    work_off()
    refused = send(api, lines(["1,A,11,2026-03-10"])).json()
    work_off()
    [row] = api.get(f"{PATH}/{refused['id']}/refused-rows").json()["data"]
    assert (row["code"], "update=true" in row["detail"]) == ("conflicting_duplicate", True)
    if way == "member":
        answer = send(api, lines(["1,A,11,2026-03-10", "2,A,20,2026-03-10"]), update=True)
    else:
        saved = api.put("/v1/import-mappings/till", json={**MAPPING, "update": True})
        assert saved.json()["mapping"]["update"] is True
        file = lines(["1,A,11,2026-03-10", "2,A,20,2026-03-10"])
        answer = api.post(PATH, params={"mapping": "till"}, content=file, headers=CSV)
    work_off()
    row = api.get(f"{PATH}/{answer.json()['id']}").json()
    assert row["mapping"]["update"] is True
    assert [row[f"rows_{name}"] for name in ("stored", "updated", "repeated", "refused")] == [0, 1, 1, 0]
    amounts = [sale["amount"]["amount"] for sale in api.get("/v1/transactions").json()["data"]]
    assert sorted(amounts) == ["11.00", "20.00"]
    assert api.post(f"{PATH}/{row['id']}/reversals").status_code == 202
    work_off()
    amounts = [sale["amount"]["amount"] for sale in api.get("/v1/transactions").json()["data"]]
    assert sorted(amounts) == ["10.00", "20.00"]


@pytest.mark.parametrize("kind", ["interactions", "customers"])
def test_only_transactions_are_updated_on_demand(api: Api, kind: str) -> None:
    columns = {"interactions": ["external_id=id", "started_at=at", "channel==phone", "direction==inbound"]}
    options = {"kind": kind, "column": columns.get(kind, ["external_id=id"]), "update": True}
    answer = api.post(PATH, params=options, content=b"id,at\n1,2026-03-10\n", headers=CSV)
    assert (answer.status_code, wrong(answer)) == (422, [("query", "update", "not_for_kind")])


def test_imports_that_changed_are_pulled_with_updated_after(api: Api) -> None:
    def pulled(after: str | None = None) -> tuple[list[str], str]:
        asked = {} if after is None else {"updated_after": after}
        page = api.get(PATH, params={"sort": "updated_at", "limit": 1, **asked}).json()
        ids, until = [row["id"] for row in page["data"]], page["complete_until"]
        while page["next_cursor"]:
            again = {"sort": "updated_at", "limit": 1, "cursor": page["next_cursor"], **asked}
            page = api.get(PATH, params=again).json()
            ids += [row["id"] for row in page["data"]]
        return ids, until

    rows = [send(api, many(2, start=start)).json() for start in (0, 10, 20)]
    ids = [row["id"] for row in rows]
    assert pulled()[0] == ids
    last = api.get(PATH, params={"limit": 1}).json()["data"][0]["updated_at"]
    assert pulled(last)[0] == []
    cancelled = api.post(f"/v1/jobs/{rows[1]['job_id']}/cancellations")
    assert cancelled.status_code < 300, cancelled.text
    assert pulled(last)[0] == [ids[1]]
    [shown] = api.get(PATH, params={"updated_after": last}).json()["data"]
    assert (shown["state"], shown["updated_at"] > last) == ("cancelled", True)
    assert pulled()[0] == [ids[0], ids[2], ids[1]]
    assert api.get(PATH, params={"updated_after": "yesterday"}).status_code == 422
