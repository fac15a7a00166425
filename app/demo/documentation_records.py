"""The records that stand in the examples of the API's documentation: put into the demo, so that every
example works there and answers what the documentation shows.

The documentation's day is 23 November 2026. In a demo that ends earlier, they happened whole days before.
"""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import insert, select, update

from app.demo import documented_incidents, documented_promises
from app.demo.competitors import years_moved
from app.demo.documented import Examples, example
from app.domain.common.access import Actor
from app.domain.common.jobs import JobState
from app.domain.customers.customers import Lifecycle
from app.domain.imports.refusals import Refusal
from app.domain.value.unit_costs import CostCode
from app.errors import AppError
from app.schemas.activity import interactions as interaction_schemas
from app.schemas.activity import transactions as transaction_schemas
from app.schemas.activity.dispositions import DispositionPut, DispositionRead
from app.schemas.activity.exchange_rates import ExchangeRateItem
from app.schemas.activity.interactions import InteractionCreate, InteractionRead
from app.schemas.activity.transactions import TransactionCreate, TransactionRead
from app.schemas.common import jobs as job_schemas
from app.schemas.common.base import Input
from app.schemas.common.jobs import JobRead
from app.schemas.customers import contract_terms as contract_schemas
from app.schemas.customers import customers as customer_schemas
from app.schemas.events import webhook_endpoints as webhook_schemas
from app.schemas.events.webhook_endpoints import WebhookEndpointCreate, WebhookPause
from app.schemas.imports import imports as import_schemas
from app.schemas.imports.imports import ImportRead
from app.schemas.imports.mappings import EXAMPLE_MAPPING, ImportMappingRead
from app.schemas.insights import competitor_measurements as measurement_schemas
from app.schemas.insights.competitor_measurements import (
    CompetitorMeasurementCreate,
    CompetitorMeasurementRead,
)
from app.schemas.insights.unit_costs import UnitCostPut, UnitCostRead
from app.schemas.recovery import complaints as complaint_schemas
from app.schemas.recovery.complaints import ComplaintCreate, ComplaintRead
from app.schemas.surveys import invitations as invitation_schemas
from app.schemas.surveys import responses as response_schemas
from app.schemas.surveys import surveys as survey_schemas
from app.schemas.surveys.invitations import SurveyInvitationCreate, SurveyInvitationRead
from app.schemas.surveys.responses import Answer, SurveyResponseCreate, SurveyResponseRead
from app.schemas.surveys.surveys import SurveyCreate, SurveyRead
from app.services.activity import dispositions, exchange_rates, interactions, transactions
from app.services.events import webhook_endpoints
from app.services.imports import mappings
from app.services.insights import competitor_measurements, unit_costs
from app.services.recovery import complaints
from app.services.surveys import invitations, responses, surveys
from app.store.tables import Complaint, ExchangeRate, Import, Job, RefusedRow, Transaction
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now

M = TypeVar("M", bound=Input)

PERSON = {
    "kind": "person",
    "name": "Ayşe Yılmaz",
    "given_name": "Ayşe",
    "family_name": "Yılmaz",
    "language": "tr",
    "contact_points": [{"kind": "phone", "value": "+905321234567", "primary": True}],
    "lifecycle": "active",
    "left_on": None,
    "left_reason": None,
}
"""Who the first customer of the demo is."""

_COMPLAINTS: tuple[tuple[str, Row], ...] = (
    (complaint_schemas.EXAMPLE_OPEN_ID, {"subject": "A cup is missing"}),
    (complaint_schemas.EXAMPLE_ACKNOWLEDGED_ID, {"acknowledged_at": "2026-11-23T09:34:00Z"}),
    (complaint_schemas.EXAMPLE_TO_RESOLVE_ID, {"acknowledged_at": "2026-11-23T09:36:00Z"}),
    (
        complaint_schemas.EXAMPLE_CLOSED_ID,
        {
            "acknowledged_at": "2026-11-23T09:38:00Z",
            "resolved_at": "2026-11-23T12:10:00Z",
            "resolution": "The missing cup was sent.",
            "closed_at": "2026-11-23T14:00:00Z",
        },
    ),
)
"""Complaints in the states that steps begin in, and what is known of each beyond what they share."""

_RATES = ("USD", "EUR")
_UNIT_COSTS = {
    CostCode.APP: ("1", "0"),
    CostCode.CHAT: ("2.5", "4"),
    CostCode.EMAIL: ("18", "0"),
    CostCode.LETTER: ("30", "0"),
    CostCode.SOCIAL: ("12", "0"),
    CostCode.STORE: ("35", "0"),
    CostCode.RETURN: ("60", "0"),
}
"""What contacts and returns cost the demo company, each and a minute, beyond what is shown."""
_NEVER = timedelta(days=36_500)

LAST_AT: Final = datetime(2026, 11, 23, 16, 5, 2, tzinfo=UTC)
"""When the last of what the examples name happened."""


def ids_of(customers: Sequence[Row]) -> list[UUID]:
    """Ids for the customers of a demo: the first one, one who stays, one who has left and one under contract
    get those of the documentation."""
    ids = [new_id() for _ in customers]
    ids[0] = UUID(customer_schemas.EXAMPLE_ID)
    for shown, has_left in (
        (customer_schemas.EXAMPLE_STAYING_ID, False),
        (customer_schemas.EXAMPLE_LEFT_ID, True),
    ):
        for position, customer in enumerate(customers[1:], start=1):
            if (customer["lifecycle"] == Lifecycle.LEFT) == has_left:
                ids[position] = UUID(shown)
                break
    taken = {UUID(shown) for shown in (customer_schemas.EXAMPLE_STAYING_ID, customer_schemas.EXAMPLE_LEFT_ID)}
    for position, customer in enumerate(customers[1:], start=1):
        if customer["contract"] is not None and ids[position] not in taken:
            ids[position] = UUID(contract_schemas.EXAMPLE_ID)
            break
    return ids


def days_earlier(ends_at: datetime) -> int:
    """By how many days what the examples name must be earlier to lie in a demo that ends at an instant.

    >>> days_earlier(datetime(2026, 11, 24, tzinfo=UTC)), days_earlier(datetime(2026, 11, 23, 9, tzinfo=UTC))
    (0, 1)
    """
    return max(0, math.ceil((LAST_AT - ends_at) / timedelta(days=1)))


def examples_of(ends_at: datetime) -> Examples:
    """What the documentation shows, moved to the days of a demo that ends at an instant."""
    return Examples(timedelta(days=days_earlier(ends_at)))


def load(tx: WriteTx, actor: Actor, customer_ids: Sequence[UUID], until: date, ends_at: datetime) -> None:
    """Record what the examples name, but for the customers and the scoring run, in a demo whose last day is
    ``until`` and that ends at ``ends_at``."""
    shown = examples_of(ends_at)
    _record(tx, actor, transactions, transaction_schemas, shown.of(TransactionRead, TransactionCreate))
    _record(tx, actor, interactions, interaction_schemas, shown.of(InteractionRead, InteractionCreate))
    _record(tx, actor, complaints, complaint_schemas, shown.of(ComplaintRead, ComplaintCreate))
    _load_complaints(tx, actor, shown, customer_ids)
    documented_incidents.load(tx, actor, shown, list(customer_ids))
    documented_promises.load(tx, actor, shown, customer_ids)
    surveys.create(tx, actor, shown.of(SurveyRead, SurveyCreate), survey_id=UUID(survey_schemas.EXAMPLE_ID))
    invitation = shown.of(SurveyInvitationRead, SurveyInvitationCreate)
    _record(tx, actor, invitations, invitation_schemas, invitation)
    _record(tx, actor, responses, response_schemas, _response(shown))
    documented_incidents.load_follow_ups(tx, actor, shown, customer_ids[1 % len(customer_ids)])
    _load_measurements(tx, actor, until)
    code = example(DispositionRead)["code"]
    dispositions.put(tx, actor, code, shown.of(DispositionRead, DispositionPut), None)
    for name in (example(ImportMappingRead)["name"], "old-shop-export"):
        mappings.put(tx, actor, name, _mapping(), None)
    _load_rates(tx, actor, shown)
    _load_unit_costs(tx, actor, shown)
    _load_imports(tx, actor, shown)
    _load_webhooks(tx, actor)


# --- inside


def _mapping() -> Row:
    """The mapping that is shown, without the targets that have no source."""
    shown = EXAMPLE_MAPPING
    columns = {target: source for target, source in shown["columns"].items() if source is not None}
    return {**shown, "columns": columns}


def _response(documented: Examples) -> SurveyResponseCreate:
    shown = documented.row(SurveyResponseRead)
    given = [
        {name: answer[name] for name in Answer.model_fields if name in answer} for answer in shown["answers"]
    ]
    members = {name: shown[name] for name in SurveyResponseCreate.model_fields if name in shown}
    return SurveyResponseCreate.model_validate({**members, "answers": given})


def _record(tx: ReadTx, actor: Actor, service: Any, schemas: Any, item: Input) -> None:
    """Record one item under the id that stands in the examples."""
    [result] = service.create_many(tx, actor, [item], ids=[UUID(schemas.EXAMPLE_ID)])
    if isinstance(result, AppError):
        raise result


def _load_complaints(tx: WriteTx, actor: Actor, documented: Examples, customer_ids: Sequence[UUID]) -> None:
    shown = documented.row(ComplaintRead)
    shared = {
        name: shown[name] for name in ("source", "channel", "subject", "severity", "owner", "received_at")
    }
    items = [
        ComplaintCreate.model_validate(
            {
                **shared,
                **{name: documented.moved(value) for name, value in own.items()},
                "customer_id": str(customer_ids[place % len(customer_ids)]),
            }
        )
        for place, (_, own) in enumerate(_COMPLAINTS)
    ]
    for result in complaints.create_many(tx, actor, items, ids=[UUID(known) for known, _ in _COMPLAINTS]):
        if isinstance(result, AppError):
            raise result
    for known, number in (
        (complaint_schemas.EXAMPLE_ID, complaint_schemas.EXAMPLE_NUMBER),
        (complaint_schemas.EXAMPLE_OPEN_ID, complaint_schemas.EXAMPLE_OPEN_NUMBER),
    ):
        tx.execute(update(Complaint).where(Complaint.id == UUID(known)).values(number=number))


def _load_measurements(tx: WriteTx, actor: Actor, until: date) -> None:
    """The measurement that is shown, and one to remove, in the year in which the demo's panels measured."""
    row = years_moved(example(CompetitorMeasurementRead), until)
    members = CompetitorMeasurementCreate.model_fields
    shown = CompetitorMeasurementCreate.model_validate({name: row[name] for name in members if name in row})
    earlier = shown.measured_on - timedelta(days=1)
    double = shown.model_copy(update={"source": "Typed in twice", "value": 73.0, "measured_on": earlier})
    ids = [UUID(measurement_schemas.EXAMPLE_ID), UUID(measurement_schemas.EXAMPLE_TO_REMOVE_ID)]
    for result in competitor_measurements.create_many(tx, actor, [shown, double], ids=ids):
        if isinstance(result, AppError):
            raise result


def _load_rates(tx: WriteTx, actor: Actor, documented: Examples) -> None:
    """The rates of the day that the examples name, unless it is one of the demo's days."""
    shown = documented.row(ExchangeRateItem)
    on = ExchangeRateItem.model_validate(shown).on
    known = set(tx.execute(select(ExchangeRate.currency).where(ExchangeRate.on_date == on)).scalars())
    items = [
        ExchangeRateItem.model_validate({**shown, "currency": currency})
        for currency in _RATES
        if currency not in known
    ]
    if items:
        exchange_rates.put_many(tx, actor, items)


def _load_unit_costs(tx: WriteTx, actor: Actor, documented: Examples) -> None:
    shown = CostCode(example(UnitCostRead)["code"])
    unit_costs.put(tx, actor, shown, documented.of(UnitCostRead, UnitCostPut), None)
    for code, (per_contact, per_minute) in _UNIT_COSTS.items():
        given = UnitCostPut(per_contact=per_contact, per_minute=per_minute)
        unit_costs.put(tx, actor, code, given, None)


def _load_webhooks(tx: WriteTx, actor: Actor) -> None:
    """Receivers that are not there, of what the demo itself does not do."""
    shown = WebhookEndpointCreate.model_validate(example(WebhookEndpointCreate))
    ids = (
        webhook_schemas.EXAMPLE_ID,
        webhook_schemas.EXAMPLE_PAUSED_ID,
        webhook_schemas.EXAMPLE_TO_REMOVE_ID,
        webhook_schemas.EXAMPLE_TO_PAUSE_ID,
    )
    for known in ids:
        webhook_endpoints.create(tx, actor, shown, endpoint_id=UUID(known))
    webhook_endpoints.pause(tx, actor, UUID(webhook_schemas.EXAMPLE_PAUSED_ID), WebhookPause())


def _load_imports(tx: WriteTx, actor: Actor, documented: Examples) -> None:
    """An import as its job left it, another one to take back, and a job that waits for good."""
    shown = example(ImportRead)
    begun = {**shown, "mapping": _mapping(), "next_batch": 1, "created_by": actor.id, "units": []}
    times = {name: documented.at(shown[name]) for name in ("created_at", "updated_at")}
    first, other = UUID(shown["id"]), UUID(import_schemas.EXAMPLE_TO_REVERT_ID)
    clean = {
        "rows_in": 1,
        "rows_refused": 0,
        "refused_by_reason": {},
        "file_name": "more.csv",
        "job_id": None,
    }
    tx.execute(insert(Import).values({**begun, **times, "id": first, "job_id": UUID(shown["job_id"])}))
    tx.execute(insert(Import).values({**begun, **times, **clean, "id": other}))
    tx.execute(
        insert(RefusedRow).values(
            import_id=first, line=3, code=Refusal.CUSTOMER_MISSING, target="customer_key"
        )
    )
    bought = documented.of(TransactionRead, TransactionCreate)
    items = [bought.model_copy(update={"source": "shop", "external_id": key}) for key in ("536365", "536367")]
    rows = transactions.create_many(tx, actor, items)
    for row, import_id in zip(rows, (first, other), strict=True):
        if isinstance(row, AppError):
            raise row
        tx.execute(update(Transaction).where(Transaction.id == row["id"]).values(import_id=import_id))
    _load_jobs(tx, actor, documented, first)


def _load_jobs(tx: WriteTx, actor: Actor, documented: Examples, import_id: UUID) -> None:
    shown = example(JobRead)
    row = {name: shown[name] for name in ("kind", "state", "stage", "done", "total", "result", "error")}
    times = {name: documented.at(shown[name]) for name in ("created_at", "started_at", "ended_at")}
    row |= {**times, "arguments": {"import_id": str(import_id)}, "handed_over_at": times["started_at"]}
    tx.execute(insert(Job).values({**row, "id": UUID(shown["id"]), "created_by": actor.id}))
    at = now()
    waiting = {
        "id": UUID(job_schemas.EXAMPLE_WAITING_ID),
        "kind": "demo",
        "arguments": {},
        "state": JobState.WAITING,
        "done": 0,
        "created_at": at,
        "handed_over_at": at + _NEVER,  # no worker takes it up: it is there to be cancelled
        "created_by": actor.id,
    }
    tx.execute(insert(Job).values(waiting))
