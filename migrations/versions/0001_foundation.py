"""foundation."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""

    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("scopes", types.Json, nullable=False),
        sa.Column("units", types.Json, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=True),
        sa.Column("revoked_at", types.Instant(), nullable=True),
        sa.Column("last_used_at", types.Instant(), nullable=True),
        sa.Column("replaces", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("members", types.Json, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("position", name=op.f("uq_audit_entries_position")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entries_at_id"), ["at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_object_id_at"), ["object_id", "at"], unique=False)
        batch_op.create_index(
            "ix_audit_entries_unnumbered",
            ["at", "id"],
            unique=False,
            postgresql_where=sa.text("position IS NULL"),
            sqlite_where=sa.text("position IS NULL"),
        )

    op.create_table(
        "customers",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_key", types.Key, nullable=False),
        sa.Column("given_name", sa.Text(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("customer_since_on", sa.Date(), nullable=True),
        sa.Column("preferred_channel", sa.Text(), nullable=True),
        sa.Column("preferred_hours", types.Json, nullable=True),
        sa.Column("unit", types.Key, nullable=True),
        sa.Column("lifecycle", sa.Text(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("left_reason", sa.Text(), nullable=True),
        sa.Column("contact_points", types.Json, nullable=False),
        sa.Column("external_ids", types.Json, nullable=False),
        sa.Column("tags", types.Json, nullable=False),
        sa.Column("attributes", types.Json, nullable=False),
        sa.Column("created_by_import_id", types.Id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_created_at_id"), ["created_at", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_customers_created_by_import_id"),
            ["created_by_import_id"],
            unique=False,
            postgresql_where=sa.text("created_by_import_id IS NOT NULL"),
            sqlite_where=sa.text("created_by_import_id IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_customers_name_key_id"), ["name_key", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_unit_id"), ["unit", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_updated_at_id"), ["updated_at", "id"], unique=False)

    op.create_table(
        "events",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("customer_id", types.Id(), nullable=True),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("data", types.Json, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("position", name=op.f("uq_events_position")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_at_id"), ["at", "id"], unique=False)
        batch_op.create_index(
            "ix_events_unnumbered",
            ["at", "id"],
            unique=False,
            postgresql_where=sa.text("position IS NULL"),
            sqlite_where=sa.text("position IS NULL"),
        )

    op.create_table(
        "exchange_rates",
        sa.Column("currency", types.Key, nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "on_date", name=op.f("pk_exchange_rates")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", types.Json, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency_keys")),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False)

    op.create_table(
        "import_mappings",
        sa.Column("name", types.Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mapping", types.Json, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_import_mappings")),
    )
    op.create_table(
        "imports",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("job_id", types.Id(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("file_sha256", sa.Text(), nullable=True),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mapping", types.Json, nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_batch", sa.Integer(), nullable=False),
        sa.Column("rows_in", sa.BigInteger(), nullable=False),
        sa.Column("rows_stored", sa.BigInteger(), nullable=False),
        sa.Column("rows_repeated", sa.BigInteger(), nullable=False),
        sa.Column("rows_refused", sa.BigInteger(), nullable=False),
        sa.Column("rows_rounded", sa.BigInteger(), nullable=False),
        sa.Column("customers_created", sa.BigInteger(), nullable=False),
        sa.Column("refused_by_reason", types.Json, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("units", types.Json, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imports_created_at_id"), ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_imports_file_sha256"), ["file_sha256"], unique=False)

    op.create_table(
        "jobs",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("arguments", types.Json, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("result", types.Json, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("handed_over_at", types.Instant(), nullable=True),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("started_at", types.Instant(), nullable=True),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jobs_created_at_id"), ["created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_jobs_waiting",
            ["created_at"],
            unique=False,
            postgresql_where=sa.text("handed_over_at IS NULL"),
            sqlite_where=sa.text("handed_over_at IS NULL"),
        )

    op.create_table(
        "scoring_runs",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("job_id", types.Id(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("parameters", types.Json, nullable=False),
        sa.Column("parameters_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("value_tiers", types.Json, nullable=True),
        sa.Column("rates_used", types.Json, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scoring_runs")),
    )
    with op.batch_alter_table("scoring_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scoring_runs_created_at_id"), ["created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_scoring_runs_current",
            ["is_current"],
            unique=True,
            postgresql_where=sa.text("is_current"),
            sqlite_where=sa.text("is_current"),
        )
        batch_op.create_index(
            batch_op.f("ix_scoring_runs_parameters_key_as_of"), ["parameters_key", "as_of"], unique=False
        )

    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("started_at", types.Instant(), nullable=False),
        sa.Column("seen_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "customer_external_ids",
        sa.Column("system", types.Key, nullable=False),
        sa.Column("key", types.Key, nullable=False),
        sa.Column("customer_id", types.Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_external_ids_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("system", "key", name=op.f("pk_customer_external_ids")),
    )
    with op.batch_alter_table("customer_external_ids", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_customer_external_ids_customer_id"), ["customer_id"], unique=False
        )

    op.create_table(
        "customer_lookups",
        sa.Column("kind", types.Key, nullable=False),
        sa.Column("value", types.Key, nullable=False),
        sa.Column("customer_id", types.Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_lookups_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("kind", "value", "customer_id", name=op.f("pk_customer_lookups")),
    )
    with op.batch_alter_table("customer_lookups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_lookups_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "customer_scores",
        sa.Column("customer_id", types.Id(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("next_tier_distance_minor", sa.BigInteger(), nullable=True),
        sa.Column("near_cut", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_scores_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_scores")),
    )
    with op.batch_alter_table("customer_scores", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_customer_scores_tier_value_minor_customer_id"),
            ["tier", "value_minor", "customer_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_customer_scores_value_minor_customer_id"),
            ["value_minor", "customer_id"],
            unique=False,
        )

    op.create_table(
        "import_chunks",
        sa.Column("import_id", types.Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_chunks_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_chunks")),
    )
    op.create_table(
        "import_trials",
        sa.Column("import_id", types.Id(), nullable=False),
        sa.Column("kind", types.Key, nullable=False),
        sa.Column("key", types.Key, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_trials_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "kind", "key", name=op.f("pk_import_trials")),
    )
    op.create_table(
        "refused_rows",
        sa.Column("import_id", types.Id(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_refused_rows_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_refused_rows")),
    )
    op.create_table(
        "run_columns",
        sa.Column("run_id", types.Id(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scoring_runs.id"], name=op.f("fk_run_columns_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "part", name=op.f("pk_run_columns")),
    )
    op.create_table(
        "transactions",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("customer_id", types.Id(), nullable=False),
        sa.Column("source", types.Key, nullable=False),
        sa.Column("external_id", types.Key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("occurred_at", types.Instant(), nullable=False),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("import_id", types.Id(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_transactions_customer_id")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_transactions_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_transactions_source_external_id")),
    )
    with op.batch_alter_table("transactions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_transactions_customer_id_occurred_at"),
            ["customer_id", "occurred_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_transactions_import_id"),
            ["import_id"],
            unique=False,
            postgresql_where=sa.text("import_id IS NOT NULL"),
            sqlite_where=sa.text("import_id IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_transactions_occurred_at_id"), ["occurred_at", "id"], unique=False
        )


def downgrade() -> None:
    """Take the schema back."""

    with op.batch_alter_table("transactions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_transactions_occurred_at_id"))
        batch_op.drop_index(
            batch_op.f("ix_transactions_import_id"),
            postgresql_where=sa.text("import_id IS NOT NULL"),
            sqlite_where=sa.text("import_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_transactions_customer_id_occurred_at"))

    op.drop_table("transactions")
    op.drop_table("run_columns")
    op.drop_table("refused_rows")
    op.drop_table("import_trials")
    op.drop_table("import_chunks")
    with op.batch_alter_table("customer_scores", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_scores_value_minor_customer_id"))
        batch_op.drop_index(batch_op.f("ix_customer_scores_tier_value_minor_customer_id"))

    op.drop_table("customer_scores")
    with op.batch_alter_table("customer_lookups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_lookups_customer_id"))

    op.drop_table("customer_lookups")
    with op.batch_alter_table("customer_external_ids", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_external_ids_customer_id"))

    op.drop_table("customer_external_ids")
    op.drop_table("workers")
    with op.batch_alter_table("scoring_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_scoring_runs_parameters_key_as_of"))
        batch_op.drop_index(
            "ix_scoring_runs_current",
            postgresql_where=sa.text("is_current"),
            sqlite_where=sa.text("is_current"),
        )
        batch_op.drop_index(batch_op.f("ix_scoring_runs_created_at_id"))

    op.drop_table("scoring_runs")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_jobs_waiting",
            postgresql_where=sa.text("handed_over_at IS NULL"),
            sqlite_where=sa.text("handed_over_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_jobs_created_at_id"))

    op.drop_table("jobs")
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_imports_file_sha256"))
        batch_op.drop_index(batch_op.f("ix_imports_created_at_id"))

    op.drop_table("imports")
    op.drop_table("import_mappings")
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_keys_created_at"))

    op.drop_table("idempotency_keys")
    op.drop_table("exchange_rates")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_events_unnumbered",
            postgresql_where=sa.text("position IS NULL"),
            sqlite_where=sa.text("position IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_events_at_id"))

    op.drop_table("events")
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customers_updated_at_id"))
        batch_op.drop_index(batch_op.f("ix_customers_unit_id"))
        batch_op.drop_index(batch_op.f("ix_customers_name_key_id"))
        batch_op.drop_index(
            batch_op.f("ix_customers_created_by_import_id"),
            postgresql_where=sa.text("created_by_import_id IS NOT NULL"),
            sqlite_where=sa.text("created_by_import_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_customers_created_at_id"))

    op.drop_table("customers")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_audit_entries_unnumbered",
            postgresql_where=sa.text("position IS NULL"),
            sqlite_where=sa.text("position IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_audit_entries_object_id_at"))
        batch_op.drop_index(batch_op.f("ix_audit_entries_at_id"))

    op.drop_table("audit_entries")
    op.drop_table("api_keys")
