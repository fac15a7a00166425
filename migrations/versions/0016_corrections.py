"""Transactions can be corrected and moved."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("transactions", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("transactions", sa.Column("changed_at", types.Instant(), nullable=True))
    op.create_index(
        "ix_transactions_changed_at",
        "transactions",
        ["changed_at"],
        postgresql_where=sa.text("changed_at IS NOT NULL"),
        sqlite_where=sa.text("changed_at IS NOT NULL"),
    )


def downgrade() -> None:
    """Take the schema back; corrected values stay."""
    op.drop_index("ix_transactions_changed_at", table_name="transactions")
    op.drop_column("transactions", "changed_at")
    op.drop_column("transactions", "version")
