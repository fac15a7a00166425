"""Measurements of competitors; quadrants of customers."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "competitor_measurements",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", types.Key, nullable=False),
        sa.Column("external_id", types.Key, nullable=True),
        sa.Column("competitor", sa.Text(), nullable=False),
        sa.Column("competitor_key", types.Key, nullable=False),
        sa.Column("index", types.Key, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("sd", sa.Double(), nullable=True),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("expectation_mean", sa.Double(), nullable=True),
        sa.Column("measured_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competitor_measurements")),
        sa.UniqueConstraint(
            "source", "external_id", name=op.f("uq_competitor_measurements_source_external_id")
        ),
    )
    with op.batch_alter_table("competitor_measurements", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_competitor_measurements_index_competitor_key_measured_on"),
            ["index", "competitor_key", "measured_on"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_competitor_measurements_measured_on_id"), ["measured_on", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_competitor_measurements_updated_at_id"), ["updated_at", "id"], unique=False
        )
    with op.batch_alter_table("scoring_runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("expectation_reference", types.Json, nullable=True))
    with op.batch_alter_table("customer_scores", schema=None) as batch_op:
        batch_op.add_column(sa.Column("quadrant", sa.Text(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_customer_scores_quadrant_value_minor_customer_id"),
            ["quadrant", "value_minor", "customer_id"],
            unique=False,
            postgresql_where=sa.text("quadrant IS NOT NULL"),
            sqlite_where=sa.text("quadrant IS NOT NULL"),
        )


def downgrade() -> None:
    """Take the schema back; measurements of competitors and quadrants are lost."""
    with op.batch_alter_table("customer_scores", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_scores_quadrant_value_minor_customer_id"))
        batch_op.drop_column("quadrant")
    with op.batch_alter_table("scoring_runs", schema=None) as batch_op:
        batch_op.drop_column("expectation_reference")
    op.drop_table("competitor_measurements")
