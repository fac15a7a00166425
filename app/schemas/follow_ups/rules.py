"""Follow-up rules on the wire, and what they would have done."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.customers.customers import Tier
from app.domain.follow_ups.rules import AnswerIndex, CauseKind, FollowUpAction, Trigger, WordPlace, folded
from app.domain.recovery.complaints import Severity
from app.domain.standards.standards import COMPLAINT_METRICS, Metric
from app.schemas.activity.dispositions import MAX_LANGUAGES, Names
from app.schemas.common.base import (
    ChangesQuery,
    Count,
    DateIn,
    Flag,
    Input,
    Label,
    Language,
    Output,
    PageOf,
    QueryFlag,
    Version,
    line,
    line_out,
)
from app.schemas.insights.value_tiers import Window
from app.schemas.promises.promises import MAX_SECONDS
from app.schemas.recovery.complaints import MAX_SUBJECT, Category, Owner, Subject

EXAMPLE_CODE = "low_answer"

MAX_WORDS = 100
MAX_EXAMPLES = 10

Word = Annotated[str, line(100)]
Points = Annotated[float, Field(ge=0, le=100)]
Days = Annotated[int, Field(ge=1, le=365)]

_RULE: dict[str, Any] = {
    "names": {"en": "Low answer", "tr": "Düşük yanıt", "az": "Aşağı cavab"},
    "trigger": "low_answer",
    "answer_index": "csat",
    "at_most_points": 25,
    "max_age_days": 14,
    "subject": "A customer answered that we let them down",
    "severity": "high",
}


_OF_TRIGGERS = {
    "answer_index": {Trigger.LOW_ANSWER},
    "at_most_points": {Trigger.LOW_ANSWER},
    "words": {Trigger.CRITICAL_WORD},
    "found_in": {Trigger.CRITICAL_WORD},
    "metrics": {Trigger.BROKEN_STANDARD},
    "tiers": {Trigger.BROKEN_STANDARD, Trigger.BROKEN_PROMISE},
}
_OF_ACTIONS = {
    "category": FollowUpAction.OPEN_COMPLAINT,
    "severity": FollowUpAction.OPEN_COMPLAINT,
    "due_in_seconds": FollowUpAction.PROMISE_CALL_BACK,
    "calendar": FollowUpAction.PROMISE_CALL_BACK,
}


class FollowUpRulePut(Input):
    """What is done by itself, and when. The members of its trigger are needed, those of others refused."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RULE]})

    names: Names
    """What people read, by language."""
    trigger: Trigger
    answer_index: AnswerIndex | None = Field(default=None, examples=["csat"])
    """Of a low answer: of which kind."""
    at_most_points: Points | None = Field(default=None, examples=[25])
    """Of a low answer: up to how many points of 100 it is low; on a scale of 1 to 5, 2 is 25."""
    words: Annotated[list[Word], Field(max_length=MAX_WORDS)] = Field(default=[], examples=[[]])
    """Critical words, or phrases whose words follow each other. Whole words count, whatever case, accents or
    keyboard."""
    found_in: Annotated[list[WordPlace], Field(max_length=len(WordPlace))] = Field(default=[], examples=[[]])
    """Of critical words: where they are looked for; empty: everywhere."""
    metrics: Annotated[list[Metric], Field(max_length=len(COMPLAINT_METRICS))] = Field(
        default=[], examples=[[]]
    )
    """Of a broken standard: what it gives time for; empty: anything."""
    tiers: Annotated[list[Tier], Field(max_length=len(Tier))] = Field(default=[], examples=[[]])
    """Of a broken standard or promise: the customer's value tier at its start; empty: any, or none."""
    max_age_days: Days = Field(default=14, examples=[14])
    """What happened longer ago is left alone: an old answer that is sent today opens nothing."""
    action: FollowUpAction = FollowUpAction.OPEN_COMPLAINT
    subject: Subject
    """The complaint in one line, or what is promised."""
    category: Category | None = Field(default=None, examples=[None])
    """Of the complaint."""
    severity: Severity | None = Field(default=None, examples=["high"])
    """If null, that of its category, else `normal`."""
    owner: Owner | None = Field(default=None, examples=[None])
    """Who answers for it, as for complaints; null: the queue of its category's unit, else the desk."""
    due_in_seconds: Annotated[int, Field(ge=1, le=MAX_SECONDS)] | None = Field(default=None, examples=[None])
    """Of a call that is promised: in how much time."""
    calendar: Label | None = Field(default=None, examples=[None])
    """Of a call that is promised: the calendar whose working time alone counts; null: every second does."""
    is_active: Flag = True
    """Whether it acts. An inactive one can be tried."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for member, owners in _OF_TRIGGERS.items():
            if self.trigger not in owners and getattr(self, member) not in (None, []):
                raise PydanticCustomError(
                    "other_trigger",
                    "Leave out {member}: it does not go with this trigger.",
                    {"member": member},
                )
        for member, action in _OF_ACTIONS.items():
            if self.action is not action and getattr(self, member) is not None:
                raise PydanticCustomError(
                    "other_action", "Leave out {member}: it does not go with this action.", {"member": member}
                )
        if self.action is FollowUpAction.PROMISE_CALL_BACK and self.due_in_seconds is None:
            raise PydanticCustomError("due_missing", "Say in due_in_seconds by when the customer is called.")
        if self.trigger is Trigger.LOW_ANSWER and None in (self.answer_index, self.at_most_points):
            raise PydanticCustomError("condition_missing", "Say answer_index and at_most_points.")
        if self.trigger is Trigger.CRITICAL_WORD and not self.words:
            raise PydanticCustomError("words_missing", "Name at least one word.")
        if any(not folded(word) for word in self.words):
            raise PydanticCustomError("no_letters", "Expected words with a letter or a digit.")
        if set(self.metrics) - COMPLAINT_METRICS:
            raise PydanticCustomError("not_of_complaints", "Expected metrics of complaints.")
        return self


class FollowUpRuleRead(Output):
    """What is done by itself, and when."""

    code: Label
    version: Version
    names: Annotated[dict[Language, Annotated[str, line(100)]], Field(max_length=MAX_LANGUAGES)]
    trigger: Trigger
    answer_index: AnswerIndex | None
    at_most_points: Points | None
    words: Annotated[list[Annotated[str, line_out(100)]], Field(max_length=MAX_WORDS)]
    found_in: Annotated[list[WordPlace], Field(max_length=len(WordPlace))]
    metrics: Annotated[list[Metric], Field(max_length=len(COMPLAINT_METRICS))]
    tiers: Annotated[list[Tier], Field(max_length=len(Tier))]
    max_age_days: Days
    action: FollowUpAction
    subject: Annotated[str, line_out(MAX_SUBJECT)]
    category: Annotated[str, line_out(100)] | None
    severity: Severity | None
    owner: Annotated[str, line_out(100)] | None
    due_in_seconds: Annotated[int, Field(ge=1, le=MAX_SECONDS)] | None
    calendar: Label | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


class FollowUpRulePage(PageOf):
    """A page of follow-up rules by code."""

    data: Annotated[list[FollowUpRuleRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class FollowUpRuleQuery(ChangesQuery):
    """Filters add up: a rule must match all of them."""

    trigger: Trigger | None = None
    """What makes it act."""
    active: QueryFlag | None = None
    """Whether it acts."""


class FollowUpTrialCreate(Input):
    """Which time a rule is tried on: ``[from, to)``, days of the company's zone, at most 92."""

    model_config = ConfigDict(validate_by_name=True, json_schema_extra={"examples": [{}]})

    from_: DateIn | None = Field(default=None, alias="from", examples=["2026-10-24"])
    """First day that counts; default 30 days before ``to``."""
    to: DateIn | None = Field(default=None, examples=["2026-11-24"])
    """First day that does not count any more; default tomorrow."""


class FollowUpCause(Output):
    """What makes a rule act."""

    cause_kind: CauseKind
    cause_id: UUID
    """Of the response, complaint, contact or promise; of a broken standard the complaint."""
    cause_detail: Annotated[str, line_out(100)] | None
    """Of a broken standard: its metric; of a critical word: the word."""
    customer_id: UUID
    at: datetime
    """When it happened."""


class FollowUpTrialRead(Output):
    """What a rule would have done. Nothing has changed."""

    rule: Label
    rule_version: Version
    window: Window
    would_act: Count
    """Causes in the window, each counted once, those on which the rule has acted left out."""
    customers: Count
    """Different customers of these."""
    already: Count
    """Causes on which the rule has acted."""
    examples: Annotated[list[FollowUpCause], Field(max_length=MAX_EXAMPLES)]
    """The first of those on which it would act, by time, at most 10."""
