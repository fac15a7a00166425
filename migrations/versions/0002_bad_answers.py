"""Answers of files that do not fit their question: why they have no value, and how many an import had."""

import sqlalchemy as sa
from alembic import op

from app.store.types import Json

revision = "0002_bad_answers"
down_revision = "0001_initial"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("survey_answers", sa.Column("excluded", sa.Text(), nullable=True))
    op.add_column("imports", sa.Column("answers_excluded", Json, server_default="{}", nullable=False))


def downgrade() -> None:
    """Remove the columns; answers without a value become skipped ones."""
    op.drop_column("imports", "answers_excluded")
    op.drop_column("survey_answers", "excluded")
