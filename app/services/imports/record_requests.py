"""Rows of a file as what requests would carry: interactions, complaints and responses.

They are judged and recorded by the same models and services as requests
(docs/decisions/0010-imported-records.md); what those say is told here as a reason and the column it is about.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import compress
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from app.domain.imports import help_desks
from app.domain.imports.kind_rules import CONTROL
from app.domain.imports.mapping import Mapping as FileMapping
from app.domain.imports.refusals import Refusal, Refused
from app.domain.imports.sources import FLAGS, NO_CONSTANT, MappingProblem
from app.domain.imports.targets import ANSWER, LINKED_SOURCE, LINKS, Reading, RecordKind, find, question_of
from app.domain.surveys.surveys import AnswerFault, Question, member_of
from app.errors import AppError, FieldError
from app.schemas.activity.interactions import InteractionCreate
from app.schemas.common.base import Input
from app.schemas.recovery.complaints import ComplaintOfFile
from app.schemas.surveys.responses import SurveyResponseOfFile
from app.services.activity import interactions
from app.services.recovery import complaints
from app.services.surveys import responses
from app.store.tables import Base, Complaint, Interaction, SurveyResponse
from app.store.transactions import Row

if TYPE_CHECKING:  # it loads polars, for which the API need not wait
    from app.domain.imports.record_rows import ValueRows


@dataclass(frozen=True, slots=True)
class Kind:
    """How the rows of one kind of file are recorded.

    Args:
        model: what a request would carry.
        create_many: records many of them.
        exists: code of the refusal of what is stored already.
        table: where they are stored.
    """

    model: type[Input]
    create_many: Callable[..., list[Row | AppError]]
    exists: str
    table: type[Base]


KINDS: Mapping[RecordKind, Kind] = {
    RecordKind.INTERACTIONS: Kind(
        InteractionCreate, interactions.create_many, "interaction_exists", Interaction
    ),
    RecordKind.COMPLAINTS: Kind(ComplaintOfFile, complaints.create_many, "complaint_exists", Complaint),
    RecordKind.RESPONSES: Kind(
        SurveyResponseOfFile, responses.create_many, "response_exists", SurveyResponse
    ),
}


@dataclass(frozen=True, slots=True)
class Items:
    """Rows of a batch that can be recorded; ``rows_in == len(items) + len(refused)``.

    ``linked`` says of each which records it is about: member (``interaction_id``) -> external id.
    """

    line: list[int]
    items: list[Any]
    linked: list[dict[str, str]]
    refused: list[Refused]
    rows_in: int

    def where(self, wanted: Sequence[bool]) -> "Items":
        """Keep some rows."""
        line, items, linked = (
            list(compress(column, wanted)) for column in (self.line, self.items, self.linked)
        )
        return replace(self, line=line, items=items, linked=linked)


def prepare(mapping: FileMapping, rows: "ValueRows", questions: Mapping[str, Question]) -> Items:
    """Make of each row what a request would carry, or refuse it.

    Args:
        questions: by code, of the survey that responses answer.
    """
    model = KINDS[mapping.kind].model
    made = Items([], [], [], list(rows.refused), rows.rows_in)
    for line, values in zip(rows.line, rows.values, strict=True):
        try:
            item = model.model_validate(_wire(mapping, values, questions))
        except ValidationError as error:
            made.refused.append(Refused(line, *_reason_of_model(error, values)))
            continue
        made.line.append(line)
        made.items.append(item)
        made.linked.append({member: values[key] for key, member in LINKS.items() if values.get(key)})
    made.refused.sort()
    return made


def constant_problems(
    mapping: FileMapping, wrong: Callable[[FileMapping, Mapping[str, str]], set[str]]
) -> list[MappingProblem]:
    """Say which constants and values of a mapping no record can have; ``wrong`` gives the targets that cannot
    have these texts."""
    if mapping.kind is RecordKind.TRANSACTIONS:
        return []
    constants = {target: constant for target in mapping.columns if (constant := mapping.constant(target))}
    unfit = wrong(mapping, constants)
    problems = [MappingProblem(f"/columns/{target}", "bad_source", NO_CONSTANT) for target in sorted(unfit)]
    problems += [
        MappingProblem(f"/values/{index}", "bad_value", NO_CONSTANT)
        for index, rule in enumerate(mapping.values)
        if rule.value and wrong(mapping, {rule.target: rule.value})
    ]
    return problems


def wrong_texts(mapping: FileMapping, texts: Mapping[str, str]) -> set[str]:
    """The targets among these that no record can have with these texts."""
    values: Row = {}
    for target, text in texts.items():
        field = find(mapping.kind, target)
        if field is None or target == "external_id" or field.reading in (Reading.INSTANT, Reading.ANSWER):
            continue
        values[target] = text.strip()
        if field.reading is Reading.WHOLE and text.strip().isdecimal():
            values[target] = int(text)
        elif field.reading is Reading.FLAG:
            values[target] = FLAGS.get(text.strip().lower())
    try:
        KINDS[mapping.kind].model.model_validate(_wire(mapping, values, {}))
    except ValidationError as error:
        return {_target(one["loc"], ()) for one in error.errors(include_url=False)} & values.keys()
    return set()


def reason(item: Any, error: AppError) -> tuple[Refusal, str]:
    """Why an item was not recorded, and the target it is about."""
    if not error.fields:
        return _REASONS.get(error.code, Refusal.INVALID_VALUE), _ABOUT.get(error.code, "")
    field = error.fields[0]
    if field.code == "unit_not_allowed" and (item.customer or item.customer_id):
        return Refusal.OTHER_UNIT, "unit"
    return _REASONS.get(field.code, Refusal.INVALID_VALUE), _target_of(field, getattr(item, "answers", ()))


# --- inside


def _wire(mapping: FileMapping, values: Row, questions: Mapping[str, Question]) -> Row:
    """A row as a request would carry it."""
    wire: Row = {"source": mapping.source}
    if mapping.kind is RecordKind.COMPLAINTS:
        values = help_desks.settled(values)
        wire["keep_history"] = mapping.keep_history
    answers = []
    for target, value in values.items():
        question = question_of(target)
        if question is not None:
            answers.append(_answer(questions[question], value))
        elif value is None or target in LINKS or target == LINKED_SOURCE:
            continue
        elif target == "customer_key":
            wire["customer"] = {"system": mapping.customer_system, "key": value}
            wire["create_missing"] = mapping.create_missing
        else:
            name = _MEMBERS.get(target, target)
            if target in ONE_LINE and isinstance(value, str):
                value = _LINE_ENDS.sub(" ", value)
            wire[name] = value.isoformat() if isinstance(value, datetime) else value
    return {**wire, "answers": answers} if mapping.kind is RecordKind.RESPONSES else wire


def _answer(question: Question, value: Any) -> Row:
    if value is None:
        return {"question": question["code"], "skipped": True}
    if isinstance(value, Refusal):
        outside = value is Refusal.ANSWER_OUTSIDE_SCALE
        fault = AnswerFault.OUT_OF_RANGE if outside else AnswerFault.WRONG_SCALE
        return {"question": question["code"], "excluded": fault}
    return {"question": question["code"], member_of(question["kind"]): value}


ONE_LINE = frozenset(("subject", "topic", "category", "product"))
"""Texts of one line: a line feed in a title is a blank."""

_LINE_ENDS = re.compile(r"[ \t]*[\r\n\t]+[ \t]*")
_MEMBERS = {"survey": "survey_code"}
_TARGETS = {member: key for key, member in LINKS.items()} | {
    "customer": "customer_key",
    "customer_id": "customer_key",
    "survey_code": "survey",
    "survey_id": "survey",
}
_REASONS = {
    # what the models say
    "missing": Refusal.VALUE_MISSING,
    "string_too_long": Refusal.TEXT_TOO_LONG,
    "enum": Refusal.UNKNOWN_VALUE,
    "greater_than_equal": Refusal.OUT_OF_RANGE,
    "less_than_equal": Refusal.OUT_OF_RANGE,
    "instant_range": Refusal.DATE_OUT_OF_RANGE,
    # what the services say
    "unknown_customer": Refusal.UNKNOWN_CUSTOMER,
    "unknown_interaction": Refusal.UNKNOWN_RECORD,
    "unknown_complaint": Refusal.UNKNOWN_RECORD,
    "unknown_transaction": Refusal.UNKNOWN_RECORD,
    "other_customer": Refusal.OTHER_CUSTOMER,
    "ends_before_start": Refusal.OUT_OF_ORDER,
    "out_of_order": Refusal.OUT_OF_ORDER,
    "in_future": Refusal.IN_FUTURE,
    "not_resolved": Refusal.NOT_RESOLVED,
    "state_contradicted": Refusal.STATE_CONTRADICTED,
    "unknown_disposition": Refusal.UNKNOWN_VALUE,
    "inactive_disposition": Refusal.NOT_IN_USE,
    "survey_inactive": Refusal.NOT_IN_USE,
    "not_a_phone": Refusal.PHONE_UNREADABLE,
    "unit_not_allowed": Refusal.UNIT_NOT_ALLOWED,
    "outside_scale": Refusal.ANSWER_OUTSIDE_SCALE,
    "unknown_choice": Refusal.UNKNOWN_VALUE,
    "required": Refusal.VALUE_MISSING,
    "missing_answer": Refusal.VALUE_MISSING,
}
_ABOUT = {"survey_inactive": "survey", "unknown_customer": "customer_key"}


def _reason_of_model(error: ValidationError, values: Row) -> tuple[Refusal, str]:
    first = error.errors(include_url=False)[0]
    answered = [question for target in values if (question := question_of(target))]
    target = _target(first["loc"], answered)
    text = values.get(target)
    if first["type"] == "string_pattern_mismatch" and isinstance(text, str) and CONTROL.search(text):
        return Refusal.CONTROL_CHARACTER, target
    return _REASONS.get(first["type"], Refusal.INVALID_VALUE), target


def _target_of(field: FieldError, answers: Sequence[Any]) -> str:
    if "question" in field.params:
        return f"{ANSWER}{field.params['question']}"
    loc = [int(part) if part.isdigit() else part for part in field.pointer.strip("/").split("/")]
    return _target(loc, [answer.question for answer in answers])


def _target(loc: Sequence[int | str], answered: Sequence[str]) -> str:
    """The target of a member: ``("answers", 3, "number")`` is about the fourth question answered."""
    if not loc:
        return ""
    member = str(loc[0])
    if member == "answers":
        place = loc[1] if len(loc) > 1 else None
        return f"{ANSWER}{answered[place]}" if isinstance(place, int) and place < len(answered) else ""
    return _TARGETS.get(member, member)
