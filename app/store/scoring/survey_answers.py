"""Answers and invitations as columns, for satisfaction indices."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import DTypeLike
from sqlalchemy import LargeBinary, Select, and_, case, func, literal, select

from app.domain.surveys.surveys import AnswerFault
from app.store.sql import numpy_io
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import ID, Ids
from app.store.tables import (
    CustomerLookup,
    CustomerScore,
    Survey,
    SurveyAnswer,
    SurveyInvitation,
    SurveyResponse,
    SurveyVersion,
)
from app.store.transactions import ReadTx

NOT_STATED = ""
"""The group of what does not say which one it belongs to."""

NO_CUSTOMER = b""
"""The customer id of what is anonymous."""


class Grouping(StrEnum):
    """What answers can be divided by in SQL."""

    TIER = "tier"
    CHANNEL = "channel"
    UNIT = "unit"
    AGENT = "agent"
    PHASE = "phase"
    CATEGORY = "category"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which answers: of questions of these kinds, given in ``[start, end)`` (start None: from the
    beginning), of one survey or of all."""

    kinds: Sequence[str]
    start: datetime | None
    end: datetime
    survey_id: UUID | None = None
    question: str | None = None
    """Code of the only question, of one survey or of several."""


_SKIPPED = and_(SurveyAnswer.number.is_(None), SurveyAnswer.excluded.is_(None))
_OFF_SCALE = SurveyAnswer.excluded == AnswerFault.OUT_OF_RANGE
_NO_SCALE = SurveyAnswer.excluded == AnswerFault.WRONG_SCALE


def _or_zero(name: str) -> Any:
    return func.coalesce(getattr(SurveyAnswer, name), 0)


def answers(
    tx: ReadTx,
    asked: Asked,
    by: Grouping | None = None,
    *,
    of_customers: bool = False,
    only: Ids | None = None,
) -> Columns:
    """Read answers, each with what is said of its response.

    Args:
        asked: which ones.
        by: what to group by.
        of_customers: leave out anonymous ones.
        only: those of these customers.

    Returns:
        ``response_id``, ``customer_id`` (`NO_CUSTOMER` when anonymous), ``survey_id``, ``survey_version``,
        ``question``, ``kind``, ``value`` (0 when ``skipped``), ``skipped``, ``scale_min`` and
        ``scale_max`` (0 and 0 without a scale), ``answered_micros``, and ``group`` (with ``by``). One that
        a file held off its scale lies below it, one that was no value of it has no scale. By tag an
        answer stands once for each tag of its customer. In no particular order.
    """
    named: dict[str, tuple[Any, DTypeLike]] = {
        "response_id": (numpy_io.raw_id(tx, SurveyAnswer.response_id), ID),
        "customer_id": (_customer(tx, SurveyAnswer.customer_id), ID),
        "survey_id": (numpy_io.raw_id(tx, SurveyResponse.survey_id), ID),
        "survey_version": (SurveyResponse.survey_version, np.int64),
        "question": (SurveyAnswer.question, object),
        "kind": (SurveyAnswer.kind, object),
        "value": (case((_OFF_SCALE, SurveyAnswer.scale_min - 1), else_=_or_zero("number")), np.int64),
        "skipped": (case((_SKIPPED, 1), else_=0), np.bool_),
        "scale_min": (case((_NO_SCALE, 0), else_=_or_zero("scale_min")), np.int64),
        "scale_max": (case((_NO_SCALE, 0), else_=_or_zero("scale_max")), np.int64),
        "answered_micros": (numpy_io.micros(tx, SurveyAnswer.answered_at), np.int64),
    }
    if by not in (None, Grouping.TAG):
        named["group"] = (_group(SurveyResponse, by), object)
    statement = (
        select(*(column for column, _ in named.values()))
        .join_from(SurveyAnswer, SurveyResponse, SurveyResponse.id == SurveyAnswer.response_id)
        .where(SurveyAnswer.kind.in_(asked.kinds), SurveyAnswer.answered_at < asked.end)
    )
    if asked.start is not None:
        statement = statement.where(SurveyAnswer.answered_at >= asked.start)
    if asked.survey_id is not None:
        statement = statement.where(SurveyResponse.survey_id == asked.survey_id)
    if asked.question is not None:
        statement = statement.where(SurveyAnswer.question == asked.question)
    if of_customers:
        statement = statement.where(SurveyAnswer.customer_id.is_not(None))
    if only is not None:
        statement = statement.where(numpy_io.id_in(tx, SurveyAnswer.customer_id, only))
    found = _read(tx, _joined(statement, SurveyResponse, by), named)
    return _by_tag(tx, found) if by is Grouping.TAG else found


def invitations(
    tx: ReadTx, asked: Asked, survey_ids: Collection[UUID], by: Grouping | None = None
) -> Columns:
    """Read the invitations to some surveys that were sent in the window.

    Returns:
        ``invitation_id``, ``survey_id``, ``answered`` (whether it was), ``invited_micros``, and ``group`` as
        in `answers`.
    """
    sent, sent_to = SurveyInvitation.invited_at, SurveyInvitation.customer_id
    named: dict[str, tuple[Any, DTypeLike]] = {
        "invitation_id": (numpy_io.raw_id(tx, SurveyInvitation.id), ID),
        "survey_id": (numpy_io.raw_id(tx, SurveyInvitation.survey_id), ID),
        "answered": (case((SurveyInvitation.answered_at.is_not(None), 1), else_=0), np.bool_),
        "invited_micros": (numpy_io.micros(tx, sent), np.int64),
    }
    if by is not None:
        if by is Grouping.TAG:
            named["customer_id"] = (_customer(tx, sent_to), ID)
        else:
            named["group"] = (_group(SurveyInvitation, by), object)
    statement = select(*(column for column, _ in named.values())).where(
        SurveyInvitation.survey_id.in_(survey_ids), sent < asked.end
    )
    if asked.start is not None:
        statement = statement.where(sent >= asked.start)
    found = _read(tx, _joined(statement, SurveyInvitation, by), named)
    return _by_tag(tx, found) if by is Grouping.TAG else found


def surveys(tx: ReadTx) -> list[tuple[UUID, str, int, list[dict[str, Any]]]]:
    """Every version of every survey: survey, its code, number of the version, and its questions."""
    statement = (
        select(Survey.id, Survey.code, SurveyVersion.number, SurveyVersion.questions)
        .join_from(Survey, SurveyVersion, SurveyVersion.survey_id == Survey.id)
        .order_by(Survey.code, SurveyVersion.number)
    )
    return [(row.id, row.code, row.number, row.questions) for row in tx.execute(statement)]


# --- inside


def _customer(tx: ReadTx, column: Any) -> Any:
    return func.coalesce(numpy_io.raw_id(tx, column), literal(bytes(16), LargeBinary()))


def _group(table: Any, by: Grouping) -> Any:
    column = CustomerScore.tier if by is Grouping.TIER else getattr(table, by.value)
    return func.coalesce(column, NOT_STATED)


def _joined(statement: Select[Any], table: Any, by: Grouping | None) -> Select[Any]:
    """Join what the groups are taken from."""
    if by is Grouping.TIER:
        same = CustomerScore.customer_id == table.customer_id
        return statement.join(CustomerScore, same, isouter=True)
    return statement


_MAX_IDS = 20_000
"""Of more customers than these all tags are read: that is faster than looking for each one's."""


def _by_tag(tx: ReadTx, found: Columns) -> Columns:
    """The rows, once for each tag of their customer, with the tag as their ``group``.

    Joined here and not by the database: SQLite would go through all tags for every row.
    """
    owners = np.unique(found["customer_id"])
    statement = select(numpy_io.raw_id(tx, CustomerLookup.customer_id), CustomerLookup.value).where(
        CustomerLookup.kind == "tag"
    )
    if owners.size <= _MAX_IDS:
        statement = statement.where(numpy_io.id_in(tx, CustomerLookup.customer_id, owners))
    tagged, tags = numpy_io.read(tx, statement, [ID, object])
    order = np.argsort(tagged, kind="stable")
    tagged, tags = tagged[order], np.append(tags[order], NOT_STATED)
    first = np.searchsorted(tagged, found["customer_id"], side="left")
    last = np.searchsorted(tagged, found["customer_id"], side="right")
    times = np.maximum(last - first, 1)
    rows = np.repeat(np.arange(first.size), times)
    place = np.arange(rows.size) - np.repeat(np.cumsum(times) - times, times)
    of = np.where((last == first)[rows], tags.size - 1, first[rows] + place)
    return {**{name: column[rows] for name, column in found.items()}, "group": tags[of]}


def _read(tx: ReadTx, statement: Any, named: dict[str, tuple[Any, DTypeLike]]) -> Columns:
    found = numpy_io.read(tx, statement, [kind for _, kind in named.values()])
    return dict(zip(named, found, strict=True))
