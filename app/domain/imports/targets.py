"""What the columns of a file can become, by the kind of record that its rows are.

Transactions have rules of their own (`app.domain.imports.mapping`). Of the other kinds this says only how a
text is read; whether a value is right is said by the resource's own model alone.
"""

import re
from collections.abc import Container, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class RecordKind(StrEnum):
    """What each row of a file is."""

    TRANSACTIONS = "transactions"
    INTERACTIONS = "interactions"
    COMPLAINTS = "complaints"
    RESPONSES = "responses"
    CUSTOMERS = "customers"
    CONTRACT_TERMS = "contract-terms"
    DEPARTURES = "departures"


PEOPLE = frozenset({RecordKind.CUSTOMERS, RecordKind.CONTRACT_TERMS, RecordKind.DEPARTURES})
"""Kinds whose rows say something of customers, and so may change what is known of them."""


class Target(StrEnum):
    """What a column of a file of transactions can become."""

    EXTERNAL_ID = "external_id"
    CUSTOMER_KEY = "customer_key"
    KIND = "kind"
    AMOUNT = "amount"
    CURRENCY = "currency"
    OCCURRED_AT = "occurred_at"
    CATEGORY = "category"
    CHANNEL = "channel"
    COST = "cost"


class Reading(StrEnum):
    """How the text of a column is read."""

    TEXT = "text"
    INSTANT = "instant"
    WHOLE = "whole"
    FLAG = "flag"
    DAY = "day"
    """A local day, as it is written."""
    WORDS = "words"
    """Text that several columns may make together, with a blank between them."""
    ANSWER = "answer"
    """By the kind of the question."""


class Field(NamedTuple):
    """One target: how it is read, whether every row must have it, where it may come from."""

    reading: Reading = Reading.TEXT
    required: bool = False
    constant: bool = True
    column: bool = True


ANSWER = "answer."
"""What the targets of answers begin with; the code of the question follows."""

LINKS: Mapping[str, str] = MappingProxyType(
    {
        "interaction_external_id": "interaction_id",
        "complaint_external_id": "complaint_id",
        "transaction_external_id": "transaction_id",
    }
)
"""Target that names a record by its external id -> member that holds the record's id."""

LINKED_SOURCE = "linked_source"
"""The system of the records that rows are linked to, where it is another than that of the rows."""

_ID = Field(required=True, constant=False)
"""``=row`` apart, a constant would make all rows one record."""

_KEY = Field(required=True)
_SET = Field()
_MUST = Field(required=True)
_ANSWER = Field(Reading.ANSWER)
_ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ANSWER_NAME = re.compile(r"answer\.[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

INTERACTION_FIELDS: Mapping[str, Field] = {
    "external_id": _ID,
    "customer_key": Field(),
    "phone": Field(),
    "started_at": Field(Reading.INSTANT, required=True),
    "ended_at": Field(Reading.INSTANT),
    "channel": _MUST,
    "direction": _MUST,
    "purpose": _SET,
    "phase": _SET,
    "agent": _SET,
    "unit": _SET,
    "wait_seconds": Field(Reading.WHOLE),
    "talk_seconds": Field(Reading.WHOLE),
    "hold_seconds": Field(Reading.WHOLE),
    "wrap_seconds": Field(Reading.WHOLE),
    "disposition": _SET,
    "topic": _SET,
    "resolved_on_first_contact": Field(Reading.FLAG),
    "sentiment": _SET,
    "notes": Field(),
    "recording_url": Field(),
}

COMPLAINT_FIELDS: Mapping[str, Field] = {
    "external_id": _ID,
    "customer_key": _KEY,
    "received_at": Field(Reading.INSTANT, required=True),
    "subject": _MUST,
    "text": Field(),
    "channel": _SET,
    "category": _SET,
    "product": _SET,
    "phase": _SET,
    "severity": _SET,
    "our_fault": _SET,
    "owner": _SET,
    "unit": _SET,
    "acknowledged_at": Field(Reading.INSTANT),
    "resolved_at": Field(Reading.INSTANT),
    "confirmed_at": Field(Reading.INSTANT),
    "closed_at": Field(Reading.INSTANT),
    "state": _SET,
    "changed_at": Field(Reading.INSTANT),
    "resolution": Field(),
    "interaction_external_id": Field(),
    LINKED_SOURCE: Field(column=False),
}

RESPONSE_FIELDS: Mapping[str, Field] = {
    "external_id": _ID,
    "customer_key": Field(),
    "survey": Field(required=True, column=False),
    "survey_version": Field(Reading.WHOLE, column=False),
    "answered_at": Field(Reading.INSTANT, required=True),
    "channel": _SET,
    "agent": _SET,
    "unit": _SET,
    "phase": _SET,
    "category": _SET,
    "language": _SET,
    "interaction_external_id": Field(),
    "complaint_external_id": Field(),
    "transaction_external_id": Field(),
    LINKED_SOURCE: Field(column=False),
}

CUSTOMER_FIELDS: Mapping[str, Field] = {
    "external_id": Field(constant=False),
    "name": Field(Reading.WORDS, constant=False),
    "given_name": Field(constant=False),
    "family_name": Field(constant=False),
    "kind": Field(constant=True),
    "phone": Field(constant=False),
    "email": Field(constant=False),
    "language": Field(constant=True),
    "preferred_channel": Field(constant=True),
    "preferred_hours": Field(constant=True),
    "do_not_contact": Field(constant=True),
    "unit": Field(constant=True),
    "tags": Field(constant=True),
    "born_on": Field(Reading.DAY, constant=False),
    "customer_since_on": Field(Reading.DAY, constant=True),
    "lifecycle": Field(constant=True),
    "left_on": Field(Reading.DAY, constant=True),
    "left_reason": Field(constant=True),
    "contract.started_on": Field(Reading.DAY, constant=True),
    "contract.ends_on": Field(Reading.DAY, constant=True),
    "contract.notice_given_on": Field(Reading.DAY, constant=True),
}

TERMS_FIELDS: Mapping[str, Field] = {
    "customer_key": Field(required=True, constant=False),
    "known_on": Field(Reading.DAY, required=True, constant=True),
    "started_on": Field(Reading.DAY, constant=True),
    "ends_on": Field(Reading.DAY, constant=True),
    "notice_given_on": Field(Reading.DAY, constant=True),
}

SNAPSHOT_FIELDS: Mapping[str, Field] = {
    "customer_key": Field(required=True, constant=False),
    "age": Field(Reading.WHOLE, required=True, constant=False),
    "left": Field(Reading.FLAG, required=True, constant=False),
}
"""Targets of contract terms that show contracts on one day, without days of their own."""

DEPARTURE_FIELDS: Mapping[str, Field] = {
    "customer_key": Field(required=True, constant=False),
    "left_on": Field(Reading.DAY, required=True, constant=True),
    "reason": Field(constant=True),
}

KEY_TARGET, ATTRIBUTE_TARGET, SOCIAL_TARGET = "key.", "attribute.", "social."
"""What targets begin with that name a system, an attribute or a network behind it."""

_PREFIXES: Mapping[str, Field] = {
    KEY_TARGET: Field(constant=False),
    ATTRIBUTE_TARGET: Field(constant=True),
    SOCIAL_TARGET: Field(constant=False),
}
_NUMBERED = re.compile(r"(phone|email|tags|social\.[^.=]+)\.([2-9]|[1-9][0-9])")

FIELDS: Mapping[RecordKind, Mapping[str, Field]] = {
    RecordKind.INTERACTIONS: INTERACTION_FIELDS,
    RecordKind.COMPLAINTS: COMPLAINT_FIELDS,
    RecordKind.RESPONSES: RESPONSE_FIELDS,
    RecordKind.CUSTOMERS: CUSTOMER_FIELDS,
    RecordKind.CONTRACT_TERMS: {**TERMS_FIELDS, **SNAPSHOT_FIELDS},
    RecordKind.DEPARTURES: DEPARTURE_FIELDS,
}
"""The targets of every kind but transactions; responses have one more for each question, customers for each
key, attribute and network, contract terms for each attribute."""


def fields_of(kind: RecordKind, *, is_snapshot: bool) -> Mapping[str, Field]:
    """The targets of a kind but transactions; contract terms have others where they are a snapshot."""
    if kind is not RecordKind.CONTRACT_TERMS:
        return FIELDS[kind]
    return SNAPSHOT_FIELDS if is_snapshot else TERMS_FIELDS


def names(kind: RecordKind) -> list[str]:
    """The targets of a kind, but for those of answers."""
    return [target.value for target in Target] if kind is RecordKind.TRANSACTIONS else list(FIELDS[kind])


def find(kind: RecordKind, target: str) -> Field | None:
    """How a target of any kind but transactions is read; None when there is no such target.

    >>> find(RecordKind.RESPONSES, "answer.recommend").reading
    <Reading.ANSWER: 'answer'>
    """
    if kind is RecordKind.RESPONSES and _ANSWER_NAME.fullmatch(target):
        return _ANSWER
    if kind is RecordKind.CUSTOMERS and "." in target and target not in CUSTOMER_FIELDS:
        base = unnumbered(target)
        prefix, _, name = base.partition(".")
        return (_PREFIXES.get(f"{prefix}.") if 0 < len(name) <= 64 else None) or CUSTOMER_FIELDS.get(base)
    if kind is RecordKind.CONTRACT_TERMS and target.startswith(ATTRIBUTE_TARGET):
        name = target.removeprefix(ATTRIBUTE_TARGET)
        return _PREFIXES[ATTRIBUTE_TARGET] if _ATTRIBUTE_NAME.fullmatch(name) else None
    return FIELDS[kind].get(target)


def unnumbered(target: str) -> str:
    """The target that a further source of it stands for: ``phone`` of ``phone.2``."""
    match = _NUMBERED.fullmatch(target)
    return match[1] if match else target


def further(kind: RecordKind, target: str, present: Container[str]) -> str | None:
    """The name that a further source of a target of which ``present`` has one stands under; None where a
    target can have only one.

    >>> further(RecordKind.CUSTOMERS, "phone", ["phone", "phone.2"])
    'phone.3'
    """
    if kind is not RecordKind.CUSTOMERS or not _NUMBERED.fullmatch(f"{target}.2"):
        return None
    return next((name for n in range(2, 100) if (name := f"{target}.{n}") not in present), None)


def question_of(target: str) -> str | None:
    """The question that a target answers; None when it is no answer."""
    return target.removeprefix(ANSWER) if target.startswith(ANSWER) else None
