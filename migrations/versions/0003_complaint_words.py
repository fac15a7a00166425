"""Words that complaints are found by."""

import sqlalchemy as sa
from alembic import op

from app.domain.recovery import search_words
from app.store.types import Id, Key

revision = "0003_complaint_words"
down_revision = "0002_bad_answers"
branch_labels = None
depends_on = None

BATCH = 2_000


def upgrade() -> None:
    """Make the table, and fill it for the complaints that are there."""
    made = op.create_table(
        "complaint_words",
        sa.Column("word", Key, nullable=False),
        sa.Column("complaint_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaints.id"],
            name=op.f("fk_complaint_words_complaint_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("word", "complaint_id", name=op.f("pk_complaint_words")),
    )
    op.create_index(
        op.f("ix_complaint_words_complaint_id"), "complaint_words", ["complaint_id"], unique=False
    )
    tx = op.get_bind()
    names = ("id", "number", "subject", "text")
    complaints = sa.table("complaints", sa.column("id", Id()), *(sa.column(name) for name in names[1:]))
    after = None
    while True:
        some = sa.select(complaints).order_by(complaints.c.id).limit(BATCH)
        rows = tx.execute(some if after is None else some.where(complaints.c.id > after)).all()
        words = [
            {"word": word, "complaint_id": row.id}
            for row in rows
            for word in search_words.keys(row.number, row.subject, row.text)
        ]
        if words:
            tx.execute(sa.insert(made), words)
        if len(rows) < BATCH:
            return
        after = rows[-1].id


def downgrade() -> None:
    """Remove the table."""
    op.drop_table("complaint_words")
