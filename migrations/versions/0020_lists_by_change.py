"""Lists of transactions and exchange rates in the order of their last change."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

RATES = "ix_exchange_rates_updated_at_currency_on_date"


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_index(
        "ix_transactions_updated_at",
        "transactions",
        [sa.text("coalesce(changed_at, recorded_at)"), "id"],
    )
    op.drop_index("ix_transactions_changed_at", table_name="transactions")
    op.create_index(RATES, "exchange_rates", ["updated_at", "currency", "on_date"])


def downgrade() -> None:
    """Take the schema back."""
    op.drop_index(RATES, table_name="exchange_rates")
    op.create_index(
        "ix_transactions_changed_at",
        "transactions",
        ["changed_at"],
        postgresql_where=sa.text("changed_at IS NOT NULL"),
        sqlite_where=sa.text("changed_at IS NOT NULL"),
    )
    op.drop_index("ix_transactions_updated_at", table_name="transactions")
