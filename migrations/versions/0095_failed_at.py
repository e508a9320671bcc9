"""when tending a promise, or following a series, last failed

Revision: 0095, after 0090. What fails leaves the index of what is due, so that it crowds nobody
out of the sweep.
"""

import sqlalchemy as sa
from alembic import op

revision = "0095"
down_revision = "0090"
branch_labels = None
depends_on = None

DUE = "state = 'planned' AND purpose = 'talk' AND entry_call_id IS NULL"


def upgrade() -> None:
    for table in ("promises", "series"):
        op.add_column(table, sa.Column("failed_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_promises_failed",
        "promises",
        ["failed_at"],
        postgresql_where=sa.text("failed_at IS NOT NULL"),
    )
    op.drop_index("ix_promises_due", "promises")
    op.create_index(
        "ix_promises_due",
        "promises",
        ["next_at"],
        postgresql_where=sa.text(f"{DUE} AND failed_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_promises_due", "promises")
    op.drop_index("ix_promises_failed", "promises")
    for table in ("promises", "series"):
        op.drop_column(table, "failed_at")
    op.create_index(
        "ix_promises_due", "promises", ["next_at"], postgresql_where=sa.text(DUE)
    )
