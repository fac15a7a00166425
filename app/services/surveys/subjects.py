"""Which survey invitations and responses name, and whom and what they are about."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import or_, select

from app.domain.common.access import Actor
from app.errors import AppError, ConflictError, FieldError, InvalidError
from app.schemas.surveys.invitations import Subject
from app.services.activity import related_records
from app.services.activity.related_records import Found
from app.services.platform import rights
from app.store.tables import Survey, SurveyVersion
from app.store.transactions import ReadTx, Row


@dataclass(frozen=True, slots=True)
class Asked:
    """A survey as far as recording needs it; ``versions`` holds the newest questions and those asked for."""

    id: UUID
    is_active: bool
    newest: int
    versions: dict[int, list[Row]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Surveys:
    """The surveys that a batch names."""

    by_id: Mapping[UUID, Asked]
    by_code: Mapping[str, Asked]

    def named_by(self, item: Subject) -> Asked | None:
        """The survey that ``item`` names, None where it names none.

        Raises:
            InvalidError: it names one that does not exist.
        """
        if item.survey_id is not None:
            survey, pointer = self.by_id.get(item.survey_id), "/survey_id"
        elif item.survey_code is not None:
            survey, pointer = self.by_code.get(item.survey_code), "/survey_code"
        else:
            return None
        if survey is None:
            raise InvalidError(fields=[FieldError(pointer, "unknown_survey", "There is no such survey.")])
        return survey


def find_surveys(
    tx: ReadTx,
    items: Sequence[Subject],
    ids: Collection[UUID] = (),
    numbers: Collection[int] = (),
) -> Surveys:
    """Find the surveys that the items name and those with ``ids``, with their newest questions and those of
    the versions ``numbers``; one statement."""
    wanted = {item.survey_id for item in items if item.survey_id is not None} | set(ids)
    codes = {item.survey_code for item in items if item.survey_code is not None}
    statement = (
        select(
            Survey.id,
            Survey.code,
            Survey.is_active,
            Survey.questions_version,
            SurveyVersion.number,
            SurveyVersion.questions,
        )
        .join(SurveyVersion, SurveyVersion.survey_id == Survey.id)
        .where(or_(Survey.id.in_(wanted), Survey.code.in_(codes)))
        .where(or_(SurveyVersion.number == Survey.questions_version, SurveyVersion.number.in_(set(numbers))))
    )
    by_id: dict[UUID, Asked] = {}
    by_code: dict[str, Asked] = {}
    for survey_id, code, is_active, newest, number, questions in tx.execute(statement):
        survey = by_id.setdefault(survey_id, Asked(survey_id, is_active, newest))
        survey.versions[number] = questions
        by_code[code] = survey
    return Surveys(by_id, by_code)


def refuse_inactive(survey: Asked) -> None:
    """Make sure that a survey is in use.

    Raises:
        ConflictError: it is not (``survey_inactive``).
    """
    if not survey.is_active:
        raise ConflictError("The survey is not in use.", code="survey_inactive")


def settle(actor: Actor, found: Found, row: Row, named: Subject, *, to_be_created: bool) -> AppError | None:
    """Complete a row by what it is about, once its customer is known; or say why it is refused.

    Args:
        found: the records that are named, as far as the caller may see them.
        named: what the caller said; what ``row`` has beyond it comes from its invitation.
        to_be_created: the row has a customer, who does not exist yet.
    """
    wrong = [
        problem
        for problem in related_records.problems(found, row, to_be_created=to_be_created)
        # That of the invitation need not be visible to whoever records the response.
        if problem.code == "other_customer" or getattr(named, problem.pointer[1:]) is not None
    ]
    related_records.fill(found, row)
    # What is nobody's is seen by its own unit: a key of other units would not find it again.
    is_nobodys = row["customer_id"] is None and not to_be_created
    if is_nobodys and row["unit"] is None and len(actor.units) == 1:
        [row["unit"]] = actor.units
    if is_nobodys or named.unit is not None:
        wrong += rights.unit_problems(actor, row["unit"], is_required=is_nobodys)
    return InvalidError(fields=wrong) if wrong else None
