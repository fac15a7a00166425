"""Everything that happened to a customer, from six tables, as one list."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, Text, and_, bindparam, cast, literal_column, or_, select

from app.domain.common import money
from app.domain.common.access import Actor, Scope
from app.schemas.insights.timeline import TimelineKind, TimelineQuery
from app.services.customers.external_ids import check_visible
from app.store.paging import After, Page
from app.store.sql.union_all import union_all
from app.store.tables import (
    Compensation,
    Complaint,
    ComplaintEvent,
    Interaction,
    Promise,
    PromiseEvent,
    Survey,
    SurveyAnswer,
    SurveyInvitation,
    SurveyResponse,
    Transaction,
)
from app.store.transactions import ReadTx, Row

Rows = Select[*tuple[Any, ...]]

_HREF = {
    TimelineKind.TRANSACTION: "/v1/transactions/",
    TimelineKind.INTERACTION: "/v1/interactions/",
    TimelineKind.COMPLAINT: "/v1/complaints/",
    TimelineKind.SURVEY_INVITATION: "/v1/survey-invitations/",
    TimelineKind.SURVEY_RESPONSE: "/v1/survey-responses/",
    TimelineKind.COMPENSATION: "/v1/compensations/",
    TimelineKind.PROMISE: "/v1/promises/",
}
_KINDS = tuple(TimelineKind)
"""The place in it orders what happened at the same instant."""
_ORDER = ("at", "place", "id", "step")
"""What the list is ordered by, all of it downwards: newest first."""

_EARLIEST, _LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_LOWEST, _HIGHEST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class _Branch:
    """What one table has to tell: its rows, and the columns its part of the list is ordered by.

    ``step`` is the number that tells rows of the same id apart, where there are such.
    """

    statement: Rows
    customer_id: Any
    at: Any
    id: Any
    step: Any = None

    def part(self, place: int) -> Rows:
        """The newest rows of `:customer_id` in the window and behind the place of the cursor.

        ``:id_<place>`` is where to go on among what happened at `:at` itself.
        """
        goes_on = bindparam(f"id_{place}", type_=self.id.type)
        behind = self.id < goes_on
        if self.step is not None:
            behind = or_(behind, and_(self.id == goes_on, self.step < bindparam("step")))
        columns = (self.at, self.id) if self.step is None else (self.at, self.id, self.step)
        return (
            self.statement.add_columns(
                literal_column(str(place), Integer).label("place"),
                self.at.label("at"),
                self.id.label("id"),
                (literal_column("0", Integer) if self.step is None else self.step).label("step"),
            )
            .where(
                self.customer_id == bindparam("customer_id"),
                # One upper bound, that of the window or of the cursor: SQLite seeks by one only.
                self.at >= bindparam("first"),
                self.at <= bindparam("last"),
                or_(self.at < bindparam("at"), behind),
            )
            .order_by(*(column.desc() for column in columns))
            .limit(bindparam("rows"))
        )


_BRANCHES = {
    TimelineKind.TRANSACTION: _Branch(
        select(
            Transaction.category.label("title"),
            Transaction.channel,
            Transaction.kind.label("transaction_kind"),
            Transaction.amount_minor,
            Transaction.currency,
        ),
        Transaction.customer_id,
        Transaction.occurred_at,
        Transaction.id,
    ),
    TimelineKind.INTERACTION: _Branch(
        select(
            Interaction.topic.label("title"),
            Interaction.channel,
            Interaction.agent,
            Interaction.unit,
            Interaction.direction,
            Interaction.purpose,
            Interaction.phase,
            Interaction.disposition,
            Interaction.sentiment,
            Interaction.resolved_on_first_contact,
            Interaction.ended_at,
        ),
        Interaction.customer_id,
        Interaction.started_at,
        Interaction.id,
    ),
    TimelineKind.COMPLAINT: _Branch(
        select(
            Complaint.subject.label("title"),
            Complaint.channel,
            Complaint.unit,
            Complaint.number,
            Complaint.severity,
            ComplaintEvent.kind.label("event"),
            ComplaintEvent.state,
            ComplaintEvent.owner,
            ComplaintEvent.data,
        ).join_from(ComplaintEvent, Complaint, Complaint.id == ComplaintEvent.complaint_id),
        ComplaintEvent.customer_id,
        ComplaintEvent.at,
        ComplaintEvent.complaint_id,
        ComplaintEvent.number,
    ),
    TimelineKind.SURVEY_INVITATION: _Branch(
        select(
            Survey.code.label("title"),
            SurveyInvitation.channel,
            SurveyInvitation.agent,
            SurveyInvitation.unit,
            SurveyInvitation.survey_id,
        ).join_from(SurveyInvitation, Survey, Survey.id == SurveyInvitation.survey_id),
        SurveyInvitation.customer_id,
        SurveyInvitation.invited_at,
        SurveyInvitation.id,
    ),
    TimelineKind.SURVEY_RESPONSE: _Branch(
        select(
            Survey.code.label("title"),
            SurveyResponse.channel,
            SurveyResponse.agent,
            SurveyResponse.unit,
            SurveyResponse.survey_id,
        ).join_from(SurveyResponse, Survey, Survey.id == SurveyResponse.survey_id),
        SurveyResponse.customer_id,
        SurveyResponse.answered_at,
        SurveyResponse.id,
    ),
    TimelineKind.COMPENSATION: _Branch(
        select(
            Compensation.kind.label("title"),
            Compensation.agent,
            Compensation.unit,
            Compensation.amount_minor,
            Compensation.amount_currency.label("currency"),
            Compensation.complaint_id,
            Compensation.interaction_id,
        ),
        Compensation.customer_id,
        Compensation.given_at,
        Compensation.id,
    ),
    TimelineKind.PROMISE: _Branch(
        select(
            cast(Promise.kind, Text).label("title"),
            Promise.channel,
            Promise.agent,
            Promise.unit,
            Promise.promised_by,
            Promise.text,
            PromiseEvent.kind.label("event"),
            PromiseEvent.state,
            PromiseEvent.owner,
            PromiseEvent.due_at,
        ).join_from(PromiseEvent, Promise, Promise.id == PromiseEvent.promise_id),
        PromiseEvent.customer_id,
        PromiseEvent.at,
        PromiseEvent.promise_id,
        PromiseEvent.number,
    ),
}


def page(tx: ReadTx, actor: Actor, query: TimelineQuery, after: After | None, customer_id: UUID) -> Page:
    """Read a page of what happened to a customer, newest first.

    Each table gives at most one row more than the page holds, by its index on customer and time: the cost
    does not depend on how long the history is, nor on how far back the page lies. Two statements, three
    with survey responses on the page.

    Raises:
        NotFoundError: there is no such customer, or the caller may not see it.
    """
    check_visible(tx, actor, customer_id)
    goes_on = _goes_on(after)
    last = _LATEST if query.occurred_before is None else query.occurred_before - _TICK
    values = {
        "customer_id": customer_id,
        "first": query.occurred_from or _EARLIEST,
        "last": min(last, goes_on["at"]),
        "rows": query.limit + 1,
        **goes_on,
    }
    kinds = frozenset(query.kind)
    if not actor.may(Scope.PROMISES_READ):
        kinds = (kinds or frozenset(TimelineKind)) - {TimelineKind.PROMISE}
    found = tx.execute(_statement(kinds), values).mappings().all() if kinds or not query.kind else []
    rows = [dict(row) for row in found[: query.limit]]
    scores = _scores(tx, rows)
    behind = None
    if len(found) > query.limit:
        behind = tuple(rows[-1][name] for name in _ORDER)
    return Page([_shape(row, scores) for row in rows], behind)


@lru_cache(maxsize=64)
def _statement(kinds: frozenset[TimelineKind]) -> Rows:
    """The statement for these kinds, or all. Made once: it is large, and to make it takes milliseconds."""
    parts = [_BRANCHES[kind].part(place) for place, kind in enumerate(_KINDS) if not kinds or kind in kinds]
    rows = union_all(parts)
    return select(rows).order_by(*(rows.c[name].desc() for name in _ORDER)).limit(bindparam("rows"))


def _goes_on(after: After | None) -> Row:
    """Where each table's part goes on. Of what happened at the very instant of ``after``, kinds of a higher
    place have been listed already, kinds of a lower place have not, and of its own kind lower ids have
    not."""
    if after is None:
        return {"at": _LATEST, "step": 0} | {f"id_{place}": _HIGHEST for place in range(len(_KINDS))}
    at, of_place, id_, step = after
    ids = {
        f"id_{place}": id_ if place == of_place else _HIGHEST if place < of_place else _LOWEST
        for place in range(len(_KINDS))
    }
    return {"at": at, "step": step, **ids}


def _scores(tx: ReadTx, rows: list[Row]) -> dict[UUID, list[Row]]:
    """The numbers of the survey responses among the rows."""
    responses = [row["id"] for row in rows if _KINDS[row["place"]] is TimelineKind.SURVEY_RESPONSE]
    if not responses:
        return {}
    columns = ("response_id", "question", "kind", "number", "scale_min", "scale_max")
    statement = (
        select(*(getattr(SurveyAnswer, name) for name in columns))
        .where(SurveyAnswer.response_id.in_(responses), SurveyAnswer.number.is_not(None))
        .order_by(SurveyAnswer.response_id, SurveyAnswer.question)
    )
    scores: dict[UUID, list[Row]] = {}
    for response_id, question, kind, number, least, most in tx.execute(statement):
        scale = None if least is None else {"min": least, "max": most}
        score = {"question": question, "kind": kind, "scale": scale, "number": number}
        scores.setdefault(response_id, []).append(score)
    return scores


_ENTRIES = {
    "interaction": (
        "direction",
        "purpose",
        "phase",
        "disposition",
        "sentiment",
        "resolved_on_first_contact",
        "ended_at",
    ),
    "complaint": ("number", "event", "state", "owner", "severity"),
    "promise": ("promised_by", "event", "state", "owner", "text", "due_at"),
}


def _shape(row: Row, scores: dict[UUID, list[Row]]) -> Row:
    """A row as `app.schemas.insights.timeline.TimelineEntry` wants it."""
    kind = _KINDS[row["place"]]
    entry: Row = {
        "at": row["at"],
        "kind": kind,
        "id": row["id"],
        "href": f"{_HREF[kind]}{row['id']}",
        **{name: row.get(name) for name in ("title", "channel", "agent", "unit")},
        **dict.fromkeys(("transaction", "interaction", "complaint", "survey", "compensation", "promise")),
    }
    if kind is TimelineKind.TRANSACTION:
        amount = money.to_wire(abs(row["amount_minor"]), row["currency"])
        entry["transaction"] = {"kind": row["transaction_kind"], "amount": amount}
    elif kind is TimelineKind.COMPENSATION:
        case = {name: row[name] for name in ("complaint_id", "interaction_id")}
        amount = money.to_wire(row["amount_minor"], row["currency"])
        entry["compensation"] = {"kind": row["title"], "amount": amount, **case}
    elif kind in _ENTRIES:
        entry[kind] = {name: row[name] for name in _ENTRIES[kind]}
        if kind is TimelineKind.COMPLAINT:
            entry[kind]["time_unknown"] = row["data"].get("time_unknown", False)
    else:
        entry["survey"] = {"survey_id": row["survey_id"], "scores": scores.get(row["id"], [])}
    return entry
