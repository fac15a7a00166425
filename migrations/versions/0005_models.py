"""Backtests, and the contests that decide which churn model serves."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "backtests",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("job_id", types.Id(), nullable=True),
        sa.Column("cut_on", sa.Date(), nullable=False),
        sa.Column("parameters", types.Json, nullable=False),
        sa.Column("models", types.Json, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("result", types.Json, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backtests")),
    )
    with op.batch_alter_table("backtests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_backtests_created_at_id"), ["created_at", "id"], unique=False)

    op.create_table(
        "churn_contests",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("facts_key", sa.Text(), nullable=False),
        sa.Column("contest", types.Json, nullable=False),
        sa.Column("learned", types.Json, nullable=True),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_churn_contests")),
    )
    with op.batch_alter_table("churn_contests", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_churn_contests_facts_key_as_of"), ["facts_key", "as_of"], unique=False
        )

    with op.batch_alter_table("scoring_runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("contest_id", types.Id(), nullable=True))
        batch_op.add_column(sa.Column("churn_serving", types.Json, nullable=True))
        batch_op.add_column(sa.Column("lifetime_value", types.Json, nullable=True))


def downgrade() -> None:
    """Take the schema back; backtests and contests are lost."""
    with op.batch_alter_table("scoring_runs", schema=None) as batch_op:
        batch_op.drop_column("lifetime_value")
        batch_op.drop_column("churn_serving")
        batch_op.drop_column("contest_id")

    with op.batch_alter_table("churn_contests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_churn_contests_facts_key_as_of"))

    op.drop_table("churn_contests")
    with op.batch_alter_table("backtests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_backtests_created_at_id"))

    op.drop_table("backtests")
