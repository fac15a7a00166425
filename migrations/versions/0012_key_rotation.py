"""API keys: when a rotated key stops working, apart from when it expires."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("api_keys", sa.Column("retires_at", types.Instant(), nullable=True))


def downgrade() -> None:
    """Take the schema back: a rotated key expires when it would have stopped working."""
    op.execute(
        "UPDATE api_keys SET expires_at = retires_at"
        " WHERE retires_at IS NOT NULL AND (expires_at IS NULL OR expires_at > retires_at)"
    )
    op.drop_column("api_keys", "retires_at")
