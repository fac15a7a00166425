"""Surveys and what they ask, on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.satisfaction.model import Dimension
from app.domain.surveys.surveys import (
    MAX_CHOICES,
    MAX_LANGUAGES,
    MAX_QUESTIONS,
    MAX_WEIGHT,
    SCALE_GREATEST,
    SCALE_LEAST,
    QuestionKind,
)
from app.schemas.common.base import (
    UNSET,
    Code,
    Flag,
    Input,
    InstantIn,
    Language,
    Output,
    PageOf,
    Paging,
    QueryFlag,
    Version,
    line,
    line_out,
)

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7b50"
MAX_TEXT = 500

NAMES: dict[str, Any] = {"en": "After a delivery", "tr": "Teslimat sonrası", "az": "Çatdırılmadan sonra"}
Text = Annotated[str, line(MAX_TEXT)]
Texts = Annotated[dict[Language, Text], Field(min_length=1, max_length=MAX_LANGUAGES)]
TextsRead = Annotated[dict[Language, Annotated[str, line_out(MAX_TEXT)]], Field(max_length=MAX_LANGUAGES)]
ScaleEnd = Annotated[int, Field(strict=True, ge=SCALE_LEAST, le=SCALE_GREATEST)]
Weight = Annotated[float, Field(strict=True, ge=0, le=MAX_WEIGHT, allow_inf_nan=False)]


class Scale(Input):
    """Whole numbers an answer may be, both ends included."""

    min: ScaleEnd = Field(examples=[1])
    max: ScaleEnd = Field(examples=[5])


class Choice(Input):
    """One of the answers to choose from."""

    code: Code = Field(examples=["late"])
    texts: Texts = Field(examples=[{"en": "It came late", "tr": "Geç geldi"}])
    """What the customer reads, by language."""


class Question(Input):
    """A question to ask."""

    code: Code = Field(examples=["delivery"])
    """What answers name it by; the same in every version in which it asks the same."""
    kind: QuestionKind = Field(examples=["csat"])
    texts: Texts = Field(examples=[{"en": "How was the delivery?", "tr": "Teslimat nasıldı?"}])
    """What the customer reads, by language."""
    scale: Scale | None = Field(default=None, examples=[{"min": 1, "max": 5}])
    """Of `csat` 1-5, 1-7 or 1-10; of `nps` 0-10, which goes without saying; of `ces` 1-7 (7 is easy) or the
    older 1-5; of `rating` and `expectation` any; of others none."""
    reversed: Flag = False
    """True for `ces` on the older scale 1-5, on which 5 is the greatest effort; false for all others."""
    required: Flag = False
    """Whether a response must answer it; it cannot be skipped then."""
    weight: Weight | None = Field(default=None, examples=[1])
    """Share of a `csat` or `rating` question in the composite index of its survey, of an `expectation`
    question in the expectation score: what counts is the proportion. 1 if left out; 0 takes it out."""
    dimension: Dimension | None = Field(default=None, examples=[None])
    """What a `rating` question says of the service culture: interest, sincerity, reliability and respect are
    its moral side, the others its material one."""
    choices: Annotated[list[Choice], Field(max_length=MAX_CHOICES)] = Field(default=[], examples=[[]])
    """What a `choice` question offers, at least two; one of them is chosen."""


_QUESTIONS: list[Any] = [
    {
        "code": "recommend",
        "kind": "nps",
        "texts": {"en": "Would you recommend us?", "tr": "Bizi tavsiye eder misiniz?"},
        "required": True,
    },
    {
        "code": "delivery",
        "kind": "csat",
        "texts": {"en": "How was the delivery?", "tr": "Teslimat nasıldı?"},
        "scale": {"min": 1, "max": 5},
    },
    {
        "code": "remark",
        "kind": "text",
        "texts": {"en": "Anything else?", "tr": "Eklemek istediğiniz?"},
    },
]
Questions = Annotated[list[Question], Field(min_length=1, max_length=MAX_QUESTIONS, examples=[_QUESTIONS])]


class SurveyCreate(Input):
    """A survey to set up; its questions become version 1."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "store-visit",
                    "names": {"en": "After a visit", "tr": "Ziyaret sonrası"},
                    "questions": _QUESTIONS,
                }
            ]
        }
    )

    code: Code = Field(examples=["store-visit"])
    """What people and programs call it; unique, and not changed later."""
    names: Texts = Field(examples=[NAMES])
    """What people read, by language."""
    is_active: Flag = True
    questions: Questions


class SurveyUpdate(Input):
    """A merge patch (RFC 7396): absent members stay, names are merged by language (null removes)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"names": {"en": "After the delivery", "az": None}}]}
    )

    names: Annotated[dict[Language, Text | None], Field(max_length=2 * MAX_LANGUAGES)] = Field(
        default=UNSET, examples=[{"en": "After the delivery", "az": None}]
    )
    is_active: Flag = Field(default=UNSET, examples=[False])
    """An inactive survey takes no invitations and no responses."""


class SurveyVersionCreate(Input):
    """Questions to ask from now on. Responses to earlier versions stay what they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"questions": _QUESTIONS}]})

    questions: Questions


class ScaleRead(Output):
    """Whole numbers an answer may be, both ends included."""

    min: Annotated[int, Field(ge=SCALE_LEAST, le=SCALE_GREATEST)]
    max: Annotated[int, Field(ge=SCALE_LEAST, le=SCALE_GREATEST)]


class ChoiceRead(Output):
    """One of the answers to choose from."""

    code: Code
    texts: TextsRead


class QuestionRead(Output):
    """A question as it is asked."""

    code: Code
    kind: QuestionKind
    texts: TextsRead
    scale: ScaleRead | None
    """Null for kinds that have none."""
    reversed: bool
    """Whether a greater number is worse: the older scale of `ces`."""
    required: bool
    weight: Annotated[float, Field(ge=0, le=MAX_WEIGHT)] | None
    """Share in the composite index or the expectation score; null for kinds that are no part of them."""
    dimension: Dimension | None
    choices: Annotated[list[ChoiceRead], Field(max_length=MAX_CHOICES)]


QuestionsRead = Annotated[list[QuestionRead], Field(max_length=MAX_QUESTIONS)]


class SurveyRead(Output):
    """A survey with the questions it asks now."""

    id: UUID
    version: Version
    code: Code
    names: TextsRead
    is_active: bool
    questions_version: Version
    """Number of the newest version of its questions."""
    questions: QuestionsRead
    created_at: datetime
    updated_at: datetime


class SurveyPage(PageOf):
    """A page of surveys."""

    data: Annotated[list[SurveyRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class SurveySort(StrEnum):
    """Order of the list; ``-`` is newest first."""

    CREATED_AT = "created_at"
    NEWEST = "-created_at"
    UPDATED_AT = "updated_at"


class SurveyQuery(Paging):
    """Filters add up: a survey must match all of them."""

    sort: SurveySort = SurveySort.NEWEST
    """In the order they were made or changed."""
    code: Code | None = Field(default=None, examples=["delivery"])
    """With this code; at most one has it."""
    is_active: QueryFlag | None = None
    """Whether it takes responses."""
    updated_after: InstantIn | None = None
    """Only surveys changed since then; new questions are a change."""


class SurveyVersionRead(Output):
    """The questions of a survey as they were asked from ``created_at`` on. Versions are never edited."""

    survey_id: UUID
    number: Version
    questions: QuestionsRead
    created_at: datetime


class SurveyVersionPage(PageOf):
    """A page of versions, newest first."""

    data: Annotated[list[SurveyVersionRead], Field(max_length=200)]


class SurveyNamed(Input):
    """A body that names a survey by id or by code."""

    survey_id: UUID | None = Field(default=None, examples=[EXAMPLE_ID])
    survey_code: Code | None = Field(default=None, examples=["delivery"])

    @model_validator(mode="after")
    def _one_survey(self) -> "SurveyNamed":
        if self.survey_id is not None and self.survey_code is not None:
            raise PydanticCustomError("one_survey", "Send survey_id or survey_code, not both.")
        return self
