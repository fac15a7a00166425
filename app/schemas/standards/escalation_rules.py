"""Escalation rules on the wire."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.standards.clocks import TellWhom
from app.schemas.activity.dispositions import MAX_LANGUAGES, Names
from app.schemas.common.base import Flag, Input, Label, Language, Output, PageOf, Version, line
from app.schemas.standards.standards import MAX_SECONDS

MAX_RUNGS = 10

Share = Annotated[float, Field(gt=0, le=1)]
PastDue = Annotated[int, Field(ge=0, le=MAX_SECONDS)]


class EscalationRung(Input):
    """Whom to tell, and when: ``after_share`` of the time, or ``past_due_seconds`` after it was due."""

    after_share: Share | None = Field(default=None, examples=[0.9])
    past_due_seconds: PastDue | None = None
    """Counted as the standard counts: in business time, only working time passes."""
    tell: TellWhom
    code: Label | None = Field(default=None, examples=["mehmet.a"])
    """Of the agent; or of the unit, where another than that of the case is meant."""
    changes_owner: Flag = False
    """Whether the case becomes theirs whom it tells."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.after_share is None) == (self.past_due_seconds is None):
            raise PydanticCustomError("one_time", "Say either after_share or past_due_seconds, and not both.")
        if self.tell is TellWhom.AGENT and self.code is None:
            raise PydanticCustomError("agent_missing", "Name the agent to tell in code.")
        if self.tell is TellWhom.OWNER and (self.code is not None or self.changes_owner):
            raise PydanticCustomError(
                "owner_alone", "Who owns the case needs no code, and the case is theirs already."
            )
        return self


_RULE: dict[str, Any] = {
    "names": {"en": "Usual", "tr": "Olağan", "az": "Adi"},
    "rungs": [
        {"after_share": 0.9, "tell": "owner"},
        {"past_due_seconds": 0, "tell": "head"},
        {"past_due_seconds": 14400, "tell": "unit", "code": "complaints-desk", "changes_owner": True},
    ],
}


class EscalationRulePut(Input):
    """Whom to tell when time runs out."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RULE]})

    names: Names
    """What people read, by language."""
    rungs: Annotated[list[EscalationRung], Field(min_length=1, max_length=MAX_RUNGS)]
    """In the order in which they come: by share of the time, then by time past due."""
    is_active: Flag = True
    """Whether standards may be set by it; those that are keep it."""


class EscalationRungRead(Output):
    """Whom to tell, and when."""

    after_share: Share | None
    past_due_seconds: PastDue | None
    tell: TellWhom
    code: Label | None
    changes_owner: bool


class EscalationRuleRead(Output):
    """Whom to tell when time runs out."""

    code: Label
    version: Version
    names: Annotated[dict[Language, Annotated[str, line(100)]], Field(max_length=MAX_LANGUAGES)]
    rungs: Annotated[list[EscalationRungRead], Field(max_length=MAX_RUNGS)]
    is_active: bool
    created_at: datetime
    updated_at: datetime


class EscalationRulePage(PageOf):
    """A page of escalation rules by code."""

    data: Annotated[list[EscalationRuleRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""
