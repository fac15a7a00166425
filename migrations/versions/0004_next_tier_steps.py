"""Distances to the next tier are told from steps kept with the run.

The steps of runs that are there already are not made up for: until the next run customers show no distance.
"""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    with op.batch_alter_table("scoring_runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("next_tier_steps", types.Json, nullable=True))

    with op.batch_alter_table("customer_scores", schema=None) as batch_op:
        batch_op.drop_column("next_tier_distance_minor")


def downgrade() -> None:
    """Take the schema back; distances are there again after the next run."""
    with op.batch_alter_table("customer_scores", schema=None) as batch_op:
        batch_op.add_column(sa.Column("next_tier_distance_minor", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("scoring_runs", schema=None) as batch_op:
        batch_op.drop_column("next_tier_steps")
