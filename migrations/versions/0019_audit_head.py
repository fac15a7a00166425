"""The end of the audit trail is signed, and what is wrong with the trail is noted.

The head itself is made by the first worker that starts with the secret: it verifies the trail first.
"""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("store_id", types.Id(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(32), nullable=False),
        sa.Column("secret_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_alarms",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("first_position", sa.BigInteger(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.Column("found_at", types.Instant(), nullable=False),
        sa.Column("accepted_at", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "first_position", "last_position", name=op.f("pk_audit_alarms")),
    )


def downgrade() -> None:
    """Take the schema back; coming forward again, somebody has to accept the trail."""
    op.drop_table("audit_alarms")
    op.drop_table("audit_head")
