"""Make and check the row of a customer, before anything is written."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.common import emails, names, phones
from app.domain.common.access import Actor
from app.domain.common.phones import PhoneError, Problem
from app.domain.customers.customers import (
    MAX_ATTRIBUTES,
    MAX_EXTERNAL_IDS,
    ContactKind,
    contact_key,
    contract_fault,
    normalise_contact,
)
from app.errors import FieldError, InvalidError
from app.schemas.customers.customers import CustomerUpdate
from app.services.customers.scores import CONTRACT
from app.services.platform import rights
from app.store.transactions import Row
from app.store.types import new_id

Identity = tuple[str, str]
"""An external id of a customer: ``(system, key)``."""

NAME_KEY_LENGTH = 100
"""Characters of the folded name that lists are sorted by: cursors and index entries hold them."""

_NOT_A_PHONE = {
    Problem.UNREADABLE: "This is not a telephone number of a known region; write it with the code of its "
    "country, such as +90 532 123 45 67.",
    Problem.LETTERS: "A telephone number is written in digits, such as +90 532 123 45 67, not in letters.",
    Problem.WITHHELD: "This says that there is no number; leave it out.",
    Problem.SEVERAL: "This is more than one telephone number; send each by itself.",
    Problem.ROUNDED: "A spreadsheet has rounded this number and digits are lost; format its column as text "
    "and enter it again.",
    Problem.BEHIND: "What stands behind the number is not understood; write an extension as in "
    "+90 212 555 12 34 ext. 12.",
}


def not_a_contact(kind: str, text: str, regions: tuple[str, ...]) -> str:
    """Say why a text is no contact point of this kind, and what is expected."""
    if kind == ContactKind.PHONE:
        try:
            phones.parse(text, regions)
        except PhoneError as error:
            return _NOT_A_PHONE[error.problem]
        return _NOT_A_PHONE[Problem.UNREADABLE]
    if kind == ContactKind.EMAIL:
        if emails.is_several(text):
            return "This is more than one e-mail address; send each by itself."
        return "This is not an e-mail address; expected is one such as ayse@example.com."
    return "This is not a social handle; expected is one word such as ayse.k."


def new_row(actor: Actor, data: Row, at: datetime, customer_id: UUID) -> Row:
    """The row of a customer that is new at ``at``; ``data`` are members of `CustomerCreate`.

    Raises:
        InvalidError: see `checked` and `contact_points`.
    """
    given = {**data, **contract_columns({}, data["contract"])}
    del given["contract"]
    row = {
        **given,
        "id": customer_id,
        "version": 1,
        "created_at": at,
        "updated_at": at,
        "left_on": data.get("left_on"),
        "left_reason": data.get("left_reason"),
        "created_by_import_id": None,
    }
    row["contact_points"] = contact_points(actor, data["contact_points"], [])
    return checked(actor, row)


def checked(actor: Actor, row: Row) -> Row:
    """Complete derived members.

    Raises:
        InvalidError: a unit the caller may not use, an external id given twice, or too many members.
    """
    if wrong := rights.unit_problems(actor, row["unit"], is_required=True):
        raise InvalidError(fields=wrong)
    pairs = {(entry["system"], entry["key"]) for entry in row["external_ids"]}
    if len(pairs) != len(row["external_ids"]):
        raise InvalidError(
            fields=[FieldError("/external_ids", "repeated", "The same external id is given twice.")]
        )
    for member, most in (("attributes", MAX_ATTRIBUTES), ("external_ids", MAX_EXTERNAL_IDS)):
        if len(row[member]) > most:  # a merge may make more of them than one request can send
            detail, params = "Expected at most {max_length} items.", {"max_length": most}
            raise InvalidError(fields=[FieldError(f"/{member}", "too_long", detail, params=params)])
    row["name_key"] = names.fold(row["name"] or "")[:NAME_KEY_LENGTH]
    row["tags"] = distinct(row["tags"])
    row["do_not_contact"] = distinct(row["do_not_contact"])
    return row


def distinct(words: list[str]) -> list[str]:
    """Tags or channels without repetitions, in order."""
    return list(dict.fromkeys(words))


_BEFORE_START = {
    "ends_on": "A contract cannot end before it starts.",
    "notice_given_on": "Notice cannot be given before the contract starts.",
}


def contract_columns(before: Row, contract: Row | None) -> Row:
    """The columns of a customer's contract after ``contract`` was merged into them; None removes it.

    Raises:
        InvalidError: the contract lacks its start, or one of its days lies before it.
    """
    if contract is None:
        return dict.fromkeys(CONTRACT.values())
    days: Row = {member: contract.get(member, before.get(column)) for member, column in CONTRACT.items()}
    if days["started_on"] is None:
        raise InvalidError(fields=[FieldError("/contract/started_on", "missing", "This member is required.")])
    if (member := contract_fault(**days)) is not None:
        wrong = FieldError(f"/contract/{member}", "before_start", _BEFORE_START[member])
        raise InvalidError(fields=[wrong])
    return {column: days[member] for member, column in CONTRACT.items()}


def merged(attributes: Row, changes: Row) -> Row:
    """Attributes after a merge patch: null removes."""
    return {key: value for key, value in {**attributes, **changes}.items() if value is not None}


def sent(data: CustomerUpdate) -> Row:
    """The members of a patch that were sent, each whole: parts of them left out have their defaults. Only
    of a contract, which is merged, no more than was sent."""
    changes = data.model_dump(mode="python", include=data.model_fields_set)
    if data.contract is not None:
        changes["contract"] = data.contract.model_dump(mode="python", exclude_unset=True)
    return changes


def including(external_ids: list[Row], identity: Row) -> list[Row]:
    """External ids with ``identity`` among them."""
    return external_ids if identity in external_ids else [*external_ids, identity]


def contact_points(actor: Actor, given: list[Row], present: list[Row]) -> list[Row]:
    """Contact points in their stored spelling; one that was there before keeps its id.

    Raises:
        InvalidError: one that cannot be read, or is given twice.
    """
    known = {_identity(point): point["id"] for point in present}
    points: dict[Any, Row] = {}
    wrong: list[FieldError] = []
    for index, point in enumerate(given):
        kind = str(point["kind"])
        try:
            value, extension = normalise_contact(kind, point["value"], actor.company.phone_regions)
        except ValueError:
            detail = not_a_contact(kind, point["value"], actor.company.phone_regions)
            wrong.append(FieldError(f"/contact_points/{index}/value", f"not_a_{kind}", detail))
            continue
        if extension is not None and point["extension"] not in (None, extension):
            detail = "The number names another extension."
            wrong.append(FieldError(f"/contact_points/{index}/extension", "other_extension", detail))
            continue
        stated = {"kind": kind, "value": value, "extension": extension or point["extension"]}
        identity = _identity({**point, **stated})
        if identity in points:
            wrong.append(
                FieldError(f"/contact_points/{index}", "repeated", "The same contact point is given twice.")
            )
        points[identity] = {"id": known.get(identity) or str(new_id()), **point, **stated}
    if wrong:
        raise InvalidError(fields=wrong)
    return list(points.values())


def _identity(point: Row) -> tuple[str, str, str | None]:
    """What makes a contact point the same as another, whatever the case of its letters."""
    kind = str(point["kind"])
    return kind, contact_key(kind, point["value"], point["network"]), point.get("extension")
