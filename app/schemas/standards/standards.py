"""Service standards on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.customers.customers import Channel
from app.domain.recovery.complaints import Severity
from app.domain.standards.standards import Metric
from app.schemas.activity.dispositions import MAX_LANGUAGES, Names
from app.schemas.common.base import (
    Flag,
    Input,
    InstantIn,
    Label,
    Language,
    Output,
    PageOf,
    Version,
    line,
)
from app.schemas.recovery.complaints import Category

MAX_SECONDS = 366 * 86_400
MAX_CONDITIONS = 100

Tier = Literal["A", "B", "C"]


class TimeKind(StrEnum):
    """What counts as time."""

    BUSINESS = "business"
    """Only the working time of a calendar."""
    CLOCK = "clock"
    """Every second."""


_STANDARD: dict[str, Any] = {
    "names": {"en": "Solved in two days", "tr": "İki günde çözüm", "az": "İki günə həll"},
    "metric": "resolve",
    "target_minutes": 960,
    "time": "business",
    "calendar": "office",
    "warn_share": 0.75,
    "escalation_rule": "usual",
    "severities": ["high", "critical"],
    "position": 20,
}

Seconds = Annotated[int, Field(ge=1, le=MAX_SECONDS)]
WarnShare = Annotated[float, Field(gt=0, lt=1)]
Position = Annotated[int, Field(ge=0, le=1_000_000)]


class StandardPut(Input):
    """How long something may take, and for which cases. A list of conditions that is empty means all."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STANDARD]})

    names: Names
    """What people read, by language."""
    metric: Metric
    target_seconds: Seconds | None = None
    """How long it may take at most; or ``target_minutes``."""
    target_minutes: Annotated[int, Field(ge=1, le=MAX_SECONDS // 60)] | None = Field(
        default=None, examples=[960]
    )
    """How long it may take at most; or ``target_seconds``."""
    time: TimeKind = TimeKind.CLOCK
    calendar: Label | None = Field(default=None, examples=["office"])
    """Code of the calendar of business time. A unit that has a calendar of its own goes by that."""
    warn_share: WarnShare | None = Field(default=None, examples=[0.75])
    """Warn when this share of the time has passed; null: do not."""
    escalation_rule: Label | None = Field(default=None, examples=["usual"])
    """Code of the rule that says who is told; null: nobody beyond the events."""
    channels: Annotated[list[Channel], Field(max_length=len(Channel))] = Field(default=[])
    severities: Annotated[list[Severity], Field(max_length=len(Severity))] = Field(default=[])
    tiers: Annotated[list[Tier], Field(max_length=3)] = Field(default=[])
    """Value tiers of the customer by the current scoring run."""
    units: Annotated[list[Label], Field(max_length=MAX_CONDITIONS)] = Field(default=[])
    """With whatever unit stands below them when the clock starts."""
    categories: Annotated[list[Category], Field(max_length=MAX_CONDITIONS)] = Field(default=[])
    """With whatever category stands below them when the clock starts."""
    position: Position = 100
    """Standards of a metric are tried from the lowest on, and the first that is for the case wins; equal ones
    by code."""
    valid_from: InstantIn | None = Field(default=None, examples=["2026-01-01T00:00:00+03:00"])
    """From when on clocks that start are under it; now by default. An earlier instant is for cases of the
    past that are still to be imported."""
    is_active: Flag = True
    """False ends the standard from ``valid_from`` on."""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.target_seconds is None) == (self.target_minutes is None):
            raise PydanticCustomError(
                "one_target", "Say either target_seconds or target_minutes, and not both."
            )
        return self

    @property
    def seconds(self) -> int:
        """The target in seconds."""
        return self.target_seconds or 60 * (self.target_minutes or 0)


class StandardRead(Output):
    """How long something may take, and for which cases."""

    code: Label
    version: Version
    names: Annotated[dict[Language, Annotated[str, line(100)]], Field(max_length=MAX_LANGUAGES)]
    metric: Metric
    target_seconds: Seconds
    time: TimeKind
    calendar: Label | None
    warn_share: WarnShare | None
    escalation_rule: Label | None
    channels: Annotated[list[Channel], Field(max_length=len(Channel))]
    severities: Annotated[list[Severity], Field(max_length=len(Severity))]
    tiers: Annotated[list[Tier], Field(max_length=3)]
    units: Annotated[list[Label], Field(max_length=MAX_CONDITIONS)]
    categories: Annotated[list[Category], Field(max_length=MAX_CONDITIONS)]
    position: Position
    valid_from: datetime
    is_active: bool
    created_at: datetime
    updated_at: datetime


class StandardPage(PageOf):
    """A page of standards by code."""

    data: Annotated[list[StandardRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""
