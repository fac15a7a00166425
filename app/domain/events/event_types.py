"""The catalogue of events: every type that is recorded, what its body tells, and who may read it.

A new type is one line of `EVENT_TYPES`. A test names each type that the code records and that lacks here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.common.access import Actor, Scope
from app.domain.imports.targets import RecordKind
from app.domain.recovery.complaints import EventKind

DEMO_MADE = "demo.made"
"""What the demo was made of; kept for as long as the demo."""

TEST = "webhook.test"
"""Goes to the endpoint that asked for it, and to no other."""


class Member(StrEnum):
    """What a further member of an event's data is."""

    ID = "id"
    """The id of a record."""
    CODE = "code"
    """A short word for programs."""
    COUNT = "count"
    """A number of records, or another whole number."""


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event.

    Args:
        name: ``<thing>.<what happened>``.
        about: what happened, in one sentence.
        scope: what a reader needs beside the right to read events.
        data: members beside ``id``, ``customer_id``, ``members`` and ``version``; each may be absent.
        is_new: the thing begins with this event, so that its version is 1.
        is_internal: of the service's own working; only those who look after webhooks see it, and only where
            they name it.
        since: the version of the API that had it first.
    """

    name: str
    about: str
    scope: Scope
    data: Mapping[str, Member] = field(default_factory=dict)
    is_new: bool = False
    is_internal: bool = False
    since: str = "0.1.0"


def _internal(name: str, about: str, **data: Member) -> EventType:
    return EventType(name, about, Scope.WEBHOOKS_ADMIN, data, is_internal=True)


_MOVED = {"from_customer_id": Member.ID, "to_customer_id": Member.ID}
_STATE = {"state": Member.CODE}
_CLOCK = {"metric": Member.CODE, "standard": Member.CODE, "standard_version": Member.COUNT}
_INCIDENT = {"incident_id": Member.ID}
_PROMISE = {"state": Member.CODE, "promised_by": Member.CODE, "kind": Member.CODE}

_COMPLAINTS = {
    EventKind.RECEIVED: "A complaint was recorded.",
    EventKind.ACKNOWLEDGED: "The receipt of a complaint was acknowledged to the customer.",
    EventKind.STARTED: "Work on a complaint has begun.",
    EventKind.RESOLVED: "A complaint was resolved.",
    EventKind.CLOSED: "A complaint was closed.",
    EventKind.REOPENED: "A complaint was opened again.",
    EventKind.HANDED_OVER: "A complaint has another owner.",
    EventKind.NOTED: "A note was added to a complaint.",
    EventKind.CHANGED: "A complaint was corrected.",
    EventKind.TRANSFERRED: "A complaint was moved to another customer.",
    EventKind.WAITED: "The company waits for its customer's answer.",
    EventKind.CONFIRMED: "The customer confirmed that the complaint is solved.",
    EventKind.REFUSED: "The customer says that the complaint is not solved.",
    EventKind.ACCEPTED: "A person accepted a complaint that was handed over.",
    EventKind.RETURNED: "A person gave a complaint back that was handed over.",
    EventKind.CLAIMED: "A person took a complaint from a queue.",
    EventKind.RELEASED: "A person gave a complaint back to its queue.",
    EventKind.APOLOGISED: "Somebody apologised to the customer.",
    EventKind.FIXED: "What was wrong was put right.",
    EventKind.CAUSE_FOUND: "The cause of a complaint was found.",
    EventKind.PREVENTION_PLANNED: "A measure was planned that prevents more of the kind.",
    EventKind.PREVENTION_DONE: "A measure that prevents more of the kind is done.",
    EventKind.PROMISED: "Something was promised to the customer of a complaint, or by the customer.",
    EventKind.JOINED_INCIDENT: "A complaint was joined to an incident.",
    EventKind.LEFT_INCIDENT: "A complaint was taken from its incident.",
    EventKind.LINKED_AS_DUPLICATE: "A complaint was linked to the one that it repeats.",
    EventKind.UNLINKED_DUPLICATE: "A complaint does not count as a repetition any more.",
    EventKind.COMPENSATED: "Something was given to make up for a complaint.",
    EventKind.COMPENSATION_REVERSED: "Something that was given for a complaint was taken back.",
}
"""What `EventKind` has, each as ``complaint.<kind>``."""


_LINKS = {
    EventKind.TRANSFERRED: _MOVED,
    EventKind.JOINED_INCIDENT: _INCIDENT,
    EventKind.LEFT_INCIDENT: _INCIDENT,
    EventKind.LINKED_AS_DUPLICATE: {"leading_complaint_id": Member.ID},
    EventKind.UNLINKED_DUPLICATE: {"leading_complaint_id": Member.ID},
}
"""Members of the kinds that do not tell the state."""


def _of_complaints() -> list[EventType]:
    return [
        EventType(
            f"complaint.{kind.value}",
            about,
            Scope.COMPLAINTS_READ,
            _LINKS.get(kind, _STATE),
            is_new=kind is EventKind.RECEIVED,
        )
        for kind, about in _COMPLAINTS.items()
    ]


_GIVEN = {
    "kind": Member.CODE,
    "complaint_id": Member.ID,
    "interaction_id": Member.ID,
    "request_id": Member.ID,
    "compensation_id": Member.ID,
    "reverses_id": Member.ID,
}
_ASKED = {**_GIVEN, "above": Member.CODE, "approver_role": Member.CODE}
_COMPENSATIONS = {
    "granted": ("Something was given to make up for a failure.", _GIVEN),
    "reversed": ("Something that was given was taken back.", _GIVEN),
    "requested": ("Somebody asked to give more than they may.", _ASKED),
    "escalated": ("Nobody of the line decided a request in time: the fallback decides it.", _ASKED),
    "approved": ("A request to give more was approved.", _GIVEN),
    "denied": ("A request to give more was denied.", _GIVEN),
    "expired": ("Nobody decided a request to give more in time.", _GIVEN),
}


def _of_compensations() -> list[EventType]:
    read = Scope.COMPENSATIONS_READ
    settings = {
        "compensation_kind.saved": "A kind of compensation was set.",
        "authority_limit.saved": "How much a role may give was set.",
        "compensation_budget.set": "How much a unit may give in a month was set.",
    }
    return [
        *(
            EventType(f"compensation.{name}", about, read, data, is_new=name in ("granted", "requested"))
            for name, (about, data) in _COMPENSATIONS.items()
        ),
        *(EventType(name, about, read) for name, about in settings.items()),
    ]


_BATCH = dict.fromkeys(
    (
        "batch",
        "rows_in",
        "rows_stored",
        "rows_repeated",
        "rows_updated",
        "rows_refused",
        "rows_rounded",
        "rows_alike",
        "headers_repeated",
        "records_stored",
        "customers_created",
    ),
    Member.COUNT,
)
"""Members of the counts of an import."""

EVENT_TYPES: tuple[EventType, ...] = (
    EventType("customer.created", "A customer was recorded.", Scope.CUSTOMERS_READ, is_new=True),
    EventType("customer.updated", "Members of a customer have changed.", Scope.CUSTOMERS_READ),
    EventType("customer.left", "A customer has left.", Scope.CUSTOMERS_READ),
    EventType("customer.returned", "A customer who had left has come back.", Scope.CUSTOMERS_READ),
    EventType("contract_terms.set", "The terms of a customer's contract were set.", Scope.CUSTOMERS_READ),
    EventType("transaction.recorded", "A transaction was recorded.", Scope.TRANSACTIONS_READ, is_new=True),
    EventType(
        "transaction.updated",
        "A transaction was corrected.",
        Scope.TRANSACTIONS_READ,
        {"import_id": Member.ID},
    ),
    EventType(
        "transaction.transferred",
        "A transaction was moved to another customer.",
        Scope.TRANSACTIONS_READ,
        _MOVED,
    ),
    EventType("interaction.recorded", "A contact was recorded.", Scope.INTERACTIONS_READ, is_new=True),
    EventType("interaction.updated", "A contact was corrected.", Scope.INTERACTIONS_READ),
    EventType(
        "interaction.transferred",
        "A contact was moved to another customer.",
        Scope.INTERACTIONS_READ,
        _MOVED,
    ),
    EventType("disposition.saved", "A way how contacts can end was set.", Scope.INTERACTIONS_READ),
    *_of_complaints(),
    EventType(
        "complaint.standard_warned",
        "A complaint comes near to the end of the time that a standard gives it.",
        Scope.COMPLAINTS_READ,
        _CLOCK,
    ),
    EventType(
        "complaint.standard_broken",
        "A complaint was not dealt with in the time that a standard gives it.",
        Scope.COMPLAINTS_READ,
        _CLOCK,
    ),
    EventType(
        "complaint.escalated",
        "A rung of an escalation rule was reached.",
        Scope.COMPLAINTS_READ,
        {**_CLOCK, "rung": Member.COUNT, "tell": Member.CODE, "code": Member.CODE},
    ),
    EventType(
        "complaint.opened_by_rule",
        "A follow-up rule opened a complaint.",
        Scope.COMPLAINTS_READ,
        {"rule": Member.CODE, "cause_kind": Member.CODE, "cause_id": Member.ID},
    ),
    EventType("promise.made", "Something was promised.", Scope.PROMISES_READ, _PROMISE, is_new=True),
    EventType(
        "promise.made_by_rule",
        "A follow-up rule promised a customer a call.",
        Scope.PROMISES_READ,
        {"rule": Member.CODE, "cause_kind": Member.CODE, "cause_id": Member.ID},
    ),
    EventType("promise.kept", "A promise was kept, on time or late.", Scope.PROMISES_READ, _PROMISE),
    EventType("promise.moved", "A promise has another date.", Scope.PROMISES_READ, _PROMISE),
    EventType("promise.cancelled", "A promise was cancelled.", Scope.PROMISES_READ, _PROMISE),
    EventType("promise.warned", "A promise comes near to its due time.", Scope.PROMISES_READ, _PROMISE),
    EventType("promise.broken", "A promise was not kept by its due time.", Scope.PROMISES_READ, _PROMISE),
    EventType(
        "promise.escalated",
        "A rung of an escalation rule was reached by a promise.",
        Scope.PROMISES_READ,
        {**_PROMISE, "rung": Member.COUNT, "tell": Member.CODE, "code": Member.CODE},
    ),
    EventType("promise.handed_over", "A promise has another owner.", Scope.PROMISES_READ, _PROMISE),
    EventType("promise.transferred", "A promise was moved to another customer.", Scope.PROMISES_READ, _MOVED),
    EventType("incident.recorded", "Something went wrong for many.", Scope.COMPLAINTS_READ, is_new=True),
    EventType("incident.updated", "An incident was corrected.", Scope.COMPLAINTS_READ),
    EventType("incident.cause_recorded", "The cause of an incident was found.", Scope.COMPLAINTS_READ),
    EventType("incident.closed", "An incident was closed.", Scope.COMPLAINTS_READ),
    EventType("incident.reopened", "An incident was opened again.", Scope.COMPLAINTS_READ),
    EventType(
        "incident.customers_recorded",
        "Customers were recorded whom an incident touched.",
        Scope.COMPLAINTS_READ,
        {"customers": Member.COUNT},
    ),
    EventType(
        "incident.prevention_recorded",
        "A measure was planned that prevents another such incident.",
        Scope.COMPLAINTS_READ,
        _INCIDENT,
    ),
    EventType(
        "incident.prevention_done",
        "A measure that prevents another such incident is done.",
        Scope.COMPLAINTS_READ,
        _INCIDENT,
    ),
    *_of_compensations(),
    EventType("complaint_category.saved", "A category of complaints was set.", Scope.SETTINGS_READ),
    EventType("complaint_cause.saved", "A cause of complaints was set.", Scope.SETTINGS_READ),
    EventType("calendar.saved", "A calendar was set.", Scope.SETTINGS_READ),
    EventType("standard.saved", "A service standard was set.", Scope.SETTINGS_READ),
    EventType("escalation_rule.saved", "An escalation rule was set.", Scope.SETTINGS_READ),
    EventType("follow_up_rule.saved", "A follow-up rule was set.", Scope.SETTINGS_READ),
    EventType("unit.saved", "A unit was set.", Scope.PEOPLE_READ),
    EventType("agent.saved", "An agent was set.", Scope.PEOPLE_READ),
    EventType("agent.deactivated", "An agent was deactivated.", Scope.PEOPLE_READ),
    EventType("role.saved", "A role was set.", Scope.PEOPLE_READ),
    EventType("survey.created", "A survey was made.", Scope.SURVEYS_READ, is_new=True),
    EventType("survey.updated", "A survey was changed.", Scope.SURVEYS_READ),
    EventType(
        "survey.version_added",
        "The questions of a survey were changed.",
        Scope.SURVEYS_READ,
        {"questions_version": Member.COUNT},
    ),
    EventType("invitation.recorded", "A customer was asked to answer.", Scope.SURVEYS_READ, is_new=True),
    EventType("response.recorded", "A customer has answered a survey.", Scope.SURVEYS_READ, is_new=True),
    EventType("response.completed", "A response was completed.", Scope.SURVEYS_READ),
    EventType(
        "competitor_measurement.recorded",
        "What a study found of a competitor was recorded.",
        Scope.COMPETITORS_READ,
        is_new=True,
    ),
    EventType(
        "competitor_measurement.updated",
        "A measurement of a competitor was corrected.",
        Scope.COMPETITORS_READ,
    ),
    EventType(
        "competitor_measurement.deleted",
        "A measurement of a competitor was removed.",
        Scope.COMPETITORS_READ,
    ),
    EventType("exchange_rate.set", "An exchange rate was set.", Scope.RATES_READ),
    EventType("exchange_rate.deleted", "An exchange rate was removed.", Scope.RATES_READ),
    EventType("unit_cost.set", "What serving a customer costs was set.", Scope.RATES_READ),
    EventType("unit_cost.deleted", "What serving a customer costs was removed.", Scope.RATES_READ),
    EventType("import.accepted", "A file was accepted and is about to be taken in.", Scope.IMPORTS_READ),
    EventType("import.batch_stored", "Rows of a file were taken in.", Scope.IMPORTS_READ, _BATCH),
    EventType("import.done", "All rows of a file were taken in.", Scope.IMPORTS_READ),
    EventType("import.reversal_accepted", "An import is about to be taken back.", Scope.IMPORTS_READ),
    EventType(
        "import.batch_reverted",
        "Records of an import were taken back.",
        Scope.IMPORTS_READ,
        dict.fromkeys((*RecordKind, "restored", "customers", "customers_kept"), Member.COUNT),
    ),
    EventType("import.reverted", "An import was taken back.", Scope.IMPORTS_READ),
    EventType(
        "import.customer_kept",
        "A customer stayed though the import that made it was taken back.",
        Scope.IMPORTS_READ,
    ),
    EventType("import_mapping.saved", "A mapping of columns was set.", Scope.IMPORTS_READ),
    EventType("import_mapping.deleted", "A mapping of columns was removed.", Scope.IMPORTS_READ),
    EventType("scoring_run.started", "A scoring run was asked for.", Scope.INSIGHTS_READ),
    EventType(
        "scoring_run.finished",
        "A scoring run was computed: figures of customers may have changed.",
        Scope.INSIGHTS_READ,
        {"customers": Member.COUNT},
    ),
    EventType("backtest.started", "A backtest was asked for.", Scope.INSIGHTS_READ),
    EventType(
        "backtest.finished", "A backtest was computed.", Scope.INSIGHTS_READ, {"customers": Member.COUNT}
    ),
    EventType("replay.started", "A replay was asked for.", Scope.INSIGHTS_READ),
    EventType(
        "replay.finished",
        "A replay was computed.",
        Scope.INSIGHTS_READ,
        {"customers": Member.COUNT, "differing": Member.COUNT},
    ),
    _internal(TEST, "Somebody tests a webhook endpoint."),
    _internal("webhook.endpoint_disabled", "A webhook endpoint was disabled: it is sent nothing any more."),
    _internal("webhook.endpoint_failing", "No delivery to a webhook endpoint has succeeded for a day."),
    _internal("webhook.endpoint_recovered", "A delivery to a webhook endpoint succeeded after failures."),
    _internal("webhook_endpoint.created", "A webhook endpoint was made."),
    _internal("webhook_endpoint.updated", "A webhook endpoint was changed."),
    _internal("webhook_endpoint.paused", "A webhook endpoint was paused."),
    _internal("webhook_endpoint.resumed", "A webhook endpoint goes on."),
    _internal("webhook_endpoint.rotated", "A webhook endpoint has another secret."),
    _internal(
        "webhook_endpoint.redelivered", "Events are sent to a webhook endpoint again.", events=Member.COUNT
    ),
    _internal("webhook_endpoint.deleted", "A webhook endpoint was removed."),
    _internal("job.created", "Work that nobody waits for was taken on."),
    _internal("job.cancelled", "A job that had not begun was given up."),
    _internal("api_key.created", "An API key was made."),
    _internal("api_key.rotated", "An API key got a successor."),
    _internal("api_key.revoked", "An API key was revoked."),
    _internal("audit.secret_changed", "The audit trail is signed with another secret."),
    _internal("audit.accepted", "Breaks of the audit trail were accepted as known."),
    _internal(DEMO_MADE, "The demo company was made.", customers=Member.COUNT),
)
"""Every type that is recorded."""

BY_NAME: Mapping[str, EventType] = {known.name: known for known in EVENT_TYPES}


def visible_types(actor: Actor, wanted: Collection[str] = ()) -> list[EventType]:
    """Give the types that a caller may read among those it wants; none wanted are all but internal ones.

    >>> caller = Actor("key:a", frozenset({Scope.COMPLAINTS_READ}))
    >>> [known.name for known in visible_types(caller, ["complaint.closed", "customer.left", "job.created"])]
    ['complaint.closed']
    """
    return [
        known
        for known in EVENT_TYPES
        if actor.may(known.scope) and (known.name in wanted if wanted else not known.is_internal)
    ]
