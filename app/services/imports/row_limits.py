"""The limits of what a row may hold, by kind of record and target, for the details of refusals."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from app.domain.customers.customers import Channel
from app.domain.imports.targets import RecordKind
from app.services.imports.record_requests import KINDS

Limits = Mapping[str, Any]
"""``limit``: most characters; ``allowed`` and ``first``: values; ``least`` and ``most``: numbers."""

_OF_TRANSACTIONS: Mapping[str, Limits] = {
    "external_id": {"limit": 200},
    "customer_key": {"limit": 200},
    "category": {"limit": 100},
    "channel": {"allowed": ", ".join(Channel), "first": Channel.PHONE.value},
}


@lru_cache(maxsize=500)
def limits(kind: RecordKind, target: str) -> Limits:
    """The limits of a target, as far as its model says them.

    >>> limits(RecordKind.INTERACTIONS, "direction")["allowed"]
    'inbound, outbound'
    """
    if kind is RecordKind.TRANSACTIONS:
        return _OF_TRANSACTIONS.get(target, {})
    if kind not in KINDS:
        return {}
    whole = KINDS[kind].model.model_json_schema()
    member = "customer" if target == "customer_key" else target
    return _of_schema(whole["properties"].get(member, {}), whole.get("$defs", {}))


def _of_schema(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Limits:
    found: dict[str, Any] = {}
    for part in (schema, *schema.get("anyOf", ()), *schema.get("allOf", ())):
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
