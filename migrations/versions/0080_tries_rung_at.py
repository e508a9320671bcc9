"""When it rang at each try; promises in hand

Revision: 0080, after 0075. The hour of day that must not be tried twice is the one in which the
telephone began to ring, which may be another than that in which the try ended.
"""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("promise_tries", sa.Column("rung_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE promise_tries SET rung_at = ended_at")
    op.alter_column("promise_tries", "rung_at", nullable=False)
    op.create_index(
        "ix_promises_in_hand",
        "promises",
        ["entry_call_id"],
        postgresql_where=sa.text(
            "state IN ('planned', 'calling') AND entry_call_id IS NOT NULL"
        ),
    )


def downgrade() -> None:
    op.drop_index("ix_promises_in_hand", "promises")
    op.drop_column("promise_tries", "rung_at")
