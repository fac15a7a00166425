"""Record, find and read survey responses."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from app.domain.common.access import Actor
from app.domain.common.days import is_future
from app.domain.surveys.surveys import VALUES, answer_rows, check_answers, is_expired
from app.errors import AppError, ConflictError, FieldError, InvalidError
from app.schemas.common.base import shaper
from app.schemas.surveys.responses import (
    SurveyResponseCreate,
    SurveyResponseQuery,
    SurveyResponseRead,
    SurveyResponseSort,
)
from app.services.activity import recording, related_records
from app.services.platform.changes import one_or_raise
from app.services.surveys import invitations, subjects, surveys
from app.services.surveys.subjects import Asked, Surveys
from app.store.audit import trail
from app.store.listing import Listing, by_time, customer_external_id, equal, external_id, where, window
from app.store.paging import After, Page
from app.store.tables import Survey, SurveyAnswer, SurveyInvitation, SurveyResponse
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now

Invitations = dict[UUID, Row]

_READ_ANSWERS = select(SurveyAnswer.__table__).order_by(SurveyAnswer.response_id, SurveyAnswer.question)
_as_read = shaper(SurveyResponseRead)

RESPONSES = Listing(
    SurveyResponseQuery,
    select(SurveyResponse.__table__),
    owner=SurveyResponse.customer_id,
    unit=SurveyResponse.unit,
    missing="There is no such response.",
    sorts=by_time(SurveyResponseSort, SurveyResponse.answered_at, None, SurveyResponse.id),
    filters=[
        external_id(SurveyResponse.source, SurveyResponse.external_id),
        customer_external_id(SurveyResponse.customer_id),
        where(
            "survey_code",
            lambda code: (
                SurveyResponse.survey_id == select(Survey.id).where(Survey.code == code).scalar_subquery()
            ),
        ),
        equal(
            SurveyResponse.survey_id,
            SurveyResponse.customer_id,
            SurveyResponse.invitation_id,
            SurveyResponse.interaction_id,
            SurveyResponse.complaint_id,
            SurveyResponse.transaction_id,
            SurveyResponse.agent,
            SurveyResponse.unit,
            SurveyResponse.channel,
        ),
        window("answered", SurveyResponse.answered_at),
    ],
)
_CLAIM = (
    update(SurveyInvitation)
    .where(SurveyInvitation.id == bindparam("invitation"), SurveyInvitation.answered_at.is_(None))
    .values(answered_at=bindparam("answered"))
)


# --- reading


def get(tx: ReadTx, actor: Actor, response_id: UUID) -> Row:
    """Read one response with its answers; two statements.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see it.
    """
    row = RESPONSES.one_or_404(tx, actor, SurveyResponse.id == response_id)
    [shaped] = _with_answers(tx, [row])
    return shaped


def page(tx: ReadTx, actor: Actor, query: SurveyResponseQuery, after: After | None) -> Page:
    """Read a page of the responses that match every filter, with their answers; two statements."""
    found = RESPONSES.page(tx, actor, query, after)
    return Page(_with_answers(tx, found.rows), found.after)


# --- writing


def create(tx: WriteTx, actor: Actor, data: SurveyResponseCreate) -> Row:
    """Record one response.

    Raises:
        InvalidError: answers that do not fit the questions (`app.domain.surveys.surveys.check_answers`); no
        such
            survey, version, invitation or customer; something it is about that is not there or another
            customer's; what contradicts its invitation, or was answered before it; or it is anonymous and of
            another unit than the caller.
        ConflictError: the survey is not in use (``survey_inactive``), the invitation is answered or too old
            (``invitation_answered``, ``invitation_expired``), or the source has a response with this
            external id (``response_exists``).
        ForbiddenError: ``create_missing`` without the scope to write customers.
    """
    return one_or_raise(create_many(tx, actor, [data]))


def create_many(
    tx: WriteTx,
    actor: Actor,
    items: Sequence[SurveyResponseCreate],
    *,
    ids: Sequence[UUID] | None = None,
    import_id: UUID | None = None,
) -> list[Row | AppError]:
    """Record responses together, in a number of statements that does not depend on how many they are.

    ``ids`` are the ids they get, new ones by default. Those of an import leave no audit rows here: it writes
    one for each batch.

    Returns:
        For each item its row, or why it was refused (see `create`); a refused item leaves no trace. The
        caller decides whether one refusal refuses all.

    Raises:
        ForbiddenError: an item asks for ``create_missing`` without the scope to write customers.
        ConflictError: another request stored some of the responses in the meantime.
    """
    at = now()
    invited = _lock_invitations(tx, actor, items)
    named = subjects.find_surveys(
        tx,
        items,
        ids={row["survey_id"] for row in invited.values()},
        numbers={item.survey_version for item in items if item.survey_version is not None},
    )
    answers: dict[UUID, list[Row]] = {}
    rows = [
        _new_row(item, invited, named, at, answers, row_id, import_id)
        for item, row_id in zip(items, ids or [new_id() for _ in items], strict=True)
    ]

    answered = [
        (item.invitation_id, row)
        for item, row in zip(items, rows, strict=True)
        if isinstance(row, ConflictError) and row.code == "invitation_answered"
    ]
    invitations.name_responses(tx, actor, answered)

    def check(found: list[Row | AppError]) -> None:
        _settle(tx, actor, items, found, invited)

    recording.store_new(tx, actor, _KIND, items, rows, check, import_id)
    stored = [row for row in rows if isinstance(row, dict)]
    store_answers(tx, stored, answers)
    claims = [
        {"invitation": row["invitation_id"], "answered": row["answered_at"]}
        for row in stored
        if row["invitation_id"] is not None
    ]
    if claims:
        tx.execute(_CLAIM, claims)
    if import_id is None:
        recorded = [(str(row["id"]), row["customer_id"]) for row in stored]
        trail.record_all(tx, actor, "response.recorded", recorded)
    return [_shape(row, answers[row["id"]]) if isinstance(row, dict) else row for row in rows]


# --- inside: making rows


def _lock_invitations(tx: ReadTx, actor: Actor, items: Iterable[SurveyResponseCreate]) -> Invitations:
    """The invitations that are named, locked until the transaction ends: of two responses to the same one
    the second waits, and then finds it answered."""
    ids = {item.invitation_id for item in items if item.invitation_id is not None}
    if not ids:
        return {}
    statement = invitations.INVITATIONS.visible(actor).where(SurveyInvitation.id.in_(ids))
    # In order, so that two batches with the same invitations do not deadlock.
    locked = tx.execute(statement.order_by(SurveyInvitation.id).with_for_update()).mappings()
    return {row["id"]: dict(row) for row in locked}


def _new_row(
    item: SurveyResponseCreate,
    invited: Invitations,
    named: Surveys,
    at: datetime,
    answers: dict[UUID, list[Row]],
    row_id: UUID,
    import_id: UUID | None,
) -> Row | AppError:
    """The row of an item whose customer is still to be found, its answers put into ``answers``; or why it
    is refused."""
    answered_at = item.answered_at or at
    try:
        invitation = _invitation(item, invited)
        survey = _survey(item, invitation, named)
        version = survey.newest if item.survey_version is None else item.survey_version
        _refuse_closed(invitation, answered_at)
        _refuse_early(invitation, item.answered_at)
        given = _checked_answers(item, survey, version, of_file=import_id is not None)
    except AppError as refusal:
        return refusal
    row: Row = {
        **item.model_dump(exclude={"survey_code", "customer", "create_missing", "answers"}),
        "id": row_id,
        "survey_id": survey.id,
        "survey_version": version,
        "answered_at": answered_at,
        "recorded_at": at,
        "import_id": import_id,
    }
    if invitation is not None:
        for member in (*related_records.MEMBERS, *related_records.DIMENSIONS):
            row[member] = invitation[member] if row[member] is None else row[member]
        if item.customer is None and item.customer_id is None:
            row["customer_id"] = invitation["customer_id"]
    answers[row["id"]] = given
    return row


def _invitation(item: SurveyResponseCreate, invited: Invitations) -> Row | None:
    if item.invitation_id is None:
        return None
    invitation = invited.get(item.invitation_id)
    if invitation is None:
        wrong = FieldError("/invitation_id", "unknown_invitation", "There is no such invitation.")
        raise InvalidError(fields=[wrong])
    subject = [member for member in related_records.MEMBERS if getattr(item, member) is not None]
    is_about_something = any(invitation[member] is not None for member in related_records.MEMBERS)
    if is_about_something and any(getattr(item, member) != invitation[member] for member in subject):
        raise _contradiction(f"/{subject[0]}")
    return invitation


def _survey(item: SurveyResponseCreate, invitation: Row | None, named: Surveys) -> Asked:
    """The survey an item answers, which must be in use."""
    survey = named.named_by(item)
    if invitation is not None:
        sent_for = named.by_id[invitation["survey_id"]]
        if survey is not None and survey is not sent_for:
            raise _contradiction("/survey_code" if item.survey_id is None else "/survey_id")
        survey = sent_for
    assert survey is not None  # noqa: S101 - the schema wants a survey or an invitation
    subjects.refuse_inactive(survey)
    return survey


def _refuse_early(invitation: Row | None, answered_at: datetime | None) -> None:
    """Make sure that nobody answered before being asked, as far as clocks agree."""
    if invitation is None or answered_at is None:
        return
    if is_future(invitation["invited_at"], answered_at):
        detail = "Expected an instant that is not before the invitation."
        raise InvalidError(fields=[FieldError("/answered_at", "before_invitation", detail)])


def _refuse_closed(invitation: Row | None, answered_at: datetime) -> None:
    """Make sure that an invitation can still be answered."""
    if invitation is None:
        return
    if invitation["answered_at"] is not None:
        raise _answered()
    if is_expired(invitation["expires_at"], answered_at):
        raise ConflictError("The invitation has expired.", code="invitation_expired")


def _checked_answers(item: SurveyResponseCreate, survey: Asked, version: int, *, of_file: bool) -> list[Row]:
    """The answers as they are stored, but for what they share with their response."""
    questions = survey.versions.get(version)
    if questions is None:
        detail = "The survey has no such version."
        raise InvalidError(fields=[FieldError("/survey_version", "unknown_survey_version", detail)])
    given = [answer.model_dump() for answer in item.answers]
    if wrong := surveys.field_errors(check_answers(questions, given, of_file=of_file), "/answers"):
        raise InvalidError(fields=wrong)
    return answer_rows(questions, given)


def _settle(
    tx: ReadTx,
    actor: Actor,
    items: Sequence[SurveyResponseCreate],
    rows: list[Row | AppError],
    invited: Invitations,
) -> None:
    """Complete the rows whose customers were found by what they are about, or refuse them."""
    found = related_records.find(tx, actor, rows)
    taken: set[UUID] = set()
    for index, (item, row) in enumerate(zip(items, rows, strict=True)):
        if not isinstance(row, dict):
            continue
        new = item.customer is not None and row["customer_id"] is None
        invitation = invited.get(row["invitation_id"])
        refusal: AppError | None = None
        if invitation is not None:
            if not related_records.fits(invitation["customer_id"], row["customer_id"], to_be_created=new):
                refusal = _contradiction("/customer" if item.customer_id is None else "/customer_id")
            elif invitation["id"] in taken:
                refusal = _answered()
        refusal = refusal or subjects.settle(actor, found, row, item, to_be_created=new)
        if refusal is None and invitation is not None:
            taken.add(invitation["id"])
        rows[index] = refusal or row


def _contradiction(pointer: str) -> InvalidError:
    detail = "The invitation says otherwise."
    return InvalidError(fields=[FieldError(pointer, "contradicts_invitation", detail)])


def _answered() -> ConflictError:
    return ConflictError("The invitation has been answered already.", code="invitation_answered")


_KIND = recording.RecordType(
    SurveyResponse,
    path="/v1/survey-responses",
    exists="The source has a response with this external id already.",
    exists_code="response_exists",
)


# --- inside: answers


def store_answers(tx: WriteTx, stored: Iterable[Row], answers: Mapping[UUID, Sequence[Row]]) -> None:
    """Store the answers of stored responses, by id of the response."""
    rows = [
        {
            **answer,
            "response_id": row["id"],
            "customer_id": row["customer_id"],
            "answered_at": row["answered_at"],
        }
        for row in stored
        for answer in answers[row["id"]]
    ]
    if rows:
        tx.execute(insert(SurveyAnswer), rows)


def _with_answers(tx: ReadTx, rows: Collection[Row]) -> list[Row]:
    """The rows with their answers, one statement."""
    answers: dict[UUID, list[Row]] = {row["id"]: [] for row in rows}
    if rows:
        found = tx.execute(_READ_ANSWERS.where(SurveyAnswer.response_id.in_(list(answers))))
        for answer in found.mappings():
            answers[answer["response_id"]].append(dict(answer))
    return [_shape(row, answers[row["id"]]) for row in rows]


def _shape(row: Row, answers: Iterable[Row]) -> Row:
    """A row as `SurveyResponseRead` wants it, members in its order."""
    whole = {**row, "answers": [_answer_shape(answer) for answer in answers]}
    return _as_read(whole)


def _answer_shape(answer: Row) -> Row:
    least, maximum = answer["scale_min"], answer["scale_max"]
    value = {member: answer[member] for member in VALUES}
    return {
        "question": answer["question"],
        "kind": answer["kind"],
        "scale": None if least is None else {"min": least, "max": maximum},
        **value,
        "skipped": answer["excluded"] is None and all(one is None for one in value.values()),
        "excluded": answer["excluded"],
    }
