"""What makes a follow-up rule act: looked for among records that events name, or over a time of the past.

What an import brought is left out, and so is what a rule made: neither asks for more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, exists, select

from app.domain.follow_ups.rules import SOURCE, CauseKind, Trigger, WordPlace, find_word
from app.domain.promises.promises import Promiser
from app.domain.surveys.surveys import EFFORT
from app.store.tables import Complaint, ComplaintClock, Interaction, Promise, SurveyAnswer, SurveyResponse
from app.store.transactions import ReadTx, Row


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. ``detail`` tells causes with one id apart; ``found`` is the word, where one was found."""

    kind: CauseKind
    id: UUID
    detail: str
    customer_id: UUID
    at: datetime
    unit: str | None
    channel: str | None
    text: str | None
    found: str | None = None

    @property
    def key(self) -> tuple[CauseKind, UUID, str]:
        """What a rule acts on once."""
        return self.kind, self.id, self.detail


@dataclass(frozen=True, slots=True)
class Among:
    """Where to look: at the records with some ids, by kind, or at all of ``[start, end)``."""

    ids: dict[CauseKind, set[UUID]] | None = None
    start: datetime | None = None
    end: datetime | None = None

    def of(self, kind: CauseKind, row_id: Any, at: Any) -> list[Any]:
        """The conditions on records of a kind."""
        if self.ids is not None:
            return [row_id.in_(sorted(self.ids.get(kind, ())))]
        return [at >= self.start, at < self.end]

    def is_empty(self, kind: CauseKind) -> bool:
        """Whether nothing of a kind is to be looked at."""
        return self.ids is not None and not self.ids.get(kind)


def find(tx: ReadTx, rule: Row, among: Among) -> list[Cause]:
    """The causes of a rule, by time; at most one statement a place."""
    causes = list(_FINDERS[Trigger(rule["trigger"])](tx, rule, among))
    return sorted(causes, key=lambda cause: (cause.at, cause.id, cause.detail))


# --- inside


def _low_answers(tx: ReadTx, rule: Row, among: Among) -> Iterator[Cause]:
    if among.is_empty(CauseKind.RESPONSE):
        return
    answer, scale = SurveyAnswer, SurveyAnswer.scale_max - SurveyAnswer.scale_min
    is_effort = and_(answer.scale_min == EFFORT[0], answer.scale_max == EFFORT[1], answer.kind == "ces")
    steps = case((is_effort, answer.scale_max - answer.number), else_=answer.number - answer.scale_min)
    is_low = exists().where(
        answer.response_id == SurveyResponse.id,
        answer.kind == rule["answer_index"],
        answer.number.is_not(None),
        answer.excluded.is_(None),
        steps * 100 <= scale * rule["at_most_points"],
    )
    rows: Any = tx.execute(_responses(among).where(is_low))
    for row in rows:
        yield _cause(CauseKind.RESPONSE, row, None)


def _words(tx: ReadTx, rule: Row, among: Among) -> Iterator[Cause]:
    places = {WordPlace(place) for place in rule["found_in"]} or set(WordPlace)
    for place in sorted(places):
        kind = CauseKind(place.value)
        if not among.is_empty(kind):
            rows: Any = tx.execute(_TEXTS[place](among))
            for row in rows:
                texts = [text for text in row[5:] if text]
                found = next(filter(None, (find_word(rule["words"], text) for text in texts)), None)
                if found is not None:
                    yield _cause(kind, row, "\n".join(texts), found=found)


def _broken(tx: ReadTx, rule: Row, among: Among) -> Iterator[Cause]:
    if among.is_empty(CauseKind.STANDARD):
        return
    clock = ComplaintClock
    statement: Any = (
        select(
            Complaint.id,
            Complaint.customer_id,
            clock.broken_at,
            Complaint.unit,
            Complaint.channel,
            Complaint.subject,
            clock.metric,
        )
        .join_from(clock, Complaint, Complaint.id == clock.complaint_id)
        .where(clock.broken_at.is_not(None), *_of_nobody(Complaint), Complaint.opened_by_rule.is_(None))
        .where(*among.of(CauseKind.STANDARD, Complaint.id, clock.broken_at))
        .order_by(clock.broken_at)
    )
    if rule["metrics"]:
        statement = statement.where(clock.metric.in_(rule["metrics"]))
    if rule["tiers"]:
        statement = statement.where(clock.tier.in_(rule["tiers"]))
    seen = set()
    for row in tx.execute(statement):
        if (row.id, row.metric) not in seen:  # a reopened one has several clocks
            seen.add((row.id, row.metric))
            yield _cause(CauseKind.STANDARD, row, row.subject, row.metric)


def _broken_promises(tx: ReadTx, rule: Row, among: Among) -> Iterator[Cause]:
    if among.is_empty(CauseKind.PROMISE):
        return
    statement: Any = (
        select(
            Promise.id,
            Promise.customer_id,
            Promise.broken_at,
            Promise.unit,
            Promise.channel,
            Promise.text,
        )
        .where(Promise.broken_at.is_not(None), Promise.promised_by == Promiser.US)
        .where(Promise.source != SOURCE, *among.of(CauseKind.PROMISE, Promise.id, Promise.broken_at))
    )
    if rule["tiers"]:
        statement = statement.where(Promise.tier.in_(rule["tiers"]))
    for row in tx.execute(statement):
        yield _cause(CauseKind.PROMISE, row, row.text)


def _cause(kind: CauseKind, row: Any, text: str | None, detail: str = "", found: str | None = None) -> Cause:
    """The cause of a row of id, customer, instant, unit and channel."""
    return Cause(kind, row[0], detail, row[1], row[2], row[3], row[4], text, found)


_FINDERS = {
    Trigger.LOW_ANSWER: _low_answers,
    Trigger.CRITICAL_WORD: _words,
    Trigger.BROKEN_STANDARD: _broken,
    Trigger.BROKEN_PROMISE: _broken_promises,
}


def _of_nobody(table: Any) -> list[Any]:
    """No import brought it."""
    return [table.import_id.is_(None)]


def _responses(among: Among, *texts: Any) -> Select[Any]:
    return (
        select(
            SurveyResponse.id,
            SurveyResponse.customer_id,
            SurveyResponse.answered_at,
            SurveyResponse.unit,
            SurveyResponse.channel,
            *texts,
        )
        .where(SurveyResponse.customer_id.is_not(None), *_of_nobody(SurveyResponse))
        .where(*among.of(CauseKind.RESPONSE, SurveyResponse.id, SurveyResponse.answered_at))
    )


def _texts_of_responses(among: Among) -> Select[Any]:
    same = SurveyAnswer.response_id == SurveyResponse.id
    statement = _responses(among, SurveyAnswer.text).join(SurveyAnswer, same)
    return statement.where(SurveyAnswer.text.is_not(None)).order_by(SurveyResponse.id, SurveyAnswer.question)


def _texts_of_complaints(among: Among) -> Any:
    mine = Complaint.id, Complaint.customer_id, Complaint.received_at, Complaint.unit, Complaint.channel
    return (
        select(*mine, Complaint.subject, Complaint.text)
        .where(*_of_nobody(Complaint), Complaint.opened_by_rule.is_(None))
        .where(*among.of(CauseKind.COMPLAINT, Complaint.id, Complaint.received_at))
    )


def _texts_of_interactions(among: Among) -> Any:
    return (
        select(
            Interaction.id,
            Interaction.customer_id,
            Interaction.started_at,
            Interaction.unit,
            Interaction.channel,
            Interaction.notes,
        )
        .where(Interaction.customer_id.is_not(None), Interaction.notes.is_not(None))
        .where(
            *_of_nobody(Interaction), *among.of(CauseKind.INTERACTION, Interaction.id, Interaction.started_at)
        )
    )


_TEXTS = {
    WordPlace.RESPONSE: _texts_of_responses,
    WordPlace.COMPLAINT: _texts_of_complaints,
    WordPlace.INTERACTION: _texts_of_interactions,
}
