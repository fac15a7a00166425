"""Units, agents and roles; who acted, on keys, events and the audit trail; facts by agent."""

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, Json, Key

revision = "0005_people"
down_revision = "0004_contract_statements"
branch_labels = None
depends_on = None

ACTED = ("audit_entries", "complaint_events", "events")
BY_AGENT = (
    ("interactions", "started_at"),
    ("survey_invitations", "invited_at"),
    ("survey_responses", "answered_at"),
)


def upgrade() -> None:
    """Make the tables, the columns and the indexes."""
    op.create_table(
        "units",
        sa.Column("code", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("names", Json, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent", Key, nullable=True),
        sa.Column("head", Key, nullable=True),
        sa.Column("calendar", Key, nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_units"),
    )
    op.create_table(
        "agents",
        sa.Column("code", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("unit", Key, nullable=True),
        sa.Column("role", Key, nullable=True),
        sa.Column("languages", Json, nullable=False),
        sa.Column("skills", Json, nullable=False),
        sa.Column("active_from_on", sa.Date(), nullable=True),
        sa.Column("active_until_on", sa.Date(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_agents"),
    )
    op.create_table(
        "roles",
        sa.Column("code", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("names", Json, nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("reports_to", Key, nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_roles"),
    )
    for table, column in (("units", "parent"), ("units", "head"), ("agents", "active_until_on")):
        _index_where_set(table, column)
    for column in ("unit", "role"):
        op.create_index(f"ix_agents_{column}_code", "agents", [column, "code"])
    op.add_column("api_keys", sa.Column("agent", Key, nullable=True))
    for table in ACTED:
        op.add_column(table, sa.Column("agent", sa.Text(), nullable=True))
    for table, at in BY_AGENT:
        _index_where_set(table, "agent", at)


def downgrade() -> None:
    """Take them away; that keys were bound to persons, and who acted, is lost."""
    for table, at in BY_AGENT:
        op.drop_index(f"ix_{table}_agent_{at}", table)
    for table in ("api_keys", *ACTED):
        op.drop_column(table, "agent")
    for table in ("roles", "agents", "units"):
        op.drop_table(table)


def _index_where_set(table: str, *columns: str) -> None:
    given = sa.text(f"{columns[0]} IS NOT NULL")
    name = "_".join(("ix", table, *columns))
    op.create_index(name, table, list(columns), postgresql_where=given, sqlite_where=given)
