"""interactions, complaints, surveys and churn."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "dispositions",
        sa.Column("code", types.Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("names", types.Json, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_dispositions")),
    )
    op.create_table(
        "surveys",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", types.Key, nullable=False),
        sa.Column("names", types.Json, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("questions_version", sa.Integer(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys")),
        sa.UniqueConstraint("code", name=op.f("uq_surveys_code")),
    )
    with op.batch_alter_table("surveys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_surveys_created_at_id"), ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_surveys_updated_at_id"), ["updated_at", "id"], unique=False)

    op.create_table(
        "interactions",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("customer_id", types.Id(), nullable=True),
        sa.Column("source", types.Key, nullable=False),
        sa.Column("external_id", types.Key, nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("agent", types.Key, nullable=True),
        sa.Column("unit", types.Key, nullable=True),
        sa.Column("started_at", types.Instant(), nullable=False),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.Column("wait_seconds", sa.Integer(), nullable=True),
        sa.Column("talk_seconds", sa.Integer(), nullable=True),
        sa.Column("hold_seconds", sa.Integer(), nullable=True),
        sa.Column("wrap_seconds", sa.Integer(), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("resolved_on_first_contact", sa.Boolean(), nullable=True),
        sa.Column("sentiment", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("recording_url", sa.Text(), nullable=True),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("import_id", types.Id(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_interactions_customer_id")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_interactions_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interactions")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_interactions_source_external_id")),
    )
    with op.batch_alter_table("interactions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_interactions_customer_id_started_at_direction"),
            ["customer_id", "started_at", "direction"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_interactions_import_id"),
            ["import_id"],
            unique=False,
            postgresql_where=sa.text("import_id IS NOT NULL"),
            sqlite_where=sa.text("import_id IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_interactions_recorded_at"), ["recorded_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_interactions_started_at_id"), ["started_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_interactions_updated_at_id"), ["updated_at", "id"], unique=False)

    op.create_table(
        "survey_invitations",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("customer_id", types.Id(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("interaction_id", types.Id(), nullable=True),
        sa.Column("complaint_id", types.Id(), nullable=True),
        sa.Column("transaction_id", types.Id(), nullable=True),
        sa.Column("agent", types.Key, nullable=True),
        sa.Column("unit", types.Key, nullable=True),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("invited_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=True),
        sa.Column("answered_at", types.Instant(), nullable=True),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_survey_invitations_customer_id")
        ),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name=op.f("fk_survey_invitations_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_invitations")),
    )
    with op.batch_alter_table("survey_invitations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_survey_invitations_customer_id_invited_at"),
            ["customer_id", "invited_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_survey_invitations_invited_at_id"), ["invited_at", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_survey_invitations_survey_id_invited_at"),
            ["survey_id", "invited_at"],
            unique=False,
        )

    op.create_table(
        "survey_versions",
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("questions", types.Json, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["surveys.id"], name=op.f("fk_survey_versions_survey_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("survey_id", "number", name=op.f("pk_survey_versions")),
    )
    op.create_table(
        "complaints",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", types.Key, nullable=False),
        sa.Column("customer_id", types.Id(), nullable=False),
        sa.Column("interaction_id", types.Id(), nullable=True),
        sa.Column("source", types.Key, nullable=False),
        sa.Column("external_id", types.Key, nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("our_fault", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner", types.Key, nullable=False),
        sa.Column("unit", types.Key, nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("received_at", types.Instant(), nullable=False),
        sa.Column("acknowledged_at", types.Instant(), nullable=True),
        sa.Column("resolved_at", types.Instant(), nullable=True),
        sa.Column("closed_at", types.Instant(), nullable=True),
        sa.Column("reopened_count", sa.Integer(), nullable=False),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("import_id", types.Id(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_complaints_customer_id")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_complaints_import_id")),
        sa.ForeignKeyConstraint(
            ["interaction_id"], ["interactions.id"], name=op.f("fk_complaints_interaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("number", name=op.f("uq_complaints_number")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_complaints_source_external_id")),
    )
    with op.batch_alter_table("complaints", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_complaints_customer_id_received_at"), ["customer_id", "received_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_complaints_import_id"),
            ["import_id"],
            unique=False,
            postgresql_where=sa.text("import_id IS NOT NULL"),
            sqlite_where=sa.text("import_id IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_complaints_interaction_id"), ["interaction_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_complaints_owner_state_received_at"),
            ["owner", "state", "received_at"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_complaints_received_at_id"), ["received_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_complaints_recorded_at"), ["recorded_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_complaints_updated_at_id"), ["updated_at", "id"], unique=False)

    op.create_table(
        "survey_responses",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("survey_version", sa.Integer(), nullable=False),
        sa.Column("invitation_id", types.Id(), nullable=True),
        sa.Column("customer_id", types.Id(), nullable=True),
        sa.Column("source", types.Key, nullable=False),
        sa.Column("external_id", types.Key, nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("interaction_id", types.Id(), nullable=True),
        sa.Column("complaint_id", types.Id(), nullable=True),
        sa.Column("transaction_id", types.Id(), nullable=True),
        sa.Column("agent", types.Key, nullable=True),
        sa.Column("unit", types.Key, nullable=True),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("answered_at", types.Instant(), nullable=False),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.Column("import_id", types.Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_survey_responses_customer_id")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_survey_responses_import_id")),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["survey_invitations.id"], name=op.f("fk_survey_responses_invitation_id")
        ),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name=op.f("fk_survey_responses_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_responses")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_survey_responses_invitation_id")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_survey_responses_source_external_id")),
    )
    with op.batch_alter_table("survey_responses", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_survey_responses_answered_at_id"), ["answered_at", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_survey_responses_customer_id_answered_at"),
            ["customer_id", "answered_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_survey_responses_import_id"),
            ["import_id"],
            unique=False,
            postgresql_where=sa.text("import_id IS NOT NULL"),
            sqlite_where=sa.text("import_id IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_survey_responses_recorded_at"), ["recorded_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_survey_responses_survey_id_answered_at"),
            ["survey_id", "answered_at"],
            unique=False,
        )

    op.create_table(
        "complaint_events",
        sa.Column("complaint_id", types.Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("customer_id", types.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner", types.Key, nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("data", types.Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_complaint_events_complaint_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("complaint_id", "number", name=op.f("pk_complaint_events")),
    )
    with op.batch_alter_table("complaint_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_complaint_events_at"), ["at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_complaint_events_customer_id_at"), ["customer_id", "at"], unique=False
        )

    op.create_table(
        "survey_answers",
        sa.Column("response_id", types.Id(), nullable=False),
        sa.Column("question", types.Key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("customer_id", types.Id(), nullable=True),
        sa.Column("answered_at", types.Instant(), nullable=False),
        sa.Column("scale_min", sa.Integer(), nullable=True),
        sa.Column("scale_max", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("choice", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["survey_responses.id"],
            name=op.f("fk_survey_answers_response_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("response_id", "question", name=op.f("pk_survey_answers")),
    )
    with op.batch_alter_table("survey_answers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_survey_answers_customer_id_answered_at"),
            ["customer_id", "answered_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_survey_answers_kind_answered_at"), ["kind", "answered_at"], unique=False
        )

    with op.batch_alter_table("customer_scores", schema=None) as batch_op:
        batch_op.add_column(sa.Column("churn_level", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("churn_percent", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("churn_model", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("value_at_risk_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("churn_facts", types.Json, nullable=True))
        batch_op.add_column(sa.Column("satisfaction", types.Json, nullable=True))
        batch_op.alter_column("tier", existing_type=sa.TEXT(), nullable=True)
        batch_op.alter_column("value_minor", existing_type=sa.BIGINT(), nullable=True)
        batch_op.create_index(
            batch_op.f("ix_customer_scores_churn_level_value_at_risk_minor_customer_id"),
            ["churn_level", "value_at_risk_minor", "customer_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_customer_scores_value_at_risk_minor_customer_id"),
            ["value_at_risk_minor", "customer_id"],
            unique=False,
        )

    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("contract_started_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("contract_ends_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("contract_notice_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("do_not_contact", types.Json, server_default="[]", nullable=False))
        for column in ("contract_started_on", "left_on"):
            batch_op.create_index(
                batch_op.f(f"ix_customers_{column}"),
                [column],
                unique=False,
                postgresql_where=sa.text(f"{column} IS NOT NULL"),
                sqlite_where=sa.text(f"{column} IS NOT NULL"),
            )

    with op.batch_alter_table("run_columns", schema=None) as batch_op:
        batch_op.add_column(sa.Column("first_id", types.Id(), nullable=True))

    with op.batch_alter_table("scoring_runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("satisfaction", types.Json, nullable=True))
        batch_op.add_column(sa.Column("churn", types.Json, nullable=True))
        batch_op.add_column(sa.Column("churn_baselines", types.Json, nullable=True))
        batch_op.add_column(sa.Column("facts_until", types.Instant(), nullable=True))
        batch_op.add_column(sa.Column("facts_key", sa.Text(), nullable=True))

    with op.batch_alter_table("transactions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transactions_recorded_at"), ["recorded_at"], unique=False)
        batch_op.drop_index(batch_op.f("ix_transactions_customer_id_occurred_at"))
        batch_op.create_index(
            "ix_transactions_scoring",
            ["customer_id", "occurred_at", "kind", "currency", "amount_minor"],
            unique=False,
        )


def downgrade() -> None:
    """Take the schema back."""
    with op.batch_alter_table("transactions", schema=None) as batch_op:
        batch_op.drop_index("ix_transactions_scoring")
        batch_op.create_index(
            batch_op.f("ix_transactions_customer_id_occurred_at"),
            ["customer_id", "occurred_at"],
            unique=False,
        )
        batch_op.drop_index(batch_op.f("ix_transactions_recorded_at"))

    with op.batch_alter_table("scoring_runs", schema=None) as batch_op:
        batch_op.drop_column("facts_key")
        batch_op.drop_column("facts_until")
        batch_op.drop_column("churn_baselines")
        batch_op.drop_column("churn")
        batch_op.drop_column("satisfaction")

    with op.batch_alter_table("run_columns", schema=None) as batch_op:
        batch_op.drop_column("first_id")

    with op.batch_alter_table("customers", schema=None) as batch_op:
        for column in ("contract_started_on", "left_on"):
            batch_op.drop_index(
                batch_op.f(f"ix_customers_{column}"),
                postgresql_where=sa.text(f"{column} IS NOT NULL"),
                sqlite_where=sa.text(f"{column} IS NOT NULL"),
            )
        batch_op.drop_column("do_not_contact")
        batch_op.drop_column("contract_notice_on")
        batch_op.drop_column("contract_ends_on")
        batch_op.drop_column("contract_started_on")

    op.execute("DELETE FROM customer_scores WHERE tier IS NULL OR value_minor IS NULL")
    with op.batch_alter_table("customer_scores", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_scores_value_at_risk_minor_customer_id"))
        batch_op.drop_index(batch_op.f("ix_customer_scores_churn_level_value_at_risk_minor_customer_id"))
        batch_op.alter_column("value_minor", existing_type=sa.BIGINT(), nullable=False)
        batch_op.alter_column("tier", existing_type=sa.TEXT(), nullable=False)
        batch_op.drop_column("satisfaction")
        batch_op.drop_column("churn_facts")
        batch_op.drop_column("value_at_risk_minor")
        batch_op.drop_column("churn_model")
        batch_op.drop_column("churn_percent")
        batch_op.drop_column("churn_level")

    with op.batch_alter_table("survey_answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_survey_answers_kind_answered_at"))
        batch_op.drop_index(batch_op.f("ix_survey_answers_customer_id_answered_at"))

    op.drop_table("survey_answers")
    with op.batch_alter_table("complaint_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_events_customer_id_at"))
        batch_op.drop_index(batch_op.f("ix_complaint_events_at"))

    op.drop_table("complaint_events")
    with op.batch_alter_table("survey_responses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_survey_responses_survey_id_answered_at"))
        batch_op.drop_index(batch_op.f("ix_survey_responses_recorded_at"))
        batch_op.drop_index(
            batch_op.f("ix_survey_responses_import_id"),
            postgresql_where=sa.text("import_id IS NOT NULL"),
            sqlite_where=sa.text("import_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_survey_responses_customer_id_answered_at"))
        batch_op.drop_index(batch_op.f("ix_survey_responses_answered_at_id"))

    op.drop_table("survey_responses")
    with op.batch_alter_table("complaints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaints_updated_at_id"))
        batch_op.drop_index(batch_op.f("ix_complaints_recorded_at"))
        batch_op.drop_index(batch_op.f("ix_complaints_received_at_id"))
        batch_op.drop_index(batch_op.f("ix_complaints_owner_state_received_at"))
        batch_op.drop_index(batch_op.f("ix_complaints_interaction_id"))
        batch_op.drop_index(
            batch_op.f("ix_complaints_import_id"),
            postgresql_where=sa.text("import_id IS NOT NULL"),
            sqlite_where=sa.text("import_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_complaints_customer_id_received_at"))

    op.drop_table("complaints")
    op.drop_table("survey_versions")
    with op.batch_alter_table("survey_invitations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_survey_invitations_survey_id_invited_at"))
        batch_op.drop_index(batch_op.f("ix_survey_invitations_invited_at_id"))
        batch_op.drop_index(batch_op.f("ix_survey_invitations_customer_id_invited_at"))

    op.drop_table("survey_invitations")
    with op.batch_alter_table("interactions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_interactions_updated_at_id"))
        batch_op.drop_index(batch_op.f("ix_interactions_started_at_id"))
        batch_op.drop_index(batch_op.f("ix_interactions_recorded_at"))
        batch_op.drop_index(
            batch_op.f("ix_interactions_import_id"),
            postgresql_where=sa.text("import_id IS NOT NULL"),
            sqlite_where=sa.text("import_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_interactions_customer_id_started_at_direction"))

    op.drop_table("interactions")
    with op.batch_alter_table("surveys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_surveys_updated_at_id"))
        batch_op.drop_index(batch_op.f("ix_surveys_created_at_id"))

    op.drop_table("surveys")
    op.drop_table("dispositions")
