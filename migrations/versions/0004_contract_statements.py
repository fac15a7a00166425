"""What files say of contracts without days: named attributes, and snapshots."""

import sqlalchemy as sa
from alembic import op

from app.store.types import Id, Instant, Json

revision = "0004_contract_statements"
down_revision = "0003_complaint_words"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and where runs and contests keep what snapshots taught."""
    op.create_table(
        "contract_statements",
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("attributes", Json, nullable=False),
        sa.Column("age", sa.Integer(), nullable=True),
        sa.Column("age_unit", sa.Text(), nullable=True),
        sa.Column("has_left", sa.Boolean(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "known_on", name="pk_contract_statements"),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_contract_statements_customer_id", ondelete="CASCADE"
        ),
    )
    for column in ("known_on", "recorded_at"):
        op.create_index(f"ix_contract_statements_{column}", "contract_statements", [column])
    for table in ("churn_contests", "scoring_runs"):
        op.add_column(table, sa.Column("cross_section", Json, nullable=True))


def downgrade() -> None:
    """Take both away."""
    for table in ("churn_contests", "scoring_runs"):
        op.drop_column(table, "cross_section")
    op.drop_table("contract_statements")
