"""What sources said of transactions and customers last, and what a dry run would have made of customers."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("transactions", sa.Column("source_said", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take the schema back."""
    op.drop_column("transactions", "source_said")
