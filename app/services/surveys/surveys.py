"""Set up, change, find and read surveys and the versions of their questions."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, insert, select

from app.domain.common.access import Actor
from app.domain.surveys.surveys import MAX_LANGUAGES, MESSAGES, Problem, check_questions, completed
from app.errors import ConflictError, FieldError, InvalidError, NotFoundError
from app.schemas.common.base import Paging, shaper
from app.schemas.surveys.surveys import (
    Question,
    SurveyCreate,
    SurveyQuery,
    SurveyRead,
    SurveySort,
    SurveyUpdate,
    SurveyVersionCreate,
)
from app.services.platform import preconditions
from app.services.platform.changes import Change
from app.store import dialects
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, equal, newest_first, one_or_404, since
from app.store.paging import After, Page, SortKey, fetch
from app.store.tables import Survey, SurveyVersion
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now

_UNKNOWN = "There is no such survey."

SURVEYS = Listing(
    SurveyQuery,
    select(Survey.__table__, SurveyVersion.questions).join(
        SurveyVersion,
        and_(SurveyVersion.survey_id == Survey.id, SurveyVersion.number == Survey.questions_version),
    ),
    owner=COMPANY_WIDE,
    missing=_UNKNOWN,
    sorts={
        SurveySort.CREATED_AT: (SortKey(Survey.created_at), SortKey(Survey.id)),
        SurveySort.NEWEST: newest_first(Survey.created_at, Survey.id),
        SurveySort.UPDATED_AT: (SortKey(Survey.updated_at), SortKey(Survey.id)),
    },
    filters=[equal(Survey.code, Survey.is_active), since(Survey.updated_at)],
)
_READ_VERSION = select(SurveyVersion.__table__)

_shape = shaper(SurveyRead)
"""A row as `SurveyRead` wants it."""


# --- reading


@one_statement
def get(tx: ReadTx, actor: Actor, survey_id: UUID) -> Row:
    """Read one survey with its newest questions.

    Raises:
        NotFoundError: there is none with this id.
    """
    return _shape(SURVEYS.one_or_404(tx, actor, Survey.id == survey_id))


@one_statement
def page(tx: ReadTx, actor: Actor, query: SurveyQuery, after: After | None) -> Page:
    """Read a page of the surveys that match every filter."""
    return SURVEYS.page(tx, actor, query, after, _shape)


@one_statement
def get_version(tx: ReadTx, _actor: Actor, survey_id: UUID, number: int) -> Row:
    """Read the questions of one version.

    Raises:
        NotFoundError: no such survey, or it has no such version.
    """
    wanted = SurveyVersion.survey_id == survey_id, SurveyVersion.number == number
    return one_or_404(tx, _READ_VERSION.where(*wanted), "There is no such version of a survey.")


@one_statement
def versions(tx: ReadTx, _actor: Actor, query: Paging, after: After | None, survey_id: UUID) -> Page:
    """Read a page of the versions of a survey, newest first.

    Raises:
        NotFoundError: there is no such survey.
    """
    statement = _READ_VERSION.where(SurveyVersion.survey_id == survey_id)
    found = fetch(
        tx, statement, [SortKey(SurveyVersion.number, descending=True)], limit=query.limit, after=after
    )
    if not found.rows and after is None:  # every survey has a version
        raise NotFoundError(_UNKNOWN)
    return found


# --- writing


def create(tx: WriteTx, actor: Actor, data: SurveyCreate, *, survey_id: UUID | None = None) -> Row:
    """Set up a survey; its questions are version 1. ``survey_id`` is the id it gets, a new one by default.

    Raises:
        InvalidError: questions that cannot be asked (`app.domain.surveys.surveys.check_questions`).
        ConflictError: another survey has the code (``survey_exists``).
    """
    questions = _checked(data.questions)
    at, survey_id = now(), survey_id or new_id()
    row = {
        "id": survey_id,
        "version": 1,
        "code": data.code,
        "names": data.names,
        "is_active": data.is_active,
        "questions_version": 1,
        "created_at": at,
        "updated_at": at,
    }
    claim = dialects.insert(tx, Survey).values(row).on_conflict_do_nothing(index_elements=["code"])
    if tx.execute(claim.returning(Survey.id)).first() is None:
        known = tx.execute(select(Survey.id).where(Survey.code == data.code)).scalar_one()
        existing = str(known), f"/v1/surveys/{known}"
        raise ConflictError("Another survey has this code.", code="survey_exists", existing=existing)
    first = {"survey_id": survey_id, "number": 1, "questions": questions, "created_at": at}
    tx.execute(insert(SurveyVersion).values(first))
    trail.record(tx, actor, "survey.created", survey_id)
    return _shape({**row, "questions": questions})


def update_one(tx: WriteTx, actor: Actor, survey_id: UUID, data: SurveyUpdate, if_match: str | None) -> Row:
    """Merge a patch into a survey; nothing is written when nothing changes.

    Raises:
        NotFoundError: no such survey.
        PreconditionFailedError: ``if_match`` does not name the present version.
        InvalidError: it would have no name, or names in too many languages.
    """
    change = _begin(tx, actor, survey_id, if_match)
    before = change.before
    sent = data.model_dump(include=data.model_fields_set)
    if "names" in sent:
        sent["names"] = _merged(before["names"], sent["names"])
    changes = change.differing(sent)
    wanted = SurveyVersion.survey_id == survey_id, SurveyVersion.number == before["questions_version"]
    before["questions"] = tx.execute(select(SurveyVersion.questions).where(*wanted)).scalar_one()
    if not changes:
        return _shape(before)
    return _shape(change.store("survey.updated", changes))


def add_version(
    tx: WriteTx, actor: Actor, survey_id: UUID, data: SurveyVersionCreate, if_match: str | None
) -> Row:
    """Ask other questions from now on; earlier responses keep their version.

    Returns:
        The new version, whose number is that of the last one plus 1.

    Raises:
        NotFoundError, PreconditionFailedError: as in `update_one`.
        InvalidError: as in `create`.
    """
    questions = _checked(data.questions)
    change = _begin(tx, actor, survey_id, if_match)
    at, number = change.recorded_at, change.before["questions_version"] + 1
    row = {"survey_id": survey_id, "number": number, "questions": questions, "created_at": at}
    tx.execute(insert(SurveyVersion).values(row))
    change.store("survey.version_added", {"questions_version": number}, members=["questions"])
    return row


# --- for invitations and responses


def field_errors(problems: Sequence[Problem], pointer: str) -> list[FieldError]:
    """What `app.domain.surveys.surveys` found wrong with the list at ``pointer`` of a body."""
    return [
        FieldError(f"{pointer}{problem.pointer}", problem.code, MESSAGES[problem.code], params=problem.params)
        for problem in problems
    ]


# --- inside


def _begin(tx: WriteTx, actor: Actor, survey_id: UUID, if_match: str | None) -> Change:
    """The survey without its questions, locked against other changes.

    Not joined with them: after waiting for the lock PostgreSQL would match the survey as it is now with the
    versions as they were before, and find none.
    """
    statement = select(Survey.__table__).where(Survey.id == survey_id).with_for_update()
    row = one_or_404(tx, statement, _UNKNOWN)
    preconditions.check_version(row["version"], if_match)
    return Change(tx, actor, Survey, row, now())


def _checked(questions: Sequence[Question]) -> list[Row]:
    """The questions as they are stored, complete."""
    asked = [completed(question.model_dump(mode="json")) for question in questions]
    if wrong := field_errors(check_questions(asked), "/questions"):
        raise InvalidError(fields=wrong)
    return asked


def _merged(names: Row, changes: Row) -> Row:
    """Names after a merge patch: null removes."""
    merged = {language: name for language, name in {**names, **changes}.items() if name is not None}
    if not merged:
        detail, params = "Expected at least {min_length} items.", {"min_length": 1}
        raise InvalidError(fields=[FieldError("/names", "too_short", detail, params=params)])
    if len(merged) > MAX_LANGUAGES:
        detail, params = "Expected at most {max_length} items.", {"max_length": MAX_LANGUAGES}
        raise InvalidError(fields=[FieldError("/names", "too_long", detail, params=params)])
    return merged
