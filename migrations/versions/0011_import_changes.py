"""Rows of imports that change what is stored, and what was there before."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rows_updated", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("customers_kept", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "import_changes",
        sa.Column("import_id", types.Id(), nullable=False),
        sa.Column("customer_id", types.Id(), nullable=False),
        sa.Column("part", types.Key, nullable=False),
        sa.Column("created", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("said", types.Json, nullable=False),
        sa.Column("before", types.Json, nullable=True),
        sa.Column("after", types.Json, nullable=True),
        sa.Column("changed_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_changes_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "customer_id", "part", name=op.f("pk_import_changes")),
    )
    with op.batch_alter_table("import_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_changes_customer_id"), ["customer_id"], unique=False)


def downgrade() -> None:
    """Take the schema back; what imports of customers changed can no longer be taken back."""
    with op.batch_alter_table("import_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_changes_customer_id"))
    op.drop_table("import_changes")
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_column("customers_kept")
        batch_op.drop_column("rows_updated")
