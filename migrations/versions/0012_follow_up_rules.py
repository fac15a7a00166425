"""Follow-up rules, what they did, and the complaints that they opened."""

import sqlalchemy as sa
from alembic import op

from app.store.types import Id, Instant, Json, Key

revision = "0012_follow_up_rules"
down_revision = "0011_promises"
branch_labels = None
depends_on = None

_CAUSE = ("rule", "cause_kind", "cause_id", "cause_detail")
_OPENED = sa.text("complaint_id IS NOT NULL")
_PROMISED = sa.text("promise_id IS NOT NULL")
_BY_RULE = sa.text("opened_by_rule IS NOT NULL")


def upgrade() -> None:
    """Make the tables, and what complaints say of their rule."""
    op.create_table(
        "follow_up_cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up_cursor")),
    )
    op.create_table(
        "follow_up_rules",
        sa.Column("code", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("names", Json, nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("answer_index", sa.Text(), nullable=True),
        sa.Column("at_most_points", sa.Double(), nullable=True),
        sa.Column("words", Json, nullable=False),
        sa.Column("found_in", Json, nullable=False),
        sa.Column("metrics", Json, nullable=False),
        sa.Column("tiers", Json, nullable=False),
        sa.Column("max_age_days", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("category", Key, nullable=True),
        sa.Column("severity", sa.Text(), nullable=True),
        sa.Column("owner", Key, nullable=True),
        sa.Column("due_in_seconds", sa.Integer(), nullable=True),
        sa.Column("calendar", Key, nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_follow_up_rules")),
    )
    op.create_table(
        "follow_ups",
        sa.Column("id", Id(), nullable=False),
        sa.Column("rule", Key, nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("cause_kind", Key, nullable=False),
        sa.Column("cause_id", Id(), nullable=False),
        sa.Column("cause_detail", Key, nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("complaint_id", Id(), nullable=True),
        sa.Column("promise_id", Id(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_follow_ups_complaint_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["promise_id"], ["promises.id"], name=op.f("fk_follow_ups_promise_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["rule"], ["follow_up_rules.code"], name=op.f("fk_follow_ups_rule")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
        sa.UniqueConstraint(*_CAUSE, name=op.f("uq_follow_ups_rule_cause_kind_cause_id_cause_detail")),
    )
    op.create_index(op.f("ix_follow_ups_at_id"), "follow_ups", ["at", "id"])
    op.create_index(op.f("ix_follow_ups_customer_id_at"), "follow_ups", ["customer_id", "at"])
    op.create_index(
        op.f("ix_follow_ups_complaint_id"),
        "follow_ups",
        ["complaint_id"],
        postgresql_where=_OPENED,
        sqlite_where=_OPENED,
    )
    op.create_index(
        op.f("ix_follow_ups_promise_id"),
        "follow_ups",
        ["promise_id"],
        postgresql_where=_PROMISED,
        sqlite_where=_PROMISED,
    )
    with op.batch_alter_table("complaints", schema=None) as batch_op:
        batch_op.add_column(sa.Column("opened_by_rule", Key, nullable=True))
        batch_op.create_index(
            batch_op.f("ix_complaints_opened_by_rule"),
            ["opened_by_rule"],
            unique=False,
            postgresql_where=_BY_RULE,
            sqlite_where=_BY_RULE,
        )


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("complaints", schema=None) as batch_op:
        batch_op.drop_index(
            batch_op.f("ix_complaints_opened_by_rule"), postgresql_where=_BY_RULE, sqlite_where=_BY_RULE
        )
        batch_op.drop_column("opened_by_rule")
    op.drop_table("follow_ups")
    op.drop_table("follow_up_rules")
    op.drop_table("follow_up_cursor")
