"""The ``webhooks`` of the OpenAPI document: what receivers are sent, made of the catalogue of events."""

from collections.abc import Mapping
from typing import Any

from app.domain.events import bodies
from app.domain.events.event_types import EVENT_TYPES, EventType, Member
from app.http.openapi.components import JSON, Schema

_SEQUENCE = 4711
_EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10"
_TEXT: Schema = {"type": "string", "maxLength": 100, "pattern": r"^[^\x00]*$"}
_ID: Schema = {"type": "string", "format": "uuid", "maxLength": 36}
_KINDS: dict[Member, Schema] = {
    Member.ID: {"anyOf": [_ID, {"type": "null"}]},
    Member.CODE: {"type": "string", "maxLength": 64, "pattern": r"^[a-z0-9_]*$"},
    Member.COUNT: {"type": "integer", "minimum": 0, "maximum": 2**53},
}
_EXAMPLES: dict[Member, Any] = {Member.ID: _EXAMPLE_ID, Member.CODE: "resolved", Member.COUNT: 1}


def schema_name(kind: EventType) -> str:
    """The name of the schema of a type's body: ``CustomerCreatedEvent``."""
    return "".join(word.title() for word in kind.name.replace(".", "_").split("_")) + "Event"


def schemas() -> Schema:
    """The schema of each type's body by its name."""
    return {"EventData": _data({}), **{schema_name(kind): _schema(kind) for kind in EVENT_TYPES}}


def webhooks() -> Schema:
    """What is sent, by the name of the type."""
    return {kind.name: {"post": _operation(kind)} for kind in EVENT_TYPES}


def _data(members: Mapping[str, Member]) -> Schema:
    common: Schema = {
        "id": {**_TEXT, "description": "Id or code of the thing."},
        "customer_id": {"anyOf": [_ID, {"type": "null"}], "description": "Whose it is; null: nobody's."},
        "members": {
            "type": "array",
            "maxItems": bodies.MAX_MEMBERS,
            "items": _TEXT,
            "description": "Names of members that changed.",
        },
        "version": {
            "anyOf": [{"type": "integer", "minimum": 1, "maximum": 2**31 - 1}, {"type": "null"}],
            "description": "Of the thing after this event; null where it has none, or nobody noted it.",
        },
    }
    further = {name: _KINDS[member] for name, member in members.items()}
    return {"type": "object", "properties": {**common, **further}, "required": list(common)}


def _schema(kind: EventType) -> Schema:
    return {
        "type": "object",
        "description": kind.about,
        "properties": {
            "type": {"type": "string", "enum": [kind.name]},
            "timestamp": {"type": "string", "format": "date-time"},
            "sequence": {"type": "integer", "minimum": 1, "maximum": 2**53},
            "data": _data(kind.data) if kind.data else {"$ref": "#/components/schemas/EventData"},
        },
        "required": ["type", "timestamp", "sequence", "data"],
        "examples": [_example(kind)],
    }


def _example(kind: EventType) -> Schema:
    return {
        "type": kind.name,
        "timestamp": "2026-11-23T09:30:00.000000Z",
        "sequence": _SEQUENCE,
        "data": {
            "id": _EXAMPLE_ID,
            "customer_id": None,
            "members": [],
            "version": 1 if kind.is_new else None,
            **{name: _EXAMPLES[member] for name, member in kind.data.items()},
        },
    }


def _operation(kind: EventType) -> Schema:
    internal = " Only sent to endpoints that name this type." if kind.is_internal else ""
    return {
        "operationId": f"on{schema_name(kind)}",
        "summary": kind.about.removesuffix("."),
        "description": f"{kind.about}{internal}\n\nThe key of the endpoint needs the scope `{kind.scope}`.",
        "tags": ["Events"],
        "security": [],
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{schema_name(kind)}"}}},
        },
        "responses": {
            "204": {"description": "Taken in; any 2xx says so."},
            "410": {"description": "Send nothing here any more: the endpoint is disabled."},
        },
    }
