"""what invitations and responses are about, found from the other side."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("survey_invitations", "survey_responses")
COLUMNS = ("interaction_id", "complaint_id", "transaction_id")


def upgrade() -> None:
    """Bring the schema forward."""
    for table in TABLES:
        for column in COLUMNS:
            given = sa.text(f"{column} IS NOT NULL")
            op.create_index(
                op.f(f"ix_{table}_{column}"), table, [column], postgresql_where=given, sqlite_where=given
            )


def downgrade() -> None:
    """Take it back."""
    for table in TABLES:
        for column in COLUMNS:
            op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
