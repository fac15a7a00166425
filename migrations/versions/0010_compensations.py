"""What is given to make up for failures: kinds, limits, budgets, requests and the ledger."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0010_compensations"
down_revision = "0009_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the columns."""
    op.create_table(
        "authority_limits",
        sa.Column("code", types.Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("role", types.Key, nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("kind", types.Key, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("per_case_minor", sa.BigInteger(), nullable=False),
        sa.Column("per_day_minor", sa.BigInteger(), nullable=True),
        sa.Column("per_month_minor", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", types.Instant(), nullable=False),
        sa.Column("valid_until", types.Instant(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name="pk_authority_limits"),
    )
    op.create_index(
        "ix_authority_limits_code",
        "authority_limits",
        ["code"],
        unique=True,
        postgresql_where=sa.text("is_current"),
        sqlite_where=sa.text("is_current"),
    )
    op.create_index("ix_authority_limits_kind", "authority_limits", ["kind"])

    op.create_table(
        "compensation_budgets",
        sa.Column("unit", types.Key, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("unit", "month", name="pk_compensation_budgets"),
    )
    op.create_table(
        "compensation_kinds",
        sa.Column("code", types.Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("names", types.Json, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("unit_cost_currency", sa.Text(), nullable=True),
        sa.Column("reversal_days", sa.Integer(), nullable=False),
        sa.Column("decision_minutes", sa.Integer(), nullable=False),
        sa.Column("calendar", types.Key, nullable=True),
        sa.Column("at_deadline", sa.Text(), nullable=False),
        sa.Column("fallback_role", types.Key, nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_compensation_kinds"),
    )
    op.create_table(
        "compensation_requests",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("customer_id", types.Id(), nullable=False),
        sa.Column("complaint_id", types.Id(), nullable=True),
        sa.Column("interaction_id", types.Id(), nullable=True),
        sa.Column("kind", types.Key, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("transaction_id", types.Id(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_currency", sa.Text(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("agent", types.Key, nullable=False),
        sa.Column("unit", types.Key, nullable=True),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("above", sa.Text(), nullable=False),
        sa.Column("approver_role", types.Key, nullable=False),
        sa.Column("fallback_role", types.Key, nullable=True),
        sa.Column("requested_at", types.Instant(), nullable=False),
        sa.Column("due_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        sa.Column("next_at", types.Instant(), nullable=True),
        sa.Column("decided_at", types.Instant(), nullable=True),
        sa.Column("decided_by", types.Key, nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("compensation_id", types.Id(), nullable=True),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name="fk_compensation_requests_complaint_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_compensation_requests_customer_id"
        ),
        sa.ForeignKeyConstraint(
            ["interaction_id"],
            ["interactions.id"],
            name="fk_compensation_requests_interaction_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["transactions.id"],
            name="fk_compensation_requests_transaction_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_compensation_requests"),
    )
    op.create_index(
        "ix_compensation_requests_approver_role_expires_at",
        "compensation_requests",
        ["approver_role", "expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_compensation_requests_complaint_id",
        "compensation_requests",
        ["complaint_id"],
        unique=False,
        postgresql_where=sa.text("complaint_id IS NOT NULL"),
        sqlite_where=sa.text("complaint_id IS NOT NULL"),
    )
    op.create_index("ix_compensation_requests_customer_id", "compensation_requests", ["customer_id"])
    op.create_index(
        "ix_compensation_requests_interaction_id",
        "compensation_requests",
        ["interaction_id"],
        unique=False,
        postgresql_where=sa.text("interaction_id IS NOT NULL"),
        sqlite_where=sa.text("interaction_id IS NOT NULL"),
    )
    op.create_index(
        "ix_compensation_requests_next_at",
        "compensation_requests",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("next_at IS NOT NULL"),
        sqlite_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "ix_compensation_requests_requested_at_id", "compensation_requests", ["requested_at", "id"]
    )
    op.create_index(
        "ix_compensation_requests_transaction_id",
        "compensation_requests",
        ["transaction_id"],
        unique=False,
        postgresql_where=sa.text("transaction_id IS NOT NULL"),
        sqlite_where=sa.text("transaction_id IS NOT NULL"),
    )
    op.create_index("ix_compensation_requests_updated_at_id", "compensation_requests", ["updated_at", "id"])

    op.create_table(
        "compensations",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("customer_id", types.Id(), nullable=False),
        sa.Column("complaint_id", types.Id(), nullable=True),
        sa.Column("interaction_id", types.Id(), nullable=True),
        sa.Column("kind", types.Key, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("transaction_id", types.Id(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_currency", sa.Text(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("agent", types.Key, nullable=False),
        sa.Column("unit", types.Key, nullable=True),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("authority", types.Key, nullable=False),
        sa.Column("limit_code", types.Key, nullable=False),
        sa.Column("limit_version", sa.Integer(), nullable=False),
        sa.Column("request_id", types.Id(), nullable=True),
        sa.Column("reverses_id", types.Id(), nullable=True),
        sa.Column("reversed_by_id", types.Id(), nullable=True),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("given_at", types.Instant(), nullable=False),
        sa.Column("reversible_until", types.Instant(), nullable=False),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name="fk_compensations_complaint_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_compensations_customer_id"),
        sa.ForeignKeyConstraint(
            ["interaction_id"],
            ["interactions.id"],
            name="fk_compensations_interaction_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["compensation_requests.id"], name="fk_compensations_request_id"
        ),
        sa.ForeignKeyConstraint(["reverses_id"], ["compensations.id"], name="fk_compensations_reverses_id"),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["transactions.id"],
            name="fk_compensations_transaction_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_compensations"),
        sa.UniqueConstraint("reverses_id", name="uq_compensations_reverses_id"),
    )
    op.create_index(
        "ix_compensations_authority_limit_code_on_date_cost_minor",
        "compensations",
        ["authority", "limit_code", "on_date", "cost_minor"],
        unique=False,
    )
    op.create_index(
        "ix_compensations_complaint_id",
        "compensations",
        ["complaint_id"],
        unique=False,
        postgresql_where=sa.text("complaint_id IS NOT NULL"),
        sqlite_where=sa.text("complaint_id IS NOT NULL"),
    )
    op.create_index(
        "ix_compensations_customer_id_given_at_id",
        "compensations",
        ["customer_id", "given_at", "id"],
        unique=False,
    )
    op.create_index("ix_compensations_given_at_id", "compensations", ["given_at", "id"])
    op.create_index(
        "ix_compensations_interaction_id",
        "compensations",
        ["interaction_id"],
        unique=False,
        postgresql_where=sa.text("interaction_id IS NOT NULL"),
        sqlite_where=sa.text("interaction_id IS NOT NULL"),
    )
    op.create_index(
        "ix_compensations_report",
        "compensations",
        [
            "given_at",
            "kind",
            "agent",
            "unit",
            "tier",
            "complaint_id",
            "interaction_id",
            "cost_minor",
            "currency",
            "request_id",
            "reverses_id",
            "customer_id",
        ],
        unique=False,
    )
    op.create_index(
        "ix_compensations_request_id",
        "compensations",
        ["request_id"],
        unique=False,
        postgresql_where=sa.text("request_id IS NOT NULL"),
        sqlite_where=sa.text("request_id IS NOT NULL"),
    )
    op.create_index(
        "ix_compensations_transaction_id",
        "compensations",
        ["transaction_id"],
        unique=False,
        postgresql_where=sa.text("transaction_id IS NOT NULL"),
        sqlite_where=sa.text("transaction_id IS NOT NULL"),
    )
    op.create_index(
        "ix_compensations_unit_on_date_cost_minor",
        "compensations",
        ["unit", "on_date", "cost_minor"],
        unique=False,
    )
    op.create_index("ix_compensations_updated_at_id", "compensations", ["updated_at", "id"])

    op.add_column("complaints", sa.Column("compensation_minor", sa.BigInteger(), nullable=True))
    op.add_column("complaints", sa.Column("compensation_currency", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("complaints", "compensation_currency")
    op.drop_column("complaints", "compensation_minor")
    for table in (
        "compensations",
        "compensation_requests",
        "compensation_kinds",
        "compensation_budgets",
        "authority_limits",
    ):
        op.drop_table(table)
