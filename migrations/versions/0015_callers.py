"""the number of the caller, with the contact"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INDEX = "ix_interactions_phone_started_at"


def upgrade() -> None:
    """Bring the schema forward."""
    key = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.add_column("interactions", sa.Column("phone", key, nullable=True))
    given = sa.text("phone IS NOT NULL")
    op.create_index(
        INDEX, "interactions", ["phone", "started_at"], postgresql_where=given, sqlite_where=given
    )


def downgrade() -> None:
    """Take the schema back."""
    op.drop_index(INDEX, "interactions")
    op.drop_column("interactions", "phone")
