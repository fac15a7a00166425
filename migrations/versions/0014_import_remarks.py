"""What imports say besides their counts, and what the source of a record said of it last."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

RECORDS = ("interactions", "complaints", "survey_responses")


def upgrade() -> None:
    """Bring the schema forward."""
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("records_stored", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("rows_alike", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("words_unmatched", types.Json, nullable=False, server_default="{}"))
    op.execute("UPDATE imports SET records_stored = rows_stored")
    for table in RECORDS:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("source_said", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take the schema back."""
    for table in RECORDS:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("source_said")
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_column("words_unmatched")
        batch_op.drop_column("rows_alike")
        batch_op.drop_column("records_stored")
