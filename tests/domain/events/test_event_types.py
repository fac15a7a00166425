"""The catalogue of events has every type that the code records."""

import ast
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from uuid import uuid4

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_architecture import parsed, real_sources

from app.domain.common.access import Actor, Scope
from app.domain.events import bodies
from app.domain.events.bodies import Happened
from app.domain.events.event_types import BY_NAME, EVENT_TYPES, visible_types
from app.domain.promises.promises import PromiseEventKind
from app.domain.recovery.complaints import EventKind
from app.http.openapi import webhooks
from app.http.openapi.operations import COMMITTED
from app.services.standards import ladder

RECORDERS = {"record": 2, "record_all": 2, "store": 0, "_apply": 4, "_note": 2, "_finish": 2}
"""Functions that record an event, and at which place they are told its type (or a part of it)."""

COMPUTED = {
    "services.platform.api_keys": {f"api_key.{what}" for what in ("created", "revoked", "rotated")},
    "services.recovery.steps": {f"complaint.{kind.value}" for kind in EventKind},
    "services.recovery.transfers": {
        f"{kind}.transferred" for kind in ("complaint", "interaction", "transaction")
    },
    "services.recovery.links": {f"complaint.{kind.value}" for kind in EventKind},
    "services.recovery.learning": {"incident.prevention_done"},
    "services.platform.by_code": {
        f"{thing}.saved" for thing in ("unit", "agent", "role", "complaint_category", "complaint_cause")
    },
    "services.compensations.requests": {"compensation.approved", "compensation.denied"},
    "services.follow_ups.actions": {"complaint.opened_by_rule", "promise.made_by_rule"},
    "services.promises.ladder": {f"promise.{what}" for what in ("warned", "broken", "escalated")},
    "services.promises.releases": {"promise.handed_over", "promise.transferred"},
    "services.promises.steps": {f"promise.{kind.value}" for kind in PromiseEventKind},
    "services.standards.ladder": set(ladder.ACTIONS.values()),
    "services.standards.versions": {"calendar.saved", "standard.saved", "escalation_rule.saved"},
    "demo.load": {"demo.made"},
    "jobs.events.lane": {f"webhook.endpoint_{what}" for what in ("disabled", "failing", "recovered")},
    "services.events.deliveries": {"webhook.test"},
}
"""Types that are put together where they are recorded, by module."""

PASSED_ON = {"services.platform.changes", "services.customers.customers", "store.audit.trail"}
"""Modules in which a function records the type that its caller says."""

NO_EVENTS = {"http.access.read_audit"}
"""Modules whose entries are no events."""


def recorded(sources: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """Modules, and the types they record; None for a type that is put together there."""
    for module, text in sources.items():
        name = module.removeprefix("app.")
        if "trail" not in text and ".store(" not in text:
            continue
        for node in ast.walk(parsed(text)):
            if isinstance(node, ast.Call) and (said := _type_said(node)) is not None:
                if isinstance(said, ast.Constant) and isinstance(said.value, str) and "." in said.value:
                    yield name, said.value
                elif not isinstance(said, ast.Constant):
                    yield name, None


def _type_said(call: ast.Call) -> ast.expr | None:
    for word in call.keywords:
        if word.arg == "action":
            return word.value
    called = call.func
    if not isinstance(called, ast.Attribute):
        return None
    owner = getattr(called.value, "id", "")
    if called.attr in ("record", "record_all") and owner == "trail":
        return call.args[2]
    if called.attr == "store" and owner == "change":
        return call.args[0]
    return None


def test_every_type_that_is_recorded_is_in_the_catalogue() -> None:
    known, computing = set(COMPUTED) | PASSED_ON | NO_EVENTS, set()
    lacking = set()
    for module, said in recorded(real_sources()):
        if said is None:
            computing.add(module)
        elif said not in BY_NAME:
            lacking.add(said)
    lacking |= {said for types in COMPUTED.values() for said in types if said not in BY_NAME}
    assert not lacking, f"add lines to app/domain/events/event_types.py: {sorted(lacking)}"
    assert not computing - known, f"say in COMPUTED which types they record: {sorted(computing - known)}"


def test_a_planted_type_is_noticed() -> None:
    planted = 'def f(tx, actor):\n    trail.record(tx, actor, "planet.discovered", 1)'
    assert list(recorded({"app.services.planets": planted})) == [("services.planets", "planet.discovered")]
    computed = 'def f(tx, actor, what):\n    change.store(f"planet.{what}", {})  # trail'
    assert list(recorded({"app.services.planets": computed})) == [("services.planets", None)]


def test_names_are_unique_and_every_kind_of_a_complaint_has_one() -> None:
    assert len(BY_NAME) == len(EVENT_TYPES)
    assert {f"complaint.{kind.value}" for kind in EventKind} <= BY_NAME.keys()


def test_internal_types_are_seen_by_those_who_may_and_who_name_them() -> None:
    everybody = Actor("key:a", frozenset(Scope))
    assert not [known for known in visible_types(everybody) if known.is_internal]
    assert [known.name for known in visible_types(everybody, ["api_key.created"])] == ["api_key.created"]
    without = Actor("key:b", frozenset(Scope) - {Scope.WEBHOOKS_ADMIN})
    assert visible_types(without, ["api_key.created"]) == []
    assert visible_types(Actor("key:c", frozenset({Scope.EVENTS_READ}))) == []


def happened(name: str, **more: object) -> Happened:
    kind = BY_NAME[name]
    data = {member: webhooks._EXAMPLES[what] for member, what in kind.data.items()}
    at = datetime(2026, 11, 23, 9, 30, 0, 5, tzinfo=UTC)
    given_data = {"members": [], **data, **more}
    return Happened(uuid4(), 7, name, at, "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10", None, given_data)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_the_body_of_each_type_is_as_the_openapi_document_says(name: str) -> None:
    document = json.loads(COMMITTED.read_bytes())
    operation = document["webhooks"][name]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    components = {"schemas": document["components"]["schemas"]}
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": components})
    told = json.loads(bodies.body(happened(name)))
    assert [error.message for error in validator.iter_errors(told)] == []
    assert told["timestamp"] == "2026-11-23T09:30:00.000005Z"


def test_nothing_but_declared_members_is_told() -> None:
    told = bodies.document(happened("customer.updated", version=4, label="Ayşe Yılmaz", phone="+90532"))
    assert told["data"] == {
        "id": "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10",
        "customer_id": None,
        "members": [],
        "version": 4,
    }


@given(st.lists(st.text(max_size=300), max_size=300), st.text(max_size=1000))
def test_no_body_is_larger_than_20_kb(members: list[str], object_id: str) -> None:
    event = happened("customer.updated", members=members)
    large = Happened(event.id, 2**53, event.type, event.at, object_id, uuid4(), event.data)
    body = bodies.body(large)
    assert body.isascii()
    assert len(body) <= bodies.MAX_BYTES
