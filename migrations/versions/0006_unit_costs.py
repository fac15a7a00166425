"""Unit costs: what contacts and returns cost."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "unit_costs",
        sa.Column("code", types.Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("per_contact", sa.Text(), nullable=False),
        sa.Column("per_minute", sa.Text(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_unit_costs")),
    )


def downgrade() -> None:
    """Take the schema back; unit costs are lost."""
    op.drop_table("unit_costs")
