"""What sources said of customers last, and what a dry run would have made of them."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column(
        "imports", sa.Column("headers_repeated", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.create_table(
        "source_statements",
        sa.Column("customer_id", types.Id(), nullable=False),
        sa.Column("source", types.Key, nullable=False),
        sa.Column("kind", types.Key, nullable=False),
        sa.Column("part", types.Key, nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("import_id", types.Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_source_statements_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", "source", "kind", "part", name=op.f("pk_source_statements")),
    )
    op.create_index(op.f("ix_source_statements_import_id"), "source_statements", ["import_id"])
    for table, column, kind in (
        ("import_trial_people", "state", types.Json),
        ("import_trial_names", "name", types.Key),
    ):
        keys = ["import_id", "customer_id"] if column == "state" else ["import_id", "name", "customer_id"]
        op.create_table(
            table,
            sa.Column("import_id", types.Id(), nullable=False),
            sa.Column(column, kind, nullable=False),
            sa.Column("customer_id", types.Id(), nullable=False),
            sa.ForeignKeyConstraint(
                ["import_id"], ["imports.id"], name=op.f(f"fk_{table}_import_id"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{table}")),
        )


def downgrade() -> None:
    """Take the schema back."""
    for table in ("import_trial_names", "import_trial_people", "source_statements"):
        op.drop_table(table)
    op.drop_column("imports", "headers_repeated")
