"""All tables, by families.

Names of constraints and indexes are said here as `app.store.tables` says them today: what changes there later
is a revision of its own.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.store.types import Id, Instant, Json, Key

revision = "0001_initial"
down_revision = None
branch_labels = None
depends_on = None

Kind = sa.types.TypeEngine[Any]


def upgrade() -> None:
    """Make all tables."""
    _keys()
    _journal()
    _jobs()
    _customers()
    _contracts()
    _imports()
    _import_changes()
    _dry_runs()
    _transactions()
    _prices()
    _interactions()
    _complaints()
    _complaint_events()
    _surveys()
    _survey_responses()
    _scoring_runs()
    _customer_scores()
    _models()
    _competitors()


def downgrade() -> None:
    """Remove all tables, the newest first: what refers to others goes before them."""
    for family in reversed(TABLES):
        for table in reversed(family):
            op.drop_table(table)


TABLES = (
    ("api_keys", "idempotency_keys"),
    ("audit_entries", "audit_head", "audit_alarms", "events"),
    ("jobs", "workers"),
    ("customers", "customer_external_ids", "customer_lookups"),
    ("contract_terms",),
    ("imports", "import_chunks", "import_mappings"),
    ("refused_rows", "import_changes", "source_statements"),
    ("import_trials", "import_trial_people", "import_trial_names"),
    ("transactions",),
    ("exchange_rates", "unit_costs"),
    ("interactions", "dispositions"),
    ("complaints",),
    ("complaint_events",),
    ("surveys", "survey_versions", "survey_invitations"),
    ("survey_responses", "survey_answers"),
    ("scoring_runs", "run_columns"),
    ("customer_scores",),
    ("replays", "backtests", "churn_contests"),
    ("competitor_measurements",),
)


def _needed(kind: Kind, *names: str, default: str | None = None) -> list[sa.Column[Any]]:
    """Columns of one type that are never null."""
    return [sa.Column(name, kind, nullable=False, server_default=default) for name in names]


def _optional(kind: Kind, *names: str) -> list[sa.Column[Any]]:
    """Columns of one type that may be null."""
    return [sa.Column(name, kind, nullable=True) for name in names]


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _refers(table: str, column: str, other: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    """A reference to the id of a row of another table."""
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}", ondelete=ondelete)


def _index(
    table: str, *columns: str, name: str | None = None, where: str | None = None, unique: bool = False
) -> None:
    """An index, of all rows or of those ``where`` says; a column in parentheses is an expression."""
    given = None if where is None else sa.text(where)
    op.create_index(
        name or f"ix_{table}_{'_'.join(columns)}",
        table,
        [sa.text(column) if "(" in column else column for column in columns],
        unique=unique,
        postgresql_where=given,
        sqlite_where=given,
    )


def _keys() -> None:
    """Who may call, and what was answered to the first request with an Idempotency-Key."""
    op.create_table(
        "api_keys",
        *_needed(sa.Text(), "id"),
        *_needed(sa.LargeBinary(32), "secret_hash"),
        *_needed(sa.Text(), "label"),
        *_needed(Json, "scopes", "units"),
        *_needed(Instant(), "created_at"),
        *_optional(Instant(), "expires_at", "retires_at", "revoked_at", "last_used_at"),
        *_optional(sa.Text(), "replaces"),
        _primary("api_keys", "id"),
    )
    op.create_table(
        "idempotency_keys",
        *_needed(sa.LargeBinary(32), "key", "fingerprint"),
        *_needed(Instant(), "created_at"),
        *_optional(sa.Integer(), "status"),
        *_optional(Json, "headers"),
        *_optional(sa.LargeBinary(), "body"),
        _primary("idempotency_keys", "key"),
    )
    _index("idempotency_keys", "created_at")


def _journal() -> None:
    """Who did what, the signed end of that trail, and what is wrong with it; the outbox."""
    op.create_table(
        "audit_entries",
        *_needed(Id(), "id"),
        *_needed(Instant(), "at"),
        *_needed(sa.Text(), "actor_id"),
        *_optional(sa.Text(), "request_id"),
        *_needed(sa.Text(), "action", "object_id"),
        *_needed(Json, "members"),
        *_optional(sa.BigInteger(), "position"),
        *_optional(sa.LargeBinary(32), "seal"),
        _primary("audit_entries", "id"),
        _unique("audit_entries", "position"),
    )
    _index("audit_entries", "at", "id", where="position IS NULL", name="ix_audit_entries_unnumbered")
    _index("audit_entries", "at", "id")
    _index("audit_entries", "object_id", "at")
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        *_needed(Id(), "store_id"),
        *_needed(sa.BigInteger(), "position"),
        *_needed(sa.LargeBinary(32), "seal"),
        *_needed(sa.Text(), "secret_id"),
        *_needed(sa.LargeBinary(32), "signature"),
        _primary("audit_head", "id"),
    )
    op.create_table(
        "audit_alarms",
        *_needed(sa.Text(), "kind"),
        *_needed(sa.BigInteger(), "first_position", "last_position"),
        *_needed(Instant(), "found_at"),
        *_optional(Instant(), "accepted_at"),
        _primary("audit_alarms", "kind", "first_position", "last_position"),
    )
    op.create_table(
        "events",
        *_needed(Id(), "id"),
        *_needed(Instant(), "at"),
        *_needed(sa.Text(), "type"),
        *_optional(Id(), "customer_id"),
        *_needed(sa.Text(), "object_id"),
        *_needed(Json, "data"),
        *_optional(sa.BigInteger(), "position"),
        _primary("events", "id"),
        _unique("events", "position"),
    )
    _index("events", "at", "id")
    _index("events", "at", "id", where="position IS NULL", name="ix_events_unnumbered")


def _jobs() -> None:
    """Work nobody waits for, and who does it."""
    op.create_table(
        "jobs",
        *_needed(Id(), "id"),
        *_needed(sa.Text(), "kind"),
        *_needed(Json, "arguments"),
        *_needed(sa.Text(), "state"),
        *_optional(sa.Text(), "stage"),
        *_needed(sa.BigInteger(), "done"),
        *_optional(sa.BigInteger(), "total"),
        *_optional(Json, "result"),
        *_optional(sa.Text(), "error"),
        *_optional(Instant(), "handed_over_at"),
        *_needed(Instant(), "created_at"),
        *_optional(Instant(), "started_at", "ended_at"),
        *_needed(sa.Text(), "created_by"),
        _primary("jobs", "id"),
    )
    _index("jobs", "created_at", "id")
    _index("jobs", "created_at", where="handed_over_at IS NULL", name="ix_jobs_waiting")
    op.create_table(
        "workers",
        *_needed(sa.Text(), "id"),
        *_needed(Instant(), "started_at", "seen_at"),
        _primary("workers", "id"),
    )


def _customers() -> None:
    """Customers, and what they are found by."""
    op.create_table(
        "customers",
        *_needed(Id(), "id"),
        *_needed(sa.Integer(), "version"),
        *_needed(Instant(), "created_at", "updated_at"),
        *_needed(sa.Text(), "kind"),
        *_optional(sa.Text(), "name"),
        *_needed(Key, "name_key"),
        *_optional(sa.Text(), "given_name", "family_name", "language"),
        *_optional(sa.Date(), "born_on", "customer_since_on"),
        *_optional(sa.Text(), "preferred_channel"),
        *_optional(Json, "preferred_hours"),
        *_optional(Key, "unit"),
        *_needed(sa.Text(), "lifecycle"),
        *_optional(sa.Date(), "left_on"),
        *_optional(sa.Text(), "left_reason"),
        *_optional(sa.Date(), "contract_started_on", "contract_ends_on", "contract_notice_on"),
        *_needed(Json, "do_not_contact", default="[]"),
        *_needed(Json, "contact_points", "external_ids", "tags", "attributes"),
        *_optional(Id(), "created_by_import_id"),
        _primary("customers", "id"),
    )
    _index("customers", "contract_started_on", where="contract_started_on IS NOT NULL")
    _index("customers", "created_at", "id")
    _index("customers", "created_by_import_id", where="created_by_import_id IS NOT NULL")
    _index("customers", "left_on", where="left_on IS NOT NULL")
    _index("customers", "name_key", "id")
    _index("customers", "unit", "id")
    _index("customers", "updated_at", "id")
    op.create_table(
        "customer_external_ids",
        *_needed(Key, "system", "key"),
        *_needed(Id(), "customer_id"),
        _primary("customer_external_ids", "system", "key"),
        _refers("customer_external_ids", "customer_id", "customers", ondelete="CASCADE"),
    )
    _index("customer_external_ids", "customer_id")
    op.create_table(
        "customer_lookups",
        *_needed(Key, "kind", "value"),
        *_needed(Id(), "customer_id"),
        _primary("customer_lookups", "kind", "value", "customer_id"),
        _refers("customer_lookups", "customer_id", "customers", ondelete="CASCADE"),
    )
    _index("customer_lookups", "customer_id")


def _contracts() -> None:
    """What contracts said, and since when it was known."""
    op.create_table(
        "contract_terms",
        *_needed(Id(), "customer_id"),
        *_needed(sa.Date(), "known_on"),
        *_optional(sa.Date(), "started_on", "ends_on", "notice_given_on"),
        *_needed(Instant(), "recorded_at"),
        _primary("contract_terms", "customer_id", "known_on"),
        _refers("contract_terms", "customer_id", "customers", ondelete="CASCADE"),
    )
    _index("contract_terms", "known_on")
    _index("contract_terms", "recorded_at")


def _imports() -> None:
    """Files taken in, what they wait in, and how they are read."""
    op.create_table(
        "imports",
        *_needed(Id(), "id"),
        *_optional(Id(), "job_id"),
        *_needed(sa.Text(), "kind"),
        *_optional(sa.Text(), "file_name", "file_sha256"),
        *_needed(sa.BigInteger(), "file_bytes"),
        *_needed(Json, "mapping"),
        *_needed(sa.Boolean(), "dry_run"),
        *_needed(sa.Text(), "state"),
        *_needed(sa.Integer(), "next_batch"),
        *_needed(sa.BigInteger(), "rows_in", "rows_stored", "rows_repeated", "rows_refused", "rows_rounded"),
        *_needed(sa.BigInteger(), "rows_updated", default="0"),
        *_needed(sa.BigInteger(), "customers_created"),
        *_needed(sa.BigInteger(), "customers_kept", default="0"),
        *_needed(Json, "refused_by_reason"),
        *_needed(sa.BigInteger(), "records_stored", "rows_alike", "headers_repeated", default="0"),
        *_needed(Json, "words_unmatched", default="{}"),
        *_optional(sa.Text(), "error"),
        *_needed(sa.Text(), "created_by"),
        *_needed(Json, "units"),
        *_needed(Instant(), "created_at", "updated_at"),
        _primary("imports", "id"),
    )
    _index("imports", "created_at", "id")
    _index("imports", "file_sha256")
    op.create_table(
        "import_chunks",
        *_needed(Id(), "import_id"),
        *_needed(sa.Integer(), "number"),
        *_needed(sa.LargeBinary(), "data"),
        _primary("import_chunks", "import_id", "number"),
        _refers("import_chunks", "import_id", "imports", ondelete="CASCADE"),
    )
    op.create_table(
        "import_mappings",
        *_needed(Key, "name"),
        *_needed(sa.Integer(), "version"),
        *_needed(Json, "mapping"),
        *_needed(Instant(), "created_at", "updated_at"),
        _primary("import_mappings", "name"),
    )


def _import_changes() -> None:
    """What files brought: what was refused, what it changed of customers, what their sources said."""
    op.create_table(
        "refused_rows",
        *_needed(Id(), "import_id"),
        *_needed(sa.BigInteger(), "line"),
        *_needed(sa.Text(), "code", "target"),
        _primary("refused_rows", "import_id", "line"),
        _refers("refused_rows", "import_id", "imports", ondelete="CASCADE"),
    )
    op.create_table(
        "import_changes",
        *_needed(Id(), "import_id", "customer_id"),
        *_needed(Key, "part"),
        *_needed(sa.Boolean(), "created"),
        *_needed(sa.Integer(), "version"),
        *_needed(Json, "said"),
        *_optional(Json, "before", "after"),
        *_needed(Instant(), "changed_at"),
        _primary("import_changes", "import_id", "customer_id", "part"),
        _refers("import_changes", "import_id", "imports", ondelete="CASCADE"),
    )
    _index("import_changes", "customer_id")
    op.create_table(
        "source_statements",
        *_needed(Id(), "customer_id"),
        *_needed(Key, "source", "kind", "part"),
        *_needed(sa.LargeBinary(), "said"),
        *_optional(sa.LargeBinary(), "before"),
        *_optional(Id(), "import_id"),
        _primary("source_statements", "customer_id", "source", "kind", "part"),
        _refers("source_statements", "customer_id", "customers", ondelete="CASCADE"),
    )
    _index("source_statements", "import_id")


def _dry_runs() -> None:
    """What dry runs would have stored by now."""
    op.create_table(
        "import_trials",
        *_needed(Id(), "import_id"),
        *_needed(Key, "kind", "key"),
        *_needed(sa.LargeBinary(16), "digest"),
        _primary("import_trials", "import_id", "kind", "key"),
        _refers("import_trials", "import_id", "imports", ondelete="CASCADE"),
    )
    op.create_table(
        "import_trial_people",
        *_needed(Id(), "import_id", "customer_id"),
        *_needed(Json, "state"),
        _primary("import_trial_people", "import_id", "customer_id"),
        _refers("import_trial_people", "import_id", "imports", ondelete="CASCADE"),
    )
    op.create_table(
        "import_trial_names",
        *_needed(Id(), "import_id"),
        *_needed(Key, "name"),
        *_needed(Id(), "customer_id"),
        _primary("import_trial_names", "import_id", "name", "customer_id"),
        _refers("import_trial_names", "import_id", "imports", ondelete="CASCADE"),
    )


def _transactions() -> None:
    """What customers buy."""
    op.create_table(
        "transactions",
        *_needed(Id(), "id", "customer_id"),
        *_needed(Key, "source", "external_id"),
        *_needed(sa.Text(), "kind"),
        *_needed(sa.BigInteger(), "amount_minor"),
        *_needed(sa.Text(), "currency"),
        *_needed(Instant(), "occurred_at", "recorded_at"),
        *_optional(sa.Text(), "category", "channel"),
        *_optional(sa.BigInteger(), "cost_minor"),
        *_optional(Id(), "import_id"),
        *_needed(sa.Integer(), "version", default="1"),
        *_optional(Instant(), "changed_at"),
        *_optional(sa.LargeBinary(), "source_said"),
        _primary("transactions", "id"),
        _refers("transactions", "customer_id", "customers"),
        _refers("transactions", "import_id", "imports"),
        _unique("transactions", "source", "external_id"),
    )
    _index("transactions", "coalesce(changed_at, recorded_at)", "id", name="ix_transactions_updated_at")
    _index(
        "transactions",
        "customer_id",
        "occurred_at",
        "kind",
        "currency",
        "amount_minor",
        name="ix_transactions_scoring",
    )
    _index("transactions", "import_id", where="import_id IS NOT NULL")
    _index("transactions", "occurred_at", "id")
    _index("transactions", "recorded_at")


def _prices() -> None:
    """What currencies are worth, and what serving customers costs."""
    op.create_table(
        "exchange_rates",
        *_needed(Key, "currency"),
        *_needed(sa.Date(), "on_date"),
        *_needed(sa.Text(), "rate"),
        *_needed(Instant(), "updated_at"),
        _primary("exchange_rates", "currency", "on_date"),
    )
    _index("exchange_rates", "updated_at", "currency", "on_date")
    op.create_table(
        "unit_costs",
        *_needed(Key, "code"),
        *_needed(sa.Integer(), "version"),
        *_needed(sa.Text(), "currency", "per_contact", "per_minute"),
        *_needed(Instant(), "updated_at"),
        _primary("unit_costs", "code"),
    )


def _interactions() -> None:
    """Contacts with customers, and how they can end."""
    op.create_table(
        "interactions",
        *_needed(Id(), "id"),
        *_needed(sa.Integer(), "version"),
        *_optional(Id(), "customer_id"),
        *_needed(Key, "source"),
        *_optional(Key, "external_id"),
        *_needed(sa.Text(), "channel", "direction"),
        *_optional(sa.Text(), "purpose", "phase"),
        *_optional(Key, "agent", "unit"),
        *_needed(Instant(), "started_at"),
        *_optional(Instant(), "ended_at"),
        *_optional(sa.Integer(), "wait_seconds", "talk_seconds", "hold_seconds", "wrap_seconds"),
        *_optional(sa.Text(), "disposition", "topic"),
        *_optional(sa.Boolean(), "resolved_on_first_contact"),
        *_optional(sa.Text(), "sentiment", "notes", "recording_url"),
        *_needed(Instant(), "recorded_at", "updated_at"),
        *_optional(Id(), "import_id"),
        *_optional(sa.LargeBinary(), "source_said"),
        *_optional(Key, "phone"),
        _primary("interactions", "id"),
        _refers("interactions", "customer_id", "customers"),
        _refers("interactions", "import_id", "imports"),
        _unique("interactions", "source", "external_id"),
    )
    _index("interactions", "customer_id", "started_at", "direction")
    _index("interactions", "import_id", where="import_id IS NOT NULL")
    _index("interactions", "phone", "started_at", where="phone IS NOT NULL")
    _index("interactions", "recorded_at")
    _index("interactions", "started_at", "id")
    _index("interactions", "updated_at", "id")
    op.create_table(
        "dispositions",
        *_needed(Key, "code"),
        *_needed(sa.Integer(), "version"),
        *_needed(Json, "names"),
        *_needed(sa.Boolean(), "is_active"),
        *_needed(Instant(), "created_at", "updated_at"),
        _primary("dispositions", "code"),
    )


def _complaints() -> None:
    """Complaints as they stand."""
    op.create_table(
        "complaints",
        *_needed(Id(), "id"),
        *_needed(sa.Integer(), "version"),
        *_needed(Key, "number"),
        *_needed(Id(), "customer_id"),
        *_optional(Id(), "interaction_id"),
        *_needed(Key, "source"),
        *_optional(Key, "external_id"),
        *_optional(sa.Text(), "channel"),
        *_needed(sa.Text(), "subject"),
        *_optional(sa.Text(), "text", "category", "product"),
        *_needed(sa.Text(), "severity", "our_fault", "state"),
        *_needed(Key, "owner"),
        *_optional(Key, "unit"),
        *_optional(sa.Text(), "resolution"),
        *_needed(Instant(), "received_at"),
        *_optional(Instant(), "acknowledged_at", "resolved_at", "closed_at"),
        *_needed(sa.Integer(), "reopened_count"),
        *_needed(Instant(), "recorded_at", "updated_at"),
        *_optional(Id(), "import_id"),
        *_optional(sa.LargeBinary(), "source_said"),
        _primary("complaints", "id"),
        _refers("complaints", "customer_id", "customers"),
        _refers("complaints", "interaction_id", "interactions"),
        _refers("complaints", "import_id", "imports"),
        _unique("complaints", "number"),
        _unique("complaints", "source", "external_id"),
    )
    _index("complaints", "customer_id", "received_at")
    _index("complaints", "import_id", where="import_id IS NOT NULL")
    _index("complaints", "interaction_id")
    _index("complaints", "owner", "state", "received_at")
    _index("complaints", "received_at", "id")
    _index("complaints", "recorded_at")
    _index("complaints", "updated_at", "id")


def _complaint_events() -> None:
    """What happened to complaints."""
    op.create_table(
        "complaint_events",
        *_needed(Id(), "complaint_id"),
        *_needed(sa.Integer(), "number"),
        *_needed(Id(), "customer_id"),
        *_needed(sa.Text(), "kind", "state"),
        *_needed(Key, "owner"),
        *_needed(sa.Text(), "actor_id"),
        *_needed(Instant(), "at", "recorded_at"),
        *_optional(sa.Text(), "note"),
        *_needed(Json, "data"),
        _primary("complaint_events", "complaint_id", "number"),
        _refers("complaint_events", "complaint_id", "complaints", ondelete="CASCADE"),
    )
    _index("complaint_events", "at")
    _index("complaint_events", "customer_id", "at")


def _surveys() -> None:
    """Surveys, what they ask, and whom they were sent to."""
    op.create_table(
        "surveys",
        *_needed(Id(), "id"),
        *_needed(sa.Integer(), "version"),
        *_needed(Key, "code"),
        *_needed(Json, "names"),
        *_needed(sa.Boolean(), "is_active"),
        *_needed(sa.Integer(), "questions_version"),
        *_needed(Instant(), "created_at", "updated_at"),
        _primary("surveys", "id"),
        _unique("surveys", "code"),
    )
    _index("surveys", "created_at", "id")
    _index("surveys", "updated_at", "id")
    op.create_table(
        "survey_versions",
        *_needed(Id(), "survey_id"),
        *_needed(sa.Integer(), "number"),
        *_needed(Json, "questions"),
        *_needed(Instant(), "created_at"),
        _primary("survey_versions", "survey_id", "number"),
        _refers("survey_versions", "survey_id", "surveys", ondelete="CASCADE"),
    )
    op.create_table(
        "survey_invitations",
        *_needed(Id(), "id", "survey_id"),
        *_optional(Id(), "customer_id"),
        *_optional(sa.Text(), "channel"),
        *_optional(Id(), "interaction_id", "complaint_id", "transaction_id"),
        *_optional(Key, "agent", "unit"),
        *_optional(sa.Text(), "phase", "category"),
        *_needed(Instant(), "invited_at"),
        *_optional(Instant(), "expires_at", "answered_at"),
        *_needed(Instant(), "recorded_at"),
        _primary("survey_invitations", "id"),
        _refers("survey_invitations", "survey_id", "surveys"),
        _refers("survey_invitations", "customer_id", "customers"),
    )
    _index("survey_invitations", "complaint_id", where="complaint_id IS NOT NULL")
    _index("survey_invitations", "customer_id", "invited_at")
    _index("survey_invitations", "interaction_id", where="interaction_id IS NOT NULL")
    _index("survey_invitations", "invited_at", "id")
    _index("survey_invitations", "survey_id", "invited_at")
    _index("survey_invitations", "transaction_id", where="transaction_id IS NOT NULL")


def _survey_responses() -> None:
    """What was answered."""
    op.create_table(
        "survey_responses",
        *_needed(Id(), "id", "survey_id"),
        *_needed(sa.Integer(), "survey_version"),
        *_optional(Id(), "invitation_id", "customer_id"),
        *_needed(Key, "source"),
        *_optional(Key, "external_id"),
        *_optional(sa.Text(), "channel"),
        *_optional(Id(), "interaction_id", "complaint_id", "transaction_id"),
        *_optional(Key, "agent", "unit"),
        *_optional(sa.Text(), "phase", "category", "language"),
        *_needed(Instant(), "answered_at", "recorded_at"),
        *_optional(Id(), "import_id"),
        *_optional(sa.LargeBinary(), "source_said"),
        _primary("survey_responses", "id"),
        _refers("survey_responses", "survey_id", "surveys"),
        _refers("survey_responses", "invitation_id", "survey_invitations"),
        _refers("survey_responses", "customer_id", "customers"),
        _refers("survey_responses", "import_id", "imports"),
        _unique("survey_responses", "invitation_id"),
        _unique("survey_responses", "source", "external_id"),
    )
    _index("survey_responses", "answered_at", "id")
    _index("survey_responses", "complaint_id", where="complaint_id IS NOT NULL")
    _index("survey_responses", "customer_id", "answered_at")
    _index("survey_responses", "import_id", where="import_id IS NOT NULL")
    _index("survey_responses", "interaction_id", where="interaction_id IS NOT NULL")
    _index("survey_responses", "recorded_at")
    _index("survey_responses", "survey_id", "answered_at")
    _index("survey_responses", "transaction_id", where="transaction_id IS NOT NULL")
    op.create_table(
        "survey_answers",
        *_needed(Id(), "response_id"),
        *_needed(Key, "question"),
        *_needed(sa.Text(), "kind"),
        *_optional(Id(), "customer_id"),
        *_needed(Instant(), "answered_at"),
        *_optional(sa.Integer(), "scale_min", "scale_max", "number"),
        *_optional(sa.Text(), "choice", "text"),
        _primary("survey_answers", "response_id", "question"),
        _refers("survey_answers", "response_id", "survey_responses", ondelete="CASCADE"),
    )
    _index("survey_answers", "customer_id", "answered_at")
    _index("survey_answers", "kind", "answered_at")


def _scoring_runs() -> None:
    """Scoring runs, and their figures of every customer as compressed columns."""
    op.create_table(
        "scoring_runs",
        *_needed(Id(), "id"),
        *_optional(Id(), "job_id"),
        *_needed(sa.Date(), "as_of"),
        *_optional(sa.Date(), "data_end"),
        *_needed(sa.Text(), "currency"),
        *_needed(Json, "parameters"),
        *_needed(sa.Text(), "parameters_key", "state"),
        *_needed(sa.Boolean(), "is_current"),
        *_optional(Json, "value_tiers", "next_tier_steps", "satisfaction", "churn", "lifetime_value"),
        *_optional(Id(), "contest_id"),
        *_optional(Json, "return_shares", "churn_baselines", "churn_serving", "answer_spreads"),
        *_optional(Json, "expectation_reference", "contract_serving"),
        *_optional(Instant(), "facts_until"),
        *_optional(sa.Text(), "facts_key"),
        *_optional(Json, "rates_used"),
        *_optional(sa.Text(), "error"),
        *_needed(Instant(), "created_at"),
        *_optional(Instant(), "ended_at"),
        _primary("scoring_runs", "id"),
    )
    _index("scoring_runs", "created_at", "id")
    _index("scoring_runs", "is_current", where="is_current", unique=True, name="ix_scoring_runs_current")
    _index("scoring_runs", "parameters_key", "as_of")
    op.create_table(
        "run_columns",
        *_needed(Id(), "run_id"),
        *_needed(sa.Integer(), "part"),
        *_optional(Id(), "first_id"),
        *_needed(sa.LargeBinary(), "data"),
        _primary("run_columns", "run_id", "part"),
        _refers("run_columns", "run_id", "scoring_runs", ondelete="CASCADE"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # It would try to compress them, which are compressed already.
        op.execute("ALTER TABLE run_columns ALTER COLUMN data SET STORAGE EXTERNAL")


def _customer_scores() -> None:
    """The current run's verdict on each customer."""
    op.create_table(
        "customer_scores",
        *_needed(Id(), "customer_id"),
        *_optional(sa.Text(), "tier"),
        *_optional(sa.BigInteger(), "value_minor"),
        *_optional(sa.Text(), "near_threshold", "churn_level"),
        *_optional(sa.Integer(), "churn_percent"),
        *_optional(sa.Text(), "churn_model"),
        *_optional(sa.Boolean(), "dormant"),
        *_optional(sa.Text(), "churn_reason"),
        *_optional(sa.BigInteger(), "value_at_risk_minor"),
        *_optional(Json, "churn_facts", "satisfaction"),
        *_optional(sa.Text(), "quadrant"),
        _primary("customer_scores", "customer_id"),
        _refers("customer_scores", "customer_id", "customers", ondelete="CASCADE"),
    )
    _index("customer_scores", "quadrant", "value_minor", "customer_id", where="quadrant IS NOT NULL")
    by_risk = ("value_at_risk_minor", "customer_id", "churn_level", "dormant")
    _index("customer_scores", *by_risk, name="ix_customer_scores_value_at_risk")
    _index("customer_scores", "value_minor", "customer_id", "tier")


def _models() -> None:
    """Runs and past days computed again, and which churn model serves."""
    op.create_table(
        "replays",
        *_needed(Id(), "id"),
        *_optional(Id(), "job_id"),
        *_needed(Id(), "run_id"),
        *_needed(sa.Text(), "state"),
        *_optional(Json, "result"),
        *_optional(sa.Text(), "error"),
        *_needed(Instant(), "created_at"),
        *_optional(Instant(), "ended_at"),
        _primary("replays", "id"),
        _refers("replays", "run_id", "scoring_runs", ondelete="CASCADE"),
    )
    _index("replays", "created_at", "id")
    _index("replays", "run_id")
    op.create_table(
        "backtests",
        *_needed(Id(), "id"),
        *_optional(Id(), "job_id"),
        *_needed(sa.Date(), "cut_on"),
        *_needed(Json, "parameters", "models"),
        *_needed(sa.Text(), "state"),
        *_optional(Json, "result"),
        *_optional(sa.Text(), "error"),
        *_needed(Instant(), "created_at"),
        *_optional(Instant(), "ended_at"),
        _primary("backtests", "id"),
    )
    _index("backtests", "created_at", "id")
    op.create_table(
        "churn_contests",
        *_needed(Id(), "id"),
        *_needed(sa.Date(), "as_of"),
        *_needed(sa.Text(), "facts_key"),
        *_needed(Json, "contest", "silence"),
        *_optional(Json, "learned", "contract"),
        *_needed(Instant(), "created_at"),
        _primary("churn_contests", "id"),
    )
    _index("churn_contests", "facts_key", "as_of")


def _competitors() -> None:
    """What studies say of competitors."""
    op.create_table(
        "competitor_measurements",
        *_needed(Id(), "id"),
        *_needed(sa.Integer(), "version"),
        *_needed(Key, "source"),
        *_optional(Key, "external_id"),
        *_needed(sa.Text(), "competitor"),
        *_needed(Key, "competitor_key", "index"),
        *_needed(sa.Double(), "value"),
        *_optional(sa.Integer(), "n"),
        *_optional(sa.Double(), "sd", "low", "high", "expectation_mean"),
        *_needed(sa.Date(), "measured_on"),
        *_needed(Instant(), "recorded_at", "updated_at"),
        _primary("competitor_measurements", "id"),
        _unique("competitor_measurements", "source", "external_id"),
    )
    _index("competitor_measurements", "index", "competitor_key", "measured_on")
    _index("competitor_measurements", "measured_on", "id")
    _index("competitor_measurements", "updated_at", "id")
