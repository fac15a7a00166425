"""Where events are sent, and the events of one customer in their order."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0009_webhooks"
down_revision = "0008_incidents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the index."""
    op.create_table(
        "webhook_attempts",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("endpoint_id", types.Id(), nullable=False),
        sa.Column("event_id", types.Id(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("next_attempt_at", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_attempts"),
    )
    op.create_index("ix_webhook_attempts_endpoint_id_at_id", "webhook_attempts", ["endpoint_id", "at", "id"])
    op.create_index("ix_webhook_attempts_event_id", "webhook_attempts", ["event_id"])
    op.create_index("ix_webhook_attempts_outcome_at", "webhook_attempts", ["outcome", "at"])

    op.create_table(
        "webhook_endpoints",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("types", types.Json, nullable=False),
        sa.Column("ordering", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("scopes", types.Json, nullable=False),
        sa.Column("units", types.Json, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", types.Instant(), nullable=True),
        sa.Column("headers", sa.LargeBinary(), nullable=True),
        sa.Column("header_names", types.Json, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("leased_by", sa.Text(), nullable=True),
        sa.Column("leased_until", types.Instant(), nullable=True),
        sa.Column("succeeded_at", types.Instant(), nullable=True),
        sa.Column("failing_since", types.Instant(), nullable=True),
        sa.Column("failed_at", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
    )
    op.create_index("ix_webhook_endpoints_updated_at", "webhook_endpoints", ["updated_at"])

    op.create_table(
        "webhook_parked",
        sa.Column("endpoint_id", types.Id(), nullable=False),
        sa.Column("event_id", types.Id(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("order_key", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", types.Instant(), nullable=True),
        sa.Column("parked_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name="fk_webhook_parked_endpoint_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("endpoint_id", "event_id", name="pk_webhook_parked"),
    )
    op.create_index(
        "ix_webhook_parked_endpoint_id_next_attempt_at", "webhook_parked", ["endpoint_id", "next_attempt_at"]
    )
    op.create_index(
        "ix_webhook_parked_endpoint_id_order_key_position",
        "webhook_parked",
        ["endpoint_id", "order_key", "position"],
    )

    op.create_index("ix_events_customer_id_position", "events", ["customer_id", "position"])


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_events_customer_id_position", table_name="events")

    op.drop_index("ix_webhook_parked_endpoint_id_order_key_position", table_name="webhook_parked")
    op.drop_index("ix_webhook_parked_endpoint_id_next_attempt_at", table_name="webhook_parked")

    op.drop_table("webhook_parked")
    op.drop_index("ix_webhook_endpoints_updated_at", table_name="webhook_endpoints")

    op.drop_table("webhook_endpoints")
    op.drop_index("ix_webhook_attempts_outcome_at", table_name="webhook_attempts")
    op.drop_index("ix_webhook_attempts_event_id", table_name="webhook_attempts")
    op.drop_index("ix_webhook_attempts_endpoint_id_at_id", table_name="webhook_attempts")

    op.drop_table("webhook_attempts")
