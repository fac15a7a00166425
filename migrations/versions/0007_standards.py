"""Working calendars, service standards, escalation rules and the clocks of complaints."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.store.types import Id, Instant, Json, Key

revision = "0007_standards"
down_revision = "0006_complaint_life"
branch_labels = None
depends_on = None

_CURRENT = sa.text("is_current")
_ACTIVE = sa.text("ended_at IS NULL AND paused_at IS NULL")
_TO_TELL = sa.text("next_at IS NOT NULL")
_ATTAINMENT = ["metric", "unit", "started_at", "state", "is_business_time", "due_at", "done_at"]
_ATTAINMENT += ["ended_at", "taken_seconds", "paused_at", "paused_seconds"]


def upgrade() -> None:
    """Make the tables. Complaints that are there already have no clocks."""
    _versioned(
        "calendars",
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("weekly", Json, nullable=False),
        sa.Column("holidays", sa.Text(), nullable=True),
        sa.Column("exceptions", Json, nullable=False),
    )
    _versioned("escalation_rules", sa.Column("rungs", Json, nullable=False))
    _versioned(
        "standards",
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("target_seconds", sa.Integer(), nullable=False),
        sa.Column("is_business_time", sa.Boolean(), nullable=False),
        sa.Column("calendar", Key, nullable=True),
        sa.Column("warn_share", sa.Double(), nullable=True),
        sa.Column("escalation_rule", Key, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        *(
            sa.Column(name, Json, nullable=False)
            for name in ("channels", "severities", "tiers", "units", "categories")
        ),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("valid_until", Instant(), nullable=True),
    )
    op.create_index("ix_standards_valid_until", "standards", ["valid_until"])
    op.create_table(
        "complaint_clocks",
        sa.Column("id", Id(), nullable=False),
        sa.Column("complaint_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("standard", Key, nullable=False),
        sa.Column("standard_version", sa.Integer(), nullable=False),
        sa.Column("is_business_time", sa.Boolean(), nullable=False),
        sa.Column("calendar", Key, nullable=True),
        sa.Column("calendar_version", sa.Integer(), nullable=True),
        sa.Column("escalation_rule", Key, nullable=True),
        sa.Column("escalation_version", sa.Integer(), nullable=True),
        sa.Column("owner", Key, nullable=False),
        sa.Column("unit", Key, nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("target_seconds", sa.Integer(), nullable=False),
        sa.Column("warn_share", sa.Double(), nullable=True),
        sa.Column("due_at", Instant(), nullable=False),
        *(
            sa.Column(name, Instant(), nullable=True)
            for name in ("warn_at", "warned_at", "broken_at", "done_at", "ended_at", "paused_at")
        ),
        sa.Column("paused_seconds", sa.Double(), nullable=False),
        sa.Column("taken_seconds", sa.Double(), nullable=True),
        sa.Column("next_rung", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_complaint_clocks"),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name="fk_complaint_clocks_complaint_id", ondelete="CASCADE"
        ),
    )
    _index(["complaint_id", "number"], unique=True)
    _index(["customer_id"])
    _index(["metric", "started_at"])
    for first in (["owner"], ["unit"], []):
        _index([*first, "due_at", "id"], where=_ACTIVE)
    _index(["next_at"], where=_TO_TELL)
    op.create_index("ix_complaint_clocks_attainment", "complaint_clocks", _ATTAINMENT)


def downgrade() -> None:
    """Take the tables away."""
    for table in ("complaint_clocks", "standards", "escalation_rules", "calendars"):
        op.drop_table(table)


def _versioned(table: str, *columns: sa.Column[Any]) -> None:
    """Make a table of settings that are kept in versions."""
    op.create_table(
        table,
        sa.Column("code", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("names", Json, nullable=False),
        *columns,
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=f"pk_{table}"),
    )
    op.create_index(
        f"ix_{table}_code", table, ["code"], unique=True, postgresql_where=_CURRENT, sqlite_where=_CURRENT
    )


def _index(columns: list[str], *, unique: bool = False, where: sa.TextClause | None = None) -> None:
    """Make an index of the clocks."""
    name = f"ix_complaint_clocks_{'_'.join(columns)}"
    op.create_index(
        name, "complaint_clocks", columns, unique=unique, postgresql_where=where, sqlite_where=where
    )
