"""What the columns of a file can become, by the kind of record that its rows are.

Transactions have rules of their own (`app.domain.import_mapping`). Of the other kinds this says only how a
text is read; whether a value is right is said by the resource's own model alone.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class RecordKind(StrEnum):
    """What each row of a file is."""

    TRANSACTIONS = "transactions"
    INTERACTIONS = "interactions"
    COMPLAINTS = "complaints"
    RESPONSES = "responses"


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
    "severity": _SET,
    "our_fault": _SET,
    "owner": _SET,
    "unit": _SET,
    "acknowledged_at": Field(Reading.INSTANT),
    "resolved_at": Field(Reading.INSTANT),
    "closed_at": Field(Reading.INSTANT),
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

FIELDS: Mapping[RecordKind, Mapping[str, Field]] = {
    RecordKind.INTERACTIONS: INTERACTION_FIELDS,
    RecordKind.COMPLAINTS: COMPLAINT_FIELDS,
    RecordKind.RESPONSES: RESPONSE_FIELDS,
}
"""The targets of every kind but transactions; responses have one more for each question."""


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
    return FIELDS[kind].get(target)


def question_of(target: str) -> str | None:
    """The question that a target answers; None when it is no answer."""
    return target.removeprefix(ANSWER) if target.startswith(ANSWER) else None
