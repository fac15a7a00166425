"""Rows of files about customers: what each says, judged by the models of requests, and storing them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from app.domain.common.access import Actor
from app.domain.customers.contract_statements import OLDEST
from app.domain.customers.customers import ContactKind
from app.domain.imports import address_book_cells as cells
from app.domain.imports.kind_rules import CONTROL
from app.domain.imports.mapping import Mapping as FileMapping
from app.domain.imports.refusals import Refusal, Refused
from app.domain.imports.sources import FLAGS
from app.domain.imports.targets import ATTRIBUTE_TARGET, KEY_TARGET, SOCIAL_TARGET, RecordKind, unnumbered
from app.schemas.imports.rows import (
    ImportedCustomer,
    ImportedDeparture,
    ImportedSnapshot,
    ImportedTerms,
)
from app.services.customers.rows import Identity
from app.services.imports.record_requests import Items
from app.store.transactions import Row

if TYPE_CHECKING:  # it loads polars, for which the API need not wait
    from app.domain.imports.record_rows import ValueRows


PEOPLE_MODELS: Mapping[RecordKind, type[BaseModel]] = {
    RecordKind.CUSTOMERS: ImportedCustomer,
    RecordKind.CONTRACT_TERMS: ImportedTerms,
    RecordKind.DEPARTURES: ImportedDeparture,
}
_NOT_A = {
    ContactKind.PHONE: Refusal.NOT_A_PHONE,
    ContactKind.EMAIL: Refusal.NOT_AN_EMAIL,
    ContactKind.SOCIAL: Refusal.NOT_A_HANDLE,
}
_REASONS = {
    "missing": Refusal.VALUE_MISSING,
    "string_too_long": Refusal.TEXT_TOO_LONG,
    "too_long": Refusal.TOO_MANY,
    "enum": Refusal.UNKNOWN_VALUE,
    "date_range": Refusal.DATE_OUT_OF_RANGE,
    "greater_than_equal": Refusal.OUT_OF_RANGE,
}
_DECIMAL_COMMA = re.compile(r"[+-]?([0-9]{1,3}([.][0-9]{3})+|[0-9]{1,15})(,[0-9]{1,15})?")
_CONTRACT = ("started_on", "ends_on", "notice_given_on")


class Wrong(Exception):  # noqa: N818 - it is what is wrong with a row, not with the program
    """A row that is refused: the reason and the target it is about."""

    def __init__(self, code: Refusal, target: str = "") -> None:
        super().__init__(code)
        self.code, self.target = code, target


@dataclass(slots=True)
class StatedRow:
    """What a row says: the model it became, and the target that each of its keys came from."""

    item: Any
    keys: dict[Identity, str] = field(default_factory=dict)


def prepare(actor: Actor, mapping: FileMapping, rows: "ValueRows") -> Items:
    """Make of each row what a request would carry, or refuse it."""
    made = Items([], [], [], list(rows.refused), rows.rows_in)
    for line, values in zip(rows.line, rows.values, strict=True):
        try:
            made.items.append(_state(actor.company.phone_regions, mapping, values))
            made.line.append(line)
        except Wrong as wrong:
            made.refused.append(Refused(line, wrong.code, wrong.target))
    made.refused.sort()
    return made


def wrong_texts(mapping: FileMapping, texts: Mapping[str, str]) -> set[str]:
    """The targets among these that no row can have with these texts."""
    found = set()
    others: Row = {"age": 0, "left": False} if mapping.snapshot_on else {}
    for target, text in texts.items():
        value: Any = text.strip()
        if mapping.snapshot_on and target == "left":
            value = FLAGS.get(value.lower(), value)
        try:
            _state((), mapping, {**others, target: value})
        except Wrong as wrong:
            if wrong.target == target and wrong.code in (
                Refusal.UNKNOWN_VALUE,
                Refusal.INVALID_VALUE,
                Refusal.TEXT_TOO_LONG,
            ):
                found.add(target)
    return found


# --- inside


def _state(regions: tuple[str, ...], mapping: FileMapping, values: Row) -> StatedRow:
    given = {target: value for target, value in values.items() if value is not None}
    keys: dict[Identity, str] = {}
    if mapping.kind is RecordKind.CUSTOMERS:
        wire = _customer(regions, mapping, given, keys)
    else:
        wire = {name: _spelled(value) for name, value in given.items() if name != "customer_key"}
        wire["customer"] = {"system": mapping.customer_system, "key": given.get("customer_key", "-")}
    if mapping.kind is RecordKind.CONTRACT_TERMS:
        named = [name for name in wire if name.startswith(ATTRIBUTE_TARGET)]
        attributes = {
            name.removeprefix(ATTRIBUTE_TARGET): _number_or_text(mapping, wire.pop(name)) for name in named
        }
        wire["attributes"] = attributes
        if not mapping.snapshot_on:
            contract = {name: wire.pop(name) for name in _CONTRACT if name in wire}
            wire["contract"] = contract or None
    model = ImportedSnapshot if mapping.snapshot_on else PEOPLE_MODELS[mapping.kind]
    try:
        stated = StatedRow(model.model_validate(wire), keys)
    except ValidationError as error:
        raise _wrong(error, given, list(keys.values())) from None
    if mapping.snapshot_on and stated.item.age > OLDEST[mapping.unit]:
        raise Wrong(Refusal.OUT_OF_RANGE, "age")
    return stated


def _number_or_text(mapping: FileMapping, text: str) -> str:
    """Text of an attribute; a number with the decimal mark of the file has a point."""
    if mapping.decimal_comma and _DECIMAL_COMMA.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    return text


def _customer(regions: tuple[str, ...], mapping: FileMapping, given: Row, keys: dict[Identity, str]) -> Row:
    """A row of an address book as a request would carry it; its keys go into ``keys``."""
    wire: Row = {}
    points: dict[tuple[Any, ...], Row] = {}
    for target, value in given.items():
        base = unnumbered(target)
        prefix, _, name = base.partition(".")
        if base in ("phone", "email") or base.startswith(SOCIAL_TARGET):
            network = name or None
            for point in _points(ContactKind(prefix), base, value, regions):
                points[point["kind"], point["value"].lower(), network, point["extension"]] = {
                    **point,
                    "network": network,
                }
        elif base == "external_id":
            keys.setdefault((mapping.customer_system, value), target)
        elif base.startswith(KEY_TARGET):
            keys.setdefault((name, value), target)
        elif base.startswith(ATTRIBUTE_TARGET):
            wire.setdefault("attributes", {})[name] = value
        elif prefix == "contract":
            wire.setdefault("contract", {})[name] = _spelled(value)
        elif base in ("tags", "do_not_contact"):
            wire[base] = list(dict.fromkeys([*wire.get(base, []), *cells.words(value)]))
        elif base == "preferred_hours":
            wire[base] = cells.hours(value)
            if wire[base] is None:
                raise Wrong(Refusal.INVALID_VALUE, target)
        else:
            wire[base] = value.lower() if base == "language" else _spelled(value)
    if "name" not in wire and (parts := [given[n] for n in ("given_name", "family_name") if n in given]):
        wire["name"] = " ".join(parts)
    if points:
        order = list(ContactKind)
        wire["contact_points"] = sorted(points.values(), key=lambda point: order.index(point["kind"]))
    if keys:
        wire["external_ids"] = [{"system": system, "key": key} for system, key in keys]
    return wire


def _points(kind: ContactKind, target: str, text: str, regions: tuple[str, ...]) -> list[Row]:
    try:
        found = cells.contacts(kind, text, regions)
    except ValueError:
        raise Wrong(_NOT_A[kind], target) from None
    return [{"kind": kind.value, "value": value, "extension": extension} for value, extension in found]


def _spelled(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _wrong(error: ValidationError, given: Row, key_targets: list[str]) -> Wrong:
    first = error.errors(include_url=False)[0]
    loc = [str(part) for part in first["loc"]]
    target = loc[0] if loc else ""
    if target in ("attributes", "contract") and len(loc) > 1 and f"{target[:9]}.{loc[1]}" in given:
        target = f"{target[:9]}.{loc[1]}"
    elif target == "contract" and len(loc) > 1:
        target = loc[1] if "customer_key" in given else f"contract.{loc[1]}"
    elif target == "external_ids" and len(loc) > 1 and int(loc[1]) < len(key_targets):
        target = key_targets[int(loc[1])]
    elif target == "customer":
        target = "customer_key"
    elif target == "contact_points":
        target = "phone"
    text = given.get(target)
    if first["type"].startswith("string_pattern") and isinstance(text, str) and CONTROL.search(text):
        return Wrong(Refusal.CONTROL_CHARACTER, target)
    return Wrong(_REASONS.get(first["type"], Refusal.INVALID_VALUE), target)
