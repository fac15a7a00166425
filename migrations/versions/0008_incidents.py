"""Incidents, complaints that join them or repeat another one, and their phase."""

import sqlalchemy as sa
from alembic import op

from app.store.types import Id, Instant, Key

revision = "0008_incidents"
down_revision = "0007_standards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and what complaints say of them."""
    op.create_table(
        "incidents",
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("what_happened", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("unit", Key, nullable=True),
        sa.Column("cause", Key, nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(op.f("ix_incidents_started_at_id"), "incidents", ["started_at", "id"], unique=False)
    op.create_index(op.f("ix_incidents_updated_at_id"), "incidents", ["updated_at", "id"], unique=False)

    op.create_table(
        "incident_causes",
        sa.Column("id", Id(), nullable=False),
        sa.Column("incident_id", Id(), nullable=False),
        sa.Column("cause", Key, nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_incident_causes_incident_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_causes")),
    )
    op.create_index(op.f("ix_incident_causes_incident_id"), "incident_causes", ["incident_id"], unique=False)

    op.create_table(
        "incident_customers",
        sa.Column("incident_id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_incident_customers_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.id"],
            name=op.f("fk_incident_customers_incident_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("incident_id", "customer_id", name=op.f("pk_incident_customers")),
    )
    op.create_index(
        op.f("ix_incident_customers_customer_id"), "incident_customers", ["customer_id"], unique=False
    )

    op.create_table(
        "incident_preventions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("incident_id", Id(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("responsible", Key, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("done_text", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.id"],
            name=op.f("fk_incident_preventions_incident_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_preventions")),
    )
    op.create_index(
        op.f("ix_incident_preventions_done_at"),
        "incident_preventions",
        ["done_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NOT NULL"),
        sqlite_where=sa.text("done_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_incident_preventions_incident_id"), "incident_preventions", ["incident_id"], unique=False
    )

    with op.batch_alter_table("complaints", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phase", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("incident_id", Id(), nullable=True))
        batch_op.add_column(sa.Column("leading_complaint_id", Id(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_complaints_incident_id"),
            ["incident_id"],
            unique=False,
            postgresql_where=sa.text("incident_id IS NOT NULL"),
            sqlite_where=sa.text("incident_id IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_complaints_leading_complaint_id"),
            ["leading_complaint_id"],
            unique=False,
            postgresql_where=sa.text("leading_complaint_id IS NOT NULL"),
            sqlite_where=sa.text("leading_complaint_id IS NOT NULL"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_complaints_incident_id"), "incidents", ["incident_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_complaints_leading_complaint_id"),
            "complaints",
            ["leading_complaint_id"],
            ["id"],
            ondelete="SET NULL",
        )


def downgrade() -> None:
    """Take both away."""
    with op.batch_alter_table("complaints", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_complaints_leading_complaint_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_complaints_incident_id"), type_="foreignkey")
        batch_op.drop_index(
            batch_op.f("ix_complaints_leading_complaint_id"),
            postgresql_where=sa.text("leading_complaint_id IS NOT NULL"),
            sqlite_where=sa.text("leading_complaint_id IS NOT NULL"),
        )
        batch_op.drop_index(
            batch_op.f("ix_complaints_incident_id"),
            postgresql_where=sa.text("incident_id IS NOT NULL"),
            sqlite_where=sa.text("incident_id IS NOT NULL"),
        )
        batch_op.drop_column("leading_complaint_id")
        batch_op.drop_column("incident_id")
        batch_op.drop_column("phase")

    op.drop_table("incident_preventions")

    op.drop_table("incident_customers")

    op.drop_table("incident_causes")

    op.drop_table("incidents")
