"""What a row of an address book says of its customer, piece by piece, and what of it is new."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from app.domain.customers.customers import Lifecycle, contact_key

Row = dict[str, Any]

DEPARTURE = ("lifecycle", "left_on", "left_reason")
"""Members that are nothing without each other."""

_LISTS = frozenset({"contact_points", "external_ids", "tags", "do_not_contact"})
_PARTS = frozenset({"attributes", "contract"})


def pieces(members: Mapping[str, Any], keys: Iterable[tuple[str, str]]) -> Row:
    """Each statement of a row by a name of its own: a value by its member's, an entry of a list by itself.

    >>> pieces({"name": "Ada", "tags": ["vip"], "contract": {"ends_on": "2027-01-01"}}, [("crm", "7")])
    {'name': 'Ada', 'tags vip': True, 'contract ends_on': '2027-01-01', 'external_ids crm:7': True}
    """
    found: Row = {name: value for name, value in members.items() if name not in _LISTS | _PARTS}
    for name in ("tags", "do_not_contact"):
        found |= {f"{name} {word}": True for word in members.get(name) or ()}
    found |= {f"contact_points {_point(point)}": True for point in members.get("contact_points") or ()}
    for name in sorted(_PARTS):
        found |= {f"{name} {part}": value for part, value in (members.get(name) or {}).items()}
    return found | {f"external_ids {system}:{key}": True for system, key in keys}


def only_new(
    members: Mapping[str, Any],
    keys: Iterable[tuple[str, str]],
    new: Collection[str],
    before: Mapping[str, Any],
) -> tuple[Row, list[tuple[str, str]]]:
    """Leave the members and keys of which a row says something new.

    What belongs together is not torn apart: a departure comes whole with a new day or state, its reason alone
    only corrects that of a customer who has left; a contract comes whole where there is none.

    Args:
        new: names of `pieces`.
        before: the customer.
    """
    wanted = {name for name in members if name in new}
    if {"lifecycle", "left_on"} & wanted:
        wanted |= set(DEPARTURE) & members.keys()
    elif before["lifecycle"] != Lifecycle.LEFT and "left_on" in members:
        wanted.discard("left_reason")
    left: Row = {name: value for name, value in members.items() if name in wanted}
    for name in ("tags", "do_not_contact"):
        left[name] = [word for word in members.get(name) or () if f"{name} {word}" in new]
    points = members.get("contact_points") or ()
    left["contact_points"] = [point for point in points if f"contact_points {_point(point)}" in new]
    for name in _PARTS:
        parts = members.get(name) or {}
        left[name] = {part: value for part, value in parts.items() if f"{name} {part}" in new}
    if left["contract"] and before["contract_started_on"] is None:
        left["contract"] = members["contract"]
    return left, [key for key in keys if f"external_ids {key[0]}:{key[1]}" in new]


def _point(point: Mapping[str, Any]) -> str:
    kind, extension = str(point["kind"]), point.get("extension") or ""
    return f"{kind}:{contact_key(kind, point['value'], point.get('network'))}:{extension}"
