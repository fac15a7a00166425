"""Dated contract terms, and contests of contract models."""

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_DAY = {
    "sqlite": "date(updated_at / 1000000, 'unixepoch')",
    "postgresql": "(updated_at AT TIME ZONE 'UTC')::date",
}
_FIRST_VERSIONS = """
    INSERT INTO contract_terms (customer_id, known_on, started_on, ends_on, notice_given_on, recorded_at)
    SELECT id, {day}, contract_started_on, contract_ends_on, contract_notice_on, updated_at
    FROM customers WHERE contract_started_on IS NOT NULL
"""


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "contract_terms",
        sa.Column("customer_id", types.Id(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("notice_given_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_contract_terms_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", "known_on", name=op.f("pk_contract_terms")),
    )
    with op.batch_alter_table("contract_terms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contract_terms_known_on"), ["known_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_contract_terms_recorded_at"), ["recorded_at"], unique=False)
    with op.batch_alter_table("churn_contests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("contract", types.Json, nullable=True))
    with op.batch_alter_table("scoring_runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("contract_serving", types.Json, nullable=True))
    # A contract has been what it is at least since its customer was last changed; before, nobody knows.
    op.execute(_FIRST_VERSIONS.format(day=_DAY[op.get_bind().dialect.name]))


def downgrade() -> None:
    """Take the schema back; the past of contracts is lost."""
    with op.batch_alter_table("scoring_runs", schema=None) as batch_op:
        batch_op.drop_column("contract_serving")
    with op.batch_alter_table("churn_contests", schema=None) as batch_op:
        batch_op.drop_column("contract")
    with op.batch_alter_table("contract_terms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contract_terms_recorded_at"))
        batch_op.drop_index(batch_op.f("ix_contract_terms_known_on"))

    op.drop_table("contract_terms")
