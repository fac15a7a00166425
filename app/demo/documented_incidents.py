"""Incidents, duplicates and follow-ups that stand in the examples of the documentation, put into the demo."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.demo.documented import Examples, example
from app.domain.common.access import Actor
from app.domain.follow_ups.rules import CauseKind
from app.errors import AppError
from app.schemas.follow_ups.follow_ups import EXAMPLE_CAUSE_ID
from app.schemas.follow_ups.rules import EXAMPLE_CODE, FollowUpRulePut, FollowUpRuleRead
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
from app.schemas.surveys.responses import SurveyResponseCreate, SurveyResponseRead
from app.services.follow_ups import follow_ups, rules
from app.services.follow_ups.causes import Among, find
from app.services.recovery import causes, complaints, incidents, learning, links, touched_customers
from app.services.surveys import responses
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


_LAWYER: dict[str, Any] = {
    "names": {
        "en": "Speaks of a lawyer",
        "tr": "Avukattan söz ediyor",
        "az": "Vəkildən danışır",
    },
    "trigger": "critical_word",
    "words": ["avukat", "vəkil", "lawyer", "hakem heyeti"],
    "action": "promise_call_back",
    "due_in_seconds": 14_400,
    "subject": "The head of the desk calls you back today",
    "is_active": False,
}


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


def load_follow_ups(tx: WriteTx, actor: Actor, documented: Examples, customer_id: UUID) -> None:
    """Set the rule that is shown and one to try, record a low answer, and let the rule follow it."""
    shown = documented.of(FollowUpRuleRead, FollowUpRulePut)
    rule, _ = rules.put(tx, actor, EXAMPLE_CODE, shown, None)
    rules.put(tx, actor, "lawyer", FollowUpRulePut.model_validate(_LAWYER), None)
    good = example(SurveyResponseRead)
    low = SurveyResponseCreate.model_validate(
        {
            **{name: good[name] for name in ("source", "survey_version", "channel", "unit", "language")},
            "survey_id": good["survey_id"],
            "customer_id": str(customer_id),
            "external_id": "F-2026-000096",
            "answered_at": documented.moved("2026-11-23T11:20:00Z"),
            "answers": [{"question": "delivery", "number": 1}, {"question": "recommend", "number": 3}],
        }
    )
    [recorded] = responses.create_many(tx, actor, [low], ids=[UUID(EXAMPLE_CAUSE_ID)])
    if isinstance(recorded, AppError):
        raise recorded
    found = find(tx, rule, Among({CauseKind.RESPONSE: {UUID(EXAMPLE_CAUSE_ID)}}))
    follow_ups.act(tx, actor, rule, found, found[0].at + timedelta(seconds=2))


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
