"""Replays of scoring runs."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "replays",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("job_id", types.Id(), nullable=True),
        sa.Column("run_id", types.Id(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("result", types.Json, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["scoring_runs.id"], name=op.f("fk_replays_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replays")),
    )
    with op.batch_alter_table("replays", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_replays_created_at_id"), ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_replays_run_id"), ["run_id"], unique=False)


def downgrade() -> None:
    """Take the schema back; replays are lost."""
    with op.batch_alter_table("replays", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_replays_run_id"))
        batch_op.drop_index(batch_op.f("ix_replays_created_at_id"))

    op.drop_table("replays")
