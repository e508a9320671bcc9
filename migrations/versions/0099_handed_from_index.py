"""which calls were handed on from a call

Revision: 0099, after 0098. The unique index holds the live ones only; pages ask for the others too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0099"
down_revision = "0098"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_calls_handed_from_id"),
        "calls",
        ["handed_from_id"],
        postgresql_where=sa.text("handed_from_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_calls_handed_from_id"), "calls")
