"""The whole life of complaints: states, owners' kinds, recovery steps, categories and causes."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.store.types import Id, Instant, Json, Key

revision = "0006_complaint_life"
down_revision = "0005_people"
branch_labels = None
depends_on = None

DESK = "complaints-desk"
"""The company's desk, where no setting names another one."""

_SET = sa.text("category IS NOT NULL")
_RESOLVED = sa.text("state IN ('resolved', 'confirmed')")

_MOVING = "('received', 'acknowledged', 'started', 'waited', 'resolved', 'closed', 'reopened')"
_NEW_STATES = {"waiting_customer": "in_progress", "confirmed": "resolved"}
_NEW_KINDS = {
    "refused": "reopened",
    "accepted": "handed_over",
    "returned": "handed_over",
    "claimed": "handed_over",
    "released": "handed_over",
    "waited": "noted",
    "confirmed": "noted",
    "apologised": "noted",
    "fixed": "noted",
    "cause_found": "noted",
    "prevention_planned": "noted",
    "prevention_done": "noted",
}


def upgrade() -> None:
    """Make columns and tables. A complaint that was reopened is in progress; its count and events stay."""
    for table in ("complaints", "complaint_events"):
        op.add_column(table, sa.Column("owner_kind", sa.Text(), server_default="agent", nullable=False))
        op.execute(f"UPDATE {table} SET owner_kind = 'queue' WHERE owner = '{DESK}'")  # noqa: S608
        op.execute(f"UPDATE {table} SET state = 'in_progress' WHERE state = 'reopened'")  # noqa: S608
    op.add_column("complaints", sa.Column("found_by", sa.Text(), server_default="customer", nullable=False))
    for column in ("accepted_at", "confirmed_at"):
        op.add_column("complaints", sa.Column(column, Instant(), nullable=True))
    _collate(sa.Text(collation="C"))
    op.create_index(
        "ix_complaints_category_received_at",
        "complaints",
        ["category", "received_at"],
        postgresql_where=_SET,
        sqlite_where=_SET,
    )
    op.create_index(
        "ix_complaints_resolved",
        "complaints",
        ["updated_at", "id"],
        postgresql_where=_RESOLVED,
        sqlite_where=_RESOLVED,
    )
    _make_trees()
    _make_recovery_steps()


def downgrade() -> None:
    """Take them away. What is in progress because it was reopened is reopened again; a wait is work, a
    confirmed resolution a resolution, and what was done for the customer a note."""
    for name in ("complaint_recovery_steps", "complaint_causes", "complaint_categories"):
        op.drop_table(name)
    op.drop_index("ix_complaints_resolved", "complaints")
    op.drop_index("ix_complaints_category_received_at", "complaints")
    _collate(sa.Text())
    for column in ("accepted_at", "confirmed_at", "found_by", "owner_kind"):
        op.drop_column("complaints", column)
    op.drop_column("complaint_events", "owner_kind")
    for after, before in _NEW_STATES.items():
        for table in ("complaints", "complaint_events"):
            op.execute(f"UPDATE {table} SET state = '{before}' WHERE state = '{after}'")  # noqa: S608
    _reopen_again()
    for after, before in _NEW_KINDS.items():
        op.execute(f"UPDATE complaint_events SET kind = '{before}' WHERE kind = '{after}'")  # noqa: S608


def _reopen_again() -> None:
    """Give the state `reopened` to what is in progress since it was reopened or refused."""
    last = f"""
        SELECT kind FROM complaint_events AS moved
        WHERE moved.complaint_id = complaint_events.complaint_id AND moved.number <= complaint_events.number
          AND (moved.kind IN {_MOVING} OR moved.kind = 'refused')
        ORDER BY moved.number DESC LIMIT 1
    """  # noqa: S608
    op.execute(
        f"""UPDATE complaint_events SET state = 'reopened'
            WHERE state = 'in_progress' AND ({last}) IN ('reopened', 'refused')"""  # noqa: S608
    )
    newest = """
        SELECT state FROM complaint_events WHERE complaint_events.complaint_id = complaints.id
        ORDER BY number DESC LIMIT 1
    """
    op.execute(
        f"""UPDATE complaints SET state = 'reopened'
            WHERE state = 'in_progress' AND ({newest}) = 'reopened'"""  # noqa: S608
    )


def _collate(type_: Any) -> None:
    """Order categories by their bytes on PostgreSQL, as SQLite does."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("complaints", "category", type_=type_)


def _make_trees() -> None:
    own: list[sa.Column[Any]] = [
        sa.Column("severity", sa.Text(), nullable=True),
        sa.Column("owner_unit", Key, nullable=True),
        sa.Column("demanded_steps", Json, nullable=False),
        sa.Column("auto_close_days", sa.Integer(), nullable=True),
    ]
    for table, columns in (("complaint_categories", own), ("complaint_causes", [])):
        op.create_table(
            table,
            sa.Column("code", Key, nullable=False),
            sa.Column("version", sa.Integer(), nullable=False),
            sa.Column("names", Json, nullable=False),
            sa.Column("parent", Key, nullable=True),
            *columns,
            sa.Column("is_active", sa.Boolean(), nullable=False),
            sa.Column("created_at", Instant(), nullable=False),
            sa.Column("updated_at", Instant(), nullable=False),
            sa.PrimaryKeyConstraint("code", name=f"pk_{table}"),
        )


def _make_recovery_steps() -> None:
    table = "complaint_recovery_steps"
    op.create_table(
        table,
        sa.Column("id", Id(), nullable=False),
        sa.Column("complaint_id", Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("agent", Key, nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("done_by", Key, nullable=True),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("cost_currency", sa.Text(), nullable=True),
        sa.Column("cause", Key, nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("responsible", Key, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=f"fk_{table}_complaint_id", ondelete="CASCADE"
        ),
    )
    op.create_index(f"ix_{table}_complaint_id", table, ["complaint_id"])
    for column in ("cause", "responsible"):
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_{table}_{column}", table, [column], postgresql_where=given, sqlite_where=given)
