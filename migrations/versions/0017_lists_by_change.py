"""Lists of transactions, rates and imports in the order of their last change."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_index(
        "ix_transactions_updated_at",
        "transactions",
        [sa.text("coalesce(changed_at, recorded_at)"), "id"],
    )
    op.drop_index("ix_transactions_changed_at", table_name="transactions")


def downgrade() -> None:
    """Take the schema back."""
    op.create_index(
        "ix_transactions_changed_at",
        "transactions",
        ["changed_at"],
        postgresql_where=sa.text("changed_at IS NOT NULL"),
        sqlite_where=sa.text("changed_at IS NOT NULL"),
    )
    op.drop_index("ix_transactions_updated_at", table_name="transactions")
