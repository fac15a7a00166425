"""One customer at a glance: by id, or by the number, address or key that a caller came with."""

from operator import itemgetter
from uuid import UUID

from sqlalchemy import Integer, Text, bindparam, func, literal_column, select

from app.domain.common import emails, phones
from app.domain.common.access import Actor, Scope
from app.domain.common.text import split_qualified
from app.domain.customers.customers import Match, match_of
from app.domain.promises.promises import Promiser, PromiseState
from app.domain.promises.sentences import sentence
from app.domain.recovery.complaints import ENDED_STATES
from app.errors import NotFoundError
from app.schemas.common.base import shaper
from app.schemas.insights.overview import (
    MAX_LISTED,
    MAX_REASONS,
    LastInteraction,
    OpenComplaint,
    OpenPromise,
    OverviewRead,
    ScreenPopQuery,
)
from app.services.customers import scores as standing
from app.services.customers import shared_opt_outs
from app.services.scoring import churn_explanations
from app.store.engine import one_statement
from app.store.sql.prepared_select import PreparedSelect
from app.store.sql.union_all import union_all
from app.store.tables import (
    Complaint,
    Customer,
    CustomerLookup,
    CustomerScore,
    Interaction,
    Promise,
    ScoringRun,
)
from app.store.transactions import ReadTx, Row
from app.store.types import now
from app.store.visibility import owner_of, read_visible, visible_to
from app.texts import render

_as_read = shaper(OverviewRead)
_COMPLAINT = tuple(OpenComplaint.model_fields)
_INTERACTION = tuple(LastInteraction.model_fields)
_PROMISE = tuple(name for name in OpenPromise.model_fields if name not in ("state", "sentence"))
_ID = bindparam("customer_id", type_=Customer.id.type)

# --- statements, made once: one built anew is compared with the cached one member by member

_READ = select(
    *(column for column in Customer.__table__.columns if column.key in OverviewRead.model_fields),
    *(Customer.__table__.c[column] for column in standing.CONTRACT.values()),
    *standing.SCORES,
    *shared_opt_outs.COLUMNS,
    CustomerScore.churn_facts,
    standing.current(ScoringRun.churn_baselines),
).join_from(Customer, CustomerScore, CustomerScore.customer_id == Customer.id, isouter=True)
_BY_ID = PreparedSelect(_READ.where(Customer.id == _ID))

_last_contact_at = (
    select(func.max(Interaction.started_at))
    .where(Interaction.customer_id == Customer.id)
    .scalar_subquery()
    .label("last_contact_at")
)
_LIKELIEST_FIRST = (
    _READ.add_columns(_last_contact_at)
    .order_by(
        _last_contact_at.desc().nulls_last(), CustomerScore.value_minor.desc().nulls_last(), Customer.id
    )
    .limit(
        MAX_LISTED + 2
    )  # the likeliest, the others that are listed, and one to tell whether there are more
)
_owners = select(CustomerLookup.customer_id).where(CustomerLookup.kind == bindparam("kind"))
_BY_CONTACT_POINT = PreparedSelect(
    _LIKELIEST_FIRST.where(Customer.id.in_(_owners.where(CustomerLookup.value == bindparam("value"))))
)
_BY_CONTACT_POINTS = _LIKELIEST_FIRST.where(
    Customer.id.in_(_owners.where(CustomerLookup.value.in_(bindparam("values", expanding=True))))
)
_BY_EXTERNAL_ID = PreparedSelect(
    _LIKELIEST_FIRST.where(Customer.id == owner_of(bindparam("system"), bindparam("key")))
)

_is_open = (
    Complaint.customer_id == _ID,
    *(Complaint.state != literal_column(f"'{state}'", Text) for state in sorted(ENDED_STATES)),
    Complaint.leading_complaint_id.is_(None),
)
_open_complaints = (
    select(
        literal_column("0", Integer).label("place"),
        Complaint.received_at.label("at"),
        select(func.count()).select_from(Complaint).where(*_is_open).scalar_subquery().label("count"),
        *(getattr(Complaint, name) for name in _COMPLAINT if name != "received_at"),
    )
    .where(*_is_open)
    .order_by(Complaint.received_at.desc(), Complaint.id.desc())
    .limit(MAX_LISTED)
)
_last_interactions = (
    select(
        literal_column("1", Integer).label("place"),
        Interaction.started_at.label("at"),
        *(getattr(Interaction, name) for name in _INTERACTION if name != "started_at"),
    )
    .where(Interaction.customer_id == _ID)
    .order_by(Interaction.started_at.desc(), Interaction.id.desc())
    .limit(MAX_LISTED)
)
_open_promises = (
    select(
        literal_column("2", Integer).label("place"),
        Promise.due_at.label("at"),
        *(getattr(Promise, name) for name in _PROMISE if name != "due_at"),
    )
    .where(Promise.customer_id == _ID, Promise.ended_at.is_(None))
    .order_by(Promise.due_at, Promise.id)
    .limit(MAX_LISTED)
)
_recent = union_all([_open_complaints, _last_interactions, _open_promises])
_AT = {"received_at": "at", "started_at": "at", "due_at": "at"}
_LISTED = (*_COMPLAINT, *_INTERACTION, *_PROMISE)
_COLUMNS = tuple(dict.fromkeys(("place", "count", *(_AT.get(name, name) for name in _LISTED))))
_RECENT = PreparedSelect(
    select(*(_recent.c[name] for name in _COLUMNS)).order_by(
        _recent.c.place, _recent.c.at.desc(), _recent.c.id.desc()
    )
)
_complaint_of = itemgetter(*(_AT.get(name, name) for name in _COMPLAINT))
_interaction_of = itemgetter(*(_AT.get(name, name) for name in _INTERACTION))
_promise_of = itemgetter(*(_AT.get(name, name) for name in _PROMISE))


# --- use cases


@one_statement
def get(tx: ReadTx, actor: Actor, customer_id: UUID, language: str) -> Row:
    """Read who a customer is and how we stand with it. Two statements, without a snapshot: what they tell
    does not have to agree.

    ``language`` is that of the sentences: en, tr or az.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see it.
    """
    found = read_visible(tx, _BY_ID, actor, {"customer_id": customer_id})
    if not found:
        raise NotFoundError("There is no such customer.")
    return _overview(tx, actor, found[0], language)


@one_statement
def screen_pop(tx: ReadTx, actor: Actor, query: ScreenPopQuery, language: str) -> Row:
    """Tell who is calling: the likeliest customer at a glance, and who else it may be. At most two
    statements, without a snapshot as in `get`.

    Of several customers that fit, the likeliest is the one with the latest contact, then the one of the
    greatest value, then the one recorded first.
    """
    found = _candidates(tx, actor, query)
    match = match_of(len(found))
    if match is Match.NONE:
        return {"match": match, "customer": None, "candidates": [], "has_more_candidates": False}
    return {
        "match": match,
        "customer": _overview(tx, actor, found[0], language),
        "candidates": [
            {**row, shared_opt_outs.MEMBER: shared_opt_outs.shared(row)} for row in found[1 : MAX_LISTED + 1]
        ],
        "has_more_candidates": len(found) > MAX_LISTED + 1,
    }


# --- inside


def _candidates(tx: ReadTx, actor: Actor, query: ScreenPopQuery) -> list[Row]:
    """The customers that fit, likeliest first. Nobody has what cannot be read as a number or an address."""
    if query.external_id is not None:
        system, key = split_qualified(query.external_id)
        return read_visible(tx, _BY_EXTERNAL_ID, actor, {"system": system, "key": key.strip()})
    if query.phone is not None:
        kind, values = "phone", _readings(query.phone, actor.company.phone_regions)
    else:
        kind, values = "email", _addresses(query.email or "")
    if len(values) == 1:  # nearly always, and cheaper
        return read_visible(tx, _BY_CONTACT_POINT, actor, {"kind": kind, "value": values[0]})
    if not values:
        return []
    found = tx.execute(visible_to(_BY_CONTACT_POINTS, actor), {"kind": kind, "values": values})
    return [row._asdict() for row in found.all()]


def _readings(text: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    """Every number the text may be. A + that was not escaped arrives as a blank."""
    if text.startswith(" ") and (found := phones.candidates(f"+{text.lstrip()}", regions)):
        return found
    return phones.candidates(text, regions)


def _addresses(text: str) -> tuple[str, ...]:
    try:
        return (emails.key(text.strip()),)
    except ValueError:
        return ()


def _overview(tx: ReadTx, actor: Actor, row: Row, language: str) -> Row:
    """A customer's row as `OverviewRead` wants it, with what happened of late."""
    complaints: list[Row] = []
    interactions: list[Row] = []
    promises: list[Row] = []
    count = 0
    for found in _RECENT.rows(tx, {"customer_id": row["id"]}):
        if found["place"] == 0:
            complaints.append(dict(zip(_COMPLAINT, _complaint_of(found), strict=True)))
            count = found["count"]
        elif found["place"] == 1:
            interactions.append(dict(zip(_INTERACTION, _interaction_of(found), strict=True)))
        else:
            promises.append(dict(zip(_PROMISE, _promise_of(found), strict=True)))
    scores = standing.scores_of(row)
    if scores["churn"] is not None:
        shaped = (row["churn_facts"], row["churn_baselines"], row["scored_as_of"], row["data_end"])
        scores["churn"]["reasons"] = churn_explanations.reasons_of(*shaped, language, MAX_REASONS)
    whole = {
        **row,
        **scores,
        shared_opt_outs.MEMBER: shared_opt_outs.shared(row),
        "contract": standing.contract_of(row),
        "open_complaints_count": count,
        "open_complaints": complaints,
        "open_promises": _promised(actor, promises, language) if promises else [],
        "last_interactions": interactions,
    }
    return _as_read(whole)


def _promised(actor: Actor, promises: list[Row], language: str) -> list[Row]:
    """Promises, latest due first, as they are shown: soonest first, each in words."""
    if not actor.may(Scope.PROMISES_READ):
        return []
    at, company = now(), actor.company
    today = company.day_of(at)
    for row in promises:
        said = sentence(Promiser(row["promised_by"]), row["text"], company.day_of(row["due_at"]), today)
        row["state"] = PromiseState.OVERDUE if row["due_at"] < at else PromiseState.OPEN
        row["sentence"] = render(language, said)
    return promises[::-1]
