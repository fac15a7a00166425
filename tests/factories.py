"""Things tests start from, put into the store through the services or, in bulk, into the tables."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert

from app.domain.common.access import Actor
from app.schemas.activity.interactions import InteractionCreate
from app.schemas.customers.customers import CustomerCreate, CustomerUpdate
from app.schemas.recovery.complaints import ComplaintCreate
from app.schemas.surveys.invitations import SurveyInvitationCreate
from app.schemas.surveys.responses import SurveyResponseCreate
from app.schemas.surveys.surveys import SurveyCreate
from app.services.activity import interactions
from app.services.customers import customers
from app.services.recovery import complaints
from app.services.surveys import invitations, responses, surveys
from app.store import dialects
from app.store.tables import ContractTerms, Transaction
from app.store.types import new_id, now

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def customer(tx: Connection, actor: Actor, name: str = "Ayşe Yılmaz", **members: object) -> UUID:
    """Record a customer and return its id."""
    row = customers.create(tx, actor, CustomerCreate.model_validate({"name": name, **members}))
    return UUID(str(row["id"]))


def under_contract(tx: Connection, actor: Actor, customer_id: UUID, **contract: date | None) -> None:
    """Change the contract of a customer, which is known from today on, and in want of another also before."""
    change = {"contract": {name: day and day.isoformat() for name, day in contract.items()}}
    customers.update_one(tx, actor, customer_id, CustomerUpdate.model_validate(change), None)


def terms(tx: Connection, customer_id: UUID, known_on: date, **days: date | None) -> None:
    """Say from which day on it was known what a contract says."""
    said = {**dict.fromkeys(("started_on", "ends_on", "notice_given_on")), **days, "recorded_at": now()}
    row = {"customer_id": customer_id, "known_on": known_on, **said}
    tx.execute(dialects.upsert(tx, ContractTerms, ["customer_id", "known_on"], list(said)), row)


def transaction_body(**members: Any) -> dict[str, Any]:
    """What to send to record a purchase of 12.30 TRY by the customer C-1 of the CRM, but for ``members``;
    None leaves one out."""
    body = {
        "customer": {"system": "crm", "key": "C-1"},
        "external_id": uuid4().hex,
        "kind": "purchase",
        "amount": {"amount": "12.30", "currency": "TRY"},
        "occurred_at": "2026-11-23T09:30:00Z",
        **members,
    }
    return {name: value for name, value in body.items() if value is not None}


def interaction_body(**members: Any) -> dict[str, Any]:
    """What to send to record a call by the customer C-1 of the CRM, but for ``members``; None leaves one
    out."""
    body = {
        "customer": {"system": "crm", "key": "C-1"},
        "external_id": uuid4().hex,
        "channel": "phone",
        "direction": "inbound",
        "started_at": "2026-11-23T09:30:00Z",
        **members,
    }
    return {name: value for name, value in body.items() if value is not None}


def interaction(tx: Connection, actor: Actor, customer_id: UUID | None = None, **members: Any) -> UUID:
    """Record a call by a customer, of somebody unknown by default, and return its id."""
    body = interaction_body(customer=None, customer_id=customer_id, started_at=NOON.isoformat())
    row = interactions.create(tx, actor, InteractionCreate.model_validate(body | members))
    return UUID(str(row["id"]))


def complaint_body(**members: Any) -> dict[str, Any]:
    """What to send to record a complaint of the customer C-1 of the CRM, but for ``members``; None leaves one
    out."""
    body = {
        "customer": {"system": "crm", "key": "C-1"},
        "external_id": uuid4().hex,
        "subject": "The parcel came open",
        **members,
    }
    return {name: value for name, value in body.items() if value is not None}


def complaint(tx: Connection, actor: Actor, customer_id: UUID, **members: Any) -> UUID:
    """Record a complaint of a customer and return its id."""
    body = complaint_body(customer=None, customer_id=customer_id, received_at=NOON.isoformat())
    row = complaints.create(tx, actor, ComplaintCreate.model_validate(body | members))
    return UUID(str(row["id"]))


def promise_body(**members: Any) -> dict[str, Any]:
    """What to send to record a promise to the customer C-1 of the CRM for tomorrow, but for ``members``; None
    leaves one out."""
    body = {
        "customer": {"system": "crm", "key": "C-1"},
        "external_id": uuid4().hex,
        "kind": "call_back",
        "text": "We call back.",
        "due_in_seconds": 86_400,
        **members,
    }
    return {name: value for name, value in body.items() if value is not None}


def question(code: str = "recommend", kind: str = "nps", **members: Any) -> dict[str, Any]:
    """A question to ask, whether the customer would recommend the company unless told otherwise."""
    return {"code": code, "kind": kind, "texts": {"en": f"What of {code}?"}, **members}


QUESTIONS = [
    question(required=True),
    question("delivery", "csat", scale={"min": 1, "max": 5}),
    question("why", "choice", choices=[{"code": code, "texts": {"en": code}} for code in ("price", "speed")]),
    question("remark", "text"),
]


def survey_body(**members: Any) -> dict[str, Any]:
    """What to send to set up the survey "delivery" with `QUESTIONS`, but for ``members``."""
    return {"code": "delivery", "names": {"en": "Delivery"}, "questions": QUESTIONS, **members}


def survey(tx: Connection, actor: Actor, **members: Any) -> UUID:
    """Set up a survey and return its id."""
    row = surveys.create(tx, actor, SurveyCreate.model_validate(survey_body(**members)))
    return UUID(str(row["id"]))


def invitation_body(**members: Any) -> dict[str, Any]:
    """What to send to invite the customer C-1 of the CRM to the survey "delivery", but for ``members``; None
    leaves one out."""
    body = {"survey_code": "delivery", "customer": {"system": "crm", "key": "C-1"}, **members}
    return {name: value for name, value in body.items() if value is not None}


def invitation(tx: Connection, actor: Actor, customer_id: UUID | None = None, **members: Any) -> UUID:
    """Invite a customer, whoever it reaches by default, to the survey "delivery"; return the id."""
    body = invitation_body(customer=None, customer_id=customer_id, invited_at=NOON.isoformat())
    row = invitations.create(tx, actor, SurveyInvitationCreate.model_validate(body | members))
    return UUID(str(row["id"]))


def response_body(**members: Any) -> dict[str, Any]:
    """What to send to record that the customer C-1 of the CRM answered the survey "delivery" with a 9, but
    for ``members``; None leaves one out."""
    body = {
        "survey_code": "delivery",
        "customer": {"system": "crm", "key": "C-1"},
        "answers": [{"question": "recommend", "number": 9}],
        **members,
    }
    return {name: value for name, value in body.items() if value is not None}


def response(
    tx: Connection,
    actor: Actor,
    customer_id: UUID | None = None,
    numbers: Mapping[str, int] | None = None,
    **members: Any,
) -> UUID:
    """Record what a customer, somebody unknown by default, answered to the survey "delivery" and return the
    response's id; ``numbers`` are the answers on scales by question, 9 to "recommend" by default."""
    given = {"recommend": 9} if numbers is None else numbers
    body = response_body(
        customer=None,
        customer_id=customer_id,
        answered_at=NOON.isoformat(),
        answers=[{"question": code, "number": number} for code, number in given.items()],
    )
    row = responses.create(tx, actor, SurveyResponseCreate.model_validate(body | members))
    return UUID(str(row["id"]))


def purchases(
    tx: Connection,
    actor: Actor,
    customer_id: UUID,
    amounts_minor: Iterable[int],
    *,
    at: datetime = NOON,
    currency: str = "TRY",
    kind: str = "purchase",
    source: str = "test",
) -> None:
    """Record transactions of a customer; amounts are effects on value."""
    rows = [
        {**transaction_row(customer_id, amount, at, currency, kind), "source": source}
        for amount in amounts_minor
    ]
    if rows:
        tx.execute(insert(Transaction), rows)


def transaction_row(
    customer_id: UUID, amount_minor: int, at: datetime, currency: str = "TRY", kind: str = "purchase"
) -> dict[str, Any]:
    """A transaction as it is stored; the amount is its effect on value."""
    return {
        "id": new_id(),
        "customer_id": customer_id,
        "source": "test",
        "external_id": new_id().hex,
        "kind": kind,
        "amount_minor": amount_minor,
        "currency": currency,
        "occurred_at": at,
        "recorded_at": now(),
    }


def customers_worth(
    tx: Connection, actor: Actor, values_minor: Iterable[int], at: datetime = NOON
) -> list[UUID]:
    """Record a customer for each value, with one transaction of this value (a refund when negative)."""
    ids = []
    for number, value in enumerate(values_minor):
        customer_id = customer(tx, actor, f"Customer {number}")
        purchases(tx, actor, customer_id, [value], at=at, kind="purchase" if value >= 0 else "refund")
        ids.append(customer_id)
    return ids


def shop(tx: Connection, actor: Actor, bought: Iterable[Iterable[tuple[datetime, int]]]) -> list[UUID]:
    """Record a customer for each list of purchases, given by instant and amount; a refund when negative."""
    lists = [list(purchases) for purchases in bought]
    wanted = [CustomerCreate.model_validate({"name": f"Customer {number}"}) for number in range(len(lists))]
    ids = [UUID(str(row["id"])) for row in customers.create_many(tx, actor, wanted) if isinstance(row, dict)]
    rows = [
        transaction_row(customer_id, amount, at, kind="purchase" if amount >= 0 else "refund")
        for customer_id, purchases in zip(ids, lists, strict=True)
        for at, amount in purchases
    ]
    tx.execute(insert(Transaction), rows)
    return ids


def rhythmic_shop(tx: Connection, actor: Actor, count: int, until: datetime) -> list[UUID]:
    """Record customers who buy every week or two for a year; every second stopped one to nine months before
    ``until``, the others go on for 90 days after it."""
    wanted = [CustomerCreate.model_validate({"name": f"Customer {number}"}) for number in range(count)]
    made = customers.create_many(tx, actor, wanted)
    ids = [UUID(str(row["id"])) for row in made if isinstance(row, dict)]
    rows = [
        transaction_row(customer_id, 1000 + number, until - timedelta(days=days))
        for number, customer_id in enumerate(ids)
        for days in range(360 - number % 40, _stops(number), -(7 + number % 11))
    ]
    tx.execute(insert(Transaction), rows)
    return ids


def sales(tx: Connection, sold: Iterable[tuple[UUID, date]], *, source: str = "test") -> None:
    """Record a purchase of 10 TRY at noon for each customer and day."""
    noon = time(12, tzinfo=UTC)
    rows = [transaction_row(who, 1000, datetime.combine(day, noon)) | {"source": source} for who, day in sold]
    tx.execute(insert(Transaction), rows)


def _stops(number: int) -> int:
    return 30 + 30 * (number // 2 % 9) if number % 2 == 0 else -90
