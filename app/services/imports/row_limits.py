"""The limits of what a row may hold, by kind of record and target, for the details of refusals."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from app.domain.customers.customers import Channel
from app.domain.imports.targets import PEOPLE, RecordKind
from app.services.imports.people.rows import PEOPLE_MODELS
from app.services.imports.record_requests import KINDS

Limits = Mapping[str, Any]
"""``limit``: most characters; ``allowed`` and ``first``: values; ``least`` and ``most``: numbers;
``example``: a value that fits; ``known_only``: that rows make no customers."""

_OF_TRANSACTIONS: Mapping[str, Limits] = {
    "external_id": {"limit": 200},
    "customer_key": {"limit": 200},
    "category": {"limit": 100},
    "channel": {"allowed": ", ".join(Channel), "first": Channel.PHONE.value},
}


_MEMBERS = {"customer_key": "customer", "external_id": "external_ids", "key": "external_ids"}
_EXAMPLES = {
    "language": "tr",
    "preferred_hours": "9:00-12:30",
    "recording_url": "https://pbx.example.com/recordings/1",
    "unit": "izmir",
    "external_id": "C-000123",
    "customer_key": "C-000123",
    "key.": "C-000123",
    "attribute.": "attribute.newsletter (letters, digits and _ - in the name)",
    "social.": "social.instagram",
    "agent": "ayse.k",
    "owner": "ayse.k",
}
"""What targets look like whose form is not plain."""


@lru_cache(maxsize=500)
def limits(kind: RecordKind, target: str) -> Limits:
    """The limits of a target, as far as its model says them.

    >>> limits(RecordKind.INTERACTIONS, "direction")["allowed"]
    'inbound, outbound'
    >>> limits(RecordKind.CUSTOMERS, "kind")["allowed"]
    'person, organisation'
    """
    if kind is RecordKind.TRANSACTIONS:
        return _OF_TRANSACTIONS.get(target, {})
    whole = (PEOPLE_MODELS[kind] if kind in PEOPLE_MODELS else KINDS[kind].model).model_json_schema()
    base, _, part = target.partition(".")
    found = dict(_of_schema(whole["properties"].get(_MEMBERS.get(base, base), {}), whole.get("$defs", {})))
    example = _EXAMPLES.get(target) or _EXAMPLES.get(f"{base}." if part else base)
    known_only = {"known_only": True} if kind in PEOPLE and target == "customer_key" else {}
    return found | known_only | ({"example": example} if example else {})


def _of_schema(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Limits:
    found: dict[str, Any] = {}
    for part in (schema, *schema.get("anyOf", ()), *schema.get("allOf", ()), schema.get("items", {})):
        if "$ref" in part:
            named = definitions[part["$ref"].rpartition("/")[2]]
            key = named.get("properties", {}).get("key")
            found |= _of_schema(key or named, definitions)
        if "maxLength" in part:
            found["limit"] = part["maxLength"]
        if "enum" in part:
            found |= {"allowed": ", ".join(part["enum"]), "first": part["enum"][0]}
        if "maximum" in part and "minimum" in part:
            found |= {"least": part["minimum"], "most": part["maximum"]}
    return found
