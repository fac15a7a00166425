"""What the documentation shows works, against the demo, on both databases: every operation with the example
of each parameter and of its body; and what it shows of the demo's records is what the demo answers."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import psycopg
import pytest
from documented import Operation, operations, resolved, sent
from record_examples import refreshed, refreshed_all
from sqlalchemy import select
from starlette.testclient import TestClient
from support import Api, Contract

from app.cli.demo import SECRET, TOKEN
from app.demo import load
from app.demo.company import generate
from app.domain.common.access import Actor
from app.domain.events import bodies
from app.domain.events.bodies import Happened
from app.domain.events.event_types import BY_NAME
from app.http.openapi.operations import COMMITTED
from app.jobs.scoring import backtest, replay
from app.jobs.scoring.score import score
from app.main import create_app
from app.schemas.common.examples import recorded
from app.services.events import events
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import Base

OF_WORKERS = {
    *(f"complaint.{what}" for what in ("escalated", "standard_broken", "standard_warned")),
    *(f"promise.{what}" for what in ("broken", "escalated", "made_by_rule", "warned")),
    "compensation.escalated",
    *(f"import.{what}" for what in ("batch_reverted", "batch_stored", "customer_kept", "done", "reverted")),
    *(f"webhook.endpoint_{what}" for what in ("disabled", "failing", "recovered")),
}
OF_COMMANDS = {"api_key.revoked", "api_key.rotated", "audit.accepted", "audit.secret_changed"}
OF_OTHER_BODIES = {"complaint.refused", "incident.updated", "response.completed"}
NOT_SHOWN = OF_WORKERS | OF_COMMANDS | OF_OTHER_BODIES
"""Types of events that follow from no request of the documentation; other tests show them."""

Kept = dict[str, bytes]
UNTIL = date(2026, 11, 23)
RECORDED = {"recorded_at", "created_at", "updated_at", "actor_id"}
"""Members of the demo's records that say when and by whom it was made."""


@pytest.fixture(scope="module")
def kept() -> dict[bool, Kept]:
    """The demo's tables on SQLite (true) and on PostgreSQL, once they were made."""
    return {}


@pytest.fixture
def shown(settings: Settings, actor: Actor, contract: Contract, kept: dict[bool, Kept]) -> Iterator[Api]:
    """The demo, as it is when it was just loaded and scored."""
    if settings.is_sqlite in kept:
        put_tables(settings, kept[settings.is_sqlite])
    else:
        load_and_score(settings, actor)
        kept[settings.is_sqlite] = tables(settings)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield Api(client, TOKEN, contract)


def load_and_score(settings: Settings, actor: Actor) -> None:
    store = Store(settings)
    store.write_sync(load.load, actor, generate(1, UNTIL, 300), TOKEN)
    score(store, actor, store.write_sync(load.start_scoring, actor, date(2026, 11, 24)))
    backtest.run(store, actor, store.write_sync(load.start_backtest, actor, date(2026, 11, 24)))
    replay.run(store, actor, store.write_sync(load.start_replay, actor))
    store.close_sync()


def tables(settings: Settings) -> Kept:
    """All rows: a SQLite file whole, PostgreSQL's table by table."""
    if settings.sqlite_path is not None:
        return {"": settings.sqlite_path.read_bytes()}
    with psycopg.connect(settings.database_url) as tx:
        found = {}
        for table in Base.metadata.sorted_tables:
            with tx.cursor().copy(f"COPY {table.name} TO STDOUT") as rows:
                found[table.name] = b"".join(rows)
        return found


def put_tables(settings: Settings, kept: Kept) -> None:
    """Fill an empty database with rows that were kept."""
    if settings.sqlite_path is not None:
        settings.sqlite_path.write_bytes(kept[""])
        return
    with psycopg.connect(settings.database_url) as tx:
        tx.execute("SET session_replication_role = replica")
        for name, rows in kept.items():
            with tx.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                copy.write(rows)


def test_every_example_works_against_the_demo_in_any_order(
    shown: Api, contract: Contract, settings: Settings
) -> None:
    shuffled = operations(contract.document)
    random.Random(7).shuffle(shuffled)  # noqa: S311 - so that none lives on what another one did
    refused = {}
    for operation in shuffled:
        request = sent(contract.document, operation)
        answer = shown.request(**request)
        if not 200 <= answer.status_code < 300:
            refused[" ".join(operation[:2])] = (answer.status_code, answer.text)
    assert refused == {}
    assert len(shuffled) > 70
    store = Store(settings)
    rows = store.read_sync(lambda tx: tx.execute(select(*events.COLUMNS)).all())
    store.close_sync()
    found = [replace(Happened(*row), sequence=row.position or 1) for row in rows]  # some have no number yet
    assert set(BY_NAME) - {event.type for event in found} == NOT_SHOWN
    assert [wrong for event in found for wrong in errors_of(event)] == []


@cache
def validator(name: str) -> Any:
    document = json.loads(COMMITTED.read_bytes())
    operation = document["webhooks"][name]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    components = {"schemas": document["components"]["schemas"]}
    return jsonschema_rs.Draft202012Validator({**schema, "components": components})


def errors_of(event: Happened) -> list[str]:
    """What of the body of an event is not as the document says."""
    errors = validator(event.type).iter_errors(json.loads(bodies.body(event)))
    return [f"{event.type}: {error.message}" for error in errors]


def tried(document: dict[str, Any], operation: Operation) -> dict[str, Any]:
    """The request that a click on Try it sends: what Swagger UI fills in, and nothing else."""
    request = sent(document, operation)
    said = operation[2]
    filled = {
        parameter["name"]: parameter["example"]
        for parameter in said.get("parameters", ())
        if "example" in parameter
    }
    for place in ("params", "headers"):
        kept = {
            name: value for name, value in request[place].items() if name in filled or name == "Content-Type"
        }
        request[place] = kept
    return request


def renewed(value: Any, suffix: str, name: str = "") -> Any:
    """A body whose own ids are new ones, as `app/static/pages/swagger.js` makes it for each click."""
    if isinstance(value, list):
        return [renewed(item, suffix, name) for item in value]
    if isinstance(value, dict):
        return {
            member: item + suffix
            if isinstance(item, str) and is_own_id(name, member)
            else renewed(item, suffix, member)
            for member, item in value.items()
        }
    return value


def is_own_id(within: str, member: str) -> bool:
    return (
        member == "external_id"
        or (member == "key" and within == "external_ids")
        or (member == "code" and within == "")
    )


def test_a_click_on_try_it_works_and_so_does_a_second_one(shown: Api, contract: Contract) -> None:
    """Of reads and of what makes a new record; a step cannot be taken twice."""
    refused = {}
    for operation in operations(contract.document):
        method, path, said = operation
        makes = method == "POST" and "201" in said["responses"] and not path.rpartition("}")[2]
        if method == "GET" or makes or (method == "POST" and "{" not in path):
            request = tried(contract.document, operation)
            for click in (1, 2):
                if method == "POST":
                    request["json"] = renewed(request.get("json"), f"-{click}")
                answer = shown.request(**request)
                if not 200 <= answer.status_code < 300:
                    refused[f"{method} {path} {click}"] = (answer.status_code, answer.text)
    assert refused == {}


def test_every_body_has_an_example(contract: Contract) -> None:
    bodies = [operation for operation in operations(contract.document) if "requestBody" in operation[2]]
    for operation in bodies:
        request = sent(contract.document, operation)
        assert request.get("json") is not None or request.get("content"), operation[:2]
    assert len(bodies) > 30


def test_every_answer_has_an_example(contract: Contract) -> None:
    document, without = contract.document, set()
    for method, path, said in operations(document):
        for status, answer in said["responses"].items():
            for media_type, content in resolved(document, answer).get("content", {}).items():
                if media_type.endswith("json"):
                    known = content.get("example") or resolved(document, content["schema"]).get("examples")
                    if not known:
                        without.add(f"{method} {path} {status}")
                    elif status[0] > "3":
                        assert (content.get("example") or known[0])["status"] == int(status)
    assert without == set()


def test_every_example_fits_its_schema(contract: Contract) -> None:
    document = contract.document
    looked_at = 0
    for name, schema in document["components"]["schemas"].items():
        validator = jsonschema_rs.Draft202012Validator(
            {**schema, "components": document["components"]}, validate_formats=True
        )
        for example in schema.get("examples", ()):
            assert [error.message for error in validator.iter_errors(example)] == [], name
            looked_at += 1
    assert looked_at > 40


FIGURES = {
    *("CustomerRead", "OverviewRead", "BacktestRead", "ReplayRead"),
    *("CustomerChurnRead", "CustomerLifetimeValueRead", "CustomerProfitRead"),
}
"""Answers with figures over all customers: the demo that the examples are recorded from has more of them."""


def test_the_demo_answers_what_the_documentation_shows(shown: Api, contract: Contract) -> None:
    document = contract.document
    answered = {}
    for operation in operations(document):
        method, path, said = operation
        content = said["responses"].get("200", {}).get("content", {}).get("application/json")
        name = "" if content is None else content["schema"]["$ref"].rpartition("/")[2]
        if method == "GET" and "{" in path and name.endswith("Read"):
            answered[name] = shown.request(**sent(document, operation)).json()
    assert answered.keys() > {"TransactionRead", "SurveyVersionRead", *FIGURES}
    for name, row in answered.items():
        [example] = document["components"]["schemas"][name]["examples"]
        assert row.keys() == example.keys(), name
        when = RECORDED if name not in ("ImportRead", "JobRead", "ScoringRunRead") else set()
        when = {"created_at", "ended_at"} if name == "ScoringRunRead" else when
        told = {member: value for member, value in example.items() if member not in when}
        assert {**row, **told} == row or name in FIGURES, name


def test_the_recorded_examples_are_what_the_demo_of_the_documentation_answers(documented_demo: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{documented_demo}", secret=SECRET)
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        now = refreshed_all(lambda path: client.get(path).raise_for_status().json())
    stale = {name for name, known in recorded().items() if now[name] != known}
    assert stale == set(), "python -m tests.record_examples"
    assert sum(known["request"] is not None for known in now.values()) > 30


def test_what_is_no_longer_answered_is_noticed() -> None:
    shown = {"n": 3, "share": 0.52, "created_at": "2026-11-23T09:30:00Z", "tiers": [{"tier": "B", "n": 1}]}
    now = {"n": 3, "share": 0.5199, "created_at": "2026-12-01T00:00:00Z", "tiers": [{"tier": "A", "n": 9}]}
    tier_b = {"tier": "B", "n": 1}
    assert refreshed(shown, {**now, "tiers": [*now["tiers"], tier_b]}) == shown
    for news in ({"n": 4}, {"share": 0.53}, {"tiers": []}, {"tiers": [{**tier_b, "n": 2}]}, {"more": None}):
        assert refreshed(shown, {**now, "tiers": [tier_b], **news}) != shown, news


def test_serving_reads_no_examples(client: TestClient) -> None:
    recorded.cache_clear()
    assert client.get("/openapi.json").status_code == client.get("/docs").status_code == 200
    assert recorded.cache_info().currsize == 0


def test_examples_belong_together(shown: Api, contract: Contract) -> None:
    schemas = contract.document["components"]["schemas"]
    [customer] = schemas["CustomerRead"]["examples"]
    [answer] = schemas["SurveyResponseRead"]["examples"]
    popped = shown.get("/v1/screen-pop", params={"phone": "0532 123 45 67"}).json()
    assert popped["match"] == "known"
    found = popped["customer"]
    for member in ("id", "name", "external_ids"):
        assert found[member] == customer[member]
    for name in ("TransactionRead", "InteractionRead", "ComplaintRead", "SurveyInvitationRead"):
        assert schemas[name]["examples"][0]["customer_id"] == found["id"] == answer["customer_id"]
    [overview] = schemas["OverviewRead"]["examples"]
    assert found["open_complaints"] == overview["open_complaints"]
    assert found["last_interactions"] == overview["last_interactions"]
    [taken_in], [job] = schemas["ImportRead"]["examples"], schemas["JobRead"]["examples"]
    assert (taken_in["job_id"], taken_in["file_bytes"]) == (job["id"], job["total"])
    number = {"number": "fa9c t7ky"}
    [complaint] = shown.get("/v1/complaints", params=number).json()["data"]
    assert complaint["id"] == schemas["ComplaintRead"]["examples"][0]["id"]
