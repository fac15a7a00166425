"""Satisfaction indices on the wire."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from app.domain.satisfaction import INDICES
from app.domain.satisfaction.change import Verdict
from app.schemas.common.base import Code, Count, DateIn, Input, Output, line_out
from app.schemas.insights.value_tiers import Window
from app.schemas.scoring.runs import Share

# Members come from the registry, so that a new index needs no line here.
IndexCode = StrEnum("IndexCode", {code: code for code in INDICES})  # type: ignore[misc]

Name = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Score = Annotated[float, Field(ge=-1000, le=1000)]


class SatisfactionBy(StrEnum):
    """What an index is divided by. Tier and tags are the customer's of today, the others those of what the
    answer is about."""

    TIER = "tier"
    CHANNEL = "channel"
    UNIT = "unit"
    AGENT = "agent"
    PHASE = "phase"
    CATEGORY = "category"
    TAG = "tag"
    MONTH = "month"
    SURVEY = "survey"


class SatisfactionQuery(Input):
    """Which answers, and how to divide them. The window is ``[from, to)``, days of the company's zone."""

    model_config = ConfigDict(validate_by_name=True)

    index: IndexCode = Field(examples=["csat"])
    """Code of the index; ``/v1/insights/methods`` lists them."""
    from_: DateIn | None = Field(default=None, alias="from", examples=["2025-11-24"])
    """First day that counts; default 365 days before ``to``."""
    to: DateIn | None = Field(default=None, examples=["2026-11-24"])
    """First day that does not count any more; default tomorrow."""
    by: SatisfactionBy | None = Field(default=None, examples=["channel"])
    """What to divide by. The composite index is divided by survey as well, unless ``survey`` names one: what
    surveys ask is not the same, so they are never mixed."""
    survey: Code | None = Field(default=None, examples=["relationship"])
    """Code of the survey whose answers count; default all."""
    question: Code | None = None
    """Code of the only question whose answers count; default all that the index reads. Not for indices that
    are made of several questions."""


class DimensionFigures(Output):
    """One dimension of the service culture, in points of 0 to 100, with its 95 % interval."""

    dimension: Name
    n: Count
    score: Score | None
    low: Score | None
    high: Score | None
    low_sample: bool


class IndexFigures(Output):
    """An index over some answers, with its 95 % interval; null where there is nothing to tell it from."""

    n: Count
    """Answers that count; responses for indices made of several questions."""
    score: Score | None
    """In the unit of the index."""
    low: Score | None
    high: Score | None
    low_sample: bool
    """Fewer than 30 count: too few to rely on."""
    rankable: bool
    """At least 5 count: fewer are never compared with others."""
    mixes_questions: bool
    """True: answers to several questions count together here, each customer once for each question.
    ``questions`` tells them apart, the parameter ``question`` names one. False for indices that are made of
    several questions."""
    excluded: Annotated[dict[Name, Count], Field(max_length=20)]
    """What was left out, by reason."""
    parts: Annotated[dict[Name, float | bool | None], Field(max_length=40)]
    """Further numbers of the index, such as promoters and detractors; `/docs/formulas` names them."""
    dimensions: Annotated[list[DimensionFigures], Field(max_length=20)]
    """Of the service culture profile; empty for other indices."""


class ResponseRateFigures(Output):
    """How many of those invited in the window answered, with Wilson's 95 % interval."""

    invited: Count
    answered: Count
    share: Share
    low: Share
    high: Share


class SatisfactionFigures(IndexFigures):
    """An index and how many of those asked answered."""

    response_rate: ResponseRateFigures | None
    """Null where nobody was invited."""


class SatisfactionGroup(SatisfactionFigures):
    """One group."""

    survey: Code | None
    """Code of the survey that all its answers are to; null where they may be to several."""
    key: Annotated[str, line_out(200)] | None
    """What the group is called: an agent, a channel, a month ``2026-11``; null: the answers do not say."""
    shrunk_score: Score | None
    """Score drawn toward the overall mean, the more the fewer answers there are: what agents and units are
    compared by. Null for other groups."""


class QuestionFigures(IndexFigures):
    """The index over the answers to one question."""

    survey: Code
    """Code of the survey that asks it."""
    question: Code
    """Code of the question; versions of a survey that ask it count together."""


class Change(Output):
    """Whether two scores differ by more than chance makes them."""

    difference: Score | None
    statistic: float | None
    critical: float | None
    """The statistic's magnitude above which it is a change; of three months or more that of the list."""
    verdict: Verdict | None
    """``changed`` or ``noise``; null where it cannot be told."""


class TrendStep(IndexFigures):
    """One month of the window."""

    month: Annotated[str, StringConstraints(max_length=7, pattern=r"^[0-9]{4}-[0-9]{2}$")]
    change: Change | None
    """Against the month before it in this list; null for the first."""


class PeriodsVerdict(Output):
    """Whether the index moved within the list of months, judged as a whole: 5 % of lists in which nothing
    happens are called changed."""

    changed: bool
    """It moved for good (``since``), or jumped between two months (their ``change``)."""
    since: Annotated[str, StringConstraints(max_length=7, pattern=r"^[0-9]{4}-[0-9]{2}$")] | None
    """The first month after the split; null where before and after differ by no more than chance."""
    before: Score | None
    """The index over all months before ``since``."""
    after: Score | None
    """The index from ``since`` on."""
    statistic: float
    """Of the split that stands out most: later minus earlier, in standard errors."""
    limit: float
    """What the statistic's magnitude seldom passes by chance in a list like this one."""
    periods: Annotated[int, Field(ge=3, le=2400)]
    """How many months have answers."""
    lists: Annotated[int, Field(ge=1, le=2400)]
    """How many lists of the answer share the 5 %."""
    text: Annotated[str, line_out(500)] | None
    """The split in a sentence, in the language asked for."""


class SatisfactionRead(Output):
    """A satisfaction index over the answers of a window: as a whole, in groups, and month by month."""

    index: IndexCode
    name: Annotated[str, line_out(100)]
    unit: Name
    range_low: Score | None
    """Least score; null when there is none."""
    range_high: Score | None
    formula: Annotated[str, line_out(500)]
    source: Annotated[str, line_out(500)]
    documentation: Annotated[str, line_out(200)]
    """Where the formula is explained, on this server: ``/docs/formulas#csat``."""
    window: Window
    survey: Code | None
    question: Code | None
    by: SatisfactionBy | None
    overall: SatisfactionFigures
    """All of it. Of the composite index over answers to several surveys only what counts (``n``,
    ``excluded``) and no score: ``groups`` has one for each survey."""
    questions: Annotated[list[QuestionFigures], Field(max_length=1_000_000)]
    """The same by question, in the order of surveys and codes: what ``overall`` is made of. Empty for indices
    that are made of several questions."""
    groups: Annotated[list[SatisfactionGroup], Field(max_length=1_000_000)]
    """Best first, those that cannot be ranked after the others, also who was asked and never answered; tiers
    and months in their order. Empty when not divided."""
    trend: Annotated[list[TrendStep], Field(max_length=2400)]
    """Months with answers, in order; empty where ``overall`` has no score because of several surveys."""
    verdict: PeriodsVerdict | None
    """Of the whole trend; null with fewer than three months, where ``change`` of the second says it all."""
