"""All tables. Alembic and the tests rely on this module importing every family."""

from app.store.tables.audit_and_idempotency import (
    ApiKey,
    AuditAlarm,
    AuditEntry,
    AuditHead,
    Event,
    IdempotencyKey,
)
from app.store.tables.base import Base
from app.store.tables.compensations import (
    AuthorityLimit,
    Compensation,
    CompensationBudget,
    CompensationKind,
    CompensationRequest,
)
from app.store.tables.competitor_measurements import CompetitorMeasurement
from app.store.tables.complaints import (
    Complaint,
    ComplaintCategory,
    ComplaintCause,
    ComplaintEvent,
    ComplaintRecoveryStep,
    ComplaintWord,
    FollowUp,
    FollowUpCursor,
    FollowUpRule,
)
from app.store.tables.contract_terms import ContractStatement, ContractTerms
from app.store.tables.customers import Customer, CustomerExternalId, CustomerLookup
from app.store.tables.events import WebhookAttempt, WebhookEndpoint, WebhookParked
from app.store.tables.imports import (
    Import,
    ImportChange,
    ImportChunk,
    ImportMapping,
    ImportTrial,
    ImportTrialName,
    ImportTrialPerson,
    RefusedRow,
    SourceStatement,
)
from app.store.tables.incidents import Incident, IncidentCause, IncidentCustomer, IncidentPrevention
from app.store.tables.interactions import Disposition, Interaction
from app.store.tables.jobs import Job, Worker
from app.store.tables.model_evaluation import Backtest, ChurnContest, Replay
from app.store.tables.people import Agent, Role, Unit
from app.store.tables.promises import Promise, PromiseEvent
from app.store.tables.scoring_runs import CustomerScore, RunColumns, ScoringRun
from app.store.tables.standards import ComplaintClock, EscalationRule, ServiceStandard, WorkingCalendar
from app.store.tables.surveys import (
    Survey,
    SurveyAnswer,
    SurveyInvitation,
    SurveyResponse,
    SurveyVersion,
)
from app.store.tables.transactions import ExchangeRate, Transaction, UnitCost

__all__ = [
    "Agent",
    "ApiKey",
    "AuditAlarm",
    "AuditEntry",
    "AuditHead",
    "AuthorityLimit",
    "Backtest",
    "Base",
    "ChurnContest",
    "Compensation",
    "CompensationBudget",
    "CompensationKind",
    "CompensationRequest",
    "CompetitorMeasurement",
    "Complaint",
    "ComplaintCategory",
    "ComplaintCause",
    "ComplaintClock",
    "ComplaintEvent",
    "ComplaintRecoveryStep",
    "ComplaintWord",
    "ContractStatement",
    "ContractTerms",
    "Customer",
    "CustomerExternalId",
    "CustomerLookup",
    "CustomerScore",
    "Disposition",
    "EscalationRule",
    "Event",
    "ExchangeRate",
    "FollowUp",
    "FollowUpCursor",
    "FollowUpRule",
    "IdempotencyKey",
    "Import",
    "ImportChange",
    "ImportChunk",
    "ImportMapping",
    "ImportTrial",
    "ImportTrialName",
    "ImportTrialPerson",
    "Incident",
    "IncidentCause",
    "IncidentCustomer",
    "IncidentPrevention",
    "Interaction",
    "Job",
    "Promise",
    "PromiseEvent",
    "RefusedRow",
    "Replay",
    "Role",
    "RunColumns",
    "ScoringRun",
    "ServiceStandard",
    "SourceStatement",
    "Survey",
    "SurveyAnswer",
    "SurveyInvitation",
    "SurveyResponse",
    "SurveyVersion",
    "Transaction",
    "Unit",
    "UnitCost",
    "WebhookAttempt",
    "WebhookEndpoint",
    "WebhookParked",
    "Worker",
    "WorkingCalendar",
]
