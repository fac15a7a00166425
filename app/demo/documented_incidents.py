"""The incidents and duplicates that stand in the examples of the API's documentation, put into the demo."""

from typing import Any
from uuid import UUID

from app.demo.documented import Examples
from app.domain.common.access import Actor
from app.errors import AppError
from app.schemas.recovery.categories import CausePut
from app.schemas.recovery.complaints import ComplaintCreate, ComplaintRead
from app.schemas.recovery.incidents import (
    EXAMPLE_CLOSED_ID,
    EXAMPLE_ID,
    EXAMPLE_TO_CLOSE_ID,
    IncidentClosing,
    IncidentCreate,
    IncidentRead,
)
from app.schemas.recovery.learning import (
    EXAMPLE_PREVENTION_ID,
    EXAMPLE_TO_COMPLETE_ID,
    IncidentCauseCreate,
    IncidentCauseRead,
    IncidentPreventionCompletion,
    IncidentPreventionCreate,
    IncidentPreventionRead,
)
from app.schemas.recovery.links import (
    EXAMPLE_DUPLICATE_ID,
    EXAMPLE_JOINED_ID,
    EXAMPLE_LEADING_ID,
    EXAMPLE_TO_JOIN_ID,
    EXAMPLE_TO_JOIN_TOO_ID,
    EXAMPLE_TO_LINK_ID,
    DuplicateLink,
    IncidentComplaints,
    IncidentCustomers,
)
from app.services.recovery import causes, complaints, incidents, learning, links, touched_customers
from app.store.transactions import WriteTx

_SUBJECTS = {
    EXAMPLE_TO_JOIN_ID: "The invoice came twice",
    EXAMPLE_TO_JOIN_TOO_ID: "Billed two times for November",
    EXAMPLE_JOINED_ID: "Two invoices, one order",
    EXAMPLE_LEADING_ID: "The invoice is too high",
    EXAMPLE_DUPLICATE_ID: "Called again about the invoice",
    EXAMPLE_TO_LINK_ID: "Wrote as well about the invoice",
}
"""Complaints that the examples link or take apart."""

TOUCHED = 12
"""Customers of the demo whom the incident touched, the first ones."""


def load(tx: WriteTx, actor: Actor, documented: Examples, customer_ids: list[UUID]) -> None:
    """Record the incident that is shown with its complaints, customers, cause and preventions, one to close,
    one that is closed, and a duplicate."""
    shown = documented.of(IncidentRead, IncidentCreate)
    incident_id = UUID(EXAMPLE_ID)
    incidents.create(tx, actor, shown, incident_id=incident_id)
    cause = documented.of(IncidentCauseRead, IncidentCauseCreate)
    causes.put(tx, actor, cause.cause, CausePut(names={"en": "Retry without a lock"}), None)
    learning.add_cause(tx, actor, incident_id, cause)
    _load_preventions(tx, actor, documented, incident_id)
    _load_complaints(tx, actor, documented, customer_ids)
    joined = IncidentComplaints(complaint_ids=[UUID(EXAMPLE_JOINED_ID), UUID(EXAMPLE_LEADING_ID)])
    links.join_many(tx, actor, incident_id, joined)
    link = DuplicateLink(leading_complaint_id=UUID(EXAMPLE_LEADING_ID), note="She called as well.")
    links.link_duplicate(tx, actor, UUID(EXAMPLE_DUPLICATE_ID), link)
    touched = IncidentCustomers(customer_ids=customer_ids[:TOUCHED])
    touched_customers.record(tx, actor, incident_id, touched)
    for known, title in (
        (EXAMPLE_TO_CLOSE_ID, "Telephone line down for an hour"),
        (EXAMPLE_CLOSED_ID, "Wrong prices in the app"),
    ):
        incidents.create(tx, actor, shown.model_copy(update={"title": title}), incident_id=UUID(known))
    incidents.close(tx, actor, UUID(EXAMPLE_CLOSED_ID), IncidentClosing())


# --- inside


def _load_preventions(tx: WriteTx, actor: Actor, documented: Examples, incident_id: UUID) -> None:
    """One prevention that is done, and one to complete."""
    measure = documented.of(IncidentPreventionRead, IncidentPreventionCreate)
    learning.add_prevention(tx, actor, incident_id, measure, prevention_id=UUID(EXAMPLE_PREVENTION_ID))
    more = measure.model_copy(update={"text": "Two runs within a day warn the desk.", "due_on": None})
    learning.add_prevention(tx, actor, incident_id, more, prevention_id=UUID(EXAMPLE_TO_COMPLETE_ID))
    shown = documented.row(IncidentPreventionRead)
    done = IncidentPreventionCompletion.model_validate({"at": shown["done_at"], "text": shown["done_text"]})
    learning.complete_prevention(tx, actor, incident_id, UUID(EXAMPLE_PREVENTION_ID), done)


def _load_complaints(tx: WriteTx, actor: Actor, documented: Examples, customer_ids: list[UUID]) -> None:
    """Complaints of one customer, so that any may be a duplicate of another."""
    shown = documented.row(ComplaintRead)
    shared: dict[str, Any] = {
        "source": shown["source"],
        "channel": "phone",
        "category": "billing",
        "product": "Service plan",
        "phase": "after",
        "received_at": shown["received_at"],
        "customer_id": str(customer_ids[1 % len(customer_ids)]),
    }
    items = [ComplaintCreate.model_validate({**shared, "subject": subject}) for subject in _SUBJECTS.values()]
    for result in complaints.create_many(tx, actor, items, ids=[UUID(known) for known in _SUBJECTS]):
        if isinstance(result, AppError):
            raise result
