"""leaner turns: no index that only writes pay for

Revision: 0090, after 0080.
"""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_inbox_call_sid"), table_name="inbox")
    op.drop_index(op.f("ix_call_events_at"), table_name="call_events")
    op.create_index(
        "ix_call_events_counselor_at",
        "call_events",
        ["at"],
        unique=False,
        postgresql_where=sa.text("counselor_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_call_events_counselor_at",
        table_name="call_events",
        postgresql_where=sa.text("counselor_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_call_events_at"), "call_events", ["at"], unique=False)
    op.create_index(op.f("ix_inbox_call_sid"), "inbox", ["call_sid"], unique=False)
