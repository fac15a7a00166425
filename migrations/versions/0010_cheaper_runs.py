"""Two indexes of customers' scores instead of four; columns of runs, which are compressed, as they are."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BEFORE = (
    ("value_minor", "customer_id"),
    ("tier", "value_minor", "customer_id"),
    ("value_at_risk_minor", "customer_id"),
    ("churn_level", "value_at_risk_minor", "customer_id"),
)
AFTER = (
    ("value_minor", "customer_id", "tier"),
    ("value_at_risk_minor", "customer_id", "churn_level"),
)


def upgrade() -> None:
    """Bring the schema forward."""
    _exchange(BEFORE, AFTER)
    _store_columns("EXTERNAL")


def downgrade() -> None:
    """Take the schema back."""
    _exchange(AFTER, BEFORE)
    _store_columns("EXTENDED")


def _exchange(old: tuple[tuple[str, ...], ...], new: tuple[tuple[str, ...], ...]) -> None:
    for columns in old:
        op.drop_index(f"ix_customer_scores_{'_'.join(columns)}", "customer_scores")
    for columns in new:
        op.create_index(f"ix_customer_scores_{'_'.join(columns)}", "customer_scores", list(columns))


def _store_columns(storage: str) -> None:
    """PostgreSQL tries to compress what is long, also what cannot be compressed any further."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE run_columns ALTER COLUMN data SET STORAGE {storage}")
