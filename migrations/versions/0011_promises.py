"""Promises to customers and by them, and what happened to them."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0011_promises"
down_revision = "0010_compensations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "promises",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("customer_id", types.Id(), nullable=False),
        sa.Column("complaint_id", types.Id(), nullable=True),
        sa.Column("interaction_id", types.Id(), nullable=True),
        sa.Column("source", types.Key, nullable=False),
        sa.Column("external_id", types.Key, nullable=True),
        sa.Column("promised_by", sa.Text(), nullable=False),
        sa.Column("kind", types.Key, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("agent", types.Key, nullable=True),
        sa.Column("owner", types.Key, nullable=False),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("unit", types.Key, nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("made_at", types.Instant(), nullable=False),
        sa.Column("due_at", types.Instant(), nullable=False),
        sa.Column("planned_at", types.Instant(), nullable=True),
        sa.Column("moved_count", sa.Integer(), nullable=False),
        sa.Column("kept_at", types.Instant(), nullable=True),
        sa.Column("cancelled_at", types.Instant(), nullable=True),
        sa.Column("cancelled_by", sa.Text(), nullable=True),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("standard", types.Key, nullable=True),
        sa.Column("standard_version", sa.Integer(), nullable=True),
        sa.Column("calendar", types.Key, nullable=True),
        sa.Column("calendar_version", sa.Integer(), nullable=True),
        sa.Column("escalation_rule", types.Key, nullable=True),
        sa.Column("escalation_version", sa.Integer(), nullable=True),
        sa.Column("clock_started_at", types.Instant(), nullable=False),
        sa.Column("target_seconds", sa.Integer(), nullable=False),
        sa.Column("warn_share", sa.Double(), nullable=True),
        sa.Column("warn_at", types.Instant(), nullable=True),
        sa.Column("warned_at", types.Instant(), nullable=True),
        sa.Column("broken_at", types.Instant(), nullable=True),
        sa.Column("next_rung", sa.Integer(), nullable=False),
        sa.Column("next_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_promises_complaint_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_promises_customer_id")),
        sa.ForeignKeyConstraint(
            ["interaction_id"],
            ["interactions.id"],
            name=op.f("fk_promises_interaction_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promises")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_promises_source_external_id")),
    )
    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_promises_complaint_id"),
            ["complaint_id"],
            unique=False,
            postgresql_where=sa.text("complaint_id IS NOT NULL"),
            sqlite_where=sa.text("complaint_id IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_promises_customer_id_due_at"), ["customer_id", "due_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_promises_due_at_id"), ["due_at", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_promises_interaction_id"),
            ["interaction_id"],
            unique=False,
            postgresql_where=sa.text("interaction_id IS NOT NULL"),
            sqlite_where=sa.text("interaction_id IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_promises_next_at"),
            ["next_at"],
            unique=False,
            postgresql_where=sa.text("next_at IS NOT NULL"),
            sqlite_where=sa.text("next_at IS NOT NULL"),
        )
        batch_op.create_index("ix_promises_owner_due", ["owner", "due_at", "id"], unique=False)
        batch_op.create_index(
            "ix_promises_owner_work",
            ["owner", "due_at", "id"],
            unique=False,
            postgresql_where=sa.text("ended_at IS NULL"),
            sqlite_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index("ix_promises_unit_due", ["unit", "due_at", "id"], unique=False)
        batch_op.create_index(
            "ix_promises_unit_work",
            ["unit", "due_at", "id"],
            unique=False,
            postgresql_where=sa.text("ended_at IS NULL"),
            sqlite_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_promises_updated_at_id"), ["updated_at", "id"], unique=False)
        batch_op.create_index(
            "ix_promises_work",
            ["due_at", "id"],
            unique=False,
            postgresql_where=sa.text("ended_at IS NULL"),
            sqlite_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "promise_events",
        sa.Column("promise_id", types.Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("customer_id", types.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner", types.Key, nullable=False),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.Column("due_at", types.Instant(), nullable=False),
        sa.Column("old_due_at", types.Instant(), nullable=True),
        sa.Column("new_due_at", types.Instant(), nullable=True),
        sa.Column("is_agreed", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["promise_id"], ["promises.id"], name=op.f("fk_promise_events_promise_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("promise_id", "number", name=op.f("pk_promise_events")),
    )
    with op.batch_alter_table("promise_events", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_promise_events_customer_id_at"), ["customer_id", "at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_promise_events_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_promise_events_due_at"), ["due_at"], unique=False)


def downgrade() -> None:
    """Remove the tables."""
    with op.batch_alter_table("promise_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_promise_events_due_at"))
        batch_op.drop_index(batch_op.f("ix_promise_events_at"))
        batch_op.drop_index(batch_op.f("ix_promise_events_customer_id_at"))

    op.drop_table("promise_events")
    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_promises_work",
            postgresql_where=sa.text("ended_at IS NULL"),
            sqlite_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_promises_updated_at_id"))
        batch_op.drop_index(
            "ix_promises_unit_work",
            postgresql_where=sa.text("ended_at IS NULL"),
            sqlite_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_promises_unit_due")
        batch_op.drop_index(
            "ix_promises_owner_work",
            postgresql_where=sa.text("ended_at IS NULL"),
            sqlite_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_promises_owner_due")
        batch_op.drop_index(
            batch_op.f("ix_promises_next_at"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
            sqlite_where=sa.text("next_at IS NOT NULL"),
        )
        batch_op.drop_index(
            batch_op.f("ix_promises_interaction_id"),
            postgresql_where=sa.text("interaction_id IS NOT NULL"),
            sqlite_where=sa.text("interaction_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_promises_due_at_id"))
        batch_op.drop_index(batch_op.f("ix_promises_customer_id_due_at"))
        batch_op.drop_index(
            batch_op.f("ix_promises_complaint_id"),
            postgresql_where=sa.text("complaint_id IS NOT NULL"),
            sqlite_where=sa.text("complaint_id IS NOT NULL"),
        )

    op.drop_table("promises")
