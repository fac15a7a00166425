"""Responses that their source sends again: answers without a value get one, and nothing else changes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select

from app.domain.common.access import Actor
from app.domain.surveys.surveys import VALUES, answer_rows
from app.schemas.surveys.responses import AnswerOfFile
from app.services.customers import external_ids
from app.services.surveys import responses
from app.store.audit import trail
from app.store.tables import SurveyAnswer, SurveyVersion
from app.store.transactions import Row, WriteTx
from app.store.types import now


def complete(tx: WriteTx, actor: Actor, response: Row, answers: Sequence[AnswerOfFile]) -> bool | None:
    """Fill in answers that a stored response has no value for: its source sends them better now.

    Args:
        response: its row.
        answers: all that its source says now, of the same questions.

    Returns:
        Whether there were any; None where an answer with a value differs, so that nothing was done.
    """
    mine = select(SurveyAnswer.__table__).where(SurveyAnswer.response_id == response["id"])
    stored = {row["question"]: dict(row) for row in tx.execute(mine).mappings()}
    given = {answer.question: answer.model_dump() for answer in answers}
    better = []
    for code, answer in given.items():
        said, known = (_value(one) for one in (answer, stored.get(code, {})))
        if known is not None and said != known:
            return None
        better += [answer] if known is None and said is not None else []
    if any(_value(answer) is not None for code, answer in stored.items() if code not in given):
        return None
    if not better:
        return False
    version = (
        SurveyVersion.survey_id == response["survey_id"],
        SurveyVersion.number == response["survey_version"],
    )
    questions = tx.execute(select(SurveyVersion.questions).where(*version)).scalar_one()
    rows = answer_rows(questions, better)
    codes = [row["question"] for row in rows]
    gone = SurveyAnswer.response_id == response["id"], SurveyAnswer.question.in_(codes)
    tx.execute(delete(SurveyAnswer).where(*gone))
    responses.store_answers(tx, [response], {response["id"]: rows})
    if response["customer_id"] is not None:
        external_ids.mark_changed(tx, [response["customer_id"]], now())
    owner = response["customer_id"]
    trail.record(tx, actor, "response.completed", response["id"], customer_id=owner, members=codes)
    return True


# --- inside


def _value(answer: Mapping[str, Any]) -> Any:
    return next((answer[member] for member in VALUES if answer.get(member) is not None), None)
